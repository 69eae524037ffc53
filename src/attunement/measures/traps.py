# SPDX-License-Identifier: Apache-2.0
"""Mistakes about measures that are known to circulate, as a table of named checks.

Each was seen in a released data set, program, calculator or vendor page. A measure file that
repeats one is refused with the trap's name and where the right fact stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from attunement.measures.finding import Finding
from attunement.measures.schema import CutOff, Measure, TextBundle

_WAI_ITEMS: Final = 36
_WHO5_FACTOR: Final = 4
_WHO5_TOP: Final = 100

Places = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Trap:
    """One circulating mistake: for which measures, how it is seen, what is right instead."""

    name: str
    applies: str  # a pattern that the measure's id matches whole
    check: Callable[[Measure, Sequence[TextBundle]], Places]
    right: str
    source: str


def traps(measure: Measure, bundles: Sequence[TextBundle]) -> Iterator[Finding]:
    """Yield every known mistake that this measure or its wording repeats."""
    for trap in TRAPS:
        if re.fullmatch(trap.applies, measure.id):
            for path, what in trap.check(measure, bundles):
                yield Finding(
                    "known-error",
                    path,
                    f"{what} ({trap.name})",
                    f"{trap.right}; source: {trap.source}",
                )


def _wai_item_29(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
    del bundles
    if len(measure.items) != _WAI_ITEMS:
        return
    for place, scale in enumerate(measure.scales):
        if "28" in scale.reverse:
            yield f"scales[{place}].reverse", "item 28 is reversed"
        if "29" in scale.items and "29" not in scale.reverse:
            yield f"scales[{place}].reverse", "item 29 is not reversed"


def _bands(*starts: float) -> Callable[[Measure, Sequence[TextBundle]], Places]:
    """Return a check for a cut-off table whose bands begin at these scores."""

    def check(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
        del bundles
        for place, table in enumerate(measure.cutoffs):
            if _starts(table) == sorted(starts):
                yield f"cutoffs[{place}]", "these bands have no published source"

    return check


def _starts(table: CutOff) -> list[float]:
    return sorted(band.low for band in table.bands)


def _sure(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
    del measure
    for bundle in bundles:
        for name, labels in bundle.options.items():
            for value, words in labels.items():
                if "not at all sure" in words.casefold():
                    yield f"{bundle.language}:options.{name}.{value}", "'not at all sure'"


def _who5_raw(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
    del bundles
    for place, item in enumerate(measure.items):
        if (item.minimum, item.maximum) != (0, 5):
            yield f"items[{place}]", f"item {item.id} does not run from 0 to 5"
    for place, scale in enumerate(measure.scales):
        if scale.bounds is None:
            continue
        if scale.bounds[0] != 0:
            yield f"scales[{place}].bounds", "the score does not begin at 0"
        if (
            scale.bounds[1] == _WHO5_TOP
            and scale.method == "sum"
            and scale.multiplier != _WHO5_FACTOR
        ):
            yield f"scales[{place}].multiplier", "the raw sum is not multiplied by 4"


def _core_licence(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
    del bundles
    name = measure.licence.name.upper().replace(" ", "-")
    if "ND" in name and "NC" not in name and "NONCOMMERCIAL" not in name:
        yield "licence.name", "the licence of 2015 (BY-ND) is given"
    elif not measure.licence.nc:
        yield "licence.nc", "the licence is given as open to commercial use"


def _core_floor(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
    del bundles
    for place, scale in enumerate(measure.scales):
        if len(scale.items) == len(measure.items) and scale.min_answered < len(scale.items) - 1:
            yield f"scales[{place}].min_answered", "a score is made with more than one item missing"


def _range(low: float, high: float) -> Callable[[Measure, Sequence[TextBundle]], Places]:
    """Return a check that every numeric item runs from ``low`` to ``high``."""

    def check(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
        del bundles
        for place, item in enumerate(measure.items):
            if item.kind != "text" and item.scored and (item.minimum, item.maximum) != (low, high):
                yield f"items[{place}]", f"item {item.id} does not run from {low:g} to {high:g}"

    return check


# LOINC code -> (what it is, a pattern of the ids it belongs to, the fields it may stand in)
_LOINC: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "55757-9": ("the PHQ-2 panel", "phq-2", ("loinc_panel",)),
    "55758-7": ("the PHQ-2 total", "phq-2", ("loinc_total",)),
    "69725-0": ("item 1 of the GAD-7", "gad-[27]", ("items",)),
    "70274-6": ("the GAD-7 total", "gad-7", ("loinc_total",)),
    "44261-6": ("the PHQ-9 total", "phq-9", ("loinc_total",)),
    "77848-0": ("PROMIS Alcohol Use", "promis-alcohol.*", ("loinc_panel",)),
}


def _loinc(measure: Measure, bundles: Sequence[TextBundle]) -> Places:
    del bundles
    codes = [
        ("loinc_panel", "loinc_panel", measure.loinc_panel),
        ("loinc_total", "loinc_total", measure.loinc_total),
    ]
    codes += [("items", f"items[{n}].loinc", item.loinc) for n, item in enumerate(measure.items)]
    for field, path, code in codes:
        if code in _LOINC:
            what, belongs, fields = _LOINC[code]
            if not re.fullmatch(belongs, measure.id) or field not in fields:
                yield path, f"{code} is {what}"


TRAPS: Final = (
    Trap(
        "wai-28-for-29",
        r"wai|wai-(36|o|c|t|36-.*|o-.*|full.*)",
        _wai_item_29,
        "Of the two, item 29 is reversed and item 28 is not",
        "Horvath & Greenberg (1989), the key of the 36-item form; "
        "a released data set reverses 28 instead",
    ),
    Trap(
        "wai-sr-invented-bands",
        r"wai-?sr.*",
        _bands(12, 36, 48),
        "No cut-off of the WAI-SR was ever validated: remove the table",
        "Hatcher & Gillaspy (2006) give none; the bands stand on vendor pages only",
    ),
    Trap(
        "gad-7-not-at-all-sure",
        r"(gad|phq)-.*",
        _sure,
        "The lowest answer reads 'Not at all'",
        "Spitzer et al. (2006); the slip was traced by Zorowitz (2021)",
    ),
    Trap(
        "who-5-minus-5",
        r"who-?5",
        _who5_raw,
        "Items run from 0 to 5; the score is the raw sum times 4, from 0 to 100",
        "Topp et al. (2015); some web calculators take (raw − 5) × 4",
    ),
    Trap(
        "core-by-nd",
        r"(core-(10|om|sf.*|5|ld)|yp-core|gp-core)",
        _core_licence,
        "The owner moved all CORE measures to CC BY-NC-ND 4.0",
        "coresystemtrust.org.uk, copyright and licensing; CC BY-ND 4.0 was the state of 2015",
    ),
    Trap(
        "core-10-no-floor",
        r"(core-10|yp-core)",
        _core_floor,
        "With more than one item missing there is no score, and nothing answered is not 0",
        "Barkham et al. (2013); a clinic program prorates without a floor",
    ),
    Trap(
        "cbi-invented-bands",
        r"cbi.*",
        _bands(0, 26, 51, 76),
        "The authors give no severity bands: remove the table",
        "Kristensen et al. (2005) give means by group; the bands stand in public repositories only",
    ),
    Trap(
        "wsas-0-to-4",
        r"wsas",
        _range(0, 8),
        "Each item runs from 0 to 8",
        "Mundt et al. (2002); comments in a public program say 0 to 4",
    ),
    Trap(
        "psychlops-0-to-4",
        r"psychlops.*",
        _range(0, 5),
        "Each item runs from 0 to 5, 20 in all",
        "the form itself; a glossary says 0 to 4",
    ),
    Trap(
        "loinc-of-another",
        r".*",
        _loinc,
        "Give this measure's own code, or none",
        "loinc.org; these codes are often pasted from another measure",
    ),
)

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from attunement.measures import lint
from attunement.measures.parse import bundle_from, measure_from
from attunement.measures.reading import read_toml
from attunement.measures.schema import Measure
from attunement.measures.skeleton import skeleton
from attunement.measures.traps import TRAPS

# Horvath & Greenberg (1989), the key of the 36-item form; negative numbers are reversed.
TASK = (2, 4, -7, -11, 13, -15, 16, 18, 24, -31, -33, 35)
BOND = (-1, 5, 8, 17, 19, -20, 21, 23, 26, 28, -29, 36)
GOAL = (-3, 6, -9, -10, -12, 14, 22, 25, -27, 30, 32, -34)


def build(measure_id: str, **changes: Any) -> Measure:
    base: dict[str, Any] = read_toml(skeleton(measure_id), origin="demo")
    licence = base["licence"] | changes.pop("licence", {})
    document = base | {"licence": licence} | changes
    return measure_from(document, origin="demo.toml", pack="operator")


def names(measure: Measure, *bundles: Any) -> set[str]:
    found = [one for one in lint(measure, bundles) if one.code == "known-error"]
    return {trap.name for trap in TRAPS for one in found if f"({trap.name})" in one.what}


def scale(scale_id: str, key: tuple[int, ...], **more: Any) -> dict[str, Any]:
    base = {
        "id": scale_id,
        "items": [str(abs(number)) for number in key],
        "reverse": [str(-number) for number in key if number < 0],
        "method": "sum",
        "min_answered": len(key),
    }
    return base | more


def numbered(count: int, low: float, high: float) -> list[dict[str, Any]]:
    ids = [str(number) for number in range(1, count + 1)]
    return [{"ids": ids, "kind": "scale", "minimum": low, "maximum": high}]


def wai(bond: tuple[int, ...]) -> Measure:
    scales = [
        scale("task", TASK),
        scale("bond", bond),
        scale("goal", GOAL),
        scale("total", (*TASK, *bond, *GOAL), bounds=[36, 252]),
    ]
    return build("wai-36", items=numbered(36, 1, 7), scales=scales)


def test_right_key_of_the_wai_is_accepted() -> None:
    assert names(wai(BOND)) == set()
    assert lint(wai(BOND)) == ()


def test_wai_key_that_reverses_28_for_29_is_refused() -> None:
    wrong = tuple({28: -28, -29: 29}.get(number, number) for number in BOND)
    findings = [one for one in lint(wai(wrong)) if one.code == "known-error"]
    # twice in bond (28 reversed, 29 not) and twice in the total
    assert [one.path for one in findings] == ["scales[1].reverse"] * 2 + ["scales[3].reverse"] * 2
    assert "Horvath" in findings[0].next_step


def _bands(measure_id: str, count: int, ends: tuple[float, float], *starts: float) -> Measure:
    highs = [*(start - 1 for start in starts[1:]), ends[1] * count]
    rows = [
        {"low": low, "high": high, "label": "x"} for low, high in zip(starts, highs, strict=True)
    ]
    table = {"scale": "total", "kind": "severity", "bands": rows, "verified": False}
    key = tuple(range(1, count + 1))
    items = numbered(count, *ends)
    return build(measure_id, items=items, scales=[scale("total", key)], cutoffs=[table])


def test_invented_bands_of_the_wai_sr_are_refused() -> None:
    assert names(_bands("wai-sr", 12, (1, 5), 12, 36, 48)) == {"wai-sr-invented-bands"}
    assert names(_bands("my-sr", 12, (1, 5), 12, 36, 48)) == set()


def _labels(lowest: str) -> Any:
    document = {
        "schema": 1,
        "measure": "gad-7",
        "version": "1",
        "language": "en",
        "title": "GAD-7",
        "items": {"1": "a", "2": "b", "3": "c"},
        "options": {"agreement": {str(value): f"label {value}" for value in range(5)}},
    }
    document["options"]["agreement"]["0"] = lowest  # type: ignore[index]
    return bundle_from(document, origin="gad-7.en.toml")


def test_lowest_answer_of_the_gad_7_is_checked() -> None:
    assert names(build("gad-7"), _labels("Not at all sure")) == {"gad-7-not-at-all-sure"}
    assert names(build("gad-7"), _labels("Not at all")) == set()


@pytest.mark.parametrize(
    ("low", "high", "more", "wrong"),
    [
        (0, 5, {"multiplier": 4, "bounds": [0, 100]}, False),
        (0, 5, {"bounds": [0, 25]}, False),
        (1, 6, {"multiplier": 4, "bounds": [20, 120]}, True),
        (0, 5, {"multiplier": 4, "bounds": [-20, 80]}, True),
        (0, 5, {"bounds": [0, 100]}, True),
    ],
)
def test_who_5_runs_from_0_to_100(
    low: int, high: int, more: dict[str, Any], *, wrong: bool
) -> None:
    scales = [scale("total", (1, 2, 3, 4, 5), **more)]
    measure = build("who-5", items=numbered(5, low, high), scales=scales)
    assert names(measure) == ({"who-5-minus-5"} if wrong else set())


@pytest.mark.parametrize(
    ("licence", "wrong"),
    [
        ({"name": "CC BY-ND 4.0", "nd": True}, True),
        ({"name": "CC BY-NC-ND 4.0", "nd": True}, True),  # the flag is missing
        ({"name": "CC BY-NC-ND 4.0", "nd": True, "nc": True}, False),
    ],
)
def test_core_licence_is_the_present_one(licence: dict[str, Any], *, wrong: bool) -> None:
    assert ("core-by-nd" in names(build("core-10", licence=licence))) is wrong


def test_core_10_is_not_scored_with_two_missing() -> None:
    rights = {"nc": True}
    key = tuple(range(1, 11))

    def measure(least: int) -> Measure:
        one = scale("total", key, method="mean", min_answered=least)
        return build("core-10", items=numbered(10, 0, 4), scales=[one], licence=rights)

    assert names(measure(8)) == {"core-10-no-floor"}
    assert names(measure(9)) == set()


@pytest.mark.parametrize(("measure_id", "high"), [("wsas", 8), ("psychlops", 5)])
def test_items_with_another_range_are_refused(measure_id: str, high: int) -> None:
    one = [scale("total", (1, 2, 3, 4))]
    assert names(build(measure_id, items=numbered(4, 0, high), scales=one)) == set()
    assert names(build(measure_id, items=numbered(4, 0, 4), scales=one)) != set()


def test_code_of_another_measure_is_refused() -> None:
    assert names(build("phq-2", loinc_panel="55757-9", loinc_total="55758-7")) == set()
    assert names(build("phq-2", loinc_total="55757-9")) == {"loinc-of-another"}
    assert names(build("hads", loinc_total="70274-6")) == {"loinc-of-another"}


def test_every_trap_names_a_source_and_what_is_right() -> None:
    assert len({trap.name for trap in TRAPS}) == len(TRAPS)
    assert all(trap.source and trap.right for trap in TRAPS)

# SPDX-License-Identifier: Apache-2.0
"""TOML text to a ``Measure`` or a ``TextBundle``: strict, so that a slip is seen when it is made.

The parser settles what can be said at all (keys, types, finite numbers, ids); whether what is
said holds together is the linter's work. Scoring is a closed set of words (``sum``, ``mean``,
weights, a multiplier): there is no formula in a file and so nothing to evaluate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from attunement.measures.facts import cutoffs, licence, norms, reliability, reliable_change, sources
from attunement.measures.reading import (
    DAY,
    ITEM_ID,
    LANGUAGE,
    LINK,
    MAX_ENTRIES,
    MEASURE_ID,
    NAME,
    SHA256,
    VERSION,
    Reader,
    read_toml,
)
from attunement.measures.schema import (
    Direction,
    Item,
    Measure,
    OptionSet,
    Risk,
    Scale,
    ShownIf,
    TextBundle,
    TextState,
)

FAMILIES: Final = (
    "alliance", "session", "rupture", "relationship", "trust", "empathy", "culture", "expectancy",
    "process", "preferences", "outcome", "risk", "goals", "therapist",
)  # fmt: skip
PERSPECTIVES: Final = ("client", "therapist", "observer", "caregiver")
KINDS: Final = ("choice", "scale", "yes_no", "text")
DIRECTIONS: Final = tuple(direction.value for direction in Direction)
_SCHEMA: Final = 1
_TABLES: Final = (
    "options", "items", "scales", "cutoffs", "norms", "reliability", "reliable_change", "sources",
    "licence", "text_sha256",
)  # fmt: skip


@lru_cache(maxsize=256)
def parse_measure(text: str, *, origin: str, pack: str) -> Measure:
    """Return the measure that a definition file describes.

    Parameters
    ----------
    text : str
        The file's content (TOML, at most one million characters).
    origin : str
        The file's name, for messages.
    pack : str
        ``core``, ``own``, ``nc``, ``structure`` or ``operator``.

    Returns
    -------
    Measure
        Frozen; the same text gives the same object.

    Raises
    ------
    MeasureError
        E-MEASURE-002 to 006, naming the file and the TOML path.
    """
    return measure_from(read_toml(text, origin=origin), origin=origin, pack=pack)


@lru_cache(maxsize=256)
def parse_text(text: str, *, origin: str) -> TextBundle:
    """Return the text bundle that a file describes, with the SHA-256 of its bytes (UTF-8).

    Raises
    ------
    MeasureError
        E-MEASURE-002 to 006, naming the file and the TOML path.
    """
    document = read_toml(text, origin=origin)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return bundle_from(document, origin=origin, sha256=digest)


def measure_from(document: Mapping[str, object], *, origin: str, pack: str) -> Measure:
    """Return the measure that a TOML document (already read) describes."""
    reader = Reader(document, origin=origin)
    _schema(reader)
    head = _head(reader)
    reader.done(later=_TABLES)
    option_sets = _option_sets(reader)
    measure = Measure(
        **head,
        pack=pack,
        items=_items(reader, option_sets),
        option_sets=option_sets,
        scales=tuple(_scale(table) for table in reader.tables("scales")),
        cutoffs=cutoffs(reader),
        norms=norms(reader),
        reliability=reliability(reader),
        reliable_change=reliable_change(reader),
        sources=sources(reader),
        licence=licence(reader.table("licence", required=True)),
        text_sha256=_hashes(reader.table("text_sha256")),
    )
    reader.done()
    return measure


def _head(reader: Reader) -> dict[str, Any]:
    """Return what stands above the first table, in the order of the file: so is a fault named."""
    return {
        "id": reader.text("id", pattern=MEASURE_ID),
        "version": reader.text("version", pattern=VERSION),
        "title": reader.text("title"),
        "acronym": reader.text("acronym"),
        "family": reader.text("family", choices=FAMILIES),
        "construct": reader.text("construct"),
        "about": reader.text("about"),
        "perspectives": reader.texts("perspectives", required=True, choices=PERSPECTIVES),
        "timeframe": reader.text("timeframe", ""),
        "direction": Direction(reader.text("direction", choices=DIRECTIONS)),
        "validated": reader.flag("validated"),
        "text": TextState(reader.text("text", choices=tuple(state.value for state in TextState))),
        "loinc_panel": reader.text("loinc_panel", ""),
        "loinc_total": reader.text("loinc_total", ""),
        "minimum_age": reader.maybe_whole("minimum_age"),
        "maximum_age": reader.maybe_whole("maximum_age"),
        "seconds": reader.maybe_whole("seconds"),
        "notes": reader.texts("notes"),
    }


def bundle_from(document: Mapping[str, object], *, origin: str, sha256: str = "") -> TextBundle:
    """Return the text bundle that a TOML document (already read) describes."""
    reader = Reader(document, origin=origin)
    _schema(reader)
    items, options, anchors = (reader.table(key) for key in ("items", "options", "anchors"))
    labels = {key: options.table(key) for key in options.names()}
    bundle = TextBundle(
        measure=reader.text("measure", pattern=MEASURE_ID),
        version=reader.text("version", pattern=VERSION),
        language=reader.text("language", pattern=LANGUAGE),
        title=reader.text("title"),
        instructions=reader.text("instructions", ""),
        items={key: items.text(key) for key in items.names()},
        options={
            name: {value: table.text(value) for value in table.names()}
            for name, table in labels.items()
        },
        anchors={key: _anchors(anchors, key) for key in anchors.names()},
        stem=reader.text("stem", ""),
        attribution=reader.text("attribution", ""),
        adapted=reader.flag("adapted", default=False),
        changes=reader.text("changes", ""),
        source_url=reader.text("source_url", "", pattern=LINK),
        seen_on=reader.text("seen_on", "", pattern=DAY),
        sha256=sha256,
    )
    reader.done()
    return bundle


def _schema(reader: Reader) -> None:
    if (found := reader.whole("schema")) != _SCHEMA:
        reader.refuse("schema", got=str(found), expected=f"{_SCHEMA}")


def _hashes(hashes: Reader) -> dict[str, str]:
    for key in (keys := hashes.names()):
        if not LANGUAGE.fullmatch(key):
            hashes.refuse(hashes.at(key), got="another key", expected="a language such as en")
    return {key: hashes.text(key, pattern=SHA256) for key in keys}


def _anchors(anchors: Reader, key: str) -> tuple[str, str]:
    words = anchors.texts(key, required=True)
    if len(words) != 2:  # noqa: PLR2004 - the two ends of a line
        anchors.refuse(anchors.at(key), got=f"{len(words)} texts", expected="two: low, high")
    return words[0], words[1]


def _option_sets(reader: Reader) -> dict[str, OptionSet]:
    found: dict[str, OptionSet] = {}
    for table in reader.tables("options"):
        options = OptionSet(
            id=table.text("id", pattern=NAME),
            values=table.numbers("values", required=True),
            loinc_list=table.text("loinc_list", ""),
            loinc=table.texts("loinc"),
        )
        if options.id in found:
            table.refuse(table.at("id"), got=f"{options.id} twice", expected="each id once")
        if len(set(options.values)) < max(2, len(options.values)):
            table.refuse(
                table.at("values"), got="too few or doubled", expected="two or more values"
            )
        if options.loinc and len(options.loinc) != len(options.values):
            table.refuse(table.at("loinc"), got=f"{len(options.loinc)}", expected="one per value")
        table.done()
        found[options.id] = options
    return found


def _items(reader: Reader, option_sets: Mapping[str, OptionSet]) -> tuple[Item, ...]:
    found: list[Item] = []
    for table in reader.tables("items", required=True):
        found.extend(_item(table, option_sets))
        if len(found) > MAX_ENTRIES:
            reader.refuse(
                "items",
                got=f"more than {MAX_ENTRIES} items",
                expected=f"at most {MAX_ENTRIES}",
                code="E-MEASURE-006",
            )
    return tuple(found)


def _item(table: Reader, option_sets: Mapping[str, OptionSet]) -> list[Item]:
    if table.has("id") == table.has("ids"):
        table.refuse(table.at("id"), got="both or neither of id and ids", expected="one of them")
    many = table.has("ids")
    ids = (
        table.texts("ids", required=True, pattern=ITEM_ID)
        if many
        else (table.text("id", pattern=ITEM_ID),)
    )
    kind = table.text("kind", choices=KINDS)
    options = table.text("options", "", pattern=NAME)
    minimum, maximum, step = _range(table, kind, options, option_sets)
    if many and table.has("loinc"):
        table.refuse(table.at("loinc"), got="one code for several items", expected="id, not ids")
    risk, shown_if = table.table("risk"), table.table("shown_if")
    shape = Item(
        id="",
        kind=kind,
        minimum=minimum,
        maximum=maximum,
        step=step,
        options=options,
        construct=table.text("construct", ""),
        view=table.text("view", "own", choices=("own", "meta")),
        loinc=table.text("loinc", ""),
        risk=Risk(risk.number("at_least"), risk.text("kind")) if table.has("risk") else None,
        shown_if=ShownIf(shown_if.text("item", pattern=ITEM_ID), shown_if.number("at_least"))
        if table.has("shown_if")
        else None,
        scored=table.flag("scored", default=kind != "text"),
    )
    if kind == "text" and shape.scored:
        table.refuse(table.at("scored"), got="true", expected="false: text is never scored")
    for part in (risk, shown_if, table):
        part.done()
    return [_with_id(shape, item_id) for item_id in ids]


def _with_id(shape: Item, item_id: str) -> Item:
    fields = {name: getattr(shape, name) for name in Item.__dataclass_fields__}
    return Item(**(fields | {"id": item_id}))


def _range(
    table: Reader, kind: str, options: str, option_sets: Mapping[str, OptionSet]
) -> tuple[float | None, float | None, float]:
    """Return minimum, maximum and step: from the options, from the table, or none for text."""
    numeric = [key for key in ("minimum", "maximum", "step") if table.has(key)]
    if kind == "scale":
        if options:
            table.refuse(table.at("options"), got="options", expected="none for a scale item")
        minimum, maximum = table.number("minimum"), table.number("maximum")
        step = table.number("step", 1.0)
        if not minimum < maximum:
            table.refuse(table.at("maximum"), got=f"{maximum:g}", expected=f"above {minimum:g}")
        if step < 0 or step > maximum - minimum:
            table.refuse(table.at("step"), got=f"{step:g}", expected="0 up to the range")
        return minimum, maximum, step
    if numeric:
        table.refuse(table.at(numeric[0]), got=numeric[0], expected=f"none for kind {kind}")
    if kind == "text":
        if options:
            table.refuse(table.at("options"), got="options", expected="none for a text item")
        return None, None, 0.0
    if options not in option_sets:
        expected = f"one of {', '.join(option_sets)}" if option_sets else "an [[options]] table"
        table.refuse(table.at("options"), got=options or "no options", expected=expected)
    values = sorted(option_sets[options].values)
    step = min(high - low for low, high in pairwise(values))
    even = all(abs((value - values[0]) / step % 1.0) < 1e-9 for value in values)  # noqa: PLR2004
    return values[0], values[-1], step if even else 0.0


def _scale(table: Reader) -> Scale:
    weights = table.table("weights")
    bounds = table.numbers("bounds")
    if table.has("bounds") and (len(bounds) != 2 or not bounds[0] < bounds[1]):  # noqa: PLR2004
        table.refuse(table.at("bounds"), got="other numbers", expected="[lowest, highest]")
    multiplier = table.number("multiplier", 1.0)
    if multiplier == 0:
        table.refuse(table.at("multiplier"), got="0", expected="any other number")
    direction = table.text("direction", "", choices=DIRECTIONS)
    scale = Scale(
        id=table.text("id", pattern=NAME),
        items=table.texts("items", required=True, pattern=ITEM_ID),
        method=table.text("method", choices=("sum", "mean")),
        min_answered=table.whole("min_answered"),
        reverse=table.texts("reverse", pattern=ITEM_ID),
        weights={key: weights.number(key) for key in weights.names()},
        multiplier=multiplier,
        prorate=table.flag("prorate", default=False),
        rounding=table.text("rounding", "none", choices=("none", "half_up")),
        bounds=(bounds[0], bounds[1]) if bounds else None,
        direction=Direction(direction) if direction else None,
        complete=table.flag("complete", default=True),
        missing_rule=table.text("missing_rule", ""),
        verified=table.flag("verified", default=False),
    )
    if scale.min_answered < 1:
        table.refuse(table.at("min_answered"), got="0", expected="1 or more")
    table.done()
    return scale

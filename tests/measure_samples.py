# SPDX-License-Identifier: Apache-2.0
"""Measures made by hand for the tests: no shipped file is needed to test the rule."""

from __future__ import annotations

from attunement.measures.schema import (
    Band,
    CutOff,
    Direction,
    Item,
    Licence,
    Measure,
    OptionSet,
    Scale,
    ShownIf,
    TextState,
)

LICENCE = Licence(
    verdict="own",
    name="CC BY 4.0",
    holder="nobody",
    exact_words="made for a test",
    source_url="",
    seen_on="2026-11-21",
    conditions=(),
    nc=False,
    nd=False,
    sa=False,
    contexts={},
    evidence="seen",
    recheck_by="2027-11-21",
)


def measure(items: tuple[Item, ...], scales: tuple[Scale, ...], **more: object) -> Measure:
    values: dict[str, object] = {
        "id": "sample",
        "version": "1",
        "title": "A sample",
        "acronym": "SMP",
        "family": "alliance",
        "construct": "a test",
        "about": "Made for a test.",
        "perspectives": ("client",),
        "timeframe": "today",
        "direction": Direction.HIGHER_IS_BETTER,
        "validated": False,
        "pack": "own",
        "text": TextState.ABSENT,
        "items": items,
        "option_sets": {},
        "scales": scales,
        "cutoffs": (),
        "norms": (),
        "reliability": (),
        "reliable_change": (),
        "sources": (),
        "licence": LICENCE,
    }
    return Measure(**{**values, **more})  # type: ignore[arg-type]


def choice(item_id: str, low: float = 0, high: float = 3, **more: object) -> Item:
    return Item(id=item_id, kind="choice", minimum=low, maximum=high, **more)  # type: ignore[arg-type]


def nine_sums() -> Measure:
    """Nine items 0-3, summed, two may be missing: the shape of PHQ-9."""
    ids = tuple(str(k) for k in range(1, 10))
    total = Scale("total", ids, "sum", 7, prorate=True, rounding="half_up", bounds=(0, 27))
    bands = (Band(0, 4, "minimal"), Band(5, 9, "mild"), Band(10, 27, "more"))
    return measure(
        tuple(choice(item) for item in ids),
        (total,),
        cutoffs=(CutOff("total", "severity", bands, "made", verified=False, note="for a test"),),
    )


def twelve_means() -> Measure:
    """Twelve items 1-5, three subscales of four, reversed items, at least 80 %."""
    ids = tuple(f"i{k}" for k in range(1, 13))
    reverse = ("i2", "i7", "i11")
    parts = {"goal": ids[:4], "task": ids[4:8], "bond": ids[8:]}
    scales = [Scale("total", ids, "mean", 10, reverse=reverse)]
    scales += [
        Scale(name, part, "mean", 4, reverse=tuple(i for i in reverse if i in part))
        for name, part in parts.items()
    ]
    return measure(tuple(choice(item, 1, 5) for item in ids), tuple(scales))


def with_skips() -> Measure:
    """A flag, and two questions that are asked only after it (the second after the first)."""
    items = (
        choice("1", 0, 6),
        choice("2", 0, 6),
        choice("3b", 0, 4, shown_if=ShownIf("3a", 2)),
        choice("3", 0, 6),
        choice("3a", 0, 4, shown_if=ShownIf("3", 1)),
        Item(id="4", kind="text", minimum=None, maximum=None),
    )
    scales = (
        Scale("total", ("1", "2"), "mean", 2),
        Scale("strain", ("3",), "sum", 1),
        Scale("all", ("1", "2", "3", "3a", "3b"), "sum", 4, prorate=True),
        Scale("repair", ("3a",), "mean", 1),
    )
    return measure(items, scales)


def continuous_and_odd() -> Measure:
    """A line of 0-10 cm in tenths, one without steps, and options that are not evenly spaced."""
    items = (
        Item(id="a", kind="scale", minimum=0.0, maximum=10.0, step=0.1),
        Item(id="b", kind="scale", minimum=-1.0, maximum=1.0, step=0.0),
        Item(id="c", kind="choice", minimum=0.0, maximum=8.0, step=1.0, options="odd"),
    )
    scales = (
        Scale("total", ("a", "b", "c"), "mean", 2, weights={"a": 2.0, "c": 0.5}, multiplier=4.0),
        Scale("sum", ("a", "c"), "sum", 1, reverse=("a",)),
    )
    odd = OptionSet("odd", (0.0, 1.0, 3.0, 8.0))
    return measure(items, scales, option_sets={"odd": odd})

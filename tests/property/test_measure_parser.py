# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from attunement.measures import MeasureError, TextBundle, lint, parse_measure
from attunement.measures.parse import bundle_from, measure_from
from attunement.measures.reading import read_toml
from attunement.measures.schema import Measure
from attunement.measures.skeleton import skeleton

LEAVES = (
    st.text(max_size=12)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.just(date(2026, 11, 21))
    | st.sampled_from(["1", "2", "total", "agreement", "choice", "scale", "sum", "mean", "allow"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
BASE: dict[str, Any] = read_toml(skeleton("demo"), origin="demo")
BUNDLE: dict[str, Any] = {
    "schema": 1,
    "measure": "demo",
    "version": "1",
    "language": "en",
    "title": "Demo",
    "items": {"1": "a", "2": "b", "3": "c"},
    "options": {"agreement": {"0": "x"}},
    "anchors": {"3": ["low", "high"]},
}


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value in a document."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [way, *(found for key, entry in inner for found in places(entry, (*way, key)))]


def put(document: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed: Any = deepcopy(document)
    target = changed
    for key in way[:-1]:
        target = target[key]
    target[way[-1]] = value
    found: dict[str, Any] = changed
    return found


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8) | st.sampled_from(sorted(BASE)), VALUES, max_size=8))
def test_any_document_is_a_measure_or_a_refusal(document: dict[str, Any]) -> None:
    try:
        found = measure_from(document, origin="demo.toml", pack="operator")
    except MeasureError as refusal:
        assert refusal.text().isprintable()  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(found, Measure)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(places(BASE)[1:]), VALUES)
def test_any_single_change_gives_a_measure_that_lints_or_a_refusal(
    way: tuple[Any, ...], value: Any
) -> None:
    try:
        found = measure_from(put(BASE, way, value), origin="demo.toml", pack="operator")
    except MeasureError as refusal:
        assert "demo.toml" in refusal.text()  # noqa: PT017 - either outcome is right
    else:
        assert all(finding.path and finding.next_step for finding in lint(found))


@settings(deadline=None)
@given(st.sampled_from(places(BUNDLE)[1:]), VALUES)
def test_any_single_change_gives_a_text_that_lints_or_a_refusal(
    way: tuple[Any, ...], value: Any
) -> None:
    measure = measure_from(BASE, origin="demo.toml", pack="operator")
    try:
        found = bundle_from(put(BUNDLE, way, value), origin="demo.en.toml")
    except MeasureError as refusal:
        assert "demo.en.toml" in refusal.text()  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(found, TextBundle)
        lint(measure, [found])


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_measure_or_a_refusal(text: str) -> None:
    try:
        parse_measure(text, origin="demo.toml", pack="operator")
    except MeasureError as refusal:
        assert refusal.code in MeasureError.codes  # noqa: PT017 - either outcome is right

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import pickle
import re
from typing import Any

import pytest

from attunement.measures import MeasureError, parse_measure, parse_text
from attunement.measures.parse import bundle_from, measure_from
from attunement.measures.reading import read_toml
from attunement.measures.schema import Direction, Permission, Risk, ShownIf, TextState
from attunement.measures.skeleton import skeleton


def document(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = read_toml(skeleton("demo-check"), origin="demo")
    return base | changes


def measure(**changes: Any) -> Any:
    return measure_from(document(**changes), origin="demo.toml", pack="operator")


def item(item_id: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": item_id, "kind": "scale", "minimum": 0, "maximum": 4} | more


def scale(**more: Any) -> dict[str, Any]:
    return {"id": "total", "items": ["1"], "method": "sum", "min_answered": 1} | more


def test_definition_is_read_into_its_parts() -> None:
    found = parse_measure(skeleton("demo-check"), origin="demo", pack="operator")
    assert (found.id, found.version, found.pack) == ("demo-check", "1", "operator")
    assert found.direction is Direction.HIGHER_IS_BETTER
    assert found.text is TextState.OPERATOR
    assert [one.id for one in found.items] == ["1", "2", "3"]
    assert found.option_sets["agreement"].values == (0, 1, 2, 3, 4)
    assert found.scale().bounds == (0, 4)
    assert found.licence.contexts["commercial"] is Permission.ASK


def test_choice_takes_bounds_and_step_from_its_options() -> None:
    options = [{"id": "burden", "values": [100, 75, 50, 25, 0]}]
    found = measure(options=options, items=[{"id": "1", "kind": "choice", "options": "burden"}])
    one = found.item("1")
    assert (one.minimum, one.maximum, one.step) == (0, 100, 25)


def test_uneven_options_have_no_step() -> None:
    options = [{"id": "sign", "values": [-3, -2, -1, 1, 2, 3]}]
    found = measure(options=options, items=[{"id": "1", "kind": "choice", "options": "sign"}])
    assert (found.item("1").minimum, found.item("1").maximum) == (-3, 3)
    # every value lies a whole number of steps above the lowest one, 0 is the value left out
    assert found.item("1").step == 1
    options = [{"id": "sign", "values": [0, 1, 2.5]}]
    found = measure(options=options, items=[{"id": "1", "kind": "choice", "options": "sign"}])
    assert found.item("1").step == 0


def test_ids_expand_to_items_of_one_shape() -> None:
    many = {"ids": ["1", "2", "8a"], "kind": "scale", "minimum": 1, "maximum": 7, "view": "meta"}
    found = measure(items=[many])
    assert [one.id for one in found.items] == ["1", "2", "8a"]
    assert {(one.minimum, one.maximum, one.view) for one in found.items} == {(1, 7, "meta")}


def test_item_carries_risk_skip_and_unscored_mark() -> None:
    extra = item(
        "8a",
        risk={"at_least": 1, "kind": "harm"},
        shown_if={"item": "1", "at_least": 1},
        scored=False,
    )
    one = measure(items=[item(), extra]).item("8a")
    assert one.risk == Risk(1.0, "harm")
    assert one.shown_if == ShownIf("1", 1.0)
    assert not one.scored


def test_measure_can_be_sent_to_another_process() -> None:
    found = measure()
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes


def test_byte_order_mark_is_passed_over() -> None:
    assert parse_measure("\ufeff" + skeleton("a1"), origin="a", pack="operator").id == "a1"


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"schema": 2}, "E-MEASURE-005", "schema"),
        ({"schema": True}, "E-MEASURE-005", "schema"),
        ({"colour": "blue"}, "E-MEASURE-003", "colour"),
        ({"id": "PHQ 9"}, "E-MEASURE-005", "id"),
        ({"id": "../../etc"}, "E-MEASURE-005", "id"),
        ({"version": "one"}, "E-MEASURE-005", "version"),
        ({"title": 3}, "E-MEASURE-005", "title"),
        ({"title": " "}, "E-MEASURE-005", "title"),
        ({"title": "bell \x07"}, "E-MEASURE-005", "title"),
        ({"title": "x" * 20_001}, "E-MEASURE-006", "title"),
        ({"family": "astrology"}, "E-MEASURE-005", "family"),
        ({"perspectives": []}, "E-MEASURE-005", "perspectives"),
        ({"perspectives": ["pet"]}, "E-MEASURE-005", "perspectives[0]"),
        ({"perspectives": "client"}, "E-MEASURE-005", "perspectives"),
        ({"validated": 1}, "E-MEASURE-005", "validated"),
        ({"minimum_age": -1}, "E-MEASURE-005", "minimum_age"),
        ({"minimum_age": 1.5}, "E-MEASURE-005", "minimum_age"),
        ({"text_sha256": {"en": "abc"}}, "E-MEASURE-005", "text_sha256.en"),
        ({"text_sha256": {"English": "abc"}}, "E-MEASURE-005", "text_sha256.English"),
        ({"options": [{"id": "a", "values": [1]}]}, "E-MEASURE-005", "options[0].values"),
        ({"options": [{"id": "a", "values": [1, 1]}]}, "E-MEASURE-005", "options[0].values"),
        ({"options": [{"id": "a", "values": [1, "2"]}]}, "E-MEASURE-005", "options[0].values[1]"),
        ({"options": [{"id": "a", "values": [0, 1]}] * 2}, "E-MEASURE-005", "options[1].id"),
        ({"items": []}, "E-MEASURE-005", "items"),
        ({"items": [3]}, "E-MEASURE-005", "items[0]"),
        ({"items": [item("a b")]}, "E-MEASURE-005", "items[0].id"),
        ({"items": [item(ids=["2"])]}, "E-MEASURE-005", "items[0].id"),
        ({"items": [item(maximum=0)]}, "E-MEASURE-005", "items[0].maximum"),
        ({"items": [item(step=-1)]}, "E-MEASURE-005", "items[0].step"),
        ({"items": [item(kind="slider")]}, "E-MEASURE-005", "items[0].kind"),
        ({"items": [item(kind="text")]}, "E-MEASURE-005", "items[0].minimum"),
        ({"items": [item(options="agreement")]}, "E-MEASURE-005", "items[0].options"),
        ({"items": [item(risk={"at_least": 1})]}, "E-MEASURE-004", "items[0].risk.kind"),
        ({"items": [item(reverse=True)]}, "E-MEASURE-003", "items[0].reverse"),
        ({"scales": [scale(method="median")]}, "E-MEASURE-005", "scales[0].method"),
        ({"scales": [scale(bounds=[4, 0])]}, "E-MEASURE-005", "scales[0].bounds"),
        ({"scales": [scale(bounds=[4])]}, "E-MEASURE-005", "scales[0].bounds"),
        ({"scales": [scale(min_answered=0)]}, "E-MEASURE-005", "scales[0].min_answered"),
        ({"scales": [scale(multiplier=0)]}, "E-MEASURE-005", "scales[0].multiplier"),
        ({"scales": [scale(weights={"1": "2"})]}, "E-MEASURE-005", "scales[0].weights.1"),
        ({"scales": [scale(formula="i1 + i2")]}, "E-MEASURE-003", "scales[0].formula"),
        ({"licence": {}}, "E-MEASURE-004", "licence.verdict"),
    ],
)
def test_slip_is_refused_with_file_and_path(changes: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(MeasureError) as caught:
        measure(**changes)
    assert caught.value.code == code
    assert f"demo.toml: {path} " in caught.value.text()


@pytest.mark.parametrize("key", ["id", "version", "title", "items", "licence", "direction"])
def test_missing_key_is_named(key: str) -> None:
    short = document()
    del short[key]
    with pytest.raises(MeasureError, match=f"{key} is missing") as caught:
        measure_from(short, origin="demo.toml", pack="operator")
    assert caught.value.code == "E-MEASURE-004"


@pytest.mark.parametrize("context", ["home", "Clinical"])
def test_unknown_use_context_is_refused(context: str) -> None:
    licence = document()["licence"] | {"contexts": {"clinical": "ask", context: "allow"}}
    with pytest.raises(
        MeasureError, match=rf"contexts.{context} is not a known key in \[licence.contexts\]"
    ):
        measure(licence=licence)


BUNDLE: dict[str, Any] = {
    "schema": 1,
    "measure": "demo-check",
    "version": "1",
    "language": "en",
    "title": "Demo",
    "items": {"1": "First", "2": "Second", "3": "Third"},
    "options": {"agreement": {"0": "No", "1": "Bit", "2": "Half", "3": "Mostly", "4": "Yes"}},
    "anchors": {"3": ["low", "high"]},
}


def test_text_bundle_is_read() -> None:
    found = bundle_from(BUNDLE, origin="demo.en.toml")
    assert found.items["2"] == "Second"
    assert found.options["agreement"]["4"] == "Yes"
    assert found.anchors["3"] == ("low", "high")
    assert not found.adapted


def test_text_hash_is_that_of_the_bytes() -> None:
    text = 'schema = 1\r\nmeasure = "a"\nversion = "1"\nlanguage = "pt-BR"\ntitle = "Ação"\n'
    expected = hashlib.sha256(text.encode("utf-8")).hexdigest()
    assert parse_text(text, origin="a").sha256 == expected


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"language": "English"}, "language"),
        ({"items": {"1": 5}}, "items.1"),
        ({"anchors": {"3": ["low"]}}, "anchors.3"),
        ({"options": {"agreement": "yes"}}, "options.agreement"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"seen_on": "yesterday"}, "seen_on"),
    ],
)
def test_slip_in_a_text_is_refused_with_its_path(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(MeasureError, match=path) as caught:
        bundle_from(BUNDLE | changes, origin="demo.en.toml")
    assert caught.value.code == "E-MEASURE-005"


def told(text: str) -> str:
    with pytest.raises(MeasureError) as caught:
        parse_measure(text, origin="demo.toml", pack="operator")
    return caught.value.text()


def test_key_below_a_header_is_said_to_belong_to_that_table() -> None:
    said = told(skeleton("demo") + 'notes = ["put last"]\n')
    assert "notes is not a known key in [licence.contexts]" in said
    assert "a key after a table header belongs to that table" in said
    said = told(skeleton("demo").replace('construct = "third"', 'konstruct = "third"'))
    assert "konstruct is not a known key in [[items]] number 3" in said


def test_faults_are_told_in_the_order_of_the_file() -> None:
    faults = [
        ('version = "1"', "version = 1", "version is not permitted"),
        ('timeframe = "this session"', 'period = "this session"', "period is not a known key"),
        ("values = [0, 1, 2, 3, 4]", "values = [1]", "options[0].values"),
        ('kind = "scale"', 'kind = "line"', "items[2].kind"),
        ('verdict = "own"', 'verdict = "mine"', "licence.verdict"),
        ('clinical = "ask"', 'clinic = "ask"', "licence.contexts.clinic"),
    ]
    text = skeleton("demo")
    for before, after, _ in faults:
        assert before in text
        text = text.replace(before, after, 1)
    for before, after, message in faults:
        assert message in told(text)
        text = text.replace(after, before, 1)


def test_key_that_is_nearly_the_missing_one_is_named() -> None:
    said = told(skeleton("demo").replace("family =", "familly =", 1))
    assert "family is missing. Got familly" in said


def test_text_item_is_never_scored() -> None:
    text = skeleton("demo").replace('kind = "scale"\nminimum = 0\nmaximum = 4\n', 'kind = "text"\n')
    text = re.sub(r"step = 1 .*\n", "", text).replace('"1", "2", "3"]', '"1", "2"]')
    assert not parse_measure(text, origin="demo.toml", pack="operator").item("3").scored
    assert "text is never scored" in told(text.replace("# scored = false", "scored = true"))

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attunement.measures import Finding, TextBundle, lint, score_range
from attunement.measures.finding import CODES
from attunement.measures.parse import bundle_from, measure_from
from attunement.measures.reading import read_toml
from attunement.measures.schema import Licence, Measure, Permission, TextState
from attunement.measures.skeleton import skeleton


def build(**changes: Any) -> Measure:
    base: dict[str, Any] = read_toml(skeleton("demo-check"), origin="demo")
    pack = changes.pop("pack", "operator")
    return measure_from(base | changes, origin="demo.toml", pack=pack)


def items(*ids: str, **more: Any) -> list[dict[str, Any]]:
    return [{"ids": list(ids), "kind": "scale", "minimum": 0, "maximum": 4} | more]


def scale(*ids: str, **more: Any) -> dict[str, Any]:
    base = {"id": "total", "items": list(ids), "method": "sum", "min_answered": len(ids)}
    return base | more


def bands(*pairs: tuple[float, float], **more: Any) -> dict[str, Any]:
    rows = [{"low": low, "high": high, "label": "x"} for low, high in pairs]
    return {"scale": "total", "kind": "screen", "bands": rows, "verified": False} | more


def bundle(**changes: Any) -> TextBundle:
    base: dict[str, Any] = {
        "schema": 1,
        "measure": "demo-check",
        "version": "1",
        "language": "en",
        "title": "Demo",
        "items": {"1": "First", "2": "Second", "3": "Third"},
        "options": {"agreement": {str(value): f"label {value}" for value in range(5)}},
        "anchors": {"3": ["low", "high"]},
    }
    return bundle_from(base | changes, origin="demo.en.toml", sha256="a" * 64)


def found(measure: Measure, *bundles: TextBundle, today: str = "") -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in lint(measure, bundles, today=today)]


def test_skeleton_has_no_findings() -> None:
    assert lint(build(), [bundle()]) == ()


def test_finding_refuses_an_undeclared_code() -> None:
    with pytest.raises(KeyError):
        Finding("nonsense", "items", "what", "next")


def test_errors_come_before_warnings() -> None:
    measure = build(
        items=items("1", "1"), licence=dict(_licence(), contexts={}), scales=[scale("1")]
    )
    severities = [one.severity for one in lint(measure)]
    assert severities == sorted(severities)
    assert set(severities) == {"error", "warning"}


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"items": items("1", "2", "2")}, "item-twice", "items"),
        ({"scales": [scale("1", "1", "2", "3")]}, "scale-item-twice", "scales[0].items"),
        ({"scales": [scale("1", "2", "9")]}, "scale-item-unknown", "scales[0].items"),
        ({"scales": [scale("1", "2", "3")] * 2}, "scale-twice", "scales"),
        (
            {"items": [*items("1"), {"id": "2", "kind": "text"}], "scales": [scale("1", "2")]},
            "scale-item-text",
            "scales[0].items",
        ),
        ({"scales": [scale("1", "2", reverse=["3"])]}, "reverse-outside", "scales[0].reverse"),
        ({"scales": [scale("1", "2", reverse=["2", "2"])]}, "reverse-twice", "scales[0].reverse"),
        ({"scales": [scale("1", weights={"3": 2})]}, "weight-outside", "scales[0].weights.3"),
        ({"scales": [scale("1", weights={"1": 0})]}, "weight-zero", "scales[0].weights.1"),
        ({"scales": [scale("1", min_answered=2)]}, "min-answered", "scales[0].min_answered"),
        (
            {"scales": [scale("1", "2", "3", min_answered=1)]},
            "min-answered-low",
            "scales[0].min_answered",
        ),
        (
            {"scales": [scale("1", "2", "3", min_answered=2)]},
            "sum-unprorated",
            "scales[0].prorate",
        ),
        (
            {"items": items("1", "2", "3"), "scales": [scale("1", "2")]},
            "item-unscored",
            "items[2]",
        ),
    ],
)
def test_keys_that_do_not_fit_are_found(changes: dict[str, Any], code: str, path: str) -> None:
    assert (code, path) in found(build(**changes))


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), "2", None])
def test_weight_that_is_no_finite_number_is_found(weight: Any) -> None:
    measure = build()
    broken = replace(measure.scale(), weights={"1": weight})
    codes = found(replace(measure, scales=(broken,)))
    assert ("weight-not-number", "scales[0].weights.1") in codes


def _two(**second: Any) -> list[dict[str, Any]]:
    return [*items("1", "2", construct="task"), *items("3", **second)]


SUBSCALES = [scale("1", "2", "3"), scale("1", id="task"), scale("2", id="goal")]


def test_item_whose_construct_names_a_subscale_it_is_not_in_is_found() -> None:
    measure = build(items=_two(construct="goal"), scales=SUBSCALES)
    assert ("item-no-subscale", "items[2].construct") in found(measure)


def test_item_without_construct_outside_every_subscale_is_found() -> None:
    assert ("item-no-subscale", "items[2].construct") in found(
        build(items=_two(), scales=SUBSCALES)
    )


def test_item_whose_fellows_are_all_in_one_subscale_is_found() -> None:
    alike = items("1", "2", "3", construct="attachment")
    measure = build(items=alike, scales=[scale("1", "2", "3"), scale("1", "2", id="bond")])
    assert ("item-no-subscale", "items[2].construct") in found(measure)


def test_item_declared_to_stand_alone_is_not_found() -> None:
    measure = build(items=_two(construct="global"), scales=SUBSCALES)
    assert "item-no-subscale" not in dict(found(measure))
    measure = build(items=[*items("1"), *items("2", scored=False)], scales=[scale("1")])
    assert "item-unscored" not in dict(found(measure))


def test_incomplete_scale_does_not_accuse_the_other_items() -> None:
    measure = build(items=items("1", "2"), scales=[scale("1", complete=False)])
    assert "item-unscored" not in dict(found(measure))


def _skip(**waits: str) -> list[dict[str, Any]]:
    base = {"kind": "scale", "minimum": 0, "maximum": 4}
    return [
        base | {"id": name} | ({"shown_if": {"item": other, "at_least": 1}} if other else {})
        for name, other in waits.items()
    ]


@pytest.mark.parametrize(
    ("waits", "code"),
    [
        ({"a": "a"}, "skip-circle"),
        ({"a": "c", "b": "a", "c": "b"}, "skip-circle"),
        ({"a": "z"}, "skip-unknown"),
        ({"a": "b", "b": ""}, "skip-order"),
    ],
)
def test_skip_logic_that_cannot_work_is_found(waits: dict[str, str], code: str) -> None:
    measure = build(items=_skip(**waits), scales=[])
    assert code in dict(found(measure))


def test_skip_logic_in_order_is_not_found() -> None:
    assert found(build(items=_skip(a="", b="a", c="b"), scales=[])) == []


def test_mark_that_can_never_come_true_is_found() -> None:
    risky = items("1", risk={"at_least": 5, "kind": "harm"})
    assert ("skip-never", "items[0].risk") in found(build(items=risky, scales=[scale("1")]))


# Three items from 0 to 4: sum 0–12, mean 0–4; worked by hand.
@pytest.mark.parametrize(
    ("more", "bounds"),
    [
        ({}, (0, 12)),
        ({"method": "mean"}, (0, 4)),
        ({"multiplier": 2.5}, (0, 30)),
        ({"reverse": ["1"]}, (0, 12)),
        ({"weights": {"1": 2}}, (0, 16)),
        ({"weights": {"1": -1}}, (-4, 8)),
        ({"multiplier": -1}, (-12, 0)),
        ({"method": "mean", "multiplier": 10}, (0, 40)),
        ({"multiplier": 0.125, "rounding": "half_up"}, (0, 2)),  # 1.5 rounds to 2
        ({"prorate": True, "min_answered": 2}, (0, 12)),
    ],
)
def test_bounds_are_computed_from_the_items(
    more: dict[str, Any], bounds: tuple[float, float]
) -> None:
    def codes(low: float, high: float) -> set[str]:
        one = scale("1", "2", "3", bounds=[low, high], **more)
        measure = build(items=items("1", "2", "3"), scales=[one])
        return {code for code in dict(found(measure)) if code.startswith("bounds")}

    low, high = bounds
    assert codes(low, high) == set()
    assert codes(low, high + 1) == {"bounds-unreachable"}
    assert codes(low - 1, high) == {"bounds-unreachable"}
    assert codes(low, high - 0.5) == {"bounds-too-narrow"}
    assert codes(low + 0.5, high) == {"bounds-too-narrow"}


def test_prorating_over_unequal_items_can_leave_the_range_of_complete_answers() -> None:
    # 0–1 and 0–10, one answer enough: 10 × 2 ÷ 1 = 20, though complete answers reach 11
    unequal = [*items("1", maximum=1), *items("2", maximum=10)]
    one = scale("1", "2", min_answered=1, prorate=True, bounds=[0, 11], missing_rule="half")
    measure = build(items=unequal, scales=[one])
    assert found(measure) == [("bounds-too-narrow", "scales[0].bounds")]
    assert score_range(measure, measure.scale()) == (0, 20)


def test_item_that_is_not_asked_adds_nothing_to_a_sum() -> None:
    follow = [{"id": "1", "kind": "scale", "minimum": 1, "maximum": 4}]
    follow += [follow[0] | {"id": "2", "shown_if": {"item": "1", "at_least": 2}}]
    measure = build(items=follow, scales=[scale("1", "2")])
    assert score_range(measure, measure.scale()) == (1, 8)


def test_weighted_mean_is_divided_by_its_weights() -> None:
    one = scale("1", "2", method="mean", weights={"1": 3})
    measure = build(items=[*items("1"), *items("2", maximum=8)], scales=[one])
    # (3 × 4 + 1 × 8) ÷ 4 = 5
    assert score_range(measure, measure.scale()) == (0, 5)


def test_weight_that_makes_no_mean_is_found() -> None:
    one = scale("1", "2", "3", method="mean", weights={"1": -1})
    assert ("weight-mean", "scales[0].weights.1") in found(
        build(items=items("1", "2", "3"), scales=[one])
    )


def _reading(*pairs: tuple[float, float], kind: str = "screen", **more: Any) -> dict[str, str]:
    one = scale("1", "2", "3", **more)
    measure = build(items=items("1", "2", "3"), scales=[one], cutoffs=[bands(*pairs, kind=kind)])
    return {one.code: one.severity for one in lint(measure) if one.code.startswith("cutoff")}


def test_bands_that_meet_on_whole_scores_are_fine() -> None:
    assert _reading((0, 4), (5, 12)) == {}


@pytest.mark.parametrize("second", [(4, 12), (3, 12), (0, 2)])
def test_bands_that_overlap_are_found(second: tuple[float, float]) -> None:
    assert _reading((0, 4), second) == {"cutoff-overlap": "error"}


def test_gap_that_a_complete_form_can_fall_into_is_an_error() -> None:
    assert _reading((0, 4), (6, 12)) == {"cutoff-gap": "error"}


def test_gap_that_only_a_prorated_score_can_fall_into_is_a_warning() -> None:
    # two of three answered: 1.5 × a whole number, and 4.5 lies between 4 and 5
    assert _reading((0, 4), (5, 12), prorate=True, min_answered=2) == {"cutoff-gap": "warning"}
    # … but nothing lies between 5 and 6, nor when the score is rounded
    assert _reading((0, 5), (6, 12), prorate=True, min_answered=2) == {}
    rounded = {"prorate": True, "min_answered": 2, "rounding": "half_up"}
    assert _reading((0, 4), (5, 12), **rounded) == {}


def test_band_outside_the_scale_is_found() -> None:
    assert _reading((0, 4), (5, 13)) == {"cutoff-outside": "error"}


def test_severity_table_that_stops_short_is_a_warning() -> None:
    assert _reading((1, 4), (5, 12), kind="severity") == {"cutoff-short": "warning"}
    assert _reading((1, 4), (5, 12), kind="screen") == {}


def test_gap_on_a_line_depends_on_its_width() -> None:
    def severity(low: float, high: float) -> str:
        line = build(
            items=items("1", step=0),
            scales=[scale("1")],
            cutoffs=[bands((0, low), (high, 4))],
        )
        return {one.code: one.severity for one in lint(line)}.get("cutoff-gap", "")

    assert severity(1.99, 2) == "warning"
    assert severity(1, 2) == "error"


def test_norm_from_another_way_of_scoring_is_found() -> None:
    norm = {"scale": "total", "population": "x", "mean": 40, "sd": 1, "verified": False}
    assert ("cutoff-outside", "norms[0].mean") in found(build(norms=[norm]))


def test_fact_about_a_scale_that_is_not_there_is_found() -> None:
    fact = {"scale": "bond", "kind": "alpha", "value": 0.9, "verified": False}
    assert ("cutoff-scale", "reliability[0].scale") in found(build(reliability=[fact]))


def _licence(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = read_toml(skeleton("demo-check"), origin="demo")
    licence: dict[str, Any] = base["licence"]
    return licence | changes


READ = {"key": "paper", "citation": "A paper", "verified": True}
UNREAD = READ | {"verified": False}


@pytest.mark.parametrize(
    ("sources", "source", "code"),
    [
        ([], "", "verified-no-source"),
        ([], "paper", "verified-no-source"),
        ([UNREAD], "paper", "verified-unread"),
        ([READ, READ], "paper", "source-twice"),
    ],
)
def test_verified_claim_needs_a_source_that_was_read(
    sources: list[dict[str, Any]], source: str, code: str
) -> None:
    fact = {"scale": "total", "kind": "alpha", "value": 0.9, "verified": True, "source": source}
    assert code in dict(found(build(reliability=[fact], sources=sources)))


def test_verified_claim_with_a_source_that_was_read_is_fine() -> None:
    fact = {"scale": "total", "kind": "alpha", "value": 0.9, "verified": True, "source": "paper"}
    assert found(build(reliability=[fact], sources=[READ])) == []


def test_unverified_claim_with_an_unlisted_source_is_a_warning() -> None:
    fact = {"scale": "total", "kind": "alpha", "value": 0.9, "verified": False, "source": "x"}
    (finding,) = lint(build(reliability=[fact]))
    assert (finding.code, finding.severity) == ("source-unknown", "warning")


@pytest.mark.parametrize(
    ("licence", "pack", "code"),
    [
        ({"nc": True, "contexts": {"commercial": "allow"}}, "operator", "licence-nc"),
        ({"name": "CC BY-NC 4.0"}, "operator", "licence-nc"),
        ({"name": "CC BY-ND 4.0"}, "operator", "licence-nc"),
        ({"verdict": "ship_core", "nc": True}, "core", "licence-nc"),
        ({"verdict": "ship_nc"}, "core", "licence-pack"),
        ({"verdict": "own"}, "structure", "licence-pack"),
        ({"verdict": "structure_only"}, "structure", "licence-words"),
        ({"contexts": {}}, "operator", "licence-contexts"),
    ],
)
def test_rights_that_contradict_themselves_are_found(
    licence: dict[str, Any], pack: str, code: str
) -> None:
    assert code in dict(found(build(licence=_licence(**licence), pack=pack)))


def test_licence_past_its_day_is_a_warning_only_with_a_day() -> None:
    measure = build(licence=_licence(recheck_by="2026-11-21"))
    assert found(measure, today="2026-11-21") == []
    assert found(measure, today="2026-11-22") == [("licence-recheck", "licence.recheck_by")]
    assert found(measure) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"items": {"1": "First", "2": "Second"}}, "text-items"),
        ({"items": {"1": "a", "2": "b", "3": "c", "4": "d"}}, "text-items"),
        ({"options": {}}, "text-options"),
        ({"options": {"agreement": {"0": "No"}}}, "text-options"),
        ({"anchors": {"1": ["low", "high"]}}, "text-anchors"),
        ({"measure": "other"}, "text-other"),
        ({"version": "2"}, "text-other"),
        ({"adapted": True}, "text-adapted"),
    ],
)
def test_text_that_does_not_fit_is_found(changes: dict[str, Any], code: str) -> None:
    assert code in dict(found(build(), bundle(**changes)))


def test_language_twice_is_found() -> None:
    assert ("text-twice", "en:language") in found(build(), bundle(), bundle())


def test_bundled_without_a_bundle_and_absent_with_one_are_found() -> None:
    assert ("text-missing", "text") in found(build(text="bundled"))
    assert ("text-unexpected", "text") in found(build(text="absent"), bundle())


def _protected(**hashes: str) -> Measure:
    return build(text="bundled", text_sha256=hashes, licence=_licence(nd=True, exact_words="Q"))


def test_protected_wording_is_held_by_its_hash() -> None:
    assert found(_protected(en="a" * 64), bundle()) == []
    assert ("text-changed", "text_sha256.en") in found(_protected(en="b" * 64), bundle())
    assert ("text-unhashed", "text_sha256.en") in found(_protected(), bundle())


def test_protected_wording_may_not_be_adapted() -> None:
    adapted = bundle(adapted=True, changes="shorter")
    assert ("text-adapted", "en:adapted") in found(_protected(en="a" * 64), adapted)


def test_attribution_line_must_be_there_when_asked_for() -> None:
    measure = build(licence=_licence(conditions=["attribution_line"]))
    assert ("text-attribution", "en:attribution") in found(measure, bundle())
    assert found(measure, bundle(attribution="© Somebody")) == []


def test_every_code_is_described() -> None:
    assert all(title and title[0].islower() for title in CODES.values())


def test_licence_shape_used_here_is_the_real_one() -> None:
    licence = build().licence
    assert isinstance(licence, Licence)
    assert set(licence.contexts.values()) == {Permission.ASK}
    assert build().text is TextState.OPERATOR

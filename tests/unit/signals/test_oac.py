# SPDX-License-Identifier: Apache-2.0
"""The four heuristics of the alliance check, one series each, worked by hand."""

from __future__ import annotations

import dataclasses

import pytest

from attunement.signals import RULES, SignalError, oac_signals, rule

NONE = (None, None, None)
FLAT = (5.0, 5.0, 5.0)


def sessions_of(found: object, rule_id: str) -> list[int]:
    return [s.session_no for s in found.signals if s.rule_id == rule_id]  # type: ignore[attr-defined]


def test_strain_of_two_or_more() -> None:
    found = oac_signals(sessions=(1, 2, 3), total=FLAT, strain=(1, 2, 0))
    assert sessions_of(found, "oac-strain") == [2]


def test_little_repair_of_little_strain() -> None:
    # strain 1 with repair 1 or 0 counts, with repair 2 not; repair without strain never
    found = oac_signals(
        sessions=(1, 2, 3, 4), total=(5.0,) * 4, strain=(1, 1, 0, 1), repair=(1, 2, 0, None)
    )
    assert sessions_of(found, "oac-strain") == [1]
    assert "not put right" in found.signals[0].sentence


def test_own_median_of_totals() -> None:
    # median of 5, 5, 4, 5 is 5; 4.0 lies 1.0 below
    found = oac_signals(sessions=(1, 2, 3, 4, 5), total=(5, 5, 4, 5, 4.0))
    assert sessions_of(found, "oac-below-own-median") == [5]


def test_single_item_names_the_lowest() -> None:
    found = oac_signals(
        sessions=(1, 2, 3),
        total=FLAT,
        items={"1": (5, 2, None), "2": (3, 1, None)},
        item_labels={"2": "Aims"},
    )
    assert sessions_of(found, "oac-low-item") == [2]
    assert "“Aims” was 1 of 6" in found.signals[0].sentence
    assert "1 more" in found.signals[0].sentence
    assert ("oac-low-item", 3) in [(n.rule_id, n.session_no) for n in found.not_evaluable]


def test_gap_of_the_chairs_twice_running() -> None:
    # gaps 1.5, 1.4, 1.5, 2.0 (the therapist above, too): only sessions 3 and 4 run
    found = oac_signals(
        sessions=(1, 2, 3, 4), total=(5, 5, 5, 3), therapist_total=(3.5, 3.6, 3.5, 5)
    )
    assert sessions_of(found, "oac-gap-of-chairs") == [4]


def test_missing_form_breaks_the_run_of_gaps() -> None:
    found = oac_signals(
        sessions=(1, 2, 3, 4), total=(5, None, 5, 5), therapist_total=(3, 3, 3, None)
    )
    assert sessions_of(found, "oac-gap-of-chairs") == []
    codes = [n.reason_code for n in found.not_evaluable if n.rule_id == "oac-gap-of-chairs"]
    assert codes == ["too_few_scores", "no_form", "too_few_scores", "no_form"]


def test_channel_that_is_not_given_is_not_reported() -> None:
    found = oac_signals(sessions=(1, 2, 3), total=NONE)
    assert set(found.n_evaluated) == {"oac-below-own-median"}
    assert {n.rule_id for n in found.not_evaluable} == {"oac-below-own-median"}


def test_thresholds_can_be_changed() -> None:
    strict = rule("oac-strain").with_params("site-1", strain=1)
    found = oac_signals(sessions=(1,), total=(5,), strain=(1,), rules=(strict,))
    assert found.signals[0].rule_version == "site-1"


def test_a_gap_of_one_is_one_point() -> None:
    near = rule("oac-gap-of-chairs").with_params("site-1", points=1)
    found = oac_signals(sessions=(1, 2), total=(5, 5), therapist_total=(4, 4), rules=(near,))
    assert "lay 1 point or more apart" in found.signals[0].sentence
    assert found.signals[0].why.threshold == "a gap of 1 point or more in 2 sessions running"


def test_every_signal_says_it_is_a_heuristic() -> None:
    found = oac_signals(
        sessions=(1, 2), total=(5, 5), strain=(3, 3), items={"4": (1, 1)}, therapist_total=(2, 2)
    )
    assert {s.rule_id for s in found.signals} == {
        "oac-strain",
        "oac-low-item",
        "oac-gap-of-chairs",
    }
    for signal in found.signals:
        assert not signal.why.verified
        assert "not validated" in signal.why.source


@pytest.mark.parametrize(
    ("channels", "code"),
    [
        ({"strain": (1,)}, "E-SIGNAL-001"),
        ({"strain": (1, 7)}, "E-SIGNAL-003"),
        ({"strain": (1, 1), "repair": (0, 5)}, "E-SIGNAL-003"),
        ({"items": {"1": (1, -1)}}, "E-SIGNAL-003"),
        ({"therapist_total": (9, 1)}, "E-SIGNAL-003"),
    ],
)
def test_channel_that_does_not_fit_refused(channels: dict[str, object], code: str) -> None:
    with pytest.raises(SignalError) as caught:
        oac_signals(sessions=(1, 2), total=(5, 5), **channels)
    assert caught.value.code == code


def test_rule_of_another_kind_refused() -> None:
    other = dataclasses.replace(rule("oac-strain"), detector="weather")
    with pytest.raises(SignalError) as caught:
        oac_signals(sessions=(1,), total=(5,), rules=(other,))
    assert caught.value.code == "E-SIGNAL-006"


def test_rules_on_one_series_are_answered_too() -> None:
    found = oac_signals(sessions=(1, 2, 3), total=(5.0, 5.0, 2.0), rules=RULES)
    assert [s.rule_id for s in found.signals] == [one.id for one in RULES]

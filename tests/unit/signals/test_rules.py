# SPDX-License-Identifier: Apache-2.0
"""Rules are data: complete, unverified where nobody verified them, and named for what they do."""

from __future__ import annotations

import math

import pytest

from attunement.signals import DEFAULT_RULES, OAC_RULES, RULES, Rule, SignalError, rule

ALL = (*RULES, *OAC_RULES)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_rule_says_what_it_asks_and_where_it_is_from(one: Rule) -> None:
    assert one.question.endswith("?")
    assert one.title
    assert one.source
    assert one.cannot_tell
    assert not one.verified


def test_ids_are_unique_and_found() -> None:
    assert len({one.id for one in ALL}) == len(ALL)
    assert all(rule(one.id) is one for one in ALL)


def test_only_the_baseline_alarm_is_on_by_default() -> None:
    assert [one.id for one in DEFAULT_RULES] == ["below-own-baseline"]


def test_unknown_rule_refused() -> None:
    with pytest.raises(SignalError, match="below-own-baseline"):
        rule("strauss-2006")


def test_other_numbers_get_another_version() -> None:
    mine = rule("drop-from-previous").with_params("1-mine", k=1.2)
    assert mine.params["k"] == 1.2
    assert mine.params["max_gap"] == 1
    assert mine.version == "1-mine"
    assert rule("drop-from-previous").params["k"] == 1.96


@pytest.mark.parametrize("params", [{"q": 1.0}, {"k": math.nan}])
def test_parameters_that_do_not_fit_refused(params: dict[str, float]) -> None:
    with pytest.raises(SignalError) as caught:
        rule("drop-from-previous").with_params("x", **params)
    assert caught.value.code == "E-SIGNAL-006"

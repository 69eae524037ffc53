# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attunement.signals import SignalError
from attunement.signals.change import (
    METHODS,
    Category,
    Missing,
    Norms,
    Occasions,
    Sample,
    Verdicts,
    cutoff,
    growth,
    reliability_of_difference,
    reliable_change,
)

JT, GLN, HLL, EN, NK, HA = METHODS[:6]
# S 10, r .75: SEM = 10·√.25 = 5
SAMPLE = Sample(Norms(50, 10), Norms(40, 12), 0.5, 0.75, 0.6, n=0)


def _one(method: int, pre: float, post: float) -> float:
    statistic = METHODS[method].statistic
    assert statistic is not None
    found = statistic(np.array([pre]), np.array([post]), SAMPLE)
    assert found is not None
    return float(found[0])


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (0, -20 / (math.sqrt(2) * 5)),
        # (40 − 50) − .75·10 = −17.5 over 10·√(1 − .5625)
        (1, -17.5 / (10 * math.sqrt(0.4375))),
        # (40 − 40) − 7.5
        (2, -7.5 / (10 * math.sqrt(0.4375))),
        # true first score .75·10 + 50 = 57.5
        (3, -17.5 / 5),
        # .5625·100·.25 + 100·.4 = 54.0625
        (4, -17.5 / math.sqrt(54.0625)),
        # R_dd = (100 + 144 − 2·25 − 120)/(100 + 144 − 120) = 74/124
        (5, (-20 * 74 / 124 - 10 * 50 / 124) / (math.sqrt(74 / 124) * math.sqrt(2) * 5)),
    ],
)
def test_statistic_is_the_formula_worked_by_hand(method: int, expected: float) -> None:
    assert _one(method, 60, 40) == pytest.approx(expected)


def test_reliability_of_difference_is_worked_by_hand() -> None:
    assert reliability_of_difference(SAMPLE) == pytest.approx(74 / 124)


def test_differences_without_reliability_have_no_verdict_and_say_why() -> None:
    sample, found = reliable_change(
        np.array([10.0, 20, 30]),
        np.array([11.0, 21.5, 30.5]),
        reliability=0.5,
        higher_is_better=True,
        methods=(HA,),
    )
    assert reliability_of_difference(sample) <= 0
    assert (found[0].category == Category.NONE).all()
    assert (found[0].missing == Missing.NO_RELIABLE_DIFFERENCES).all()


def _jt(pre: list[float], post: list[float], **more: object) -> Verdicts:
    settings: dict[str, object] = {
        "reliability": 0.75,
        "norms": Norms(50, 10),  # a change counts beyond 1.96·√2·5 = 13.86
        "higher_is_better": True,
        "methods": (JT,),
        **more,
    }
    _, found = reliable_change(np.array(pre), np.array(post), **settings)  # type: ignore[arg-type]
    return found[0]


def test_every_category_is_reached() -> None:
    found = _jt(
        [40, 40, 40, 40, 70, 70, 90],
        [70, 54, 53, 26, 50, 80, 95],
        functional=Norms(70, 10),  # c = 60
        best=100.0,
    )
    assert found.cutoff == 60
    assert [Category(code).name for code in found.category] == [
        "RECOVERED",
        "IMPROVED",
        "UNCHANGED",
        "DETERIORATED",
        "HARMED",
        "UNCHANGED",
        "NOT_ATTAINABLE",
    ]
    assert found.attainable.tolist() == [True] * 6 + [False]


def test_who_was_well_at_first_never_recovers() -> None:
    found = _jt([65, 40], [95, 41], functional=Norms(70, 10))
    assert found.category[0] == Category.IMPROVED


def test_a_statistic_at_the_limit_is_no_reliable_change() -> None:
    at = 1.96 * math.sqrt(2) * 5
    found = _jt([40, 40, 41], [40 + at - 1e-9, 40 + at + 1e-9, 41])
    assert found.category.tolist() == [Category.UNCHANGED, Category.IMPROVED, Category.UNCHANGED]


def test_without_functional_norms_nobody_recovers() -> None:
    found = _jt([20, 41], [90, 40])
    assert found.cutoff is None
    assert found.category[0] == Category.IMPROVED


def test_a_missing_score_is_no_verdict_and_not_unchanged() -> None:
    found = _jt([np.nan, 40, np.nan, 40, 45], [50, np.nan, np.nan, 41, 46])
    assert found.category[:3].tolist() == [Category.NONE] * 3
    assert found.missing.tolist() == [1, 2, 3, 0, 0]
    assert np.isnan(found.statistic[:3]).all()


def test_cut_offs_by_hand() -> None:
    ill, well = Norms(40, 5), Norms(60, 10)
    towards = {"clinical": ill, "functional": well, "higher_is_better": True}
    assert cutoff("a", **towards) == 50  # type: ignore[arg-type]
    assert cutoff("b", **towards) == 40  # type: ignore[arg-type]  # the functional SD, not 50
    assert cutoff("c", **towards) == pytest.approx((5 * 60 + 10 * 40) / 15)  # type: ignore[arg-type]
    assert cutoff("a", clinical=ill, functional=None, higher_is_better=False) == 30


@pytest.mark.parametrize(
    "wrong",
    [
        {"reliability": 0.0},
        {"reliability": 1.0},
        {"reliability": float("nan")},
        {"reliability": 0.8, "cutoff": "d"},
        {"reliability": 0.8, "cutoff": "b"},
    ],
)
def test_settings_that_cannot_be_used_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-030"):
        _jt([40.0, 45.0], [41.0, 47.0], **wrong)


def test_people_all_alike_are_refused() -> None:
    with pytest.raises(SignalError, match="not all alike"):
        _jt([40.0, 40.0], [41.0, 47.0])


def test_infinite_scores_are_refused() -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-003"):
        _jt([40.0, math.inf], [41.0, 47.0])


def test_slopes_are_those_that_were_planted() -> None:
    times = np.tile(np.arange(6.0), 20)
    slopes = np.linspace(-3, -1, 20)
    wobble = np.tile([0.3, -0.3, 0.1, -0.1, 0.2, -0.2], 20)
    scores = 30 + np.repeat(np.linspace(-4, 4, 20), 6) + np.repeat(slopes, 6) * times + wobble
    found = growth(times, scores, np.arange(21) * 6)
    assert found is not None
    # the same wobble in everybody shifts all slopes alike
    shift = np.polyfit(np.arange(6.0), wobble[:6], 1)[0]
    assert found.slope == pytest.approx(slopes + shift, abs=0.02)
    assert (found.own < -1.96).all()  # everybody falls
    assert (found.beyond[:5] < 0).all()
    assert (found.beyond[-5:] > 0).all()  # less than the average


def test_two_occasions_carry_no_growth_model() -> None:
    times = np.tile([0.0, 1.0], 5)
    occasions = Occasions(times, np.arange(10.0), np.arange(6) * 2)
    _, found = reliable_change(
        np.arange(0, 10, 2.0),
        np.arange(1, 11, 2.0),
        reliability=0.8,
        higher_is_better=True,
        occasions=occasions,
    )
    last = found[-1]
    assert last.method.id == "growth_deviation"
    assert (last.missing == Missing.NO_MODEL).all()


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=4, max_size=12),
    st.integers(-20, 20),
    st.sampled_from([0.5, 2.0, 10.0]),
)
def test_another_scale_or_direction_gives_the_same_categories(
    scores: list[tuple[int, int]], shift: int, stretch: float
) -> None:
    pre, post = np.array(scores, dtype=np.float64).T
    if pre.std() == 0 or post.std() == 0:
        return
    kept = {"reliability": 0.8, "cutoff": "a"}
    _, one = reliable_change(pre, post, higher_is_better=True, **kept)  # type: ignore[arg-type]
    _, same = reliable_change(
        shift + stretch * pre,
        shift + stretch * post,
        higher_is_better=True,
        **kept,  # type: ignore[arg-type]
    )
    _, mirrored = reliable_change(-pre, -post, higher_is_better=False, **kept)  # type: ignore[arg-type]
    for a, b, c in zip(one, same, mirrored, strict=True):
        near = np.abs(np.abs(a.statistic) - a.method.critical) < 1e-9
        assert (near | (a.category == b.category)).all()
        assert (near | (a.category == c.category)).all()

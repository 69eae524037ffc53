# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from attunement.signals import SignalError
from attunement.signals.course import (
    Courses,
    Expected,
    Position,
    Unjudged,
    expected_course,
    learn_course,
)

FIXED = (60.0, 0.8, -8.0, -0.1)  # at the mean first score of 75, lower is better
TAU = np.array([[64.0, -6.0], [-6.0, 16.0]])
SIGMA = 6.0
LOW, HIGH = -100.0, 300.0  # wide enough not to cut anything off


def _people(n: int, seed: int, sessions: int = 10) -> Courses:
    generator = np.random.default_rng(seed)
    first = generator.normal(75, 15, n)
    own = generator.multivariate_normal([0, 0], TAU, size=n)
    late = np.log(np.arange(2, sessions + 1))
    apart = (first - 75)[:, None]
    scores = FIXED[0] + FIXED[1] * apart + (FIXED[2] + FIXED[3] * apart) * late
    scores += own[:, :1] + own[:, 1:] * late + generator.normal(0, SIGMA, (n, late.size))
    scores[generator.random(scores.shape) < 0.1] = np.nan
    table = np.hstack((first[:, None], scores))
    return Courses(
        table.ravel(), np.tile(np.arange(1, sessions + 1), n), np.arange(n + 1) * sessions
    )


@cache
def _archive() -> Courses:
    return _people(1500, seed=5)


def _judge(courses: Courses, **more: object) -> Expected:
    settings = {"minimum": LOW, "maximum": HIGH, "higher_is_better": False, **more}
    return expected_course(courses, **settings)  # type: ignore[arg-type]


def test_the_planted_course_is_recovered() -> None:
    model, fit = learn_course(_archive().archive()[0])
    # columns are centred at the archive's own mean, which is close to 75
    assert np.abs(fit.fixed - FIXED).max() == pytest.approx(0, abs=0.9)
    assert (np.abs(fit.fixed[1:] - FIXED[1:]) < 3 * fit.fixed_se[1:]).all()
    assert model.random_covariance == pytest.approx(TAU, abs=9)
    assert model.residual_variance == pytest.approx(SIGMA**2, rel=0.05)
    assert model.last_session == 10


@pytest.mark.parametrize("method", ["model", "neighbours"])
def test_limits_hold_for_new_people(method: str) -> None:
    new = _people(1500, seed=6)
    found = _judge(new, archive=_archive(), method=method)
    judged = found.position != Position.NONE
    scores = new.scores[judged]
    for share, limits in ((0.68, found.inner), (0.80, found.outer)):
        inside = (scores >= limits[judged, 0]) & (scores <= limits[judged, 1])
        # people are the independent units: 1,500 of them, so 3 SE are about 3.6 points
        assert inside.mean() == pytest.approx(share, abs=0.036)


def test_without_an_archive_nobody_is_judged_by_a_model_that_saw_them() -> None:
    courses = _people(400, seed=7)
    changed = courses.scores.copy()
    changed[11:20] += 50.0  # the later scores of the second person
    after = _judge(Courses(changed, courses.sessions, courses.starts))
    before = _judge(courses)
    own = slice(11, 20)
    assert before.mean[own] == pytest.approx(after.mean[own], abs=1e-9, nan_ok=True)
    assert len(before.models) == 10
    other = slice(20, 30)
    assert np.nanmax(np.abs(before.mean[other] - after.mean[other])) > 1e-6


def test_worse_is_above_where_lower_is_better() -> None:
    new = _people(40, seed=8)
    expected = _judge(new, archive=_archive())
    far = np.where(new.sessions == 4, expected.mean + 2 * expected.sd, new.scores)
    far = np.where(new.sessions == 5, expected.mean + 1.1 * expected.sd, far)
    far = np.where(new.sessions == 6, expected.mean - 2 * expected.sd, far)
    found = _judge(Courses(far, new.sessions, new.starts), archive=_archive())
    assert (found.position[new.sessions == 4] == Position.FAR_WORSE).all()
    assert (found.position[new.sessions == 5] == Position.WORSE).all()
    assert (found.position[new.sessions == 6] == Position.FAR_BETTER).all()


def test_the_functional_range_comes_first() -> None:
    new = _people(40, seed=8)
    found = _judge(new, archive=_archive(), functional=1000.0)
    judged = found.reason == Unjudged.JUDGED
    assert (found.position[judged] == Position.FUNCTIONAL).all()


def test_outside_the_archive_there_is_no_verdict_but_a_reason() -> None:
    odd = Courses(
        np.array([75.0, 60, np.nan, 55, 500.0, 60, np.nan, 60, 70]),
        np.array([1, 2, 3, 11, 1, 2, 1, 2, 3]),
        np.array([0, 4, 6, 9]),
    )
    found = expected_course(odd, minimum=0, maximum=600, higher_is_better=False, archive=_archive())
    assert [Unjudged(code).name for code in found.reason] == [
        "FIRST_SCORE",
        "JUDGED",
        "NO_SCORE",
        "BEYOND_THE_ARCHIVE",
        "FIRST_SCORE",
        "UNLIKE_THE_ARCHIVE",
        "NO_SCORE",
        "NO_FIRST_SCORE",
        "NO_FIRST_SCORE",
    ]
    assert (found.position[found.reason != Unjudged.JUDGED] == Position.NONE).all()
    assert np.isnan(found.mean[[3, 5, 7, 8]]).all()
    assert np.isfinite(found.mean[2])  # a form that is missing has an expectation all the same


def test_limits_stay_on_the_scale() -> None:
    new = _people(60, seed=9)
    inside = np.clip(new.scores, 40, 90)
    found = expected_course(
        Courses(inside, new.sessions, new.starts),
        minimum=40,
        maximum=90,
        higher_is_better=False,
        archive=_archive(),
    )
    assert np.nanmin(found.outer) >= 40
    assert np.nanmax(found.outer) <= 90


def test_features_beside_the_first_score_find_the_people_most_alike() -> None:
    # two kinds of people with the same first score and quite another course
    generator = np.random.default_rng(3)
    n, sessions = 400, 6
    kind = np.arange(n) % 2.0
    first = generator.normal(70, 5, n)
    late = np.log(np.arange(2, sessions + 1))
    scores = first[:, None] - (2 + 20 * kind[:, None]) * late + generator.normal(0, 2, (n, 5))
    table = np.hstack((first[:, None], scores))
    courses = Courses(
        table.ravel(),
        np.tile(np.arange(1, sessions + 1), n),
        np.arange(n + 1) * sessions,
        kind[:, None],
    )
    found = _judge(courses, method="neighbours")
    last = courses.sessions == sessions
    at_last = found.mean[last]
    apart = np.nanmean(at_last[kind == 0]) - np.nanmean(at_last[kind == 1])
    assert apart == pytest.approx(20 * np.log(6), rel=0.1)


def test_a_small_archive_is_refused() -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-031"):
        _judge(_people(299, seed=4))
    with pytest.raises(SignalError, match="E-SIGNAL-031"):
        _judge(_people(400, seed=4, sessions=2))  # one later score each: no growth to be seen


def test_another_method_is_refused() -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-006"):
        _judge(_people(40, seed=4), method="forest")


def test_the_same_archive_has_the_same_version() -> None:
    one, _ = learn_course(_archive().archive()[0])
    again, _ = learn_course(_people(1500, seed=5).archive()[0])
    other, _ = learn_course(_people(1500, seed=6).archive()[0])
    assert one.version == again.version != other.version

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from attunement.signals import SignalError
from attunement.signals.course import (
    FEATURES,
    Ending,
    EndingHazard,
    Episodes,
    ending_hazard,
    known_by_then,
)

DEFINITION = "the client stopped coming without having said so"


def _clinic(n: int, seed: int, *, effect: float = 1.2) -> Episodes:
    """Make episodes whose hazard falls with the alliance of the session, and rises without."""
    generator = np.random.default_rng(seed)
    scores, attended, ending, lengths = [], [], [], []
    for _ in range(n):
        level = generator.normal(0, 1)
        end = Ending.OPEN
        length = 0
        while end == Ending.OPEN and length < 30:
            came = generator.random() > 0.1
            score = level + generator.normal(0, 0.5)
            scores.append(score if came and generator.random() > 0.1 else np.nan)
            attended.append(came)
            length += 1
            if came:
                hazard = 1 / (1 + np.exp(3.0 + effect * score))
                draw = generator.random()
                if draw < hazard:
                    end = Ending.UNPLANNED
                elif draw > 0.97:
                    end = Ending.PLANNED
        lengths.append(length)
        ending.append(end)
    return Episodes(
        np.array(scores),
        np.array(attended),
        np.concatenate(([0], np.cumsum(lengths))),
        np.array(ending, dtype=np.int8),
        DEFINITION,
    )


@cache
def _found() -> EndingHazard:
    return ending_hazard(_clinic(1500, seed=1))


def test_what_is_known_at_a_session_by_hand() -> None:
    # second episode: 2, missed, no form, 5
    scores = np.array([4.0, 4, 2, np.nan, np.nan, 5])
    attended = np.array([True, True, True, False, True, True])
    number, features = known_by_then(scores, attended, np.array([0, 2, 6]))
    assert number.tolist() == [1, 2, 1, 1, 2, 3]
    last = dict(zip(FEATURES, features[5], strict=True))
    assert last["log session"] == pytest.approx(np.log(3))
    assert last["early alliance"] == pytest.approx((2 + 5) / 2)
    assert last["alliance now"] == 5
    # t = 1, 3 and y = 2, 5: Σ(t − 2)(y − 3.5) = 3 over Σ(t − 2)² + 4 = 6
    assert last["alliance slope"] == pytest.approx(3 / 6)
    assert last["share of missed sessions"] == pytest.approx(1 / 4)
    assert last["share of missing forms"] == pytest.approx(1 / 3)
    assert last["no form yet"] == 0
    assert dict(zip(FEATURES, features[3], strict=True))["alliance now"] == 2  # the newest so far


def test_cutting_off_the_future_changes_nothing_of_what_was_known() -> None:
    clinic = _clinic(30, seed=2)
    _, whole = known_by_then(clinic.scores, clinic.attended, clinic.starts)
    lengths = np.diff(clinic.starts)
    short = np.maximum(lengths - 2, 1)
    keep = np.concatenate([np.arange(a, a + n) for a, n in zip(clinic.starts, short, strict=False)])
    starts = np.concatenate(([0], np.cumsum(short)))
    _, cut = known_by_then(clinic.scores[keep], clinic.attended[keep], starts)
    assert cut == pytest.approx(whole[keep], abs=1e-9)


def test_the_hazard_is_calibrated_on_people_it_never_saw() -> None:
    for landmark in _found().landmarks:
        assert landmark.performance is not None
        assert landmark.performance.calibration_slope == pytest.approx(1, abs=0.35)
        assert landmark.performance.calibration_intercept == pytest.approx(0, abs=0.3)
        assert landmark.performance.auc > 0.6


def test_the_planted_effect_has_its_direction() -> None:
    found = _found()
    effect = dict(zip(found.columns, found.fit.coefficients, strict=True))
    assert effect["alliance now"] + effect["early alliance"] < -0.3


def test_acting_on_the_model_is_worth_more_than_acting_on_everybody() -> None:
    landmark = _found().landmarks[0]
    assert (landmark.net_benefit[2:4] > landmark.net_benefit_of_all[2:4]).all()


def test_without_any_effect_nothing_is_told_apart() -> None:
    found = ending_hazard(_clinic(1500, seed=3, effect=0.0))
    for landmark in found.landmarks:
        assert landmark.performance is not None
        assert landmark.performance.auc_low < 0.55


def test_a_missed_session_has_no_chance_of_its_own() -> None:
    clinic = _clinic(1500, seed=1)
    assert np.isnan(_found().probability[~clinic.attended]).all()
    assert np.isfinite(_found().probability[clinic.attended]).all()


def test_planned_endings_are_left_out_of_a_landmark_and_counted() -> None:
    clinic = _clinic(1500, seed=1)
    number, _ = known_by_then(clinic.scores, clinic.attended, clinic.starts)
    length = np.array(
        [number[a:b].max() for a, b in zip(clinic.starts, clinic.starts[1:], strict=False)]
    )
    came_that_far = (length >= 3) & (length < 3 + 4)
    planned = int((came_that_far & (clinic.ending != Ending.UNPLANNED)).sum())
    assert _found().landmarks[0].n_left_out == planned > 0


def test_it_says_that_it_is_for_research_and_what_an_ending_is() -> None:
    assert "Research use" in _found().note
    assert DEFINITION in _found().note


def test_fewer_than_three_hundred_finished_episodes_are_refused() -> None:
    clinic = _clinic(320, seed=4)
    few = clinic.ending.copy()
    few[np.flatnonzero(few)[299:]] = Ending.OPEN
    with pytest.raises(SignalError, match="E-SIGNAL-032"):
        ending_hazard(Episodes(clinic.scores, clinic.attended, clinic.starts, few, DEFINITION))


def test_no_unplanned_ending_at_all_is_refused() -> None:
    clinic = _clinic(320, seed=4)
    ending = np.full(clinic.ending.shape, Ending.PLANNED, dtype=np.int8)
    with pytest.raises(SignalError, match="cannot carry a model"):
        ending_hazard(Episodes(clinic.scores, clinic.attended, clinic.starts, ending, DEFINITION))

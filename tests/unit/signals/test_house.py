# SPDX-License-Identifier: Apache-2.0
"""The house rule: learning, limits that are kept, channels, probability, words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attunement.signals import Reason, SignalError
from attunement.signals.batch import Batch, Channels
from attunement.signals.house import (
    Chair,
    HouseModel,
    Threshold,
    default_house,
    explain_house,
    house_threshold,
    judge_house,
    learn_house,
)
from attunement.signals.house.calm import calm_dyads
from attunement.signals.house.threshold import highest_so_far, standardised
from attunement.signals.house.weights import FORMS, LENGTHS, hypothesis_weights

TRUE = Chair(level=2.9, between_sd=0.5, within_sd=0.35, memory=0.3, slope=0.01, slope_sd=0.01)
SCALE = (0.0, 4.0, 0.25)


def model_of(chair: Chair) -> HouseModel:
    return replace(default_house(*SCALE), client=chair)


def drawn(chair: Chair, n: int, length: int, seed: int, channels: Channels | None = None) -> Batch:
    data = calm_dyads(
        model_of(chair), frozenset(), n=n, length=length, generator=np.random.default_rng(seed)
    )
    return Batch(data.values, data.sessions, data.starts, *SCALE, channels=channels or Channels())


def one(values: list[float], **channels: list[float]) -> Batch:
    n = len(values)
    given = {name: np.array(array) for name, array in channels.items()}
    return Batch(
        np.array(values), np.arange(1, n + 1), np.array([0, n]), *SCALE, channels=Channels(**given)
    )


def limit(model: HouseModel, rate: float = 0.1, *channels: str) -> Threshold:
    return house_threshold(model, null_rate=rate, horizon=12, channels=channels, n_simulated=2000)


@pytest.mark.parametrize("level", [2.9, 3.8])
def test_learn_house_recovers_the_truth_with_and_without_a_ceiling(level: float) -> None:
    truth = replace(TRUE, level=level)
    found = learn_house(drawn(truth, 400, 12, 5)).client
    # Standard errors: level .5/√400 = .025, SDs about 4 % and 2 %; three of them and some bias.
    assert found.level == pytest.approx(level, abs=0.12)
    assert found.between_sd == pytest.approx(0.5, rel=0.15)
    assert found.within_sd == pytest.approx(0.35, rel=0.08)
    assert found.memory == pytest.approx(0.3, abs=0.1)


def test_learn_house_of_a_small_archive_stays_near_the_prior() -> None:
    prior = default_house(*SCALE)
    few = learn_house(drawn(replace(TRUE, within_sd=0.7), 2, 4, 3))
    many = learn_house(drawn(replace(TRUE, within_sd=0.7), 200, 12, 3))
    assert abs(few.client.within_sd - prior.client.within_sd) < 0.25
    assert many.client.within_sd == pytest.approx(0.7, rel=0.1)
    assert few.client.noise_spread > many.client.noise_spread  # what is not known is a spread too


def test_learn_house_is_not_misled_by_ruptures_in_the_archive() -> None:
    batch = drawn(TRUE, 300, 12, 8)
    values = batch.values.copy().reshape(300, 12)
    values[:75, 5:8] = np.maximum(values[:75, 5:8] - 0.875, 0.0)  # 2.5 within SDs, three sessions
    found = learn_house(replace(batch, values=values.ravel())).client
    # Taken as noise, they would add .25·.25·.75·(2.5)² ≈ 29 % to the variance, 14 % to the SD.
    assert found.within_sd == pytest.approx(0.35, rel=0.08)


def test_version_changes_with_any_number_and_with_nothing_else() -> None:
    model = model_of(TRUE)
    assert model.version == replace(model, source="in other words").version
    assert model.version != replace(model, missing=0.1).version


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.05, 0.20])
def test_the_asked_null_rate_is_delivered(rate: float) -> None:
    model = model_of(TRUE)
    n = 3000
    found = judge_house(
        drawn(TRUE, n, 12, 99), model, house_threshold(model, null_rate=rate, horizon=12)
    )
    counted = found.flagged.reshape(n, 12).any(axis=1).mean()
    # Both the limit (20,000 dyads) and the count are simulated; four standard errors, and half a
    # point for the rounding of the model's numbers in the cache.
    error = math.sqrt(rate * (1 - rate) * (1 / n + 1 / 20_000))
    assert abs(counted - rate) < 4 * error + 0.005


def test_limit_rises_with_the_horizon_and_falls_with_the_rate() -> None:
    model = model_of(TRUE)
    assert limit(model, 0.05).value > limit(model, 0.2).value
    short = house_threshold(model, horizon=6, n_simulated=2000)
    assert short.value < house_threshold(model, horizon=12, n_simulated=2000).value
    highest = highest_so_far(model, frozenset(), 12, 2000)
    assert np.mean(highest > limit(model, 0.1).value) == pytest.approx(0.1, abs=0.001)


def test_standardised_is_the_same_for_other_units() -> None:
    model = model_of(TRUE)
    chair = Chair(29.0, 5.0, 3.5, 0.3, 0.1, 0.1)
    tenfold = replace(default_house(0.0, 40.0, 2.5), client=chair)
    assert standardised(tenfold).client == standardised(model).client


def test_parts_of_a_batch_are_judged_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model, length, n = model_of(TRUE), 9, 90
    generator = np.random.default_rng(4)
    therapist = np.clip(generator.normal(3.0, 0.5, n * length), 0, 4)
    strain = (generator.random(n * length) < 0.1).astype(float)
    batch = drawn(TRUE, n, length, 4, Channels(therapist=therapist, strain=strain))
    asked = limit(model, 0.1, "therapist", "strain")
    whole = judge_house(batch, model, asked, compile_from=1 << 60)
    monkeypatch.setattr("attunement.signals.house.judging._LEAST_DYADS", 7)
    parts = judge_house(batch, model, asked, compile_from=0, threads=3)
    assert whole.flagged.any()
    for name in whole.__slots__:
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name), err_msg=name)


@pytest.mark.parametrize("asked", [{"null_rate": 0.9}, {"horizon": 1}, {"channels": ("mood",)}])
def test_limit_that_cannot_be_found_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-007"):
        house_threshold(model_of(TRUE), **asked)


def test_first_session_and_missing_forms_are_not_evaluable() -> None:
    model = model_of(TRUE)
    found = judge_house(one([3.0, math.nan, 3.0, 1.0]), model, limit(model))
    assert found.reason.tolist() == [Reason.TOO_FEW_SCORES, Reason.NO_FORM, 0, 0]
    assert np.isnan(found.probability[:2]).all()
    assert found.flagged.tolist() == [False, False, False, True]
    assert found.n_used.tolist() == [0, 1, 1, 2]


def test_flat_at_the_ceiling_is_judged_and_a_small_step_down_is_not_a_signal() -> None:
    model = model_of(replace(TRUE, level=3.9))
    found = judge_house(one([4.0] * 8 + [3.75, 2.0]), model, limit(model))
    assert (found.reason[1:] == 0).all()
    assert not found.flagged[8]
    assert found.flagged[9]


def test_probability_follows_from_base_rate_and_ratio() -> None:
    model = model_of(TRUE)
    found = judge_house(one([3.0, 3.0, 2.25]), model, limit(model))
    # Odds = .05/.95 × the likelihood ratio; the statistic is minus its logarithm.
    odds = 0.05 / 0.95 * math.exp(-found.statistic[2])
    assert found.probability[2] == pytest.approx(odds / (1 + odds), abs=1e-12)


def test_strain_tick_adds_its_log_odds_ratio() -> None:
    model = model_of(TRUE)
    limits = limit(model, 0.1, "strain")
    calm = judge_house(one([3.0, 3.0], strain=[0.0, 0.0]), model, limits)
    tick = judge_house(one([3.0, 3.0], strain=[0.0, 1.0]), model, limits)
    # A hypothesis that began in session 1 holds both ticks, one that began in session 2 one; the
    # tick of session 2 is in all of them: log odds 2.5 whatever the weights.
    assert calm.statistic[1] - tick.statistic[1] == pytest.approx(2.5, abs=1e-9)


def test_missed_form_after_a_low_score_speaks_for_a_rupture() -> None:
    model = model_of(TRUE)
    limits = limit(model, 0.1, "expected")
    values = [3.0, 3.0, 2.4, math.nan]
    found = judge_house(one(values, expected=[True] * 4), model, limits)
    assert found.reason[3] == 0
    low = judge_house(one([3.0, 3.0, 3.3, math.nan], expected=[True] * 4), model, limits)
    assert found.probability[3] > low.probability[3]


def test_therapist_who_saw_it_too_makes_a_rupture_more_likely() -> None:
    model = replace(model_of(TRUE), therapist=replace(TRUE, level=2.7, slope_sd=0.0))
    limits = limit(model, 0.1, "therapist")
    values = [3.0, 3.0, 3.0, 2.25]
    alone = judge_house(one(values), model, limits).probability[3]
    saw = judge_house(one(values, therapist=[2.75, 2.75, 2.75, 2.0]), model, limits).probability[3]
    not_asked = judge_house(one(values, therapist=[math.nan] * 4), model, limits).probability[3]
    assert saw > alone
    assert not_asked == pytest.approx(alone, abs=1e-12)


def test_channel_without_a_limit_for_it_is_not_read() -> None:
    model = model_of(TRUE)
    found = judge_house(one([3.0, 2.5], strain=[0.0, 1.0]), model, limit(model))
    assert found.statistic[1] == judge_house(one([3.0, 2.5]), model, limit(model)).statistic[1]


def test_lower_is_better_is_the_mirror_image() -> None:
    model = model_of(TRUE)
    mirrored = replace(model, higher_is_better=False)
    values = np.array([3.0, 3.0, 1.5, 2.0])
    up = judge_house(one(values.tolist()), model, limit(model))
    down = judge_house(
        replace(one((4.0 - values).tolist()), higher_is_better=False), mirrored, limit(mirrored)
    )
    assert np.array_equal(up.statistic, down.statistic, equal_nan=True)
    assert np.allclose(4.0 - down.expected[1:], up.expected[1:])


def test_model_of_another_scale_is_refused() -> None:
    model = default_house(0.0, 6.0, 0.25)
    with pytest.raises(SignalError, match="E-SIGNAL-005"):
        judge_house(one([3.0, 3.0]), model, limit(model))


def test_explain_house_says_what_came_what_spoke_and_how_often_it_asks() -> None:
    model = model_of(TRUE)
    batch = one([3.0, 3.0, 3.0, 1.5], strain=[0.0, 0.0, 0.0, 1.0])
    said = explain_house(batch, 3, model, limit(model, 0.1, "strain"))
    assert "In session 4 the score was 1.5 where about 3 was expected from 3 earlier scores" in said
    assert "the client's score and the strain item speak for a rupture" in said
    assert "if one session in 20 has one" in said
    assert "no earlier score" in explain_house(batch, 0, model, limit(model))
    # a form may well be there, with too few answers for a score: nothing is said of forms
    gone = one([3.0, 3.0, 3.0, math.nan], strain=[0.0, 0.0, 0.0, 1.0])
    said = explain_house(gone, 3, model, limit(model, 0.1, "strain"))
    assert "In session 4 there was no score where about 3 was expected" in said
    with pytest.raises(SignalError, match="E-SIGNAL-007"):
        explain_house(batch, 4, model, limit(model))


def test_explain_house_says_the_same_of_what_was_judged_before_and_of_longer_courses() -> None:
    model = model_of(TRUE)
    batch = one([3.0, 2.5, 3.0, 1.5, 3.5], strain=[0.0, math.nan, 0.0, 1.0, 0.0])
    beyond = limit(model, 0.1, "strain")
    judged = judge_house(batch, model, beyond)
    for row in range(5):
        said = explain_house(batch, row, model, beyond)
        assert explain_house(batch, row, model, beyond, judged=judged) == said
        upto = one(batch.values[: row + 1].tolist(), strain=batch.channels.strain[: row + 1])
        assert explain_house(upto, row, model, beyond) == said


@pytest.mark.parametrize("memory", [0.0, 0.35, 0.9])
def test_weights_are_shares_of_one_bar(memory: float) -> None:
    weights = hypothesis_weights(memory)
    assert weights.shape == (len(LENGTHS), FORMS)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0, 0] == weights.max()  # a one-session dip can least afford a high bar

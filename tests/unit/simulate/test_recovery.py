# SPDX-License-Identifier: Apache-2.0
"""Is what was put in found again? Each tolerance is four standard errors, worked out here.

Rounding to whole answers adds a variance of about 1/12 to an item, so a form of seven items with
an item SD of 0.3 measures its state with the error variance (0.3² + 1/12) / 7 = 0.0248. Against a
within-person variance of 0.5² = 0.25 the reliability of a deviation is 0.25 / 0.2748 = 0.910.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from attunement import simulate

N = 1000
LENGTH = 20
ERROR = (0.3**2 + 1 / 12) / 7
WITHIN = 0.5**2
RELIABILITY = WITHIN / (WITHIN + ERROR)

PLAIN = simulate.Settings(
    level=3.2,
    between_sd=0.6,
    within_sd=0.5,
    autocorrelation=0.3,
    therapist_share=0.0,
    growth=0.0,
    item_sd=0.3,
    uniform_share=0.0,
    bias_sd=0.3,
    tracking_sd=0.2,
    therapist_sd=0.3,
    rupture_share=0.0,
    cancelled=0.0,
    missed=0.0,
    client_form_missing=0.0,
    therapist_form_missing=0.0,
    item_skipped=0.0,
    unplanned=0.0,
)


def matrix(clinic: simulate.SyntheticClinic, perspective: str) -> np.ndarray:
    scores = clinic.ratings.filter(perspective=perspective)["score"].to_numpy()
    return scores.reshape(-1, LENGTH)


@pytest.fixture(scope="module")
def plain() -> simulate.SyntheticClinic:
    return simulate.clinic(
        seed=8, clients=N, therapists=1, sessions=(LENGTH, LENGTH), settings=PLAIN
    )


def test_level_and_spread_between_clients(plain: simulate.SyntheticClinic) -> None:
    means = matrix(plain, "client").mean(axis=1)
    # Variance of a person's mean: between² + the AR(1)'s part + error/20. The AR part is
    # within²/T × (1 + 2 Σ (1 - k/T) 0.3^k) = 0.25/20 × 1.8 = 0.0225 (Σ ≈ 0.3/0.7 - small).
    lags = np.arange(1, LENGTH)
    wander = WITHIN / LENGTH * (1 + 2 * ((1 - lags / LENGTH) * 0.3**lags).sum())
    expected = math.sqrt(0.6**2 + wander + ERROR / LENGTH)
    assert means.mean() == pytest.approx(3.2, abs=4 * expected / math.sqrt(N))
    # Standard error of a standard deviation: SD / √(2(N-1)).
    assert means.std(ddof=1) == pytest.approx(expected, abs=4 * expected / math.sqrt(2 * (N - 1)))


def test_intraclass_correlation(plain: simulate.SyntheticClinic) -> None:
    # Around the known level: total variance 0.36 + 0.25 + 0.0248 = 0.635, ICC = 0.36/0.635 = 0.567.
    # Two far-apart sessions (10 lags, 0.3^10 ≈ 0) share only the person: their correlation is
    # the ICC. Standard error of a correlation: (1 - r²)/√N = 0.0215; ten such pairs are not
    # independent, so the single-pair error is kept.
    scores = matrix(plain, "client")
    found = np.mean([np.corrcoef(scores[:, t], scores[:, t + 10])[0, 1] for t in range(10)])
    expected = 0.36 / (0.36 + WITHIN + ERROR)
    assert found == pytest.approx(expected, abs=4 * (1 - expected**2) / math.sqrt(N))


def test_autocorrelation(plain: simulate.SyntheticClinic) -> None:
    # Deviations from the true level (in the truth table), so no small-sample bias of the mean.
    level = plain.truth_dyads["level"].to_numpy()[:, None]
    deviations = matrix(plain, "client") - level
    found = (deviations[:, 1:] * deviations[:, :-1]).mean() / (deviations**2).mean()
    # The error of measurement shrinks 0.3 to 0.3 × 0.910 = 0.273. Standard error about 1/√(N × 19).
    assert found == pytest.approx(0.3 * RELIABILITY, abs=4 / math.sqrt(N * (LENGTH - 1)))


def test_therapist_bias(plain: simulate.SyntheticClinic) -> None:
    gap = (matrix(plain, "therapist") - matrix(plain, "client")).mean(axis=1)
    # SD of a dyad's mean gap: √(0.3² + (0.3² + 2 × 0.0248)/20) = 0.312; error 0.312/√1000 = 0.0099.
    sd = math.sqrt(0.3**2 + (0.3**2 + 2 * ERROR) / LENGTH)
    assert gap.mean() == pytest.approx(-0.4, abs=4 * sd / math.sqrt(N))
    assert gap.std(ddof=1) == pytest.approx(sd, abs=4 * sd / math.sqrt(2 * (N - 1)))


def test_tracking(plain: simulate.SyntheticClinic) -> None:
    client, therapist = matrix(plain, "client"), matrix(plain, "therapist")
    x = client - client.mean(axis=1, keepdims=True)
    y = therapist - therapist.mean(axis=1, keepdims=True)
    slopes = (x * y).sum(axis=1) / (x**2).sum(axis=1)
    # Reliability of deviations from a dyad's own mean of 20: the AR part of that mean is lost
    # too: (0.25 - 0.0225) / (0.25 - 0.0225 + 0.0248 × 19/20) = 0.906.
    lags = np.arange(1, LENGTH)
    wander = WITHIN / LENGTH * (1 + 2 * ((1 - lags / LENGTH) * 0.3**lags).sum())
    true = WITHIN - wander
    expected = 0.35 * true / (true + ERROR * (1 - 1 / LENGTH))
    # SD of a dyad's slope: √(0.2² + (0.3² + error)/(19 × 0.25)) = 0.253 → error 0.008; the
    # expectation is a ratio of means, so 0.01 is added for the skewness of single dyads.
    sd = math.sqrt(0.2**2 + (0.3**2 + ERROR) / ((LENGTH - 1) * true))
    assert slopes.mean() == pytest.approx(expected, abs=4 * sd / math.sqrt(N) + 0.01)


def test_bias_and_tracking_correlate_as_asked(plain: simulate.SyntheticClinic) -> None:
    truth = plain.truth_dyads
    found = np.corrcoef(truth["bias"].to_numpy(), truth["tracking"].to_numpy())[0, 1]
    assert found == pytest.approx(-0.3, abs=4 * (1 - 0.3**2) / math.sqrt(N))


def test_therapist_share_of_the_variance() -> None:
    settings = simulate.Settings(therapist_share=0.2, rupture_share=0.0, growth=0.0)
    clinic = simulate.clinic(seed=2, clients=4000, therapists=400, settings=settings)
    levels = clinic.clients.join(clinic.dyads, on="client_id").join(
        clinic.truth_dyads, on="dyad_id"
    )
    groups = levels.group_by("therapist_id").agg(
        mean=pl.col("level").mean(), var=pl.col("level").var(), n=pl.len()
    )
    groups = groups.filter(pl.col("n") >= 2)
    pooled = np.average(groups["var"], weights=groups["n"] - 1)
    noise = (pooled / groups["n"]).mean()
    between = groups["mean"].var() - noise
    # 0.2 of the whole: between = 0.25 × (0.8² + 0.5²) = 0.2225 beside 0.64 + 0.25.
    # Error of a variance of 400 means: (0.2225 + 0.064) × √(2/399) = 0.020.
    assert between == pytest.approx(0.2225, abs=4 * (0.2225 + 0.064) * math.sqrt(2 / 399))


def test_ceiling_share_of_the_defaults() -> None:
    # Stated: about a fifth of the clients' totals are the maximum (15–25 %). With 1,000 clients
    # of between-SD large the share itself has an error of about √(0.2 × 0.8 / 1000) = 0.0126 or
    # less, as if every client were only one rating; two of those fit inside the stated range.
    scores = simulate.clinic(seed=4, clients=1000, therapists=60).ratings
    client = scores.filter(perspective="client")["score"].drop_nulls()
    therapist = scores.filter(perspective="therapist")["score"].drop_nulls()
    assert 0.15 < (client == 6).mean() < 0.25
    assert (therapist == 6).mean() < 0.1
    assert client.mean() > 4.8


def test_missing_forms_are_more_frequent_after_a_dip() -> None:
    settings = simulate.Settings(rupture_share=1.0, client_form_missing=0.1, after_dip_factor=3.0)
    clinic = simulate.clinic(seed=6, clients=2000, therapists=50, settings=settings)
    keys = ["dyad_id", "session_no"]
    dips = clinic.truth_sessions.filter("in_dip").select(
        "dyad_id", pl.col("session_no") + 1, after=True
    )
    filled = clinic.ratings.filter(perspective="client").select(*keys, filled=True)
    held = clinic.sessions.filter(attended="attended").join(dips, on=keys, how="left")
    held = held.join(filled, on=keys, how="left").with_columns(missing=pl.col("filled").is_null())
    after = held.filter("after")["missing"]
    else_ = held.filter(pl.col("after").is_null())["missing"]
    for part, share in ((after, 0.3), (else_, 0.1)):
        error = math.sqrt(share * (1 - share) / len(part))
        assert part.mean() == pytest.approx(share, abs=4 * error)

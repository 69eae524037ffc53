# SPDX-License-Identifier: Apache-2.0
"""The change-point recursion against the sum over every way to cut a short series."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from attunement.signals import Archive, Batch, Judgements, judge_batch, rule
from attunement.signals.planning import LONGEST_RUN

NAN = float("nan")
ARCHIVE = Archive(5.0, 1.5, 0.8, 0.0, "by hand")
CHANGE = rule("change-point").with_params("test", max_best_share=1.0)


def ask(values: list[float], **params: float) -> Judgements:
    numbers = np.arange(1, len(values) + 1)
    of = Batch(np.array(values, dtype=float), numbers, np.array([0, len(values)]), 0, 10)
    one = CHANGE.with_params("other", **params) if params else CHANGE
    return judge_batch(of, one, archive=ARCHIVE)


def log_marginal(run: list[float]) -> float:
    """Log of the evidence of one run, from the closed form with Gamma functions."""
    kappa, alpha = (0.8 / 1.5) ** 2, 3.0  # σ²/τ², ν0/2
    beta = 0.5 * 4 * 0.8**2  # (ν0 − 2)σ²/2: the prior mean of the variance is σ²
    n = len(run)
    mean = sum(run) / n
    squares = sum((x - mean) ** 2 for x in run)
    after = beta + 0.5 * squares + kappa * n * (mean - 5.0) ** 2 / (2 * (kappa + n))
    return (
        math.lgamma(alpha + n / 2)
        - math.lgamma(alpha)
        + alpha * math.log(beta)
        - (alpha + n / 2) * math.log(after)
        + 0.5 * math.log(kappa / (kappa + n))
        - 0.5 * n * math.log(2 * math.pi)
    )


def run_mean(run: list[float]) -> float:
    kappa = (0.8 / 1.5) ** 2
    return (kappa * 5.0 + sum(run)) / (kappa + len(run))


def baseline(earlier: list[float]) -> float:
    weight = 1.5**2 / (1.5**2 + 0.8**2 / len(earlier))
    return 5.0 + weight * (sum(earlier) / len(earlier) - 5.0)


def by_enumeration(values: list[float], recent: int, hazard: float) -> float:
    """P(a change for the worse within the last scores), over all 2^(n − 1) ways to cut."""
    n = len(values)
    total, worse = 0.0, 0.0
    for cuts in itertools.product((0, 1), repeat=n - 1):
        edges = [0, *(k + 1 for k, cut in enumerate(cuts) if cut), n]
        chance = math.prod(hazard if cut else 1 - hazard for cut in cuts)
        parts = [values[a:b] for a, b in itertools.pairwise(edges)]
        weight = chance * math.exp(sum(log_marginal(part) for part in parts))
        total += weight
        begun = edges[-2]
        if begun > 0 and n - begun <= recent and run_mean(parts[-1]) < baseline(values[:begun]):
            worse += weight
    return worse / total


@pytest.mark.parametrize(
    "values",
    [
        [6.0, 6.5, 5.5, 3.0],
        [6.0, 6.2, 6.4, 6.1, 3.2, 3.0, 3.4, 6.0],
        [4.0, 7.0, 5.0, 6.0, 2.0, 1.5, 8.0, 1.0, 1.2],
    ],
)
def test_recursion_is_the_sum_over_all_ways_to_cut(values: list[float]) -> None:
    found = ask(values)
    for n in range(3, len(values) + 1):
        expected = by_enumeration(values[:n], recent=3, hazard=0.1)
        assert -found.statistic[n - 1] == pytest.approx(expected, rel=1e-9)


def test_another_hazard_and_window() -> None:
    values = [6.0, 6.2, 5.8, 3.0, 3.1, 3.3]
    found = ask(values, hazard=0.3, within_last=2)
    assert -found.statistic[5] == pytest.approx(by_enumeration(values, 2, 0.3), rel=1e-9)


def test_a_step_down_is_flagged_and_a_step_up_is_not() -> None:
    down = ask([7.0, 7.2, 6.8, 7.1, 7.0, 4.0, 3.9])
    assert down.flagged[5:].any()
    assert not down.flagged[:5].any()
    up = ask([4.0, 3.9, 4.1, 4.0, 4.2, 7.0, 7.1])
    assert not up.flagged.any()
    assert -up.statistic[6] < 0.05


def test_a_missing_form_is_skipped() -> None:
    full, gappy = ask([7.0, 7.2, 6.8, 4.0]), ask([7.0, 7.2, NAN, 6.8, 4.0])
    assert gappy.statistic[4] == full.statistic[3]
    assert math.isnan(gappy.statistic[2])


def test_an_old_change_is_no_news() -> None:
    found = ask([7.0] * 6 + [4.0] * 10)
    assert found.flagged[6:9].any()
    assert not found.flagged[12:].any()


def unpruned(values: list[float], recent: int = 3, hazard: float = 0.1) -> list[float]:
    """P(a change for the worse) after each score, every run kept: O(n²) closed-form evidences."""
    joint: list[float] = []  # log p(scores, the run began at s)
    said = []
    for t in range(len(values)):
        every = log_sum(joint) + math.log(hazard) if t else 0.0
        joint = [
            known
            + math.log(1 - hazard)
            + log_marginal(values[s : t + 1])
            - log_marginal(values[s:t])
            for s, known in enumerate(joint)
        ]
        joint.append(every + log_marginal(values[t : t + 1]))
        worse = [
            joint[s]
            for s in range(max(1, t + 1 - recent), t + 1)
            if run_mean(values[s : t + 1]) < baseline(values[:s])
        ]
        said.append(math.exp(log_sum(worse) - log_sum(joint)) if worse else 0.0)
    return said


def log_sum(logs: list[float]) -> float:
    top = max(logs)
    return top + math.log(sum(math.exp(one - top) for one in logs))


def test_the_unpruned_reference_is_the_sum_over_all_ways_to_cut() -> None:
    values = [6.0, 6.2, 6.4, 6.1, 3.2, 3.0, 3.4, 6.0]
    assert unpruned(values)[-1] == pytest.approx(by_enumeration(values, 3, 0.1), rel=1e-12)


def drawn(seed: int, *parts: tuple[int, float, float]) -> list[float]:
    luck = np.random.default_rng(seed)
    values = np.concatenate([luck.normal(level, noise, n) for n, level, noise in parts])
    return [float(one) for one in np.clip(values, 0, 10)]


@pytest.mark.parametrize(
    "values",
    [
        drawn(1, (100, 6.0, 0.8)),
        drawn(2, (100, 6.0, 1.6)),  # twice the noise of the archive
        drawn(3, (20, 6.5, 0.8), (80, 3.5, 0.8)),  # the run after the step becomes a long one
        drawn(4, (60, 6.0, 0.3), (3, 4.0, 0.3), (37, 6.0, 0.3)),
    ],
)
def test_a_series_of_a_hundred_sessions_is_as_with_every_run_kept(values: list[float]) -> None:
    found, expected = ask(values), np.array(unpruned(values))
    assert -found.statistic[2:] == pytest.approx(expected[2:], abs=1e-9)
    assert found.flagged[2:].tolist() == (expected[2:] >= CHANGE.params["probability"]).tolist()


def test_beyond_the_places_long_runs_that_share_one_stay_near_the_full_recursion() -> None:
    values = drawn(5, (60, 7.0, 0.8), (2 * LONGEST_RUN, 4.0, 0.8), (2, 1.5, 0.8))
    found, expected = ask(values), np.array(unpruned(values))
    assert np.abs(-found.statistic[2:] - expected[2:]).max() < 0.02
    assert found.flagged[-1]


def test_compiled_lanes_give_long_series_the_same_bits() -> None:
    rows = [drawn(6, (40, 6.0, 0.8)), drawn(7, (LONGEST_RUN + 20, 6.0, 1.2)), drawn(8, (5, 6, 1))]
    starts = np.cumsum([0, *map(len, rows)])
    numbers = np.concatenate([np.arange(1, len(row) + 1) for row in rows])
    of = Batch(np.concatenate(rows), numbers, starts, 0, 10)
    plain = judge_batch(of, CHANGE, archive=ARCHIVE, compile_from=1 << 62)
    compiled = judge_batch(of, CHANGE, archive=ARCHIVE, compile_from=1)
    assert np.array_equal(plain.statistic, compiled.statistic, equal_nan=True)
    assert plain.flagged.tolist() == compiled.flagged.tolist()


def test_runs_longer_than_there_are_places_share_one() -> None:
    # the scores before the last places count as one long run; a change is still found
    steady = [7.0 + 0.1 * (-1) ** k for k in range(3 * LONGEST_RUN)]
    found = ask([*steady, 4.0, 4.1])
    assert not found.flagged[: len(steady)].any()
    assert found.flagged[-1]
    assert np.isfinite(found.statistic[2:]).all()
    assert (-found.statistic[2:] <= 1 + 1e-12).all()


@pytest.mark.parametrize("archive", [Archive(5, 0, 1, 0, "x"), Archive(5, 1e-12, 1, 0, "x")])
def test_people_who_do_not_differ(archive: Archive) -> None:
    of = Batch(np.array([5.0, 5, 5, 1]), np.arange(1, 5), np.array([0, 4]), 0, 10)
    assert np.isfinite(judge_batch(of, CHANGE, archive=archive).statistic[2:]).all()


def test_scores_many_thousand_sds_away_stay_numbers() -> None:
    of = Batch(np.array([5.0, 5, 5, 9, 1, 1, 9, 9]), np.arange(1, 9), np.array([0, 8]), 0, 10)
    found = judge_batch(of, CHANGE, archive=Archive(5, 1, 1e-9, 0, "by hand"))
    assert np.isfinite(found.statistic[2:]).all()
    assert found.flagged[4]

# SPDX-License-Identifier: Apache-2.0
"""Archives: the prior, and what is learned by hand-worked and by simulated series."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.signals import Archive, Series, SignalError, default_archive, learn_archive


def test_prior_is_the_simulation_scaled() -> None:
    # .50 and .35 on the four points from 1 to 5; on 0 to 6 a point is 6/4 as long
    one_to_five, zero_to_six = default_archive(1, 5), default_archive(0, 6)
    assert one_to_five.between_sd == pytest.approx(0.50)
    assert one_to_five.within_sd == pytest.approx(0.35)
    assert one_to_five.autocorrelation == 0.20
    assert 3.8 < one_to_five.mean < 4.5
    assert zero_to_six.within_sd == pytest.approx(0.35 * 6 / 4)
    assert zero_to_six.n_scores == 0
    assert "prior" in zero_to_six.source


def test_prior_turns_where_lower_is_better() -> None:
    up, down = default_archive(0, 40), default_archive(0, 40, higher_is_better=False)
    assert up.mean + down.mean == pytest.approx(40)


def test_usual_change_by_hand() -> None:
    # σ·√(2(1 − r)) = 0.5·√(2·0.5) = 0.5; never from less than half a step: 1·√1 = 1
    archive = Archive(4, 1, 0.5, 0.5, "by hand")
    assert archive.usual_change() == pytest.approx(0.5)
    assert archive.usual_change(step=2) == pytest.approx(1.0)


def test_within_sd_by_hand() -> None:
    # 40 series 3, 5: Σe² = 40·2 = 80, 40 degrees of freedom. Two scores say nothing of the memory,
    # which stays the prior's .2. A person's mean then has variance (2 + .4)/4 = .6, so
    # σ² = 80/(80·(1 − .6)) = 2.5, blended with the prior's within SD .0875·10.
    found = learn_archive([Series((1, 2), (3.0, 5.0), 0, 10)] * 40)
    assert found.autocorrelation == pytest.approx(0.2)
    assert found.within_sd == pytest.approx(math.sqrt((40 * 2.5 + 30 * 0.875**2) / 70))
    # every mean is 4: no variance between, so only the prior's share is left
    assert found.between_sd == pytest.approx(math.sqrt(10 * 1.25**2 / (39 + 10)))
    assert found.mean == pytest.approx((40 * 4.0 + 10 * 7.875) / 50)
    assert (found.n_dyads, found.n_scores) == (40, 80)


@pytest.mark.parametrize("slope", [0.0, -1.5, 2.5])
@pytest.mark.parametrize("memory", [0.0, 0.2, 0.5])
def test_known_parameters_are_recovered_with_and_without_a_trend(
    memory: float, slope: float
) -> None:
    generator = np.random.default_rng(11)
    series = []
    for _ in range(600):
        length = int(generator.integers(4, 20))
        noise = generator.standard_normal(length)
        for t in range(1, length):
            noise[t] = memory * noise[t - 1] + math.sqrt(1 - memory**2) * noise[t]
        # around each person's own middle, at a pace of the person's own
        way = slope * generator.uniform(0.5, 1.5) * (np.arange(length) - (length - 1) / 2)
        values = 500 + 8 * generator.standard_normal() + 5 * noise + way
        series.append(Series(tuple(range(1, length + 1)), tuple(values.tolist()), 425, 575))
    found = learn_archive(series)
    assert found.mean == pytest.approx(500, abs=2)
    assert found.between_sd == pytest.approx(8, rel=0.08)
    assert found.within_sd == pytest.approx(5, rel=0.05)
    assert found.autocorrelation == pytest.approx(memory, abs=0.05)


def test_few_series_stay_near_the_prior() -> None:
    prior = default_archive(0, 6)
    found = learn_archive([Series((1, 2, 3), (1.0, 1.0, 1.0), 0, 6)])
    assert prior.mean - found.mean < 0.5
    assert found.within_sd > 0.9 * prior.within_sd
    # ten dyads against one, thirty degrees of freedom against two: said once, without "mostly"
    assert found.source == (
        "learned from 3 scores of 1 series (few); a simulated prior weighs 91 % of the level and "
        "94 % of the noise"
    )


def test_few_long_series_do_not_claim_to_be_mostly_the_prior() -> None:
    values = tuple(float(3 + n % 3) for n in range(31))
    found = learn_archive([Series(tuple(range(31)), values, 0, 6)] * 3)
    assert "26 % of the noise" in found.source  # 30 against 3·29
    assert "mostly" not in found.source


def test_series_without_scores_are_left_out() -> None:
    empty = Series((1, 2), (None, None), 0, 6)
    assert learn_archive([empty]) == default_archive(0, 6)
    one = Series((1, 2), (4.0, 5.0), 0, 6)
    assert learn_archive([one, empty]).n_dyads == 1


@pytest.mark.parametrize(
    "series",
    [
        [],
        [Series((1,), (1.0,), 0, 6), Series((1,), (1.0,), 0, 7)],
        [Series((1,), (1.0,), 0, 6), Series((1,), (1.0,), 0, 6, higher_is_better=False)],
    ],
)
def test_archive_of_nothing_or_of_different_scales_refused(series: list[Series]) -> None:
    with pytest.raises(SignalError) as caught:
        learn_archive(series)
    assert caught.value.code == "E-SIGNAL-005"


@pytest.mark.parametrize("numbers", [(math.nan, 1, 1, 0), (1, -1, 1, 0), (1, 1, 1, 1.0)])
def test_impossible_archive_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(SignalError):
        Archive(*numbers, source="by hand")

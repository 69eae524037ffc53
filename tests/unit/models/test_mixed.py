# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from attunement.models import ModelError, fit_mixed
from attunement.models.mixed import FloatArray, IntArray

People = tuple[FloatArray, FloatArray, IntArray]


def _dense(people: People, covariance: FloatArray, sigma2: float) -> float:
    """Return the REML log-likelihood by writing out every covariance matrix."""
    y, x, starts = people
    n, p = x.shape
    v = np.eye(n) * sigma2
    for a, b in pairwise(starts):
        v[a:b, a:b] += x[a:b] @ covariance @ x[a:b].T
    inverse = np.linalg.inv(v)
    precision = x.T @ inverse @ x
    beta = np.linalg.solve(precision, x.T @ inverse @ y)
    left = y - x @ beta
    return -0.5 * float(
        (n - p) * np.log(2 * np.pi)
        + np.linalg.slogdet(v)[1]
        + np.linalg.slogdet(precision)[1]
        + left @ inverse @ left
    )


def _people() -> People:
    generator = np.random.default_rng(3)
    groups, times = 30, 6
    t = np.tile(np.arange(times, dtype=float), groups)
    x = np.column_stack((np.ones(t.size), t))
    own = generator.multivariate_normal([0, 0], [[4, 0.5], [0.5, 0.3]], size=groups)
    y = 10 - t + own[:, 0].repeat(times) + own[:, 1].repeat(times) * t
    y += generator.normal(0, 1.5, y.size)
    return y, x, np.arange(groups + 1) * times


def test_log_likelihood_is_that_of_the_written_out_matrices() -> None:
    y, x, starts = _people()
    fit = fit_mixed(y, x, x, starts)
    dense = _dense((y, x, starts), fit.random_covariance, fit.residual_variance)
    assert fit.log_likelihood == pytest.approx(dense, abs=1e-8)


def test_no_neighbouring_variances_fit_better() -> None:
    y, x, starts = _people()
    fit = fit_mixed(y, x, x, starts)
    for factor in (0.95, 1.05):
        other = _dense((y, x, starts), fit.random_covariance * factor, fit.residual_variance)
        assert other < fit.log_likelihood
        other = _dense((y, x, starts), fit.random_covariance, fit.residual_variance * factor)
        assert other < fit.log_likelihood


def test_conditional_effects_are_the_shrunken_residuals() -> None:
    y, x, starts = _people()
    fit = fit_mixed(y, x, x, starts)
    a, b = starts[4], starts[5]
    v = x[a:b] @ fit.random_covariance @ x[a:b].T + fit.residual_variance * np.eye(b - a)
    gain = fit.random_covariance @ x[a:b].T @ np.linalg.inv(v)
    assert fit.conditional[4] == pytest.approx(gain @ (y[a:b] - x[a:b] @ fit.fixed), abs=1e-8)
    left = fit.random_covariance - gain @ x[a:b] @ fit.random_covariance
    assert fit.conditional_covariance[4] == pytest.approx(left, abs=1e-8)


def test_no_spread_between_groups_is_singular_and_least_squares() -> None:
    t = np.tile([0.0, 1.0, 2.0, 3.0], 8)
    x = np.column_stack((np.ones(t.size), t))
    y = 3 + 2 * t + np.tile([0.5, -0.5, -0.5, 0.5], 8)  # the same residuals in every group
    fit = fit_mixed(y, x, x[:, :1], np.arange(9) * 4)
    assert fit.singular
    assert fit.fixed == pytest.approx([3.0, 2.0], abs=1e-6)
    assert fit.residual_variance == pytest.approx(8 * 4 * 0.25 / (32 - 2), abs=1e-6)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("missing", "E-MODEL-003"),
        ("one group", "E-MODEL-002"),
        ("twice the same column", "E-MODEL-002"),
        ("an empty group", "E-MODEL-001"),
    ],
)
def test_data_that_cannot_carry_the_model_are_refused(change: str, code: str) -> None:
    y, x, starts = _people()
    if change == "missing":
        y[3] = np.nan
    elif change == "one group":
        starts = np.array([0, y.size])
    elif change == "an empty group":
        starts = np.insert(starts, 1, 0)
    else:
        x = np.column_stack((x, x[:, 1]))
    with pytest.raises(ModelError, match=code):
        fit_mixed(y, x, x[:, :2], starts)

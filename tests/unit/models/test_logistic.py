# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from attunement.models import ModelError, fit_logistic

X1 = np.array([0.5, 1.2, -0.3, 2.0, 0.1, -1.1, 0.7, 1.5, -0.8, 0.0, 1.1, -0.4])
X2 = np.array([1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0], dtype=np.float64)
Y = np.array([1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0], dtype=np.float64)
X = np.column_stack((np.ones(12), X1, X2))


def test_logistic_regression_agrees_with_r() -> None:
    # R 4.2.2: glm(y ~ x1 + x2, family = binomial, control = list(epsilon = 1e-14))
    fit = fit_logistic(Y, X)
    assert fit.coefficients == pytest.approx([-1.2309680426, 1.4113414132, 0.4849649788], abs=1e-7)
    assert fit.standard_errors == pytest.approx(
        [1.1070228812, 0.8926741904, 1.3862404366], abs=1e-7
    )
    assert fit.log_likelihood == pytest.approx(-6.286621087, abs=1e-8)
    assert (fit.n_rows, fit.n_events) == (12, 5)


def test_intercept_alone_is_the_log_odds_of_the_base_rate() -> None:
    fit = fit_logistic(Y, np.ones((12, 1)))
    assert fit.coefficients[0] == pytest.approx(np.log(5 / 7))
    assert fit.standard_errors[0] == pytest.approx(np.sqrt(1 / 5 + 1 / 7))


def test_ridge_shrinks_but_not_the_intercept() -> None:
    strong = fit_logistic(Y, X, ridge=1e6)
    assert np.abs(strong.coefficients[1:]).max() < 1e-4
    assert strong.coefficients[0] == pytest.approx(np.log(5 / 7), abs=1e-3)


def test_an_offset_is_taken_as_known() -> None:
    fit = fit_logistic(Y, X)
    left = fit_logistic(Y, X, offset=X @ fit.coefficients)
    assert left.coefficients == pytest.approx(np.zeros(3), abs=1e-7)


@pytest.mark.parametrize("spoilt", ["separated", "repeated", "no event"])
def test_data_without_a_finite_estimate_are_refused(spoilt: str) -> None:
    y, x = Y.copy(), X.copy()
    if spoilt == "separated":
        x[:, 1] = np.where(y == 1, 2.0, -2.0)
    elif spoilt == "repeated":
        x[:, 2] = x[:, 1]
    else:
        y[:] = 0.0
    with pytest.raises(ModelError, match="E-MODEL-002"):
        fit_logistic(y, x)


def test_missing_values_and_other_events_are_refused() -> None:
    with pytest.raises(ModelError, match="E-MODEL-003"):
        fit_logistic(Y, np.where(X == 2.0, np.nan, X))
    with pytest.raises(ModelError, match="E-MODEL-003"):
        fit_logistic(Y * 2, X)

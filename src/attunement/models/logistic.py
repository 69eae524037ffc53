# SPDX-License-Identifier: Apache-2.0
"""Logistic regression, with a ridge where there are few events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from attunement.models.errors import ModelError
from attunement.models.mixed import FloatArray

_ROUNDS = 100
_SMALL = 1e-10
_CERTAIN = 1e-6  # every row told with certainty: the coefficients have no end


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A fitted logistic regression.

    Parameters
    ----------
    coefficients, standard_errors : numpy.ndarray, shape (columns,)
        On the log-odds scale, the intercept first. With a ridge the errors are those of the
        penalised likelihood.
    log_likelihood : float
        Without the penalty.
    n_rows, n_events : int
        What was used.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    log_likelihood: float
    n_rows: int
    n_events: int

    def probability(self, x: FloatArray) -> FloatArray:
        """Return the probability for rows of columns, the column of ones in front."""
        return np.asarray(expit(x @ self.coefficients), dtype=np.float64)


def fit_logistic(
    event: FloatArray, x: FloatArray, *, ridge: float = 0.0, offset: FloatArray | None = None
) -> LogisticFit:
    """Fit log odds = xβ + offset by Newton's method.

    Parameters
    ----------
    event : numpy.ndarray, shape (rows,)
        0 or 1.
    x : numpy.ndarray, shape (rows, columns)
        The first column is the intercept, which is never penalised.
    ridge : float
        ½·ridge·Σβ² is taken from the log-likelihood; 0 for maximum likelihood.
    offset : numpy.ndarray, optional
        A known part of the log odds.

    Raises
    ------
    ModelError
        ``E-MODEL-001`` for shapes that do not fit, ``E-MODEL-003`` for missing values or an event
        that is neither 0 nor 1, ``E-MODEL-002`` where there is no finite estimate (no event or
        nothing but events, columns that repeat each other, or complete separation without ridge).

    Notes
    -----
    Checked against R's ``glm`` in the tests.
    """
    _check(event, x)
    known = np.zeros(event.size) if offset is None else offset
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros(x.shape[1])

    def worth(at: FloatArray) -> float:
        return _worth(event, x, at, known, penalty)

    for _ in range(_ROUNDS):
        p = expit(x @ beta + known)
        slope = x.T @ (event - p) - penalty * beta
        information = (x * (p * (1.0 - p))[:, None]).T @ x + np.diag(penalty)
        try:
            step = np.linalg.solve(information, slope)
        except np.linalg.LinAlgError:
            raise _cannot(event, x) from None
        beta = _take(worth, beta, step)
        if float(slope @ step) < _SMALL:
            break
    else:
        raise _cannot(event, x)
    p = expit(x @ beta + known)
    information = (x * (p * (1.0 - p))[:, None]).T @ x + np.diag(penalty)
    separated = float((p * (1.0 - p)).max()) < _CERTAIN
    if separated or np.linalg.cond(information) > 1.0 / _SMALL:
        raise _cannot(event, x)
    return LogisticFit(
        coefficients=beta,
        standard_errors=np.sqrt(np.diag(np.linalg.inv(information))),
        log_likelihood=_worth(event, x, beta, known, 0.0 * penalty),
        n_rows=event.size,
        n_events=int(event.sum()),
    )


def _worth(
    event: FloatArray, x: FloatArray, beta: FloatArray, offset: FloatArray, penalty: FloatArray
) -> float:
    """Return the penalised log-likelihood."""
    odds = x @ beta + offset
    return float(event @ odds - np.logaddexp(0.0, odds).sum() - 0.5 * (penalty * beta) @ beta)


def _take(worth: Callable[[FloatArray], float], beta: FloatArray, step: FloatArray) -> FloatArray:
    """Take the step, or the half, quarter … of it that does not make things worse."""
    before, size = worth(beta), 1.0
    while size > _SMALL:
        if worth(beta + size * step) >= before - _SMALL:
            return beta + size * step
        size *= 0.5
    return beta


def _check(event: FloatArray, x: FloatArray) -> None:
    if x.ndim != 2 or event.shape != x.shape[:1]:  # noqa: PLR2004 -- a table
        raise ModelError(
            "E-MODEL-001",
            what="events and columns do not pair up",
            got=f"{event.shape} events and {x.shape} columns",
            expected="one row of columns for each event",
            next_step="Give one row for each event",
        )
    if not np.isfinite(x).all() or not np.isin(event, (0.0, 1.0)).all():
        raise ModelError(
            "E-MODEL-003",
            what="a logistic regression cannot use these numbers",
            got="a missing or infinite number, or an event that is neither 0 nor 1",
            expected="finite numbers, and events of 0 and 1",
            next_step="Leave out rows with missing values and say how many",
        )
    if not 0 < event.sum() < event.size:
        raise _cannot(event, x)


def _cannot(event: FloatArray, x: FloatArray) -> ModelError:
    return ModelError(
        "E-MODEL-002",
        what="these data cannot carry the model",
        got=f"{int(event.sum())} events in {event.size} rows, {x.shape[1]} columns",
        expected="events and others, columns that do not repeat each other, and no column that "
        "tells them apart completely",
        next_step="Give fewer columns, or a ridge above 0",
    )

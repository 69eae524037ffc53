# SPDX-License-Identifier: Apache-2.0
"""The linear mixed model with one level of grouping, from sufficient statistics.

For the rows of group i: y = Xβ + Zb + e, b ~ N(0, σ²ΛΛᵀ), e ~ N(0, σ²I), Λ lower triangular. With
M_i = I + ΛᵀZᵀZΛ the group's inverse covariance is (I − ZΛM_i⁻¹ΛᵀZᵀ)/σ², so that every evaluation
needs ZᵀZ, ZᵀX, Zᵀy of each group and the totals of XᵀX, Xᵀy, yᵀy, and no row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from attunement.models.errors import ModelError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TOLERANCE = 1e-13


@dataclass(frozen=True, slots=True)
class MixedFit:
    """A fitted linear mixed model.

    Parameters
    ----------
    fixed, fixed_se : numpy.ndarray, shape (p,)
        Fixed effects β and their standard errors.
    fixed_covariance : numpy.ndarray, shape (p, p)
        Covariance of β.
    random_covariance : numpy.ndarray, shape (q, q)
        Covariance of the random effects, in the units of the response.
    residual_variance : float
        σ².
    conditional : numpy.ndarray, shape (groups, q)
        Empirical Bayes estimates of each group's random effects.
    conditional_covariance : numpy.ndarray, shape (groups, q, q)
        Their covariance given β and the variances.
    log_likelihood : float
        The (restricted) log-likelihood.
    n_rows, n_groups : int
        How many rows and groups were used.
    restricted : bool
        Whether by REML.
    singular : bool
        Whether a variance, or a combination of random effects, was estimated as 0.
    """

    fixed: FloatArray
    fixed_se: FloatArray
    fixed_covariance: FloatArray
    random_covariance: FloatArray
    residual_variance: float
    conditional: FloatArray
    conditional_covariance: FloatArray
    log_likelihood: float
    n_rows: int
    n_groups: int
    restricted: bool
    singular: bool


def fit_mixed(
    y: FloatArray, x: FloatArray, z: FloatArray, starts: IntArray, *, restricted: bool = True
) -> MixedFit:
    """Fit y = Xβ + Zb + e with correlated random effects of one level of grouping.

    Parameters
    ----------
    y : numpy.ndarray, shape (rows,)
        Responses; rows with a missing response are left out by the caller.
    x : numpy.ndarray, shape (rows, p)
        Fixed-effect columns, the intercept included.
    z : numpy.ndarray, shape (rows, q)
        Random-effect columns.
    starts : numpy.ndarray of int, shape (groups + 1,)
        First row of each group, and the number of rows; no group may be empty.
    restricted : bool
        REML (default) or maximum likelihood.

    Returns
    -------
    MixedFit

    Raises
    ------
    ModelError
        ``E-MODEL-001`` for shapes that do not fit, ``E-MODEL-002`` for fewer groups than random
        effects + 1, no row left to tell the noise from the effects, or dependent columns,
        ``E-MODEL-003`` for missing values.

    Notes
    -----
    The profiled criterion of Bates, Mächler, Bolker & Walker (2015), doi 10.18637/jss.v067.i01.
    Checked against lme4 on the sleep-deprivation data (Belenky et al. 2003, doi
    10.1111/j.1365-2869.2003.00337.x): effects, variances and both log-likelihoods.
    """
    _check(y, x, z, starts)
    sums = _Sums.of(y, x, z, starts)
    best = _search(sums, restricted=restricted)
    return _finish(sums, best, restricted=restricted)


@dataclass(frozen=True, slots=True)
class _Sums:
    """The sufficient statistics, with the random-effect columns scaled to a mean square of 1."""

    zz: FloatArray  # (groups, q, q)
    zx: FloatArray  # (groups, q, p)
    zy: FloatArray  # (groups, q)
    xx: FloatArray  # (p, p)
    xy: FloatArray  # (p,)
    yy: float
    n: int
    scale: FloatArray  # (q,)

    @classmethod
    def of(cls, y: FloatArray, x: FloatArray, z: FloatArray, starts: IntArray) -> _Sums:
        scale = np.sqrt(np.square(z).mean(axis=0))
        unit = z / scale
        first = starts[:-1]
        return cls(
            zz=np.add.reduceat(unit[:, :, None] * unit[:, None, :], first, axis=0),
            zx=np.add.reduceat(unit[:, :, None] * x[:, None, :], first, axis=0),
            zy=np.add.reduceat(unit * y[:, None], first, axis=0),
            xx=x.T @ x,
            xy=x.T @ y,
            yy=float(y @ y),
            n=y.size,
            scale=scale,
        )

    @property
    def q(self) -> int:
        return int(self.zy.shape[1])


@dataclass(frozen=True, slots=True)
class _Solved:
    """Everything the criterion works out on its way."""

    criterion: float
    fixed: FloatArray
    precision: FloatArray  # XᵀV⁻¹X·σ²
    variance: float
    inner: FloatArray  # M_i⁻¹


def _lower(theta: FloatArray, q: int) -> FloatArray:
    factor = np.zeros((q, q))
    factor[np.tril_indices(q)] = theta
    return factor


def _solve(sums: _Sums, theta: FloatArray, *, restricted: bool) -> _Solved:
    """Return the profiled criterion, −2 log-likelihood, and what belongs to it."""
    factor = _lower(theta, sums.q)
    inner = np.eye(sums.q) + factor.T @ sums.zz @ factor
    sign, logs = np.linalg.slogdet(inner)
    inverse: FloatArray = np.asarray(np.linalg.inv(inner), dtype=np.float64)
    half = factor.T @ sums.zx  # (groups, q, p)
    own = sums.zy @ factor  # (groups, q)
    weighted = inverse @ half
    flat = half.reshape(-1, half.shape[2])
    precision = sums.xx - flat.T @ weighted.reshape(flat.shape)
    right = sums.xy - weighted.reshape(flat.shape).T @ own.ravel()
    fixed: FloatArray = np.asarray(np.linalg.solve(precision, right), dtype=np.float64)
    spent = float((own * (inverse @ own[..., None])[..., 0]).sum())
    squares = sums.yy - spent - float(fixed @ right)
    freedom = sums.n - (fixed.size if restricted else 0)
    if squares <= 0 or (sign <= 0).any():
        return _Solved(math.inf, fixed, precision, 0.0, inverse)
    variance = squares / freedom
    value = freedom * (1.0 + math.log(2.0 * math.pi * variance)) + float(logs.sum())
    if restricted:
        value += float(np.linalg.slogdet(precision)[1])
    return _Solved(value, fixed, precision, variance, inverse)


def _search(sums: _Sums, *, restricted: bool) -> FloatArray:
    """Return the factor that minimises the criterion; diagonal entries stay at 0 or above."""
    rows, columns = np.tril_indices(sums.q)
    start = np.where(rows == columns, 1.0, 0.0)
    bounds = [(0.0, None) if r == c else (None, None) for r, c in zip(rows, columns, strict=True)]

    def criterion(theta: FloatArray) -> float:
        return _solve(sums, theta, restricted=restricted).criterion

    # The criterion is smooth inside its bounds, and central differences are good to ten digits;
    # a second start off the bounds finds a variance that a first long step had put to 0.
    best = start
    value = math.inf
    for begin in (start, 0.2 * start):
        found = optimize.minimize(
            criterion,
            begin,
            method="L-BFGS-B",
            jac="3-point",
            bounds=bounds,
            options={"ftol": _TOLERANCE, "gtol": 1e-7, "maxiter": 200},
        )
        if found.fun < value:
            best, value = found.x, float(found.fun)
    return np.asarray(best, dtype=np.float64)


def _finish(sums: _Sums, theta: FloatArray, *, restricted: bool) -> MixedFit:
    solved = _solve(sums, theta, restricted=restricted)
    factor = _lower(theta, sums.q)
    covariance = np.asarray(solved.variance * np.linalg.inv(solved.precision), dtype=np.float64)
    left = sums.zy - sums.zx @ solved.fixed
    shrunk = factor @ solved.inner @ factor.T  # (groups, q, q)
    back = 1.0 / sums.scale
    both = np.outer(back, back)
    return MixedFit(
        fixed=solved.fixed,
        fixed_se=np.sqrt(np.diag(covariance)),
        fixed_covariance=covariance,
        random_covariance=solved.variance * (factor @ factor.T) * both,
        residual_variance=solved.variance,
        conditional=np.einsum("gqr,gr->gq", shrunk, left) * back,
        conditional_covariance=solved.variance * shrunk * both,
        log_likelihood=-0.5 * solved.criterion,
        n_rows=sums.n,
        n_groups=int(sums.zy.shape[0]),
        restricted=restricted,
        singular=bool((np.diag(factor) < 1e-4).any()),  # noqa: PLR2004 -- of a mean square of 1
    )


def _check(y: FloatArray, x: FloatArray, z: FloatArray, starts: IntArray) -> None:
    n, groups = y.size, starts.size - 1
    shapes = x.shape[:1] == (n,) and z.shape[:1] == (n,) and x.ndim == z.ndim == 2  # noqa: PLR2004 -- tables
    if not shapes or groups < 1 or starts[0] != 0 or starts[-1] != n or (np.diff(starts) < 1).any():
        raise ModelError(
            "E-MODEL-001",
            what="the arrays of a mixed model do not pair up",
            got=f"{n} responses, {x.shape} and {z.shape} columns, {groups} groups",
            expected="one row of columns per response, groups side by side, none empty",
            next_step="Sort by group and leave out rows without a response",
        )
    if not (np.isfinite(y).all() and np.isfinite(x).all() and np.isfinite(z).all()):
        raise ModelError(
            "E-MODEL-003",
            what="a mixed model cannot use numbers that are missing or infinite",
            got="NaN or infinity in the response or in a column",
            expected="finite numbers",
            next_step="Leave out the rows without a response",
        )
    p, q = x.shape[1], z.shape[1]
    enough = groups > q and n > groups * q and n > groups + p
    if not enough or np.linalg.matrix_rank(x) < p or not (np.square(z).sum(axis=0) > 0).all():
        raise ModelError(
            "E-MODEL-002",
            what="these data cannot carry the model",
            got=f"{n} responses of {groups} groups for {p} fixed and {q} random effects",
            expected="more groups than random effects, more responses than random effects of all "
            "groups, and columns that do not repeat each other",
            next_step="Give more groups or occasions, or a simpler model",
        )

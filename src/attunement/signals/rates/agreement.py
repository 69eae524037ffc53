# SPDX-License-Identifier: Apache-2.0
"""How far two rules agree: a table of counts, Cohen's κ and Gwet's AC1, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.signals.batch import BoolArray
from attunement.signals.errors import SignalError

NOTHING = "nothing was judged by both"
ALL_ALIKE = "both gave one and the same answer throughout, so chance alone would agree as well"

_SIDES = 2  # of a table; and the fewest categories


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of agreement, or the reason why there is none.

    Parameters
    ----------
    value : float or None
        At most 1; 0 = no more than chance; None where it is not defined.
    reason : str
        Why it is not defined; empty where it is.
    """

    value: float | None
    reason: str = ""

    def __str__(self) -> str:
        """Return two decimals, or the reason."""
        return f"not defined ({self.reason})" if self.value is None else f"{self.value:.2f}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The 2 × 2 table of two rules over the units that both could judge.

    Parameters
    ----------
    both, first_only, second_only, neither : int
        Numbers of units flagged by both, by one, by none.
    share : float or None
        Share of units with the same answer; None without units.
    kappa, ac1 : Coefficient
        Cohen's κ and Gwet's AC1. κ falls with the prevalence, so both are told.
    """

    both: int
    first_only: int
    second_only: int
    neither: int
    share: float | None
    kappa: Coefficient
    ac1: Coefficient

    @property
    def n(self) -> int:
        """Number of units that both could judge."""
        return self.both + self.first_only + self.second_only + self.neither


def cohen_kappa(table: NDArray[np.int64]) -> Coefficient:
    """Return Cohen's κ = (p_o − p_e)/(1 − p_e), with p_e from each judge's own margins.

    Parameters
    ----------
    table : numpy.ndarray, shape (q, q)
        Counts: rows are the first judge's categories, columns the second's.

    Returns
    -------
    Coefficient
        Not defined without units, and where both used one and the same category throughout.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` if the table is not square or a count is negative.

    Notes
    -----
    Cohen (1960), doi 10.1177/001316446002000104. Checked against irrCAC's and psych's figures.
    """
    shares = _shares(table)
    if shares is None:
        return Coefficient(None, NOTHING)
    by_chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return _beyond(float(np.trace(shares)), by_chance)


def gwet_ac1(table: NDArray[np.int64]) -> Coefficient:
    """Return Gwet's AC1, with p_e = Σ π_k(1 − π_k)/(q − 1) and π_k the mean margin.

    Parameters
    ----------
    table : numpy.ndarray, shape (q, q)
        As in `cohen_kappa`; q is the number of categories that there are, used or not.

    Returns
    -------
    Coefficient
        Not defined without units.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` as in `cohen_kappa`.

    Notes
    -----
    Gwet (2008), doi 10.1348/000711006X126600. Checked against irrCAC's figures.
    """
    shares = _shares(table)
    if shares is None:
        return Coefficient(None, NOTHING)
    q = shares.shape[0]
    mean = 0.5 * (shares.sum(axis=1) + shares.sum(axis=0))
    return _beyond(float(np.trace(shares)), float((mean * (1.0 - mean)).sum()) / (q - 1))


def agree(first: BoolArray, second: BoolArray, judged: BoolArray) -> Agreement:
    """Return how far two rules agree over the units that both could judge.

    Parameters
    ----------
    first, second : numpy.ndarray of bool
        Whether each rule flagged a unit.
    judged : numpy.ndarray of bool
        Whether both could judge it.
    """
    both = int((first & second & judged).sum())
    one = int((first & ~second & judged).sum())
    other = int((~first & second & judged).sum())
    none = int((~first & ~second & judged).sum())
    table = np.array([[both, one], [other, none]])
    n = both + one + other + none
    return Agreement(
        both=both,
        first_only=one,
        second_only=other,
        neither=none,
        share=(both + none) / n if n else None,
        kappa=cohen_kappa(table),
        ac1=gwet_ac1(table),
    )


def _shares(table: NDArray[np.int64]) -> NDArray[np.float64] | None:
    counts = np.asarray(table, dtype=np.float64)
    square = counts.ndim == _SIDES and counts.shape[0] == counts.shape[1] >= _SIDES
    if not square or (counts < 0).any():
        raise SignalError(
            "E-SIGNAL-008",
            what="a table of agreement cannot be used",
            got=f"an array of shape {counts.shape}",
            expected="a square table of counts for two categories or more",
            next_step="Count how often each pair of answers occurs",
        )
    total = float(counts.sum())
    return counts / total if total > 0 else None


def _beyond(seen: float, by_chance: float) -> Coefficient:
    if by_chance >= 1.0 - 1e-12:
        return Coefficient(None, ALL_ALIKE)
    return Coefficient((seen - by_chance) / (1.0 - by_chance))

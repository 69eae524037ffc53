# SPDX-License-Identifier: Apache-2.0
"""What is known of a care episode at each of its sessions, and nothing later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attunement.signals.batch import IntArray
from attunement.signals.series import FloatArray

FEATURES = (
    "log session",
    "early alliance",
    "alliance now",
    "alliance slope",
    "share of missed sessions",
    "share of missing forms",
    "no form yet",
)
_EARLY = 3
_SLOPE_PRIOR = 4.0  # Σ(t − t̄)² that the slope of 0 counts as


def known_by_then(
    scores: FloatArray, attended: NDArray[np.bool_], starts: IntArray
) -> tuple[IntArray, FloatArray]:
    """Return the number of attended sessions and the features at each row.

    Parameters
    ----------
    scores : numpy.ndarray, shape (rows,)
        Higher is better; NaN = no form.
    attended : numpy.ndarray of bool, shape (rows,)
        Whether the session took place.
    starts : numpy.ndarray of int, shape (episodes + 1,)
        First row of each episode.

    Returns
    -------
    numpy.ndarray of int, shape (rows,)
        Attended sessions so far, the row's own included.
    numpy.ndarray, shape (rows, features)
        In the order of ``FEATURES``. Alliance is 0 where there is no form yet; *no form yet* is 1
        there, which takes up the difference; the slope is pulled to 0.

    Notes
    -----
    Early alliance is the mean of the scores of the first three sessions with a form, *as far as
    they have been filled in*.
    """
    first = starts[:-1][np.diff(starts) > 0]
    there = ~np.isnan(scores) & attended
    value = np.where(there, scores, 0.0)
    came = _running(attended.astype(np.float64), first)
    offered = _running(np.ones(scores.size), first)
    forms = _running(there.astype(np.float64), first)
    early_count = np.minimum(forms, _EARLY)
    early = _running(np.where(there & (forms <= _EARLY), value, 0.0), first)
    total = _running(value, first)
    time = np.where(there, came, 0.0)
    n = np.maximum(forms, 1.0)
    sum_t, sum_tt = _running(time, first), _running(time * time, first)
    sum_ty = _running(time * value, first)
    slope = (sum_ty - sum_t * total / n) / (sum_tt - sum_t**2 / n + _SLOPE_PRIOR)
    features = np.column_stack(
        (
            np.log(np.maximum(came, 1.0)),
            early / np.maximum(early_count, 1.0),
            _last(value, there, starts),
            slope,
            1.0 - came / offered,
            1.0 - forms / np.maximum(came, 1.0),
            forms == 0,
        )
    )
    return came.astype(np.int64), features


def _running(values: FloatArray, first: IntArray) -> FloatArray:
    """Add up within each episode."""
    total = np.cumsum(values)
    before = np.zeros(values.size)
    before[first] = total[first] - values[first]
    at = np.zeros(values.size, dtype=np.int64)
    at[first] = first
    return total - before[np.maximum.accumulate(at)]


def _last(values: FloatArray, there: NDArray[np.bool_], starts: IntArray) -> FloatArray:
    """Return the newest value so far within each episode, 0 where there is none."""
    rows = np.arange(values.size)
    newest = np.maximum.accumulate(np.where(there, rows, -1))
    begins = np.repeat(starts[:-1], np.diff(starts))
    return np.where(newest >= begins, values[np.maximum(newest, 0)], 0.0)

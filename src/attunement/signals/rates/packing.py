# SPDX-License-Identifier: Apache-2.0
"""Shares in one byte each, and the probit scale on which they are read off between places."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attunement.signals.series import FloatArray

_LEVELS = 255
# Shares nearer to 0 or 1 than this are not told apart.
NEAREST = 2e-4


def packed(shares: FloatArray) -> NDArray[np.uint8]:
    """Return shares as bytes: asin(√p) in 255 steps, at most .003 from the share."""
    angle = np.arcsin(np.sqrt(np.clip(shares, 0.0, 1.0)))
    return np.round(angle * (_LEVELS / (0.5 * np.pi))).astype(np.uint8)


def probit(share: float) -> float:
    """Return the normal quantile of a share, which is kept `NEAREST` away from 0 and 1.

    A rational start (Abramowitz and Stegun 1964, formula 26.2.23) and two steps of Newton.
    """
    kept = min(max(share, NEAREST), 1.0 - NEAREST)
    low = min(kept, 1.0 - kept)
    t = math.sqrt(-2.0 * math.log(low))
    z = (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    ) - t
    for _ in range(2):
        density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        z -= (0.5 * math.erfc(-z / math.sqrt(2.0)) - low) / density
    return z if kept == low else -z


_UNPACKED = np.sin(np.arange(_LEVELS + 1) * (0.5 * np.pi / _LEVELS)) ** 2
_PROBITS = np.array([probit(p) for p in _UNPACKED.tolist()])


def unpacked(codes: NDArray[np.uint8]) -> FloatArray:
    """Return the shares that bytes stand for."""
    return np.asarray(_UNPACKED[codes])


def probits(codes: NDArray[np.uint8]) -> FloatArray:
    """Return the normal quantiles of the shares that bytes stand for."""
    return np.asarray(_PROBITS[codes])


def normal_share(z: FloatArray) -> FloatArray:
    """Return Φ(z), within 1e-7 (Abramowitz and Stegun 1964, formula 26.2.17)."""
    size = np.abs(z)
    t = 1.0 / (1.0 + 0.2316419 * size)
    tail = t * (
        0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))
    )
    tail *= np.exp(-0.5 * size * size) / np.sqrt(2.0 * np.pi)
    return np.asarray(np.where(z > 0, 1.0 - tail, tail))

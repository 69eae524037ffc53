# SPDX-License-Identifier: Apache-2.0
"""Estimators on arrays; they know no data frame, no measure and no clinic."""

from __future__ import annotations

from attunement.models.calibration import (
    FEWEST_GROUPS,
    FEWEST_PREDICTIONS,
    Calibration,
    Estimate,
    calibration,
    enough,
)
from attunement.models.errors import ModelError
from attunement.models.logistic import LogisticFit, fit_logistic
from attunement.models.mixed import MixedFit, fit_mixed
from attunement.models.prediction import Performance, decision_curve, performance

__all__ = [
    "FEWEST_GROUPS",
    "FEWEST_PREDICTIONS",
    "Calibration",
    "Estimate",
    "LogisticFit",
    "MixedFit",
    "ModelError",
    "Performance",
    "calibration",
    "decision_curve",
    "enough",
    "fit_logistic",
    "fit_mixed",
    "performance",
]

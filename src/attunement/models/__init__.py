# SPDX-License-Identifier: Apache-2.0
"""Estimators on arrays; they know no data frame, no measure and no clinic."""

from __future__ import annotations

from attunement.models.errors import ModelError
from attunement.models.mixed import MixedFit, fit_mixed

__all__ = ["MixedFit", "ModelError", "fit_mixed"]

# SPDX-License-Identifier: Apache-2.0
"""What an estimator refuses."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class ModelError(AttunementError):
    """The data cannot carry the model."""

    codes: ClassVar[dict[str, str]] = {
        "E-MODEL-001": "arrays of a model that do not pair up",
        "E-MODEL-002": "a model that these data cannot carry",
        "E-MODEL-003": "numbers that are missing or not finite",
    }

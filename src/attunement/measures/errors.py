# SPDX-License-Identifier: Apache-2.0
"""What this room refuses: unknown measures, files that do not say what a measure must say."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class MeasureError(AttunementError):
    """A measure that cannot be found, read, or installed."""

    codes: ClassVar[dict[str, str]] = {
        "E-MEASURE-001": "there is no such measure",
        "E-MEASURE-002": "the measure file is not TOML",
        "E-MEASURE-003": "the measure file has a key that is not known",
        "E-MEASURE-004": "the measure file lacks a key",
        "E-MEASURE-005": "a value in the measure file is not permitted",
        "E-MEASURE-006": "the measure file is too large",
        "E-MEASURE-007": "there is no such version of the measure",
        "E-MEASURE-008": "the wording was changed although its licence forbids changes",
        "E-MEASURE-009": "this version is installed with other content",
        "E-MEASURE-010": "the measure does not hold together",
        "E-MEASURE-011": "the measure file cannot be read or written",
        "E-MEASURE-012": "the text does not belong to the measure",
    }

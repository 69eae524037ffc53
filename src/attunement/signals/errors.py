# SPDX-License-Identifier: Apache-2.0
"""Refusals of the signals room."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class SignalError(AttunementError):
    """A series, archive or rule that cannot be used as it came."""

    codes: ClassVar[dict[str, str]] = {
        "E-SIGNAL-001": "session numbers and values do not pair up",
        "E-SIGNAL-002": "session numbers are not strictly increasing",
        "E-SIGNAL-003": "a score is not on the scale",
        "E-SIGNAL-004": "a scale is not a scale",
        "E-SIGNAL-005": "an archive cannot be used",
        "E-SIGNAL-006": "a rule is not known or cannot be used here",
        "E-SIGNAL-007": "a simulation cannot be run as asked",
        "E-SIGNAL-008": "a budget or an audit cannot be made as asked",
        "E-SIGNAL-020": "a choice about sudden gains cannot be used",
        "E-SIGNAL-021": "session numbers leave too many holes",
        "E-SIGNAL-030": "reliability, norms or a cut-off that cannot be used",
        "E-SIGNAL-031": "an archive cannot say what to expect",
        "E-SIGNAL-032": "care episodes cannot carry a model of endings",
    }

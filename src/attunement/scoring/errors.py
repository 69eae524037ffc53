# SPDX-License-Identifier: Apache-2.0
"""What scoring refuses. A message names item and range, never the answer."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class ScoringError(AttunementError):
    """Answers or a measure that cannot be scored."""

    codes: ClassVar[dict[str, str]] = {
        "E-SCORE-001": "an answer is not one that its item permits",
        "E-SCORE-002": "the measure has no such item",
        "E-SCORE-003": "the measure's scoring rule cannot be carried out",
        "E-SCORE-004": "the measure has no such scale or cut-off",
        "E-SCORE-005": "columns of answers do not fit together",
    }

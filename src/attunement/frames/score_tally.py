# SPDX-License-Identifier: Apache-2.0
"""What a table of answers held besides scores, counted while it was scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import numpy.typing as npt


@dataclass(slots=True)
class Tally:
    """Counts of responses; give one to ``score`` and read it afterwards.

    Attributes
    ----------
    responses : int
        How many were scored, or had a reason why not.
    with_risk_answer : int
        With an answer that asks for a person to look, by the measure's own rule.
    with_unused_answer : int
        With an answer to an item that skip logic says was not asked; it was left out.
    """

    responses: int = 0
    with_risk_answer: int = 0
    with_unused_answer: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(
        self,
        rows: int,
        risks: npt.NDArray[np.bool_],
        unused: Mapping[str, npt.NDArray[np.bool_]],
    ) -> None:
        """Count the rows of one batch."""
        risky = int(np.count_nonzero(risks))
        left_out = int(np.count_nonzero(np.logical_or.reduce(list(unused.values()))))
        with self._lock:
            self.responses += rows
            self.with_risk_answer += risky
            self.with_unused_answer += left_out

# SPDX-License-Identifier: Apache-2.0
"""What a table of answers held besides scores, counted while it was scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
    reasons : Counter of str
        How many have which reason in the result's column ``reason``; "" stands for none.
    """

    responses: int = 0
    with_risk_answer: int = 0
    with_unused_answer: int = 0
    reasons: Counter[str] = field(default_factory=Counter, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(
        self,
        rows: int,
        risks: npt.NDArray[np.bool_],
        unused: Mapping[str, npt.NDArray[np.bool_]],
        reason_at: npt.NDArray[np.int32],
        reasons: Sequence[str],
    ) -> None:
        """Count the rows of one batch."""
        risky = int(np.count_nonzero(risks))
        left_out = int(np.count_nonzero(np.logical_or.reduce(list(unused.values()))))
        times = np.bincount(reason_at + 1, minlength=len(reasons) + 1).tolist()
        counted = {why: n for why, n in zip(("", *reasons), times, strict=True) if n}
        with self._lock:
            self.reasons.update(counted)
            self.responses += rows
            self.with_risk_answer += risky
            self.with_unused_answer += left_out

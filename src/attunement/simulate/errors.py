# SPDX-License-Identifier: Apache-2.0
"""What the simulator refuses: sizes, dates and parameters that make no plausible clinic."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class SimulationError(AttunementError):
    """A synthetic clinic that cannot be made as asked."""

    codes: ClassVar[dict[str, str]] = {
        "E-SIM-001": "a parameter of the simulation is out of its plausible range",
        "E-SIM-002": "the simulation has no words in this language",
        "E-SIM-003": "the dates of the simulation leave no room for sessions",
    }

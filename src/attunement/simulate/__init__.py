# SPDX-License-Identifier: Apache-2.0
"""Synthetic clinics with known truth: for the demo, for tests, to see what a rule misses."""

from __future__ import annotations

from attunement.simulate.errors import SimulationError
from attunement.simulate.settings import Settings
from attunement.simulate.synthetic import TABLES, SyntheticClinic, clinic

__all__ = ["TABLES", "Settings", "SimulationError", "SyntheticClinic", "clinic"]

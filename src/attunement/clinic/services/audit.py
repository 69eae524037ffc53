# SPDX-License-Identifier: Apache-2.0
"""Writing the audit log."""

from __future__ import annotations

from datetime import datetime


def record_alone(
    *, actor: str, action: str, outcome: str, now: datetime, target: str = "", why: str = ""
) -> None:
    """Write one event in a transaction of its own, for an act that changed nothing."""
    raise NotImplementedError

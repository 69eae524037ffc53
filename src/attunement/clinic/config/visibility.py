# SPDX-License-Identifier: Apache-2.0
"""``[visibility]``: who sees clients' answers where no care episode says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.config.model import VisibilityRule
from attunement.clinic.errors import ConfigError

LONGEST_DELAY_DAYS = 90


def visibility_of(values: Mapping[str, Any]) -> VisibilityRule:
    """Read the section: E-CONFIG-005 for a mode that is unknown or days out of range."""
    mode = values.get("visibility.client", "open")
    days = values.get("visibility.delay_days", 0)
    if mode not in Visibility.values:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key visibility.client names no way of seeing answers",
            got=repr(mode),
            expected=", ".join(Visibility.values),
            next_step="Correct visibility.client",
        )
    if not 0 <= days <= LONGEST_DELAY_DAYS:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key visibility.delay_days is out of range",
            got=str(days),
            expected=f"0 to {LONGEST_DELAY_DAYS}",
            next_step="Correct visibility.delay_days",
        )
    return VisibilityRule(client=str(mode), delay_days=days)

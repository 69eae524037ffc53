# SPDX-License-Identifier: Apache-2.0
"""Reading what is asked beside the two forms: ``[forms]``, ``[client]``, ``[paper]``, and more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from attunement.clinic.config.model import Capture
from attunement.clinic.config.plain import is_plain
from attunement.clinic.errors import ConfigError

MOST_HOURS = 72
MOST_WEEKS = 52
LONGEST_ARGUMENT = 500


def capture_of(values: Mapping[str, Any]) -> Capture:
    """Return what is asked and how, from checked keys.

    Raises
    ------
    ConfigError
        E-CONFIG-005 for hours out of range or a program that could be any other.
    """
    return Capture(
        before=values.get("forms.before", ""),
        between=values.get("forms.between", ""),
        between_weeks=_weeks(values.get("forms.between_weeks", 0)),
        question=values.get("forms.question", True),
        double_entry=values.get("paper.double_entry", False),
        own_chart=values.get("client.own_chart", False),
        remind_hours=_hours(values.get("reminders.after_hours", 0)),
        sms_command=_command(values.get("reminders.sms_command", [])),
    )


def _weeks(given: int) -> int:
    if not 0 <= given <= MOST_WEEKS:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key forms.between_weeks is out of range",
            got=str(given),
            expected=f"1 to {MOST_WEEKS}, or 0 to ask by hand alone",
            next_step="Correct forms.between_weeks",
        )
    return given


def _hours(given: int) -> int:
    if not 0 <= given <= MOST_HOURS:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key reminders.after_hours is out of range",
            got=str(given),
            expected=f"1 to {MOST_HOURS}, or 0 for no reminders",
            next_step="Correct reminders.after_hours",
        )
    return given


def _command(given: list[str]) -> tuple[str, ...]:
    if not given:
        return ()
    if not PurePath(given[0]).is_absolute() or any(
        not is_plain(part) or len(part) > LONGEST_ARGUMENT for part in given
    ):
        raise ConfigError(
            "E-CONFIG-005",
            what="the key reminders.sms_command names no program",
            expected="the full path of a program, then its arguments, each on one line",
            next_step="Correct reminders.sms_command",
        )
    return tuple(given)

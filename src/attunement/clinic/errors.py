# SPDX-License-Identifier: Apache-2.0
"""What the clinic refuses: input, access, settings and a store that could lose an answer."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class ClinicError(AttunementError):
    """A request that the clinic does not carry out; nothing was changed."""

    codes: ClassVar[dict[str, str]] = {
        "E-CLINIC-001": "the store could lose an answer when the power fails",
        "E-CLINIC-002": "the database was written by a newer version",
        "E-CLINIC-003": "a route has no declared permission",
        "E-CLINIC-004": "a stored record may not be changed or deleted",
        "E-CLINIC-005": "the session cannot be started with these details",
        "E-CLINIC-006": "the measure has no words to show",
        "E-CLINIC-007": "the form cannot be read",
        "E-CLINIC-008": "the submission was already received with other content",
        "E-CLINIC-009": "the form was already answered or closed",
        "E-CLINIC-010": "the demo folder cannot be used",
        "E-CLINIC-011": "the backup could not be verified",
        "E-CLINIC-012": "the address cannot be listened on",
        "E-CLINIC-013": "the person cannot be added",
        "E-CLINIC-014": "the database cannot be opened",
        "E-CLINIC-015": "what was said about a signal cannot be taken",
        "E-CLINIC-016": "a budget or a rule's setting cannot be saved",
        "E-CLINIC-017": "the client was erased",
        "E-CLINIC-018": "sealed words cannot be opened",
        "E-CLINIC-019": "the keys do not open the database's keys",
        "E-CLINIC-020": "the backup cannot be made",
        "E-CLINIC-021": "the backup cannot be restored",
        "E-CLINIC-022": "the client cannot be erased",
        "E-CLINIC-031": "the rota cannot be changed like this",
        "E-CLINIC-032": "what was done about an alert cannot be taken",
        "E-CLINIC-033": "a mail was not sent",
        "E-CLINIC-041": "what is asked before or between sessions cannot be set",
        "E-CLINIC-040": "a year of birth cannot be noted",
        "E-CLINIC-042": "a reminder address cannot be used",
        "E-CLINIC-043": "a paper form cannot be taken",
        "E-CLINIC-051": "the PIN of a shared screen cannot be used",
        "E-CLINIC-061": "what was said about a loop or a rupture cannot be taken",
        "E-CLINIC-071": "who sees answers cannot be set like this",
        "E-CLINIC-072": "a care team cannot be changed like this",
        "E-CLINIC-073": "access in an emergency cannot be taken like this",
        "E-CLINIC-101": "a file of people was not imported",
        "E-CLINIC-102": "a column of a file of people is missing or unknown",
        "E-CLINIC-103": "a cell that is needed is empty",
        "E-CLINIC-104": "a cell of a file of people cannot be used",
        "E-CLINIC-105": "unknown id",
        "E-CLINIC-106": "a cell contradicts another row or the store",
        "E-CLINIC-107": "the store was not prepared by this version",
    }


class ConfigError(AttunementError):
    """A configuration that the clinic does not start with."""

    codes: ClassVar[dict[str, str]] = {
        "E-CONFIG-001": "the configuration file cannot be read",
        "E-CONFIG-002": "the configuration file is not TOML",
        "E-CONFIG-003": "a key is unknown",
        "E-CONFIG-004": "a key is missing",
        "E-CONFIG-005": "a value has the wrong type or is out of range",
        "E-CONFIG-006": "the secret is missing, short or a placeholder",
        "E-CONFIG-007": "the key file can be read by others",
        "E-CONFIG-008": "the base address is not safe",
        "E-CONFIG-009": "the database address is not understood",
        "E-CONFIG-010": "a form cannot be asked",
        "E-CONFIG-011": "a form asks about risk, and its answer might reach nobody",
        "E-CONFIG-012": "a file can be changed by everybody",
        "E-CONFIG-013": "the file of keys cannot be used",
        "E-CONFIG-015": "the mail server or the monitor is not safe to use",
    }


class AccessError(AttunementError):
    """A record that is not there, or not for this person: both look the same from outside."""

    codes: ClassVar[dict[str, str]] = {
        "E-ACCESS-001": "there is no such record for you",
        "E-ACCESS-002": "the link is not open",
        "E-ACCESS-003": "too many wrong links or codes from one address",
    }

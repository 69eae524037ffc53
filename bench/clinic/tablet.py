# SPDX-License-Identifier: Apache-2.0
"""What a CamCOPS tablet says to its server: fields of a POST to ``/api``, and lines that come back.

One finished PHQ-9 of one patient goes up in one request, ``upload_entire_database``: that is the
shortest way its protocol has (since its version 2.3.0). A value is written as an SQL literal, a row
is a mapping of columns to such literals, a reply is ``key:value`` lines. Read off the source of its
server, 2.4.24.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ITEMS = 10  # nine questions and how hard they make it
_VERSION = "2.4.24"
_NUMBER = 1  # of the kind of patient number that the run asks for


@dataclass(slots=True)
class Tablet:
    """A registered device, and who holds it."""

    device: str
    user: str
    password: str
    keeps: bool = False  # goes on with the log-in of its last request
    session: dict[str, str] = field(default_factory=dict)

    def fields(self, operation: str) -> dict[str, str]:
        """Return what every request says first."""
        return {
            "operation": operation,
            "camcops_version": _VERSION,
            "device": self.device,
            "user": self.user,
            "password": self.password,
            **self.session,
        }

    def register(self) -> dict[str, str]:
        return self.fields("register") | {"devicefriendlyname": "a tablet of a benchmark"}

    def upload(
        self, number: int, answers: Sequence[int], when: str, *, finalizes: bool = True
    ) -> dict[str, str]:
        """Return the request that sends one finished form of patient ``number``."""
        tables = rows(number, answers, when)
        names = dict.fromkeys(tables, "id")
        return self.fields("upload_entire_database") | {
            "finalizing": str(int(finalizes)),
            "pknameinfo": json.dumps(names),
            "dbdata": json.dumps(tables),
        }

    def heard(self, reply: Mapping[str, str]) -> bool:
        """Take a reply; return whether it confirms."""
        if self.keeps and reply.get("session_id", "None") != "None":
            self.session = {name: reply[name] for name in ("session_id", "session_token")}
        return reply.get("success") == "1"


def literal(value: float | str | None) -> str:
    """Return a value as the protocol writes it: an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "''") + "'"
    return str(value)


def rows(number: int, answers: Sequence[int], when: str) -> dict[str, list[dict[str, str]]]:
    """Return what is on the tablet: a patient, the patient's number, and the form."""
    if len(answers) != ITEMS:
        message = f"The form has {ITEMS} items, not {len(answers)}."
        raise ValueError(message)
    row = {"id": number, "when_last_modified": when, "_move_off_tablet": 0}
    patient = row | {
        "forename": "Synthetic",
        "surname": f"Client {number:07}",
        "dob": "1980-01-01",
        "sex": "X",
    }
    known = row | {"patient_id": number, "which_idnum": _NUMBER, "idnum_value": number}
    form = row | {
        "patient_id": number,
        "when_created": when,
        "when_firstexit": when,
        "firstexit_is_finish": 1,
        "firstexit_is_abort": 0,
        "editing_time_s": 60.0,
        **{f"q{place}": answer for place, answer in enumerate(answers, 1)},
    }
    tables = {"patient": patient, "patient_idnum": known, "phq9": form}
    return {
        name: [{column: literal(value) for column, value in one.items()}]
        for name, one in tables.items()
    }


def read_reply(body: bytes) -> dict[str, str]:
    """Return what a reply's lines say."""
    pairs = (line.partition(":") for line in body.decode("utf-8", "replace").splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}

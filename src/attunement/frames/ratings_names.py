# SPDX-License-Identifier: Apache-2.0
"""What column names usually mean, and families of columns: occasions, and the two chairs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

DYAD: Final = (
    "dyad_id", "dyad", "client_id", "clientid", "client_code", "patient_id", "patientid",
    "participant_id", "person_id", "subject_id", "case_id", "id", "pid", "client", "patient",
    "participant", "person", "subject", "subj", "case", "code",
)  # fmt: skip
THERAPIST_ID: Final = ("therapist_id", "therapistid", "therapist_code", "therapist_no")
SESSION: Final = (
    "session_no", "session_number", "session", "sessionno", "sess", "session_id", "occasion",
    "visit", "time", "timepoint", "time_point", "week", "wave", "assessment", "measurement", "t",
)  # fmt: skip
DATE: Final = ("session_date", "date", "datum", "rating_date", "date_of_session", "day")
PERSPECTIVE: Final = ("perspective", "rater", "role", "rated_by", "source", "informant", "chair")
SCORE: Final = ("score", "total", "total_score", "sum", "sum_score", "rating", "value")
ITEM: Final = ("item", "item_id", "item_no", "question", "question_id")
MEASURE: Final = ("measure", "measure_id", "instrument", "questionnaire", "scale")
# Numbers about a row that are never a rating.
ASIDE: Final = frozenset(
    {"n_answered", "n_items", "predicted", "row", "index", "nr", "no", "year", "age", "n"}
)
CHAIRS: Final = {
    "client": (
        "client", "patient", "c", "p", "cl", "cli", "pt", "pat", "k", "klient", "klientin",
        "patientin", "self", "service user", "coachee", "supervisee",
    ),
    "therapist": (
        "therapist", "t", "th", "ther", "therapeut", "therapeutin", "clinician", "counsellor",
        "counselor", "coach", "nurse", "caseworker",
    ),
    "observer": ("observer", "o", "obs", "rater"),
    "caregiver": ("caregiver", "parent", "mother", "father", "carer"),
}  # fmt: skip
WORDS: Final = {word: chair for chair, words in CHAIRS.items() for word in words}
_NUMBER: Final = "\ue000"  # stands for a number, and the next for a chair, inside a template
_CHAIR: Final = "\ue001"
_PARTS: Final = re.compile(r"[^\W\d_]+|\d+|[\W_]+")


def plain(name: str) -> str:
    """Return a column name in lower case with single underscores between its words."""
    return re.sub(r"[\W_]+", "_", name.strip().casefold()).strip("_")


def first_named(names: Sequence[str], wanted: Iterable[str]) -> str | None:
    """Return the first of ``wanted`` that is a column's plain name, as the column is written."""
    written = {plain(name): name for name in reversed(names)}
    return next((written[word] for word in wanted if word in written), None)


@dataclass(frozen=True, slots=True)
class Family:
    """Columns that hold one score: of several occasions, of both chairs, or both.

    ``members`` are (column, session number or None, perspective or "").
    """

    stem: str
    members: tuple[tuple[str, int | None, str], ...]

    @property
    def occasions(self) -> int:
        """How many different sessions the columns stand for."""
        return len({session for _, session, _ in self.members if session is not None})

    @property
    def chairs(self) -> tuple[str, ...]:
        """The perspectives that the columns name, client first."""
        named = {chair for _, _, chair in self.members if chair}
        return tuple(chair for chair in CHAIRS if chair in named)

    def answers_to(self, word: str) -> bool:
        """Whether ``word`` names this family: its stem, or the stem's beginning up to a break."""
        stem, asked = plain(self.stem), plain(word)
        return stem == asked or stem.startswith(f"{asked}_")


def families(names: Sequence[str]) -> tuple[Family, ...]:
    """Group columns whose names differ only in a number or in the chair.

    ``bdi_s0 … bdi_s12`` is one family of 13 occasions; ``wai_c`` and ``wai_t`` one of two chairs;
    ``client_3`` and ``therapist_3`` belong to one of both. A letter counts as a chair only where
    the other chair's column exists, so that ``bdi_t1 … bdi_t4`` stays a family of occasions.

    Parameters
    ----------
    names : sequence of str
        Column names.

    Returns
    -------
    tuple of Family
        In the order of their first columns; only families with two members or more.
    """
    cut = {name: _cut(name) for name in names}
    templates = {template.casefold() for template, _ in cut.values()}
    grouped: dict[str, list[tuple[str, int | None, str]]] = {}
    for name, (template, number) in cut.items():
        stem, chair = _chair(template.casefold(), templates)
        grouped.setdefault(stem, []).append((name, number, chair))
    return tuple(
        Family(_stem(stem), tuple(members))
        for stem, members in grouped.items()
        if len(members) > 1
        and (len({m[1] for m in members}) > 1 or len({m[2] for m in members}) > 1)
    )


def _cut(name: str) -> tuple[str, int | None]:
    """Return the name with its last number replaced by a mark, and that number."""
    parts = _PARTS.findall(name)
    for place in range(len(parts) - 1, -1, -1):
        if re.fullmatch("[0-9]{1,4}", parts[place]):
            number = int(parts[place])
            parts[place] = _NUMBER
            return "".join(parts), number
    return name, None


def _chair(template: str, templates: set[str]) -> tuple[str, str]:
    """Return the template with the chair's word replaced by a mark, and the chair."""
    parts = _PARTS.findall(template)
    for place, part in enumerate(parts):
        chair = WORDS.get(part)
        if chair not in {"client", "therapist"}:
            continue
        for word in CHAIRS["therapist" if chair == "client" else "client"]:
            if "".join([*parts[:place], word, *parts[place + 1 :]]) in templates:
                return "".join([*parts[:place], _CHAIR, *parts[place + 1 :]]), chair
    return template, ""


def _stem(template: str) -> str:
    """Return what is left of a template without number and chair, for people to read."""
    return plain(template.replace(_CHAIR, "").replace(_NUMBER, ""))

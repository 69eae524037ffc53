# SPDX-License-Identifier: Apache-2.0
"""What rules read of a dyad's earlier sessions, kept so that a new form need not read them again.

A kept course is a copy, and only worth something while it is true. The store itself drops it when
a row changes that it was made from (``store/course_triggers.py``), whatever program changes it; a
form of one of its own sessions makes it anew. It is never kept where time alone changes what may
be read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from attunement.clinic.models import Dyad, KeptCourse
from attunement.clinic.services.chairs import SessionChairs
from attunement.clinic.services.course import Course, MeasureKey, Point
from attunement.clinic.store.statements import Prepared, run

_KEPT = Prepared(
    lambda dyad_id: KeptCourse.objects.filter(dyad=dyad_id).values_list(
        "measure_id", "measure_version", "upto", "points"
    ),
    str,
)
_COLUMNS = ("dyad_id", "measure_id", "measure_version", "upto", "points")
_DROP = "DELETE FROM clinic_keptcourse WHERE dyad_id = %s"
_KEEP = (
    f"INSERT INTO clinic_keptcourse ({', '.join(_COLUMNS)}) "  # noqa: S608 -- names of our own
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))}) ON CONFLICT (dyad_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A dyad's sessions up to a number, as one series of one measure version."""

    key: MeasureKey
    upto: int  # every session up to this number is in it, or took no part
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a dyad's kept course is, and what it is to become."""

    dyad_id: str
    stored: Kept | None
    wanted: Kept | None

    def write(self) -> None:
        """Write it, in the caller's transaction, after what it is made from."""
        wanted = self.wanted
        if wanted == self.stored:
            return
        with transaction.mark_for_rollback_on_error():
            if wanted is None:
                run(_DROP, [self.dyad_id])
            else:
                points = _written(wanted.points)
                run(_KEEP, [self.dyad_id, *wanted.key, wanted.upto, points])


def kept_of(dyad: Dyad) -> Kept | None:
    """Return what is kept of a dyad's sessions, None where nothing is."""
    row = _KEPT.first(dyad.pk)
    if row is None:
        return None
    measure_id, measure_version, upto, points = row
    return Kept((measure_id, measure_version), upto, tuple(_read(*p) for p in json.loads(points)))


def keeping_of(
    dyad: Dyad, stored: Kept | None, held: Sequence[SessionChairs], courses: Sequence[Course]
) -> Keeping:
    """Return what is to be kept: one series alone, whose sessions only a new row can change.

    Parameters
    ----------
    dyad, stored
        Whose, and what is kept now.
    held : sequence of SessionChairs
        The sessions that were read, other than from what is kept.
    courses : sequence of Course
        What they and the kept ones are together.
    """
    if len(courses) != 1 or not all(chairs.steady for chairs in held):
        return Keeping(dyad.pk, stored, None)
    only = courses[0]
    return Keeping(dyad.pk, stored, Kept(only.key, only.points[-1].session_no, only.points))


def _written(points: Sequence[Point]) -> str:
    rows = [
        (point[0], None if point[1] is None else point[1].isoformat(), *point[2:])
        for point in points
    ]
    return json.dumps(rows, separators=(",", ":"))


def _read(session_no: int, both_at: str | None, *seen: float | None) -> Point:
    moment = None if both_at is None else datetime.fromisoformat(both_at)
    return Point(session_no, moment, *seen)  # type: ignore[arg-type] # as they were written

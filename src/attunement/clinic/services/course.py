# SPDX-License-Identifier: Apache-2.0
"""A dyad's sessions as one series of one measure version, as rules read it.

Only what the therapist may read takes part, so nothing that a rule finds tells of a closed form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from attunement.clinic.models import Session
from attunement.clinic.services.chairs import Filled, SessionChairs
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.results import SessionState
from attunement.clinic.services.ruling import TICK, Sides
from attunement.measures.schema import Direction, Measure, Scale
from attunement.signals import Detection, Rule, Series, oac_signals

OAC_CLIENT = "oac-c"
_OAC_ITEMS = ("1", "2", "3", "4", "5", "6", "7")
_STRAIN, _REPAIR = "8", "8a"

MeasureKey = tuple[str, str]  # id and version


class Point(NamedTuple):
    """What rules read of one session; None is what is missing or may not be read."""

    session_no: int
    both_at: datetime | None  # when both forms were there to be read, the client's of this measure
    total: float | None
    therapist: float | None  # the therapist's total, where it is on the client's scale
    predicted: float | None
    strain: float | None  # as marked, 0 to 6
    repair: float | None
    expected: bool  # a form was to be expected: see `_expected`


@dataclass(frozen=True, slots=True)
class Course:
    """A dyad's sessions as one series of one measure version."""

    key: MeasureKey
    points: tuple[Point, ...]
    # Of sessions that were read in full; a kept course names the others by number alone.
    sessions: Mapping[int, Session] = field(default_factory=dict)
    items: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)

    @property
    def series(self) -> Series:
        """The client's totals."""
        measure, scale = _measured(self.key)
        low, high = scale.bounds or (0.0, 1.0)
        return Series(
            sessions=tuple(point.session_no for point in self.points),
            values=tuple(point.total for point in self.points),
            minimum=low,
            maximum=high,
            step=score_step(measure, scale),
            higher_is_better=(scale.direction or measure.direction) is Direction.HIGHER_IS_BETTER,
        )

    @property
    def sides(self) -> Sides:
        """What else is known of each session. A sealed session tells nothing, not even its gap."""
        asks_strain = self.key[0] == OAC_CLIENT
        return Sides(
            therapist=tuple(point.therapist for point in self.points),
            prediction=tuple(point.predicted for point in self.points),
            strain=tuple(_tick(point.strain) for point in self.points) if asks_strain else None,
            expected=tuple(point.expected for point in self.points),
        )


def keys_of(held: Sequence[SessionChairs]) -> tuple[MeasureKey, ...]:
    """Return the measure versions of a dyad's open sessions, in order of first use.

    A new version of a measure begins a new series: the two are not on one scale.
    """
    return tuple(dict.fromkeys(_measure_key(c.client) for c in held if c.client is not None))


def course_of(
    held: Sequence[SessionChairs], key: MeasureKey, *, earlier: Sequence[Point] = ()
) -> Course | None:
    """Return the series of one measure version; None where its total has no direction or range.

    Parameters
    ----------
    held : sequence of SessionChairs
        Sessions that took place, in order.
    key : tuple
        Id and version of the client's measure.
    earlier : sequence of Point, optional
        What was kept of the sessions before them.
    """
    measure = measure_of(*key)
    scale = next((s for s in measure.scales if s.id == "total"), None)
    if scale is None or scale.bounds is None or measure.direction is Direction.NONE:
        return None
    own = [
        c.client if c.client is not None and _measure_key(c.client) == key else None for c in held
    ]
    new = tuple(_point(c, mine, scale.bounds) for c, mine in zip(held, own, strict=True))
    return Course(
        key,
        (*earlier, *new),
        {c.session.session_no: c.session for c in held},
        {
            item: tuple(None if mine is None else mine.values.get(item) for mine in own)
            for item in _OAC_ITEMS
        }
        if key[0] == OAC_CLIENT and not earlier
        else {},
    )


def read_check(course: Course, rules: Sequence[Rule]) -> Detection:
    """Return what rules of the alliance check find in a course of it."""
    points = course.points
    return oac_signals(
        sessions=[point.session_no for point in points],
        total=[point.total for point in points],
        strain=[point.strain for point in points],
        repair=[point.repair for point in points],
        items=course.items,
        therapist_total=[None if p.both_at is None else p.therapist for p in points],
        rules=rules,
    )


def score_step(measure: Measure, scale: Scale) -> float:
    """Return the smallest step between two scores of a full form; 0 where items are continuous."""
    steps = {measure.item(item).step for item in scale.items}
    if len(steps) != 1 or 0.0 in steps or scale.weights:
        return 0.0
    step = steps.pop() * scale.multiplier
    return step / len(scale.items) if scale.method == "mean" else step


def _measured(key: MeasureKey) -> tuple[Measure, Scale]:
    measure = measure_of(*key)
    return measure, measure.scale("total")


def _measure_key(filled: Filled) -> MeasureKey:
    return filled.response.measure_id, filled.response.measure_version


def _point(chairs: SessionChairs, own: Filled | None, bounds: tuple[float, float]) -> Point:
    mirror = chairs.therapist
    return Point(
        session_no=chairs.session.session_no,
        both_at=None if own is None else chairs.both_at,
        total=None if own is None else own.score("total"),
        therapist=_mirrored(chairs, bounds),
        predicted=None if own is None or mirror is None else mirror.predicted,
        strain=None if own is None else own.values.get(_STRAIN),
        repair=None if own is None else own.values.get(_REPAIR),
        expected=_expected(chairs, own),
    )


def _expected(chairs: SessionChairs, own: Filled | None) -> bool:
    """Whether a form counts as missing where it is not there.

    It does where the therapist's own form is in and the client's is not: that much the therapist's
    page says too. One that came with too few answers for a total is not missing: leaving questions
    out is never held against anybody.
    """
    return (chairs.both_in and (own is None or own.score("total") is not None)) or (
        chairs.state is SessionState.WAITING_FOR_CLIENT
    )


def _mirrored(chairs: SessionChairs, bounds: tuple[float, float]) -> float | None:
    """Return the therapist's total where it is on the client's scale."""
    if chairs.therapist is None:
        return None
    response = chairs.therapist.response
    mirror = measure_of(response.measure_id, response.measure_version)
    same = any(s.id == "total" and s.bounds == bounds for s in mirror.scales)
    return chairs.therapist.score("total") if same else None


def _tick(strain: float | None) -> float | None:
    """Return whether the client marked strain: 1, 0, or None where the item was left out."""
    return None if strain is None else float(strain >= TICK)

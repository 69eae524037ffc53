# SPDX-License-Identifier: Apache-2.0
"""The scale of a score that is asked about: its ends where they are known, and its better end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from attunement.frames.course_errors import CourseError, not_offered
from attunement.frames.direction import lower_is_better
from attunement.frames.ruptures_request import make_scale
from attunement.measures import load


@dataclass(frozen=True, slots=True)
class CourseScale:
    """Ends and direction; ``bounds`` is None where no ends were given."""

    bounds: tuple[float, float] | None
    higher_is_better: bool
    family: str = ""  # of the measure, where one was named

    @property
    def best(self) -> float | None:
        """The better end, where the ends are known."""
        if self.bounds is None:
            return None
        return self.bounds[1] if self.higher_is_better else self.bounds[0]

    @property
    def better(self) -> str:
        """The better end in a word."""
        return "higher" if self.higher_is_better else "lower"

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends, where the question needed them."""
        if self.bounds is None:
            raise _no_ends()
        return self.bounds


def course_scale(
    scale: Sequence[float] | None,
    lower_is: str | None,
    higher_is: str | None,
    measure: str | None,
    *,
    needed: bool = False,
) -> CourseScale:
    """Return what was said about the scale, or what the measure says.

    Parameters
    ----------
    needed : bool
        Whether the ends have to be known.

    Raises
    ------
    CourseError
        E-FRAME-231 without a direction, E-FRAME-232 for ends that are none.
    """
    lower = lower_is_better(
        lower_is, higher_is, refusal=CourseError, unclear="E-FRAME-231", unknown="E-FRAME-232"
    )
    if measure is not None:
        if lower is not None or scale is not None:
            raise CourseError(
                "E-FRAME-231",
                what="The scale is said twice",
                expected="measure=, or the direction and scale=",
                next_step="Leave out one of the two",
            )
        found = make_scale(None, None, None, measure)
        family = load(measure.partition("@")[0]).family
        return CourseScale(found.bounds, found.higher_is_better, family)
    if lower is None:
        raise CourseError(
            "E-FRAME-231",
            what="Which end of the scale is better is not known",
            got="neither lower_is nor higher_is",
            expected="lower_is='better', higher_is='better', or a measure that says it",
            next_step="Say lower_is='better' for symptoms, higher_is='better' for an alliance",
        )
    if scale is None:
        if needed:
            raise _no_ends()
        return CourseScale(None, not lower)
    return CourseScale(_two(scale), not lower)


def _two(scale: Sequence[float]) -> tuple[float, float]:
    ends = pair("scale", scale, "(lowest, highest): the scores that the form permits")
    if not ends[0] < ends[1]:
        raise not_offered("scale", scale, "the lowest score first, then a higher one")
    return ends


def pair(name: str, given: Sequence[float], expected: str) -> tuple[float, float]:
    """Return two finite numbers, or refuse what was given."""
    try:
        one, two = (float(value) for value in given)
    except (TypeError, ValueError) as problem:
        raise not_offered(name, given, expected) from problem
    if not (math.isfinite(one) and math.isfinite(two)):
        raise not_offered(name, given, expected)
    return one, two


def _no_ends() -> CourseError:
    return CourseError(
        "E-FRAME-232",
        what="The ends of the scale are not given",
        expected="scale=(lowest, highest): the scores that the form permits, not those that occur",
        next_step="Take them from the form, or name the measure: measure='…'",
    )

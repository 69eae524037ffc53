# SPDX-License-Identifier: Apache-2.0
"""What a plan of a rule is, and the memory that it works in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from attunement.kernels import changepoint, detect
from attunement.signals.archive import Archive
from attunement.signals.errors import SignalError
from attunement.signals.series import TOLERANCE

LONGEST_RUN = 128  # run lengths told apart by the change-point rule; longer ones share a place
LANES = changepoint.LANES  # dyads that the compiled change-point rule works on side by side

Array = Any
Runs = tuple[Array, Array, Array, Array, Array]  # of `changepoint.judge_change`
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Block:
    """Some dyads in a row, and the memory to judge them in. Row 0 is the first dyad's first."""

    sessions: Array
    starts: Array
    first: int
    last: int
    rows: int
    f: detect.Running
    ordered: Array  # numpy, room for twice the longest dyad
    lanes: int
    runs: Runs  # working memory of the change-point rule
    order: Array  # room for the dyads of the block
    limits: tuple[Array, Array]  # room for two numbers of each row


class Kernel(Protocol):
    """How a kernel is called: as it stands, or compiled."""

    def __call__(self, function: F, /) -> F:
        """Return what to call."""


class Plan(Protocol):
    """What a rule needs, and how it judges a block."""

    @property
    def columns(self) -> frozenset[str]:
        """Which optional columns of `Running` are read.

        own, moving, base, line, recent, middle, whole.
        """

    @property
    def recent(self) -> int:
        """How many scores the recent mean takes."""

    @property
    def p(self) -> tuple[Any, ...]:
        """The numbers that the kernel is given."""

    def judge(self, block: Block, kernel: Kernel, out: tuple[Array, ...]) -> None:
        """Write the answers for a block."""

    def mark(
        self, block: Block, kernel: Kernel, room: tuple[Array, ...], marks: tuple[Array, ...]
    ) -> None:
        """Add flags and judged rows to the bits of each row: ``marks`` are bit, flags, judged."""


@dataclass(frozen=True, slots=True)
class Usual:
    """An archive on the higher-is-better axis of a scale, as `detectors.Model` has it."""

    scale: detect.Scale
    memory: float
    floor: float

    @classmethod
    def of(
        cls,
        archive: Archive,
        *,
        minimum: float,
        maximum: float,
        step: float,
        higher_is_better: bool,
    ) -> Usual:
        """Turn an archive to the direction and step of a scale.

        Raises
        ------
        SignalError
            ``E-SIGNAL-005`` if the archive's mean is off the scale.
        """
        if not minimum <= archive.mean <= maximum:
            raise SignalError(
                "E-SIGNAL-005",
                what="the archive does not belong to the scale of the series",
                got=f"an archive mean of {archive.mean:g}",
                expected=f"a mean from {minimum:g} to {maximum:g}",
                next_step="Learn the archive from series of the same measure",
            )
        scale = detect.Scale(
            minimum=float(minimum),
            maximum=float(maximum),
            mirrored=not higher_is_better,
            slack=TOLERANCE * (maximum - minimum),
            level=archive.mean if higher_is_better else minimum + maximum - archive.mean,
            between=archive.between_sd,
            noise=max(archive.within_sd, 0.5 * step),
        )
        return cls(scale, archive.autocorrelation, 0.5 * step)


_NO_NUMBERS, _NO_COUNTS = np.empty(0), np.empty(0, dtype=np.int32)


class FlagsAlone:
    """A plan whose kernel leaves out the numbers where it is given no room for them."""

    __slots__ = ()

    def mark(
        self: Plan, block: Block, kernel: Kernel, room: tuple[Array, ...], marks: tuple[Array, ...]
    ) -> None:
        """Have flags and reasons written, and mark by them."""
        alone = (_NO_NUMBERS, *room[1:3], _NO_NUMBERS, _NO_NUMBERS, _NO_COUNTS)
        self.judge(block, kernel, alone)
        kernel(detect.collect)(block.rows, marks[0], *room[1:3], *marks[1:])


def run_memory(longest: int, lanes: int, *, plain: bool) -> Runs:
    """Return working memory for the change-point rule."""
    places = min(LONGEST_RUN, max(longest, 1))
    if plain:
        return (
            [[0.0] * changepoint.STATE for _ in range(places)],
            [[0.0] * lanes for _ in range(longest)],
            [[0] * lanes for _ in range(longest)],
            [0] * lanes,
            [0.0] * changepoint.SUMS,
        )
    return (
        np.zeros((places, changepoint.STATE)),
        np.zeros((longest, lanes)),
        np.zeros((longest, lanes), dtype=np.int64),
        np.zeros(lanes, dtype=np.int64),
        np.zeros(changepoint.SUMS),
    )

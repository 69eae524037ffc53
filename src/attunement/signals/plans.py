# SPDX-License-Identifier: Apache-2.0
"""From a rule's numbers and an archive to calls of the kernels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from attunement.kernels import changepoint, charts, detect
from attunement.signals.archive import Archive
from attunement.signals.computations import Reference, Unit
from attunement.signals.errors import SignalError
from attunement.signals.ruling import Rule
from attunement.signals.series import TOLERANCE, FloatArray

LONGEST_RUN = 32  # run lengths told apart by the change-point rule; longer ones share a place
LANES = changepoint.LANES  # dyads that the compiled change-point rule works on side by side
_MOST_PSEUDO = 1e6
_ANY = 1 << 30

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
        """Which optional columns of `Running` are read: base, line, recent, middle, whole."""

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


class _FlagsAlone:
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
    if plain:
        return (
            [[0.0] * changepoint.STATE for _ in range(LONGEST_RUN)],
            [[0.0] * lanes for _ in range(longest)],
            [[0] * lanes for _ in range(longest)],
            [0] * lanes,
            [0.0] * changepoint.SUMS,
        )
    return (
        np.zeros((LONGEST_RUN, changepoint.STATE)),
        np.zeros((longest, lanes)),
        np.zeros((longest, lanes), dtype=np.int64),
        np.zeros(lanes, dtype=np.int64),
        np.zeros(changepoint.SUMS),
    )


def plan_of(rule: Rule, usual: Usual) -> Plan:
    """Return the plan of a classical rule.

    Raises
    ------
    SignalError
        ``E-SIGNAL-006`` if the rule is not one over a single series of totals.
    """
    make = _PLANS.get(rule.detector)
    if make is None:
        raise SignalError(
            "E-SIGNAL-006",
            what=f"the rule {rule.id} does not work on one series of totals",
            got=f"the detector {rule.detector!r}",
            expected="one of " + ", ".join(_PLANS),
            next_step="Use oac_signals for the rules that read items or both chairs",
        )
    return make(rule.params, usual)


@dataclass(frozen=True, slots=True)
class DropPlan:
    """A drop rule."""

    reference: Reference
    unit: Unit
    recent: int
    persist: int
    window: int
    tolerance: float
    p: detect.Drop

    @property
    def columns(self) -> frozenset[str]:
        """Which optional columns are read."""
        by_reference = {
            Reference.RECENT_MEAN: "recent",
            Reference.OWN_LINE: "line",
            Reference.BASELINE: "base",
            Reference.OWN_MEDIAN: "middle",
            Reference.WHOLE_MEAN: "whole",
        }
        names = {by_reference[self.reference]} if self.reference in by_reference else set()
        if self.unit in {Unit.WHOLE_SD, Unit.WHOLE_MOVING_RANGE}:
            names.add("whole")
        return frozenset(names)

    def judge(self, block: Block, kernel: Kernel, out: tuple[Array, ...]) -> None:
        """Compare, then apply persistence or return."""
        f, answers = block.f, detect.Out(*out)
        kernel(detect.judge_drop)(block.rows, f, *self._compared(block, kernel), self.p, answers)
        where = (block.starts, block.first, block.last, f)
        if self.persist > 1:
            kernel(detect.keep_persistent)(*where, self.persist, self.p, answers)
        if self.window > 0:
            kernel(detect.keep_returned)(
                block.sessions, *where, self.window, self.tolerance, self.p.slack, answers
            )

    def mark(
        self, block: Block, kernel: Kernel, room: tuple[Array, ...], marks: tuple[Array, ...]
    ) -> None:
        """Compare and mark at once, where nothing follows."""
        if self.persist > 1 or self.window > 0:
            self.judge(block, kernel, room)
            kernel(detect.collect)(block.rows, marks[0], *room[1:3], *marks[1:])
            return
        f, compared = block.f, self._compared(block, kernel)
        used = f.all_n if self.p.whole else f.n
        kernel(detect.mark_drop)(
            block.rows, f.x, f.n, used, f.gap, f.best, *compared, self.p, *marks
        )

    def _compared(self, block: Block, kernel: Kernel) -> tuple[Array, Array, Array]:
        """Return the columns of the reference, of its unit, and of what multiplies the unit."""
        f, none = block.f, block.f.x[:0]
        if self.reference is Reference.OWN_MEDIAN:
            kernel(detect.running_median)(block.starts, block.first, block.last, block.ordered, f)
        reference = {
            Reference.PREVIOUS: f.last,
            Reference.RECENT_MEAN: f.recent,
            Reference.OWN_MEAN: f.mean,
            Reference.OWN_LINE: f.line,
            Reference.BASELINE: f.base,
            Reference.OWN_MEDIAN: f.middle,
            Reference.WHOLE_MEAN: f.all_mean,
        }[self.reference]
        unit = {
            Unit.OWN_SD: f.own,
            Unit.MOVING_RANGE: f.moving,
            Unit.WHOLE_SD: f.all_own,
            Unit.WHOLE_MOVING_RANGE: f.all_moving,
        }.get(self.unit, none)
        times = none
        if self.unit is Unit.PREDICTIVE_SD and self.reference is Reference.BASELINE:
            unit = f.spread
        if self.unit is Unit.PREDICTIVE_SD and self.reference is Reference.OWN_LINE:
            times = f.line_factor
        return reference, unit, times


def _drop_plan(params: Mapping[str, float], usual: Usual) -> Plan:
    reference, unit = Reference(int(params["reference"])), Unit(int(params["unit"]))
    scale, noise = usual.scale, usual.scale.noise
    sample = math.hypot(scale.between, noise)
    fixed = {
        Unit.POINTS: 1.0,
        Unit.RANGE: scale.maximum - scale.minimum,
        Unit.SAMPLE_SD: sample,
        Unit.DIFFERENCE_SD: sample * math.sqrt(2.0 * (1.0 - params["reliability"])),
    }.get(unit, noise)
    if unit is Unit.PREDICTIVE_SD and reference is Reference.PREVIOUS:
        fixed = noise * math.sqrt(2.0 * (1.0 - usual.memory))
    recent = int(params["last"])
    most = {Reference.PREVIOUS: 1, Reference.RECENT_MEAN: recent}.get(reference, _ANY)
    own = unit in {Unit.OWN_SD, Unit.MOVING_RANGE, Unit.WHOLE_SD, Unit.WHOLE_MOVING_RANGE}
    return DropPlan(
        reference=reference,
        unit=unit,
        recent=recent if reference is Reference.RECENT_MEAN else 0,
        persist=int(params["persist"]),
        window=int(params["return_within"]),
        tolerance=params["return_tolerance"],
        p=detect.Drop(
            k=params["k"],
            points=params["points"],
            few=int(params["min_previous"]),
            most=most,
            widest=int(params["max_gap"]) if params["max_gap"] >= 0 else _ANY,
            share=params["max_best_share"],
            fixed=fixed,
            fallback=noise if own else fixed,
            floor=usual.floor if own else 0.0,
            strict=bool(params.get("strict", 0)),
            whole=reference is Reference.WHOLE_MEAN,
            slack=scale.slack,
        ),
    )


_NOTHING = {
    "k": 0.0,
    "points": 0.0,
    "last": 1,
    "reliability": 0.0,
    "min_previous": 1,
    "max_gap": -1,
    "max_best_share": 1.0,
    "persist": 1,
    "return_within": 0,
    "return_tolerance": 0.0,
}


def _baseline_plan(params: Mapping[str, float], usual: Usual) -> Plan:
    return _drop_plan(
        {
            **_NOTHING,
            "reference": Reference.BASELINE,
            "unit": Unit.PREDICTIVE_SD,
            "k": params["z"],
            "min_previous": params["min_previous"],
            "max_best_share": params["max_best_share"],
            "strict": 1,
        },
        usual,
    )


def _previous_plan(params: Mapping[str, float], usual: Usual) -> Plan:
    return _drop_plan(
        {
            **_NOTHING,
            "reference": Reference.PREVIOUS,
            "unit": Unit.PREDICTIVE_SD,
            "k": params["k"],
            "max_gap": params["max_gap"],
        },
        usual,
    )


def _median_plan(params: Mapping[str, float], usual: Usual) -> Plan:
    return _drop_plan(
        {
            **_NOTHING,
            "reference": Reference.OWN_MEDIAN,
            "unit": Unit.POINTS,
            "points": params["points"],
            "min_previous": params["min_previous"],
        },
        usual,
    )


@dataclass(frozen=True, slots=True)
class ChartPlan(_FlagsAlone):
    """An individuals chart."""

    p: charts.Chart
    columns: frozenset[str] = frozenset()
    recent: int = 0

    def judge(self, block: Block, kernel: Kernel, out: tuple[Array, ...]) -> None:
        """Draw and read each dyad's chart."""
        kernel(charts.judge_chart)(
            block.f.x,
            block.f.n,
            block.f.gap,
            block.starts,
            block.first,
            block.last,
            self.p,
            *block.limits,
            block.ordered,
            charts.Out(*out),
        )


def _chart_plan(params: Mapping[str, float], usual: Usual) -> Plan:
    return ChartPlan(
        charts.Chart(
            baseline=int(params["baseline"]),
            runs=int(params["runs"]),
            robust=bool(params["robust"]),
            widest=int(params["max_gap"]) if params["max_gap"] >= 0 else _ANY,
            both_sides=bool(params["both_sides"]),
            sigmas=params["sigmas"],
            fallback=usual.scale.noise,
            floor=usual.floor,
            slack=usual.scale.slack,
        )
    )


@dataclass(frozen=True, slots=True)
class RecursionPlan(_FlagsAlone):
    """CUSUM or EWMA."""

    function: Callable[..., None]
    p: charts.Recursion
    columns: frozenset[str] = frozenset({"base"})
    recent: int = 0

    def judge(self, block: Block, kernel: Kernel, out: tuple[Array, ...]) -> None:
        """Run the recursion through each dyad."""
        f = block.f
        where = (block.starts, block.first, block.last)
        columns = (f.x, f.n, f.best, f.base, f.spread)
        kernel(self.function)(*columns, *where, self.p, block.limits[0], charts.Out(*out))


def _recursion(
    function: Callable[..., None], weight: str, limit: str
) -> Callable[[Mapping[str, float], Usual], Plan]:
    def make(params: Mapping[str, float], usual: Usual) -> Plan:
        del usual
        return RecursionPlan(
            function,
            charts.Recursion(
                few=int(params["min_previous"]),
                share=params["max_best_share"],
                weight=params[weight],
                limit=params[limit],
                both_sides=bool(params["both_sides"]),
                slack=TOLERANCE,
            ),
        )

    return make


@dataclass(frozen=True, slots=True)
class ChangePlan(_FlagsAlone):
    """Bayesian online change points."""

    p: changepoint.Change
    constant: FloatArray
    columns: frozenset[str] = frozenset({"base"})
    recent: int = 0

    def judge(self, block: Block, kernel: Kernel, out: tuple[Array, ...]) -> None:
        """Run the recursion through each dyad."""
        f = block.f
        constant = self.constant.tolist() if isinstance(f.x, list) else self.constant
        if block.lanes > 1:
            kernel(changepoint.lengths_in_order)(block.starts, block.first, block.last, block.order)
        kernel(changepoint.judge_change)(
            f.x,
            f.n,
            f.best,
            f.base,
            block.starts,
            block.first,
            block.last,
            block.lanes,
            block.order,
            self.p,
            *block.runs,
            constant,
            changepoint.Out(*out),
        )


def _change_plan(params: Mapping[str, float], usual: Usual) -> Plan:
    scale, degrees = usual.scale, int(params["degrees"])
    pseudo = _MOST_PSEUDO
    if scale.between > 0 and scale.noise / scale.between < math.sqrt(_MOST_PSEUDO):
        pseudo = (scale.noise / scale.between) ** 2
    constant = np.array([_student(degrees + r, pseudo + r) for r in range(LONGEST_RUN + 1)])
    return ChangePlan(
        changepoint.Change(
            level=scale.level,
            pseudo=pseudo,
            degrees=degrees,
            noise=scale.noise,
            hazard=params["hazard"],
            recent=int(params["within_last"]),
            probability=params["probability"],
            few=int(params["min_previous"]),
            share=params["max_best_share"],
            slack=scale.slack,
        ),
        constant,
    )


def _student(degrees: float, kappa: float) -> float:
    """Γ((ν + 1)/2)/(Γ(ν/2)·√π)·√(κ/(κ + 1))."""
    gammas = math.lgamma(0.5 * (degrees + 1.0)) - math.lgamma(0.5 * degrees)
    return math.exp(gammas) * math.sqrt(kappa / ((kappa + 1.0) * math.pi))


_PLANS: Mapping[str, Callable[[Mapping[str, float], Usual], Plan]] = {
    "shrunken_baseline": _baseline_plan,
    "previous_session": _previous_plan,
    "own_median": _median_plan,
    "drop": _drop_plan,
    "individuals_chart": _chart_plan,
    "cusum": _recursion(charts.judge_cusum, "k", "h"),
    "ewma": _recursion(charts.judge_ewma, "weight", "limit"),
    "change_point": _change_plan,
}

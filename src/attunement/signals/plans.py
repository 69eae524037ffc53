# SPDX-License-Identifier: Apache-2.0
"""From a rule's numbers and an archive to calls of the kernels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from attunement.kernels import changepoint, charts, detect
from attunement.signals.computations import Reference, Unit
from attunement.signals.errors import SignalError
from attunement.signals.planning import (
    LONGEST_RUN,
    Array,
    Block,
    FlagsAlone,
    Kernel,
    Plan,
    Usual,
)
from attunement.signals.ruling import Rule
from attunement.signals.series import TOLERANCE, FloatArray

_MOST_PSEUDO = 1e6
_ANY = 1 << 30


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


# The columns of `Running` that hold a reference, and a unit of one's own.
_REFERENCES: Mapping[Reference, str] = {
    Reference.PREVIOUS: "last",
    Reference.RECENT_MEAN: "recent",
    Reference.OWN_MEAN: "mean",
    Reference.OWN_LINE: "line",
    Reference.BASELINE: "base",
    Reference.OWN_MEDIAN: "middle",
    Reference.WHOLE_MEAN: "all_mean",
}
_UNITS: Mapping[Unit, str] = {
    Unit.OWN_SD: "own",
    Unit.MOVING_RANGE: "moving",
    Unit.WHOLE_SD: "all_own",
    Unit.WHOLE_MOVING_RANGE: "all_moving",
}
# Columns that are filled only where a plan asks for them, by the name it asks with.
_OPTIONAL: Mapping[str, str] = {
    **{name: name for name in ("own", "moving", "recent", "line", "base", "middle")},
    **dict.fromkeys(("all_mean", "all_own", "all_moving"), "whole"),
}


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
        named = (_REFERENCES[self.reference], _UNITS.get(self.unit, "x"))
        return frozenset(_OPTIONAL[name] for name in named if name in _OPTIONAL)

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
        reference = getattr(f, _REFERENCES[self.reference])
        unit = getattr(f, _UNITS[self.unit]) if self.unit in _UNITS else none
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
class ChartPlan(FlagsAlone):
    """An individuals chart."""

    p: charts.Chart
    columns: frozenset[str] = frozenset()
    recent: int = 0

    def mark(
        self, block: Block, kernel: Kernel, room: tuple[Array, ...], marks: tuple[Array, ...]
    ) -> None:
        """Mark a plain chart at once; have the answers of another written first."""
        p, f = self.p, block.f
        if p.baseline > 1 and p.runs == charts.BEYOND_3 and not (p.robust or p.both_sides):
            where = (block.starts, block.first, block.last)
            kernel(charts.mark_frozen)(f.x, f.gap, *where, p, *marks)
        else:
            FlagsAlone.mark(self, block, kernel, room, marks)

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
class RecursionPlan(FlagsAlone):
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
class ChangePlan(FlagsAlone):
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

# SPDX-License-Identifier: Apache-2.0
"""What ``at.reliable_change`` gives: two tables, a summary, a picture, a row in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import polars as pl

from attunement.figures import Figure, Scatter, Table, scatter, scatter_altair
from attunement.figures.scatter import Kind
from attunement.frames.change_reading import TwoScores
from attunement.frames.change_words import (
    CATEGORY,
    REASON,
    direction_of,
    disagreement,
    row_words,
    summary_words,
)
from attunement.frames.course_errors import check_engine, check_row, not_offered
from attunement.frames.course_scale import CourseScale
from attunement.frames.gains_kind import same_kind
from attunement.frames.told import Told
from attunement.signals.change import Category, Sample, Verdicts, unreliable_zone
from attunement.signals.change.wording import short

_BAND_STEPS = 41


@dataclass(frozen=True, repr=False)
class ReliableChange(Told):
    """Change of each person by every method side by side; ``print`` it for a summary.

    Attributes
    ----------
    people : TwoScores
        Who was looked at, with both scores.
    sample : attunement.signals.change.Sample
        What the formulas used of the group and the measure.
    verdicts : tuple of attunement.signals.change.Verdicts
        One per method, as arrays.
    scale : CourseScale
    construct : str
        What is measured, where that changes a name: "alliance".
    left_out : tuple of str
        Methods that could not be asked, and why.
    """

    people: TwoScores
    sample: Sample
    verdicts: tuple[Verdicts, ...]
    scale: CourseScale
    asked: Any = field(repr=False)
    construct: str = ""
    cutoff: str = ""
    left_out: tuple[str, ...] = ()

    @cached_property
    def changes(self) -> Any:
        """One row per person and method, person after person, of the kind of frame that came in.

        The id under its own name; ``method``; ``pre``, ``post``, ``change`` (post − pre) in
        points; ``statistic`` in the method's own units; ``category`` (recovered, improved,
        unchanged, deteriorated, harmed, not_attainable; missing where there is no verdict, which
        is not *unchanged*); ``attainable`` (whether the best score would have been a reliable
        improvement; missing where the scale was not given); ``reason`` for no verdict.
        """
        return same_kind(self._changes(), self.asked)

    def _changes(self) -> pl.DataFrame:
        people, n_methods = self.people, len(self.verdicts)
        rows = np.repeat(np.arange(people.pre.size), n_methods)

        def woven(parts: list[Any]) -> Any:
            return np.stack(parts, axis=1).ravel() if parts else np.zeros(0)

        category = woven([one.category for one in self.verdicts])
        missing = woven([one.missing for one in self.verdicts])
        known = woven([self._room_known(one) for one in self.verdicts]).astype(np.bool_)
        room = woven([one.attainable for one in self.verdicts]).astype(np.bool_)
        words = {int(code): word for code, word in CATEGORY.items()}
        reasons = {int(code): word for code, word in REASON.items()}
        methods = pl.Series([one.method.id for one in self.verdicts], dtype=pl.String)
        made = pl.DataFrame(
            {
                people.ids.name: people.ids.gather(rows),
                "method": methods.gather(np.tile(np.arange(n_methods), people.pre.size)),
                "pre": pl.Series(people.pre[rows], nan_to_null=True),
                "post": pl.Series(people.post[rows], nan_to_null=True),
                "change": pl.Series((people.post - people.pre)[rows], nan_to_null=True),
                "statistic": pl.Series(
                    woven([one.statistic for one in self.verdicts]), nan_to_null=True
                ),
                "category": pl.Series(category).replace_strict(words, return_dtype=pl.String),
                "attainable": pl.Series(room),
                "reason": pl.Series(missing).replace_strict(reasons, return_dtype=pl.String),
            }
        )
        kept = pl.when(pl.Series(known)).then(pl.col("attainable")).alias("attainable")
        return made.with_columns(kept)

    def _room_known(self, one: Verdicts) -> Any:
        """Whether it can be said that improvement was possible."""
        asked = self.scale.best is not None and one.method.statistic is not None
        return ~np.isnan(self.people.pre) & np.bool_(asked)

    @cached_property
    def counts(self) -> Any:
        """One row per method: ``method``, ``short``, ``title``, a count for each category.

        ``no_verdict`` counts people without one; ``cutoff`` is the one that the method used.
        """
        return same_kind(self._counts(), self.asked)

    def _counts(self) -> pl.DataFrame:
        rows = []
        for one in self.verdicts:
            counts = one.counts()
            row = {
                "method": one.method.id,
                "short": one.method.short,
                "title": one.method.title,
                "n": int((one.category != Category.NONE).sum()),
            }
            row |= {name: counts[name] for name in counts if name != "none"}
            rows.append(row | {"no_verdict": counts["none"], "cutoff": one.cutoff})
        return pl.DataFrame(rows, schema_overrides={"cutoff": pl.Float64})

    def summary(self) -> str:
        """Return what was compared, what each method says, and where they disagree, in words."""
        return summary_words(
            self.people,
            scale=self.scale,
            construct=self.construct,
            sample=self.sample,
            found=self.verdicts,
            cutoff=self.cutoff,
            left_out=self.left_out,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return counts and what they rest on as plain values, for JSON."""
        apart, of = disagreement(self.verdicts)
        both = int((~np.isnan(self.people.pre) & ~np.isnan(self.people.post)).sum())
        return {
            "construct": self.construct,
            "rows": self.people.rows,
            "people": int(self.people.pre.size),
            "with_both_scores": both,
            "reliability": self.sample.reliability,
            "mean": self.sample.pre.mean,
            "sd": self.sample.pre.sd,
            "standard_error_of_measurement": self.sample.error,
            "methods_disagree_on": apart,
            "people_with_several_verdicts": of,
            "not_asked": list(self.left_out),
            "counts": self._counts().to_dicts(),
        }

    def explain(self, row: int) -> str:
        """Say in words how one verdict came about.

        Parameters
        ----------
        row : int
            A row of ``changes``, counted from 0.

        Returns
        -------
        str
            Verdict, formula with the numbers that went in, limits, cut-off, source, what to know.

        Raises
        ------
        CourseError
            E-FRAME-237 if there is no such row.
        """
        rows = self.people.pre.size * len(self.verdicts)
        check_row(row, rows, ".changes")
        at, method = divmod(row, len(self.verdicts))
        return row_words(
            self.people.ids[at],
            at,
            people=self.people,
            one=self.verdicts[method],
            sample=self.sample,
            higher_is_better=self.scale.higher_is_better,
        )

    @overload
    def plot(self, method: str | None = ..., *, engine: Literal["svg"] = ...) -> Figure: ...
    @overload
    def plot(self, method: str | None = ..., *, engine: Literal["altair"]) -> Any: ...
    def plot(self, method: str | None = None, *, engine: Literal["svg", "altair"] = "svg") -> Any:
        """Draw first against second scores by one method.

        Parameters
        ----------
        method : str, optional
            Its id or short name; the first one that was asked by default.
        engine : {"svg", "altair"}
            A figure with its sentence and its table, or an Altair chart (an optional package).

        Returns
        -------
        Figure or altair.LayerChart
            The diagonal is no change; in the area around it a change is not reliable; dotted
            lines are the cut-off.

        Raises
        ------
        CourseError
            E-FRAME-232 for another method or engine. FigureError E-FIGURE-006 without Altair.
        """
        check_engine(engine)
        one = self._named(method)
        chart = self._chart(one)
        if engine == "altair":
            return scatter_altair(chart)
        return scatter(chart, self._sentence(one, chart), self._plot_table(one))

    def _named(self, method: str | None) -> Verdicts:
        for one in self.verdicts:
            names = {one.method.id, one.method.short.lower(), one.method.title.lower()}
            if method is None or str(method).lower() in names:
                return one
        asked = ", ".join(one.method.short for one in self.verdicts)
        raise not_offered("method", method, f"one that was asked: {asked}")

    def _chart(self, one: Verdicts) -> Scatter:
        pre, post = self.people.pre, self.people.post
        there = np.flatnonzero(one.category != Category.NONE)
        kinds: dict[int, Kind] = {1: "better", 0: "same", -1: "worse"}
        side = direction_of(one)
        points = [(float(pre[at]), float(post[at]), kinds[int(side[at])]) for at in there]
        ends = self.scale.bounds
        if ends is None:
            every = np.concatenate((pre[there], post[there]))
            ends = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
        first = np.linspace(ends[0], ends[1], _BAND_STEPS)
        zone = unreliable_zone(one.method, first, self.sample)
        band = () if zone is None else tuple(zip(first, *zone, strict=True))
        return Scatter(
            points=points,
            minimum=ends[0],
            maximum=max(ends[1], ends[0] + 1e-9),
            band=tuple((float(x), float(low), float(high)) for x, low, high in band),
            cutoff=one.cutoff,
            words=("reliably better", "no reliable change", "reliably worse"),
            axes=(f"{self.people.score_name}, first", f"{self.people.score_name}, second"),
            title=f"Reliable {self.construct} change by {one.method.title}".replace("  ", " "),
            key=f"change-{one.method.short}",
        )

    def _sentence(self, one: Verdicts, chart: Scatter) -> str:
        side = direction_of(one)
        n = int((one.category != Category.NONE).sum())
        shown = len(chart.shown)
        some = "" if shown == n else f" {shown:,} of them are drawn."
        recovered = int((one.category == Category.RECOVERED).sum())
        crossed = f", {recovered} of them recovered" if one.cutoff is not None else ""
        return (
            f"By {one.method.title}, {int((side > 0).sum())} of {n} people are reliably "
            f"better{crossed}, {int((side < 0).sum())} reliably worse; the others lie within what "
            f"chance may do or could not improve on this scale.{some}"
        )

    def _plot_table(self, one: Verdicts) -> Table:
        people = self.people
        there = np.flatnonzero(one.category != Category.NONE)
        rows = tuple(
            (
                str(people.ids[int(at)]),
                short(float(people.pre[at])),
                short(float(people.post[at])),
                str(CATEGORY[Category(int(one.category[at]))]).replace("_", " "),
            )
            for at in there
        )
        header = (people.ids.name, "First", "Second", "Verdict")
        return Table(f"{people.score_name} {people.said}, {one.method.title}.", header, rows)

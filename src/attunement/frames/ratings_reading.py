# SPDX-License-Identifier: Apache-2.0
"""Ratings of dyads over sessions, from any table: what was read, guessed and left out."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, TypeVar

import polars as pl
import pyarrow as pa

from attunement import measures
from attunement.errors import Problem
from attunement.frames.ratings_checks import check_order, check_scores, check_twice
from attunement.frames.ratings_choice import make_plan
from attunement.frames.ratings_dates import check_format
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_items import score_items
from attunement.frames.ratings_names import CHAIRS
from attunement.frames.ratings_plan import MOSTLY, Plan, RatingColumns, Said, number_share, taken
from attunement.frames.ratings_rows import Rows, long_rows
from attunement.frames.ratings_scale import ScoreScale, check_measure, scale_of
from attunement.frames.ratings_source import Source, open_source
from attunement.measures.schema import Measure

PACKS = ("core", "own", "nc", "structure")
SHARED: Final = 1 << 14  # equal values are looked for among as many

H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True, slots=True)
class DyadRatings:
    """The ratings of one dyad on one line of sessions.

    Attributes
    ----------
    dyad : str
        As the table names it.
    sessions : tuple of int
        Every session that the table has a row or a column for, rising.
    dates : tuple of datetime.date or None
        Of each session, where known.
    chairs : mapping of str to tuple of float or None
        Per perspective one score per session; None where there is no score. The perspective is
        "" where the table does not say who rated.
    skipped : tuple of int
        Session numbers between the first and the last for which there is no row at all.
    left_out : tuple of (int or None, str, int, str)
        Session, perspective, row and problem code of every rating that was refused.
    """

    dyad: str
    sessions: tuple[int, ...]
    dates: tuple[date | None, ...]
    chairs: Mapping[str, tuple[float | None, ...]]
    skipped: tuple[int, ...]
    left_out: tuple[tuple[int | None, str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Ratings:
    """What a table says about dyads over sessions.

    Attributes
    ----------
    frame : polars.DataFrame
        One row per rating, sorted: ``dyad`` (str), ``session`` (int), ``date`` (date or null),
        ``perspective`` (str), ``score`` (float, null where missing), ``row`` (int).
    left_out : polars.DataFrame
        The refused ones: ``dyad``, ``session``, ``perspective``, ``row``, ``code``.
    scale : ScoreScale
        Range, step and direction, and where they come from.
    measure : str
        The id of the measure, "" where none is known.
    score_name : str
        What the score is called in the table.
    chairs : tuple of str
        The perspectives that occur, client first; ``("",)`` where the table does not say.
    problems : tuple of Problem
        Each mistake once, those of the file's reading first.
    said : tuple of Said
        How the table was read: what was guessed and how to say otherwise.
    layout : str
        "long" or "wide".
    rows_read : int
        Rows in the table, those left out included.
    """

    frame: pl.DataFrame
    left_out: pl.DataFrame
    scale: ScoreScale
    measure: str
    score_name: str
    chairs: tuple[str, ...]
    problems: tuple[Problem, ...]
    said: tuple[Said, ...]
    layout: str
    rows_read: int

    def by_dyad(self) -> Iterator[DyadRatings]:
        """Yield the dyads one by one, in the order of their ids as text."""
        refused: dict[str, list[_Out]] = {}
        for out in self.left_out.drop_nulls("dyad").iter_rows():
            refused.setdefault(out[0], []).append(out)
        alone = sorted(refused, reverse=True)  # those of whom no rating is left, from the end
        shared = _Shared()
        for dyad, kept in groupby(self.frame.iter_rows(), key=itemgetter(0)):
            while alone and alone[-1] <= dyad:
                only = alone.pop()
                if only != dyad:
                    yield _dyad_ratings(only, (), refused[only], self.chairs, shared)
            yield _dyad_ratings(dyad, tuple(kept), refused.get(dyad, ()), self.chairs, shared)
        for only in reversed(alone):
            yield _dyad_ratings(only, (), refused[only], self.chairs, shared)


_Kept = tuple[str, int, date | None, str, float | None, int]
_Out = tuple[str, int | None, str, int, str]


class _Shared:
    """Gives equal values as one object: millions of ratings have few different ones."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def __call__(self, value: H) -> H:
        if len(self._known) >= SHARED and value not in self._known:
            return value
        known: H = self._known.setdefault(value, value)
        return known


def _dyad_ratings(
    dyad: str,
    rows: Sequence[_Kept],
    out: Sequence[_Out],
    chairs: tuple[str, ...],
    shared: _Shared,
) -> DyadRatings:
    sessions = sorted({row[1] for row in rows} | {row[1] for row in out if row[1] is not None})
    place = {session: at for at, session in enumerate(sessions)}
    values: dict[str, list[float | None]] = {chair: [None] * len(sessions) for chair in chairs}
    days: list[date | None] = [None] * len(sessions)
    for _, session, day, chair, score, _ in rows:
        values[chair][place[session]] = None if score is None else shared(score)
        days[place[session]] = days[place[session]] or shared(day)
    gaps = range(sessions[0], sessions[-1]) if sessions else range(0)
    return DyadRatings(
        dyad=dyad,
        sessions=shared(tuple(sessions)),
        dates=shared(tuple(days)),
        chairs={chair: tuple(line) for chair, line in values.items()},
        skipped=tuple(session for session in gaps if session not in place),
        left_out=tuple((session, chair, row, code) for _, session, chair, row, code in out),
    )


def ratings(
    table: object,
    *,
    columns: RatingColumns | None = None,
    measure: str | None = None,
    scale_range: tuple[float, float] | None = None,
    lower_is_better: bool | None = None,
) -> Ratings:
    """Read a table as ratings of dyads over sessions.

    Columns that are not named are guessed from their names and contents; every guess is said in
    the result. A row with a mistake is left out and named once, never repaired.

    Parameters
    ----------
    table : attunement.exchange.Table or data frame
        Long (one row per rating, or per session with a column per chair) or wide (one row per
        person, one column per session). Any data frame that narwhals knows.
    columns : RatingColumns, optional
        The columns that the reader names.
    measure : str, optional
        A measure's id: gives range and direction, and lets items be scored. Where the table has
        a column of that name, the column is meant.
    scale_range : (float, float), optional
        The lowest and the highest possible score.
    lower_is_better : bool, optional
        The direction; it is never assumed.

    Returns
    -------
    Ratings
        Missing ratings are rows with a null score: a missing rating is not a zero.

    Raises
    ------
    RatingsError
        Where a column that is needed is not found (E-FRAME-101, 102), the format of the dates
        must be named (106), or nothing usable is left (103); it then carries ``problems``.
    attunement.measures.MeasureError
        Where the measure is not known.
    """
    source = open_source(table)
    del table  # a text table that nobody else holds is not needed any more …
    pa.default_memory_pool().release_unused()  # … and Arrow would keep its room for the next one
    asked = columns or RatingColumns()
    if measure is not None and measure in source.columns and asked.measure is None:
        asked, measure = _measure_or_column(source, asked, measure)
    check_format(asked.date_format)
    known = measures.load(measure) if measure is not None else None
    if known is not None:
        scale_range = check_measure(known, scale_range, lower_is_better=lower_is_better)
    plan = make_plan(source, asked, known)
    source = _with_columns(source, plan)
    scored, found = (
        score_items(source, plan, known) if known is not None and plan.items else (None, [])
    )
    rows = long_rows(source, plan, asked.date_format, scored)
    source = replace(source, frame=pl.DataFrame())
    rows.problems[:0] = found
    known = _one_measure(rows, plan, known)
    scale = scale_of(
        measure=known,
        given=scale_range,
        lower_is_better=lower_is_better,
        scores=rows.usable()["score"],
    )
    check_scores(rows, scale)
    check_twice(rows, plan)
    check_order(rows, plan)
    return _result(source, plan, rows, scale, known)


def _with_columns(source: Source, plan: Plan) -> Source:
    """Return the table with those columns alone that the plan reads."""
    used = {*taken(plan), *(name for name, _, _ in plan.scores), *plan.items.values()}
    return replace(source, frame=source.frame.select(c for c in source.columns if c in used))


def _measure_or_column(
    source: Source, asked: RatingColumns, name: str
) -> tuple[RatingColumns, str | None]:
    """Tell what a name is that could be a measure or a column: names of measures, or scores."""
    if number_share(source, name) < MOSTLY:
        return replace(asked, measure=name), None
    if name in measures.ids(packs=PACKS):
        return replace(asked, score=asked.score or name), name
    raise RatingsError(
        code="E-FRAME-102",
        what=f"--measure names “{name}”, which is a column of numbers: a score, not a measure",
        expected="a measure's id, or a column that names the measure",
        next_step=f"Use --score {name}; 'attunement measures list' shows the measures",
    )


def _one_measure(rows: Rows, plan: Plan, known: Measure | None) -> Measure | None:
    """Keep one measure per perspective, and return the one that gives range and direction."""
    if plan.measure is None:
        return known
    counts = (
        rows.usable()
        .group_by("perspective", "measure", maintain_order=True)
        .len()
        .sort("len", descending=True, maintain_order=True)
    )
    chosen: dict[str, str | None] = {}
    for perspective, name, _ in counts.iter_rows():
        if known is None or name == known.id or known.id not in counts["measure"]:
            chosen.setdefault(perspective, name)
    keep = pl.any_horizontal(
        [
            (pl.col("perspective") == perspective) & pl.col("measure").eq_missing(pl.lit(name))
            for perspective, name in chosen.items()
        ]
    )
    others = rows.frame.filter(~keep & pl.col("fault").is_null())["measure"].unique().to_list()
    rows.frame = rows.frame.filter(keep | pl.col("fault").is_not_null())
    shown = sorted({name for name in chosen.values() if name})
    if others:
        plan.say(
            "Measure",
            f"{_quoted(shown)} shown; not shown: {_quoted(sorted(str(n) for n in others))}",
            "--measure",
            check=True,
        )
    return known or _first_known(shown, plan)


def _first_known(shown: list[str], plan: Plan) -> Measure | None:
    shipped = measures.ids(packs=PACKS)
    found = [measures.load(name.casefold()) for name in shown if name.casefold() in shipped]
    if len({_scale_key(measure) for measure in found}) > 1:
        raise RatingsError(
            code="E-FRAME-107",
            what="the measures in the table are not on one scale",
            got=", ".join(measure.id for measure in found),
            expected="one measure, or a pair with the same range and direction",
            next_step="Choose one with --measure",
        )
    if found:
        names = ", ".join(measure.acronym for measure in found)
        plan.say("Measure", f"Range and direction are those of {names}", "--range", guessed=False)
        return found[0]
    return None


def _scale_key(measure: Measure) -> tuple[object, ...]:
    nothing = pl.Series([], dtype=pl.Float64)
    scale = scale_of(measure=measure, given=None, lower_is_better=None, scores=nothing)
    return scale.minimum, scale.maximum, scale.higher_is_better


def _quoted(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in words) or "none"


def _result(
    source: Source, plan: Plan, rows: Rows, scale: ScoreScale, known: Measure | None
) -> Ratings:
    problems = (*source.problems, *rows.problems)
    usable = rows.usable()
    if not usable["score"].count():
        refused = sum(problem.count for problem in problems if problem.refused)
        mistakes = f"{refused} mistake{'' if refused == 1 else 's'}"
        rows_read = f"{source.rows_read} row{'' if source.rows_read == 1 else 's'}"
        raise RatingsError(
            code="E-FRAME-103",
            what="no rating is left to look at",
            got=f"{rows_read}, {mistakes} and no usable score in “{plan.score_name}”",
            expected="at least one score",
            next_step="Mend the mistakes that are told with this refusal"
            if problems
            else "Choose another column with --score",
            problems=problems,
        )
    plan.say(
        "Scale",
        scale.words(),
        "--range and --lower-is-better or --higher-is-better",
        guessed=scale.source == "observed",
        check=scale.source == "observed" or scale.higher_is_better is None,
    )
    order = list(CHAIRS)
    chairs = sorted(
        usable["perspective"].unique().to_list(), key=lambda c: order.index(c) if c else -1
    )
    names = ["dyad", "session", "date", "perspective", "score", "row"]
    return Ratings(
        frame=usable.select(names).sort("dyad", "session", "perspective"),
        left_out=rows.frame.filter(pl.col("fault").is_not_null()).select(
            "dyad", "session", "perspective", "row", pl.col("fault").alias("code")
        ),
        scale=scale,
        measure=known.id if known is not None else "",
        score_name=plan.score_name,
        chairs=tuple(chairs),
        problems=problems,
        said=tuple(plan.said),
        layout=plan.layout,
        rows_read=source.rows_read,
    )

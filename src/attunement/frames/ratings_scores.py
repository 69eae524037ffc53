# SPDX-License-Identifier: Apache-2.0
"""Choose the score: a column, one per chair, one per session, or a measure's items."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from attunement.frames import ratings_names as names
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_names import Family, families
from attunement.frames.ratings_plan import (
    MOSTLY,
    Plan,
    RatingColumns,
    listed,
    number_share,
    spread_of_names,
    taken,
    unknown,
)
from attunement.frames.ratings_source import Source
from attunement.frames.ratings_strangers import (
    item_columns,
    refuse_strangers_wide,
    without_strangers,
)
from attunement.measures.schema import Measure


def named_pair(source: Source, score: str | None) -> tuple[str, ...]:
    """Return the two columns of ``client_column,therapist_column``, () for anything else."""
    if score is None or score in source.columns or score.count(",") != 1:
        return ()
    return tuple(part.strip() for part in score.split(","))


def wide_scores(
    asked: RatingColumns, plan: Plan, grown: Sequence[Family], measure: Measure | None
) -> None:
    """Choose the family of columns that holds one score per session.

    Parameters
    ----------
    asked : RatingColumns
    plan : Plan
        Changed in place.
    grown : sequence of Family
        Families of number columns.
    measure : Measure or None
        As named: columns that are called like another one are not taken for its scores.

    Raises
    ------
    RatingsError
        E-FRAME-101 where the columns are called like another measure, E-FRAME-102 where the named
        score is none of them.
    """
    wide = sorted((family for family in grown if family.occasions > 1), key=lambda f: -f.occasions)
    fitting = [f for f in wide if asked.score is None or f.answers_to(asked.score)]
    if not fitting:
        raise unknown(asked.score or "", "score", [family.stem for family in wide])
    chosen = fitting[0]
    if measure is not None and asked.score is None:
        refuse_strangers_wide(chosen, measure)
    plan.layout, plan.scores, plan.score_name = "wide", chosen.members, chosen.stem or "score"
    first, last = chosen.members[0][0], chosen.members[-1][0]
    plan.say(
        "Layout",
        f"One row per person, one column per session: “{first}” to “{last}”, "
        f"{chosen.occasions} sessions",
    )
    _say_choice(plan, chosen, wide, named=asked.score is not None)


def _say_choice(plan: Plan, chosen: Family, others: Sequence[Family], *, named: bool) -> None:
    rest = [f"“{f.stem}” ({f.occasions} columns)" for f in others if f is not chosen]
    plan.others += [name for f in others if f is not chosen for name, _, _ in f.members]
    text = f"The columns of “{plan.score_name}” hold the score"
    if rest:
        text += f"; not shown: {', '.join(rest)}"
    several = not named and bool(rest)
    plan.say("Score", text, "--score", guessed=several, check=several)
    if chosen.chairs:
        plan.say("Who rated", "The column names say who rated", "--score", guessed=True)


def long_scores(
    source: Source, asked: RatingColumns, plan: Plan, free: list[str], measure: Measure | None
) -> None:
    """Choose the score of a table with one row per rating or session.

    Parameters
    ----------
    source : Source
    asked : RatingColumns
    plan : Plan
        Changed in place.
    free : list of str
        Columns of numbers that have no other part to play.
    measure : Measure or None
        Whose items are looked for.

    Raises
    ------
    RatingsError
        E-FRAME-101 where no session or no score is found, E-FRAME-102 where the named score is
        not there.
    """
    plan.layout = "long"
    plan.say("Layout", "One row per rating or per session")
    if plan.session is None and plan.date is None:
        raise RatingsError(
            code="E-FRAME-101",
            what="neither a session number nor a date was found",
            got=listed(source.columns),
            expected="a column such as session_no, session, time or date, or one column per "
            "session such as bdi_s1, bdi_s2",
            next_step="Name it with --session or --date",
        )
    _refuse_answers(source, plan)
    pairs = [
        family
        for family in families(source.columns)
        if len(family.chairs) > 1
        and not family.occasions
        and not plan.perspective
        and {name for name, _, _ in family.members} <= set(free)
    ]
    if asked.score is not None:
        _named_score(source, asked.score, plan, pairs)
        return
    if measure is not None:
        items = item_columns(source.columns, measure)
        if items:
            plan.items, plan.score_name = items, measure.acronym
            columns = list(items.values())
            plan.say(
                "Score",
                f"The {len(items)} items of {measure.acronym} are scored: "
                f"{spread_of_names(columns)}",
                "--score",
            )
            return
        pairs, free = without_strangers(source, plan, pairs, free, measure)
    _first_score(source, plan, pairs, free)


def _refuse_answers(source: Source, plan: Plan) -> None:
    """Refuse a table with one row per answer: it has to be scored before it is looked at."""
    item = names.first_named(source.columns, names.ITEM)
    keys = [key for key in (plan.dyad, plan.session, plan.date, plan.perspective) if key]
    if item is None or plan.measure == item:
        return
    repeated = source.frame.select(pl.struct(keys).is_duplicated().mean()).item()
    if repeated > MOSTLY and source.frame[item].n_unique() > 1:
        raise RatingsError(
            code="E-FRAME-108",
            what=f"the table has one row per answer: “{item}” names the item",
            expected="one row per rating, or per session",
            next_step="Score it first with 'attunement score FILE --measure ID'",
        )


def _named_score(source: Source, score: str, plan: Plan, pairs: Sequence[Family]) -> None:
    pair = next((family for family in pairs if family.answers_to(score)), None)
    two = named_pair(source, score)
    if two:
        _two_columns(source, two, plan)
        return
    if score in source.columns:
        plan.scores, plan.score_name = ((score, None, ""),), score
    elif pair is not None:
        plan.scores, plan.score_name = pair.members, pair.stem or "score"
    else:
        raise unknown(score, "score", [*source.columns, *(family.stem for family in pairs)])
    plan.say("Score", f"“{plan.score_name}” holds the score", "--score", guessed=False)


def _two_columns(source: Source, two: Sequence[str], plan: Plan) -> None:
    """Take one column as the client's score and another as the therapist's."""
    for name in two:
        if name not in source.columns:
            raise unknown(name, "score", source.columns)
    if plan.perspective is not None or two[0] == two[1]:
        raise RatingsError(
            code="E-FRAME-102",
            what="--score names a column for each chair",
            got="the same column twice"
            if two[0] == two[1]
            else f"a column “{plan.perspective}” that says who rated, beside it",
            expected="one row per session, with the client's and the therapist's score",
            next_step="Name one column with --score",
        )
    plan.scores = ((two[0], None, "client"), (two[1], None, "therapist"))
    plan.score_name = " and ".join(two)
    plan.say(
        "Score",
        f"“{two[0]}” holds the client's score, “{two[1]}” the therapist's",
        "--score",
        guessed=False,
    )


def _first_score(source: Source, plan: Plan, pairs: Sequence[Family], free: list[str]) -> None:
    """Take the first score that fits, and say which others there were."""
    named = [column for column in source.columns if number_share(source, column) > 0]
    usual = names.first_named([c for c in named if c not in taken(plan)], names.SCORE)
    moving = [usual] if usual else [column for column in free if _moves(source, plan, column)]
    singles = [c for c in moving if not any(c == name for f in pairs for name, _, _ in f.members)]
    options = [f.stem or "score" for f in pairs] + singles
    if not options:
        raise RatingsError(
            code="E-FRAME-101",
            what="no column looks like a score",
            got=listed(source.columns),
            expected="a column of numbers that changes from session to session",
            next_step="Name it with --score",
        )
    plan.score_name = options[0]
    if pairs:
        plan.scores = pairs[0].members
        plan.say(
            "Who rated",
            "The column names say who rated: "
            + " and ".join(f"“{name}” ({chair})" for name, _, chair in plan.scores),
            "--score",
        )
    else:
        plan.scores = ((options[0], None, ""),)
    text = f"“{options[0]}” holds the score"
    if len(options) > 1:
        others = ", ".join(f"“{option}”" for option in options[1:])
        text += f": the first of {len(options)} columns that could. Not shown: {others}"
        plan.others += [name for family in pairs[1:] for name, _, _ in family.members]
        plan.others += [name for name in singles if name != options[0]]
    plan.say("Score", text, "--score", check=len(options) > 1)


def _moves(source: Source, plan: Plan, column: str) -> bool:
    """Whether a column changes within people: an age or a code does not."""
    spread = source.frame.group_by(plan.dyad).agg(pl.col(column).drop_nulls().n_unique())
    return bool((spread[column] > 1).any())

# SPDX-License-Identifier: Apache-2.0
"""Decide which columns are what; everything that was guessed is said, with how to say otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from attunement.frames import ratings_names as names
from attunement.frames.ratings_cells import perspectives, sessions
from attunement.frames.ratings_dates import dates
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_names import Family, families
from attunement.frames.ratings_plan import (
    MOSTLY,
    SAMPLE,
    Plan,
    RatingColumns,
    listed,
    number_share,
    taken,
    unknown,
)
from attunement.frames.ratings_scores import long_scores, named_pair, wide_scores
from attunement.frames.ratings_source import Source
from attunement.measures.schema import Measure


def make_plan(source: Source, asked: RatingColumns, measure: Measure | None) -> Plan:
    """Return which columns are what.

    Parameters
    ----------
    source : Source
        The table.
    asked : RatingColumns
        What the reader named.
    measure : Measure or None
        The measure, where it is known: its items are looked for.

    Returns
    -------
    Plan
        With everything that was guessed in words.

    Raises
    ------
    RatingsError
        E-FRAME-101 where a column is needed and nothing fits, E-FRAME-102 where a named column is
        not there.
    """
    plan = Plan()
    _check_named(source, asked)
    _people(source, asked, plan)
    _who_and_what(source, asked, plan)
    _when(source, asked, plan)
    free = _free_numbers(source, plan)
    grown = tuple(family for family in families(source.columns) if _numeric(source, family))
    pair = named_pair(source, asked.score)
    if plan.session is None and not pair and _is_wide(source, plan, grown):
        wide_scores(asked, plan, grown, measure)
    else:
        long_scores(source, asked, plan, free, measure)
    _say_unused(source, plan)
    if not plan.perspective and not any(chair for _, _, chair in plan.scores) and not plan.chair:
        plan.say(
            "Who rated",
            "No column says who rated; each person has one line, and nothing can be said about "
            "the other chair",
            "--perspective",
        )
    return plan


def _check_named(source: Source, asked: RatingColumns) -> None:
    for option in ("dyad", "session", "date", "measure"):
        name = getattr(asked, option)
        if name is not None and name not in source.columns:
            raise unknown(name, option, source.columns)
    who = asked.perspective
    if who is None or who in source.columns:
        return
    if who.casefold() not in names.WORDS:
        raise unknown(who, "perspective", [*source.columns, *names.CHAIRS])
    found = names.first_named(source.columns, names.PERSPECTIVE)
    if found is not None and _speaks_of_chairs(source.frame[found]):
        chairs, _ = perspectives(source.frame[found])
        if set(chairs.drop_nulls().unique()) != {names.WORDS[who.casefold()]}:
            raise RatingsError(
                code="E-FRAME-102",
                what=f"--perspective names one chair for every row, but column “{found}” says who "
                "rated",
                got=f"“{who}”, a value and not a column",
                expected=f"the column: --perspective {found}",
                next_step="Leave --perspective away, or keep the rows of one chair in a file of "
                "their own",
            )


def _people(source: Source, asked: RatingColumns, plan: Plan) -> None:
    found = asked.dyad or names.first_named(source.columns, names.DYAD)
    if found is None:
        raise RatingsError(
            code="E-FRAME-101",
            what="no column names the dyad (the person or the pair)",
            got=listed(source.columns),
            expected="a column such as dyad_id, client_id, patient or id",
            next_step="Name it with --dyad",
        )
    plan.dyad = found
    plan.say("Dyad", f"Column “{found}” names the person or pair", "--dyad", guessed=not asked.dyad)
    therapist = names.first_named(source.columns, names.THERAPIST_ID)
    if therapist is None or asked.dyad or names.plain(found).startswith("dyad"):
        return
    pairs = source.frame.group_by(found).agg(pl.col(therapist).drop_nulls().n_unique())
    if (pairs[therapist] > 1).any():
        plan.therapist = therapist
        plan.say(
            "Dyad",
            f"Some people have more than one “{therapist}”; each pair is a dyad of its own",
            "--dyad",
            check=True,
        )


def _who_and_what(source: Source, asked: RatingColumns, plan: Plan) -> None:
    who = asked.perspective
    if who is not None and who not in source.columns:
        plan.chair = names.WORDS[who.casefold()]
        plan.say(
            "Who rated", f"Every rating is by the {plan.chair}", "--perspective", guessed=False
        )
    else:
        found = who or names.first_named(source.columns, names.PERSPECTIVE)
        if found is not None and (who or _speaks_of_chairs(source.frame[found])):
            plan.perspective = found
            plan.say(
                "Who rated", f"Column “{found}” says who rated", "--perspective", guessed=not who
            )
    found = asked.measure or names.first_named(source.columns, names.MEASURE)
    if found is not None and (asked.measure or number_share(source, found) < MOSTLY):
        plan.measure = found
        plan.say(
            "Measure",
            f"Column “{found}” names the measure",
            "--measure",
            guessed=not asked.measure,
        )


def _speaks_of_chairs(column: pl.Series) -> bool:
    if column.dtype != pl.String:
        return False
    words = column.head(SAMPLE).drop_nulls().str.strip_chars().str.to_lowercase()
    return len(words) > 0 and words.is_in(list(names.WORDS)).sum() >= MOSTLY * len(words)


def _when(source: Source, asked: RatingColumns, plan: Plan) -> None:
    taken = {plan.dyad, plan.therapist, plan.perspective, plan.measure}
    left = [column for column in source.columns if column not in taken]
    plan.date = asked.date or next(
        (
            column
            for word in names.DATE
            if (column := names.first_named(left, (word,)))
            and _speaks_of_days(source.frame[column])
        ),
        None,
    )
    left = [column for column in left if column != plan.date]
    plan.session = asked.session
    for word in names.SESSION if plan.session is None else ():
        column = names.first_named(left, (word,))
        if column is not None:
            _, faults, _ = sessions(source.frame[column].head(SAMPLE).drop_nulls())
            if len(faults) and faults.sum() <= (1 - MOSTLY) * len(faults):
                plan.session = column
                break
    if plan.session is not None:
        plan.say(
            "Session",
            f"Column “{plan.session}” numbers the sessions",
            "--session",
            guessed=not asked.session,
        )
    if plan.date is not None:
        plan.say("Date", f"Column “{plan.date}” dates them", "--date", guessed=not asked.date)


def _speaks_of_days(column: pl.Series) -> bool:
    filled = column.head(SAMPLE).drop_nulls()
    _, faults, _ = dates(filled, None)
    return len(filled) > 0 and (faults == "unreadable").sum() <= (1 - MOSTLY) * len(filled)


def _say_unused(source: Source, plan: Plan) -> None:
    """Say once which columns play no part."""
    used = taken(plan) | {name for name, _, _ in plan.scores} | set(plan.items.values())
    used |= set(plan.others)
    left = [column for column in source.columns if column not in used]
    if left:
        plan.say("Columns", f"Not used: {listed(left)}", guessed=False)


def _free_numbers(source: Source, plan: Plan) -> list[str]:
    """Return the columns of numbers that have no other part to play, in the table's order."""
    played = taken(plan)
    return [
        column
        for column in source.columns
        if column not in played
        and names.plain(column) not in names.ASIDE
        and not column.startswith("(column ")
        and not names.plain(column).endswith("_id")
        and number_share(source, column) >= MOSTLY
    ]


def _numeric(source: Source, family: Family) -> bool:
    shares = [number_share(source, name) for name, _, _ in family.members]
    return sum(shares) >= MOSTLY * sum(
        source.frame[name].count() > 0 for name, _, _ in family.members
    )


def _is_wide(source: Source, plan: Plan, grown: Sequence[Family]) -> bool:
    if not any(family.occasions > 1 for family in grown):
        return False
    keys = [key for key in (plan.dyad, plan.therapist, plan.perspective, plan.measure) if key]
    repeated = source.frame.select(pl.struct(keys).is_duplicated().sum()).item()
    return bool(repeated <= (1 - MOSTLY) * source.frame.height)

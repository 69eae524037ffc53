# SPDX-License-Identifier: Apache-2.0
"""Decide which columns are what; everything that was guessed is said, with how to say otherwise."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from attunement.errors import Problem
from attunement.frames import ratings_names as names
from attunement.frames.ratings_cells import dates, numbers, sessions, uses_decimal_comma
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_names import Family, families
from attunement.frames.ratings_source import Source
from attunement.measures.schema import Measure

SAMPLE = 5_000
MOSTLY = 0.5  # a column is what at least half of its filled cells are: the others are mistakes
SHOWN = 8


@dataclass(frozen=True, slots=True)
class RatingColumns:
    """Which columns are what; None where it is to be told from the table.

    Attributes
    ----------
    dyad, session, date, score, measure : str, optional
        Column names. ``score`` may also name a family: ``bdi`` for ``bdi_s0 … bdi_s12`` or for
        ``bdi_client`` and ``bdi_therapist``.
    perspective : str, optional
        A column, or, where no column says who rated, one of client, therapist, observer,
        caregiver.
    date_format : str, optional
        Such as ``DD/MM/YYYY``; needed where the order of day and month cannot be told.
    """

    dyad: str | None = None
    session: str | None = None
    date: str | None = None
    perspective: str | None = None
    score: str | None = None
    measure: str | None = None
    date_format: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One thing about how a table was read: in words, whether guessed, and how to change it.

    ``check`` marks what a reader should look at first, because the picture would be another one.
    """

    topic: str
    text: str
    guessed: bool
    option: str = ""
    check: bool = False


@dataclass(slots=True)
class Plan:
    """Which columns are what, decided."""

    layout: str = "long"  # "long" | "wide"
    dyad: str = ""
    therapist: str | None = None
    session: str | None = None
    date: str | None = None
    perspective: str | None = None
    chair: str = ""  # the perspective of every row, where no column says it
    measure: str | None = None
    scores: tuple[tuple[str, int | None, str], ...] = ()
    score_name: str = ""
    items: dict[str, str] = field(default_factory=dict)  # item id -> column
    said: list[Said] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)

    def say(
        self, topic: str, text: str, option: str = "", *, guessed: bool = True, check: bool = False
    ) -> None:
        """Remember how something was decided."""
        self.said.append(Said(topic, text, guessed, option, check))


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
    if plan.session is None and _is_wide(source, plan, grown):
        _wide_scores(asked, plan, grown)
    else:
        _long_scores(source, asked, plan, free, measure)
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
            raise _unknown(name, option, source.columns)
    who = asked.perspective
    if who is not None and who not in source.columns and who.casefold() not in names.WORDS:
        raise _unknown(who, "perspective", [*source.columns, *names.CHAIRS])


def _unknown(name: str, option: str, known: Sequence[str]) -> RatingsError:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    near = ", ".join(f"“{word}”" for word in close)
    return RatingsError(
        code="E-FRAME-102",
        what=f"--{option} names “{name}”, which is not a column",
        expected=f"perhaps {near}" if near else f"one of {_listed(known)}",
        next_step="Check the spelling; upper and lower case count",
    )


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(f"“{column}”" for column in columns[:SHOWN])
    more = len(columns) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _people(source: Source, asked: RatingColumns, plan: Plan) -> None:
    found = asked.dyad or names.first_named(source.columns, names.DYAD)
    if found is None:
        raise RatingsError(
            code="E-FRAME-101",
            what="no column names the dyad (the person or the pair)",
            got=_listed(source.columns),
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
    if found is not None and (asked.measure or _number_share(source, found) < MOSTLY):
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


def _number_share(source: Source, column: str) -> float:
    """Return the share of a column's filled cells (of the first 5,000) that are numbers."""
    filled = source.frame[column].head(SAMPLE).drop_nulls()
    if not len(filled):
        return 0.0
    values, _ = numbers(filled, comma=uses_decimal_comma(filled, source.decimal))
    return values.count() / len(filled)


def _taken(plan: Plan) -> set[str | None]:
    return {plan.dyad, plan.therapist, plan.perspective, plan.measure, plan.session, plan.date}


def _free_numbers(source: Source, plan: Plan) -> list[str]:
    """Return the columns of numbers that have no other part to play, in the table's order."""
    taken = _taken(plan)
    return [
        column
        for column in source.columns
        if column not in taken
        and names.plain(column) not in names.ASIDE
        and not column.startswith("(column ")
        and not names.plain(column).endswith("_id")
        and _number_share(source, column) >= MOSTLY
    ]


def _numeric(source: Source, family: Family) -> bool:
    shares = [_number_share(source, name) for name, _, _ in family.members]
    return sum(shares) >= MOSTLY * sum(
        source.frame[name].count() > 0 for name, _, _ in family.members
    )


def _is_wide(source: Source, plan: Plan, grown: Sequence[Family]) -> bool:
    if not any(family.occasions > 1 for family in grown):
        return False
    keys = [key for key in (plan.dyad, plan.therapist, plan.perspective, plan.measure) if key]
    repeated = source.frame.select(pl.struct(keys).is_duplicated().sum()).item()
    return bool(repeated <= (1 - MOSTLY) * source.frame.height)


def _wide_scores(asked: RatingColumns, plan: Plan, grown: Sequence[Family]) -> None:
    wide = sorted((family for family in grown if family.occasions > 1), key=lambda f: -f.occasions)
    fitting = [f for f in wide if asked.score is None or f.answers_to(asked.score)]
    if not fitting:
        raise _unknown(asked.score or "", "score", [family.stem for family in wide])
    chosen = fitting[0]
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
    text = f"“{plan.score_name}” is the score"
    if rest:
        text += f"; not shown: {', '.join(rest)}"
    several = not named and bool(rest)
    plan.say("Score", text, "--score", guessed=several, check=several)
    if chosen.chairs:
        plan.say("Who rated", "The column names say who rated", "--score", guessed=True)


def _long_scores(
    source: Source, asked: RatingColumns, plan: Plan, free: list[str], measure: Measure | None
) -> None:
    plan.layout = "long"
    plan.say("Layout", "One row per rating or per session")
    if plan.session is None and plan.date is None:
        raise RatingsError(
            code="E-FRAME-101",
            what="neither a session number nor a date was found",
            got=_listed(source.columns),
            expected="a column such as session_no, session, time or date, or one column per "
            "session such as bdi_s1, bdi_s2",
            next_step="Name it with --session or --date",
        )
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
    if measure is not None and asked.score is None:
        items = _item_columns(source.columns, measure)
        if items:
            plan.items, plan.score_name = items, measure.acronym
            listed = list(items.values())
            plan.say(
                "Score",
                f"The {len(items)} items of {measure.acronym} are scored: “{listed[0]}” to "
                f"“{listed[-1]}”",
                "--score",
            )
            return
    _first_score(source, plan, pairs, free)


def _named_score(source: Source, score: str, plan: Plan, pairs: Sequence[Family]) -> None:
    pair = next((family for family in pairs if family.answers_to(score)), None)
    if score in source.columns:
        plan.scores, plan.score_name = ((score, None, ""),), score
    elif pair is not None:
        plan.scores, plan.score_name = pair.members, pair.stem or "score"
    else:
        raise _unknown(score, "score", [*source.columns, *(family.stem for family in pairs)])
    plan.say("Score", f"“{plan.score_name}” is the score", "--score", guessed=False)


def _item_columns(columns: Sequence[str], measure: Measure) -> dict[str, str]:
    """Return item id -> column where one stem and every scored item's id make up column names."""
    scored = {item for scale in measure.scales for item in scale.items}
    wanted = [item.id for item in measure.items if item.id in scored]
    every = [item.id for item in measure.items if item.kind != "text"]
    folded = {column.casefold(): column for column in columns}
    for column in folded:
        if not wanted or not column.endswith(wanted[0].casefold()):
            continue
        stem = column.removesuffix(wanted[0].casefold())
        there = {item: folded.get(stem + item.casefold()) for item in every}
        if all(there[item] is not None for item in wanted):
            return {item: name for item, name in there.items() if name is not None}
    return {}


def _first_score(source: Source, plan: Plan, pairs: Sequence[Family], free: list[str]) -> None:
    """Take the first score that fits, and say which others there were."""
    named = [column for column in source.columns if _number_share(source, column) > 0]
    usual = names.first_named([c for c in named if c not in _taken(plan)], names.SCORE)
    moving = [usual] if usual else [column for column in free if _moves(source, plan, column)]
    singles = [c for c in moving if not any(c == name for f in pairs for name, _, _ in f.members)]
    options = [f.stem or "score" for f in pairs] + singles
    if not options:
        raise RatingsError(
            code="E-FRAME-101",
            what="no column looks like a score",
            got=_listed(source.columns),
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
    text = f"“{options[0]}” is the score"
    if len(options) > 1:
        others = ", ".join(f"“{option}”" for option in options[1:])
        text += f": the first of {len(options)} columns that could be. Not shown: {others}"
    plan.say("Score", text, "--score", check=len(options) > 1)


def _moves(source: Source, plan: Plan, column: str) -> bool:
    """Whether a column changes within people: an age or a code does not."""
    spread = source.frame.group_by(plan.dyad).agg(pl.col(column).drop_nulls().n_unique())
    return bool((spread[column] > 1).any())

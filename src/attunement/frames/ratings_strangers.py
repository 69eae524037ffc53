# SPDX-License-Identifier: Apache-2.0
"""The items of a named measure, and columns that are called like items but are not its own."""

from __future__ import annotations

from collections.abc import Sequence

from attunement import measures
from attunement.frames import ratings_names as names
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_names import Family, families
from attunement.frames.ratings_plan import Plan, number_share, spread_of_names, taken
from attunement.frames.ratings_source import Source
from attunement.measures.schema import Measure

FEWEST = 3  # columns that differ in a number alone and so look like items
_TOTALS = ("", "total", "score", "sum", "sumscore", "totalscore")


def item_columns(columns: Sequence[str], measure: Measure) -> dict[str, str]:
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


def refuse_strangers_wide(chosen: Family, measure: Measure) -> None:
    """Refuse columns for sessions that are called like another measure, or like items.

    Raises
    ------
    RatingsError
        E-FRAME-101, with a question.
    """
    columns = [name for name, _, _ in chosen.members]
    stem = _squeezed(chosen.stem)
    if stem in _own_names(measure) and len(item_columns(columns, measure)) == len(columns):
        raise RatingsError(
            code="E-FRAME-101",
            what=f"{spread_of_names(columns)} are called like the items of {measure.acronym}, and "
            "neither a session number nor a date was found",
            expected="a column such as session_no, session, time or date",
            next_step="Name it with --session or --date; or, where each column is a session of "
            f"its own, say so with --score {chosen.stem}",
        )
    other = _other_measure(stem, measure)
    if other:
        raise _which(measure, [columns], [other])


def without_strangers(
    source: Source, plan: Plan, pairs: Sequence[Family], free: list[str], measure: Measure
) -> tuple[list[Family], list[str]]:
    """Return the pairs and columns that may hold a measure's score, numbered columns left out.

    Several columns that differ in a number alone look like items. Where they are not the
    measure's items, none of them is its score: only a column that is plainly named is taken,
    and that is said first.

    Raises
    ------
    RatingsError
        E-FRAME-101, with a question, where no column is plainly named.
    """
    numbered = [
        [name for name, _, _ in family.members]
        for family in families(source.columns)
        if family.occasions >= FEWEST and {name for name, _, _ in family.members} <= set(free)
    ]
    if not numbered:
        return list(pairs), free
    strangers = {name for group in numbered for name in group}
    own = _own_names(measure)
    plain_pairs = [f for f in pairs if f.stem in names.SCORE or _squeezed(f.stem) in own]
    left = [
        column
        for column in source.columns
        if column not in taken(plan) | strangers and number_share(source, column) > 0
    ]
    usual = names.first_named(left, names.SCORE)
    called = [column for column in left if column == usual or _squeezed(column) in own]
    called = called or [column for column in left if _is_total(column, measure)]
    if not plain_pairs and len(called) != 1:
        stems = [_squeezed(names.families(group)[0].stem) for group in numbered]
        raise _which(measure, numbered, [_other_measure(stem, measure) for stem in stems])
    plan.others += [name for group in numbered for name in group]
    plan.say(
        "Items",
        f"{' and '.join(spread_of_names(group) for group in numbered)} look like items, but are "
        f"not all those of {measure.acronym}; they are not used, and "
        f"{f'“{called[0]}”' if not plain_pairs else 'the pair that is named like a score'} is read "
        f"as the score of {measure.acronym}",
        "--measure or --score",
        check=True,
    )
    return plain_pairs, [] if plain_pairs else called


def _which(
    measure: Measure, numbered: Sequence[Sequence[str]], others: Sequence[str]
) -> RatingsError:
    """Return the question which measure, or which column, is meant."""
    known = list(dict.fromkeys(other for other in others if other))
    perhaps = f"; they are called like {' and '.join(known)}" if known else ""
    groups = " and ".join(spread_of_names(group) for group in numbered)
    return RatingsError(
        code="E-FRAME-101",
        what=f"no column can be taken for the score of {measure.acronym} without asking",
        got=f"{groups}, which look like items but are not all the items of "
        f"{measure.acronym}{perhaps}",
        expected=f"the items of {measure.acronym}, or a column such as score or "
        f"{measure.id.replace('-', '_')}",
        next_step=f"Is it {known[0]}? Then use --measure {known[0]}. Otherwise name the column of "
        "the score with --score"
        if known
        else "Name the measure whose items they are with --measure, or the column of the score "
        "with --score",
    )


def _squeezed(name: str) -> str:
    return names.plain(name).replace("_", "")


def _own_names(measure: Measure) -> set[str]:
    """Return what a column of the measure's score may be called, without breaks."""
    named = {measure.id, measure.acronym, measure.id.removesuffix("-c").removesuffix("-t")}
    return {_squeezed(called) + total for called in named for total in _TOTALS}


def _is_total(column: str, measure: Measure) -> bool:
    """Whether a column is called a total or score, and not that of another measure."""
    stem, _, last = names.plain(column).rpartition("_")
    return last in _TOTALS and bool(stem) and not _other_measure(_squeezed(stem), measure)


def _other_measure(stem: str, measure: Measure) -> str:
    """Return the id of another measure that a squeezed stem is called like, "" if there is none."""
    shipped = measures.ids(packs=("core", "own", "nc", "structure"))
    return next((one for one in shipped if _squeezed(one) == stem and one != measure.id), "")

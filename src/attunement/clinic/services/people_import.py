# SPDX-License-Identifier: Apache-2.0
"""Bringing in the people that a practice already has, from a table: all rows or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from django.db import IntegrityError, transaction
from django.utils import timezone

from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Practice, Therapist
from attunement.clinic.services.audit import record
from attunement.clinic.services.people import OPERATOR
from attunement.clinic.services.people_file import CODE, DAY, LOGIN, YEAR, PeopleFile, read_people
from attunement.clinic.services.people_store import Compared, Row, compare
from attunement.errors import Problem
from attunement.exchange import Table

ACTION = "people.import"
BATCH = 1000  # rows looked up, and written, at a time


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or with ``written=False`` would do."""

    name: str
    written: bool
    rows: int  # below the header, empty ones aside
    clients: int  # new ones, as are the next two
    dyads: int
    care_episodes: int
    birth_years: int  # filled in for clients who had none
    known: int  # rows that added no dyad and no care episode
    left_out: int
    problems: tuple[Problem, ...]


class PeopleRefusedError(ClinicError):
    """A file of people of which nothing was imported; ``problems`` says where and why."""

    def __init__(self, people: PeopleFile, *, partial: bool, left_out: int) -> None:
        some = "the row" if people.rows_read == 1 else f"{left_out} of {people.rows_read} rows"
        super().__init__(
            "E-CLINIC-101",
            what=f"“{people.name}” was not imported; nothing was changed",
            got=f"mistakes in {some}",
            expected="rows without mistakes" if not partial else "at least one row without",
            next_step="Mend the places named above"
            + ("" if partial else ", or import the other rows with --partial"),
        )
        self.problems = tuple(people.problems)


def import_people(
    table: Table,
    *,
    practice: Practice,
    now: datetime,
    check: bool = False,
    partial: bool = False,
    began_on: date | None = None,
    date_format: str | None = None,
) -> Imported:
    """Add the clients, dyads and care episodes that a table names and the store lacks.

    One transaction. Rows that are in the store already add nothing, so that a file can be
    imported again. Clients and therapists are looked for in ``practice`` alone: a therapist of
    another practice is as unknown as one who never was, and a client's code there stands in
    nobody's way here.

    Parameters
    ----------
    table : attunement.exchange.Table
        See ``read_people``.
    practice : Practice
        Whose people they are.
    now : datetime
        Aware.
    check : bool
        Whether only to say what would happen: nothing is written, not even to the audit log.
    partial : bool
        Whether to import the rows without mistakes when others have some.
    began_on : date, optional
        The first day of care where a row has none.
    date_format : str, optional
        How ``began_on`` is written in the file.

    Returns
    -------
    Imported
        With the problems of the rows left out, and the table's remarks.

    Raises
    ------
    PeopleRefusedError
        E-CLINIC-101 where a row has a mistake (with ``partial``: where every row has one). The
        store stays as it was, but for one entry in the audit log.
    ClinicError
        E-CLINIC-102 or E-CLINIC-104 where the file as a whole cannot be used.
    """
    try:
        people = read_people(
            table, today=timezone.localdate(now), began_on=began_on, date_format=date_format
        )
        with transaction.atomic():
            # Two imports at once wait for each other here.
            Practice.objects.select_for_update().get(pk=practice.pk)
            return _import(people, practice, began_on, now=now, check=check, partial=partial)
    except ClinicError as refusal:
        if not check:
            _record_refusal(practice, refusal, now=now, rows=table.rows_read)
        raise
    except IntegrityError:
        raise ClinicError(
            "E-CLINIC-101",
            what=f"“{table.name}” was not imported; nothing was changed",
            got="a client whom somebody else added in the same moment",
            next_step="Run the command again",
        ) from None


def _import(
    people: PeopleFile,
    practice: Practice,
    began_on: date | None,
    *,
    now: datetime,
    check: bool,
    partial: bool,
) -> Imported:
    therapists = _therapists(people, practice)
    found = Compared()
    for rows in _batches(people, began_on):
        found.add(compare(rows, practice=practice, therapists=therapists, write=False))
    _tell(people, found)
    left_out = people.rows_read - found.used
    refused = any(problem.refused for problem in people.problems)
    if refused and (not partial or not found.used):
        raise PeopleRefusedError(people, partial=partial, left_out=left_out)
    if not check:
        for rows in _batches(people, began_on):
            compare(rows, practice=practice, therapists=therapists, write=True)
        record(
            actor=OPERATOR,
            action=ACTION,
            outcome="done",
            now=now,
            target=f"practice:{practice.pk}",
            detail={
                "n_rows": people.rows_read,
                "n_clients": found.clients,
                "n_dyads": found.dyads,
                "n_care_episodes": found.care_episodes,
                "n_birth_years": found.birth_years,
                "n_left_out": left_out,
            },
        )
    return Imported(
        name=people.name,
        written=not check,
        rows=people.rows_read,
        clients=found.clients,
        dyads=found.dyads,
        care_episodes=found.care_episodes,
        birth_years=found.birth_years,
        known=found.known,
        left_out=left_out,
        problems=tuple(people.problems),
    )


def _therapists(people: PeopleFile, practice: Practice) -> dict[str, str]:
    """Return this practice's therapists by lower-case login; refuse rows with any other."""
    found = Therapist.objects.filter(practice=practice, login__practice=practice).values_list(
        "login__username", "pk"
    )
    names = pl.Series([username for username, _ in found], dtype=pl.String).str.to_lowercase()
    known = dict(zip(names.to_list(), [pk for _, pk in found], strict=True))
    people.refuse(
        people.frame[LOGIN].is_not_null() & ~people.frame[LOGIN].is_in(list(known)),
        "E-CLINIC-105",
        LOGIN,
        what="Unknown id: this practice has no therapist with that login",
        next_step="Correct it, or add the login first: attunement serve add-login",
    )
    return known


def _batches(people: PeopleFile, began_on: date | None) -> Iterator[list[Row]]:
    """Yield the rows that are in use, all of a client's rows in one batch and together."""
    kept = (
        people.frame.filter(~people.refused)
        .with_columns(pl.coalesce(DAY, pl.lit(began_on, dtype=pl.Date)).alias("begins"))
        .select("row", CODE, LOGIN, YEAR, DAY, "begins")
        .sort(CODE, "row")
    )
    start = 0
    while start < kept.height:
        batch = kept.slice(start, BATCH)
        last = batch[CODE][-1]
        more = kept.slice(start + BATCH)  # a view: the rest of the last client's rows
        end = start + BATCH + (more[CODE].search_sorted(last, side="right") if more.height else 0)
        yield [Row(*row) for row in kept.slice(start, end - start).rows()]
        start = end


def _tell(people: PeopleFile, found: Compared) -> None:
    row = people.frame["row"]
    people.refuse(
        row.is_in(found.other_year),
        "E-CLINIC-106",
        YEAR,
        what="The client's birth year differs from the one in the store",
        next_step="Correct it, or give the two people two codes",
        also=row.is_in(found.untold),
    )
    people.refuse(
        row.is_in(found.other_day),
        "E-CLINIC-106",
        DAY,
        what="The care episode of this client and therapist began on another day in the store",
        next_step="Correct it, or leave the row away",
    )


def _record_refusal(practice: Practice, refusal: ClinicError, *, now: datetime, rows: int) -> None:
    with transaction.atomic():
        record(
            actor=OPERATOR,
            action=ACTION,
            outcome="refused",
            now=now,
            target=f"practice:{practice.pk}",
            detail={"why": refusal.code, "n_rows": rows},
        )

# SPDX-License-Identifier: Apache-2.0
"""Some clients of a file beside what the store holds of them: what is new, what contradicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from attunement.clinic.models import CareEpisode, Client, Dyad, Practice
from attunement.clinic.services.sealing import make_keys


class Row(NamedTuple):
    """One row of the file that can be used."""

    row: int
    code: str
    login: str
    year: int | None
    said: date | None  # the first day of care as the file has it
    begins: date  # the same, or the day given for rows without one


@dataclass(slots=True)
class Compared:
    """What a batch comes to: how much is new, which rows contradict the store."""

    clients: int = 0
    dyads: int = 0
    care_episodes: int = 0
    birth_years: int = 0  # of clients who are there and had none
    known: int = 0  # rows that add no dyad and no care episode
    used: int = 0
    other_year: list[int] = field(default_factory=list)  # row numbers, as in the next two
    other_day: list[int] = field(default_factory=list)
    untold: list[int] = field(default_factory=list)  # every row of a client in ``other_year``

    def add(self, other: Compared) -> None:
        """Add another batch to this one."""
        for part in fields(self):
            setattr(self, part.name, getattr(self, part.name) + getattr(other, part.name))


def compare(
    rows: Iterable[Row], *, practice: Practice, therapists: Mapping[str, str], write: bool
) -> Compared:
    """Compare rows with the store; three queries, whatever their number.

    Parameters
    ----------
    rows : iterable of Row
        All rows of some clients, those of one client together, without contradictions.
    practice : Practice
        The only practice that is looked at.
    therapists : mapping
        From a lower-case login to the therapist's id.
    write : bool
        Whether to add what is new, inside the caller's transaction.
    """
    batch = list(rows)
    beside = _Comparison(practice, therapists, {row.code for row in batch})
    for _, own in groupby(batch, key=attrgetter("code")):
        beside.client(list(own), write=write)
    if write:
        beside.save()
    return beside.found


class _Comparison:
    """What the store holds of some clients of one practice, and what rows add to it."""

    def __init__(
        self, practice: Practice, therapists: Mapping[str, str], codes: Collection[str]
    ) -> None:
        self.found = Compared()
        self._practice, self._therapists = practice, therapists
        clients = Client.objects.filter(practice=practice, code__in=codes)
        self._there = {client.code: client for client in clients}
        pks = [client.pk for client in self._there.values()]
        dyads = Dyad.objects.filter(client__in=pks).values_list("client_id", "therapist_id", "pk")
        self._dyads = {(client, therapist): pk for client, therapist, pk in dyads}
        self._began: dict[str, set[date]] = {}
        episodes = CareEpisode.objects.filter(dyad__client__in=pks)
        for dyad, day in episodes.values_list("dyad_id", "began_on"):
            self._began.setdefault(dyad, set()).add(day)
        self._new_clients: list[Client] = []
        self._new_dyads: list[Dyad] = []
        self._new_episodes: list[CareEpisode] = []
        self._filled_in: list[Client] = []

    def save(self) -> None:
        make_keys(self._new_clients)
        Client.objects.bulk_create(self._new_clients)
        Client.objects.bulk_update(self._filled_in, ["birth_year"])
        Dyad.objects.bulk_create(self._new_dyads)
        CareEpisode.objects.bulk_create(self._new_episodes)

    def client(self, rows: list[Row], *, write: bool) -> None:
        """Take in all rows of one client."""
        there = self._there.get(rows[0].code)
        year = _first_year(rows)
        if there is not None and None not in (year, there.birth_year) and year != there.birth_year:
            self.found.other_year += [row.row for row in rows if row.year is not None]
            self.found.untold += [row.row for row in rows]
            return
        client = there
        if there is None:
            self.found.clients += 1
            if write:
                client = self._new_client(rows[0].code, year)
        by_therapist: dict[str, list[Row]] = {}
        for row in rows:
            by_therapist.setdefault(self._therapists[row.login], []).append(row)
        used: list[Row] = []
        for therapist, own in by_therapist.items():
            used += self._dyad(own, client, therapist, write=write)
        self.found.used += len(used)
        if there is not None and there.birth_year is None and _first_year(used) is not None:
            self.found.birth_years += 1
            there.birth_year = _first_year(used)
            self._filled_in.append(there)

    def _dyad(
        self, rows: list[Row], client: Client | None, therapist: str, *, write: bool
    ) -> list[Row]:
        """Add what the rows of one dyad add, and return those that can be used: all or none."""
        said = next((row.said for row in rows if row.said is not None), None)
        dyad = self._dyads.get((client.pk, therapist)) if client is not None else None
        began = self._began.get(dyad, set()) if dyad is not None else set()
        if began and said is not None and said not in began:
            self.found.other_day += [row.row for row in rows]
            return []
        if began:
            self.found.known += len(rows)
            return rows
        self.found.dyads += dyad is None
        self.found.care_episodes += 1
        self.found.known += len(rows) - 1
        if write and client is not None:
            dyad = dyad or self._new_dyad(client, therapist)
            begins = said or rows[0].begins
            self._new_episodes.append(CareEpisode(dyad_id=dyad, began_on=begins))
        return rows

    def _new_client(self, code: str, year: int | None) -> Client:
        client = Client(practice=self._practice, code=code, display_name=code, birth_year=year)
        self._new_clients.append(client)
        return client

    def _new_dyad(self, client: Client, therapist: str) -> str:
        dyad = Dyad(practice=self._practice, client_id=client.pk, therapist_id=therapist)
        self._new_dyads.append(dyad)
        return dyad.pk


def _first_year(rows: list[Row]) -> int | None:
    return next((row.year for row in rows if row.year is not None), None)

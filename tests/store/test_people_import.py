# SPDX-License-Identifier: Apache-2.0
"""Importing people: all rows or none, once, and nothing told about other practices."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from attunement.clinic.errors import ClinicError
from attunement.clinic.models import AuditEvent, CareEpisode, Client, Dyad, Login, Therapist
from attunement.clinic.services import people_import
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.caseload import caseload
from attunement.clinic.services.people_import import (
    Imported,
    PeopleRefusedError,
    import_people,
)
from attunement.clinic.services.sealing import client_name
from attunement.exchange import read_table

pytestmark = pytest.mark.store
HEAD = "client_code,therapist_login,birth_year,began_on\n"
TWO = "C-21,amber,1980,2026-01-05\nC-22,Birch,,05.02.2026\n"
PEOPLE = (Client, Dyad, CareEpisode)


def _import(world: Any, rows: str, *, head: str = HEAD, **given: Any) -> Imported:
    table = read_table((head + rows).encode(), name="people.csv")
    return import_people(table, practice=world.practice, now=world.now, **given)


def _refused(world: Any, rows: str, **given: Any) -> PeopleRefusedError:
    before = _everything()
    with pytest.raises(PeopleRefusedError) as refusal:
        _import(world, rows, **given)
    assert _everything() == before
    return refusal.value


def _everything() -> list[Any]:
    """Return every row of the tables that an import writes to."""
    return [list(model.objects.order_by("pk").values()) for model in PEOPLE]


def _places(problems: Any) -> list[tuple[str, int, str]]:
    return [(p.code, p.row, p.column) for p in problems if p.refused]


def _new(done: Imported) -> tuple[int, int, int, int]:
    return done.clients, done.dyads, done.care_episodes, done.birth_years


def test_people_come_in_and_their_therapists_see_them(world: Any) -> None:
    done = _import(world, TWO)
    assert (done.rows, done.left_out, done.known, done.problems) == (2, 0, 0, ())
    assert _new(done) == (2, 2, 2, 0)
    client = Client.objects.get(code="C-22")
    assert (client_name(client), client.birth_year) == ("C-22", None)
    dyad = Dyad.objects.get(client=client)
    assert (dyad.practice, dyad.therapist.login) == (world.practice, world.colleague)
    assert CareEpisode.objects.get(dyad=dyad).began_on == date(2026, 2, 5)
    assert Client.objects.get(code="C-21").birth_year == 1980
    seen = caseload(world.therapist, now=world.now)
    assert [row.client_code for row in seen.rows] == ["C-07", "C-21"]
    assert world.session(dyad=dyad, login=world.colleague).session_no == 1


def test_an_import_is_one_event_of_counts(world: Any) -> None:
    before = AuditEvent.objects.count()
    _import(world, TWO)
    event = AuditEvent.objects.latest("id")
    assert AuditEvent.objects.count() == before + 1
    assert (event.action, event.outcome) == ("people.import", "done")
    assert event.target == f"practice:{world.practice.pk}"
    assert event.detail == {
        "n_rows": 2,
        "n_clients": 2,
        "n_dyads": 2,
        "n_care_episodes": 2,
        "n_birth_years": 0,
        "n_left_out": 0,
    }
    assert verify_chain().first_bad is None


def test_a_check_says_the_same_and_writes_nothing_at_all(world: Any) -> None:
    before, events = _everything(), AuditEvent.objects.count()
    checked = _import(world, TWO, check=True)
    with pytest.raises(PeopleRefusedError):
        _import(world, "C-21,nobody,,2026-01-05\n", check=True)
    assert (_everything(), AuditEvent.objects.count()) == (before, events)
    done = _import(world, TWO)
    assert (checked.written, done.written) == (False, True)
    assert asdict(checked) | {"written": True} == asdict(done)


def test_row_13_the_same_file_twice_adds_nothing(world: Any) -> None:
    _import(world, TWO)
    before = _everything()
    again = _import(world, TWO)
    assert _new(again) == (0, 0, 0, 0)
    assert again.known == 2
    assert _everything() == before


def test_row_13_a_row_twice_counts_once(world: Any) -> None:
    done = _import(world, TWO + TWO)
    assert _new(done) == (2, 2, 2, 0)
    assert done.known == 2


def test_row_12_another_birth_year_in_the_store_is_a_conflict(world: Any) -> None:
    _import(world, TWO)
    refusal = _refused(world, "C-23,amber,,2026-01-05\nC-21,birch,1981,2026-01-05\n")
    assert _places(refusal.problems) == [("E-CLINIC-106", 3, "birth_year")]
    said = " ".join([refusal.text(), *(problem.text() for problem in refusal.problems)])
    for value in ("1980", "1981", "C-21"):
        assert value not in said
    event = AuditEvent.objects.latest("id")
    assert (event.outcome, event.detail) == ("refused", {"why": "E-CLINIC-101", "n_rows": 2})


def test_row_12_another_birth_year_in_the_file_is_a_conflict(world: Any) -> None:
    rows = "C-21,amber,1980,2026-01-05\nC-22,amber,,2026-01-05\nC-21,birch,1981,2026-01-05\n"
    refusal = _refused(world, rows)
    assert _places(refusal.problems) == [("E-CLINIC-106", 2, "birth_year")]
    assert refusal.problems[0].rows == (2, 4)
    done = _import(world, rows, partial=True)
    assert (_new(done), done.left_out) == ((1, 1, 1, 0), 2)
    assert not Client.objects.filter(code="C-21").exists()


def test_a_birth_year_that_was_missing_is_filled_in_and_never_emptied(world: Any) -> None:
    _import(world, TWO)
    done = _import(world, "C-22,birch,1971,2026-02-05\nC-21,amber,,2026-01-05\n")
    assert _new(done) == (0, 0, 0, 1)
    years = Client.objects.filter(code__in=["C-21", "C-22"]).order_by("code")
    assert list(years.values_list("birth_year", flat=True)) == [1980, 1971]


def test_a_row_that_is_left_out_fills_in_nothing(world: Any) -> None:
    """C-07 began on 5 January: a row that says otherwise gives no birth year either."""
    rows = "C-07,amber,1980,2026-01-06\nC-21,amber,,2026-01-05\n"
    done = _import(world, rows, partial=True)
    assert _places(done.problems) == [("E-CLINIC-106", 2, "began_on")]
    assert _new(done) == (1, 1, 1, 0)
    assert Client.objects.get(practice=world.practice, code="C-07").birth_year is None


def test_a_known_client_gets_a_second_therapist(world: Any) -> None:
    done = _import(world, "C-07,amber,,2026-01-05\nC-07,birch,,2026-02-05\n")
    assert _new(done) == (0, 1, 1, 0)
    assert Dyad.objects.filter(client__code="C-07").count() == 2


def test_a_client_s_rows_stay_together_however_many_go_at_a_time(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_import, "BATCH", 2)
    rows = "C-20,amber,,2026-01-05\n" + "C-21,amber,,2026-01-05\n" * 3
    rows += "C-22,birch,1980,2026-01-05\nC-21,birch,1970,2026-01-05\n"
    done = _import(world, rows)
    assert (_new(done), done.known) == ((3, 4, 4, 0), 2)
    assert Client.objects.get(code="C-21").birth_year == 1970


def test_a_dyad_without_a_care_episode_gets_one(world: Any) -> None:
    CareEpisode.objects.filter(dyad=world.dyad).delete()
    assert _new(_import(world, "C-07,amber,,2026-01-09\n")) == (0, 0, 1, 0)


def test_an_ended_care_episode_is_not_begun_anew(world: Any) -> None:
    CareEpisode.objects.filter(dyad=world.dyad).update(ended_on=date(2026, 2, 1), ending="planned")
    assert _new(_import(world, "C-07,amber,,2026-01-05\n")) == (0, 0, 0, 0)
    assert _places(_refused(world, "C-07,amber,,2026-02-20\n").problems) == [
        ("E-CLINIC-106", 2, "began_on")
    ]


def test_one_day_for_all_rows_is_for_new_care_episodes_alone(world: Any) -> None:
    given = {"head": "client_code,therapist_login\n", "began_on": date(2026, 2, 2)}
    rows = "C-07,amber\nC-21,amber\n"
    assert _new(_import(world, rows, **given)) == (1, 1, 1, 0)
    again = {**given, "began_on": date(2026, 2, 3)}
    assert _new(_import(world, rows, **again)) == (0, 0, 0, 0)
    days = CareEpisode.objects.filter(dyad__therapist__login=world.therapist)
    assert sorted(days.values_list("began_on", flat=True)) == [date(2026, 1, 5), date(2026, 2, 2)]


def test_row_15_one_bad_row_at_the_end_of_many_imports_nothing(world: Any) -> None:
    good = "".join(f"L-{n:04d},amber,,2026-01-05\n" for n in range(2500))
    refusal = _refused(world, good + "L-9999,amber,,2026-02-30\n")
    assert _places(refusal.problems) == [("E-CLINIC-104", 2502, "began_on")]
    done = _import(world, good + "L-9999,amber,,2026-02-30\n", partial=True)
    assert (done.clients, done.left_out) == (2500, 1)
    assert Client.objects.filter(code__startswith="L-").count() == 2500
    assert _new(_import(world, good)) == (0, 0, 0, 0)


def test_partial_imports_nothing_where_no_row_is_good(world: Any) -> None:
    refusal = _refused(world, "C-21,nobody,,2026-01-05\n", partial=True)
    assert refusal.code == "E-CLINIC-101"
    assert "--partial" not in refusal.text()


def test_partial_counts_the_rows_that_could_not_be_cut(world: Any) -> None:
    done = _import(world, TWO + "C-23,amber\nC-24,amber,,2026-01-05,more\n", partial=True)
    assert (done.rows, done.clients, done.left_out) == (4, 2, 2)
    assert _places(done.problems) == [("E-TABLE-010", 4, ""), ("E-TABLE-010", 5, "")]


def test_a_file_with_unknown_columns_leaves_one_event(world: Any) -> None:
    before = _everything()
    with pytest.raises(ClinicError, match="E-CLINIC-102"):
        _import(world, "C-21,Somebody,,2026-01-05\n", head="client_code,name,x,began_on\n")
    assert _everything() == before
    assert AuditEvent.objects.latest("id").detail == {"why": "E-CLINIC-102", "n_rows": 1}


@pytest.mark.parametrize("options", [{}, {"partial": True}, {"check": True}])
def test_row_16_a_therapist_elsewhere_is_as_unknown_as_nobody(world: Any, options: Any) -> None:
    """Byte for byte: the same problems and the same refusal, for a login there and for none."""

    def said(login: str) -> list[str]:
        refusal = _refused(world, f"C-21,{login},1980,2026-01-05\n", **options)
        return [repr(refusal.problems), *(p.text() for p in refusal.problems), refusal.text()]

    assert said("cedar") == said("nobody")  # cedar is a therapist of another practice
    assert said("CEDAR") == said("nobody")
    assert "Unknown id" in said("cedar")[1]
    assert said("lead") == said("nobody")  # a login of this practice, and no therapist
    assert Therapist.objects.get(login=world.stranger).dyads.count() == 1


def test_row_16_a_code_in_use_elsewhere_is_as_new_as_any_other(world: Any) -> None:
    theirs = world.foreign_dyad.client
    theirs.birth_year = 1950
    theirs.save()
    new = _import(world, "C-99,amber,1980,2026-01-05\n")
    same = _import(world, "C-08,amber,1980,2026-01-05\n")  # theirs is C-08 too, born in 1950
    assert asdict(new) == asdict(same)
    assert _new(same) == (1, 1, 1, 0)
    theirs.refresh_from_db()
    assert theirs.birth_year == 1950
    assert theirs.dyads.get() == world.foreign_dyad
    own = Client.objects.get(practice=world.practice, code="C-08")
    assert own.dyads.get().therapist.login == world.therapist


def test_row_16_another_practice_s_identifiers_are_codes_like_any_other(world: Any) -> None:
    theirs = world.foreign_dyad
    done = _import(world, f"{theirs.client_id},amber,,2026-01-05\n")
    assert _new(done) == (1, 1, 1, 0)
    _refused(world, f"C-21,{theirs.therapist_id},,2026-01-05\n")
    _refused(world, f"C-21,{world.stranger.pk},,2026-01-05\n")


def test_a_therapist_whose_login_moved_elsewhere_is_unknown(world: Any) -> None:
    Login.objects.filter(pk=world.colleague.pk).update(practice=world.stranger.practice)
    assert _places(_refused(world, "C-21,birch,,2026-01-05\n").problems) == [
        ("E-CLINIC-105", 2, "therapist_login")
    ]


def test_an_interrupted_import_leaves_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before, events = _everything(), AuditEvent.objects.count()

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(CareEpisode.objects, "bulk_create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _import(world, TWO)
    assert (_everything(), AuditEvent.objects.count()) == (before, events)


def test_a_client_added_in_the_same_moment_refuses_the_import(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _everything()
    real = Client.objects.bulk_create

    def late(clients: Any) -> Any:
        real([Client(practice=world.practice, code="C-21", display_name="C-21")])
        return real(clients)

    monkeypatch.setattr(Client.objects, "bulk_create", late)
    with pytest.raises(ClinicError, match="same moment"):
        _import(world, TWO)
    assert _everything() == before


@pytest.mark.parametrize("year", [1899, 2101, -1])
def test_the_database_holds_to_plausible_birth_years(world: Any, year: int) -> None:
    client = world.dyad.client
    client.birth_year = year
    with pytest.raises(IntegrityError), transaction.atomic():
        client.save()


def test_queries_do_not_grow_with_the_rows(world: Any, django_assert_max_num_queries: Any) -> None:
    rows = "".join(f"Q-{n:03d},amber,,2026-01-05\n" for n in range(900))
    with django_assert_max_num_queries(40 if connection.vendor == "sqlite" else 30):
        assert _import(world, rows).clients == 900

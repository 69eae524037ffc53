# SPDX-License-Identifier: Apache-2.0
"""Erasing a client: what is gone, what stays, who may, and that an older copy forgets again."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client as Browser

from attunement.clinic import services
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.keys import keys_file_text, parse_keys_file
from attunement.clinic.models import (
    Answer,
    AuditEvent,
    Client,
    ClientKey,
    Erasure,
    Invitation,
    Score,
    SignalOutcome,
    SignalRecord,
)
from attunement.clinic.services.audit import verify_chain
from attunement.clinic.services.caseload import caseload
from attunement.clinic.services.cases import shared_cases
from attunement.clinic.services.erasure import (
    erase_by_command,
    erase_client,
    erasure_question,
    replay_erasures,
)
from attunement.clinic.services.loop.day import day_list
from attunement.clinic.services.loop.together import record_together
from attunement.clinic.services.sealing import (
    ERASED,
    client_name,
    forget_keys,
    keyring,
    open_field,
    open_text,
    rewrap_practice_keys,
    seal_text,
)
from attunement.clinic.services.team import add_member, teams
from attunement.clinic.store.erasure_ledger import ledger_path, parse_ledger, read_ledger

pytestmark = pytest.mark.store
WISH, REASON = "Synthetic wish canary 4471.", "Synthetic reason canary 8123."


@pytest.fixture(autouse=True)
def _own_ledger(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, home=tmp_path)
    yield
    forget_keys()


@pytest.fixture
def written(world: Any) -> Any:
    """A client who said something, and about whom something was said."""
    session = world.session()
    world.client_answers(session, 5, strain=4, text=WISH)
    world.therapist_answers(session, 4)
    services.signals_this_week(world.therapist, now=world.now)
    signal = SignalRecord.objects.get(rule_id="oac-strain")
    services.answer_signal(
        world.therapist, signal.pk, answer="not_discussed", reason=REASON, now=world.now
    )
    Client.objects.filter(pk=world.dyad.client_id).update(birth_year=1980)
    world.dyad.client.refresh_from_db()
    return session


def _erase(world: Any, **given: Any) -> Any:
    said = {"typed_code": "C-07", "reason": "asked", "now": world.now} | given
    return erase_client(world.lead, world.dyad.client_id, **said)


def _rows(session: Any) -> tuple[Answer, SignalOutcome]:
    answer = Answer.objects.get(response__session=session, item="9", text__isnull=False)
    return answer, SignalOutcome.objects.filter(perspective="therapist").latest("pk")


def test_words_are_sealed_where_they_are_stored_and_open_for_pages(
    world: Any, written: Any
) -> None:
    answer, outcome = _rows(written)
    assert (open_field(answer, "text"), open_field(outcome, "reason")) == (WISH, REASON)
    assert client_name(world.dyad.client) == "Synthetic Client C-07"
    for stored in (answer.text, outcome.reason, world.dyad.client.display_name):
        assert stored is not None
        assert stored.startswith("s1:a256gcm:")
        assert "Synthetic" not in stored
    assert ClientKey.objects.filter(client=world.dyad.client_id).count() == 1


def test_an_erased_client_is_unreadable_and_the_numbers_stay(world: Any, written: Any) -> None:
    numbers = list(Answer.objects.filter(value__isnull=False).order_by("pk").values())
    scores = list(Score.objects.order_by("pk").values())
    made = _erase(world)
    assert (made.n_keys, made.n_links) == (1, 0)
    client = Client.objects.get(pk=world.dyad.client_id)
    assert (client.display_name, client.birth_year, client.erased_at) == ("", None, world.now)
    assert client.code == made.code == f"erased-{client.pk[:12]}"
    assert client_name(client) == ERASED
    answer, outcome = _rows(written)
    assert (open_field(answer, "text"), open_field(outcome, "reason")) == (None, None)
    key = ClientKey.objects.get(client=client)
    assert (key.wrapped, key.destroyed_at) == ("", world.now)
    assert list(Answer.objects.filter(value__isnull=False).order_by("pk").values()) == numbers
    assert list(Score.objects.order_by("pk").values()) == scores
    assert verify_chain().first_bad is None


def test_an_object_loaded_before_the_erasure_opens_nothing_after_it(
    world: Any, written: Any
) -> None:
    answer, _ = _rows(written)
    client = answer.response.session.dyad.client
    assert open_field(answer, "text") == WISH
    _erase(world)
    assert client.erased_at is None  # as this object still has it
    assert open_field(answer, "text") is None


def test_no_page_shows_an_erased_client(world: Any, written: Any) -> None:
    signal = SignalRecord.objects.get(rule_id="oac-strain")
    pages = (
        "/",
        f"/clients/{world.dyad.pk}/",
        f"/sessions/{written.pk}/",
        "/signals/",
        f"/signals/{signal.pk}/",
    )
    browser = Browser()
    browser.force_login(world.therapist)
    canaries = ("canary", "Synthetic Client C-07", "C-07")
    before = b"".join(browser.get(page, follow=True).content for page in pages).decode()
    assert all(canary in before for canary in canaries)  # the pages do show them
    _erase(world)
    for page in pages:
        shown = browser.get(page, follow=True)
        assert shown.status_code in {200, 404}, page
        assert not any(canary in shown.content.decode() for canary in canaries), page
    assert caseload(world.therapist, now=world.now).rows == ()


def test_an_erased_client_is_in_no_list_and_a_lead_sees_how_many(world: Any, client: Any) -> None:
    first = world.session()
    for session, strain in ((first, 0), (world.session(), 4)):
        world.client_answers(session, 5, strain=strain)
        world.therapist_answers(session, 4)
    world.session()  # a form of the therapist's own is open too
    record_together(
        world.therapist, world.dyad.pk, session_id=first.pk, change="slower", now=world.now
    )
    add_member(
        world.lead, world.dyad.pk, login_id=world.colleague.pk, place="second", now=world.now
    )

    def lists() -> list[Any]:
        me, now = world.therapist, world.now
        day, week = day_list(me, now=now), services.signals_this_week(me, now=now)
        return [
            caseload(me, now=now).rows,
            caseload(world.lead, now=now).rows,
            (*day.needs, *day.sessions, *day.waiting, *day.open_forms, *day.expected),
            (*week.shown, *week.listed, *week.older),
            shared_cases(world.colleague, now=now),
            [one for one in teams(world.lead, now=now).cases if one.members],
        ]

    assert all(len(one) > 0 for one in lists())
    _erase(world)
    after = lists()
    code = Client.objects.get(pk=world.dyad.client_id).code
    assert [list(one) for one in after[:1] + after[2:]] == [[]] * 5
    assert code not in str(after[1])
    assert caseload(world.lead, now=world.now).n_erased == 1
    assert caseload(world.therapist, now=world.now).n_erased == 0
    client.force_login(world.lead)
    assert "1 client erased" in client.get("/").content.decode()


def test_nothing_more_is_written_about_an_erased_client(world: Any, written: Any) -> None:
    _erase(world)
    client = Client.objects.get(pk=world.dyad.client_id)
    with pytest.raises(ClinicError) as refusal:
        seal_text(client, place="clinic_answer.text", row_id="x", text="more")
    assert refusal.value.code == "E-CLINIC-017"
    session = world.session()
    with pytest.raises(ClinicError, match="erased"):
        world.client_answers(session, 5, text="more words")
    assert written.pk != session.pk


def test_open_links_are_closed(world: Any) -> None:
    session = world.session()
    services.invite_client(world.therapist, session.pk, now=world.now)
    assert _erase(world).n_links == 1
    assert not Invitation.objects.filter(revoked_at__isnull=True).exists()


@pytest.mark.parametrize("who", ["therapist", "colleague", "supervisor", "operator", "stranger"])
def test_only_a_lead_erases(world: Any, who: str) -> None:
    for act in (
        lambda actor: erasure_question(actor, "C-07", now=world.now),
        lambda actor: erase_client(
            actor, world.dyad.client_id, typed_code="C-07", reason="asked", now=world.now
        ),
    ):
        with pytest.raises(AccessError) as refusal:
            act(getattr(world, who))
        assert refusal.value.code == "E-ACCESS-001"
    assert not Erasure.objects.exists()
    assert AuditEvent.objects.filter(action="client.erase", outcome="denied").count() == 2


def test_a_client_of_another_practice_is_one_who_is_not_there(world: Any) -> None:
    said = []
    for client_id in (world.foreign_dyad.client_id, "a" * 26, "no id"):
        with pytest.raises(AccessError) as refusal:
            erase_client(world.lead, client_id, typed_code="x", reason="asked", now=world.now)
        said.append(refusal.value.text())
    assert len(set(said)) == 1


def test_the_lead_is_asked_first_and_types_the_code(world: Any, written: Any) -> None:
    del written
    asked = erasure_question(world.lead, " C-07 ", now=world.now)
    assert (asked.code, asked.n_sessions, asked.n_dyads) == ("C-07", 1, 1)
    for code in ("C-08", "c-07", ""):  # C-08 is of another practice
        with pytest.raises(ClinicError, match="nobody here has"):
            erasure_question(world.lead, code, now=world.now)
    for wrong in ({"typed_code": "C-08"}, {"typed_code": ""}, {"reason": "why not"}):
        with pytest.raises(ClinicError) as refusal:
            _erase(world, **wrong)
        assert refusal.value.code == "E-CLINIC-022"
    assert not Erasure.objects.exists()
    _erase(world)
    with pytest.raises(ClinicError, match="before"):
        erase_by_command(
            Client.objects.get(pk=world.dyad.client_id).code, reason="asked", now=world.now
        )


def test_a_code_that_nobody_has_erases_nobody(world: Any) -> None:
    with pytest.raises(ClinicError, match="no client has"):
        erase_by_command("C-99", reason="asked", now=world.now)


def test_audit_and_ledger_hold_no_name_and_no_code(world: Any, written: Any) -> None:
    del written
    _erase(world)
    path = ledger_path(settings.ATTUNEMENT)
    told = json.dumps([str(row) for row in AuditEvent.objects.values_list()])
    for text in (told, path.read_text()):
        assert "C-07" not in text
        assert "Synthetic" not in text
    (line,) = read_ledger(path, site=keyring())
    assert (line.client_id, line.reason) == (world.dyad.client_id, "asked")
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_a_ledger_that_cannot_be_written_erases_nobody(
    world: Any, written: Any, settings: Any, tmp_path: Path
) -> None:
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, home=tmp_path / "not there")
    with pytest.raises(ClinicError) as refusal:
        _erase(world)
    assert refusal.value.code == "E-CLINIC-022"
    answer, _ = _rows(written)
    assert open_field(answer, "text") == WISH
    assert not Erasure.objects.exists()


def test_an_erasure_that_did_not_commit_is_done_by_the_next_start(world: Any, written: Any) -> None:
    """The line is on the disk before the commit: a crash between the two erases, never keeps."""
    with transaction.atomic():
        _erase(world)
        transaction.set_rollback(True)
    forget_keys()
    answer, _ = _rows(written)
    assert open_field(answer, "text") == WISH  # the database took it back
    assert replay_erasures(now=world.now) == 1
    assert open_field(_rows(written)[0], "text") is None
    assert Erasure.objects.get().client_id == world.dyad.client_id
    assert replay_erasures(now=world.now) == 0
    assert verify_chain().first_bad is None


def test_a_lost_ledger_is_written_again_from_the_table(world: Any, written: Any) -> None:
    del written
    _erase(world)
    path = ledger_path(settings.ATTUNEMENT)
    before = read_ledger(path, site=keyring())
    path.unlink()
    assert replay_erasures(now=world.now) == 0
    assert read_ledger(path, site=keyring()) == before


def test_a_ledger_that_was_changed_is_refused(world: Any, written: Any) -> None:
    del written
    _erase(world)
    path = ledger_path(settings.ATTUNEMENT)
    whole = path.read_text()
    for changed in (
        whole.replace("asked", "mistake"),
        whole.replace(world.dyad.client_id, "a" * 26),
        whole.replace("erasures 1", "erasures 2"),
        whole + "{}\n",
        whole.replace('"mac":"', '"mac":"0'),
    ):
        with pytest.raises(ValueError, match="line"):
            parse_ledger(changed, site=keyring())
    torn = whole + whole.splitlines()[1][:40]
    assert len(parse_ledger(torn, site=keyring())) == 1
    path.write_text(whole.replace("asked", "mistake"))
    with pytest.raises(ClinicError) as refusal:
        replay_erasures(now=world.now)
    assert refusal.value.code == "E-CLINIC-022"


def test_a_ciphertext_moved_to_another_row_does_not_open(world: Any, written: Any) -> None:
    answer, _ = _rows(written)
    assert answer.text is not None
    with pytest.raises(ClinicError) as refusal:
        open_text(
            world.dyad.client,
            place="clinic_answer.text",
            row_id=f"{answer.response_id}/8",
            sealed=answer.text,
        )
    assert refusal.value.code == "E-CLINIC-018"
    assert "4471" not in refusal.value.text()


def test_plain_words_cannot_be_written_past_the_field(world: Any) -> None:
    with pytest.raises(ValueError, match="plain words"):
        Client.objects.filter(pk=world.dyad.client_id).update(display_name="Synthetic name")


def test_words_that_look_sealed_are_sealed(world: Any) -> None:
    client = world.dyad.client
    client.display_name = looks = "s1:a256gcm:aaaa.1:" + "A" * 60
    client.save()
    client.refresh_from_db()
    assert client.display_name != looks
    assert client_name(client) == looks


def test_saving_a_row_again_keeps_its_sealed_words(world: Any) -> None:
    client = Client.objects.get(pk=world.dyad.client_id)
    before = client.display_name
    client.save()
    client.refresh_from_db()
    assert client.display_name == before


def test_other_keys_are_told_from_ours(world: Any, settings: Any) -> None:
    forget_keys()
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, secret_key="another secret " * 4)
    with pytest.raises(ClinicError) as refusal:
        client_name(world.dyad.client)
    assert refusal.value.code == "E-CLINIC-019"
    with pytest.raises(ClinicError, match="keys of this site"):
        replay_erasures(now=world.now)
    assert connection.in_atomic_block


def test_a_new_key_of_keys_takes_over_and_the_old_one_can_go(
    world: Any, written: Any, settings: Any
) -> None:
    answer, _ = _rows(written)
    old = settings.ATTUNEMENT
    file = parse_keys_file(keys_file_text("abc123", bytes(range(32))))
    settings.ATTUNEMENT = replace(old, keys=file)
    forget_keys()
    assert open_field(answer, "text") == WISH  # the derived key still opens
    assert rewrap_practice_keys() == 2  # of both practices
    assert rewrap_practice_keys() == 0
    forget_keys()
    settings.ATTUNEMENT = replace(old, keys=file, secret_key="another secret " * 4)
    assert open_field(answer, "text") == WISH
    settings.ATTUNEMENT = replace(old, keys=None)
    forget_keys()
    with pytest.raises(ClinicError) as refusal:
        client_name(world.dyad.client)
    assert refusal.value.code == "E-CLINIC-019"


_SCRIPT = """
from datetime import date, datetime, UTC
from django.utils import timezone
from attunement.clinic.store.opening import open_store
from attunement.clinic.services.people import add_client, add_login, own_practice
from attunement.clinic.models import Client, ClientKey
now = timezone.now()
open_store(now=now)
own_practice()
add_login('amber', role='therapist', name='Synthetic Amber', email='', now=now,
          password='violet harbour lantern')
for number in range(40):
    add_client(f'C-{number:04d}', name=f'Synthetic canary {number:04d}',
               therapist_username='amber', began_on=date(2026, 1, 5), now=now)
key = ClientKey.objects.get(client__code='C-0017')
print(key.wrapped)
"""


@pytest.mark.slow
def test_no_file_holds_the_key_or_the_code_of_an_erased_client(
    tmp_path: Path, run_clinic: Any
) -> None:
    """Bytes of the database, its log and index, before and after; the test does find them."""
    wrapped = run_clinic(tmp_path, _SCRIPT).strip().encode()
    body = wrapped.rpartition(b":")[2]
    reader = sqlite3.connect(tmp_path / "clinic.sqlite3")  # keeps the write-ahead log alive
    reader.execute("SELECT count(*) FROM clinic_client").fetchone()
    held = _bytes(tmp_path)
    assert body in held
    assert b"C-0017" in held
    assert b"Synthetic canary" not in held  # names never were there
    assert b"Synthetic Amber" in held  # a control: a name that is stored in plain is found
    reader.close()
    said = subprocess.run(
        [
            *(sys.executable, "-c", "from attunement.cli import main; main()", "serve"),
            *("--config", str(tmp_path / "clinic.toml"), "erase-client", "C-0017"),
            *("--reason", "asked", "--yes"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert said.returncode == 0, said.stderr
    assert "C-0017" not in said.stdout + said.stderr
    left = _bytes(tmp_path)
    assert body not in left
    assert b"C-0017" not in left
    assert b"C-0018" in left


@pytest.mark.slow
def test_without_writing_the_file_anew_the_key_could_be_found(
    tmp_path: Path, run_clinic: Any
) -> None:
    """The control of the test above: an erasure that stops before the last step leaves bytes."""
    wrapped = run_clinic(tmp_path, _SCRIPT).strip().encode()
    database = sqlite3.connect(tmp_path / "clinic.sqlite3")
    database.execute("PRAGMA secure_delete=OFF")
    database.execute("UPDATE clinic_clientkey SET wrapped='', destroyed_at='2026-01-01'")
    database.commit()
    assert wrapped.rpartition(b":")[2] in _bytes(tmp_path)
    database.close()


def _bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file())

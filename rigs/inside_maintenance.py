# SPDX-License-Identifier: Apache-2.0
"""Inside a process of the clinic: opening, backing up, restoring, erasing, and what they left."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from rigs.inside import now

WORDS = "Synthetic words of {code}, which nobody else wrote."


def seed(count: str) -> None:
    """Make a therapist and so many clients, each with a form that has words in it."""
    from attunement.clinic.services.people import add_login, own_practice  # noqa: PLC0415
    from attunement.clinic.store.opening import open_store  # noqa: PLC0415

    open_store(now=now())
    own_practice()
    add_login(
        "amber",
        role="therapist",
        name="Synthetic Amber",
        email="",
        password="violet harbour lantern",  # noqa: S106 -- a synthetic person's
        now=now(),
    )
    for number in range(int(count)):
        _client(f"C-{number:04d}")


def add(code: str) -> None:
    """Add a client who can be erased; print what must not be found anywhere afterwards."""
    from attunement.clinic.models import ClientKey  # noqa: PLC0415

    client = _client(code)
    wrapped = ClientKey.objects.get(client=client).wrapped
    sys.stdout.write(json.dumps({"client": client.pk, "wrapped": wrapped}))


def write(code: str, count: str) -> None:
    """Store forms of one client; print each once it was acknowledged."""
    from attunement.clinic.models import Dyad  # noqa: PLC0415

    dyad = Dyad.objects.get(client__code=code)
    for _ in range(int(count)):
        os.write(1, f"{_form(dyad.pk, code)}\n".encode())


def _client(code: str) -> Any:
    from attunement.clinic.services.people import add_client  # noqa: PLC0415

    dyad = add_client(
        code,
        name=f"Synthetic Client {code}",
        therapist_username="amber",
        began_on=date(2026, 1, 5),
        now=now(),
    )
    _form(dyad.pk, code)
    return dyad.client


def _form(dyad_id: str, code: str) -> str:
    from attunement.clinic import services  # noqa: PLC0415
    from attunement.clinic.models import Login  # noqa: PLC0415

    me, at = Login.objects.get(username="amber"), now()
    session = services.start_session(
        me, dyad_id, held_on=at.date(), modality="in_person", now=at
    ).session_id
    issued = services.invite_client(me, session, now=at)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=at)
    form = services.client_form(grant, now=at)
    given = {f"item-{item}": "5" for item in range(1, 8)} | {"item-8": "0"}
    given["item-9"] = WORDS.format(code=code)
    receipt = services.record_client_response(
        grant, submission_id=form.submission_id, fields=given, client_clock=None, now=at
    )
    return receipt.submission_id.hex


def open_it() -> None:
    """Open the store as a start does."""
    from attunement.clinic.store.opening import open_store  # noqa: PLC0415

    open_store(now=now())


def back_up(folder: str, recipient: str, how: str) -> None:
    """Back up as the command does."""
    from attunement.clinic.backup import making  # noqa: PLC0415
    from attunement.clinic.backup.lock import Lock  # noqa: PLC0415
    from attunement.clinic.store.opening import require_current  # noqa: PLC0415

    require_current()
    target = Path(folder) / f"backup-{os.getpid()}.age"
    if how == "name":  # wrong on purpose: the file has its name before it is whole
        real = making.half_file

        @contextmanager
        def named_first(final: Path) -> Iterator[Path]:
            final.touch()
            with real(final) as half:
                yield half

        making.half_file = named_first
    making.make_backup(target, lock=Lock((recipient,)), now=now())


def is_whole(file: str, identity: str) -> None:
    """Say whether a backup opens to its end and holds what its manifest says."""
    from attunement.clinic.backup.lock import Opener, read_identities  # noqa: PLC0415
    from attunement.clinic.backup.making import scratch_folder  # noqa: PLC0415
    from attunement.clinic.backup.manifest import DATABASE  # noqa: PLC0415
    from attunement.clinic.backup.restoring import take_out  # noqa: PLC0415
    from attunement.clinic.errors import ClinicError  # noqa: PLC0415

    opener = Opener(read_identities(Path(identity)))
    with scratch_folder() as folder:
        try:
            take_out(Path(file), folder, opener, kind=DATABASE)
        except ClinicError as refusal:
            sys.stdout.write(refusal.text())


def restore(file: str, identity: str) -> None:
    """Restore as the command does."""
    from attunement.clinic.backup.lock import Opener, read_identities  # noqa: PLC0415
    from attunement.clinic.backup.restoring import restore_backup  # noqa: PLC0415

    restore_backup(Path(file), Opener(read_identities(Path(identity))))


def copy_keys(file: str, recipient: str) -> None:
    """Copy the keys as the command does."""
    from attunement.clinic.backup.key_copy import make_key_copy  # noqa: PLC0415
    from attunement.clinic.backup.lock import Lock  # noqa: PLC0415

    make_key_copy(Path(file), lock=Lock((recipient,)), now=now())


def return_keys(file: str, target: str, identity: str, how: str) -> None:
    """Bring the keys back as ``restore --keys`` does."""
    from attunement.clinic.backup import key_return  # noqa: PLC0415
    from attunement.clinic.backup.lock import Opener, read_identities  # noqa: PLC0415

    if how == "keys":  # wrong on purpose: the ledger of who was erased comes after the keys
        real, late = key_return._write_new, []  # noqa: SLF001 -- where the order is

        def keys_first(path: Path, text: str) -> None:
            late.insert(0, (path, text))
            if path == Path(target):
                for one in late:
                    real(*one)

        key_return._write_new = keys_first  # noqa: SLF001
    key_return.restore_key_copy(Path(file), Path(target), Opener(read_identities(Path(identity))))


def is_empty() -> None:
    """Say whether nothing was restored here."""
    from attunement.clinic.backup.restoring import refuse_occupied  # noqa: PLC0415
    from attunement.clinic.errors import ClinicError  # noqa: PLC0415

    try:
        refuse_occupied()
    except ClinicError:
        return
    sys.stdout.write("empty")


def erase(code: str, how: str) -> None:
    """Erase a client as the command does: open the store, then erase who is still there."""
    from attunement.clinic.models import Client  # noqa: PLC0415
    from attunement.clinic.services import erasure  # noqa: PLC0415
    from attunement.clinic.store.opening import open_store  # noqa: PLC0415

    open_store(now=now())
    if how == "ledger":  # wrong on purpose: the ledger is told after the database forgot
        append, late = erasure.append_erased, []
        erasure.append_erased = lambda *given, **more: late.append((given, more))
        erasure.erase_by_command(code, reason="asked", now=now())
        for given, more in late:
            append(*given, **more)
    elif Client.objects.filter(code=code).exists():
        erasure.erase_by_command(code, reason="asked", now=now())


def erased(client_id: str) -> None:
    """Print what database and ledger know of a client."""
    from attunement.clinic.models import Client, ClientKey, Erasure  # noqa: PLC0415
    from attunement.clinic.services.forms import config  # noqa: PLC0415
    from attunement.clinic.services.sealing import client_name, keyring  # noqa: PLC0415
    from attunement.clinic.store.erasure_ledger import ledger_path, read_ledger  # noqa: PLC0415

    client = Client.objects.get(pk=client_id)
    lines = read_ledger(ledger_path(config()), site=keyring())
    found = {
        "erased": client.erased_at is not None,
        "table": Erasure.objects.filter(client_id=client_id).exists(),
        "ledger": client_id in {line.client_id for line in lines},
        "key": ClientKey.objects.filter(client=client).exclude(wrapped="").exists(),
        "name": "Synthetic" in (client_name(client) or ""),
    }
    sys.stdout.write(json.dumps(found))


def look() -> None:
    """Print what the store holds, in numbers that two stores can be compared by."""
    from django.contrib.auth.models import Permission  # noqa: PLC0415
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from attunement.clinic import models  # noqa: PLC0415
    from attunement.clinic.backup.snapshot import inventory_here  # noqa: PLC0415
    from attunement.clinic.services.audit import verify_chain  # noqa: PLC0415
    from attunement.clinic.services.sealing import client_name, open_field  # noqa: PLC0415

    connection.check_constraints()
    answers = models.Answer.objects.select_related("response__session__dyad__client")
    counts = {**inventory_here().counts, "kinds": ContentType.objects.count()}
    counts.pop("clinic_auditevent")
    found = {
        "counts": counts | {"permissions": Permission.objects.count()},
        "answers": _digest(
            [a.response_id, a.item, a.value, open_field(a, "text") if a.text else None]
            for a in answers
        ),
        "names": _digest([c.pk, client_name(c)] for c in models.Client.objects.all()),
        "scores": _digest([s.pk, s.scale, s.value, s.reason] for s in models.Score.objects.all()),
        "chain": verify_chain().first_bad,
    }
    stored = [row.hex for row in models.Response.objects.values_list("submission_id", flat=True)]
    open_clients = models.Client.objects.filter(erased_at=None).values_list("pk", flat=True)
    sys.stdout.write(json.dumps([found, stored, list(open_clients)]))


def _digest(rows: Any) -> str:
    ordered = sorted(rows, key=lambda row: [str(cell) for cell in row])
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()


def migrate_to(last: str) -> None:
    """Bring an empty store to where an earlier version was."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", "clinic", last, verbosity=0)
    for app in ("account", "auth", "contenttypes", "sessions"):
        call_command("migrate", app, verbosity=0)

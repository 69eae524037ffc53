# SPDX-License-Identifier: Apache-2.0
"""Forgetting a client: the key is destroyed, and with it every word it sealed.

What stays are numbers under a code that says nothing: answers, scores and signals without a
person. Whether these may stay is a question of law and of the practice's own rule; see
``docs/how-to/erase-a-client.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from django.db import DatabaseError, connection, transaction

from attunement.clinic.access import Action, Relation, may
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Client,
    ClientKey,
    Erasure,
    ErasureReason,
    Invitation,
    Login,
    Practice,
    is_id,
)
from attunement.clinic.services.audit import record
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    actor_of,
    done,
)
from attunement.clinic.services.people import OPERATOR
from attunement.clinic.services.sealing import check_keys, forget_keys, keyring
from attunement.clinic.store.erasure_ledger import (
    Erased,
    append_erased,
    ledger_path,
    read_ledger,
)
from attunement.clinic.store.scrubbing import UNCLEAN, clean_up_to, scrub

TABLES = ("clinic_clientkey", "clinic_client")
WORDS = ("clinic_answer", "clinic_signaloutcome")  # that once were there in plain
_CODE_LETTERS = 12


@dataclass(frozen=True, slots=True)
class ErasedClient:
    """What an erasure did."""

    client_id: str
    code: str  # the neutral one that is left
    n_keys: int
    n_links: int  # open links that were closed
    clean: bool  # whether no page of the database's files holds the key any more


@dataclass(frozen=True, slots=True)
class ErasureQuestion:
    """What the lead is asked before it is done."""

    client_id: str
    code: str
    n_sessions: int
    n_dyads: int


def erasure_offered(actor: Login, *, now: datetime) -> None:
    """Refuse whoever may not erase anybody: E-ACCESS-001."""
    with act(actor_name(actor), Action.CLIENT_ERASE, now=now):
        decision = may(actor_of(actor), Action.CLIENT_ERASE, Relation.PRACTICE)
        if not decision.allow:
            raise AccessDeniedError(target="", reason=decision.reason)


def erasure_question(actor: Login, code: str, *, now: datetime) -> ErasureQuestion:
    """Return what an erasure would be about, for the page that asks once more.

    Raises
    ------
    AccessError
        E-ACCESS-001 unless the actor is a lead.
    ClinicError
        E-CLINIC-022 for a code that no client of the practice has, or one who was erased.
    """
    erasure_offered(actor, now=now)
    with act(actor_name(actor), Action.CLIENT_ERASE, now=now):
        found = Client.objects.filter(practice=actor.practice_id, code=code.strip())
        client = found.filter(erased_at__isnull=True).first()
        if client is None:
            _refuse("a code that nobody here has", "a code of the list")
        dyads = list(client.dyads.prefetch_related("sessions"))
        done(
            actor.pk,
            Action.CLIENT_ERASE,
            now=now,
            target=f"client:{client.pk}",
            detail={"asked": True},
        )
    return ErasureQuestion(
        client_id=client.pk,
        code=client.code,
        n_sessions=sum(len(dyad.sessions.all()) for dyad in dyads),
        n_dyads=len(dyads),
    )


def erase_client(
    actor: Login, client_id: str, *, typed_code: str, reason: str, now: datetime
) -> ErasedClient:
    """Erase a client of the lead's practice.

    Parameters
    ----------
    actor : Login
        A lead.
    client_id : str
        Whose key is destroyed.
    typed_code : str
        The client's code, typed by hand: the second of two steps.
    reason : str
        ``"asked"``, ``"retention"`` or ``"mistake"``.
    now : datetime
        Aware.

    Raises
    ------
    AccessError
        E-ACCESS-001 unless the actor is a lead of the client's practice.
    ClinicError
        E-CLINIC-022 for another code, an unknown reason, or a ledger that cannot be written.
    """
    with act(actor_name(actor), Action.CLIENT_ERASE, now=now):
        client = _require_client(actor, client_id)
        if typed_code.strip() != client.code:
            _refuse("another code than this client's", "the code as it stands above")
        done_ = _erase(client, reason=reason, by=actor.pk, now=now)
    return _finish(done_)


def erase_by_command(code: str, *, reason: str, now: datetime) -> ErasedClient:
    """Erase a client by code, for the operator at the machine.

    Raises
    ------
    ClinicError
        E-CLINIC-022 when there is no such client, or as in ``erase_client``.
    """
    with transaction.atomic():
        client = Client.objects.select_for_update().filter(code=code).first()
        if client is None:
            _refuse(
                "a code that no client has; whoever was erased before has none any more",
                "the code of a client who is there",
            )
        done_ = _erase(client, reason=reason, by=OPERATOR, now=now)
    return _finish(done_)


def begun_erasure(code: str) -> str:
    """Return whom a code means whose erasure was cut off, before the store is opened.

    Opening completes it, and with it the code is gone: afterwards nobody can tell. Empty where
    nothing of the kind was begun, and where the store cannot be asked: opening says why.
    """
    try:
        there = Client.objects.filter(code=code, erased_at__isnull=True)
        named = {line.client_id for line in read_ledger(ledger_path(config()), site=keyring())}
        return there.filter(pk__in=named).values_list("pk", flat=True).first() or ""
    except (DatabaseError, ClinicError):
        return ""


def completed_erasure(client_id: str) -> ErasedClient:
    """Return what became of an erasure that opening the store completed."""
    client = Client.objects.get(pk=client_id, erased_at__isnull=False)
    return ErasedClient(
        client_id=client_id,
        code=client.code,
        n_keys=ClientKey.objects.filter(client=client).count(),
        n_links=0,
        clean=clean_up_to() == Erasure.objects.count(),
    )


def replay_erasures(*, now: datetime) -> int:
    """Erase again whoever the ledger names and the database still knows; return how many.

    Run when a store is opened: a database that was restored from an older copy forgets again what
    it was told to forget, before anybody can read it. The file is made whole from the table too.

    Raises
    ------
    ClinicError
        E-CLINIC-019 when the keys do not fit, E-CLINIC-022 for a ledger that was changed.
    """
    check_keys()
    path, site = ledger_path(config()), keyring()
    in_file = {line.client_id: line for line in read_ledger(path, site=site)}
    in_table = {row.client_id: row for row in Erasure.objects.order_by("pk")}
    for client_id, row in in_table.items():
        if client_id not in in_file:
            append_erased(path, _line(row), site=site)
    n_erased = 0
    unfinished = ClientKey.objects.filter(client__in=in_table, destroyed_at__isnull=True)
    open_clients = Client.objects.filter(pk__in={*in_file, *in_table}, erased_at__isnull=True)
    again = {*unfinished.values_list("client_id", flat=True)} | {
        *open_clients.values_list("pk", flat=True)
    }
    for client_id in sorted(again):
        with transaction.atomic():
            client = Client.objects.select_for_update().get(pk=client_id)
            line = in_file[client_id] if client_id in in_file else _line(in_table[client_id])
            if client_id not in in_table:
                Erasure(
                    practice_id=client.practice_id,
                    client_id=client_id,
                    reason=line.reason,
                    erased_by=line.erased_by,
                    erased_at=line.erased_at,
                ).save()
            made = _destroy(client, now=line.erased_at)
            record(
                actor="system",
                action="client.erase.again",
                outcome="done",
                now=now,
                target=f"client:{client_id}",
                detail={"n_keys": made.n_keys},
            )
        forget_keys(client_id)
        n_erased += 1
    n_ever = Erasure.objects.count()
    if clean_up_to() != n_ever or n_erased:
        _scrub()
    return n_erased


def outstanding_erasures() -> int:
    """Return how many people the ledger names whom the database still knows."""
    lines = read_ledger(ledger_path(config()), site=keyring())
    named = {line.client_id for line in lines}
    return Client.objects.filter(pk__in=named, erased_at__isnull=True).count()


def older_copies() -> tuple[Path, ...]:
    """Return the copies that were made before migrations and lie beside a SQLite database."""
    if connection.vendor != "sqlite":
        return ()
    database = Path(str(connection.settings_dict["NAME"]))
    return tuple(sorted(database.parent.glob(f"{database.stem}.before-*.sqlite3")))


def _require_client(actor: Login, client_id: str) -> Client:
    known = client_id if is_id(client_id) else ""
    client = Client.objects.select_for_update().filter(pk=known).first()
    target = f"client:{client_id}" if client is not None else "client:unknown"
    same = client is not None and client.practice_id == getattr(actor, "practice_id", None)
    relation = Relation.PRACTICE if same else Relation.NONE
    decision = may(actor_of(actor), Action.CLIENT_ERASE, relation)
    if not decision.allow or client is None:
        raise AccessDeniedError(target=target, reason=decision.reason)
    return client


def _erase(client: Client, *, reason: str, by: str, now: datetime) -> ErasedClient:
    if reason not in ErasureReason.values:
        _refuse("an unknown reason", ", ".join(ErasureReason.values))
    if client.erased_at is not None:
        _refuse("a client who was erased before", "a client who is there")
    row = Erasure(
        practice=Practice.objects.get(pk=client.practice_id),
        client_id=client.pk,
        reason=reason,
        erased_by=by,
        erased_at=now,
    )
    row.save()
    made = _destroy(client, now=now)
    record(
        actor=by,
        action=Action.CLIENT_ERASE,
        outcome="done",
        now=now,
        target=f"client:{client.pk}",
        detail={"reason": reason, "n_keys": made.n_keys, "n_links": made.n_links},
    )
    # Last, and before the commit: whatever happens now, the next start erases this client.
    append_erased(ledger_path(config()), _line(row), site=keyring())
    return made


def _destroy(client: Client, *, now: datetime) -> ErasedClient:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")
    keys = ClientKey.objects.filter(client=client.pk, destroyed_at__isnull=True)
    n_keys = keys.update(wrapped="", destroyed_at=now)
    if not ClientKey.objects.filter(client=client.pk).exists():
        n_keys = 0
    client.display_name = ""
    client.code = f"erased-{client.pk[:_CODE_LETTERS]}"
    client.birth_year = None
    client.erased_at = now
    client.save()
    links = Invitation.objects.filter(
        assignment__session__dyad__client=client,
        revoked_at__isnull=True,
        consumed_at__isnull=True,
    )
    return ErasedClient(
        client_id=client.pk,
        code=client.code,
        n_keys=n_keys,
        n_links=links.update(revoked_at=now),
        clean=False,
    )


def _finish(made: ErasedClient) -> ErasedClient:
    forget_keys(made.client_id)
    return ErasedClient(
        client_id=made.client_id,
        code=made.code,
        n_keys=made.n_keys,
        n_links=made.n_links,
        clean=_scrub(),
    )


def _scrub() -> bool:
    # Inside somebody's transaction (a test's) nothing can be written anew.
    if connection.in_atomic_block:
        return False
    tables = TABLES if clean_up_to() != UNCLEAN else (*TABLES, *WORDS)
    return scrub(tables, mark=Erasure.objects.count())


def _line(row: Erasure) -> Erased:
    return Erased(
        client_id=row.client_id,
        practice_id=row.practice_id,
        reason=row.reason,
        erased_by=row.erased_by,
        erased_at=row.erased_at,
    )


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-022",
        what="the client cannot be erased",
        got=got,
        expected=expected,
        next_step="Look the client up and try again",
    )

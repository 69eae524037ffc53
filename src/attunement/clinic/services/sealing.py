# SPDX-License-Identifier: Apache-2.0
"""Sealing the words of one client with that client's key, and opening them.

A client's key is made with the client's first words. Written rows always use a key that was just
read from the database: a key that a transaction took back with it must seal nothing. Reading may
use keys that are held in memory; ``erase_client`` drops them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from django.db import models, transaction
from django.utils import timezone

from attunement.clinic.errors import ClinicError
from attunement.clinic.keys import (
    KEY_BYTES,
    NONCE_BYTES,
    Key,
    KeyHolder,
    KeysFile,
    NotSealedForThisError,
    head_of,
    is_sealed,
    keyring_of,
    open_sealed,
    open_wrapped,
    seal,
    wrap,
)
from attunement.clinic.models import (
    Answer,
    Client,
    ClientKey,
    CorrectedAnswer,
    PracticeKey,
    SealedTextField,
)
from attunement.clinic.services.forms import config

ERASED = "erased"  # what pages show where words of an erased client were
MOST_HELD = 4096
_HELD = KeyHolder(MOST_HELD)


def seal_text(client: Client, *, place: str, row_id: str, text: str) -> str:
    """Return words sealed with a client's key, for one column of one row.

    Parameters
    ----------
    client : Client
        Whose words, or about whom.
    place : str
        ``"table.column"``.
    row_id : str
        What names the row for good and is known before it is written; without ``|``.
    text : str
        The words. An empty text stays empty: there is nothing to hide.

    Raises
    ------
    ClinicError
        E-CLINIC-017 when the client was erased.
    """
    if not text:
        return text
    key = _writing_key(client)
    nonce = os.urandom(NONCE_BYTES)
    return seal(key, text, practice_id=client.practice_id, place=place, row_id=row_id, nonce=nonce)


def open_text(client: Client, *, place: str, row_id: str, sealed: str) -> str | None:
    """Return the words of a sealed text, or None when the client's key was destroyed.

    Raises
    ------
    ClinicError
        E-CLINIC-018 when the text was changed, was sealed for another row, or its key is missing.
    """
    if not sealed:
        return sealed
    if client.erased_at is not None:
        return None
    try:
        key = _reading_key(head_of(sealed).key_id)
        if key is None:
            return None
        return open_sealed(key, sealed, practice_id=client.practice_id, place=place, row_id=row_id)
    except NotSealedForThisError:
        raise ClinicError(
            "E-CLINIC-018",
            what="sealed words cannot be opened",
            got=f"a text in {place} that was changed, moved or sealed with another key",
            next_step="Compare with the last verified backup; 'serve verify-audit' may say more",
        ) from None


def seal_for_row(client: Client, *, place: str, row_id: str, text: str) -> str:
    """Seal words for a row that is about to be written, unless they are sealed for it already."""
    if is_sealed(text) and _is_sealed_for(client, place, row_id, text):
        return text
    return seal_text(client, place=place, row_id=row_id, text=text)


def open_field(row: models.Model, name: str) -> str | None:
    """Return the words of a row's sealed column: None when the client was erased.

    An empty or missing text is returned as an empty one.
    """
    field = row._meta.get_field(name)  # noqa: SLF001 -- documented by Django
    if not isinstance(field, SealedTextField):
        message = f"{name} is no sealed column"
        raise TypeError(message)
    sealed = getattr(row, name)
    if not sealed:
        return ""
    client, row_id = row.sealed_for()  # type: ignore[attr-defined]
    return open_text(client, place=field.place, row_id=row_id, sealed=sealed)


def words_of(row: models.Model, name: str) -> str:
    """Return the words of a row's sealed column as pages show them, ``"erased"`` included."""
    found = open_field(row, name)
    return ERASED if found is None else found


def answer_words(client: Client, answer: Answer | CorrectedAnswer) -> str:
    """Return the words of an answer of this client as pages show them; asks for no other row."""
    place = f"{answer._meta.db_table}.text"  # noqa: SLF001 -- documented by Django
    found = open_text(client, place=place, row_id=answer.row_id, sealed=answer.text or "")
    return ERASED if found is None else found


def client_name(client: Client) -> str:
    """Return a client's name as pages show it, or ``"erased"``."""
    return ERASED if client.erased_at is not None else words_of(client, "display_name")


def warm(clients: Iterable[Client]) -> None:
    """Open the keys of many clients with one query, before their names are shown in a list."""
    wanted = {client.pk for client in clients if client.erased_at is None and client.display_name}
    asked = ClientKey.objects.filter(client__in=wanted, destroyed_at__isnull=True)
    for row in asked.select_related("practice_key"):
        _opened(row)


def make_keys(clients: Iterable[Client]) -> None:
    """Make the keys of new clients with few queries, for whoever writes many at once."""
    outer: dict[str, tuple[PracticeKey, Key]] = {}
    rows: list[ClientKey] = []
    for client in clients:
        if client.practice_id not in outer:
            outer[client.practice_id] = _practice_key(client.practice_id)
        row = _new_row(client, *outer[client.practice_id])
        rows.append(row)
        client.__dict__[_FRESH] = row
    ClientKey.objects.bulk_create(rows)


def forget_keys(client_id: str | None = None) -> None:
    """Drop opened keys from memory: those of one client, or all."""
    if client_id is None:
        _HELD.forget()
        return
    held = list(ClientKey.objects.filter(client=client_id).values_list("pk", flat=True))
    if held:
        _HELD.forget(*held)


def keyring() -> KeysFile:
    """Return this site's keys of keys, the one that wraps first."""
    return keyring_of(config().keys, config().secret_key)


_FRESH = "_client_key_just_made"


def _writing_key(client: Client) -> Key:
    """Return the key that seals, from its row as the database has it in this transaction."""
    row: ClientKey | None = client.__dict__.pop(_FRESH, None)
    if row is None:
        rows = ClientKey.objects.filter(client=client.pk).select_related("practice_key")
        row = rows.order_by("-version").first()
    if row is None:
        row = _first_row(client)
    if row.destroyed_at is not None or client.erased_at is not None:
        raise ClinicError(
            "E-CLINIC-017",
            what="nothing can be written about a client who was erased",
            next_step="Add the person as a new client if they came back",
        )
    return _opened(row)


def _first_row(client: Client) -> ClientKey:
    practice_key, outer = _practice_key(client.practice_id)
    made = _new_row(client, practice_key, outer)
    row, _ = ClientKey.objects.select_related("practice_key").get_or_create(
        client_id=client.pk,
        version=made.version,
        defaults={
            "id": made.pk,
            "practice_key": practice_key,
            "wrapped": made.wrapped,
            "made_at": made.made_at,
        },
    )
    return row


def _new_row(client: Client, practice_key: PracticeKey, outer: Key) -> ClientKey:
    row = ClientKey(
        client_id=client.pk, version=1, practice_key=practice_key, made_at=timezone.now()
    )
    inner = Key(row.pk, row.version, os.urandom(KEY_BYTES))
    nonce = os.urandom(NONCE_BYTES)
    row.wrapped = wrap(outer, inner, practice_id=client.practice_id, nonce=nonce)
    return row


def _practice_key(practice_id: str) -> tuple[PracticeKey, Key]:
    row = PracticeKey.objects.filter(practice=practice_id).order_by("-version").first()
    if row is None:
        made = PracticeKey(practice_id=practice_id, version=1, made_at=timezone.now())
        inner = Key(made.pk, made.version, os.urandom(KEY_BYTES))
        nonce = os.urandom(NONCE_BYTES)
        wrapped = wrap(keyring().keys[0], inner, practice_id=practice_id, nonce=nonce)
        row, _ = PracticeKey.objects.get_or_create(
            practice_id=practice_id,
            version=1,
            defaults={"id": made.pk, "wrapped": wrapped, "made_at": made.made_at},
        )
    return row, open_practice_key(row)


def open_practice_key(row: PracticeKey) -> Key:
    """Return a practice's key.

    Raises
    ------
    ClinicError
        E-CLINIC-019 when this site's keys do not open it.
    """
    held = _HELD.get(row.pk)
    if held is not None:
        return held
    try:
        wrapped_by = head_of(row.wrapped).key_id
        outer = next(key for key in keyring().keys if key.id == wrapped_by)
        found = open_wrapped(
            outer,
            row.wrapped,
            practice_id=row.practice_id,
            key_id=row.pk,
            key_version=row.version,
        )
    except (NotSealedForThisError, StopIteration):
        raise ClinicError(
            "E-CLINIC-019",
            what="the keys of this site do not open the database's keys",
            expected="the file of keys_file, or the secret, that the database was made with",
            next_step="Put the file back; without it names and words stay unreadable",
        ) from None
    return _HELD.hold(found)


def check_keys() -> None:
    """Refuse a database whose keys this site cannot open.

    Raises
    ------
    ClinicError
        E-CLINIC-019.
    """
    for row in PracticeKey.objects.order_by("pk"):
        open_practice_key(row)


def rewrap_practice_keys() -> int:
    """Wrap every practice key anew with the first key of this site; return how many were.

    One transaction: interrupted, every key is wrapped as it was. What clients said is not touched.

    Raises
    ------
    ClinicError
        E-CLINIC-019.
    """
    n_rewrapped = 0
    with transaction.atomic():
        for row in PracticeKey.objects.select_for_update().order_by("pk"):
            inner = open_practice_key(row)
            site_key = keyring().keys[0]
            if head_of(row.wrapped).key_id == site_key.id:
                continue
            nonce = os.urandom(NONCE_BYTES)
            row.wrapped = wrap(site_key, inner, practice_id=row.practice_id, nonce=nonce)
            row.save()
            n_rewrapped += 1
    return n_rewrapped


def _opened(row: ClientKey) -> Key:
    held = _HELD.get(row.pk)
    if held is not None:
        return held
    outer = open_practice_key(row.practice_key)
    return _HELD.hold(
        open_wrapped(
            outer,
            row.wrapped,
            practice_id=row.practice_key.practice_id,
            key_id=row.pk,
            key_version=row.version,
        )
    )


def _reading_key(key_id: str) -> Key | None:
    held = _HELD.get(key_id)
    if held is not None:
        return held
    row = ClientKey.objects.filter(pk=key_id).select_related("practice_key").first()
    if row is None:
        raise NotSealedForThisError
    return None if row.destroyed_at is not None else _opened(row)


def _is_sealed_for(client: Client, place: str, row_id: str, text: str) -> bool:
    try:
        return open_text(client, place=place, row_id=row_id, sealed=text) is not None
    except ClinicError:
        return False

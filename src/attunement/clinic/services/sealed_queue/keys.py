# SPDX-License-Identifier: Apache-2.0
"""The keys that phones seal to: made when the first form is shown, replaced every quarter.

A key is shown by forms for 90 days and opens envelopes for 30 days more; then its opening half is
forgotten, and a copy of the database or of a phone is worth nothing any more. A form's ticket
lives for 14 days, so no answer that may still arrive is sealed to a forgotten key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from django.db import IntegrityError, transaction
from django.db.models import Q

from attunement.clinic.models import SealingKey, new_id
from attunement.clinic.services.audit import record
from attunement.clinic.services.sealed_queue.box import base64url
from attunement.clinic.services.sealed_queue.wrapping import (
    UnwrapError,
    is_wrapped_by_newest,
    unwrap,
    wrap,
)

SHOWN_FOR = timedelta(days=90)
OPENS_FOR = timedelta(days=30)  # after it was last shown
OPENING, SIGNING = "clinic_sealingkey.opening_wrapped", "clinic_sealingkey.signing_wrapped"
_P256_BYTES = 32


class KeyUnknownError(LookupError):
    """The clinic never had a key of this id."""


@dataclass(frozen=True, slots=True)
class PublicHalves:
    """What a form carries: where to seal to, and what receipts are checked by."""

    key_id: str
    public: str
    receipt_public: str


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key as deliveries need it; ``opening`` is None once its time is over."""

    key_id: str
    opening: ec.EllipticCurvePrivateKey | None
    signing: ec.EllipticCurvePrivateKey | None


def current_key(*, now: datetime) -> PublicHalves:
    """Return the key that forms show now; the first one, or the next when its time has come."""
    row = _live()
    if row is None or row.made_at + SHOWN_FOR <= now or _opening(row) is None:
        row = replace_key(now=now, seen=row.pk if row else "")
    elif not is_wrapped_by_newest(row.opening_wrapped):
        wrap_again()
    return PublicHalves(key_id=row.pk, public=row.public, receipt_public=row.receipt_public)


def held_key(key_id: str, *, now: datetime) -> HeldKey:
    """Return a key by the id that an envelope names.

    Raises
    ------
    KeyUnknownError
        When there never was one.
    """
    row = SealingKey.objects.filter(pk=key_id).first()
    if row is None:
        raise KeyUnknownError
    return HeldKey(
        key_id=row.pk,
        opening=_opening(row) if opens_until(row) > now else None,
        signing=_load(row.pk, SIGNING, row.signing_wrapped),
    )


def opens_until(row: SealingKey) -> datetime:
    """Return when a key stops opening envelopes, whether or not it was retired in time."""
    return (row.retired_at or row.made_at + SHOWN_FOR) + OPENS_FOR


def replace_key(*, now: datetime, seen: str | None = None) -> SealingKey:
    """Retire the live key and make another; forget what is past its time.

    Parameters
    ----------
    now : datetime
        Aware.
    seen : str, optional
        The live key that the caller found wanting ("" for none). When another process has
        replaced it meanwhile, that one's key is returned and nothing is made.
    """
    try:
        with transaction.atomic():
            live = _live(lock=True)
            if live is not None and seen is not None and live.pk != seen:
                return live
            if live is not None:
                SealingKey.objects.filter(pk=live.pk).update(retired_at=now)
            made = _new_row(now)
            made.save(force_insert=True)
            forgotten = _forget(now)
            record(
                actor="system",
                action="sealing_key.made",
                outcome="done",
                now=now,
                target=f"sealing_key:{made.pk}",
                detail={"forgotten": forgotten},
            )
    except IntegrityError:  # two processes made the first one at once: the other's holds
        found = _live()
        if found is None:
            raise
        return found
    return made


def _forget(now: datetime) -> int:
    """Empty the opening half of keys whose time is over."""
    over = Q(retired_at__lte=now - OPENS_FOR) | Q(made_at__lte=now - SHOWN_FOR - OPENS_FOR)
    return SealingKey.objects.filter(over).exclude(opening_wrapped="").update(opening_wrapped="")


def wrap_again() -> None:
    """Seal every half with the key of keys that wraps now; one that does not open stays."""
    with transaction.atomic():
        for row in SealingKey.objects.select_for_update():
            for half in (OPENING, SIGNING):
                column = half.rpartition(".")[2]
                wrapped = getattr(row, column)
                if wrapped and not is_wrapped_by_newest(wrapped):
                    try:
                        der = unwrap(wrapped, place=half, row_id=row.pk)
                    except UnwrapError:
                        continue
                    setattr(row, column, wrap(der, place=half, row_id=row.pk))
            row.save(update_fields=["opening_wrapped", "signing_wrapped"])


def sign(key: ec.EllipticCurvePrivateKey, text: str) -> str:
    """Return an ECDSA signature as browsers check it (r and s), the same for the same text."""
    der = key.sign(text.encode("utf-8"), ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    return base64url(r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big"))


def _live(*, lock: bool = False) -> SealingKey | None:
    rows = SealingKey.objects.select_for_update() if lock else SealingKey.objects
    return rows.filter(retired_at__isnull=True).first()


def _new_row(now: datetime) -> SealingKey:
    identifier = new_id()
    halves: dict[str, tuple[str, str]] = {}
    for half in (OPENING, SIGNING):
        private = ec.generate_private_key(ec.SECP256R1())
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        halves[half] = (base64url(point), wrap(der, place=half, row_id=identifier))
    return SealingKey(
        id=identifier,
        public=halves[OPENING][0],
        receipt_public=halves[SIGNING][0],
        opening_wrapped=halves[OPENING][1],
        signing_wrapped=halves[SIGNING][1],
        made_at=now,
    )


def _opening(row: SealingKey) -> ec.EllipticCurvePrivateKey | None:
    return _load(row.pk, OPENING, row.opening_wrapped)


def _load(key_id: str, half: str, wrapped: str) -> ec.EllipticCurvePrivateKey | None:
    """Return a private key; None when it was forgotten, or wrapped under another secret."""
    if not wrapped:
        return None
    try:
        return _loaded(key_id, half, wrapped)
    except UnwrapError:
        return None


@lru_cache(maxsize=8)
def _loaded(key_id: str, half: str, wrapped: str) -> ec.EllipticCurvePrivateKey:
    der = unwrap(wrapped, place=half, row_id=key_id)
    key = load_der_private_key(der, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UnwrapError
    return key

# SPDX-License-Identifier: Apache-2.0
"""The sealed envelope: what a phone makes, opened here. Pure functions over bytes.

ECDH over P-256 with a fresh key of the phone, HKDF-SHA-256 over the shared secret bound to both
public keys, AES-256-GCM whose additional data are key id and submission id. The browser's half
is ``static/attunement/js/queue.js``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = 1
INFO = b"attunement sealed 1"
MOST_BYTES = 256 * 1024
MOST_FIELDS = 200
LONGEST_NAME = 200
POINT_BYTES, NONCE_BYTES, TAG_BYTES = 65, 12, 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_PARTS = {"v", "key", "id", "epk", "iv", "ct"}


class EnvelopeError(ValueError):
    """A body that is no envelope at all: there is nothing in it to keep."""


class BoxError(ValueError):
    """An envelope that does not open with this key: damaged, changed, or not sealed to it."""


class LetterError(ValueError):
    """An envelope that opened, with something in it that is no form."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed form as it travels; only the two identifiers can be read without the key."""

    key_id: str
    submission_id: UUID
    ephemeral: bytes  # the phone's public key for this one envelope, an uncompressed point
    nonce: bytes
    ciphertext: bytes  # with the tag at its end

    @property
    def additional(self) -> bytes:
        """Return what the tag covers besides the ciphertext: key id and submission id."""
        return f"{self.key_id}|{self.submission_id}".encode("ascii")


@dataclass(frozen=True, slots=True)
class Letter:
    """What was in the envelope: the fields of a form as they were sent, nothing judged yet."""

    ticket: str
    fields: Mapping[str, object]
    client_clock: str | None
    language: str | None


def parse_envelope(body: bytes) -> Envelope:
    """Read an envelope strictly.

    Raises
    ------
    EnvelopeError
        For anything that is not exactly version 1 of an envelope.
    """
    document = _json_object(body, EnvelopeError)
    if set(document) != _PARTS or type(document["v"]) is not int or document["v"] != VERSION:
        message = "not an envelope of version 1"
        raise EnvelopeError(message)
    key_id, submission_id = document["key"], document["id"]
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        message = "no key id"
        raise EnvelopeError(message)
    try:
        identifier = UUID(submission_id)
    except (ValueError, AttributeError, TypeError):
        message = "no submission id"
        raise EnvelopeError(message) from None
    if str(identifier) != submission_id:
        message = "no submission id in its usual spelling"
        raise EnvelopeError(message)
    ephemeral, nonce, ciphertext = (_bytes(document[part]) for part in ("epk", "iv", "ct"))
    if (len(ephemeral), len(nonce)) != (POINT_BYTES, NONCE_BYTES) or len(ciphertext) < TAG_BYTES:
        message = "parts of a wrong length"
        raise EnvelopeError(message)
    return Envelope(key_id, identifier, ephemeral, nonce, ciphertext)


def open_envelope(private: ec.EllipticCurvePrivateKey, envelope: Envelope) -> bytes:
    """Return what is in the envelope.

    Raises
    ------
    BoxError
        When the tag does not fit: a flipped bit, another submission id, another key.
    """
    try:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), envelope.ephemeral)
    except ValueError:
        message = "the phone's key is no point of the curve"
        raise BoxError(message) from None
    own = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = derive_key(private.exchange(ec.ECDH(), theirs), envelope.ephemeral + own)
    try:
        return AESGCM(key).decrypt(envelope.nonce, envelope.ciphertext, envelope.additional)
    except InvalidTag:
        message = "the tag does not fit"
        raise BoxError(message) from None


def derive_key(shared: bytes, salt: bytes) -> bytes:
    """Return the AES key for one envelope: HKDF-SHA-256, the salt being both public keys."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=INFO).derive(shared)


def parse_letter(plaintext: bytes) -> Letter:
    """Read what was in an envelope.

    Raises
    ------
    LetterError
        For anything that is no ticket with fields.
    """
    document = _json_object(plaintext, LetterError)
    ticket, fields = document.get("ticket"), document.get("fields")
    if not isinstance(ticket, str) or not ticket.isascii() or not isinstance(fields, dict):
        message = "no ticket, or no fields"
        raise LetterError(message)
    if len(fields) > MOST_FIELDS or any(len(name) > LONGEST_NAME for name in fields):
        message = "too many fields, or too long names"
        raise LetterError(message)
    clock, language = document.get("clock"), document.get("language")
    return Letter(
        ticket=ticket,
        fields=fields,
        client_clock=clock if isinstance(clock, str) else None,
        language=language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else None,
    )


def _json_object(body: bytes, error: type[ValueError]) -> dict[str, Any]:
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError):
        message = "not JSON"
        raise error(message) from None
    if not isinstance(found, dict):
        message = "not a JSON object"
        raise error(message)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a name twice"
        raise ValueError(message)
    return found


def _never(_: str) -> None:
    message = "no number"
    raise ValueError(message)


def _bytes(text: object) -> bytes:
    """Return the bytes of base64url without padding."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        message = "not base64url"
        raise EnvelopeError(message)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        message = "not base64url"
        raise EnvelopeError(message) from None


def base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")

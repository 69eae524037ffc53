# SPDX-License-Identifier: Apache-2.0
"""A phone in Python: reads what a form carries, seals a letter to it, checks the receipt."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpResponse
from django.test import Client as Browser

_CARRIED = re.compile(r'<div id="sealing"([^>]*)>')
_DATA = re.compile(r'data-([a-z-]+)="([^"]*)"')


@dataclass(frozen=True)
class Carried:
    """What a form page carries for sealing."""

    submission: str
    key: str
    public: str
    receipt_public: str
    ticket: str
    language: str


def carried(page: HttpResponse) -> Carried:
    found = _CARRIED.search(page.content.decode())
    assert found is not None
    data = {name.replace("-", "_"): value for name, value in _DATA.findall(found.group(1))}
    return Carried(**data)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def seal_bytes(plain: bytes, *, key: str, public: str, submission: str) -> dict[str, Any]:
    """Seal some bytes as the phone does; return the envelope as a dictionary."""
    theirs = unb64(public)
    own = ec.generate_private_key(ec.SECP256R1())
    epk = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    to = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    secret = HKDF(SHA256(), 32, salt=epk + theirs, info=b"attunement sealed 1").derive(
        own.exchange(ec.ECDH(), to)
    )
    iv = hashlib.sha256(epk).digest()[:12]
    ct = AESGCM(secret).encrypt(iv, plain, f"{key}|{submission}".encode())
    return {"v": 1, "key": key, "id": submission, "epk": b64(epk), "iv": b64(iv), "ct": b64(ct)}


def sealed(form: Carried, fields: dict[str, Any], **letter: Any) -> dict[str, Any]:
    """Seal a form's fields with its ticket."""
    whole = {"ticket": form.ticket, "fields": fields, "clock": None, "language": "en"} | letter
    return seal_bytes(
        json.dumps(whole).encode(), key=form.key, public=form.public, submission=form.submission
    )


def deliver(envelope: dict[str, Any] | bytes, browser: Browser | None = None, **extra: Any) -> Any:
    """Post an envelope; return the answer."""
    body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    name = "" if isinstance(envelope, bytes) else str(envelope["id"])
    options = {
        "content_type": "application/json",
        "headers": {"Idempotency-Key": f'"{name}"'},
    } | extra
    return (browser or Browser()).post("/c/sealed", data=body, **options)


def said(answer: Any, form: Carried, body: dict[str, Any]) -> dict[str, Any]:
    """Check a receipt as the phone does, with the key of the form; return what it says."""
    document = answer.json()
    raw = unb64(document["signature"])
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(form.receipt_public))
    key.verify(encode_dss_signature(r, s), document["said"].encode(), ec.ECDSA(SHA256()))
    words: dict[str, Any] = json.loads(document["said"])
    assert words["id"] == form.submission
    assert words["sha256"] == hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return words

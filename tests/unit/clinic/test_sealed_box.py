# SPDX-License-Identifier: Apache-2.0
"""The sealed envelope from both ends: known answers, other implementations, every bad shape."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from attunement.clinic.services.sealed_queue import box

QUEUE = Path(box.__file__).parents[2] / "static" / "attunement" / "js" / "queue.js"
KEY_ID = "abcdefghijklmnopqrstuvwxyz"
SUBMISSION = "0e0cbf43-5d2c-4a8b-9f5b-6a1f6f3c2b11"
# NIST CAVP, ECC CDH primitive, P-256, COUNT = 0: private key, the other's point, shared secret.
NIST_PRIVATE = 0x7D7DC5F71EB29DDAF80D6214632EEAE03D9058AF1FB6D22ED80BADB62BC1A534
NIST_POINT = (
    "04"
    "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
    "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"
)
NIST_SHARED = "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"
# Written by another implementation: OpenSSL through Node's createECDH, hkdfSync, createCipheriv,
# for NIST_PRIVATE's public key, plaintext PLAIN.
PLAIN = (
    b'{"ticket":"t","fields":{"item-1":"5"},"clock":"2026-11-22T08:00:00.000Z","language":"en"}  '
)
FOREIGN: dict[str, Any] = {
    "v": 1,
    "key": KEY_ID,
    "id": SUBMISSION,
    "epk": "BBGfLwR5AngqsMnielSv9eublkgpypnAawLdupWwo_bQ"
    "j1K3JmZMrDZvyYrHoBKyaCy9li5ay1RGcdQblEVwTR0",
    "iv": "AAECAwQFBgcICQoL",
    "ct": "xm-wyH6OXW3T0HSFl5LyjJfBD_L6Y9sUrIJNYKfv2iPtTpmbhlWA2dvUseerggMh0Rk--DU7ne02NhtjhE94PVZM"
    "BZqeYvKtKxREe3Ssy_dA5nvEMrwOoEQl0ZmZ3dfAOGmJltw1CdcPZyE",
}


@pytest.fixture
def private() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(NIST_PRIVATE, ec.SECP256R1())


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def hkdf_by_hand(shared: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 as it is written, one block of output."""
    extracted = hmac.new(salt, shared, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def flipped(text: str, at: int) -> str:
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[at] ^= 1
    return box.base64url(bytes(raw))


def test_hkdf_is_that_of_rfc_5869() -> None:
    # RFC 5869, test case 1, with the info of the RFC put in place of ours.
    shared, salt = b"\x0b" * 22, bytes(range(13))
    info = bytes(range(0xF0, 0xFA))
    okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert hkdf_by_hand(shared, salt, info).hex() == okm
    assert box.derive_key(shared, salt) == hkdf_by_hand(shared, salt, box.INFO)


def test_envelope_made_from_nists_shared_secret_opens(
    private: ec.EllipticCurvePrivateKey,
) -> None:
    ephemeral = bytes.fromhex(NIST_POINT)
    key = hkdf_by_hand(bytes.fromhex(NIST_SHARED), ephemeral + point_of(private), box.INFO)
    nonce = bytes(12)
    sealed = AESGCM(key).encrypt(nonce, b"synthetic", f"{KEY_ID}|{SUBMISSION}".encode())
    envelope = box.Envelope(KEY_ID, UUID(SUBMISSION), ephemeral, nonce, sealed)
    assert box.open_envelope(private, envelope) == b"synthetic"


def test_envelope_written_by_another_implementation_opens(
    private: ec.EllipticCurvePrivateKey,
) -> None:
    envelope = box.parse_envelope(encoded(FOREIGN))
    assert box.open_envelope(private, envelope) == PLAIN
    letter = box.parse_letter(PLAIN)
    assert (letter.ticket, letter.fields, letter.language) == ("t", {"item-1": "5"}, "en")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_envelope_sealed_by_the_pages_own_script_opens(
    private: ec.EllipticCurvePrivateKey,
) -> None:
    letter = {"ticket": "t", "fields": {"item-9": "Ü 😀 \u202e synthetic"}, "clock": None}
    offer = {"key": KEY_ID, "id": SUBMISSION, "public": box.base64url(point_of(private))}
    script = (
        "globalThis.self = globalThis; require(process.argv[1]);"
        "const [offer, letter] = JSON.parse(process.argv[2]);"
        "attunementQueue.seal(offer, letter)"
        ".then((e) => process.stdout.write(e, () => process.exit()));"
    )
    made = [
        subprocess.run(
            [str(shutil.which("node")), "-e", script, str(QUEUE), json.dumps([offer, letter])],
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for _ in range(2)
    ]
    assert made[0] != made[1]  # a fresh key each time
    for body in made:
        plain = box.open_envelope(private, box.parse_envelope(body))
        assert len(plain) % 2048 == 0  # its length says little
        assert box.parse_letter(plain).fields == letter["fields"]


@pytest.mark.parametrize("at", [0, 1, 40, -1, -16])
def test_flipped_ciphertext_does_not_open(private: ec.EllipticCurvePrivateKey, at: int) -> None:
    changed = FOREIGN | {"ct": flipped(FOREIGN["ct"], at)}
    with pytest.raises(box.BoxError):
        box.open_envelope(private, box.parse_envelope(encoded(changed)))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0e0cbf43-5d2c-4a8b-9f5b-6a1f6f3c2b12"},
        {"key": KEY_ID[::-1]},
        {"iv": "AAECAwQFBgcICQoM"},
        {"epk": flipped(FOREIGN["epk"], 40)},
        {"epk": box.base64url(b"\x04" + bytes(64))},
        {"epk": box.base64url(b"\x05" + bytes.fromhex(NIST_POINT)[1:])},
        {"epk": box.base64url(bytes.fromhex(NIST_POINT))},
    ],
)
def test_swapped_part_does_not_open(
    private: ec.EllipticCurvePrivateKey, change: dict[str, str]
) -> None:
    with pytest.raises(box.BoxError):
        box.open_envelope(private, box.parse_envelope(encoded(FOREIGN | change)))


def test_envelope_for_another_key_does_not_open() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(box.BoxError):
        box.open_envelope(other, box.parse_envelope(encoded(FOREIGN)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"v": NaN}',
        encoded(FOREIGN)[:-20],
        encoded({}),
        encoded(FOREIGN | {"v": 2}),
        encoded(FOREIGN | {"v": True}),
        encoded(FOREIGN | {"v": 1.0}),
        encoded(FOREIGN | {"more": 1}),
        encoded(FOREIGN | {"key": ""}),
        encoded(FOREIGN | {"key": "a" * 65}),
        encoded(FOREIGN | {"key": "../../etc"}),
        encoded(FOREIGN | {"key": None}),
        encoded(FOREIGN | {"id": SUBMISSION.upper()}),
        encoded(FOREIGN | {"id": f"{{{SUBMISSION}}}"}),
        encoded(FOREIGN | {"id": 7}),
        encoded(FOREIGN | {"epk": FOREIGN["epk"][:-2]}),
        encoded(FOREIGN | {"epk": ["a"]}),
        encoded(FOREIGN | {"iv": "AAEC"}),
        encoded(FOREIGN | {"ct": "AAEC"}),
        encoded(FOREIGN | {"ct": "A"}),
        encoded(FOREIGN | {"ct": "+/+/" * 20}),
        encoded(FOREIGN).replace(b'"v": 1', b'"v": 1, "v": 1'),
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(box.EnvelopeError):
        box.parse_envelope(body)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"[]",
        b"{}",
        b'{"ticket": 1, "fields": {}}',
        b'{"ticket": "t"}',
        b'{"ticket": "t", "fields": []}',
        '{"ticket": "ü", "fields": {}}'.encode(),
        b'{"ticket": "t", "ticket": "t", "fields": {}}',
        encoded({"ticket": "t", "fields": {str(n): "" for n in range(201)}}),
        encoded({"ticket": "t", "fields": {"n" * 201: ""}}),
        b"\x00",
    ],
)
def test_what_is_no_letter_is_refused(plain: bytes) -> None:
    with pytest.raises(box.LetterError):
        box.parse_letter(plain)


@pytest.mark.parametrize("language", ["../../x", "", "e", 5, None, "en_GB", "x" * 100])
def test_language_that_is_none_is_left_out(language: object) -> None:
    letter = box.parse_letter(encoded({"ticket": "t", "fields": {}, "language": language}))
    assert letter.language is None

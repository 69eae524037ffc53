# SPDX-License-Identifier: Apache-2.0
"""Sealing: only the right key opens, only in the right place, and a flipped bit shows."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attunement.clinic.keys import (
    Key,
    KeyHolder,
    NotSealedForThisError,
    bound_to,
    derived_kek,
    head_of,
    is_sealed,
    keyring_of,
    keys_file_text,
    open_sealed,
    open_wrapped,
    parse_keys_file,
    seal,
    wrap,
)

KEY = Key("aaaa", 1, bytes(range(32)))
OTHER = Key("aaaa", 1, bytes(range(1, 33)))
NONCE = bytes(12)
WHERE = {"practice_id": "p", "place": "clinic_answer.text", "row_id": "r/9"}
WORDS = "Synthetic words: a slower start, please. 🙂"
FILE = keys_file_text("abc123", bytes(range(32)))


def test_what_is_sealed_opens_and_says_key_and_algorithm() -> None:
    sealed = seal(KEY, WORDS, **WHERE, nonce=NONCE)
    assert sealed.startswith("s1:a256gcm:aaaa.1:")
    assert "slower" not in sealed
    assert is_sealed(sealed)
    assert head_of(sealed).key_id == "aaaa"
    assert open_sealed(KEY, sealed, **WHERE) == WORDS


def test_the_cipher_is_the_one_of_the_standard() -> None:
    """McGrew and Viega's AES-256-GCM test case 14: zero key, nonce and block, nothing beside it.

    Through ``cryptography`` alone, as we call it: our own text always has something beside it.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    closed = AESGCM(bytes(32)).encrypt(bytes(12), bytes(16), None)
    assert closed.hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"


def test_what_is_authenticated_is_written_out() -> None:
    assert bound_to("p", "clinic_answer.text", "r/9", 1) == b"p|clinic_answer.text|r/9|1"
    with pytest.raises(ValueError, match="separator"):
        bound_to("p", "clinic_answer.text", "r|9", 1)


@pytest.mark.parametrize(
    "moved",
    [{"practice_id": "q"}, {"place": "clinic_client.display_name"}, {"row_id": "r/8"}],
    ids=["practice", "column", "row"],
)
def test_a_text_moved_elsewhere_does_not_open(moved: dict[str, str]) -> None:
    sealed = seal(KEY, WORDS, **WHERE, nonce=NONCE)
    with pytest.raises(NotSealedForThisError):
        open_sealed(KEY, sealed, **{**WHERE, **moved})


@pytest.mark.parametrize(
    "key",
    [OTHER, Key("aaaa", 2, KEY.secret), Key("bbbb", 1, KEY.secret)],
    ids=["another key", "another version", "another id"],
)
def test_another_key_does_not_open(key: Key) -> None:
    sealed = seal(KEY, WORDS, **WHERE, nonce=NONCE)
    with pytest.raises(NotSealedForThisError):
        open_sealed(key, sealed, **WHERE)


def test_every_flipped_bit_shows() -> None:
    sealed = seal(KEY, "short", **WHERE, nonce=NONCE)
    head, _, body = sealed.rpartition(":")
    closed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for position in range(len(closed) * 8):
        bits = bytearray(closed)
        bits[position // 8] ^= 1 << position % 8
        changed = base64.urlsafe_b64encode(bytes(bits)).decode().rstrip("=")
        with pytest.raises(NotSealedForThisError):
            open_sealed(KEY, f"{head}:{changed}", **WHERE)


@pytest.mark.parametrize(
    "text",
    ["", "plain", "s1:", "s1:a256gcm:aaaa.1:", "s1:other:aaaa.1:" + "A" * 40, "w1:a256gcm:x.1:A"],
)
def test_what_is_not_sealed_is_refused(text: str) -> None:
    with pytest.raises(NotSealedForThisError):
        open_sealed(KEY, text, **WHERE)


def test_a_wrapped_key_opens_as_itself_only() -> None:
    inner = Key("inner", 3, bytes(range(2, 34)))
    wrapped = wrap(KEY, inner, practice_id="p", nonce=NONCE)
    assert open_wrapped(KEY, wrapped, practice_id="p", key_id="inner", key_version=3) == inner
    for said in (("q", "inner", 3), ("p", "other", 3), ("p", "inner", 4)):
        with pytest.raises(NotSealedForThisError):
            open_wrapped(KEY, wrapped, practice_id=said[0], key_id=said[1], key_version=said[2])
    with pytest.raises(NotSealedForThisError):  # a key is no text
        open_sealed(KEY, wrapped, **WHERE)


def test_keys_are_never_printed() -> None:
    assert "secret" not in repr(KEY)
    assert KEY.secret.hex() not in repr(parse_keys_file(FILE))


@given(text=st.text(), row=st.text(st.characters(exclude_characters="|", codec="utf-8")))
def test_every_text_comes_back(text: str, row: str) -> None:
    where = WHERE | {"row_id": row}
    assert open_sealed(KEY, seal(KEY, text, **where, nonce=NONCE), **where) == text


def test_a_lone_surrogate_comes_back() -> None:
    sealed = seal(KEY, "\ud800", **WHERE, nonce=NONCE)
    assert open_sealed(KEY, sealed, **WHERE) == "\ud800"


def test_the_derived_key_follows_from_the_secret_alone() -> None:
    """RFC 5869 with SHA-256: extract with a salt of 32 zero bytes, expand one block."""
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    extracted = hmac.digest(bytes(32), b"secret", "sha256")
    expanded = hmac.digest(extracted, b"attunement key of keys\x01", hashlib.sha256)
    assert derived_kek("secret").secret == expanded
    assert derived_kek("secret") != derived_kek("secreu")


def test_a_file_of_keys_comes_before_the_derived_one() -> None:
    file = parse_keys_file(FILE)
    ring = keyring_of(file, "secret")
    assert (ring.site, ring.keys) == ("abc123", (*file.keys, derived_kek("secret")))
    assert keyring_of(None, "secret").keys == (derived_kek("secret"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line"),
        (FILE.replace("keys 1", "keys 2"), "first line"),
        (FILE.replace("site abc123\n", ""), "one site"),
        (re.sub("key .*\n", "", FILE), "at least one key"),
        (FILE + "site abc\n", "one site"),
        (FILE + "word\n", "line 4"),
        (FILE + "key AAAA\n", "line 4"),
        (FILE + "key " + base64.b64encode(bytes(32)).decode() + "\n", "random"),
        (FILE.replace("abc123", "a b"), "line 2"),
    ],
)
def test_a_file_that_is_no_file_of_keys_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        parse_keys_file(text)
    assert base64.b64encode(KEY.secret).decode() not in str(refusal.value)


def test_a_holder_is_bounded_and_forgets() -> None:
    holder = KeyHolder(2)
    keys = [Key(name, 1, bytes(32)) for name in "abc"]
    for key in keys[:2]:
        holder.hold(key)
    assert holder.get("a") == keys[0]  # asked for: "b" is the older one now
    holder.hold(keys[2])
    assert (holder.get("b"), len(holder)) == (None, 2)
    holder.forget("a")
    assert (holder.get("a"), holder.get("c")) == (None, keys[2])
    holder.forget()
    assert len(holder) == 0

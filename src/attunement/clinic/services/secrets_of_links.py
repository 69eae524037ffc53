# SPDX-License-Identifier: Apache-2.0
"""Tokens, short codes and grants: how they are made, and the only form in which they are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from django.conf import settings

# No vowels and nothing that looks alike: nobody reads out a word or mixes up 0 and O.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
HANDLE_LENGTH = 4
CODE_LENGTH = 10
MARK_LENGTH = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_token() -> str:
    """Return 256 random bits for a link or a grant."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Return a short code of 10 characters: 4 to find it by, 6 (about 29 bits) to prove it."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def shown_code(code: str) -> str:
    """Return the code as it is read: ``"ABCDE-FGHJK"``."""
    return f"{code[:5]}-{code[5:]}"


def looks_like_token(text: str) -> bool:
    """Whether the text has a token's shape."""
    return bool(_TOKEN.fullmatch(text))


def typed_code(text: str) -> str | None:
    """Return a code as typed without blanks, dashes and case; None if it cannot be one."""
    code = re.sub(r"[\s-]", "", text[:40]).upper()
    if len(code) != CODE_LENGTH or any(letter not in ALPHABET for letter in code):
        return None
    return code


def token_sha256(token: str) -> str:
    """Return the hash a token is kept as; 256 random bits need no key."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def keyed_sha256(purpose: str, text: str) -> str:
    """Return the keyed hash of something short: without the site's secret it cannot be tried."""
    key = hashlib.sha256(f"{purpose}\x1f{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, _bytes(text), hashlib.sha256).hexdigest()


def mark_of_grant(grant: str) -> str:
    """Return what names a grant in a cookie's name and an address; it opens nothing."""
    return keyed_sha256("grant mark", grant)[:MARK_LENGTH]


def draft_key(grant: str, moment: str) -> str:
    """Return the key, as 64 hexadecimal digits, under which a page keeps an unfinished form.

    It is on no disk: the page that holds it is not stored, and it follows from a grant that
    lives for an hour. A draft in a browser's storage says nothing without it.
    """
    return keyed_sha256("draft", f"{token_sha256(grant)}.{moment}")


def _bytes(text: str) -> bytes:
    """Return the text's bytes; half a character is wrong, but no reason to fail."""
    return text.encode("utf-8", "surrogatepass")

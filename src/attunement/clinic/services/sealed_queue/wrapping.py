# SPDX-License-Identifier: Apache-2.0
"""How the private halves of the queue's keys lie in the database: sealed with the key of keys."""

from __future__ import annotations

import base64
import binascii
import os

from attunement.clinic.keys import NONCE_BYTES, NotSealedForThisError, head_of, open_sealed, seal
from attunement.clinic.services.sealing import keyring

_SITE = "site"  # these keys belong to the installation, to no one practice


class UnwrapError(ValueError):
    """The half was sealed with another key of keys, for another row, or was changed."""


def wrap(der: bytes, *, place: str, row_id: str) -> str:
    """Return a private key sealed for one column of one row."""
    return seal(
        keyring().keys[0],
        base64.b64encode(der).decode("ascii"),
        practice_id=_SITE,
        place=place,
        row_id=row_id,
        nonce=os.urandom(NONCE_BYTES),
    )


def unwrap(wrapped: str, *, place: str, row_id: str) -> bytes:
    """Return the private key again.

    Raises
    ------
    UnwrapError
        When no key of keys of this site opens it here.
    """
    try:
        head = head_of(wrapped)
        for key in keyring().keys:
            if key.id == head.key_id:
                text = open_sealed(key, wrapped, practice_id=_SITE, place=place, row_id=row_id)
                return base64.b64decode(text, validate=True)
    except (NotSealedForThisError, binascii.Error, ValueError):
        raise UnwrapError from None
    raise UnwrapError


def is_wrapped_by_newest(wrapped: str) -> bool:
    """Whether the key of keys that wraps now is the one that wrapped this half."""
    try:
        return head_of(wrapped).key_id == keyring().keys[0].id
    except NotSealedForThisError:
        return False

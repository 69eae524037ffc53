# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import hashlib

from attunement.clinic.models.identifiers import ID_LENGTH, derived_id, is_id, new_id


def test_a_derived_id_is_base_32_of_the_first_half_of_a_digest() -> None:
    for k in range(300):
        parts = ("score", "x" * (k % 7), str(k))
        digest = hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]
        said = base64.b32encode(digest).decode("ascii").rstrip("=").lower()
        assert derived_id(*parts) == said


def test_a_new_id_has_the_shape_of_one() -> None:
    made = {new_id() for _ in range(50)}
    assert len(made) == 50
    assert all(is_id(one) and len(one) == ID_LENGTH for one in made)

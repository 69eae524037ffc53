# SPDX-License-Identifier: Apache-2.0
"""The code on a printed form: seven letters and digits, and one that catches slips."""

from __future__ import annotations

import secrets

from attunement.clinic.models import PAPER_CODE_LENGTH
from attunement.clinic.services.secrets_of_links import ALPHABET


def new_paper_code() -> str:
    """Return a code of seven letters and digits and one that checks them."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(PAPER_CODE_LENGTH - 1))
    return body + _check(body)


def typed_paper_code(text: str) -> str | None:
    """Return a code as typed without blanks, dashes and case; None where a letter is wrong."""
    code = text[:40].replace(" ", "").replace("-", "").upper()
    if len(code) != PAPER_CODE_LENGTH or any(letter not in ALPHABET for letter in code):
        return None
    return code if _check(code[:-1]) == code[-1] else None


def shown_paper_code(code: str) -> str:
    """Return a code as it is printed: ``"ABCD-EFGH"``."""
    return f"{code[:4]}-{code[4:]}"


def _check(body: str) -> str:
    """Return the letter that catches one wrong letter and two that changed places.

    No weight has a factor in common with 28, so that every single slip shows; neighbours differ,
    so that two letters that changed places show, unless they stand 7 or 14 apart in the alphabet.
    """
    weights = (1, 3, 5, 9, 11, 13, 15)
    total = sum(
        weight * ALPHABET.index(letter) for weight, letter in zip(weights, body, strict=True)
    )
    return ALPHABET[total % len(ALPHABET)]

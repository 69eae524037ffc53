# SPDX-License-Identifier: Apache-2.0
"""What cannot be written down about a loop or a rupture, said without repeating it."""

from __future__ import annotations

from typing import NoReturn

from attunement.clinic.errors import ClinicError
from attunement.clinic.models import LONGEST_NOTE
from attunement.clinic.services.fields import read_text


def refuse(got: str, expected: str) -> NoReturn:
    """Refuse: E-CLINIC-061."""
    raise ClinicError(
        "E-CLINIC-061",
        what="what was said about a loop or a rupture cannot be taken",
        got=got,
        expected=expected,
        next_step="Choose one of the answers on the page and send it again",
    )


def words_within(text: str, longest: int = LONGEST_NOTE) -> str:
    """Return words without the blanks around them; refuse what is too long or no text."""
    if len(text) > longest:
        refuse("words that are too long", f"at most {longest} characters")
    try:
        return read_text(text.replace("\r\n", "\n")).strip()
    except ValueError:
        refuse("something that is no text", "words")

# SPDX-License-Identifier: Apache-2.0
"""Which columns are the dyad, the session and the score, where nobody said: by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import narwhals as nw

from attunement.frames.engines.reading import open_file
from attunement.frames.ratings_names import DATE, DYAD, PERSPECTIVE, SCORE, SESSION, first_named
from attunement.frames.ruptures_errors import RupturesError

_NEEDED: Final = ("dyad", "session", "score")
_NAMES: Final = {
    "dyad": DYAD,
    "session": SESSION,
    "score": SCORE,
    "date": DATE,
    "perspective": PERSPECTIVE,
}


def guess_columns(
    table: Any, named: Mapping[str, str | None], *, taken: Sequence[str] = ()
) -> tuple[dict[str, str], list[str]]:
    """Return a column for each of what was named, and say those that were found by their names.

    Parameters
    ----------
    table : table or path
    named : mapping
        "dyad", "session", "score", "date", "perspective" to a column's name, or None.
    taken : sequence of str
        Columns that hold something else.

    Returns
    -------
    columns : dict of str to str
        Date and perspective only where there are such columns.
    said : list of str
        One line for each guess.

    Raises
    ------
    RupturesError
        E-FRAME-201 if there is no column for the dyad, the session or the score.
    """
    if isinstance(table, str | Path):
        dtypes, _ = open_file(Path(table))
        columns = list(dtypes)
    else:
        columns = nw.from_native(table).collect_schema().names()
    found = {role: column for role, column in named.items() if column is not None}
    said = []
    for role, names in _NAMES.items():
        if role in found:
            continue
        free = [name for name in columns if name not in {*taken, *found.values()}]
        column = first_named(free, names)
        if column is not None:
            found[role] = column
            said.append(f"'{column}' was taken for the {role}")
        elif role in _NEEDED:
            raise RupturesError(
                "E-FRAME-201",
                what=f"No column was found for the {role}",
                got="the columns " + ", ".join(f"'{name}'" for name in columns[:12]),
                next_step=f"Name it: {role}",
            )
    return found, said

# SPDX-License-Identifier: Apache-2.0
"""Which column is which item: by exact id, by a name given, or by a guess that is said aloud."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from attunement.frames.score_errors import ScoreFrameError
from attunement.measures.schema import Measure

ITEM_COLUMN = "item"
VALUE_COLUMNS = ("value", "answer")
MEASURE_COLUMN = "measure"


@dataclass(frozen=True, slots=True)
class WideColumns:
    """Item ids to column names, in the measure's order; ``guess`` says how they were found."""

    items: Mapping[str, str]
    guess: str = ""


def needed_items(measure: Measure) -> tuple[str, ...]:
    """Return the items without which nothing can be scored: those of scales, and their controls."""
    used = {item for scale in measure.scales for item in scale.items}
    controls = {item.id: item.shown_if.item for item in measure.items if item.shown_if is not None}
    waiting = list(used)
    while waiting:
        control = controls.get(waiting.pop())
        if control is not None and control not in used:
            used.add(control)
            waiting.append(control)
    return tuple(item.id for item in measure.items if item.id in used)


def scales_without_columns(measure: Measure, found: Collection[str]) -> tuple[str, ...] | None:
    """Return the scales of which a table holds no item at all.

    None if the table does not fit the measure: it holds some items of a scale and not the others
    (which of them were asked nobody can tell), lacks the item that decides whether a held one
    was asked, or holds no scale whole.
    """
    controls = {item.id: item.shown_if.item for item in measure.items if item.shown_if is not None}
    held = [scale for scale in measure.scales if any(item in found for item in scale.items)]
    whole = all(item in found for scale in held for item in scale.items)
    decided = all(controls[item] in found for item in found if item in controls)
    if (measure.scales and not held) or not whole or not decided:
        return None
    return tuple(scale.id for scale in measure.scales if scale not in held)


def find_wide(
    columns: Sequence[str], measure: Measure, items: Mapping[str, str] | None
) -> WideColumns:
    """Match items to columns.

    Parameters
    ----------
    columns : sequence of str
        The table's column names.
    items : mapping of str to str, optional
        Item id to column name, where the names are known.

    Returns
    -------
    WideColumns
        Every item found. A scale none of whose items has a column is not scored, which the
        ``guess`` says; a scale with only some of them is refused.

    Raises
    ------
    ScoreFrameError
        E-FRAME-002 naming the items not found, E-FRAME-003 if two columns could be one item,
        E-FRAME-004 if ``items`` names an item or column that does not exist.

    Notes
    -----
    In this order: the names given; columns named exactly as the items; one of the usual
    spellings, if a single one covers every needed item: ``<acronym>``, ``<measure id>``, ``q``,
    ``item``, ``i`` or ``question`` before the item id (also acronym + ``q`` or ``item``), in any
    case, with or without leading zeros, spaces, ``_``, ``-`` or ``.`` between.
    """
    known = [item.id for item in measure.items]
    if items is not None:
        named = _named(columns, measure, items)
        return WideColumns(named, _left_out(measure, named))
    exact = {item: item for item in known if item in set(columns)}
    if scales_without_columns(measure, exact) is not None:
        return WideColumns(exact, _left_out(measure, exact))
    found: dict[str, dict[str, str]] = {}
    for prefix in _prefixes(measure):
        spelled = _by_prefix(columns, known, prefix)
        if scales_without_columns(measure, spelled) is not None:
            found[prefix] = spelled
    distinct = {tuple(spelled.items()) for spelled in found.values()}
    if len(distinct) > 1:
        names = sorted({next(iter(spelled.values())) for spelled in found.values()})
        raise ScoreFrameError(
            "E-FRAME-003",
            what=f"More than one set of columns could be the items of '{measure.id}'",
            got=f"columns such as {', '.join(names)}",
            next_step='Name them: items={"<item id>": "<column>", …}',
        )
    if not found:
        raise _not_found(measure, columns, exact)
    mapping = next(iter(found.values()))
    pairs = [f"{column} → {item}" for item, column in mapping.items()]
    shown = ", ".join(pairs if len(pairs) <= 4 else [*pairs[:2], "…", pairs[-1]])  # noqa: PLR2004 -- a readable few
    guess = f"Columns were taken for the items of '{measure.id}': {shown}"
    left_out = _left_out(measure, mapping)
    return WideColumns(mapping, f"{guess}. {left_out}" if left_out else guess)


def _left_out(measure: Measure, found: Collection[str]) -> str:
    """Say which scales have no score because the table holds none of their items."""
    scales = scales_without_columns(measure, found)
    if not scales:
        return ""
    return f"No column holds an item of {', '.join(scales)} of '{measure.id}': no score there"


def is_long(columns: Sequence[str]) -> bool:
    """Return whether a table has one row per answer: a column ``item`` and one with the value."""
    return ITEM_COLUMN in columns and any(name in columns for name in VALUE_COLUMNS)


def check_keys(keys: Sequence[str], columns: Sequence[str], results: Sequence[str]) -> None:
    """Refuse key columns that do not exist or bear a result's name."""
    for key in keys:
        if key not in columns:
            raise ScoreFrameError(
                "E-FRAME-004",
                what=f"There is no column '{key}'",
                got=f"the columns {_some(columns)}",
                next_step="Name existing columns in keys",
            )
    clash = [key for key in keys if key in results]
    if clash:
        raise ScoreFrameError(
            "E-FRAME-005",
            what="A key column has the name of a result column",
            got=", ".join(f"'{key}'" for key in clash),
            next_step="Rename it, or give keys=[…] without it",
        )


def _named(columns: Sequence[str], measure: Measure, items: Mapping[str, str]) -> Mapping[str, str]:
    known = [item.id for item in measure.items]
    for item, column in items.items():
        if item not in known or column not in columns:
            what = f"no item '{item}'" if item not in known else f"no column '{column}'"
            raise ScoreFrameError(
                "E-FRAME-004",
                what=f"There is {what}",
                expected=f"items of '{measure.id}' ({_some(known)}) and columns of the table",
            )
    if len(set(items.values())) < len(items):
        raise ScoreFrameError(
            "E-FRAME-003",
            what="One column is named for two items",
            next_step="Give each item its own column",
        )
    rest = {item: item for item in known if item in columns and item not in items.values()}
    mapping = {item: items.get(item, rest.get(item, "")) for item in known}
    found = {item: column for item, column in mapping.items() if column}
    if scales_without_columns(measure, found) is None:
        raise _not_found(measure, columns, found)
    return found


def _not_found(measure: Measure, columns: Sequence[str], found: Collection[str]) -> ScoreFrameError:
    held = [scale for scale in measure.scales if any(item in found for item in scale.items)]
    wanted = {item for scale in held for item in scale.items} or set(needed_items(measure))
    missing = [item for item in needed_items(measure) if item in wanted and item not in found]
    return ScoreFrameError(
        "E-FRAME-002",
        what=f"No column was found for item {_some(missing)} of '{measure.id}'",
        got=f"the columns {_some(columns)}",
        expected="columns named as the items, or a long table with the columns item and value",
        next_step='Name them: items={"<item id>": "<column>", …}',
    )


def _some(names: Sequence[str]) -> str:
    shown = [f"'{name}'" for name in names[:12]]
    return ", ".join(shown) + (" …" if len(names) > len(shown) else "")


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())


def _prefixes(measure: Measure) -> list[str]:
    names = [_plain(measure.acronym), _plain(measure.id)]
    names += [name + more for name in names for more in ("q", "item", "i") if name]
    return list(dict.fromkeys(name for name in [*names, "q", "item", "i", "question"] if name))


def _by_prefix(columns: Sequence[str], known: Sequence[str], prefix: str) -> dict[str, str]:
    spelled: dict[str, str] = {}
    by_name: dict[str, list[str]] = {}
    for column in columns:
        plain = _plain(column)
        if plain.startswith(prefix):
            rest = plain[len(prefix) :]
            by_name.setdefault(rest.lstrip("0") or rest, []).append(column)
    for item in known:
        fits = by_name.get(_plain(item).removeprefix(prefix) or _plain(item), [])
        if len(fits) > 1:
            raise ScoreFrameError(
                "E-FRAME-003",
                what=f"More than one column could be item '{item}'",
                got=", ".join(f"'{column}'" for column in fits),
                next_step=f'Name the right one: items={{"{item}": "<column>", …}}',
            )
        if fits:
            spelled[item] = fits[0]
    return spelled

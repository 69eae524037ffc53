# SPDX-License-Identifier: Apache-2.0
"""Going on with a course where the house rule left it, when one more form comes in.

What the filters hold after some sessions depends on the model and on those sessions alone. A clinic
judges each course again with every new form, so it is kept under exactly what was seen: a course
that begins otherwise, or was changed, is judged from its first session.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from attunement.kernels.house import begin, follow, total
from attunement.kernels.house_arrays import Numbers, Outputs, make_lists
from attunement.signals.house.calm import Flat
from attunement.signals.house.model import HouseModel

MOST = 4096  # courses, of some ten thousand bytes each
_BACK = 8  # sessions by which a course may have grown since it was judged last
# What a row leaves to the next one; the rest of the working memory begins anew with each.
_CARRIED = ("state", "offset", "ratio", "onset", "likelihood", "habits")

_KINDS = (np.float64, np.float64, np.float64, np.int32, np.float64)  # of ``Outputs``
_Packed: TypeAlias = "array[Any]"  # of "d" or "q"
_Key = tuple[HouseModel, frozenset[str], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found in the first rows of a course, and what they leave to the next."""

    scratch: tuple[_Packed, ...]
    form: int
    n: int
    live: int
    found: tuple[_Packed, ...]  # as in ``Outputs``, row by row


def _packed(numbers: Any) -> _Packed:
    """Return numbers in a quarter of the room that a list takes."""
    whole = len(numbers) > 0 and isinstance(numbers[0], int)
    return array("q" if whole else "d", numbers)


class Memory:
    """What is known of courses that were judged before. Threads may share it.

    Parameters
    ----------
    most : int
        How many courses are remembered; the one that was not asked for longest goes first.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[_Key, _Known] = OrderedDict()
        self._lock = threading.Lock()
        self.n_rows = 0  # rows that were judged, and not remembered

    def go_on(
        self, data: Flat, numbers: Numbers, model: HouseModel, names: frozenset[str]
    ) -> Outputs:
        """Judge one course, from where it was left; ``numbers`` are the model's, in lists."""
        rows = data.values.size
        known, at = self._known(data, model, names)
        scratch, out = make_lists(numbers), lists_of(rows, 1)
        form, n, live = -1, 0, 0
        if known is None:
            begin(
                numbers.chairs, numbers.log_share, scratch.state, scratch.likelihood, scratch.habits
            )
        else:
            for name, kept in zip(_CARRIED, known.scratch, strict=True):
                getattr(scratch, name)[:] = kept
            for there, kept in zip(out, known.found, strict=False):
                there[: len(kept)] = kept
            form, n, live = known.form, known.n, known.live
        form, n, live = follow(
            *as_lists(data)[:-1], 0, at, rows, form, n, live, numbers, scratch, out
        )
        out.log_likelihood[0] = total(scratch.likelihood)
        self.n_rows += rows - at
        self._keep(
            (model, names, _seen(data, rows)),
            _Known(
                tuple(_packed(getattr(scratch, name)) for name in _CARRIED),
                form,
                n,
                live,
                tuple(_packed(one) for one in out[:-1]),
            ),
        )
        return as_arrays(out)

    def _known(
        self, data: Flat, model: HouseModel, names: frozenset[str]
    ) -> tuple[_Known | None, int]:
        """Return what is known of the longest beginning of a course, and how many rows it has."""
        rows = data.values.size
        for at in range(rows, max(0, rows - _BACK), -1):
            key = (model, names, _seen(data, at))
            with self._lock:
                known = self._kept.pop(key, None)  # what is longer takes its place
            if known is not None:
                return known, at
        return None, 0

    def _keep(self, key: _Key, known: _Known) -> None:
        with self._lock:
            self._kept[key] = known
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def as_lists(data: Flat) -> Flat:
    """Return scores as the kernel takes them where it runs as it stands."""
    return Flat(*[array.tolist() for array in data])


def lists_of(rows: int, dyads: int) -> Outputs:
    """Return lists for what the kernel finds."""
    none: Any = [math.nan]
    zero: Any = [0]
    return Outputs(none * rows, none * rows, none * (3 * rows), zero * rows, none * dyads)


def as_arrays(found: Outputs) -> Outputs:
    """Return what the kernel found in lists as arrays."""
    return Outputs(*[np.array(one, kind) for one, kind in zip(found, _KINDS, strict=True)])


def outputs_of(rows: int, dyads: int) -> Outputs:
    """Return arrays for what the kernel finds."""
    return Outputs(
        statistic=np.empty(rows),
        expected=np.empty(rows),
        innovation=np.empty(3 * rows),
        n_used=np.empty(rows, dtype=np.int32),
        log_likelihood=np.empty(dyads),
    )


def _seen(data: Flat, rows: int) -> tuple[bytes, ...]:
    """Return the first rows of a course, bit by bit."""
    return tuple(array[:rows].tobytes() for array in data[:-1])

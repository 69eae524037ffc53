# SPDX-License-Identifier: Apache-2.0
"""Going on with a course where the house rule left it, when one more form comes in.

What the filters hold after some sessions depends on the model and on those sessions alone. A clinic
judges each course again with every new form, so it is kept under exactly what was seen: a course
that begins otherwise, or was changed, is judged from its first session.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from attunement.kernels.house import begin, follow, total
from attunement.kernels.house_arrays import Numbers, Outputs, Scratch, make_scratch
from attunement.signals.house.calm import Flat
from attunement.signals.house.model import HouseModel

MOST = 4096  # courses, of some ten thousand bytes each
_BACK = 8  # sessions by which a course may have grown since it was judged last
# What a row leaves to the next one; the rest of the working memory begins anew with each.
_CARRIED = ("state", "offset", "ratio", "onset", "likelihood", "habits")

_Key = tuple[HouseModel, frozenset[str], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found in the first rows of a course, and what they leave to the next."""

    scratch: tuple[np.ndarray, ...]
    form: int
    n: int
    live: int
    found: tuple[np.ndarray, ...]  # as in ``Outputs``, row by row


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
        """Judge one course, from where it was left."""
        rows = data.values.size
        out = outputs_of(rows, 1)
        known, at = self._known(data, model, names)
        scratch = make_scratch(numbers)
        form, n, live = -1, 0, 0
        if known is None:
            begin(
                numbers.chairs, numbers.log_share, scratch.state, scratch.likelihood, scratch.habits
            )
        else:
            for name, kept in zip(_CARRIED, known.scratch, strict=True):
                getattr(scratch, name)[...] = kept
            for array, kept in zip(out, known.found, strict=False):
                array[:at] = kept
            form, n, live = known.form, known.n, known.live
        form, n, live = follow(
            *Flat(*map(view, data))[:-1], 0, at, rows, form, n, live,
            Numbers(*map(view, numbers)), Scratch(*map(view, scratch)), Outputs(*map(view, out)),
        )  # fmt: skip
        out.log_likelihood[0] = total(scratch.likelihood)
        self.n_rows += rows - at
        self._keep(
            (model, names, _seen(data, rows)),
            _Known(tuple(getattr(scratch, name) for name in _CARRIED), form, n, live, out[:-1]),
        )
        return out

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


def view(array: Any) -> Any:
    """Return an array as one that gives Python's own numbers; a kernel only indexes and counts.

    Reckoning with numpy's scalars takes several times as long; the bits are the same.
    """
    return memoryview(array)


def outputs_of(rows: int, dyads: int) -> Outputs:
    """Return arrays for what the kernel finds."""
    return Outputs(
        statistic=np.empty(rows),
        expected=np.empty(rows),
        innovation=np.empty((rows, 3)),
        n_used=np.empty(rows, dtype=np.int32),
        log_likelihood=np.empty(dyads),
    )


def _seen(data: Flat, rows: int) -> tuple[bytes, ...]:
    """Return the first rows of a course, bit by bit."""
    return tuple(array[:rows].tobytes() for array in data[:-1])

# SPDX-License-Identifier: Apache-2.0
"""Memory for large results, taken again when nobody refers to the earlier result any more.

The system clears each page of fresh memory before it hands it out, which for a large result takes
as long as scoring it. So the memory of the last large result is kept for the next one.

An array made here has a plain object as its base. numpy gives every view of the array, and every
view of a view, a reference that leads to that object; when the last of them is gone the object
dies, and only then can its memory be lent again.
"""

from __future__ import annotations

import contextlib
import math
import mmap
from collections import deque
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["scores", "why", "n_answered", "flags", "judged"]

# Bytes below which nothing is kept: fresh memory of that size costs little.
LEAST: Final = 64 << 10
# Bytes from which a result is large. A small one is kept beside it, not in its place, so that a
# small table between two large ones costs neither of them its memory.
LARGE: Final = 8 << 20
# Bytes of the one large result of each kind that may be kept: 1 GiB altogether.
MOST: Final[dict[Kind, int]] = {
    "scores": 640 << 20,
    "why": 192 << 20,
    "n_answered": 64 << 20,
    "flags": 64 << 20,
    "judged": 64 << 20,
}

_HUGE: Final[int | None] = getattr(mmap, "MADV_HUGEPAGE", None)
_FREE: Final[int | None] = getattr(mmap, "MADV_FREE", None)
_PRIVATE: Final = hasattr(mmap, "MAP_ANONYMOUS")  # not so on Windows, where nothing is kept

# A deque of length 1 takes and gives in one step, whatever thread calls: there is no lock that a
# thread could hold while it forks, or ask for twice when an array dies in the middle of a call.
_Kept = deque[mmap.mmap]
_KEPT: Final[dict[tuple[Kind, bool], _Kept]] = {
    (kind, large): deque(maxlen=1) for kind in MOST for large in (False, True)
}


class _Lent:
    """Memory on loan, which numpy takes for an array. It goes back when this object dies."""

    __slots__ = ("__array_interface__", "_advice", "_block", "_kept")

    def __init__(
        self, block: mmap.mmap, kept: _Kept, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self._block, self._kept = block, kept
        self._advice = _FREE if len(block) >= LARGE else None
        first = np.frombuffer(block, dtype=np.uint8).__array_interface__["data"][0]
        self.__array_interface__ = {
            "version": 3,
            "data": (first, False),
            "shape": shape,
            "typestr": dtype.str,
        }

    def __del__(self) -> None:  # names nothing of this module: that may be gone at exit
        if self._advice is not None:
            try:  # noqa: SIM105 -- contextlib is such a name
                self._block.madvise(self._advice)  # idle: the system may take it when it is short
            except OSError:
                pass
        self._kept.append(self._block)


def lend(kind: Kind, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an array to be filled, in memory of an earlier result where there is some.

    Parameters
    ----------
    kind : "scores", "why" or "n_answered"; "flags" or "judged"
        Which part of a result it is for, of scoring or of rules that were asked together; of
        each, one small and one large block is kept.
    shape : tuple of int
    dtype : dtype

    Returns
    -------
    array
        Its contents are arbitrary. Results below 64 KiB, and those above what may be kept, come
        from numpy as always.

    Notes
    -----
    Kept memory serves a result that fills at least half of it; otherwise it goes back to the
    system before more is asked for.
    """
    made = np.dtype(dtype)
    size = math.prod(shape) * made.itemsize
    if not (_PRIVATE and LEAST <= size <= MOST[kind]):
        return np.empty(shape, dtype=made)
    kept = _KEPT[kind, size >= LARGE]
    block = _take(kept)
    if block is None or not size <= len(block) <= 2 * size:
        block = None  # the earlier block goes before the new one comes
        try:
            block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except OSError:  # no memory: numpy says so in its own words
            return np.empty(shape, dtype=made)
        if _HUGE is not None:
            with contextlib.suppress(OSError):  # a kernel without huge pages
                block.madvise(_HUGE)
    return np.asarray(_Lent(block, kept, shape, made))


def release_memory() -> int:
    """Give the memory that is kept for later results back to the system.

    Scoring ten million responses in arrays leaves some 330 to 410 MB with the process when the
    result is no longer used, ready for the next call; 1 GiB at most. A result that is still in
    use is not touched.

    Returns
    -------
    int
        How many bytes went back.
    """
    return sum(len(block) for kept in _KEPT.values() if (block := _take(kept)) is not None)


def _take(kept: _Kept) -> mmap.mmap | None:
    try:
        return kept.pop()
    except IndexError:
        return None

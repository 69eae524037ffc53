# SPDX-License-Identifier: Apache-2.0
"""Arrow's own words and numbers, made from their bytes.

``pyarrow.array`` and ``pyarrow.scalar``, and a compute function that is given a plain value, import
pandas to find out whether it is one of pandas': half a second of every command that reads a file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def strings(words: Sequence[str]) -> pa.Array:
    """Return words as an Arrow array."""
    cells = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, cells)], dtype=np.int32)
    buffers = [pa.py_buffer(ends), pa.py_buffer(b"".join(cells))]
    return pa.StringArray.from_buffers(len(cells), *buffers)


def zero() -> pa.Scalar:
    """Return the number 0, to compare lengths with."""
    return pa.Array.from_buffers(pa.int32(), 1, [None, pa.py_buffer(bytes(4))])[0]


def true_at(mask: pa.BooleanArray) -> npt.NDArray[np.uint64]:
    """Return where a mask is true, in order; ``to_numpy`` would import pandas as well."""
    at = pc.indices_nonzero(mask)
    data = at.buffers()[1]
    if data is None:
        return np.zeros(0, dtype=np.uint64)
    return np.frombuffer(data, dtype=np.uint64)[at.offset : at.offset + len(at)]

# SPDX-License-Identifier: Apache-2.0
"""Arrow's flags and whole numbers as numpy's, from their bytes.

Arrow's own ``to_numpy`` and ``fill_null`` import pandas first: half a second of every command that
reads a column of words.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bools = npt.NDArray[np.bool_]


def flags(cells: pa.BooleanArray) -> Bools:
    """Return whether each cell is true; one that is missing is not."""
    first, n = cells.offset, len(cells)
    known, data = cells.buffers()
    found = _bits(data, first, n)
    return found & _bits(known, first, n) if known is not None else found


def places(coded: pa.DictionaryArray, *, missing: int) -> npt.NDArray[np.int64]:
    """Return where in the dictionary each cell's word stands; ``missing`` where there is none."""
    indices = coded.indices
    first, n = indices.offset, len(indices)
    known, data = indices.buffers()
    if data is None:  # no cell holds a word
        return np.full(n, missing, dtype=np.int64)
    found = np.frombuffer(data, dtype=np.int32)[first : first + n].astype(np.int64)
    if known is not None:
        found[~_bits(known, first, n)] = missing
    return found


def _bits(data: pa.Buffer | None, first: int, n: int) -> Bools:
    if data is None:  # no cells
        return np.zeros(n, dtype=np.bool_)
    held = np.frombuffer(data, dtype=np.uint8)[first >> 3 : (first + n + 7) >> 3]
    bits = np.unpackbits(held, bitorder="little").view(np.bool_)
    return bits[first & 7 :][:n]

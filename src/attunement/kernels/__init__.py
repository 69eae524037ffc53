# SPDX-License-Identifier: Apache-2.0
"""The hot loops: plain functions over flat arrays, compiled only when there is much to do."""

from __future__ import annotations

from attunement.kernels.compiling import compiled
from attunement.kernels.score import (
    BLOCK,
    TABLE,
    ItemRules,
    Outputs,
    ScaleRules,
    Scratch,
    Tables,
    make_scratch,
    make_tables,
    one_row,
    score_rows,
    tabulate,
)

__all__ = [
    "BLOCK",
    "TABLE",
    "ItemRules",
    "Outputs",
    "ScaleRules",
    "Scratch",
    "Tables",
    "compiled",
    "make_scratch",
    "make_tables",
    "one_row",
    "score_rows",
    "tabulate",
]

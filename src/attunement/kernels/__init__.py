# SPDX-License-Identifier: Apache-2.0
"""The hot loops: plain functions over flat arrays, compiled only when there is much to do."""

from __future__ import annotations

from attunement.kernels.compiling import compiled
from attunement.kernels.score import (
    BLOCK,
    ItemRules,
    Outputs,
    ScaleRules,
    Scratch,
    make_scratch,
    score_rows,
)

__all__ = [
    "BLOCK",
    "ItemRules",
    "Outputs",
    "ScaleRules",
    "Scratch",
    "compiled",
    "make_scratch",
    "score_rows",
]

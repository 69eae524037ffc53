# SPDX-License-Identifier: Apache-2.0
"""Where answers are scored: in memory, in the caller's kind of frame, or in files by batches."""

from __future__ import annotations

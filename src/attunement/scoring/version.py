# SPDX-License-Identifier: Apache-2.0
"""Which scoring rule made a number: raised whenever any score could come out differently."""

from __future__ import annotations

SCORER_VERSION = "1"

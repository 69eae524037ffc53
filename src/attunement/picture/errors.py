# SPDX-License-Identifier: Apache-2.0
"""What a look refuses before it begins."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class LookError(AttunementError):
    """A source that cannot be looked at."""

    codes: ClassVar[dict[str, str]] = {
        "E-LOOK-001": "the source cannot be opened as a file",
        "E-LOOK-002": "the Parquet file cannot be read",
        "E-LOOK-003": "a named dyad is not in the file",
        "E-LOOK-004": "the file changed while it was read",
        "E-LOOK-005": "a mapping of columns names an unknown part",
    }

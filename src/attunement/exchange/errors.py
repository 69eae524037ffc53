# SPDX-License-Identifier: Apache-2.0
"""What the reader of tables refuses, and what it remarks on."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class TableError(AttunementError):
    """A file that cannot be read as a table."""

    codes: ClassVar[dict[str, str]] = {
        "E-TABLE-001": "the file has no rows",
        "E-TABLE-002": "the text is not UTF-8",
        "E-TABLE-003": "a column name occurs twice",
        "E-TABLE-004": "a column name mixes look-alike or invisible characters",
        "E-TABLE-005": "a quoted text does not end",
        "E-TABLE-006": "the separator cannot be told",
        "E-TABLE-007": "the file is not a text table",
        "E-TABLE-008": "the file is too large to be read as text",
        "E-TABLE-010": "a row has more or fewer cells than the header",
        "E-TABLE-011": "a row contains a NUL character",
        "E-TABLE-012": "a cell is longer than 131,072 characters",
        "E-TABLE-013": "the header is repeated inside the table",
        "E-TABLE-014": "a missing-value mark of another program",
        "E-TABLE-015": "quotation marks inside a row are broken",
        "E-TABLE-016": "spaces around values were left out",
        "E-TABLE-017": "empty rows were skipped",
        "E-TABLE-018": "a column has no name",
    }

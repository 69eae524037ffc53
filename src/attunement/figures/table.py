# SPDX-License-Identifier: Apache-2.0
"""The table that stands beside every picture."""

from __future__ import annotations

from dataclasses import dataclass

from attunement.figures.markup import escape


@dataclass(frozen=True, slots=True)
class Table:
    """A small table of text; the first cell of each row is its header."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def html(self) -> str:
        """Return a ``<table>`` with a caption and headers that assistive technology can use."""
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.header)
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self.rows
            if row
        )
        return (
            f'<table class="att-table"><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

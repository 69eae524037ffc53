# SPDX-License-Identifier: Apache-2.0
"""Many dyads in one file: packed in parts that the page unfolds when they are shown."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from attunement.picture.dyads import DyadView

PER_PART = 50
_LEVEL = 6


def packed_list(views: Sequence[DyadView], rows: Iterable[str]) -> str:
    """Return the list as one packed element: name, sort keys and row of every dyad.

    Parameters
    ----------
    views : sequence of DyadView
    rows : iterable of str
        The HTML row of each, in the same order.
    """
    entries = (
        [view.name, [view.place, view.rated, view.missing, len(view.signals)], row]
        for view, row in zip(views, rows, strict=True)
    )
    return _element("packed-list", entries, f' data-per="{PER_PART}"')


def packed_parts(articles: Iterable[str]) -> Iterator[str]:
    """Yield packed elements with 50 articles each, in order."""
    waiting = iter(articles)
    number = 0
    while part := list(islice(waiting, PER_PART)):
        yield _element(f"packed-{number}", part)
        number += 1


def _element(name: str, content: Iterable[object], attributes: str = "") -> str:
    """Pack a list of values entry by entry: as text it is many times as long."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_LEVEL, mtime=0) as file:
        before = "["
        for one in content:
            text = json.dumps(one, ensure_ascii=False, separators=(",", ":"))
            file.write(f"{before}{text}".encode())
            before = ","
        file.write(b"]")
    written = base64.b64encode(packed.getbuffer()).decode()
    return f'<script type="text/plain" id="{name}"{attributes}>{written}</script>\n'

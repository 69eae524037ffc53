# SPDX-License-Identifier: Apache-2.0
"""Many dyads in one file: packed in parts that the page unfolds when they are shown."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from attunement.picture.dyads import DyadView

PER_PART = 50
_LEVEL = 6


def packed_list(views: Sequence[DyadView], rows: Sequence[str]) -> str:
    """Return the list as one packed element: name, sort keys and row of every dyad.

    Parameters
    ----------
    views : sequence of DyadView
    rows : sequence of str
        The HTML row of each, in the same order.
    """
    entries = [
        [view.name, [view.place, view.rated, view.missing, len(view.signals)], row]
        for view, row in zip(views, rows, strict=True)
    ]
    return _element("packed-list", entries, f' data-per="{PER_PART}"')


def packed_parts(articles: Iterable[str]) -> Iterator[str]:
    """Yield packed elements with 50 articles each, in order."""
    waiting = iter(articles)
    number = 0
    while part := list(islice(waiting, PER_PART)):
        yield _element(f"packed-{number}", part)
        number += 1


def _element(name: str, content: object, attributes: str = "") -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    packed = base64.b64encode(gzip.compress(text.encode(), _LEVEL, mtime=0)).decode()
    return f'<script type="text/plain" id="{name}"{attributes}>{packed}</script>\n'

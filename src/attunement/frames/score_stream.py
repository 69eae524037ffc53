# SPDX-License-Identifier: Apache-2.0
"""``score_stream``: a text table of any length in, a file of scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attunement.frames.engines.stream import TextStream, score_blocks
from attunement.frames.score_request import make_request
from attunement.frames.score_tally import Tally
from attunement.measures.schema import Measure


def score_stream(
    source: TextStream,
    *,
    measure: str | Measure,
    out: str | Path,
    keys: str | Sequence[str] | None = None,
    items: Mapping[str, str] | None = None,
    layout: str = "auto",
    labels: str = "auto",
    language: str = "en",
    missing: Sequence[float] = (),
    tally: Tally | None = None,
) -> Path:
    """Score a text table that comes in blocks; memory does not grow with a wide one.

    Parameters
    ----------
    source : attunement.exchange.TableStream
        The answers, with the number of each row. What it raises while it is read is passed on.
        A long table is gathered first, because the answers of one response may lie anywhere.
    out : path
        Where the result goes, as CSV or Parquet by its ending: whole, or not at all.
    measure, keys, items, layout, labels, language, missing, tally
        As for ``score``.

    Returns
    -------
    Path
        ``out``, with the columns that ``score`` describes.

    Raises
    ------
    ScoreFrameError
        As ``score``; rows are named by the numbers that they have in the source.
    """
    request = make_request(
        measure,
        keys=keys,
        items=items,
        layout=layout,
        labels=labels,
        language=language,
        missing=missing,
        row_numbers=None,
        first_row=2,
        tally=tally,
    )
    return score_blocks(source, Path(out), request)

# SPDX-License-Identifier: Apache-2.0
"""``score``: answers in any table, scores in the same kind of table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack, overload

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from attunement.frames.engines.memory import score_frame
from attunement.frames.engines.stream import read_and_score, score_file
from attunement.frames.score_errors import ScoreFrameError
from attunement.frames.score_request import Request, make_request
from attunement.frames.score_tally import Tally
from attunement.measures.schema import Measure

T = TypeVar("T")


class Options(TypedDict, total=False):
    """What ``score`` takes besides the answers, the measure and where to write."""

    keys: str | Sequence[str] | None
    items: Mapping[str, str] | None
    layout: str
    labels: str
    language: str
    missing: Sequence[float]
    row_numbers: npt.NDArray[np.int64] | None
    tally: Tally | None


@overload
def score(
    frame: str | Path,
    *,
    measure: str | Measure,
    out: None = None,
    **options: Unpack[Options],
) -> pl.DataFrame: ...
@overload
def score(
    frame: str | Path,
    *,
    measure: str | Measure,
    out: str | Path,
    **options: Unpack[Options],
) -> Path: ...
@overload
def score(frame: T, *, measure: str | Measure, **options: Unpack[Options]) -> T: ...
def score(
    frame: Any,
    *,
    measure: str | Measure,
    keys: str | Sequence[str] | None = None,
    items: Mapping[str, str] | None = None,
    layout: str = "auto",
    labels: str = "auto",
    language: str = "en",
    missing: Sequence[float] = (),
    out: str | Path | None = None,
    row_numbers: npt.NDArray[np.int64] | None = None,
    tally: Tally | None = None,
) -> Any:
    """Score answers held in a table and return a table of the same kind.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, Polars LazyFrame, DuckDB relation, or path
        The answers. *Wide*: one row per response, one column per item. *Long*: one row per
        answer, with columns ``item`` and ``value`` (or ``answer``), and ``measure`` where the
        table holds several. A path (``.csv``, ``.parquet``) is read and scored; with ``out`` it
        is read, scored and written in batches, so that memory does not grow with a wide file.
    measure : str or Measure
        ``"phq-9"`` (its newest version), ``"phq-9@1"``, or a measure.
    keys : str or sequence of str, optional
        Columns to carry over: they say whose response it is. By default every column that is no
        item. In a long table they also say which answers belong together.
    items : mapping of str to str, optional
        Item id to column name. Without it, columns named as the items are taken; failing that,
        a usual spelling (``phq9_1``, ``q1``, ``item1`` …), said in a ``ColumnGuessWarning``.
    layout : {"auto", "wide", "long"}
    labels : {"auto", "numbers", "text"}
        Whether cells may be numbers, labels of the measure's wording ("Not at all"), or both.
    language : str
        The wording's language.
    missing : sequence of float
        Numbers that stand for a missing answer, such as ``[-99]``. An empty cell always does.
        NaN does in pandas, which has no other mark for it; elsewhere it is refused.
    out : path, optional
        For a path: where the result goes, as CSV or Parquet by its ending. An existing file is
        replaced in one step, at the end; the file of answers itself is refused, under whatever
        name.
    row_numbers : array of int64, optional
        The number by which a message names each row; from 1 by default (from 2 in a CSV file,
        where the header is row 1).
    tally : Tally, optional
        Takes up how many responses hold an answer that asks for a person to look, and how many
        one that was left out because its item was not asked.

    Returns
    -------
    the kind that came in (for a path, the path of the result, or a Polars frame without ``out``)
        The key columns, then ``score`` (the scale ``total``; a measure that has none gets no
        such column), one column per other scale, ``n_answered`` (items answered among those
        that some scale uses), ``reason`` (why a scale has no score; null where every scale has
        one), ``measure`` (id and version) and ``scorer`` (version of the rule). Rows keep their
        order; a long table gives one row per response, in order of first appearance. A lazy
        frame is read when ``score`` is called. In a Parquet file ``reason``, ``measure`` and
        ``scorer`` are categories, which hold each sentence once.

    Raises
    ------
    ScoreFrameError
        E-FRAME-001 to 011. E-FRAME-006 lists the first 20 cells that cannot be used, by row and
        column and never by what they hold; nothing is scored then. MeasureError if there is no
        such measure.

    Warns
    -----
    ColumnGuessWarning
        When items were found by the spelling of their columns.

    Notes
    -----
    The rule is that of ``scoring.score_response``, for one row or for ten million; it runs
    compiled when there is much to do. Checked against hand-worked examples and numpy in
    ``tests/unit/scoring`` and ``tests/property/test_scoring_frames.py``.

    Examples
    --------
    >>> import polars as pl, attunement as at
    >>> answers = pl.DataFrame({"client": ["A"], **{str(k): [1] for k in range(1, 10)}})
    >>> at.score(answers, measure="phq-9")["score"].to_list()
    [9.0]
    """
    path = Path(frame) if isinstance(frame, str | Path) else None
    request = make_request(
        measure,
        keys=keys,
        items=items,
        layout=layout,
        labels=labels,
        language=language,
        missing=missing,
        row_numbers=row_numbers,
        first_row=2 if path is not None and path.suffix.lower() != ".parquet" else 1,
        tally=tally,
    )
    if path is not None:
        if out is None:
            return read_and_score(path, request)
        _refuse_input(path, Path(out))
        return score_file(path, Path(out), request)
    return _score_native(frame, request)


def _refuse_input(source: Path, out: Path) -> None:
    """Refuse to write the scores onto the answers, be it through a link."""
    try:
        same = out.samefile(source)
    except OSError:  # one of them is not there
        return
    if same:
        raise ScoreFrameError(
            "E-FRAME-009",
            what="The scores would replace the answers they are made of",
            got="the same file as frame and as out",
            next_step="Give out another name",
        )


def _score_native(frame: Any, request: Request) -> Any:
    try:
        table = nw.from_native(_with_text_names(frame))
    except TypeError as problem:
        raise ScoreFrameError(
            "E-FRAME-001",
            what="The answers are not a table",
            got=f"an object of type {type(frame).__name__}",
            expected="a pandas or Polars frame, a pyarrow.Table, a DuckDB relation, or a path",
            next_step=_made_a_table(frame),
        ) from problem
    except nw.exceptions.DuplicateError as problem:
        raise ScoreFrameError(
            "E-FRAME-001",
            what="Two columns of the table have the same name",
            next_step="Rename one of them",
        ) from problem
    if isinstance(table, nw.DataFrame):
        return score_frame(table, request)
    if isinstance(frame, pl.LazyFrame):
        return score_frame(table.collect(), request).lazy()
    if table.implementation is nw.Implementation.DUCKDB:
        return _as_relation(frame, score_frame(table.collect("pyarrow"), request))
    raise ScoreFrameError(
        "E-FRAME-001",
        what="This kind of lazy table cannot be given back as it came",
        got=f"an object of type {type(frame).__name__}",
        next_step="Collect it first, or write it to Parquet and give the path",
    )


def _made_a_table(thing: Any) -> str:
    """Return how the thing becomes a table, where that is a step away."""
    if type(thing).__name__ == "RecordBatch":
        return "Make it a table: pyarrow.Table.from_batches([batch])"
    if isinstance(thing, dict | list):
        return "Make it a frame: polars.DataFrame(…) or pandas.DataFrame(…)"
    return ""


def _as_relation(relation: Any, scored_answers: Any) -> Any:  # noqa: ARG001 -- DuckDB finds it by its name
    """Return an Arrow table as a relation of the connection that ``relation`` belongs to."""
    return relation.query("unscored_answers", "SELECT * FROM scored_answers")


def _with_text_names(frame: Any) -> Any:
    """Give a pandas frame whose columns are numbered their names as text."""
    if not type(frame).__module__.startswith("pandas") or not hasattr(frame, "columns"):
        return frame
    named = all(isinstance(name, str) for name in frame.columns)
    return frame if named else frame.rename(columns=str)

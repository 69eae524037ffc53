# SPDX-License-Identifier: Apache-2.0
"""``ruptures``: which sessions of a table ask for a question, and how often wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from attunement.frames.engines.reading import decimal_of
from attunement.frames.ruptures_cells import Ints
from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_job import Job, whole_file
from attunement.frames.ruptures_request import Usual, make_question, make_rules, make_scale
from attunement.frames.ruptures_result import Ruptures
from attunement.frames.ruptures_rows import Columns
from attunement.signals import Rule

Progress = Callable[[str, int, int], None]
_ENGINES = ("memory", "stream", "spark")
DEFAULT_WINDOW = 3
DEFAULT_TOLERANCE = 0.5


def ruptures(
    frame: Any,
    *,
    dyad: str = "dyad",
    session: str = "session",
    score: str = "score",
    scale: Sequence[float] | None = None,
    higher_is: Literal["better", "worse"] | None = None,
    measure: str | None = None,
    step: float | None = None,
    rule: str | Rule | Iterable[str | Rule] = "house",
    null_rate: float = 0.10,
    horizon: int = 12,
    date: str | None = None,
    perspective: str | None = None,
    expected: str | None = None,
    strain: str | None = None,
    prediction: str | None = None,
    therapist: str | None = None,
    version: str | None = None,
    ended: str | None = None,
    archive: Usual = None,
    window: int = DEFAULT_WINDOW,
    tolerance: float = DEFAULT_TOLERANCE,
    engine: Literal["memory", "stream", "spark"] = "memory",
    out: str | Path | None = None,
    row_numbers: Ints | None = None,
    decimal: Literal[".", ","] | None = None,
    progress: Progress | None = None,
) -> Ruptures:
    """Judge every session of every dyad, prospectively, and say how often that is wrong.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, Polars LazyFrame, DuckDB relation, Spark table, path
        One row per form, in any order. Paths end in ``.csv``, ``.tsv`` or ``.parquet``.
    dyad, session, score : str
        Columns: whose row it is; the session's number (whole, each once per dyad); the score. An
        empty score, or NaN, is a form that is missing: it stays missing. Session numbers that do
        not occur are gaps.
    scale : (float, float)
        The lowest and the highest score that the form permits. A score off the scale is refused.
    higher_is : {"better", "worse"}
        "better" (an alliance; the default) or "worse" (symptoms).
    measure : str, optional
        A measure's id in place of ``scale`` and ``higher_is``: its total's range and direction.
    step : float, optional
        The smallest step between two scores; 0, the default, for continuous ones.
    rule : str, Rule, or several of them
        ``"house"`` by default; an id of `attunement.signals.RULES`; ``"all"``.
    null_rate, horizon : float, int
        The house rule's limit is set so that this share of dyads *without any rupture* would be
        flagged at least once within ``horizon`` sessions. Other rules have limits of their own.
    date : str, optional
        A column of dates. They are compared with the session numbers; where they go back the
        table is refused.
    perspective : str, optional
        A column that says who rated. The client's rows are judged; the therapist's rows of the
        same session go in beside them; others are left out. Without it a dyad may have each
        session once.
    expected, strain : str, optional
        Columns of yes and no: whether a form was expected (the session took place); whether
        "something felt off" was ticked.
    prediction, therapist : str, optional
        What the therapist thought that the client would rate; what the therapist rated.
    version : str, optional
        The version of the measure. Where it changes a new series begins.
    ended : str, optional
        Yes in any row of a dyad whose care episode is over: an episode without a repair is then
        *censored*, not *open*. Neither is ever counted as unrepaired.
    archive : Archive, HouseModel, "learn", "prior", optional
        What is usual. A model that was learned elsewhere, so that a dyad's verdicts depend on
        its own earlier rows alone. ``"learn"``: estimated from this table (at most 2,000 of its
        dyads, whichever engine), and so resting on later sessions of other dyads too.
        ``"prior"``: the simulated prior that ships with the software. By default the house rule
        learns from a table of 200 dyads or more and takes the prior for a smaller one; the
        summary says which.
    window, tolerance : int, float
        A repair is the first score within ``window`` sessions after the onset that is back at
        the score before, less ``tolerance`` units of the usual noise.
    engine : {"memory", "stream", "spark"}
        ``"stream"`` reads a path and writes ``out`` part by part with flat memory. It is fastest
        where dyads rise in the file; in any other order rows go through scratch files beside
        ``out``. ``"spark"`` runs the same function under PySpark.
    out : path, optional
        For a path: where the sessions go, as CSV or Parquet by its ending; the episodes go to
        ``NAME.episodes.ENDING`` beside it. ``engine="stream"`` needs it.
    row_numbers : array of int64, optional
        The number by which a message names each row.
    decimal : {".", ","}, optional
        ``","`` where scores in text may have a decimal comma: then those columns have, that show
        one in the rows that are read first (all of them in memory), and a point in them is refused.
        By default a comma for a text file with another separator, and otherwise a point.
    progress : callable, optional
        Called with what is being done, how many rows are done, and of how many.

    Returns
    -------
    Ruptures
        ``sessions`` and ``episodes`` as the kind of table that came in (a Polars frame for a
        path, a LazyFrame of the written file with ``engine="stream"``), ``summary``, ``plot``
        and ``explain``.

    Raises
    ------
    RupturesError
        E-FRAME-201 … E-FRAME-211: what cannot be used, by row and column, never quoting a cell.
        ScoreFrameError for a file that cannot be read or written.

    Warns
    -----
    DirectionWarning
        When scores crowd the end of the scale that was said to be the worse one.
    FitWarning
        When the noise of these scores is far from what the rule takes for usual.

    Notes
    -----
    Rows may come in any order. With a model that is given, or the prior, other dyads change
    nothing and cutting off later sessions never changes an earlier verdict. Tested as properties
    in ``tests/property/test_ruptures_properties.py``.

    Examples
    --------
    >>> import polars as pl, attunement as at
    >>> ratings = pl.DataFrame(
    ...     {
    ...         "dyad": ["A"] * 8,
    ...         "session": [1, 2, 3, 4, 5, 6, 7, 8],
    ...         "score": [4.6, 4.9, 4.7, 5.0, 4.8, 1.2, 3.1, 4.9],
    ...     }
    ... )
    >>> found = at.ruptures(ratings, scale=(0, 6))
    >>> found.sessions.filter("flagged")["session"].to_list()[0]
    6
    >>> found.episodes["status"].to_list()[0]
    'repaired'
    """
    if engine not in _ENGINES:
        raise RupturesError(
            "E-FRAME-204",
            what=f"The engine cannot be {engine!r}",
            expected=", ".join(repr(one) for one in _ENGINES),
        )
    path = Path(frame) if isinstance(frame, str | Path) else None
    text = path is not None and path.suffix.lower() != ".parquet"
    question = make_question(
        columns=Columns(
            dyad,
            session,
            score,
            date,
            perspective,
            expected,
            strain,
            prediction,
            therapist,
            version,
            ended,
        ),
        scale=make_scale(scale, higher_is, step, measure),
        rules=make_rules(rule),
        null_rate=null_rate,
        horizon=horizon,
        usual=archive,
        window=window,
        tolerance=tolerance,
        first_row=(2 if text else 1) if row_numbers is None else row_numbers,
        decimal=(decimal_of(path) if path is not None else ".") if decimal is None else decimal,
    )
    job = Job(question, archive, progress)
    if engine == "spark":
        return job.spark(frame)
    if engine == "stream":
        return job.stream(path, out)
    if out is not None:
        raise RupturesError(
            "E-FRAME-210",
            what="out is for engine='stream'",
            next_step="Write .sessions and .episodes where you like, or give engine='stream'",
        )
    return job.memory(whole_file(path, question) if path is not None else frame)

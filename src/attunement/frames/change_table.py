# SPDX-License-Identifier: Apache-2.0
"""``reliable_change``: whose change exceeds chance, by every method side by side."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal

from attunement.frames.change_reading import read_two_scores
from attunement.frames.change_result import ReliableChange
from attunement.frames.change_words import cutoff_words
from attunement.frames.course_errors import CourseDirectionWarning, not_offered
from attunement.frames.course_scale import course_scale, pair
from attunement.frames.direction import ALARMING, WORDS, wrong_way
from attunement.signals.change import KINDS, METHODS, Method, Norms
from attunement.signals.change import reliable_change as judge_change

Better = Literal["better", "worse"]


def reliable_change(
    frame: Any,
    *,
    id: str,  # noqa: A002 -- the word that everybody's table has
    pre: Any,
    post: Any,
    reliability: float,
    lower_is: Better | None = None,
    higher_is: Better | None = None,
    score: str | None = None,
    time: str | None = None,
    methods: str | Sequence[str] = "all",
    reliability_post: float | None = None,
    norms: Sequence[float] | None = None,
    clinical: Sequence[float] | None = None,
    functional: Sequence[float] | None = None,
    cutoff: Literal["a", "b", "c"] | float | None = None,
    scale: Sequence[float] | None = None,
    measure: str | None = None,
    construct: str | None = None,
) -> ReliableChange:
    """Tell whose change exceeds chance, and who moved from the clinical to the functional range.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, DuckDB relation, any narwhals frame, or path
        Wide: one row per person. Long, with ``score`` and ``time``: one row per person and
        occasion. Rows in any order.
    id : str
        The column that names the person.
    pre, post : str, or a value of the time column
        First and second score: two columns of a wide table, two times of a long one.
    reliability, reliability_post : float
        Of the measure, 0 < r < 1; a retest reliability for Jacobson–Truax. The second is that of
        the second occasion, where it differs (Nunnally–Kotsch).
    lower_is, higher_is : {"better", "worse"}
        The direction: one of them, unless ``measure`` says it. It is never assumed.
    score, time : str
        Columns of a long table. Where times are numbers, every occasion feeds the growth methods.
    methods : "all", or names
        Ids or short names: JT, GLN, HLL, EN, NK, HA, IG, GD.
    norms : (mean, sd), optional
        Of the first occasion, instead of that of these people.
    clinical, functional : (mean, sd), optional
        Populations for the cut-off; the clinical one is the first occasion's by default.
    cutoff : {"a", "b", "c"} or float, optional
        A kind, a number, or None: c where functional norms are given, otherwise none.
    scale : (float, float), optional
        The ends of the scale: a score beyond is refused, and improvement that the scale does not
        allow is called *not attainable*, not *unchanged*.
    measure : str, optional
        A measure's id, in place of direction and scale.
    construct : str, optional
        ``"alliance"`` names it reliable alliance change; measures of the alliance do so.

    Returns
    -------
    ReliableChange
        ``changes`` and ``counts`` are frames of the kind that came in (Polars for a path);
        ``str()`` is a summary, ``explain(row)`` says why, ``plot()`` draws.

    Raises
    ------
    CourseError
        E-FRAME-231 … E-FRAME-236: what cannot be used, by row and column, never quoting a cell.
    SignalError
        E-SIGNAL-030 for reliability, norms or a cut-off that cannot be used, or for people who
        are too few or all alike.

    Warns
    -----
    CourseDirectionWarning
        When scores on the whole get worse, the functional norms lie on the worse side, or ``pre``
        is a later time than ``post``.

    Notes
    -----
    Strictly beyond the limit. Checked against R `clinicalsignificance` 2.1 on the data of Claus
    (2020), doi 10.18637/jss.v111.i01, through this function, wide and long. Order of rows and
    names of people change nothing.

    Examples
    --------
    >>> import polars as pl, attunement as at
    >>> table = pl.DataFrame(
    ...     {"who": ["A", "B", "C", "D"], "before": [30, 24, 27, 33], "after": [12, 23, 29, 20]}
    ... )
    >>> found = at.reliable_change(
    ...     table, id="who", pre="before", post="after", reliability=0.9, lower_is="better",
    ...     methods="JT",
    ... )
    >>> found.changes["category"].to_list()
    ['improved', 'unchanged', 'unchanged', 'improved']
    """
    known = course_scale(scale, lower_is, higher_is, measure)
    wanted, everything = _methods(methods)
    if not (cutoff is None or cutoff in KINDS or isinstance(cutoff, int | float)) or isinstance(
        cutoff, bool
    ):
        raise not_offered("cutoff", cutoff, "'a', 'b', 'c', a number, or None")
    people = read_two_scores(
        frame, person=id, pre=pre, post=post, score=score, time=time, bounds=known.bounds
    )
    growth = [method for method in wanted if method.statistic is None]
    left_out: tuple[str, ...] = ()
    if growth and people.occasions is None:
        if not everything:
            raise not_offered(
                "methods",
                [method.short for method in growth],
                "methods of two occasions",
                "Growth methods need a long table, with score= and a time= of numbers",
            )
        named = " and ".join(method.title for method in growth)
        left_out = (f"{named}: they need every occasion (a long table with times in numbers).",)
    norm = {"norms": norms, "clinical": clinical, "functional": functional}
    populations = {name: _norms(name, given) for name, given in norm.items()}
    sample, verdicts = judge_change(
        people.pre,
        people.post,
        reliability=_reliability("reliability", reliability),
        reliability_post=None
        if reliability_post is None
        else _reliability("reliability_post", reliability_post),
        higher_is_better=known.higher_is_better,
        methods=wanted,
        cutoff=cutoff,
        best=known.best,
        occasions=people.occasions if growth else None,
        **populations,
    )
    _warn(people.pre, people.post, populations, sample.pre.mean, lower=not known.higher_is_better)
    family = "alliance" if known.family == "alliance" else ""
    return ReliableChange(
        people=people,
        sample=sample,
        verdicts=verdicts,
        scale=known,
        asked=frame,
        construct=family if construct is None else construct,
        cutoff=cutoff_words(cutoff, populations["functional"]),
        left_out=left_out,
    )


def _methods(asked: str | Sequence[str]) -> tuple[tuple[Method, ...], bool]:
    """Return the methods that were named, and whether that was every one."""
    if isinstance(asked, str) and asked.lower() == "all":
        return METHODS, True
    names = [asked] if isinstance(asked, str) else list(asked)
    by_name = {
        name: method
        for method in METHODS
        for name in (method.id, method.short.lower(), method.title.lower())
    }
    offered = "'all', or some of " + ", ".join(method.short for method in METHODS)
    found = []
    for name in names:
        method = by_name.get(str(name).lower())
        if method is None or method in found:
            raise not_offered("methods", name, offered, "Name each method once")
        found.append(method)
    if not found:
        raise not_offered("methods", asked, offered)
    return tuple(found), False


def _norms(name: str, given: Sequence[float] | None) -> Norms | None:
    return None if given is None else Norms(*pair(name, given, "(mean, sd) of one population"))


def _reliability(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise not_offered(name, given, "a number above 0 and below 1")
    return float(given)


def _warn(pre: Any, post: Any, populations: Any, mean: float, *, lower: bool) -> None:
    """Doubt a direction that the scores, or the norms, contradict."""
    word = "lower" if lower else "higher"
    functional, clinical = populations["functional"], populations["clinical"]
    ill = mean if clinical is None else clinical.mean
    if functional is not None and (functional.mean > ill) == lower and functional.mean != ill:
        warnings.warn(
            f"The functional mean lies on the worse side of the clinical one: is it right that "
            f"{word} is {WORDS[0]}?",
            CourseDirectionWarning,
            stacklevel=3,
        )
    far = wrong_way(pre, post, lower=lower)
    if far > ALARMING:
        warnings.warn(
            f"Scores get worse from first to last by {far:.1f} standard deviations on average: "
            f"is it right that {word} is {WORDS[0]}?",
            CourseDirectionWarning,
            stacklevel=3,
        )

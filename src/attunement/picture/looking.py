# SPDX-License-Identifier: Apache-2.0
"""From a file that someone already has to one page, a short text, and plain values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace

import polars as pl

import attunement
from attunement.errors import Problem
from attunement.frames import DyadRatings, RatingColumns, Ratings, ratings
from attunement.picture.dyads import DyadView, learn, view_dyad
from attunement.picture.errors import LookError
from attunement.picture.glance import Glance, take_glance, unread_rows
from attunement.picture.notebook import notebook_html
from attunement.picture.page import page_parts
from attunement.picture.plain import look_dict, look_text
from attunement.picture.source import open_look
from attunement.picture.wording import count, natural, shown
from attunement.signals import Archive

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """A file of ratings, looked at.

    Attributes
    ----------
    name, written : str
        What the file is called, and how it was written ("" for a data frame).
    ratings : Ratings
        What was read, guessed and left out.
    glance : Glance
        The counts of the whole file.
    dyads : tuple of DyadView
        Each dyad, in the natural order of the ids. This is no ranking.
    archives : mapping of str to Archive
        What is usual in this file, per chair; empty where the direction is not known and no rule
        could be asked.
    """

    name: str
    written: str
    ratings: Ratings
    glance: Glance
    dyads: tuple[DyadView, ...]
    archives: Mapping[str, Archive]

    def __repr__(self) -> str:
        """Return one line: what was looked at, and how much of it there is."""
        seen = self.glance
        counts = [count(seen.dyads, "dyad"), count(seen.sessions, "session")]
        counts.append(count(seen.ratings, "rating"))
        if seen.signals is not None:
            counts.append(count(seen.signals, "question") if seen.judged else "nothing judged")
        if self.problems:
            counts.append(count(len(self.problems), "kind of mistake", "kinds of mistake"))
        return f"<Look at {shown(self.name)}: {', '.join(counts)}>"

    def _repr_html_(self) -> str:
        """Return the glance and the first dyad's figure for a notebook: no script, no network."""
        return notebook_html(self.name, self.ratings, self.glance, self.dyads, self.archives)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each mistake in the file, once."""
        return self.ratings.problems

    def html(self, *, progress: Progress | None = None) -> str:
        """Return one self-contained page: opens from disk, no network, prints.

        Parameters
        ----------
        progress : callable, optional
            Called with "drawing", the dyads drawn so far and their number.
        """
        return "".join(self.parts(progress=progress))

    def parts(self, *, progress: Progress | None = None) -> Iterator[str]:
        """Yield the page of ``html`` part by part, so that a large one can be written as it comes.

        Parameters
        ----------
        progress : callable, optional
            As for ``html``.
        """
        return page_parts(
            name=self.name,
            written=self.written,
            ratings=self.ratings,
            glance=self.glance,
            views=self.dyads,
            archives=self.archives,
            progress=None if progress is None else lambda done, of: progress("drawing", done, of),
        )

    def text(self) -> str:
        """Return the look in a few lines for a terminal."""
        return look_text(self.name, self.written, self.ratings, self.glance)

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain values, for JSON; a missing score is None."""
        return {
            "attunement": attunement.__version__,
            "format": 1,
            "file": self.name,
            "written": self.written,
            **look_dict(self.ratings, self.glance, self.dyads, self.archives),
        }


def look(
    source: object,
    *,
    columns: RatingColumns | Mapping[str, str] | None = None,
    measure: str | None = None,
    scale_range: tuple[float, float] | None = None,
    lower_is_better: bool | None = None,
    dyads: Collection[str] | None = None,
    delimiter: str | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Look:
    """Look at a file of ratings: each dyad's trajectories, what is missing, what to ask.

    Parameters
    ----------
    source : path, bytes, table or data frame
        A CSV or Parquet file, long or wide; or a pandas, Polars, PyArrow or DuckDB table.
    columns : attunement.frames.RatingColumns or mapping of str to str, optional
        The columns that you name, such as ``{"dyad": "case", "score": "hamd"}``; the others are
        guessed, and every guess is said. The keys are the fields of
        `attunement.frames.RatingColumns`: dyad, session, date, perspective, score, measure and
        date_format.
    measure : str, optional
        A measure's id (range, direction, scoring of items), or a column that names it.
    scale_range : (float, float), optional
        The lowest and highest possible score. Without it and without a measure the observed range
        is used, and said to be so.
    lower_is_better : bool, optional
        The direction. Without it and without a measure no rule is asked: it is never assumed.
    dyads : collection of str, optional
        Only these.
    delimiter : str, optional
        Of a text file: ``","``, ``";"`` or a tab.
    name : str, optional
        What to call the source.
    progress : callable, optional
        Called with a word for what is being done, how many are done, and of how many (0: unknown).

    Returns
    -------
    Look
        ``.html()``, ``.text()`` and ``.to_dict()``.

    Raises
    ------
    LookError
        Where the source cannot be opened, or a named dyad is not in it.
    attunement.exchange.TableError
        Where it cannot be read as a table.
    attunement.frames.RatingsError
        Where it cannot be read as ratings, or no rating is left.
    """
    opened = open_look(
        source,
        name=name,
        delimiter=delimiter,
        progress=None if progress is None else lambda rows: progress("reading", rows, 0),
    )
    read = ratings(
        opened.take(),
        columns=columns_of(columns),
        measure=measure,
        scale_range=scale_range,
        lower_is_better=lower_is_better,
    )
    every = sorted(read.by_dyad(), key=lambda dyad: natural(dyad.dyad))
    archives = learn(every, read)
    if dyads is not None:
        read, every = _only(read, every, dyads)
    views: list[DyadView] = []
    _, unread = unread_rows(read.problems)
    for place, dyad in enumerate(every, start=1):
        views.append(view_dyad(place, dyad, read.scale, archives, rows_unread=unread))
        if progress is not None:
            progress("asking", place, len(every))
    return Look(opened.name, opened.written, read, take_glance(read, views), tuple(views), archives)


def columns_of(named: RatingColumns | Mapping[str, str] | None) -> RatingColumns | None:
    """Return the named columns, from a mapping as well; refuse a key that names no part."""
    if named is None or isinstance(named, RatingColumns):
        return named
    parts = [field.name for field in fields(RatingColumns)]
    wrong = [str(key) for key in named if key not in parts]
    if wrong:
        raise LookError(
            code="E-LOOK-005",
            what="columns names a part that ratings do not have",
            got=", ".join(f"“{shown(key)}”" for key in wrong),
            expected=", ".join(parts),
            next_step="Map these words to the columns' names, as in columns={'score': 'hamd'}",
        )
    return RatingColumns(**named)


def _only(
    read: Ratings, every: list[DyadRatings], wanted: Collection[str]
) -> tuple[Ratings, list[DyadRatings]]:
    """Keep the named dyads; what is usual was learned from all of them."""
    known = {dyad.dyad for dyad in every}
    unknown = sum(name not in known for name in wanted)
    if unknown:
        raise LookError(
            code="E-LOOK-003",
            what=f"{unknown} of the dyads that you named "
            f"{'is' if unknown == 1 else 'are'} not in the file",
            expected="ids as they stand in the file",
            next_step="Leave --only away to see them all",
        )
    kept = replace(
        read,
        frame=read.frame.filter(pl.col("dyad").is_in(list(wanted))),
        left_out=read.left_out.filter(pl.col("dyad").is_in(list(wanted))),
    )
    return kept, [dyad for dyad in every if dyad.dyad in wanted]

# SPDX-License-Identifier: Apache-2.0
"""``ending_hazard``: the hazard of an unplanned ending, for research, with how far to trust it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import polars as pl

from attunement.figures import Figure
from attunement.frames.course_errors import CourseError, check_engine, check_row, not_offered
from attunement.frames.course_scale import course_scale
from attunement.frames.ending_figure import (
    calibration_altair,
    calibration_figure,
    hazard_altair,
    hazard_figure,
)
from attunement.frames.ending_reading import EpisodeRows, read_episodes
from attunement.frames.gains_kind import same_kind
from attunement.frames.told import Told
from attunement.signals.change.wording import short
from attunement.signals.course import EndingHazard, Landmark
from attunement.signals.course import ending_hazard as estimate
from attunement.signals.course.ending import FOLDS
from attunement.signals.course.ending_shape import calibration_groups, hazard_by_session

Better = Literal["better", "worse"]
What = Literal["hazard", "calibration"]
LANDMARKS = (3, 5, 8)
WITHIN = 4
_PERFORMANCE = (
    "auc",
    "auc_low",
    "auc_high",
    "brier",
    "brier_skill",
    "calibration_intercept",
    "calibration_slope",
    "base_rate",
)


@dataclass(frozen=True, repr=False)
class EndingStudy(Told):
    """The hazard of an unplanned ending and how it did on people it never saw.

    ``print`` it for a summary, which begins with what it is not for.

    Attributes
    ----------
    found : attunement.signals.course.EndingHazard
        The arrays behind the frames.
    rows : EpisodeRows
    """

    found: EndingHazard
    rows: EpisodeRows
    session_name: str
    asked: Any = field(repr=False)

    @property
    def note(self) -> str:
        """What it is not for, and what an unplanned ending means here."""
        return self.found.note

    @cached_property
    def sessions(self) -> Any:
        """One row per input row, in input order, of the kind of frame that came in.

        The episode and session columns; ``took_place``; ``probability`` that the episode ends
        unplanned at this session, by a model that never saw it; ``reason`` where there is none.
        """
        back = np.argsort(self.rows.row)
        came = self.rows.episodes.attended[back]
        made = pl.DataFrame(
            {
                self.rows.ids.name: self.rows.ids,
                self.session_name: self.rows.sessions,
                "took_place": came,
                "probability": pl.Series(self.found.probability[back], nan_to_null=True),
            }
        )
        reason = pl.when(pl.Series(~came)).then(pl.lit("did_not_take_place")).alias("reason")
        return same_kind(made.with_columns(reason), self.asked)

    @cached_property
    def landmarks(self) -> Any:
        """One row per landmark: how well the hazard did among those still in therapy.

        ``session``, ``within``, ``n``, ``events``, ``left_out`` (ended as planned, or known no
        further, inside the window); ``auc`` with its 95 % interval; ``brier``, ``brier_skill``;
        ``calibration_intercept`` (target 0), ``calibration_slope`` (target 1); ``base_rate``.
        Missing where there are too few events to tell.
        """
        return same_kind(self._landmarks(), self.asked)

    def _landmarks(self) -> pl.DataFrame:
        rows = []
        for one in self.found.landmarks:
            row: dict[str, Any] = {"session": one.session, "within": one.within}
            held = one.performance
            row |= {
                "n": None if held is None else held.n_rows,
                "events": None if held is None else held.n_events,
                "left_out": one.n_left_out,
            }
            row |= {name: None if held is None else getattr(held, name) for name in _PERFORMANCE}
            rows.append(row)
        kinds = dict.fromkeys(_PERFORMANCE, pl.Float64) | {"n": pl.Int64, "events": pl.Int64}
        return pl.DataFrame(rows, schema_overrides=kinds).fill_nan(None)

    @cached_property
    def decision_curves(self) -> Any:
        """One row per landmark and threshold: the net benefit of acting on the model.

        ``session``, ``threshold``, ``net_benefit``, ``net_benefit_of_all`` (of acting on
        everybody); acting on nobody has 0.
        """
        return same_kind(self._curves(), self.asked)

    def _curves(self) -> pl.DataFrame:
        return pl.concat(
            pl.DataFrame(
                {
                    "session": [one.session] * one.thresholds.size,
                    "threshold": one.thresholds,
                    "net_benefit": pl.Series(one.net_benefit, nan_to_null=True),
                    "net_benefit_of_all": pl.Series(one.net_benefit_of_all, nan_to_null=True),
                }
            )
            for one in self.found.landmarks
        )

    @cached_property
    def coefficients(self) -> Any:
        """One row per feature: ``coefficient`` (log odds per SD) and ``standard_error``."""
        made = pl.DataFrame(
            {
                "feature": list(self.found.columns),
                "coefficient": self.found.fit.coefficients,
                "standard_error": self.found.fit.standard_errors,
            }
        )
        return same_kind(made, self.asked)

    def summary(self) -> str:
        """Return what it is not for, what was used, calibration and usefulness, in words."""
        found = self.found
        counted = (
            f"{self.rows.row.size:,} rows of {found.n_episodes:,} care episodes, "
            f"{self.rows.episodes.n_finished:,} finished, {found.n_events:,} unplanned endings in "
            f"{found.fit.n_rows:,} sessions that took place. Each episode was judged by a model of "
            f"the other {FOLDS - 1} tenths, from what was known at the session."
        )
        lines = [found.note, counted, *(_landmark_words(one) for one in found.landmarks)]
        return "\n".join(lines)

    def explain(self, row: int) -> str:
        """Say in words what the model gave one session, and what that is not.

        Parameters
        ----------
        row : int
            A row of the input, counted from 0.

        Raises
        ------
        CourseError
            E-FRAME-237 if there is no such row.
        """
        check_row(row, self.rows.row.size)
        at = int(np.flatnonzero(self.rows.row == row)[0])
        chance = float(self.found.probability[at])
        place = f"{self.rows.ids[row]}, session {self.rows.sessions[row]}"
        if math.isnan(chance):
            return f"{place}: no chance, because the session did not take place. {self.note}"
        odds = dict(zip(self.found.columns, self.found.fit.coefficients, strict=True))
        weights = ", ".join(f"{name} {short(float(value))}" for name, value in odds.items())
        return (
            f"{place}: a chance of {100 * chance:.1f} % that the episode ends unplanned at this "
            f"session, by a model that never saw it. Log odds per SD, all episodes: {weights}. "
            f"{self.note}"
        )

    @overload
    def plot(self, what: What = ..., *, engine: Literal["svg"] = ...) -> Figure: ...
    @overload
    def plot(self, what: What = ..., *, engine: Literal["altair"]) -> Any: ...
    def plot(self, what: What = "hazard", *, engine: Literal["svg", "altair"] = "svg") -> Any:
        """Draw what the model said beside what came, for episodes that it never saw.

        Parameters
        ----------
        what : {"hazard", "calibration"}
            The hazard session by session, as far as twenty were still in therapy; or one point
            for each tenth of the sessions, ordered by their chance.
        engine : {"svg", "altair"}
            A figure with its sentence and its table, or an Altair chart (an optional package).

        Raises
        ------
        CourseError
            E-FRAME-232 for another picture or engine.
        """
        check_engine(engine)
        if what not in {"hazard", "calibration"}:
            raise not_offered("what", what, "'hazard' or 'calibration'")
        make = hazard_by_session if what == "hazard" else calibration_groups
        groups = make(self.rows.episodes, self.found.probability)
        if engine == "altair":
            return hazard_altair(groups) if what == "hazard" else calibration_altair(groups)
        draw = hazard_figure if what == "hazard" else calibration_figure
        return draw(groups, self.note)


def ending_hazard(
    frame: Any,
    *,
    episode: str,
    session: str,
    score: str,
    attended: str,
    ending: str,
    definition: str,
    research: bool = False,
    endings: Mapping[str, str] | None = None,
    lower_is: Better | None = None,
    higher_is: Better | None = None,
    scale: Sequence[float] | None = None,
    measure: str | None = None,
    landmarks: Sequence[int] = LANDMARKS,
    within: int = WITHIN,
) -> EndingStudy:
    """Estimate the hazard of an unplanned ending, and how far it can be trusted: for research.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, DuckDB relation, any narwhals frame, or path
        One row per session that was offered, in any order.
    episode, session, score : str
        The columns: the care episode; the session's number; the alliance, empty without a form.
    attended : str
        Whether the session took place: yes and no, 1 and 0, or attended, cancelled, missed.
    ending : str
        How the episode ended: unplanned, planned, or open (an empty cell); alike in all rows of
        an episode.
    definition : str
        What counts as unplanned, in words; results of different definitions cannot be compared.
    research : bool
        Has to be switched on: this is no tool for care.
    endings : mapping, optional
        The table's own words to unplanned, planned, open.
    lower_is, higher_is, scale, measure
        Direction of the alliance score (the ends are optional), or a measure that says both.
    landmarks : sequence of int
        Counts of attended sessions at which those still in therapy are looked at.
    within : int
        The question at a landmark: an unplanned ending within so many attended sessions.

    Returns
    -------
    EndingStudy
        ``sessions``, ``landmarks``, ``decision_curves`` and ``coefficients`` are frames of the
        kind that came in; ``str()`` begins with what it is not for.

    Raises
    ------
    CourseError
        E-FRAME-238 unless ``research=True``; E-FRAME-231 … E-FRAME-236.
    SignalError
        E-SIGNAL-032 for fewer than 300 finished care episodes.

    Notes
    -----
    See `attunement.signals.course.ending_hazard`. Order of rows and names change nothing.
    """
    if research is not True:
        raise CourseError(
            "E-FRAME-238",
            what="A hazard of endings is for research, and off unless it is switched on",
            got=f"research={research!r}",
            expected="research=True, from somebody who studies endings",
            next_step="For care, talk about how it is going: see at.formation and at.ruptures",
        )
    if not isinstance(definition, str) or not definition.strip():
        raise not_offered(
            "definition", definition, "what counts as an unplanned ending here, in words"
        )
    marks = tuple(landmarks)
    whole = all(isinstance(one, int) and not isinstance(one, bool) and one >= 1 for one in marks)
    if not marks or not whole:
        raise not_offered("landmarks", landmarks, "counts of attended sessions, such as (3, 5, 8)")
    if isinstance(within, bool) or not isinstance(within, int) or within < 1:
        raise not_offered("within", within, "a number of sessions, 1 or more")
    known = course_scale(scale, lower_is, higher_is, measure)
    columns = {
        "episode": episode,
        "session": session,
        "score": score,
        "attended": attended,
        "ending": ending,
    }
    rows = read_episodes(
        frame,
        columns=columns,
        words=endings or {},
        higher_is_better=known.higher_is_better,
        bounds=known.bounds,
        definition=definition.strip().rstrip("."),
    )
    found = estimate(rows.episodes, landmarks=marks, within=within)
    return EndingStudy(found, rows, session, frame)


def _landmark_words(one: Landmark) -> str:
    place = f"At session {one.session}, within {one.within}"
    held = one.performance
    if held is None:
        return f"{place}: too few events to tell how good the chances are."
    useful = one.net_benefit > np.maximum(one.net_benefit_of_all, 0.0)
    worth = ", ".join(f"{100 * share:.0f}" for share in one.thresholds[useful])
    return (
        f"{place}: {held.n_events:,} events in {held.n_rows:,} still in therapy "
        f"({one.n_left_out:,} left out); AUC {held.auc:.2f} ({held.auc_low:.2f} to "
        f"{held.auc_high:.2f}), calibration intercept {short(held.calibration_intercept)} "
        f"(target 0), slope {short(held.calibration_slope)} (target 1), Brier skill "
        f"{short(held.brier_skill)}. "
        + (
            f"Acting on it beats acting on all or on nobody at thresholds of {worth} %."
            if worth
            else "Acting on it is nowhere better than acting on all or on nobody."
        )
    )

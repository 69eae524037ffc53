# SPDX-License-Identifier: Apache-2.0
"""What there is to say about one dyad: counts, what is missing, signals, and chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attunement import signals
from attunement.figures import DualChart, Line, Mark
from attunement.frames import DyadRatings, Ratings, ScoreScale
from attunement.picture.wording import CHAIRS, runs, sessions_words, shown
from attunement.signals import Archive, NullRate, Series, Signal

CLEAR = 2.58  # one stable series in a hundred moves so clearly in one direction
DRAWN = 2  # two chairs have a line each; others are in the numbers only
LONG = 200


@dataclass(frozen=True, slots=True)
class Check:
    """What one rule could say about one chair's line.

    Attributes
    ----------
    chair, rule_id : str
    n_evaluated : int
        Sessions that the rule could judge.
    not_judged : tuple of (str, str, tuple of int)
        Why not: the stable code, in words, and which sessions; a missing rating is no reason here.
    trend : float or None
        How clearly the line moves in one direction, see `attunement.signals.steady_change`.
    chance : NullRate
        How often the rule flags such a line when nothing is wrong.
    """

    chair: str
    rule_id: str
    n_evaluated: int
    not_judged: tuple[tuple[str, str, tuple[int, ...]], ...]
    trend: float | None
    chance: NullRate

    @property
    def n_not_judged(self) -> int:
        """Ratings that the rule could not judge."""
        return sum(len(sessions) for _, _, sessions in self.not_judged)


@dataclass(frozen=True, slots=True)
class DyadView:
    """One dyad, ready to be shown.

    Attributes
    ----------
    place : int
        Its place in the list, from 1.
    ratings : DyadRatings
        The numbers.
    rated : int
        Sessions with at least one score.
    missing : int
        Sessions of a chair without a score, those left out because of a mistake aside.
    one_chair : int
        Sessions rated from one chair only; 0 where the file has one chair.
    signals : tuple of (str, Signal)
        With the chair whose line it is.
    checks : tuple of Check
        Empty where no rule could be asked.
    rows_unread : int
        Rows of the whole file that could not be read: one of them may be this dyad's.
    """

    place: int
    ratings: DyadRatings
    rated: int
    missing: int
    one_chair: int
    signals: tuple[tuple[str, Signal], ...]
    checks: tuple[Check, ...]
    rows_unread: int = 0

    @property
    def judged(self) -> int:
        """Ratings that a rule could judge."""
        return sum(check.n_evaluated for check in self.checks)

    @property
    def name(self) -> str:
        """The dyad's id, safe to show."""
        return shown(self.ratings.dyad)

    def missing_words(self) -> tuple[str, ...]:
        """Return what is not there, one sentence per kind."""
        out = {(session, chair) for session, chair, _, _ in self.ratings.left_out}
        told: list[str] = []
        for chair, values in self.ratings.chairs.items():
            gone = [
                session
                for session, value in zip(self.ratings.sessions, values, strict=True)
                if value is None and (session, chair) not in out
            ]
            if gone:
                whose = f"{CHAIRS[chair].lower()} rating" if chair else "rating"
                told.append(f"No {whose} in {sessions_words(gone)}.")
        if self.ratings.skipped:
            readable = " that can be read" if self.rows_unread else ""
            told.append(
                f"The file has no row{readable} for {sessions_words(self.ratings.skipped)}."
            )
        if self.ratings.left_out:
            places = ", ".join(
                f"row {row}"
                + (f", session {session}" if session is not None else "")
                + f" ({code})"
                for session, _, row, code in self.ratings.left_out
            )
            told.append(f"Left out because of a mistake: {places}.")
        return tuple(told)


def view_dyad(
    place: int,
    ratings: DyadRatings,
    scale: ScoreScale,
    archives: Mapping[str, Archive],
    *,
    rows_unread: int = 0,
) -> DyadView:
    """Return one dyad with its counts and signals.

    Parameters
    ----------
    place : int
        Its place in the list, from 1.
    ratings : DyadRatings
        Its numbers.
    scale : ScoreScale
        Of every score in the file.
    archives : mapping of str to Archive
        What is usual, per chair; empty where no rule can be asked.
    rows_unread : int
        Rows of the whole file that could not be read.

    Returns
    -------
    DyadView
    """
    lines = tuple(ratings.chairs.values())
    per_session = [
        sum(value is not None for value in values) for values in zip(*lines, strict=True)
    ]
    found: list[tuple[str, Signal]] = []
    checks: list[Check] = []
    for chair, archive in archives.items():
        series = series_of(ratings, chair, scale)
        if series.n_scores == 0:
            continue
        detection = signals.detect(series, archive=archive)
        found += [(chair, signal) for signal in detection.signals]
        checks += [
            Check(
                chair,
                rule.id,
                detection.n_evaluated.get(rule.id, 0),
                _not_judged(rule.id, detection.not_evaluable),
                signals.steady_change(series, archive=archive),
                signals.null_rate(rule, like=series, archive=archive),
            )
            for rule in signals.DEFAULT_RULES
        ]
    refused = {(session, chair) for session, chair, _, _ in ratings.left_out}
    missing = sum(
        value is None and (session, chair) not in refused
        for chair, values in ratings.chairs.items()
        for session, value in zip(ratings.sessions, values, strict=True)
    )
    return DyadView(
        place=place,
        ratings=ratings,
        rated=sum(n > 0 for n in per_session),
        missing=missing,
        one_chair=sum(n == 1 for n in per_session) if len(lines) > 1 else 0,
        signals=tuple(sorted(found, key=lambda pair: (pair[1].session_no, pair[0]))),
        checks=tuple(checks),
        rows_unread=rows_unread,
    )


def series_of(ratings: DyadRatings, chair: str, scale: ScoreScale) -> Series:
    """Return one chair's line as a series; the direction must be known."""
    return Series(
        ratings.sessions,
        ratings.chairs[chair],
        scale.minimum,
        scale.maximum,
        scale.step,
        bool(scale.higher_is_better),
    )


def learn(dyads: Sequence[DyadRatings], ratings: Ratings) -> dict[str, Archive]:
    """Return what is usual in this file, per chair; nothing where the direction is not known."""
    if ratings.scale.higher_is_better is None:
        return {}
    return {
        chair: signals.learn_archive([series_of(dyad, chair, ratings.scale) for dyad in dyads])
        for chair in ratings.chairs
    }


def _not_judged(
    rule_id: str, every: Sequence[signals.NotEvaluable]
) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Return each reason why sessions were not judged; a missing rating is told elsewhere."""
    reasons: dict[tuple[str, str], list[int]] = {}
    for one in every:
        if one.rule_id != rule_id or one.reason_code == "no_form":
            continue
        early = one.reason_code == "too_few_scores"
        words = "too few ratings before to compare with." if early else one.reason
        reasons.setdefault((one.reason_code, words), []).append(one.session_no)
    return tuple((code, words, tuple(sessions)) for (code, words), sessions in reasons.items())


def chart_of(
    view: DyadView, scale: ScoreScale, archives: Mapping[str, Archive], score: str
) -> DualChart:
    """Return what the dyad's picture shows: two lines at most, the scale, the signals.

    Parameters
    ----------
    view : DyadView
    scale : ScoreScale
    archives : mapping of str to Archive
        What is usual, per chair.
    score : str
        What the score is called.
    """
    sessions = view.ratings.sessions
    chairs = list(view.ratings.chairs)[:DRAWN]
    lines = [Line(CHAIRS[chair], sessions, view.ratings.chairs[chair]) for chair in chairs]
    archive = archives.get(chairs[0])
    marks = tuple(
        Mark(signal.session_no, str(number), _mark_words(chair, signal))
        for number, (chair, signal) in enumerate(view.signals, start=1)
    )
    return DualChart(
        client=lines[0],
        therapist=lines[1] if len(lines) > 1 else None,
        minimum=scale.minimum,
        maximum=scale.maximum,
        higher_is_better=scale.higher_is_better,
        marks=marks,
        title=f"{shown(score)}, session by session",
        key=f"d{view.place}",
        noise=archive.usual_change(scale.step) if archive is not None else None,
        observed=scale.source == "observed",
    )


def _mark_words(chair: str, signal: Signal) -> str:
    """Return the signal's sentence without its session (the mark says it), with its chair."""
    sentence = signal.sentence.removeprefix(f"In session {signal.session_no} ")
    if not chair:
        return sentence
    return sentence.replace("the rating", f"the {CHAIRS[chair].lower()}’s rating", 1)


def undrawn_words(ratings: Ratings) -> str:
    """Say which chairs are counted but not drawn, "" where all are."""
    rest = ratings.chairs[DRAWN:]
    if not rest:
        return ""
    names = " and ".join(f"the {CHAIRS[chair].lower()}’s" for chair in rest)
    drawn = " and ".join(f"the {CHAIRS[chair].lower()}’s" for chair in ratings.chairs[:DRAWN])
    return f"The pictures draw {drawn} ratings; {names} are counted and asked about, but not drawn."


def not_judged_words(check: Check) -> str:
    """Return why some sessions were not judged, "" where every one was."""
    return " ".join(
        f"Session{'' if len(sessions) == 1 else 's'} {runs(sessions)} not judged: {reason}"
        for _, reason, sessions in check.not_judged
    )


def trend_words(check: Check) -> str:
    """Say where a line moves in one direction, so clearly that chance rarely does; else ""."""
    if check.trend is None or abs(check.trend) < CLEAR:
        return ""
    return (
        f"These ratings {'rise' if check.trend > 0 else 'fall'} over the whole series. The rule "
        "compares each one with the level of the ones before, not with the way they are going."
    )

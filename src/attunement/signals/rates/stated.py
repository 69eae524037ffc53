# SPDX-License-Identifier: Apache-2.0
"""Rates as they are told: with their Monte Carlo error, and in one plain sentence."""

from __future__ import annotations

from dataclasses import dataclass

from attunement.signals.rates.world import Dip
from attunement.signals.ruling import Rule
from attunement.signals.wording import count

_HALF_PER_CENT = 0.005


@dataclass(frozen=True, slots=True)
class NullRate:
    """How often a rule flags when there is nothing to find.

    Parameters
    ----------
    per_series : float
        Share of simulated stable series with at least one flag, 0 to 1.
    per_session : float
        Share of flagged sessions among those that the rule could judge, 0 to 1.
    per_series_se, per_session_se : float
        Monte Carlo standard errors.
    n_simulated : int
        Number of simulated series; for a rate from the shipped tables, at each of their places.
    n_sessions : int
        Length of the simulated series (at most 240).
    sentence : str
        The rate in plain words.
    from_table : bool
        Whether the rate was read off the shipped tables.
    """

    per_series: float
    per_session: float
    per_series_se: float
    per_session_se: float
    n_simulated: int
    n_sessions: int
    sentence: str
    from_table: bool = False

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


@dataclass(frozen=True, slots=True)
class HitRate:
    """How often a rule flags a stated dip while it is on.

    Parameters
    ----------
    rate : float
        Share of simulated series with at least one flag in the sessions of the dip, 0 to 1.
    rate_se : float
        Monte Carlo standard error.
    dip : Dip
        What was put into otherwise stable series.
    onset : int
        Its first session, counted from 1.
    n_simulated, n_sessions : int
        Number and length of the simulated series.
    sentence : str
        The rate in plain words.
    from_table : bool
        Whether the rate was read off the shipped tables.
    """

    rate: float
    rate_se: float
    dip: Dip
    onset: int
    n_simulated: int
    n_sessions: int
    sentence: str
    from_table: bool = False

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def null_sentence(rule: Rule, length: int, per_series: float, *, like: bool) -> str:
    """Say a null rate in plain words."""
    name = _name(rule)
    if length <= _needed(rule):
        return f"A series of {count(length, 'session')} is too short for {name} to say anything."
    alike = " like this one" if like else ""
    return (
        f"In 100 stable series{alike} ({count(length, 'session')}, nothing wrong), "
        f"{name} would flag {_times(per_series)} at least once."
    )


def hit_sentence(rule: Rule, length: int, dip: Dip, rate: float, *, like: bool) -> str:
    """Say a hit rate in plain words."""
    alike = " like this one" if like else ""
    last, needed = dip.sessions(length).stop, _needed(rule)
    if last <= needed:
        return (
            f"{_name(rule)[:1].upper()}{_name(rule)[1:]} cannot judge {dip.words(length)}: it "
            f"needs {count(needed, 'earlier score')}."
        )
    found = (
        f"In 100 series{alike} ({count(length, 'session')}) with {dip.words(length)}, "
        f"{_name(rule)} would flag {_times(rate)} while it is on."
    )
    if rule.prospective:
        return found
    return found + " It looks back: it can say so only later."


def _needed(rule: Rule) -> int:
    """Return how many earlier scores a rule needs at least."""
    return int(rule.params.get("baseline", rule.params.get("min_previous", 1)))


def _name(rule: Rule) -> str:
    title = rule.title[:1].lower() + rule.title[1:]
    return f"the rule “{title}”" if title else f"the rule {rule.id}"


def _times(share: float) -> str:
    return "fewer than 1" if share < _HALF_PER_CENT else f"about {round(100 * share)}"

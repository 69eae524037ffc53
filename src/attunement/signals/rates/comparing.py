# SPDX-License-Identifier: Apache-2.0
"""All rules side by side on one set of series: how often wrong, how often right, who agrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attunement.signals.archive import Archive
from attunement.signals.batch import Batch, BoolArray, IntArray, Judgements
from attunement.signals.detectors import Reason
from attunement.signals.engine import COMPILE_FROM
from attunement.signals.errors import SignalError
from attunement.signals.rates.agreement import Agreement, agree
from attunement.signals.rates.judging import HOUSE_DETECTOR, Asked, flags_of, judged_by, settled
from attunement.signals.rates.world import Dip, check_number
from attunement.signals.rules import CLASSICAL_RULES, HOUSE, LOOKING_BACK_RULES, Rule
from attunement.signals.series import FloatArray
from attunement.signals.stable import People, uncut

COMPARED: tuple[Rule, ...] = (HOUSE, *CLASSICAL_RULES, *LOOKING_BACK_RULES)
_SEED = 20_260_101
_FEWEST_SESSIONS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One rule in a comparison.

    Parameters
    ----------
    rule : Rule
    null_rate, null_rate_se : float or None
        Share of simulated stable dyads flagged at least once, and its standard error; None where
        the rule could not judge a single session of them.
    hit_rate, hit_rate_se : float or None
        Share of simulated dips flagged while they are on; None where no dyad has two sessions, or
        the rule could not judge a single session of a dip.
    dips_judged : float or None
        Share of the simulated dips of which the rule could judge a session; None without dips.
        A dip that could not be judged counts as not found.
    not_judged : Reason or None
        Why sessions of a dip could not be judged, most often, where that was not a missing form.
    n_flagged, n_judged : int
        Dyads flagged at least once, and dyads with a session that could be judged.
    sessions_flagged, sessions_judged : int
        The same for sessions.
    """

    rule: Rule
    null_rate: float | None
    null_rate_se: float | None
    hit_rate: float | None
    hit_rate_se: float | None
    dips_judged: float | None
    not_judged: Reason | None
    n_flagged: int
    n_judged: int
    sessions_flagged: int
    sessions_judged: int

    @property
    def share_flagged(self) -> float | None:
        """Share of the judged dyads that are flagged; None where none was judged."""
        return self.n_flagged / self.n_judged if self.n_judged else None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rules, by their ids: how far they agree on dyads and on sessions."""

    first: str
    second: str
    dyads: Agreement
    sessions: Agreement


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `compare` found.

    Parameters
    ----------
    rows : tuple of Row
        One for each rule, in the order asked.
    pairs : tuple of Pair
        One for each two rules.
    flagged_by, judged_by : numpy.ndarray of bool, shape (dyads, rules)
        Who is flagged, and could be judged, by which.
    dip : Dip
        What the hit rates are about.
    n_simulated : int
        Simulated dyads behind each rate.
    """

    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    flagged_by: BoolArray
    judged_by: BoolArray
    dip: Dip
    n_simulated: int

    def pair(self, first: str, second: str) -> Pair:
        """Return the agreement of two rules.

        Raises
        ------
        SignalError
            ``E-SIGNAL-006`` if the two were not compared.
        """
        for one in self.pairs:
            if (one.first, one.second) == (first, second):
                return one
        raise SignalError(
            "E-SIGNAL-006",
            what="the two rules were not compared",
            got=f"{first!r} and {second!r}",
            expected="two of " + ", ".join(row.rule.id for row in self.rows) + ", in this order",
            next_step="Ask for them in the order of the comparison",
        )


def compare(
    batch: Batch,
    rules: Sequence[Rule] = COMPARED,
    *,
    archive: Archive,
    asked: Asked | None = None,
    dip: Dip | None = None,
    n: int = 4000,
    seed: int = _SEED,
) -> Comparison:
    """Put rules side by side on the same series.

    The null rate and the hit rate are those of **a clinic with these very dyads in which nothing is
    wrong**: dyads are drawn from the batch, their sessions and missing forms kept, and given the
    scores of stable people, as the archive describes them, without and with a dip. So the null
    rate can be held against the share that is flagged in the data. Where the data hold no more
    flagged dyads than that, the rule has said nothing yet.

    Parameters
    ----------
    batch : Batch
        Series on one version of one measure. Only client totals are compared.
    rules : sequence of Rule
        Rules over one series; by default the house rule and all classical ones.
    archive : Archive
        What is usual.
    asked : Asked, optional
        What the house rule is asked for.
    dip : Dip, optional
        By default 2.5 usual SDs for one session, at the first of each dyad's second half.
    n : int
        Simulated dyads, 100 to 1,000,000.
    seed : int
        The same seed gives the same answer.

    Returns
    -------
    Comparison

    Raises
    ------
    SignalError
        ``E-SIGNAL-005`` if the archive is off the scale, ``E-SIGNAL-006`` for a rule that reads
        more than one series, ``E-SIGNAL-007`` for an ``n`` out of bounds.

    Notes
    -----
    A rule that can judge no session of any dip (a chart whose baseline is not full by then) has no
    hit rate, not one of 0. A unit counts in a 2 × 2 table where both rules could judge it. A dip
    lies in no session for a dyad of one session; such dyads are left out of the hit rate.
    """
    check_number(n)
    wanted = dip or Dip()
    alone = Batch(
        batch.values,
        batch.sessions,
        batch.starts,
        batch.minimum,
        batch.maximum,
        batch.step,
        batch.higher_is_better,
    )
    known = asked
    if any(rule.detector == HOUSE_DETECTOR for rule in rules):
        known = settled(asked or Asked(), archive, alone)
    found = [flags_of(alone, rule, archive, asked=known) for rule in rules]
    flagged_by = np.column_stack([_any(alone, one[0]) for one in found]) if found else _none(alone)
    judged_by = np.column_stack([_any(alone, one[1]) for one in found]) if found else _none(alone)
    stable = _Stable.of(alone, archive, n, seed) if alone.n_rows else None
    rows = tuple(
        _row(
            rule,
            one,
            (flagged_by[:, at], judged_by[:, at]),
            _rates(rule, stable, archive, known, wanted),
        )
        for at, (rule, one) in enumerate(zip(rules, found, strict=True))
    )
    pairs = tuple(
        Pair(
            rules[a].id,
            rules[b].id,
            agree(flagged_by[:, a], flagged_by[:, b], judged_by[:, a] & judged_by[:, b]),
            agree(found[a][0], found[b][0], found[a][1] & found[b][1]),
        )
        for a, b in combinations(range(len(rules)), 2)
    )
    return Comparison(rows, pairs, flagged_by, judged_by, wanted, n if alone.n_rows else 0)


def _none(batch: Batch) -> BoolArray:
    return np.zeros((batch.n_dyads, 0), dtype=np.bool_)


def _any(batch: Batch, rows: BoolArray) -> BoolArray:
    """Return for each dyad whether any of its rows is true."""
    counts = np.concatenate([[0], np.cumsum(rows)])
    return np.asarray(counts[batch.starts[1:]] > counts[batch.starts[:-1]])


def _row(
    rule: Rule,
    found: tuple[BoolArray, BoolArray],
    dyads: tuple[BoolArray, BoolArray],
    rates: _Rates,
) -> Row:
    return Row(
        rule,
        *rates,
        n_flagged=int(dyads[0].sum()),
        n_judged=int(dyads[1].sum()),
        sessions_flagged=int(found[0].sum()),
        sessions_judged=int(found[1].sum()),
    )


@dataclass(frozen=True, slots=True)
class _Stable:
    """Dyads drawn from a batch, with the scores of stable people, upward and not yet cut off."""

    batch: Batch
    scores: FloatArray
    missing: BoolArray
    noise: float
    position: IntArray  # place of each row in its dyad, from 0
    size: IntArray  # rows of the dyad of each row

    @classmethod
    def of(cls, batch: Batch, archive: Archive, n: int, seed: int) -> _Stable:
        """Draw dyads and give them stable people's scores."""
        generator = np.random.default_rng([seed, 2])
        there = np.flatnonzero(np.diff(batch.starts) > 0)
        chosen = there[(generator.permutation(n) * there.size) // n]
        sizes = np.diff(batch.starts)[chosen]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        position = np.arange(starts[-1]) - np.repeat(starts[:-1], sizes)
        rows = np.repeat(batch.starts[:-1][chosen], sizes) + position
        people = _people(batch, archive)
        noise = _remembering(generator, sizes, starts, people.autocorrelation)
        levels = people.level + people.between * generator.standard_normal(n)
        drawn = Batch(
            np.full(rows.size, np.nan),
            batch.sessions[rows],
            starts,
            batch.minimum,
            batch.maximum,
            batch.step,
            batch.higher_is_better,
        )
        return cls(
            drawn,
            np.repeat(levels, sizes) + people.noise * noise,
            np.isnan(batch.values[rows]),
            max(archive.within_sd, 0.5 * batch.step),
            position,
            np.repeat(sizes, sizes),
        )

    def dip_rows(self, dip: Dip) -> BoolArray:
        """Return which rows the dip is on; its place is counted in the dyad's own sessions."""
        first = self.size // 2 if dip.onset is None else np.full(self.size.size, dip.onset - 1)
        last = self.size if dip.length == "step" else first + int(dip.length)
        long_enough = self.size >= _FEWEST_SESSIONS
        return np.asarray((self.position >= first) & (self.position < last) & long_enough)

    def scored(self, fall: FloatArray | float = 0.0) -> Batch:
        """Return the batch of what the forms would show."""
        batch = self.batch
        scores = self.scores - fall
        if batch.step > 0:
            scores = batch.minimum + np.round((scores - batch.minimum) / batch.step) * batch.step
        scores = np.clip(scores, batch.minimum, batch.maximum)
        scores[self.missing] = np.nan
        return Batch(
            batch.as_scored(scores),
            batch.sessions,
            batch.starts,
            batch.minimum,
            batch.maximum,
            batch.step,
            batch.higher_is_better,
        )


def _people(batch: Batch, archive: Archive) -> People:
    """Return the people behind an archive, upward, in the measure's units."""
    span = batch.maximum - batch.minimum
    mean = archive.mean if batch.higher_is_better else batch.minimum + batch.maximum - archive.mean
    seen = People(
        (mean - batch.minimum) / span,
        archive.between_sd / span,
        max(archive.within_sd, 0.5 * batch.step) / span,
        archive.autocorrelation,
    )
    behind = uncut(seen, batch.step / span) if archive.n_scores else seen
    return People(
        batch.minimum + behind.level * span,
        behind.between * span,
        behind.noise * span,
        behind.autocorrelation,
    )


def _remembering(
    generator: np.random.Generator, sizes: IntArray, starts: IntArray, memory: float
) -> FloatArray:
    """Return stationary first-order noise for dyads of different lengths, flat."""
    noise = generator.standard_normal(int(starts[-1]))
    fresh = math.sqrt(1.0 - memory**2)
    for t in range(1, int(sizes.max(initial=0))):
        at = starts[:-1][sizes > t] + t
        noise[at] = memory * noise[at - 1] + fresh * noise[at]
    return np.asarray(noise)


class _Rates(NamedTuple):
    """The rates of one rule, in the order of `Row`."""

    null_rate: float | None = None
    null_rate_se: float | None = None
    hit_rate: float | None = None
    hit_rate_se: float | None = None
    dips_judged: float | None = None
    not_judged: Reason | None = None


def _rates(
    rule: Rule, stable: _Stable | None, archive: Archive, asked: Asked | None, dip: Dip
) -> _Rates:
    """Return null rate and hit rate with their standard errors, and what could be judged."""
    if stable is None:
        return _Rates()

    def judged(batch: Batch) -> Judgements:
        return judged_by(batch, rule, archive, asked=asked, compile_from=COMPILE_FROM)

    calm = judged(stable.scored())
    if not calm.evaluable.any():
        return _Rates(dips_judged=0.0, not_judged=_mostly(calm.reason))
    rates = _Rates(*_share(_any(stable.batch, np.asarray(calm.flagged))))
    on = stable.dip_rows(dip)
    with_dip = _any(stable.batch, on)
    if not with_dip.any():
        return rates
    fell = judged(stable.scored(np.where(on, dip.depth * stable.noise, 0.0)))
    could = float(_any(stable.batch, fell.evaluable & on)[with_dip].mean())
    rates = rates._replace(dips_judged=could, not_judged=_mostly(fell.reason[on]))
    if could == 0.0:
        return rates
    share, error = _share(_any(stable.batch, np.asarray(fell.flagged) & on)[with_dip])
    return rates._replace(hit_rate=share, hit_rate_se=error)


def _mostly(reasons: NDArray[np.int8]) -> Reason | None:
    """Return the commonest reason for having no answer, missing forms aside."""
    counts = np.bincount(reasons, minlength=len(Reason))
    counts[[Reason.EVALUABLE, Reason.NO_FORM]] = 0
    return Reason(int(counts.argmax())) if counts.any() else None


def _share(yes: BoolArray) -> tuple[float, float]:
    share = float(yes.mean())
    return share, math.sqrt(share * (1.0 - share) / yes.size)

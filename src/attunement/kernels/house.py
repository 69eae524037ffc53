# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917, PLR2004 -- a compiled function takes its arrays by position; 3 is a state's size
"""The house rule's filter: how likely each score was, with and without a rupture under way.

Each chair's latent score is level + slope · t + memory, with memory a first-order autoregression by
session number. One filter runs for each possible size of the client's own noise (``scales``), one
for the therapist's rating and one for the therapist's prediction. A filter holds nine numbers: the
means of level, slope and memory, and their covariances (ll, ls, la, ss, sa, aa).

Each hypothesis says that the client's scores lie lower since some session: at once (a step) or more
and more (a ramp). It is carried as what it changes in the filters' means, and as its log likelihood
ratio twice: the therapist noticed (their scores fall too) or did not.

All of it stays in one file: machine code that is kept on disk is known by the age of its own file.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PLAIN, AT_TOP, AT_BOTTOM, ABSENT = 0, 1, -1, 2
_ROOT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
_LOG_TWO_PI = math.log(2.0 * math.pi)
_FARTHEST = 30.0  # SDs beyond which a tail is not followed: its probability is below 1e-197
_MOST = 600.0  # exponents are kept below this, so that nothing overflows
_LEAST = 1e-12


class Numbers(NamedTuple):
    """The model in flat arrays; scores on the higher-is-better axis, in the measure's units."""

    chairs: Array  # (scales + 2, 6): level, between, slope, slope SD, noise, memory of each filter
    log_share: Array  # (scales,): log of the share of people at each size of noise
    extra: Array  # (2,) int64: whether the therapist's rating, the prediction are judged
    inverse: Array  # (8, 3, 3): inverse correlations of what is there; bit 0 client, 1, 2 chairs
    depths: Array  # (3,): by how much client, therapist and prediction fall, in points
    log_noticed: Array  # (2,): log of the share of ruptures not noticed, noticed by the therapist
    step_weights: Array  # log weight of "since this form", "since the form before", …
    ramp_weights: Array
    ramp_length: float  # sessions until a ramp has its full depth
    strain: (
        Array  # (3,): usual rate, weight of that rate in sessions, log odds of a tick in a rupture
    )
    missed: Array  # (3,): the same of a form missed in the session after
    minimum: float
    maximum: float
    step: float


class Outputs(NamedTuple):
    """Where results go; one entry per row, and ``log_likelihood`` one per dyad."""

    statistic: Array  # log of the weighted likelihood ratio; NaN where there is nothing to judge
    expected: Array  # what the filter expected of the client before this score
    innovation: Array  # (rows, 3): standardised surprises of the three chairs, NaN at the ends
    n_used: Array  # int32: earlier client scores
    log_likelihood: Array


class Scratch(NamedTuple):
    """Working memory of one thread."""

    state: Array  # (filters, 9)
    seen: Array  # (filters, 6): code, score or bound, SD, mean, surprise, mean of the surprise
    offset: Array  # (filters, hypotheses, 3): what a hypothesis adds to a filter's means
    ratio: Array  # (scales, hypotheses, 2): log likelihood ratios, not noticed and noticed
    live: Array  # (hypotheses, 3): alive, session of the onset, number of that form
    likelihood: Array  # (scales,): log likelihood of each size of noise, without a rupture


def make_scratch(numbers: Numbers) -> Scratch:
    """Return working memory for a model."""
    filters = numbers.chairs.shape[0]
    hypotheses = numbers.step_weights.size + numbers.ramp_weights.size
    return Scratch(
        state=np.zeros((filters, 9)),
        seen=np.zeros((filters, 6)),
        offset=np.zeros((filters, hypotheses, 3)),
        ratio=np.zeros((filters - 2, hypotheses, 2)),
        live=np.zeros((hypotheses, 3)),
        likelihood=np.zeros(filters - 2),
    )


def begin(numbers: Numbers, scratch: Scratch) -> None:
    """Set the filters to what is known of a person before the first form."""
    chairs = numbers.chairs
    for f in range(chairs.shape[0]):
        state = scratch.state[f]
        state[:] = 0.0
        state[0] = chairs[f, 0]
        state[1] = chairs[f, 2]
        state[3] = chairs[f, 1] * chairs[f, 1]
        state[6] = chairs[f, 3] * chairs[f, 3]
        state[8] = chairs[f, 4] * chairs[f, 4]
    scratch.live[:, 0] = 0.0
    for k in range(scratch.likelihood.size):
        scratch.likelihood[k] = numbers.log_share[k]


def advance(numbers: Numbers, scratch: Scratch, gap: int) -> None:
    """Carry filters and hypotheses over ``gap`` sessions."""
    chairs, live = numbers.chairs, scratch.live
    for f in range(chairs.shape[0]):
        kept = chairs[f, 5] ** gap
        noise = chairs[f, 4] * chairs[f, 4]
        s = scratch.state[f]
        s[0] += gap * s[1]
        s[2] *= kept
        s[3] += gap * (2.0 * s[4] + gap * s[6])
        s[4] += gap * s[6]
        s[5] = kept * (s[5] + gap * s[7])
        s[7] *= kept
        s[8] = kept * kept * s[8] + noise * (1.0 - kept * kept)
        for j in range(live.shape[0]):
            if live[j, 0] > 0.0:
                o = scratch.offset[f, j]
                o[0] += gap * o[1]
                o[2] *= kept


def tail(a: float) -> float:
    """Return the chance that a standard normal lies above ``a``, for a up to 30."""
    return 0.5 * math.erfc(a * _ROOT_HALF)


def hazard(a: float) -> float:
    """Return the mean of a standard normal that is known to lie above ``a``."""
    return math.exp(-0.5 * a * a) / (_ROOT_TWO_PI * tail(a))


def look(numbers: Numbers, scratch: Scratch, f: int, score: float) -> None:
    """Compare a filter's expectation with a score; the filter is not yet changed."""
    s, seen = scratch.state[f], scratch.seen[f]
    if not score == score:  # noqa: PLR0124, SIM201 -- NaN is the missing score
        seen[0] = ABSENT
        return
    slack = 1e-9 * (numbers.maximum - numbers.minimum)
    mean = s[0] + s[2]
    variance = s[3] + 2.0 * s[5] + s[8]
    half = 0.5 * numbers.step
    seen[3] = mean
    if score >= numbers.maximum - slack:
        seen[0] = AT_TOP
        seen[1] = numbers.maximum - half
    elif score <= numbers.minimum + slack:
        seen[0] = AT_BOTTOM
        seen[1] = numbers.minimum + half
    else:
        seen[0] = PLAIN
        seen[1] = score
        variance += half * half / 3.0
    sd = math.sqrt(max(variance, _LEAST))
    seen[2] = sd
    seen[4] = surprise(seen, mean)
    seen[5] = seen[4] * sd


def surprise(seen: Array, mean: float) -> float:
    """Return by how many SDs the score, or its mean beyond the end, lies above ``mean``."""
    if seen[0] == PLAIN:
        return (seen[1] - mean) / seen[2]
    if seen[0] == AT_TOP:
        a = min(max((seen[1] - mean) / seen[2], -_FARTHEST), _FARTHEST)
        return hazard(a)
    a = min(max((mean - seen[1]) / seen[2], -_FARTHEST), _FARTHEST)
    return -hazard(a)


def log_chance(seen: Array, mean: float) -> float:
    """Return the log likelihood of what was seen, if ``mean`` was to be expected."""
    if seen[0] == PLAIN:
        z = (seen[1] - mean) / seen[2]
        return -0.5 * (z * z + _LOG_TWO_PI) - math.log(seen[2])
    side = 1.0 if seen[0] == AT_TOP else -1.0
    a = min(max(side * (seen[1] - mean) / seen[2], -_FARTHEST), _FARTHEST)
    return math.log(tail(a))


def learn(scratch: Scratch, f: int) -> None:
    """Change a filter by what was seen, and each hypothesis' part of it by its own surprise."""
    seen = scratch.seen[f]
    if seen[0] == ABSENT:
        return
    s = scratch.state[f]
    variance = seen[2] * seen[2]
    c0, c1, c2 = s[3] + s[5], s[4] + s[7], s[5] + s[8]
    g0, g1, g2 = c0 / variance, c1 / variance, c2 / variance
    told = 1.0
    if seen[0] != PLAIN:
        side = 1.0 if seen[0] == AT_TOP else -1.0
        a = min(max(side * (seen[1] - seen[3]) / seen[2], -_FARTHEST), _FARTHEST)
        h = side * seen[4]
        told = min(max(h * (h - a), 0.0), 1.0)
    s[0] += g0 * seen[5]
    s[1] += g1 * seen[5]
    s[2] += g2 * seen[5]
    s[3] -= told * g0 * c0
    s[4] -= told * g0 * c1
    s[5] -= told * g0 * c2
    s[6] -= told * g1 * c1
    s[7] -= told * g1 * c2
    s[8] -= told * g2 * c2


def shifted(scratch: Scratch, f: int, j: int, fall: float) -> float:
    """Return by how many points a hypothesis expects less than the filter does."""
    o = scratch.offset[f, j]
    return fall - o[0] - o[2]


def follow(scratch: Scratch, f: int, j: int, fall: float) -> None:
    """Change a hypothesis' part of a filter; to be called before `learn`."""
    seen = scratch.seen[f]
    if seen[0] == ABSENT:
        return
    s, o = scratch.state[f], scratch.offset[f, j]
    sd = seen[2]
    less = fall - o[0] - o[2]
    more = less if seen[0] == PLAIN else sd * surprise(seen, seen[3] - less) - seen[5]
    variance = sd * sd
    o[0] += (s[3] + s[5]) / variance * more
    o[1] += (s[4] + s[7]) / variance * more
    o[2] += (s[5] + s[8]) / variance * more


def end_ratio(scratch: Scratch, f: int, less: float) -> float:
    """Return the log likelihood ratio of a score at an end of the scale."""
    seen = scratch.seen[f]
    return log_chance(seen, seen[3] - less) - log_chance(seen, seen[3])


def weigh(
    numbers: Numbers, scratch: Scratch, j: int, fall: float, talked: float, which: int
) -> None:
    """Add what one row says to a hypothesis.

    ``fall`` is the share of the full depth, ``talked`` what strain tick and missed form say, and
    ``which`` the bits of the chairs that were seen inside the scale.
    """
    scales = scratch.likelihood.size
    noticed_extra = 0.0
    t1 = t2 = z1 = z2 = 0.0
    for c in range(1, 3):
        f = scales + c - 1
        seen = scratch.seen[f]
        if numbers.extra[c - 1] == 0 or seen[0] == ABSENT:
            continue
        less = shifted(scratch, f, j, fall * numbers.depths[c])
        if seen[0] != PLAIN:
            noticed_extra += end_ratio(scratch, f, less)
        elif c == 1:
            t1, z1 = less / seen[2], seen[4]
        else:
            t2, z2 = less / seen[2], seen[4]
        follow(scratch, f, j, fall * numbers.depths[c])
    for k in range(scales):
        seen = scratch.seen[k]
        ratio = scratch.ratio[k, j]
        less = 0.0
        t0 = z0 = 0.0
        extra = noticed = 0.0
        inverse = numbers.inverse[which]
        if seen[0] != ABSENT:
            less = shifted(scratch, k, j, fall * numbers.depths[0])
            if seen[0] == PLAIN:
                t0, z0 = less / seen[2], seen[4]
            else:
                extra = end_ratio(scratch, k, less)
        if (which & 6) == 0:
            own = -t0 * (z0 + 0.5 * t0)
            noticed = own
        else:
            u0 = inverse[0, 0] * t0
            u1 = inverse[0, 1] * t0
            u2 = inverse[0, 2] * t0
            own = -(u0 * (z0 + 0.5 * t0) + u1 * z1 + u2 * z2)
            u0 += inverse[0, 1] * t1 + inverse[0, 2] * t2
            u1 += inverse[1, 1] * t1 + inverse[1, 2] * t2
            u2 += inverse[1, 2] * t1 + inverse[2, 2] * t2
            noticed = -(u0 * (z0 + 0.5 * t0) + u1 * (z1 + 0.5 * t1) + u2 * (z2 + 0.5 * t2))
        ratio[0] += own + extra + talked
        ratio[1] += noticed + extra + talked + noticed_extra
        follow(scratch, k, j, fall * numbers.depths[0])


def odds_ratio(yes: bool, usual: float, log_odds: float) -> float:  # noqa: FBT001
    """Return the log likelihood ratio of a yes or a no whose log odds are higher in a rupture."""
    if usual <= 0.0 or usual >= 1.0:
        return 0.0
    all_odds = 1.0 - usual + usual * math.exp(log_odds)
    return (log_odds if yes else 0.0) - math.log(all_odds)


def open_hypotheses(numbers: Numbers, scratch: Scratch, session: int, form: int) -> None:
    """Begin "since this form" in the places of the oldest step and the oldest ramp."""
    steps, ramps = numbers.step_weights.size, numbers.ramp_weights.size
    places = (form % steps if steps > 0 else -1, steps + form % ramps if ramps > 0 else -1)
    for j in places:
        if j >= 0:
            scratch.live[j, 0] = 1.0
            scratch.live[j, 1] = session
            scratch.live[j, 2] = form
            scratch.offset[:, j, :] = 0.0
            scratch.ratio[:, j, :] = 0.0


def sum_up(numbers: Numbers, scratch: Scratch, form: int) -> float:
    """Return the log of the weighted mean of all likelihood ratios."""
    steps = numbers.step_weights.size
    scales = scratch.likelihood.size
    top = -_MOST
    for k in range(scales):
        top = max(top, scratch.likelihood[k])
    below = 0.0
    above = 0.0
    for k in range(scales):
        share = math.exp(max(scratch.likelihood[k] - top, -_MOST))
        below += share
        mine = 0.0
        for j in range(scratch.live.shape[0]):
            if scratch.live[j, 0] > 0.0:
                age = int(form - scratch.live[j, 2])
                weight = numbers.step_weights[age] if j < steps else numbers.ramp_weights[age]
                for b in range(2):
                    log = weight + numbers.log_noticed[b] + scratch.ratio[k, j, b]
                    if log > -40.0:
                        mine += math.exp(min(log, _MOST))
        above += share * mine
    return math.log(max(above, 1e-300) / below)


def house_rows(
    values: Array,
    therapist: Array,
    prediction: Array,
    strain: Array,
    expected_form: Array,
    sessions: Array,
    starts: Array,
    first: int,
    last: int,
    numbers: Numbers,
    scratch: Scratch,
    out: Outputs,
) -> None:
    """Judge the dyads ``first`` … ``last − 1``.

    Parameters
    ----------
    values, therapist, prediction, strain : arrays of float64, one entry per row
        NaN = missing. An array of length 0: the channel does not exist.
    expected_form : array of bool, per row, or of length 0
    sessions, starts : arrays of int64
    first, last : int
        The dyads to judge.
    numbers, scratch, out
        The model, working memory, and where results go.
    """
    for d in range(first, last):
        begin(numbers, scratch)
        form = -1
        n = 0
        ticks, asked, lost, due = 0.0, 0.0, 0.0, 0.0
        for row in range(starts[d], starts[d + 1]):
            gap = 1
            if row > starts[d]:
                gap = sessions[row] - sessions[row - 1]
                advance(numbers, scratch, gap)
            form, n = house_row(
                values, therapist, prediction, row, n, form, sessions[row], numbers, scratch, out
            )
            here = scratch.seen[0, 0] != ABSENT
            told = here
            tick = 0.0
            if strain.size > 0 and strain[row] == strain[row]:  # noqa: PLR0124 -- NaN: not asked
                told = True
                usual = (numbers.strain[0] * numbers.strain[1] + ticks) / (
                    numbers.strain[1] + asked
                )
                tick = odds_ratio(strain[row] > 0.0, usual, numbers.strain[2])
                ticks += 1.0 if strain[row] > 0.0 else 0.0
                asked += 1.0
            absent = 0.0
            if expected_form.size > 0 and expected_form[row]:
                told = True
                usual = (numbers.missed[0] * numbers.missed[1] + lost) / (numbers.missed[1] + due)
                absent = odds_ratio(not here, usual, numbers.missed[2]) if gap == 1 else 0.0
                lost += 0.0 if here else 1.0
                due += 1.0
            which = 1 if scratch.seen[0, 0] == PLAIN else 0
            scales = scratch.likelihood.size
            for c in range(1, 3):
                if numbers.extra[c - 1] != 0:
                    told = told or scratch.seen[scales + c - 1, 0] != ABSENT
                    if scratch.seen[scales + c - 1, 0] == PLAIN:
                        which |= 1 << c
            if not told:
                continue
            steps = numbers.step_weights.size
            for j in range(scratch.live.shape[0]):
                if scratch.live[j, 0] > 0.0:
                    since = sessions[row] - scratch.live[j, 1]
                    fall = 1.0
                    if j >= steps:
                        fall = min((since + 1.0) / numbers.ramp_length, 1.0)
                    said = tick + (absent if since > 0.0 else 0.0)
                    weigh(numbers, scratch, j, fall, said, which)
            for k in range(scales):
                if here:
                    scratch.likelihood[k] += log_chance(scratch.seen[k], scratch.seen[k, 3])
                learn(scratch, k)
            for c in range(1, 3):
                if numbers.extra[c - 1] != 0:
                    learn(scratch, scales + c - 1)
            if form >= 0:
                out.statistic[row] = sum_up(numbers, scratch, form)
        out.log_likelihood[d] = total(scratch.likelihood)


def house_row(
    values: Array,
    therapist: Array,
    prediction: Array,
    row: int,
    n: int,
    form: int,
    session: int,
    numbers: Numbers,
    scratch: Scratch,
    out: Outputs,
) -> tuple[int, int]:
    """Look at the three chairs' scores of a row and begin its hypotheses; return form and n."""
    scales = scratch.likelihood.size
    mean, most = 0.0, -_MOST
    for k in range(scales):
        look(numbers, scratch, k, values[row])
        if scratch.likelihood[k] > most:
            most = scratch.likelihood[k]
            mean = scratch.state[k, 0] + scratch.state[k, 2]
    out.expected[row] = mean
    out.n_used[row] = n
    out.statistic[row] = math.nan
    here = scratch.seen[0, 0] != ABSENT
    any_chair = here
    out.innovation[row, 0] = scratch.seen[0, 4] if scratch.seen[0, 0] == PLAIN else math.nan
    for c in range(1, 3):
        f = scales + c - 1
        out.innovation[row, c] = math.nan
        if numbers.extra[c - 1] != 0:
            look(numbers, scratch, f, therapist[row] if c == 1 else prediction[row])
            if scratch.seen[f, 0] != ABSENT:
                any_chair = True
            if scratch.seen[f, 0] == PLAIN:
                out.innovation[row, c] = scratch.seen[f, 4]
    if any_chair:
        form += 1
        open_hypotheses(numbers, scratch, session, form)
    return form, n + (1 if here else 0)


def total(logs: Array) -> float:
    """Return the log of the sum of the exponentials."""
    top = logs[0]
    for k in range(logs.size):
        top = max(top, logs[k])
    summed = 0.0
    for k in range(logs.size):
        summed += math.exp(max(logs[k] - top, -_MOST))
    return top + math.log(summed)

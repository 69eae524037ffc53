# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
"""The house rule's filter: how likely each score was, with and without a rupture under way.

Each chair's latent score is level + slope · t + memory, with memory a first-order autoregression by
session number. One filter runs for each possible size of the client's own noise (``scales``), one
for the therapist's rating and one for the therapist's prediction. A filter holds nine numbers: the
means of level, slope and memory, and their covariances (ll, ls, la, ss, sa, aa).

Each hypothesis says that the client's scores have been falling since some form and for so many
sessions (one: they fell at once), and still lie lower. It is carried as what it changes in the
filters' means, and as its log likelihood ratio twice: the therapist did not notice, or did, and
their scores fall too. Hypotheses lie in a ring: place · kinds + kind, the newest form over the
oldest.

All functions stay in one file: machine code kept on disk is known by the age of its own file.
All arrays are flat, one filter or hypothesis after the other. A compiled loop takes no slices: they
cost more than the work. Where the code runs as it stands, on a few series, it runs on lists, which
are several times faster than arrays.
"""

from __future__ import annotations

import math

from attunement.kernels.house_arrays import Array, Numbers, Outputs, Scratch

PLAIN, AT_TOP, AT_BOTTOM, ABSENT = 0.0, 1.0, -1.0, 2.0
# Columns of what was seen by a filter.
CODE, SCORE, SD, MEAN, SURPRISE, PULL = 0, 1, 2, 3, 4, 5
# Columns of what is carried of the strain tick and of missed forms within a dyad.
YES, ASKED = 0, 1
# How many numbers a filter holds, has seen, and is described by.
HELD, SEEN, TOLD = 9, 6, 6
# Places in flat arrays, never negative: so compiled code need not see if one counts from the end.
PLACES = ("j", "own", "own1", "own2", "noticed_at", "level", "slope", "memory")
_ROOT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
_LOG_TWO_PI = math.log(2.0 * math.pi)
_FARTHEST = 30.0  # SDs beyond which a tail is not followed: its probability is below 1e-197
_MOST = 600.0  # exponents are kept below this, so that nothing overflows
_NOTHING = -35.0  # a log ratio below this adds less than rounding does
_LEAST = 1e-12


def begin(chairs: Array, log_share: Array, state: Array, likelihood: Array, habits: Array) -> None:
    """Set the filters to what is known of a person before the first form."""
    for f in range(len(chairs) // TOLD):
        s, c = f * HELD, f * TOLD
        for i in range(HELD):
            state[s + i] = 0.0
        state[s] = chairs[c]
        state[s + 1] = chairs[c + 2]
        state[s + 3] = chairs[c + 1] * chairs[c + 1]
        state[s + 6] = chairs[c + 3] * chairs[c + 3]
        state[s + 8] = chairs[c + 4] * chairs[c + 4]
    for k in range(len(likelihood)):
        likelihood[k] = log_share[k]
    for i in range(len(habits)):
        habits[i] = 0.0


def advance(
    chairs: Array, state: Array, offset: Array, f: int, gap: int, many: int, live: int
) -> None:
    """Carry a filter and the hypotheses' part of it over ``gap`` sessions."""
    s, c = f * HELD, f * TOLD
    kept = chairs[c + 5] if gap == 1 else chairs[c + 5] ** gap
    noise = chairs[c + 4] * chairs[c + 4]
    along = float(gap)
    state[s] += along * state[s + 1]
    state[s + 2] *= kept
    state[s + 3] += along * (2.0 * state[s + 4] + along * state[s + 6])
    state[s + 4] += along * state[s + 6]
    state[s + 5] = kept * (state[s + 5] + along * state[s + 7])
    state[s + 7] *= kept
    state[s + 8] = kept * kept * state[s + 8] + noise * (1.0 - kept * kept)
    level = 3 * f * many
    slope, memory = level + many, level + 2 * many
    for j in range(live):
        offset[level + j] += along * offset[slope + j]
        offset[memory + j] *= kept


def tail(a: float) -> float:
    """Return the chance that a standard normal lies above ``a``, for a up to 30."""
    return 0.5 * math.erfc(a * _ROOT_HALF)


def kept_within(a: float) -> float:
    """Return ``a``, or the farthest place that a tail is followed to."""
    return min(max(a, -_FARTHEST), _FARTHEST)


def look(scale: Array, state: Array, seen: Array, f: int, score: float) -> None:
    """Compare a filter's expectation with a score; the filter is not yet changed."""
    s, at = f * HELD, f * SEEN
    if not score == score:  # noqa: PLR0124, SIM201 -- NaN is the missing score
        seen[at + CODE] = ABSENT
        return
    slack = 1e-9 * (scale[1] - scale[0])
    half = 0.5 * scale[2]
    mean = state[s] + state[s + 2]
    variance = state[s + 3] + 2.0 * state[s + 5] + state[s + 8]
    code, bound = PLAIN, score
    if score >= scale[1] - slack:
        code, bound = AT_TOP, scale[1] - half
    elif score <= scale[0] + slack:
        code, bound = AT_BOTTOM, scale[0] + half
    else:
        variance += half * half / 3.0
    sd = math.sqrt(max(variance, _LEAST))
    z = (bound - mean) / sd
    if code != PLAIN:
        a = kept_within(code * z)
        z = code * math.exp(-0.5 * a * a) / (_ROOT_TWO_PI * tail(a))
    seen[at + CODE] = code
    seen[at + SCORE] = bound
    seen[at + SD] = sd
    seen[at + MEAN] = mean
    seen[at + SURPRISE] = z
    seen[at + PULL] = z * sd


def log_chance(seen: Array, f: int) -> float:
    """Return the log likelihood of what a filter saw."""
    at = f * SEEN
    z = (seen[at + SCORE] - seen[at + MEAN]) / seen[at + SD]
    if seen[at + CODE] == PLAIN:
        return float(-0.5 * (z * z + _LOG_TWO_PI) - math.log(seen[at + SD]))
    return math.log(tail(kept_within(seen[at + CODE] * z)))


def compare(
    state: Array, seen: Array, offset: Array, less: Array, end: Array, share: Array, f: int,
    depth: float, live: int,
) -> None:  # fmt: skip
    """Work out how each hypothesis saw what a filter saw, and change its part of the filter."""
    many = len(share)
    s, at, own, level = f * HELD, f * SEEN, f * many, 3 * f * many
    slope, memory = level + many, level + 2 * many
    sd = seen[at + SD]
    code = seen[at + CODE]
    variance = sd * sd
    g0 = (state[s + 3] + state[s + 5]) / variance
    g1 = (state[s + 4] + state[s + 7]) / variance
    g2 = (state[s + 5] + state[s + 8]) / variance
    if code == PLAIN:
        for j in range(live):
            was, kept = offset[level + j], offset[memory + j]
            lower = share[j] * depth - was - kept
            less[own + j] = lower / sd
            offset[level + j] = was + g0 * lower
            offset[slope + j] += g1 * lower
            offset[memory + j] = kept + g2 * lower
        return
    usual = kept_within(code * (seen[at + SCORE] - seen[at + MEAN]) / sd)
    usual_log = math.log(tail(usual))
    for j in range(live):
        lower = share[j] * depth - offset[level + j] - offset[memory + j]
        a = kept_within(usual + code * lower / sd)
        chance = tail(a)
        end[own + j] = math.log(chance) - usual_log
        z = code * math.exp(-0.5 * a * a) / (_ROOT_TWO_PI * chance)
        more = sd * z - seen[at + PULL]
        offset[level + j] += g0 * more
        offset[slope + j] += g1 * more
        offset[memory + j] += g2 * more


def learn(state: Array, seen: Array, f: int) -> None:
    """Change a filter by what it saw."""
    s, at = f * HELD, f * SEEN
    variance = seen[at + SD] * seen[at + SD]
    c0 = state[s + 3] + state[s + 5]
    c1 = state[s + 4] + state[s + 7]
    c2 = state[s + 5] + state[s + 8]
    g0, g1, g2 = c0 / variance, c1 / variance, c2 / variance
    told = 1.0
    if seen[at + CODE] != PLAIN:
        side = seen[at + CODE]
        a = kept_within(side * (seen[at + SCORE] - seen[at + MEAN]) / seen[at + SD])
        h = side * seen[at + SURPRISE]
        told = min(max(h * (h - a), 0.0), 1.0)
    more = seen[at + PULL]
    state[s] += g0 * more
    state[s + 1] += g1 * more
    state[s + 2] += g2 * more
    state[s + 3] -= told * g0 * c0
    state[s + 4] -= told * g0 * c1
    state[s + 5] -= told * g0 * c2
    state[s + 6] -= told * g1 * c1
    state[s + 7] -= told * g1 * c2
    state[s + 8] -= told * g2 * c2


def weigh_alone(
    seen: Array, less: Array, end: Array, ratio: Array, said: Array, k: int, live: int
) -> None:
    """Add what the client's score says to each hypothesis, where no other chair was judged."""
    z = seen[k * SEEN + SURPRISE]
    code = seen[k * SEEN + CODE]
    own = k * len(said)
    if code == PLAIN:
        for j in range(live):
            lower = less[own + j]
            ratio[own + j] += said[j] - lower * (z + 0.5 * lower)
    elif code != ABSENT:
        for j in range(live):
            ratio[own + j] += said[j] + end[own + j]
    else:
        for j in range(live):
            ratio[own + j] += said[j]


def weigh_chairs(
    seen: Array, less: Array, end: Array, ratio: Array, said: Array, inverse: Array, extra: Array,
    k: int, scales: int, live: int,
) -> None:  # fmt: skip
    """Add what all chairs say together to each hypothesis."""
    at = k * SEEN
    at1 = scales * SEEN
    at2 = at1 + SEEN
    which = 1 if seen[at + CODE] == PLAIN else 0
    z0 = seen[at + SURPRISE] if which else 0.0
    z1 = z2 = 0.0
    ends1 = ends2 = False
    if extra[0] != 0 and seen[at1 + CODE] != ABSENT:
        if seen[at1 + CODE] == PLAIN:
            which |= 2
            z1 = seen[at1 + SURPRISE]
        else:
            ends1 = True
    if extra[1] != 0 and seen[at2 + CODE] != ABSENT:
        if seen[at2 + CODE] == PLAIN:
            which |= 4
            z2 = seen[at2 + SURPRISE]
        else:
            ends2 = True
    of = 9 * which
    i00, i01, i02 = inverse[of], inverse[of + 1], inverse[of + 2]
    i11, i12, i22 = inverse[of + 4], inverse[of + 5], inverse[of + 8]
    many = len(said)
    own, own1 = k * many, scales * many
    own2 = own1 + many
    noticed_at = own1 + own
    plain0, plain1, plain2 = which & 1 != 0, which & 2 != 0, which & 4 != 0
    client_end = seen[at + CODE] != PLAIN and seen[at + CODE] != ABSENT
    for j in range(live):
        t0 = less[own + j] if plain0 else 0.0
        t1 = less[own1 + j] if plain1 else 0.0
        t2 = less[own2 + j] if plain2 else 0.0
        more = said[j] + (end[own + j] if client_end else 0.0)
        half = z0 + 0.5 * t0
        u0, u1, u2 = i00 * t0, i01 * t0, i02 * t0
        ratio[own + j] += more - u0 * half - u1 * z1 - u2 * z2
        u0 += i01 * t1 + i02 * t2
        u1 += i11 * t1 + i12 * t2
        u2 += i12 * t1 + i22 * t2
        more -= u0 * half + u1 * (z1 + 0.5 * t1) + u2 * (z2 + 0.5 * t2)
        if ends1:
            more += end[own1 + j]
        if ends2:
            more += end[own2 + j]
        ratio[noticed_at + j] += more


def odds_ratio(yes: bool, rate: Array, yeses: float, asked: float) -> float:  # noqa: FBT001 -- by position
    """Return the log likelihood ratio of a yes or no whose log odds are higher in a rupture.

    The usual rate is shrunk towards the person's own earlier answers.
    """
    usual = (rate[0] * rate[1] + yeses) / (rate[1] + asked)
    more = math.log(1.0 - usual + usual * math.exp(rate[2]))
    return rate[2] - more if yes else -more


def open_hypotheses(
    lengths: Array, offset: Array, ratio: Array, onset: Array, session: int, form: int
) -> None:
    """Begin "since this form" in the place of the oldest."""
    place = form % len(onset)
    onset[place] = session
    kinds = len(lengths)
    many = kinds * len(onset)
    for kind in range(kinds):
        first = place * kinds + kind
        for at in range(first, len(offset), many):
            offset[at] = 0.0
        for at in range(first, len(ratio), many):
            ratio[at] = 0.0


def lay_out(
    lengths: Array, lasting: Array, log_weights: Array, onset: Array, share: Array, weight: Array,
    said: Array, session: int, form: int, tick: float, absent: float,
) -> int:  # fmt: skip
    """Fill in share, weight and what was said for each live hypothesis; return their number."""
    kinds, most = len(lengths), len(onset)
    forms = min(form + 1, most)
    for place in range(forms):
        since = session - onset[place]
        age = (form - place) % most
        told = tick + (absent if since > 0 else 0.0)
        for kind in range(kinds):
            j = place * kinds + kind
            part = (since + 1.0) / lengths[kind] if since < lasting[kind] else 0.0
            share[j] = part if part < 1.0 else 1.0  # noqa: FURB136 -- a call costs more
            weight[j] = log_weights[kind * most + age]
            said[j] = told
    return forms * kinds


def sum_up(
    likelihood: Array, ratio: Array, weight: Array, log_noticed: Array, branches: int, live: int
) -> float:
    """Return the log of the weighted mean of all likelihood ratios."""
    top = likelihood[0]
    for k in range(len(likelihood)):
        top = max(top, likelihood[k])
    below = 0.0
    above = 0.0
    for k in range(len(likelihood)):
        part = math.exp(max(likelihood[k] - top, -_MOST))
        below += part
        mine = 0.0
        for b in range(branches):
            own = (b * len(likelihood) + k) * len(weight)
            noticed = log_noticed[b]
            for j in range(live):
                log = weight[j] + noticed + ratio[own + j]
                if log > _NOTHING:
                    mine += math.exp(log if log < _MOST else _MOST)  # noqa: FURB136 -- as above
        above += part * mine
    return math.log(max(above, 1e-300) / below)


def total(logs: Array) -> float:
    """Return the log of the sum of the exponentials."""
    top = logs[0]
    for k in range(len(logs)):
        top = max(top, logs[k])
    summed = 0.0
    for k in range(len(logs)):
        summed += math.exp(max(logs[k] - top, -_MOST))
    return float(top + math.log(summed))


def habit(rate: Array, habits: Array, which: int, yes: bool) -> float:  # noqa: FBT001 -- by position
    """Return what a tick or a missed form says, and remember it."""
    at = 2 * which
    found = odds_ratio(yes, rate, habits[at + YES], habits[at + ASKED])
    habits[at + YES] += 1.0 if yes else 0.0
    habits[at + ASKED] += 1.0
    return found


def see(
    values: Array, therapist: Array, prediction: Array, row: int, gap: int, live: int,
    chairs: Array, extra: Array, scale: Array, state: Array, seen: Array, offset: Array,
    likelihood: Array, innovation: Array, expected: Array,
) -> bool:  # fmt: skip
    """Carry the filters to a row and look at its scores; return whether any chair gave one.

    ``gap`` is 0 in a dyad's first row.
    """
    scales = len(likelihood)
    many = len(offset) // (3 * (scales + 2))
    told = False
    best = 0
    for f in range(scales + 2):
        chair = max(f - scales + 1, 0)
        if f == 0 or chair > 0:
            innovation[3 * row + chair] = math.nan
        if chair > 0 and extra[chair - 1] == 0:
            continue
        if gap > 0:
            advance(chairs, state, offset, f, gap, many, live)
        score = values[row] if chair == 0 else therapist[row] if chair == 1 else prediction[row]
        look(scale, state, seen, f, score)
        told = told or seen[f * SEEN + CODE] != ABSENT
        if seen[f * SEEN + CODE] == PLAIN and (f == 0 or chair > 0):
            innovation[3 * row + chair] = seen[f * SEEN + SURPRISE]
        if chair == 0 and likelihood[f] > likelihood[best]:
            best = f
    expected[row] = state[best * HELD] + state[best * HELD + 2]
    return told


def settle(
    extra: Array, depths: Array, inverse: Array, state: Array, seen: Array, offset: Array,
    less: Array, end: Array, ratio: Array, said: Array, share: Array, likelihood: Array,
    live: int,
) -> None:  # fmt: skip
    """Add what a row says to each hypothesis, and change the filters by it."""
    scales = len(likelihood)
    for f in range(scales + 2):
        chair = max(f - scales + 1, 0)
        if (chair == 0 or extra[chair - 1] != 0) and seen[f * SEEN + CODE] != ABSENT:
            compare(state, seen, offset, less, end, share, f, depths[chair], live)
    for k in range(scales):
        if extra[0] + extra[1] == 0:
            weigh_alone(seen, less, end, ratio, said, k, live)
        else:
            weigh_chairs(seen, less, end, ratio, said, inverse, extra, k, scales, live)
        if seen[k * SEEN + CODE] != ABSENT:
            likelihood[k] += log_chance(seen, k)
    for f in range(scales + 2):
        chair = max(f - scales + 1, 0)
        if (chair == 0 or extra[chair - 1] != 0) and seen[f * SEEN + CODE] != ABSENT:
            learn(state, seen, f)


def follow(
    values: Array, therapist: Array, prediction: Array, strain: Array, expected_form: Array,
    sessions: Array, start: int, row: int, stop: int, form: int, n: int, live: int,
    numbers: Numbers, scratch: Scratch, out: Outputs,
) -> tuple[int, int, int]:  # fmt: skip
    """Judge the rows ``row`` … ``stop − 1`` of a dyad whose first is ``start``.

    ``scratch``, ``form`` (place of the last form), ``n`` (client's scores) and ``live``
    (hypotheses) are as the rows before left them: −1, 0 and 0 after ``begin``. Returned are the
    three for the rows that follow.
    """
    chairs, _, extra, inverse, depths, log_noticed = numbers[:6]
    lengths, lasting, each_row, log_weights, of_strain, of_missed, scale = numbers[6:]
    state, seen, offset, less, end, ratio = scratch[:6]
    onset, share, weight, said, likelihood, habits = scratch[6:]
    statistic, expected, innovation, n_used, _ = out
    branches = 2 if extra[0] + extra[1] > 0 else 1
    every = each_row[0] != 0
    final = stop - 1
    for at in range(row, stop):
        gap = sessions[at] - sessions[at - 1] if at > start else 0
        told = see(
            values, therapist, prediction, at, gap, live, chairs, extra, scale, state, seen,
            offset, likelihood, innovation, expected,
        )  # fmt: skip
        here = seen[CODE] != ABSENT
        n_used[at] = n
        statistic[at] = math.nan
        n += 1 if here else 0
        if told and len(onset) > 0:
            form += 1
            open_hypotheses(lengths, offset, ratio, onset, sessions[at], form)
        tick, absent = 0.0, 0.0
        if len(strain) > 0 and strain[at] >= 0.0:
            told = True
            tick = habit(of_strain, habits, 0, strain[at] > 0.0)
        if len(expected_form) > 0 and expected_form[at]:
            told = True
            absent = habit(of_missed, habits, 1, not here) if gap <= 1 else 0.0
        if not told and (every or at < final):
            continue
        live = lay_out(
            lengths, lasting, log_weights, onset, share, weight, said, sessions[at], form, tick,
            absent,
        )  # fmt: skip
        settle(
            extra, depths, inverse, state, seen, offset, less, end, ratio, said, share, likelihood,
            live,
        )  # fmt: skip
        if form >= 0 and (every or at == final):
            statistic[at] = sum_up(likelihood, ratio, weight, log_noticed, branches, live)
    return form, n, live


def house_rows(
    values: Array, therapist: Array, prediction: Array, strain: Array, expected_form: Array,
    sessions: Array, starts: Array, first: int, last: int, numbers: Numbers, scratch: Scratch,
    out: Outputs,
) -> None:  # fmt: skip
    """Judge the dyads ``first`` … ``last − 1``.

    Scores are float64, one per row, NaN = missing; an array of length 0 is a channel that does not
    exist. ``out`` is filled; ``scratch`` is one thread's.
    """
    state, likelihood, habits = scratch.state, scratch.likelihood, scratch.habits
    for d in range(first, last):
        begin(numbers.chairs, numbers.log_share, state, likelihood, habits)
        follow(
            values, therapist, prediction, strain, expected_form, sessions, starts[d], starts[d],
            starts[d + 1], -1, 0, 0, numbers, scratch, out,
        )  # fmt: skip
        out.log_likelihood[d] = total(likelihood)

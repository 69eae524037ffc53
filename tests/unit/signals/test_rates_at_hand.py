# SPDX-License-Identifier: Apache-2.0
"""Both rates for a series at hand, from the tables alone."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest

from attunement.signals import Archive, Series, default_archive, hit_rate, null_rate, rule
from attunement.signals.rates import Asked, Dip, default_null, rates_at_hand
from attunement.signals.rates.world import people_of, scores_of

HOUSE = rule("house")
ARCHIVE = default_archive(0, 6)
VALUES = (4.0, 4.2, 4.3, None, 5.0, 4.6, 4.4, 5.0, 3.3, 4.2, 4.4, 4.6)


def series(*values: float | None) -> Series:
    return Series(tuple(range(1, len(values) + 1)), values, 0, 6, 1 / 7)


def test_rates_are_those_of_the_tables() -> None:
    at_hand = series(*VALUES)
    for one in (HOUSE, rule("below-own-baseline"), rule("drop-from-previous")):
        found = rates_at_hand(one, at_hand, ARCHIVE)
        assert found is not None
        assert found.null == null_rate(one, like=at_hand, archive=ARCHIVE).per_series
        assert found.hit == hit_rate(one, like=at_hand, archive=ARCHIVE).rate


@lru_cache(maxsize=1)
def people() -> tuple[Series, ...]:
    """Return stable people of the world that the prior describes."""
    world = default_null(0, 6, step=1 / 7)
    scores = scores_of(*people_of(world, 250, 4), world, seed=4).tolist()
    return tuple(series(*one) for one in scores)


@pytest.mark.parametrize("asked", [0.02, 0.07, 0.20, 0.40, 0.50])
def test_what_people_are_told_is_on_average_what_is_counted_in_their_world(asked: float) -> None:
    # whatever is asked for; it was 6 to 8 points less from 40 in 100 on, read off one table
    found = [rates_at_hand(HOUSE, one, ARCHIVE, asked_null=asked) for one in people()]
    told = [one for one in found if one is not None]
    assert len(told) > 0.95 * len(found)
    world = {"scale": (0, 6), "step": 1 / 7, "asked": Asked(null_rate=asked), "n": 4000}
    counted = null_rate("house", **world).per_series  # type: ignore[arg-type]
    hits = hit_rate("house", **world).rate  # type: ignore[arg-type]
    # a standard error of a point and a half of each mean
    assert np.mean([one.null for one in told]) == pytest.approx(counted, abs=0.035)
    assert np.mean([one.hit for one in told]) == pytest.approx(hits, abs=0.045)


def test_between_two_tables_and_below_the_first_rates_rise_with_what_is_asked() -> None:
    rates = (0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
    found = [rates_at_hand(HOUSE, series(*VALUES), ARCHIVE, asked_null=one) for one in rates]
    null, hit = zip(*[(one.null, one.hit) for one in found if one is not None], strict=True)
    assert len(null) == len(rates)
    assert list(null) == sorted(null)
    assert list(hit) == sorted(hit)
    at_hand = series(*VALUES)
    same = null_rate(HOUSE, like=at_hand, archive=ARCHIVE, asked=Asked(null_rate=0.15))
    assert same.from_table
    assert same.per_series == pytest.approx(null[rates.index(0.15)])
    own = null_rate(HOUSE, like=at_hand, archive=ARCHIVE, asked=Asked(0.15, horizon=24))
    assert not own.from_table  # another horizon is another limit


def test_asked_for_one_in_ten_is_as_it_stands() -> None:
    one = rates_at_hand(HOUSE, series(*VALUES), ARCHIVE)
    two = rates_at_hand(HOUSE, series(*VALUES), ARCHIVE, asked_null=0.10)
    assert one is not None
    assert two is not None
    assert two.null == pytest.approx(one.null, abs=1e-12)
    assert two.hit == pytest.approx(one.hit, abs=1e-12)


def test_sentences_say_length_gaps_dip_and_points() -> None:
    found = rates_at_hand(HOUSE, series(*VALUES), ARCHIVE)
    assert found is not None
    assert "12 sessions, 1 without a score" in found.null_sentence
    assert f"in about {round(100 * found.null)} at least once" in found.null_sentence
    # 2.5 usual SDs of .0875 × 6 points: 1.3
    assert "a dip of 2.5 usual SDs in session 7 (1.3 points)" in found.hit_sentence


def test_a_short_series_is_told_of_dips_in_eight_sessions() -> None:
    found = rates_at_hand(HOUSE, series(4.0, 5.0, 4.5), ARCHIVE)
    assert found is not None
    assert (found.length, found.hit_length) == (3, 8)
    assert "series of 8 sessions with a dip of 2.5 usual SDs in session 5" in found.hit_sentence


@pytest.mark.parametrize(
    ("values", "archive", "dip"),
    [
        ((), ARCHIVE, None),
        (VALUES, Archive(4.7, 0.75, 0.5, 0.9, "a memory beyond the tables"), None),
        (VALUES, ARCHIVE, Dip(2.5, 2)),
        (VALUES, ARCHIVE, Dip(2.5, 1, onset=3)),
    ],
)
def test_beyond_the_tables_there_is_no_answer(
    values: tuple[float | None, ...], archive: Archive, dip: Dip | None
) -> None:
    assert rates_at_hand(HOUSE, series(*values), archive, dip=dip) is None


def test_no_compiler_is_loaded_even_where_there_is_no_answer() -> None:
    code = (
        "import sys; from attunement.signals import *; from attunement.signals.rates import *;"
        "s = Series(tuple(range(1, 9)), (4.0, 5, 4, 5, 4, 5, 4, 2), 0, 6);"
        "a = default_archive(0, 6); assert rates_at_hand(rule('house'), s, a) is not None;"
        "assert rates_at_hand(rule('house'), s, a, dip=Dip(2.5, 2)) is None;"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

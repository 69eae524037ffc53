# SPDX-License-Identifier: Apache-2.0
"""Both rates for a series at hand, from the tables alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from attunement.signals import Archive, Series, default_archive, hit_rate, null_rate, rule
from attunement.signals.rates import Asked, Dip, rates_at_hand

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


@pytest.mark.parametrize("asked", [0.02, 0.05, 0.20])
def test_another_null_rate_moves_both_as_simulation_does(asked: float) -> None:
    # people whose scores fit the prior exactly: what is simulated for the world holds for them
    world = {"scale": (0, 6), "step": 1 / 7, "level": 4.7, "n": 4000}
    ten = null_rate("house", asked=Asked(null_rate=0.10), **world).per_series  # type: ignore[arg-type]
    hit_ten = hit_rate("house", asked=Asked(null_rate=0.10), **world).rate  # type: ignore[arg-type]
    other = null_rate("house", asked=Asked(null_rate=asked), **world).per_series  # type: ignore[arg-type]
    hit_other = hit_rate("house", asked=Asked(null_rate=asked), **world).rate  # type: ignore[arg-type]
    at_hand = series(*VALUES)
    base = rates_at_hand(HOUSE, at_hand, ARCHIVE)
    moved = rates_at_hand(HOUSE, at_hand, ARCHIVE, asked_null=asked)
    assert base is not None
    assert moved is not None
    # by as much as in the simulated world, whose rates at one in ten lie close by
    assert moved.null - base.null == pytest.approx(other - ten, abs=0.03)
    assert moved.hit - base.hit == pytest.approx(hit_other - hit_ten, abs=0.04)


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

# SPDX-License-Identifier: Apache-2.0
"""The shipped tables: whole, small, and what a fresh simulation gives."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from attunement.signals import rule
from attunement.signals.house import default_house
from attunement.signals.rates.axes import BASE, HORIZONS, HOUSE_VERSION, signature
from attunement.signals.rates.grid import TABLED, blocks, places
from attunement.signals.rates.packing import (
    NEAREST,
    normal_share,
    packed,
    probit,
    probits,
    unpacked,
)
from attunement.signals.rates.table import FILE, read_off, simulated_people, tabled

PACKING = 0.004


def test_file_is_small_and_knows_every_rule() -> None:
    assert Path(FILE).stat().st_size < 2_000_000
    for one in TABLED:
        assert tabled(one), f"{one.id}: run `python -m scripts.tables`"
    assert not tabled(rule("cusum").with_params("mine", h=2.0))


def test_the_house_rule_in_the_tables_is_the_one_that_is_shipped() -> None:
    said = "write the version into axes.py and run `python -m scripts.tables`"
    assert default_house(0.0, 1.0).version == HOUSE_VERSION, said


def test_quantiles_are_those_of_the_standard_library() -> None:
    for share in (NEAREST, 0.001, 0.02, 0.3, 0.5, 0.77, 0.9999 - NEAREST):
        assert probit(share) == pytest.approx(NormalDist().inv_cdf(share), abs=1e-9)
    assert probit(0.0) == probit(NEAREST)
    assert probit(1.0) == pytest.approx(-probit(NEAREST), abs=1e-9)


def test_points_are_an_axis_and_no_other_rule() -> None:
    median = rule("oac-below-own-median")
    assert signature(median) == signature(median.with_params("two", points=2.0))
    assert signature(median) != signature(median.with_params("few", min_previous=3))


@pytest.mark.slow
@pytest.mark.parametrize("name", [block.name for block in blocks() if block.name.startswith("n")])
def test_places_simulated_again_are_the_same_within_their_error(name: str) -> None:
    block = next(one for one in blocks() if one.name == name)
    every = places(block.axes)
    n = 200
    for at in (len(every) // 3, len(every) - 2):
        place = every[at]
        again = block.values(place, n, 7)
        there = {axis: np.array([value]) for axis, value in place.items()}
        for row, one in enumerate(block.rules):
            if block.further:  # a difference on the probit scale: only its place is looked at
                continue
            stored = read_off("null", one, there)[0]
            error = np.sqrt(again[row] * (1 - again[row]) * (1 / n + 1 / simulated_people("null")))
            # where all or none are flagged again, the error is that of the stored share
            kept = np.sqrt(stored * (1 - stored) / simulated_people("null"))
            allowed = 4.5 * np.maximum(error, kept) + PACKING + 3 / n
            gap = np.abs(stored - again[row])
            assert (gap < allowed)[: len(HORIZONS)].all(), (one.id, at, gap.max())


def test_bytes_keep_a_share_within_a_third_of_a_point() -> None:
    shares = np.linspace(0, 1, 2001)
    assert np.abs(unpacked(packed(shares)) - shares).max() < PACKING
    assert unpacked(packed(np.array([0.0, 1.0]))).tolist() == [0.0, 1.0]


def test_normal_shares_are_those_of_the_error_function() -> None:
    z = np.linspace(-5, 5, 101)
    exact = [0.5 * math.erfc(-x / math.sqrt(2)) for x in z.tolist()]
    assert normal_share(z) == pytest.approx(exact, abs=2e-7)
    codes = packed(np.array([0.05, 0.5, 0.9]))
    assert normal_share(probits(codes)) == pytest.approx(unpacked(codes), abs=1e-6)


def test_between_two_places_lies_what_is_between() -> None:
    alarm = rule("below-own-baseline")
    noises = np.linspace(0.6, 1.67, 30)
    values = read_off("null", alarm, {"edge": np.full(30, 2.0), "noise": noises})
    year = values[:, HORIZONS.index(12)]
    assert (np.diff(year) > -0.01).all()  # more noise, more flags
    assert np.diff(year).max() < 0.08  # and never a jump
    assert (np.diff(values[0, : len(HORIZONS)]) > -0.01).all()  # longer, more


def test_beyond_the_last_place_it_stops() -> None:
    alarm = rule("below-own-baseline")
    far = read_off("null", alarm, {"edge": np.array([4.0, 40.0]), "noise": np.array([1.0, 1.0])})
    assert far[0] == pytest.approx(far[1])
    base = read_off("null", alarm, {"edge": np.array([2.0])})
    told = read_off(
        "null", alarm, {"edge": np.array([2.0])} | {k: np.array(v) for k, v in BASE.items()}
    )
    assert base == pytest.approx(told)

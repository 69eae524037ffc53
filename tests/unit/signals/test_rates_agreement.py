# SPDX-License-Identifier: Apache-2.0
"""κ and AC1 against published tables, by hand, and where they are not defined."""

from __future__ import annotations

import numpy as np
import pytest

from attunement.signals import SignalError
from attunement.signals.rates.agreement import (
    ALL_ALIKE,
    NOTHING,
    agree,
    cohen_kappa,
    gwet_ac1,
)


def test_three_categories_as_irrcac_has_them() -> None:
    # irrCAC: κ .7964, AC1 .8493 for this table of two raters
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    assert cohen_kappa(table).value == pytest.approx(0.7964, abs=5e-5)
    assert gwet_ac1(table).value == pytest.approx(0.8493, abs=5e-5)


def test_rare_categories_part_the_two_coefficients() -> None:
    # 118 + 0 of 125 agree: p_o = .944. κ: p_e = .984·.96 + .016·.04 = .94528,
    # (.944 − .94528)/.05472 = −.02339. AC1: π = (.984 + .96)/2 = .972, p_e = 2·.972·.028 = .054432,
    # (.944 − .054432)/.945568 = .94078.
    table = np.array([[118, 5], [2, 0]])
    assert cohen_kappa(table).value == pytest.approx(-0.02339, abs=1e-5)
    assert gwet_ac1(table).value == pytest.approx(0.94078, abs=1e-5)


def test_cohens_own_kind_of_example_by_hand() -> None:
    # 20/5/10/15 of 50: p_o = .7, p_e = .5·.6 + .5·.4 = .5, κ = .4;
    # π = (.5 + .6)/2 = .55, p_e = 2·.55·.45 = .495, AC1 = .205/.505 = .40594
    table = np.array([[20, 5], [10, 15]])
    assert cohen_kappa(table).value == pytest.approx(0.4)
    assert gwet_ac1(table).value == pytest.approx(0.40594, abs=1e-5)


def test_one_answer_throughout_has_no_kappa_but_an_ac1() -> None:
    table = np.array([[0, 0], [0, 40]])
    assert cohen_kappa(table).value is None
    assert cohen_kappa(table).reason == ALL_ALIKE
    assert gwet_ac1(table).value == 1
    assert str(cohen_kappa(table)).startswith("not defined (both gave")


def test_nothing_judged_has_neither() -> None:
    for function in (cohen_kappa, gwet_ac1):
        assert function(np.zeros((2, 2), dtype=np.int64)).reason == NOTHING


def test_one_constant_rule_agrees_no_more_than_chance() -> None:
    assert cohen_kappa(np.array([[0, 0], [7, 33]])).value == pytest.approx(0)


@pytest.mark.parametrize(
    "table", [np.zeros((2, 3)), np.zeros((1, 1)), np.zeros(4), np.array([[1, -1], [0, 2]])]
)
def test_no_table_refused(table: np.ndarray) -> None:
    with pytest.raises(SignalError) as caught:
        cohen_kappa(table)
    assert caught.value.code == "E-SIGNAL-008"


def test_units_that_one_could_not_judge_do_not_count() -> None:
    first = np.array([True, True, False, False, True])
    second = np.array([True, False, True, False, False])
    found = agree(first, second, np.array([True, True, True, True, False]))
    assert (found.both, found.first_only, found.second_only, found.neither) == (1, 1, 1, 1)
    assert found.n == 4
    assert found.share == 0.5
    assert found.kappa.value == pytest.approx(0)
    nothing = agree(first, second, np.zeros(5, dtype=bool))
    assert nothing.share is None
    assert nothing.kappa.value is None

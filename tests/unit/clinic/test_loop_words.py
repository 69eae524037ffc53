# SPDX-License-Identifier: Apache-2.0
"""Openers, reasons and strategies as data: complete, safe to show a client, each sourced."""

from __future__ import annotations

import re

import pytest

from attunement.clinic.models import LONGEST_CHANGE
from attunement.clinic.models.loop import LONGEST_CODE
from attunement.clinic.services.loop.words import OTHER, openers, repair
from attunement.signals.patterns import Pattern

NOT_FOR_CLIENTS = re.compile(
    r"rupture|signal|strain|flag|alarm|withdraw|confront|alliance|score|rule|risk|symptom",
    re.IGNORECASE,
)


@pytest.mark.parametrize("pattern", list(Pattern))
def test_each_pattern_has_three_openers_of_its_own(pattern: Pattern) -> None:
    mine = openers().by_pattern[pattern]
    assert len(set(mine)) == 3
    others = {
        line for p, lines in openers().by_pattern.items() if p is not pattern for line in lines
    }
    assert not others & set(mine)


def test_nothing_that_a_client_sees_names_a_problem() -> None:
    found = openers()
    lines = [line for lines in found.by_pattern.values() for line in lines]
    for line in (*lines, *found.helps.values(), found.both, found.own, found.few):
        assert not NOT_FOR_CLIENTS.search(line), line
        assert not re.search(r"\d", line), line


def test_each_openers_set_asks_and_leaves_the_answer_open() -> None:
    for lines in openers().by_pattern.values():
        assert any(line.endswith("?") for line in lines)
        assert all(len(line) < 140 for line in lines)


def test_codes_fit_where_they_are_stored() -> None:
    codes = [*openers().helps, *openers().not_today, *repair().strategies, *Pattern]
    assert all(len(code) <= LONGEST_CODE for code in codes)
    assert OTHER in openers().not_today
    assert LONGEST_CHANGE >= 200


def test_every_suggestion_has_a_source_and_says_what_it_is_worth() -> None:
    found = repair()
    assert {one.phase for one in found.suggestions} == {"now", "later"}
    for one in found.suggestions:
        assert one.source.citation
        assert one.source.weight.endswith(".")
        assert one.source.seen in {"paper", "abstract", "secondary"}
    for strategy in found.strategies.values():
        assert strategy.verified <= (strategy.source is not None)
        if strategy.source is not None:
            assert strategy.verified == (strategy.source.seen != "secondary")

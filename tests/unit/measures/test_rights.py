# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from attunement.measures import TextBundle, allowed, parse_measure, permitted_text
from attunement.measures.facts import CONTEXTS
from attunement.measures.schema import Measure, Permission, TextState
from attunement.measures.skeleton import skeleton

ALLOW, DENY, ASK = Permission.ALLOW, Permission.DENY, Permission.ASK
NO_USE_RULED_OUT: dict[str, bool | None] = {}
CLINIC = {"clinical": True, "commercial": False, "educational": False, "research": False}


def measure(**contexts: Permission) -> Measure:
    base = parse_measure(skeleton("demo"), origin="demo", pack="operator")
    words = "The owner's own words."
    return replace(base, licence=replace(base.licence, contexts=contexts, exact_words=words))


FREE = measure(**dict.fromkeys(CONTEXTS, ALLOW))
NON_COMMERCIAL = measure(clinical=ALLOW, commercial=DENY, educational=ALLOW, research=ALLOW)


def test_free_wording_may_be_shown_whatever_is_known_of_the_use() -> None:
    assert allowed(FREE, NO_USE_RULED_OUT).text
    assert allowed(FREE, CLINIC).text


def test_unknown_use_counts_as_no() -> None:
    assert not allowed(NON_COMMERCIAL, NO_USE_RULED_OUT).text
    assert not allowed(NON_COMMERCIAL, {"clinical": True, "commercial": None}).text
    assert not allowed(NON_COMMERCIAL, CLINIC | {"commercial": True}).text
    assert allowed(NON_COMMERCIAL, {"clinical": True, "commercial": False}).text


def test_answer_that_the_owner_never_gave_counts_as_no() -> None:
    decision = allowed(measure(), CLINIC)
    assert not decision.text
    assert decision.reasons == ("Clinical use has no answer from the owner, which counts as no",)


def test_ask_is_not_allow_until_the_operator_attests() -> None:
    asked = measure(clinical=ASK)
    assert not allowed(asked, CLINIC).text
    assert allowed(asked, CLINIC, attested=True).text


def test_attesting_does_not_overrule_a_no() -> None:
    assert not allowed(measure(clinical=DENY), CLINIC, attested=True).text
    assert not allowed(measure(), CLINIC, attested=True).text


def test_no_stated_use_shows_nothing() -> None:
    decision = allowed(FREE, dict.fromkeys(CONTEXTS, False))
    assert not decision.text
    assert "No use is stated" in decision.reasons[0]


def test_reasons_name_each_use_and_quote_the_owner() -> None:
    decision = allowed(NON_COMMERCIAL, {"clinical": True})
    assert decision.reasons == (
        "Commercial use is not ruled out and is not permitted by the owner",
    )
    assert decision.owner_words == "The owner's own words."


def test_wording_that_is_not_there_cannot_be_shown() -> None:
    assert not allowed(replace(FREE, text=TextState.ABSENT), CLINIC).text


@pytest.mark.parametrize("uses", list(product((True, False, None), repeat=4)))
def test_scores_can_be_entered_in_any_context(uses: tuple[bool | None, ...]) -> None:
    context = dict(zip(CONTEXTS, uses, strict=True))
    for one in (FREE, NON_COMMERCIAL, measure()):
        decision = allowed(one, context)
        assert decision.score_entry
        assert decision.reasons


@pytest.mark.parametrize("uses", list(product((True, False, None), repeat=4)))
def test_ruling_out_a_use_never_takes_a_permission_away(uses: tuple[bool | None, ...]) -> None:
    context = dict(zip(CONTEXTS, uses, strict=True))
    if allowed(NON_COMMERCIAL, context).text:
        for name in CONTEXTS:
            narrower = context | {name: False}
            if any(use is not False for use in narrower.values()):
                assert allowed(NON_COMMERCIAL, narrower).text


def test_conditions_are_told_in_words() -> None:
    rights = replace(FREE.licence, conditions=("attribution_line", "no_sale"))
    decision = allowed(replace(FREE, licence=rights), CLINIC)
    assert decision.conditions == (
        "show the attribution line with the form",
        "do not sell the form or what is made of it",
    )


def test_permitted_text_hands_out_only_what_is_allowed() -> None:
    bundle = TextBundle("demo", "1", "en", "Demo", "", {}, {}, {})
    assert permitted_text(FREE, bundle, CLINIC) is bundle
    assert permitted_text(NON_COMMERCIAL, bundle, NO_USE_RULED_OUT) is None
    assert permitted_text(FREE, None, CLINIC) is None

# SPDX-License-Identifier: Apache-2.0
"""The words and rights that ship: as they were read, and no more than may be shown."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from attunement.measures import Measure, TextBundle, ids, languages, lint, load, load_text
from attunement.measures.schema import Direction, TextState

ALL = ("core", "own", "nc")
BANNER = (
    "Original form, not validated. Use to open a conversation; "
    "do not use to judge a therapist or to decide treatment."
)
REFERENCE = os.environ.get("ATTUNEMENT_REFERENCE_DATA", "")


def words_of(measure: Measure) -> TextBundle:
    bundle = load_text(measure, packs=ALL)
    assert bundle is not None, measure.id
    return bundle


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@pytest.mark.parametrize("measure_id", ids(packs=ALL))
def test_lint_of_a_shipped_measure_finds_nothing(measure_id: str) -> None:
    measure = load(measure_id)
    bundle = load_text(measure, packs=ALL)
    assert lint(measure, [bundle] if bundle else []) == ()


@pytest.mark.parametrize("measure_id", ids(packs=ALL))
def test_words_are_there_exactly_where_the_definition_says_so(measure_id: str) -> None:
    measure = load(measure_id)
    assert bool(languages(measure, packs=ALL)) is (measure.text is TextState.BUNDLED)


@pytest.mark.parametrize("measure_id", ids(packs=ALL))
def test_shipped_words_name_where_and_when_they_were_read(measure_id: str) -> None:
    measure = load(measure_id)
    if measure.text is TextState.BUNDLED and measure.licence.holder != "The Attunement authors":
        bundle = words_of(measure)
        assert bundle.source_url
        assert bundle.seen_on == "2026-11-22"
        assert bundle.attribution
        assert measure.licence.exact_words


def test_gad_7_lowest_answer_is_not_at_all() -> None:
    # Zorowitz et al. 2021 (doi 10.1016/S2215-0366(21)00001-8): "not at all sure" is an error.
    assert words_of(load("gad-7")).options["frequency"]["0"] == "Not at all"


@pytest.mark.reference
@pytest.mark.skipif(not REFERENCE, reason="ATTUNEMENT_REFERENCE_DATA is not set")
def test_phq_9_words_and_codes_are_those_of_the_loinc_panel() -> None:
    path = Path(REFERENCE) / "questionnaires" / "phq9_r4_with_calculated_expression.json"
    panel = json.loads(path.read_text(encoding="utf-8"))
    measure = load("phq-9")
    bundle = words_of(measure)
    asked = [entry for entry in panel["item"] if entry["type"] == "choice"]
    assert [item.loinc for item in measure.items] == [entry["code"][0]["code"] for entry in asked]
    for item, entry in zip(measure.items, asked, strict=True):
        ours, theirs = plain(bundle.items[item.id]), plain(entry["text"])
        opening = "if you checked off any problems " if not item.scored else ""
        assert ours == opening + theirs, item.id  # letters and order; punctuation is free
        answers = entry["answerOption"]
        options = measure.option_sets[item.options]
        assert list(options.loinc) == [each["valueCoding"]["code"] for each in answers]
        assert [bundle.options[item.options][f"{value:g}"] for value in options.values] == [
            each["valueCoding"]["display"] for each in answers
        ]


@pytest.mark.parametrize(
    ("measure_id", "items"),
    [
        ("phq-9", {"9"}),
        ("core-10", {"6"}),
        ("core-om", {"6", "9", "16", "22", "24", "34"}),
        ("yp-core", {"4"}),
    ],
)
def test_risk_items_ask_for_a_person_from_the_first_step(measure_id: str, items: set[str]) -> None:
    risks = {item.id: item.risk.at_least for item in load(measure_id).items if item.risk}
    assert risks == dict.fromkeys(items, 1)


@pytest.mark.parametrize("measure_id", ids(packs=("nc",)))
def test_non_commercial_words_stay_away_unless_the_pack_is_named(measure_id: str) -> None:
    measure = load(measure_id)
    assert measure.licence.nc
    assert load_text(measure) is None


@pytest.mark.parametrize("measure_id", ["core-10", "core-om"])
def test_no_derivatives_words_match_their_lock(measure_id: str) -> None:
    measure = load(measure_id)
    bundle = words_of(measure)
    assert measure.licence.nd
    assert measure.text_sha256["en"] == bundle.sha256
    # The owner's condition, CORE System Trust, 21 May 2025.
    line = "© CORE System Trust: https://www.coresystemtrust.org.uk/copyright.pdf"
    assert bundle.attribution == line


@pytest.mark.parametrize("measure_id", ids(packs=("own",)))
def test_own_form_says_that_it_is_not_validated(measure_id: str) -> None:
    measure = load(measure_id)
    assert not measure.validated
    assert measure.notes[0] == BANNER
    assert measure.licence.name == "CC BY 4.0"
    assert not measure.cutoffs
    assert not measure.norms
    assert not measure.reliable_change


def test_therapist_form_marks_where_it_guesses_the_client() -> None:
    metas = {item.id for item in load("oac-t").items if item.view == "meta"}
    assert metas == {"2", "4", "5"}
    assert not [item.id for item in load("oac-c").items if item.view == "meta"]


def test_repair_is_asked_only_after_strain() -> None:
    for measure_id in ("oac-c", "oac-t"):
        rule = load(measure_id).item("8a").shown_if
        assert rule is not None
        assert (rule.item, rule.at_least) == ("8", 1)


def test_strain_never_enters_the_total() -> None:
    for measure_id, strain in (("oac-c", "8"), ("oac-t", "8"), ("oac-y", "5"), ("oac-y-t", "5")):
        measure = load(measure_id)
        assert strain not in measure.scale("total").items
        assert measure.scale("strain").direction is Direction.LOWER_IS_BETTER


def test_client_form_invites_the_low_answer() -> None:
    sentence = (
        "Most sessions could be better somewhere. Pointing to that place is the most useful "
        "thing you can do here."
    )
    assert sentence in words_of(load("oac-c")).instructions

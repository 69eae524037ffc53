# SPDX-License-Identifier: Apache-2.0
"""Which words a site may show: the owner's permission, the uses it states, its own words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from attunement.clinic.config import UseContexts
from attunement.clinic.errors import ClinicError
from attunement.clinic.services import forms
from attunement.measures import ids, load


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    forms.text_of.cache_clear()
    yield
    forms.text_of.cache_clear()


@pytest.mark.parametrize("measure_id", ["oac-c", "oac-t"])
def test_our_own_forms_are_shown_in_every_use(settings: Any, measure_id: str) -> None:
    everything = UseContexts(clinical=True, commercial=True, educational=True, research=True)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, use=everything)
    assert forms.text_of(measure_id, load(measure_id).version, "en").items["1"]


def test_a_language_without_words_falls_back_to_english() -> None:
    assert forms.text_of("oac-c", load("oac-c").version, "tlh").language == "en"


def test_a_form_without_words_is_refused() -> None:
    structure = next(i for i in ids(packs=("structure",)) if load(i).pack == "structure")
    with pytest.raises(ClinicError) as refusal:
        forms.text_of(structure, load(structure).version, "en")
    assert refusal.value.code == "E-CLINIC-006"
    assert structure in str(refusal.value)


def test_non_commercial_words_stay_closed_to_a_commercial_site(settings: Any) -> None:
    closed = [i for i in ids(packs=("nc",)) if load(i).pack == "nc"]
    if not closed:
        pytest.skip("no non-commercial measure is shipped")
    measure = load(closed[0])
    assert settings.ATTUNEMENT.use.commercial
    with pytest.raises(ClinicError):
        forms.text_of(measure.id, measure.version, "en")

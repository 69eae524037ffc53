# SPDX-License-Identifier: Apache-2.0
"""The forms of ``[forms]``: refused at the start where they cannot be shown, paired or answered."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from attunement.clinic.errors import ConfigError
from attunement.clinic.services import forms
from attunement.clinic.services.asked import check_forms
from attunement.clinic.services.risk import asks_about_risk
from attunement.measures import MeasureError


@pytest.fixture
def asked(settings: Any) -> Any:
    """Return a function that checks the given forms and returns the refusal."""
    forms.text_of.cache_clear()

    def check(**changed: Any) -> ConfigError:
        settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, **changed)
        with pytest.raises(ConfigError) as refusal:
            check_forms()
        assert refusal.value.next_step
        return refusal.value

    yield check
    forms.text_of.cache_clear()


def test_our_own_forms_pass(settings: Any) -> None:
    check_forms()
    settings.ATTUNEMENT = dataclasses.replace(
        settings.ATTUNEMENT, client_measure="oac-y", therapist_measure="oac-y-t"
    )
    check_forms()


def test_form_with_a_risk_item_is_no_longer_refused_for_that(settings: Any) -> None:
    # Whether its answer reaches somebody is asked of the store: tests/hostile/test_notices_config.
    capture = dataclasses.replace(settings.ATTUNEMENT.capture, before="phq-9")
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, capture=capture)
    check_forms()
    assert asks_about_risk()


def test_form_about_risk_that_passes_no_answer_on_is_refused(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = forms.measure_of("oac-c")

    def unmarked(name: str, version: str | None = None) -> Any:
        del version
        return dataclasses.replace(real, family="risk") if name == "oac-c" else forms.load(name)

    monkeypatch.setattr("attunement.clinic.services.asked.measure_of", unmarked)
    assert asked().code == "E-CONFIG-011"


@pytest.mark.parametrize(
    ("key", "measure", "words"),
    [
        ("client", "no-such-measure", "no-such-measure"),
        ("client", "", "''"),
        ("client", "../../etc/passwd", "there is no"),
        ("client", "oac-t", "rated by the therapist"),
        ("client", "miracle-question", "total"),
        ("client", "wai-sr", "no words"),
        ("client", "gad-7", "forms.therapist"),  # another scale than the mirror's
        ("therapist", "oac-c", "rated by the client"),
        ("therapist", "no-such-measure", "no-such-measure"),
        ("therapist", "oac-y-t", "no mirror"),
        ("therapist", "therapist-week", "no mirror"),
    ],
)
def test_form_that_cannot_be_asked_is_named_with_its_key(
    asked: Any, key: str, measure: str, words: str
) -> None:
    refusal = asked(**{f"{key}_measure": measure})
    assert refusal.code == "E-CONFIG-010"
    assert f"forms.{key}" in str(refusal) or words == "forms.therapist"
    assert words in str(refusal)


def test_language_without_words_is_refused(asked: Any) -> None:
    refusal = asked(language="de")
    assert refusal.code == "E-CONFIG-005"
    assert "language" in str(refusal)


def test_measure_file_that_is_broken_is_named(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise MeasureError("E-MEASURE-010", what="the measure does not hold together")

    monkeypatch.setattr("attunement.clinic.services.asked.measure_of", broken)
    assert "does not hold together" in str(asked())

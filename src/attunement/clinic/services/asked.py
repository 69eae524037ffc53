# SPDX-License-Identifier: Apache-2.0
"""The forms that ``[forms]`` names, checked before anybody is asked to fill one."""

from __future__ import annotations

from typing import NoReturn

from attunement.clinic.errors import ClinicError, ConfigError
from attunement.clinic.services.forms import config, measure_of, text_of
from attunement.clinic.services.risk.configured import risk_items
from attunement.errors import AttunementError
from attunement.measures.schema import Direction, Measure, Scale

_CLIENT, _THERAPIST = "forms.client", "forms.therapist"
_BEFORE, _BETWEEN = "forms.before", "forms.between"


def check_forms() -> None:
    """Refuse to start with forms that this version cannot show, pair or answer for.

    Raises
    ------
    ConfigError
        E-CONFIG-005 for a language without words, E-CONFIG-010 for a form that cannot be asked,
        E-CONFIG-011 for a form about risk without an item that is passed on. Whether the answers of
        those that have such items reach somebody is asked of the store: ``refuse_holes``.
    """
    client = _rated(_CLIENT, config().client_measure, by="client")
    _refuse_unmarked(client)
    therapist = _rated(_THERAPIST, config().therapist_measure, by="therapist")
    for key, measure in ((_CLIENT, client), (_THERAPIST, therapist)):
        _require_words(key, measure)
    for key, beside in (
        (_BEFORE, config().capture.before),
        (_BETWEEN, config().capture.between),
    ):
        if beside:
            measure = _rated(key, beside, by="client")
            _refuse_unmarked(measure, key=key)
            _require_words(key, measure)
            if key == _BETWEEN and "session" in measure.timeframe:
                _refuse(key, f"{measure.id}, which rates a session", "a form about a time")
    low_high = _total(_CLIENT, client).bounds
    if _total(_THERAPIST, therapist).bounds != low_high or not _answered(client) & _answered(
        therapist
    ):
        _refuse(
            _THERAPIST,
            f"{therapist.id}, which is no mirror of {client.id}",
            "a form with items of the client's form and a total on the same scale",
        )


def _rated(key: str, measure_id: str, *, by: str) -> Measure:
    try:
        measure = measure_of(measure_id)
    except AttunementError as problem:
        _refuse(key, f"{measure_id!r}: {problem.what}", problem.expected or "a measure's id")
    if by not in measure.perspectives:
        rated = " and ".join(measure.perspectives)
        _refuse(key, f"{measure.id}, which is rated by the {rated}", f"a form that the {by} rates")
    return measure


def _refuse_unmarked(measure: Measure, *, key: str = _CLIENT) -> None:
    """Refuse a measure that is about risk while its file marks no answer to pass on."""
    if measure.family == "risk" and not risk_items(measure):
        raise ConfigError(
            "E-CONFIG-011",
            what=f"the key {key} names a form about risk that passes no answer on",
            got=measure.id,
            expected="a form whose file says from which answer on a person is told",
            next_step=f"Name another form in {key}",
        )


def _total(key: str, measure: Measure) -> Scale:
    total = next((scale for scale in measure.scales if scale.id == "total"), None)
    if total is None or total.bounds is None or measure.direction is Direction.NONE:
        _refuse(
            key,
            f"{measure.id}, which has no total with bounds and a direction",
            "a form with a scale called total",
        )
    return total


def _answered(measure: Measure) -> frozenset[str]:
    """Return the items that are answered with a number."""
    return frozenset(item.id for item in measure.items if item.kind != "text")


def _require_words(key: str, measure: Measure) -> None:
    language = config().language
    try:
        text = text_of(measure.id, measure.version, language)
    except ClinicError as problem:
        _refuse(key, f"{measure.id}, which has no words to show here", problem.expected)
    if text.language != language:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key language names a language without words",
            got=repr(language),
            expected=f"a language in which there are words for {measure.id}, such as en",
            next_step="Correct language, or add words with: attunement measures add FILE",
        )


def _refuse(key: str, got: str, expected: str) -> NoReturn:
    raise ConfigError(
        "E-CONFIG-010",
        what=f"the key {key} names a form that cannot be asked",
        got=got,
        expected=expected,
        next_step=f"Correct {key}; attunement measures list shows what there is",
    )

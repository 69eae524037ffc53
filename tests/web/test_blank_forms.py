# SPDX-License-Identifier: Apache-2.0
"""What is alike on everybody's form is written once; what a person did is never kept."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import pytest
from django.template import Context, Engine

from attunement.clinic.pages.questions import Filled, groups
from attunement.clinic.services.forms import measure_of, text_of
from attunement.clinic.templatetags.blank_forms import is_blank

_LIBRARIES = {"blank_forms": "attunement.clinic.templatetags.blank_forms"}
_BODY = (
    "{% for group in groups %}{% for question in group %}{{ question.words }}"
    "{{ question.value }}{{ more }}{% endfor %}{% endfor %}"
)


def _screens(raw: dict[str, str] | None = None) -> Any:
    measure = measure_of("oac-c")
    words = text_of(measure.id, measure.version, "en")
    return groups(measure, words, Filled(raw=raw) if raw is not None else None)


@pytest.fixture
def template() -> Any:
    engine = Engine(libraries=_LIBRARIES)
    return engine.from_string(
        "{% load blank_forms %}{% blank_form groups crisis %}" + _BODY + "{% end_blank_form %}"
    )


def _plain(context: dict[str, Any]) -> str:
    return Engine().from_string(_BODY).render(Context(context))


def test_blank_questions_read_as_they_would_without_the_tag(template: Any) -> None:
    first = template.render(Context({"groups": _screens(), "crisis": "a"}))
    again = template.render(Context({"groups": _screens(), "crisis": "a"}))
    assert first == again == _plain({"groups": _screens()})


def test_they_are_written_once_for_the_same_questions_and_again_for_others(template: Any) -> None:
    """What is not named in the tag shows whether the text was written anew."""
    screens = _screens()

    def shown(groups: Any, crisis: str, more: str) -> bool:
        found = template.render(Context({"groups": groups, "crisis": crisis, "more": more}))
        return more in found

    assert shown(screens, "a", "FIRST")
    assert not shown(_screens(), "a", "SECOND")
    assert shown(screens, "b", "THIRD")
    other = ((replace(screens[0][0], words="Another question"), *screens[0][1:]), *screens[1:])
    assert shown(other, "a", "FOURTH")


@pytest.mark.parametrize("raw", [{"1": "3"}, {"1": ""}, {"9": "Synthetic words"}])
def test_questions_with_an_answer_are_not_blank_and_not_kept(
    template: Any, raw: dict[str, str]
) -> None:
    screens = _screens(raw)
    assert not is_blank(screens)
    assert is_blank(_screens())
    for more in ("FIRST", "SECOND"):
        assert more in template.render(Context({"groups": screens, "crisis": "a", "more": more}))


def test_nothing_of_a_request_stays_behind(template: Any) -> None:
    class Marked:
        """Stands for a request in the context."""

    def write() -> None:
        context = Context({"groups": _screens(), "crisis": "c", "request": Marked()})
        template.render(context)

    write()
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) is Marked]

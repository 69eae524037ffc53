# SPDX-License-Identifier: Apache-2.0
"""Everybody who asks extra questions, in the order in which they are asked."""

from __future__ import annotations

from attunement.clinic.models import Moment
from attunement.clinic.services import goals, rotating, widening
from attunement.clinic.services.extras import Provider
from attunement.clinic.services.loop import questions as loop_questions

PROVIDERS: tuple[Provider, ...] = (
    Provider("goals", goals.questions, goals.record, moments=frozenset({str(Moment.BEFORE)})),
    loop_questions.PROVIDER,
    Provider("rotating", rotating.questions, rotating.record),
    Provider("widening", widening.questions, widening.record, opens=True),
)

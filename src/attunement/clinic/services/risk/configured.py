# SPDX-License-Identifier: Apache-2.0
"""Which of the forms that are asked have items whose answer goes to named people."""

from __future__ import annotations

from attunement.clinic.services.forms import config, measure_of
from attunement.measures.schema import Item, Measure


def risk_items(measure: Measure) -> tuple[Item, ...]:
    """Return the items of a measure whose answer is passed on from some answer on."""
    return tuple(item for item in measure.items if item.risk is not None)


def asked_measures() -> tuple[Measure, ...]:
    """Return every measure that the configuration has people fill."""
    beside = (config().capture.before, config().capture.between)
    names = (config().client_measure, config().therapist_measure, *beside)
    return tuple(measure_of(name) for name in dict.fromkeys(names) if name)


def asks_about_risk() -> bool:
    """Whether any form that is asked has an item whose answer is passed on."""
    return any(risk_items(measure) for measure in asked_measures())

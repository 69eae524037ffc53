# SPDX-License-Identifier: Apache-2.0
"""Every page and state on every screen: one walk for each chair, one visit for all looks.

A look is axe (light, dark, forced colours, paper), 320 px, 200 % zoom, 4K, targets, focus, motion.
"""

from __future__ import annotations

import dataclasses
from types import ModuleType

import pytest
from django.urls import get_resolver
from pytest_django import Settings
from tests.clinic_world import World
from tests.e2e import sweep_client, sweep_house, sweep_therapist
from tests.e2e.conftest import NewPage
from tests.e2e.looks import CLIENT_TARGET, SMALLEST, STAFF_TARGET
from tests.e2e.sweep import Sweep
from tests.risk_world import MAIL

from attunement.clinic.config.model import Capture

pytestmark = pytest.mark.e2e

FORMS = "takes a form, and leads back to a page of the sweep"
NOT_PAGES = {
    "a piece of the session's page": {"session-status"},
    "leads from a mail to the list": {"review"},
    "not for people: files, scripts, envelopes, health": {
        "client-sealed", "client-worker", "kiosk-worker", "chart-css", "healthz",
    },
    "goes to the start by itself; seen as a shared screen's no connection": {"kiosk-offline"},
    FORMS: {
        "session-rupture", "session-widen", "client-open", "private-message-take", "held-note",
        "kiosk-open", "kiosk-clear", "kiosk-end", "case-share", "team-add", "team-end",
        "supervision-add", "supervision-end", "alert-acknowledge", "alert-close",
        "emergency-review", "visibility-fewer",
        "birth-year", "agreed",
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("chair", "target"),
    [
        (sweep_client, CLIENT_TARGET),
        (sweep_therapist, STAFF_TARGET),
        (sweep_house, STAFF_TARGET),
    ],
    ids=["client", "therapist", "house"],
)
def test_every_page_holds_on_every_screen(
    clinic: World, new_page: NewPage, settings: Settings, chair: ModuleType, target: int
) -> None:
    capture = Capture(before="phq-2", between="gad-7", own_chart=True)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, capture=capture, mail=MAIL)
    # axe is put into the page from outside, which the content policy would rightly refuse
    sweep = Sweep(new_page(viewport=SMALLEST, bypass_csp=True), target=target)
    chair.walk(sweep, clinic)
    assert sweep.findings == {}
    assert sweep.routes >= chair.ROUTES


def test_every_route_is_swept_or_is_no_page() -> None:
    routes = {each.name for each in get_resolver().url_patterns}
    swept = {"alerts", "alert"}.union(
        *(chair.ROUTES - {"no route"} for chair in (sweep_client, sweep_therapist, sweep_house))
    )
    excused = set().union(*NOT_PAGES.values())
    assert routes == swept | excused
    assert swept & excused == set()

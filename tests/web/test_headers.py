# SPDX-License-Identifier: Apache-2.0
"""Headers on every route, for strangers and for people who signed in; weights; fixed routes."""

from __future__ import annotations

import gzip
import re
from importlib.resources import files

import pytest
from django.test import Client as Browser
from django.urls import get_resolver
from tests.clinic_world import World, opened

from attunement.clinic.access import check_routes

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
}
ROUTES = {
    "",
    "accounts/login/",
    "accounts/logout/",
    "clients/<str:dyad_id>/",
    "clients/<str:dyad_id>/sessions/new",
    "sessions/<str:session_id>/",
    "sessions/<str:session_id>/invite",
    "sessions/<str:session_id>/rate",
    "sessions/<str:session_id>/status",
    "sessions/<str:session_id>/rupture",
    "signals/",
    "signals/budget",
    "signals/<str:signal_id>/",
    "signals/<str:signal_id>/answer",
    "rules/",
    "rules/tune",
    "rules/save",
    "risk/",
    "risk/<str:public_id>/",
    "risk/<str:public_id>/acknowledge",
    "risk/<str:public_id>/close",
    "review/",
    "c/",
    "c/open",
    "c/form",
    "c/thanks",
    "c/sealed",
    "c/waiting",
    "c/worker.js",
    "held/",
    "held/<str:held_id>/note",
    "kiosk/",
    "kiosk/open",
    "kiosk/clear",
    "kiosk/offline",
    "kiosk/worker.js",
    "kiosk/leave",
    "kiosk/start",
    "kiosk/<str:kiosk_id>/end",
    "design/",
    "c/chart",
    "c/chart/number",
    "c/fewer",
    "c/looked",
    "c/say",
    "c/stop",
    "clients/<str:dyad_id>/asking",
    "clients/<str:dyad_id>/between",
    "clients/<str:dyad_id>/birth-year",
    "clients/<str:dyad_id>/agreed",
    "clients/<str:dyad_id>/before",
    "clients/<str:dyad_id>/ledger",
    "clients/<str:dyad_id>/share",
    "clients/<str:dyad_id>/together",
    "clients/<str:dyad_id>/visibility",
    "clients/<str:dyad_id>/visibility/fewer",
    "day/",
    "day/loops",
    "me/calibration",
    "paper/",
    "paper/enter",
    "sessions/<str:session_id>/after",
    "sessions/<str:session_id>/widen",
    "team/",
    "team/answers/",
    "team/cases/",
    "team/cases/<str:dyad_id>/",
    "team/cases/<str:dyad_id>/question",
    "team/clients/<str:dyad_id>/add",
    "team/clients/<str:dyad_id>/readers",
    "team/emergencies/",
    "team/emergencies/<str:glass_id>/review",
    "team/emergency",
    "team/emergency/<str:dyad_id>/",
    "team/erase",
    "team/erase/now",
    "team/erase/sure",
    "team/members/<str:member_id>/end",
    "team/messages",
    "team/messages/<str:message_id>/take",
    "team/operator/",
    "team/research/",
    "team/supervision/<str:link_id>/end",
    "team/supervision/add",
    "together/closed",
    "assets/chart.css",
    "healthz",
}
BUDGET = 100 * 1024


def test_routes_are_the_fixed_ones_and_each_declares_its_permission() -> None:
    assert {str(each.pattern) for each in get_resolver().url_patterns} == ROUTES
    check_routes()


@pytest.mark.parametrize("who", ["therapist", "stranger"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_headers_are_on_every_answer(world: World, who: str, method: str) -> None:
    session_id = world.start()
    browser = world.browser() if who == "therapist" else Browser()
    browser.raise_request_exception = False
    routes = [
        route.replace("<str:dyad_id>", world.dyad.pk).replace("<str:session_id>", session_id)
        for route in ROUTES
    ]
    for route in [*routes, "no/such/page", "static/attunement/css/tokens.css", "static/nothing"]:
        answer = getattr(browser, method)(f"/{route}")
        policy = dict(
            each.strip().split(" ", 1)
            for each in answer.headers["Content-Security-Policy"].split(";")
        )
        assert POLICY.items() <= policy.items(), route
        assert answer.headers["X-Content-Type-Options"] == "nosniff", route
        assert answer.headers["Referrer-Policy"] == "same-origin", route
        assert answer.headers["X-Frame-Options"] == "DENY", route
        assert answer.status_code < 500, route
        if not route.startswith("static/"):
            assert "no-store" in answer.headers["Cache-Control"], route
        if answer.streaming:
            b"".join(answer.streaming_content)  # or the file stays open


def test_cookies_of_a_link_are_out_of_reach_of_script(world: World) -> None:
    token, _ = world.invite(world.start())
    for name, cookie in opened(token).cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name


def test_first_load_of_a_clients_page_is_light(world: World) -> None:
    token, _ = world.invite(world.start())
    browser = opened(token)
    for address in ("/c/", "/c/form", "/c/thanks"):
        page = browser.get(address)
        text = page.content.decode()
        parts = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
        assert parts, address
        total = len(page.content)
        for part in parts:
            answer = browser.get(part)
            assert answer.status_code == 200, part
            total += len(b"".join(answer.streaming_content))
        assert total < BUDGET, (address, total)


@pytest.mark.django_db
def test_health_says_only_that_it_answers() -> None:
    answer = Browser().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_files_travel_packed_and_pages_of_people_do_not(world: World) -> None:
    session_id = world.start()
    browser = world.browser()
    packed = {"accept-encoding": "gzip"}
    file = files("attunement.clinic") / "static" / "attunement" / "css" / "base.css"
    answer = browser.get("/static/attunement/css/base.css", headers=packed)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(b"".join(answer.streaming_content)) == file.read_bytes()
    plain = browser.get("/static/attunement/css/base.css")
    assert "Content-Encoding" not in plain.headers
    assert b"".join(plain.streaming_content) == file.read_bytes()
    part = browser.get("/static/attunement/css/base.css", headers={**packed, "range": "bytes=0-9"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, file.read_bytes()[:10])
    page = browser.get(f"/sessions/{session_id}/rate", headers=packed)
    assert page.status_code == 200
    assert "Content-Encoding" not in page.headers

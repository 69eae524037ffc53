# SPDX-License-Identifier: Apache-2.0
"""Guessing who has a login, guessing passwords, and planted cookies (bad input 76 and 77)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as current
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client as Browser
from tests.clinic_world import HIGH, PASSWORD, World, fields, submission_id, without_nonces

from attunement.clinic.config.django_settings import django_settings
from attunement.clinic.models import Login

WRONG = "not the synthetic pass phrase"
PLANTED = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:  # noqa: ARG001 -- the limits are counted in the database
    cache.clear()


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by one whenever a password is stretched: what takes the time."""
    made: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        made.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return made


def _log_in(login: str, password: str, browser: Browser | None = None, **extra: Any) -> Any:
    sent = {"login": login, "password": password}
    return (browser or Browser()).post("/accounts/login/", sent, **extra)


def test_row_76_every_wrong_log_in_gets_one_answer_after_one_stretched_password(
    world: World, hashed: list[str]
) -> None:
    closed = Login.objects.create_user(
        username="closed-therapist", password=PASSWORD, practice=world.practice, role="therapist",
        email="closed-therapist@attunement.example", is_active=False,
    )  # fmt: skip
    tried = {
        "known": (world.login.username, WRONG),
        "known by mail": (world.login.email, WRONG),
        "unknown": ("nobody-at-all", WRONG),
        "unknown by mail": ("nobody-at-all@attunement.example", WRONG),
        "closed": (closed.username, WRONG),
        "closed, right password": (closed.username, PASSWORD),
        "closed by mail, right password": (closed.email, PASSWORD),
    }
    said, cost = {}, {}
    for place, (name, (login, password)) in enumerate(tried.items()):
        hashed.clear()
        page = _log_in(login, password, REMOTE_ADDR=f"192.0.2.{place}")
        status, _, body = without_nonces(page)
        said[name] = (status, body.replace(login.encode(), b"NAME"))
        cost[name] = len(hashed)
    assert set(cost.values()) == {1}, cost
    # What was typed as an address is called one in the answer, known or not.
    for kind in ("mail", "name"):
        answers = {body for name, body in said.items() if ("mail" in name) == (kind == "mail")}
        assert len(answers) == 1, kind


def test_row_76_a_thousand_tries_are_five_wherever_they_come_from(
    world: World, hashed: list[str]
) -> None:
    hashed.clear()
    pages = [
        _log_in(world.login.username, f"{WRONG} {place}", REMOTE_ADDR=f"198.51.100.{place}")
        for place in range(15)
    ]
    assert len(hashed) == 5  # the others are refused unread, as a thousand would be
    assert {page.status_code for page in pages[5:]} <= {200, 429}
    assert _log_in(world.login.username, PASSWORD).status_code != 302
    cache.clear()
    hashed.clear()
    for place in range(15):
        _log_in(f"nobody-{place}", WRONG, REMOTE_ADDR="203.0.113.9")
    assert len(hashed) == 10  # one address tries ten names a minute


def test_row_76_there_is_no_second_factor_that_could_be_played_again(world: World) -> None:
    """No one-time codes and no passkeys: docs/reference/bad-input.md says so."""
    assert not [each for each in apps.app_configs if each in {"mfa", "otp_totp", "socialaccount"}]
    browser = world.browser()
    for path in (
        "accounts/2fa/", "accounts/2fa/totp/activate/", "accounts/2fa/authenticate/",
        "accounts/2fa/webauthn/login/", "accounts/2fa/recovery-codes/", "accounts/mfa/",
        "accounts/webauthn/", "accounts/login/code/", "accounts/3rdparty/login/callback/",
        "_allauth/browser/v1/auth/login",
    ):  # fmt: skip
        assert browser.get(f"/{path}").status_code == 404, path
        assert browser.post(f"/{path}", {"code": "000000"}).status_code == 404, path


@pytest.mark.parametrize("known", [False, True])
def test_row_77_planted_session_is_worth_nothing_after_signing_in(
    world: World, *, known: bool
) -> None:
    name = current.SESSION_COOKIE_NAME
    planted = PLANTED
    if known:  # an attacker's own, made by this server
        attacker = Browser()
        kept = attacker.session
        kept["x"] = "1"
        kept.save()
        planted = kept.session_key
    victim = Browser()
    victim.cookies[name] = planted
    assert _log_in(world.login.username, PASSWORD, victim).status_code == 302
    own = victim.cookies[name].value
    assert own != planted
    assert victim.get("/").status_code == 200
    assert not Session.objects.filter(session_key=planted).exists()
    attacker = Browser()
    attacker.cookies[name] = planted
    assert attacker.get("/").status_code == 302
    # and after signing out the own one is worth nothing either
    victim.post("/accounts/logout/")
    stolen = Browser()
    stolen.cookies[name] = own
    assert stolen.get("/").status_code == 302


@pytest.fixture
def behind_tls(settings: Any) -> None:
    config = replace(settings.ATTUNEMENT, base_url="https://clinic.example")
    settings.ATTUNEMENT = config
    for name, value in django_settings(config).items():
        if "COOKIE" in name:
            setattr(settings, name, value)


@pytest.mark.usefixtures("behind_tls")
def test_row_77_behind_tls_every_cookie_is_of_this_host_alone(world: World) -> None:
    staff, client = Browser(), Browser()
    staff.get("/accounts/login/", secure=True)
    assert _log_in(world.login.username, PASSWORD, staff, secure=True).status_code == 302
    token, _ = world.invite(world.start())
    client.post("/c/open", {"token": token}, secure=True)
    form = client.get("/c/form", secure=True)
    sent = fields(HIGH) | {"submission_id": submission_id(form)}
    assert client.post("/c/form", sent, secure=True).status_code == 303
    kiosk = {"label": "Waiting room", "pin": "2468", "again": "2468"}
    assert staff.post("/kiosk/start", kiosk, secure=True).status_code == 303
    seen = {**staff.cookies, **client.cookies}
    assert len(seen) >= 5
    for name, cookie in seen.items():
        assert name.startswith("__Host-"), name
        assert (cookie["path"], cookie["domain"]) == ("/", ""), name
        assert cookie["secure"], name
        if cookie.value:  # one that is taken back needs no more than its place
            assert cookie["httponly"], name
            assert cookie["samesite"] == "Lax", name


@pytest.mark.usefixtures("behind_tls")
def test_row_77_cookie_without_the_prefix_is_not_read(world: World) -> None:
    signed_in = Browser()
    _log_in(world.login.username, PASSWORD, signed_in, secure=True)
    assert signed_in.get("/", secure=True).status_code == 200
    other = Browser()
    for name in ("attunement", "sessionid", "__Secure-attunement", "__host-attunement"):
        other.cookies[name] = signed_in.cookies["__Host-attunement"].value
    assert other.get("/", secure=True).status_code == 302


def test_row_77_cookie_that_comes_twice_is_refused(world: World) -> None:
    signed_in = Browser()
    _log_in(world.login.username, PASSWORD, signed_in)
    key = signed_in.cookies["attunement"].value
    plain = Browser()
    assert plain.get("/", headers={"cookie": f"attunement={key}"}).status_code == 200
    for name, sent in {
        "login": f"attunement={PLANTED}; attunement={key}",
        "login, behind": f"attunement={key}; attunement={PLANTED}",
        "form": f"attunement={key}; csrf=a; csrf=b",
        "screen": "kiosk=a;kiosk=b",
    }.items():
        assert plain.get("/", headers={"cookie": sent}).status_code == 400, name
    # Another program's cookies on the same machine are its own business.
    assert plain.get("/", headers={"cookie": f"x=1; x=2; attunement={key}"}).status_code == 200

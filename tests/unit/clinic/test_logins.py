# SPDX-License-Identifier: Apache-2.0
"""Logging in: by user name or e-mail, throttled, limited in time, and nothing else of allauth."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone

from attunement.clinic.config.django_settings import ABSOLUTE_SECONDS, IDLE_SECONDS
from attunement.clinic.guard.logins import ACTIVE_AT, LOGGED_IN_AT

pytestmark = pytest.mark.django_db
PASSWORD = "a long synthetic pass phrase"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:  # noqa: ARG001 -- asks pytest-django for the database
    cache.clear()


def _log_in(browser: Browser, login: str, password: str = PASSWORD) -> int:
    answer = browser.post("/accounts/login/", {"login": login, "password": password})
    return int(answer.status_code)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("login", ["amber", "amber@example.invalid", "AMBER@EXAMPLE.INVALID"])
def test_user_name_and_email_both_work(login: str) -> None:
    browser = Browser()
    assert _log_in(browser, login) == 302
    assert browser.get("/").status_code == 200


@pytest.mark.usefixtures("world")
def test_row_76_wrong_name_and_wrong_password_answer_alike() -> None:
    answers = [
        Browser().post("/accounts/login/", {"login": login, "password": "wrong wrong wrong"})
        for login in ("amber", "zebra")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    errors = [answer.context["form"].errors.as_json() for answer in answers]
    assert errors[0] == errors[1]


@pytest.mark.usefixtures("world")
def test_row_76_guessing_a_password_is_throttled_in_the_database() -> None:
    browser = Browser()
    for _ in range(5):
        assert _log_in(browser, "amber", "wrong wrong wrong") == 200
    # The sixth try is refused even with the right password.
    _log_in(browser, "amber")
    assert browser.get("/").status_code == 302
    # Another person at the same desk is not locked out.
    assert _log_in(Browser(), "birch") == 302


def test_a_login_ends_after_its_absolute_limit(world: Any) -> None:
    browser = Browser()
    browser.force_login(world.therapist)
    assert browser.get("/").status_code == 200
    _back_date(browser, LOGGED_IN_AT, ABSOLUTE_SECONDS + 1)
    assert browser.get("/").status_code == 302


@pytest.mark.usefixtures("world")
def test_the_cookie_goes_with_the_browser_and_the_store_forgets_it_sooner() -> None:
    browser = Browser()
    _log_in(browser, "amber")
    cookie = browser.cookies["attunement"]
    assert cookie["max-age"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    left = browser.session.get_expiry_date() - timezone.now()
    assert 0 < left.total_seconds() <= IDLE_SECONDS == 900


def _back_date(browser: Browser, key: str, seconds: int) -> None:
    kept = browser.session
    kept[key] = int(time.time()) - seconds
    kept.save()


def test_a_login_that_was_left_alone_ends(world: Any) -> None:
    browser = Browser()
    browser.force_login(world.therapist)
    browser.get("/")
    _back_date(browser, ACTIVE_AT, IDLE_SECONDS - 5)
    assert browser.get("/").status_code == 200
    _back_date(browser, ACTIVE_AT, IDLE_SECONDS + 1)
    assert browser.get("/").status_code == 302


def test_a_page_that_asks_by_itself_does_not_keep_a_login_alive(world: Any) -> None:
    browser = Browser()
    browser.force_login(world.therapist)
    browser.get("/")
    _back_date(browser, ACTIVE_AT, IDLE_SECONDS - 5)
    before = browser.session[ACTIVE_AT]
    assert browser.get("/", headers={"HX-Request": "true"}).status_code == 200
    assert browser.session[ACTIVE_AT] == before
    browser.get("/")
    assert browser.session[ACTIVE_AT] > before


@pytest.mark.usefixtures("world")
def test_row_77_logging_in_gives_a_new_key() -> None:
    browser = Browser()
    browser.get("/accounts/login/")
    before = browser.cookies.get("attunement")
    _log_in(browser, "amber")
    after = browser.cookies["attunement"].value
    assert before is None or before.value != after


@pytest.mark.parametrize(
    "path",
    ["signup/", "password/reset/", "password/change/", "email/", "confirm-email/", "3rdparty/",
     "reauthenticate/", "inactive/", "social/signup/"],
)  # fmt: skip
def test_row_76_no_other_page_of_allauth_is_there(path: str) -> None:
    assert Browser().get(f"/accounts/{path}").status_code == 404


def test_row_75_a_disabled_login_is_out_at_the_next_page(world: Any) -> None:
    browser = Browser()
    browser.force_login(world.therapist)
    assert browser.get("/").status_code == 200
    world.therapist.is_active = False
    world.therapist.save()
    assert browser.get("/").status_code == 401


def test_passwords_are_stretched_with_scrypt() -> None:
    from attunement.clinic.config.django_settings import django_settings  # noqa: PLC0415
    from attunement.clinic.settings_test import ATTUNEMENT  # noqa: PLC0415

    made = django_settings(ATTUNEMENT)
    assert made["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.ScryptPasswordHasher"]

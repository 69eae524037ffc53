# SPDX-License-Identifier: Apache-2.0
"""Who may be added on the command line, and under which names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from attunement.clinic.access import ActorRole
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Client, Login, Role
from attunement.clinic.services.people import add_client, add_login
from attunement.clinic.services.sealing import client_name

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
UNREADABLE = [
    "a\nb",
    "a\x00b",
    "a\x1b[31mb",
    "a\x7fb",
    "a\u202eb",
    "a\u2028b",
    "a\ud800b",
    "x" * 300,
]


def _login(**changed: Any) -> Login:
    given = {"role": "lead", "name": "Synthetic Lena", "email": ""} | changed
    username = given.pop("username", "lena")
    return add_login(username, password="violet harbour lantern", now=NOW, **given)


def _refused(call: Any) -> ClinicError:
    with pytest.raises(ClinicError) as refusal:
        call()
    assert refusal.value.code == "E-CLINIC-013"
    assert refusal.value.text().isprintable()
    return refusal.value


def test_every_role_gets_a_login_and_an_unknown_one_none() -> None:
    refusal = _refused(lambda: _login(role="director"))
    assert "unknown" in str(refusal)
    assert not Login.objects.exists()
    for role in Role:
        made = _login(role=role.value, username=f"login-{role.value}")
        assert ActorRole(made.role)
        assert hasattr(made, "therapist") is (role is Role.THERAPIST)


@pytest.mark.parametrize("wrong", [*UNREADABLE, "", "  ", " a"])
def test_names_that_no_page_can_show_are_refused(wrong: str) -> None:
    _refused(lambda: _login(name=wrong))
    _refused(lambda: _login(username=wrong))
    _refused(lambda: _login(email=f"{wrong}@clinic.example"))
    assert not Login.objects.exists()


@pytest.mark.parametrize("wrong", UNREADABLE)
def test_codes_that_no_page_can_show_are_refused(world: Any, wrong: str) -> None:
    before = Client.objects.count()
    given = {"therapist_username": world.therapist.username, "began_on": NOW.date(), "now": NOW}
    _refused(lambda: add_client(wrong, name="", **given))
    _refused(lambda: add_client("C-99", name=wrong, **given))
    _refused(lambda: add_client(" ", name="", **given))
    assert Client.objects.count() == before


@pytest.mark.parametrize("letter", "\u200b\u200d\ufeff\u00ad\u00a0\u3164")
def test_codes_that_look_like_another_are_refused(world: Any, letter: str) -> None:
    given = {"therapist_username": world.therapist.username, "began_on": NOW.date(), "now": NOW}
    _refused(lambda: add_client(f"C-9{letter}9", name="", **given))


def test_names_of_all_scripts_are_welcome(world: Any) -> None:
    for at, name in enumerate(("Åse O'Neil-Núñez", "山田 花子", "مریم‌سادات", "🙂")):
        dyad = add_client(
            f"C-9{at}",
            name=name,
            therapist_username=world.therapist.username,
            began_on=NOW.date(),
            now=NOW,
        )
        assert client_name(dyad.client) == name

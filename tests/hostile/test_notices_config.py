# SPDX-License-Identifier: Apache-2.0
"""A mail server, a monitor, minutes and a rota that a clinic must not start with (84, 91)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from tests.risk_world import on_rota

from attunement.clinic.config import parse_config
from attunement.clinic.config.secret import write_secret
from attunement.clinic.errors import ClinicError, ConfigError
from attunement.clinic.models import RotaTurn
from attunement.clinic.services.risk.turns import add_turn, check_rota, refuse_holes, remove_turn

GOOD = """\
secret_key_file = "secret.key"
database = "clinic.sqlite3"
base_url = "https://clinic.example"
[practice]
name = "Synthetic Practice"
[crisis]
text = "Call now."
phone = "000"
"""
MAIL = '[mail]\nhost = "mail.example"\nfrom_address = "clinic@clinic.example"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_secret(tmp_path / "secret.key")
    (tmp_path / "mail.key").write_text("a synthetic password\n", encoding="utf-8")
    (tmp_path / "mail.key").chmod(0o600)
    (tmp_path / "open.key").write_text("a synthetic password\n", encoding="utf-8")
    (tmp_path / "open.key").chmod(0o644)
    (tmp_path / "empty.key").touch(mode=0o600)
    return tmp_path


def read(home: Path, more: str) -> Any:
    return parse_config(GOOD + more, home=home, environ={})


def test_mail_and_rule_are_read_and_the_password_is_not_shown(home: Path) -> None:
    config = read(
        home,
        MAIL + 'username = "u"\npassword_file = "mail.key"\n[risk]\nnext_after_minutes = 5\n'
        'monitor_url = "https://monitor.example/canary-token"\nprocedure = "Call the client."\n',
    )
    assert (config.mail.host, config.mail.port, config.mail.security) == (
        "mail.example",
        587,
        "starttls",
    )
    assert config.mail.password == "a synthetic password"
    assert config.risk.next_after.total_seconds() == 300
    assert "a synthetic password" not in repr(config)
    assert "canary-token" not in repr(config)


@pytest.mark.parametrize(
    ("more", "code", "named"),
    [
        ('[mail]\nhost = "mail.example"\n', "E-CONFIG-004", "mail.from_address"),
        ('[mail]\nfrom_address = "a@clinic.example"\n', "E-CONFIG-004", "mail.host"),
        (MAIL + 'colour = "red"\n', "E-CONFIG-003", "mail.colour"),
        (MAIL + 'port = "587"\n', "E-CONFIG-005", "mail.port"),
        (MAIL + "port = 0\n", "E-CONFIG-015", "mail.port"),
        (MAIL + "port = 65536\n", "E-CONFIG-015", "mail.port"),
        (MAIL + 'security = "ssl"\n', "E-CONFIG-015", "mail.security"),
        (MAIL + 'security = "none"\n', "E-CONFIG-015", "mail.security"),
        (MAIL + 'username = "u"\n', "E-CONFIG-015", "mail.username"),
        (MAIL + 'password_file = "mail.key"\n', "E-CONFIG-015", "mail.username"),
        (MAIL + 'username = "u\\r\\nx"\npassword_file = "mail.key"\n', "E-CONFIG-015", "username"),
        (MAIL + 'username = "u"\npassword_file = "open.key"\n', "E-CONFIG-007", "chmod 600"),
        (MAIL + 'username = "u"\npassword_file = "empty.key"\n', "E-CONFIG-015", "password_file"),
        (MAIL + 'username = "u"\npassword_file = "none.key"\n', "E-CONFIG-015", "password_file"),
        ("[risk]\nnext_after_minutes = 0\n", "E-CONFIG-005", "[risk]"),
        ("[risk]\nnext_after_minutes = 31\n", "E-CONFIG-005", "[risk]"),  # the lead after 30
        ("[risk]\nall_after_minutes = 1441\n", "E-CONFIG-005", "[risk]"),
        ("[risk]\nlead_after_minutes = true\n", "E-CONFIG-005", "risk.lead_after_minutes"),
        ('[risk]\npages_only = "yes"\n', "E-CONFIG-005", "risk.pages_only"),
        ('[risk]\nprocedure = "a\\u0000b"\n', "E-CONFIG-005", "risk.procedure"),
    ],
)
def test_mail_or_rule_that_is_unclear_is_refused_and_named(
    home: Path, more: str, code: str, named: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(home, more)
    assert refusal.value.code == code
    assert named in str(refusal.value)


@pytest.mark.parametrize(
    "sender",
    [
        "a@b.example, c@d.example",
        "a@b.example\\r\\nBcc: c@d.example",
        "A <a@b.example>",
        "a@exämple.example",
        "a",
    ],
)
def test_row_91_sender_that_is_not_one_address_is_refused(home: Path, sender: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(home, f'[mail]\nhost = "mail.example"\nfrom_address = "{sender}"\n')
    assert refusal.value.code == "E-CONFIG-015"


@pytest.mark.parametrize("host", ["mail example", "mail.example/x", "a@b", "", "mail\\r\\nx"])
def test_host_that_is_none_is_refused(home: Path, host: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(home, f'[mail]\nhost = "{host}"\nfrom_address = "a@b.example"\n')
    assert refusal.value.code == "E-CONFIG-015"


@pytest.mark.parametrize(
    "url",
    [
        "http://monitor.example/x",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "ftp://monitor.example/",
        "https://user:pw@monitor.example/",
        "https://monitor.example/#x",
        "https:///x",
        "https://monitor.example:99999/",
        "https://monitor.example/\\r\\nX: y",
        "https://monitor.example/a b",
        "gopher://127.0.0.1",
        "monitor.example",
    ],
)
def test_monitor_that_is_no_plain_https_address_is_refused(home: Path, url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(home, f'[risk]\nmonitor_url = "{url}"\n')
    assert refusal.value.code == "E-CONFIG-015"
    assert "risk.monitor_url" in str(refusal.value)


pages = pytest.mark.usefixtures("risk_site")


def refused(world: Any) -> str:
    with pytest.raises(ConfigError) as refusal:
        refuse_holes(world.practice)
    assert refusal.value.code == "E-CONFIG-011"
    return str(refusal.value)


@pages
def test_row_84_nobody_on_the_rota_is_refused(world: Any) -> None:
    assert "nobody on the rota in the whole week" in refused(world)
    with pytest.raises(ConfigError):
        refuse_holes(None)


@pages
def test_row_84_rota_with_a_hole_of_one_minute_is_refused_and_the_minute_named(world: Any) -> None:
    on_rota(world.therapist, starts=0, ends=9000)
    on_rota(world.colleague, starts=9001, ends=7 * 24 * 60)
    assert "sun 06:00 to sun 06:01" in refused(world)
    on_rota(world.lead, starts=9000, ends=9001, place=2)
    refuse_holes(world.practice)


@pages
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_active": False}, "not active"),
        ({"email": ""}, "no mail address"),
        ({"email": "a@b, c@d"}, "no mail address"),
        ({"email": "amber@exämple.invalid"}, "no mail address"),
        ({"role": "operator"}, "no page for it"),
    ],
)
def test_row_84_person_whom_no_notice_reaches_is_a_hole(
    world: Any, change: dict[str, Any], why: str
) -> None:
    on_rota(world.therapist)
    refuse_holes(world.practice)
    for name, value in change.items():
        setattr(world.therapist, name, value)
    world.therapist.save()
    words = refused(world)
    assert why in words
    assert "amber" in words  # whom to look after
    assert check_rota(world.practice).troubled[0].username == "amber"


@pages
def test_row_84_person_of_another_practice_covers_nothing(world: Any) -> None:
    on_rota(world.stranger)
    refused(world)


@pages
def test_asking_about_risk_without_mail_must_be_said(world: Any, settings: Any) -> None:
    on_rota(world.therapist)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, mail=None)
    assert "[mail]" in refused(world)
    rule = dataclasses.replace(settings.ATTUNEMENT.risk, pages_only=True)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, risk=rule)
    refuse_holes(world.practice)


def test_site_that_asks_nothing_of_the_kind_needs_no_rota(world: Any) -> None:
    refuse_holes(world.practice)


@pages
@pytest.mark.parametrize(
    ("username", "starts", "ends", "place"),
    [
        ("nobody", "mon 08:00", "tue 08:00", 1),
        ("amber", "mon 25:00", "tue 08:00", 1),
        ("amber", "mon 08:00", "", 1),
        ("amber", "mon 08:00", "tue 08:00", 0),
        ("amber", "mon 08:00", "tue 08:00", 10),
        ("operator", "mon 08:00", "tue 08:00", 1),
        ("amber'; DROP TABLE clinic_rotaturn; --", "mon 08:00", "tue 08:00", 1),
    ],
)
def test_turn_that_cannot_be_is_refused_and_nothing_written(
    world: Any, username: str, starts: str, ends: str, place: int
) -> None:
    with pytest.raises(ClinicError) as refusal:
        add_turn(username, starts=starts, ends=ends, place=place, now=world.now, by="test")
    assert refusal.value.code == "E-CLINIC-031"
    assert not RotaTurn.objects.exists()


@pages
def test_turn_over_the_weekend_is_kept_and_one_that_was_taken_off_keeps_its_row(
    world: Any,
) -> None:
    made = add_turn(
        "amber", starts="sat 20:00", ends="mon 08:00", place=1, now=world.now, by="test"
    )
    assert [str(turn.span) for turn in made] == [
        "mon 00:00 to mon 08:00",
        "sat 20:00 to mon 00:00",
    ]
    remove_turn(made[0].number, now=world.now, by="test")
    with pytest.raises(ClinicError):
        remove_turn(made[0].number, now=world.now, by="test")
    assert RotaTurn.objects.count() == 2
    assert len(check_rota(world.practice).holes) == 1

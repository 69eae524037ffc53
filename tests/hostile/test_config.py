# SPDX-License-Identifier: Apache-2.0
"""Configurations that a clinic must not start with (bad input 83)."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from attunement.clinic.config import load_config, parse_config
from attunement.clinic.config.secret import write_secret
from attunement.clinic.errors import ConfigError

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


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_secret(tmp_path / "secret.key")
    return tmp_path


def _refusal(text: str, home: Path, **environ: str) -> ConfigError:
    with pytest.raises(ConfigError) as refusal:
        parse_config(text, home=home, environ=environ)
    assert refusal.value.next_step
    return refusal.value


def test_a_good_configuration_is_read(home: Path) -> None:
    config = parse_config(GOOD, home=home, environ={})
    assert config.https
    assert config.database == str(home / "clinic.sqlite3")
    assert config.allowed_hosts == ("clinic.example",)
    assert config.link_lifetime.total_seconds() == 72 * 3600
    assert config.words.client == "client"


def test_the_secret_and_the_database_password_are_not_shown(home: Path) -> None:
    text = GOOD.replace("clinic.sqlite3", "postgresql://u:canary@h/n")
    config = parse_config(text, home=home, environ={})
    assert config.secret_key not in repr(config)
    assert "canary" not in repr(config)


@pytest.mark.parametrize(
    ("line", "code", "named"),
    [
        ('colour = "red"', "E-CONFIG-003", "colour"),
        ('databse = "x"', "E-CONFIG-003", "database, perhaps"),
        ('SECRET_KEY = "x"', "E-CONFIG-003", "SECRET_KEY"),
        ("DEBUG = true", "E-CONFIG-003", "DEBUG"),
        ("timezone = 1", "E-CONFIG-005", "timezone"),
        ('timezone = "Mars/Olympus"', "E-CONFIG-005", "timezone"),
        ('timezone = "../../etc/passwd"', "E-CONFIG-005", "timezone"),
        ('link_lifetime_hours = "72"', "E-CONFIG-005", "link_lifetime_hours"),
        ("link_lifetime_hours = true", "E-CONFIG-005", "link_lifetime_hours"),
        ("link_lifetime_hours = 72.0", "E-CONFIG-005", "link_lifetime_hours"),
        ("link_lifetime_hours = 0", "E-CONFIG-005", "link_lifetime_hours"),
        ("link_lifetime_hours = 100000", "E-CONFIG-005", "link_lifetime_hours"),
        ('allowed_hosts = "clinic.example"', "E-CONFIG-005", "allowed_hosts"),
        ("allowed_hosts = [1]", "E-CONFIG-005", "allowed_hosts"),
        ('allowed_hosts = ["*"]', "E-CONFIG-005", "allowed_hosts"),
        ('allowed_hosts = [".example"]', "E-CONFIG-005", "allowed_hosts"),
        ('practice = "x"', "E-CONFIG-002", "not TOML"),  # it is a table further down
    ],
)
def test_a_wrong_line_is_named(home: Path, line: str, code: str, named: str) -> None:
    refusal = _refusal(f"{line}\n{GOOD}", home)
    assert refusal.code == code
    assert named in str(refusal)


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ("[words]\npatient = 'x'", "words.patient"),
        ("[use]\ncommercial = 'no'", "use.commercial"),
        ("[use]\nfun = true", "use.fun"),
        ("[logging]\nlevel = 'DEBUG'", "logging"),
    ],
)
def test_a_wrong_key_in_a_section_is_named(home: Path, section: str, named: str) -> None:
    assert named in str(_refusal(f"{GOOD}\n{section}", home))


@pytest.mark.parametrize(
    "key",
    ["secret_key_file", "database", "base_url", "practice.name", "crisis.text", "crisis.phone"],
)
def test_a_missing_key_is_named(home: Path, key: str) -> None:
    last = key.rsplit(".", maxsplit=1)[-1]
    text = re.sub(rf"^{last} = .*\n", "", GOOD, flags=re.MULTILINE)
    refusal = _refusal(text, home)
    assert refusal.code == "E-CONFIG-004"
    assert key in str(refusal)


@pytest.mark.parametrize("key", ["name", "text", "phone"])
def test_empty_words_are_refused(home: Path, key: str) -> None:
    text = re.sub(rf'^{key} = ".*"$', f'{key} = "  "', GOOD, flags=re.MULTILINE)
    assert _refusal(text, home).code == "E-CONFIG-005"


@pytest.mark.parametrize(
    "url",
    [
        "http://clinic.example",
        "http://192.168.1.5:8000",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "ftp://clinic.example",
        "clinic.example",
        "https://",
        "https://clinic.example/path",
        "https://user:pw@clinic.example",
        "https://clinic.example?x=1",
        "https://[::1",
        "https://clinic.example:99999999",
        "javascript:alert(1)",
    ],
)
def test_an_unsafe_base_url_is_refused(home: Path, url: str) -> None:
    refusal = _refusal(GOOD.replace("https://clinic.example", url), home)
    assert refusal.code == "E-CONFIG-008"
    assert "base_url" in str(refusal)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"])
def test_http_on_this_machine_is_fine(home: Path, url: str) -> None:
    config = parse_config(GOOD.replace("https://clinic.example", url), home=home, environ={})
    assert not config.https
    assert "127.0.0.1" in config.allowed_hosts


@pytest.mark.parametrize(
    "database",
    ["mysql://h/n", "postgresql://h", "postgresql://", ":memory:", "", "no/such/folder/x"],
)
def test_a_database_that_is_not_understood_is_refused(home: Path, database: str) -> None:
    refusal = _refusal(GOOD.replace("clinic.sqlite3", database), home)
    assert refusal.code == "E-CONFIG-009"


@pytest.mark.parametrize(
    "secret",
    ["", "short", "a" * 80, "ab" * 40, "change-me-" + "0123456789abcdefghij" * 4,
     "django-insecure-" + "0123456789abcdefghij" * 4, "é" * 80],
    ids=["empty", "short", "one letter", "two letters", "change me", "django", "not ascii"],
)  # fmt: skip
def test_a_weak_secret_is_refused(home: Path, secret: str) -> None:
    (home / "secret.key").write_text(secret, encoding="utf-8")
    refusal = _refusal(GOOD, home)
    assert refusal.code == "E-CONFIG-006"
    assert len(secret) < 10 or secret not in str(refusal)


@pytest.mark.parametrize("mode", [0o777, 0o644, 0o640, 0o604, 0o620])
def test_a_secret_that_others_can_use_is_refused(home: Path, mode: int) -> None:
    (home / "secret.key").chmod(mode)
    refusal = _refusal(GOOD, home)
    assert refusal.code == "E-CONFIG-007"
    assert "chmod 600" in str(refusal)


def test_a_missing_secret_or_a_folder_in_its_place_is_refused(home: Path) -> None:
    (home / "secret.key").unlink()
    assert _refusal(GOOD, home).code == "E-CONFIG-006"
    (home / "secret.key").mkdir()
    assert _refusal(GOOD, home).code == "E-CONFIG-006"


@pytest.mark.parametrize("text", ["= =", "[a]\n[a]", "a = 1\na = 2", "\x00", "{json: 1}"])
def test_what_is_no_toml_is_refused_with_the_line(home: Path, text: str) -> None:
    refusal = _refusal(text, home)
    assert refusal.code == "E-CONFIG-002"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 70_000], ids=["bytes", "too long"])
def test_a_file_that_cannot_be_read_is_refused(home: Path, content: bytes) -> None:
    (home / "clinic.toml").write_bytes(content)
    with pytest.raises(ConfigError) as refusal:
        load_config(home / "clinic.toml", environ={})
    assert refusal.value.code == "E-CONFIG-001"


def test_no_file_at_all_is_refused(home: Path) -> None:
    for path in (home / "none.toml", home):
        with pytest.raises(ConfigError, match="E-CONFIG-001"):
            load_config(path, environ={})
    with pytest.raises(ConfigError, match="ATTUNEMENT_CONFIG"):
        load_config(None, environ={})


@pytest.mark.parametrize("name", ["tlh", "xx", "", "../../etc", "en\n", "EN US"])
def test_a_language_that_nobody_speaks_is_refused(home: Path, name: str) -> None:
    refusal = _refusal(f"language = {json.dumps(name)}\n{GOOD}", home)
    assert refusal.code == "E-CONFIG-005"
    assert "language" in str(refusal)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "pipe", "folder", "huge"])
def test_a_device_a_pipe_or_a_huge_file_is_not_read(home: Path, device: str) -> None:
    odd = _odd(home, device)
    with pytest.raises(ConfigError) as refusal:
        load_config(odd, environ={})
    assert refusal.value.code == "E-CONFIG-001"
    assert _refusal(GOOD.replace("secret.key", str(odd)), home).code == "E-CONFIG-006"
    assert _refusal(GOOD.replace("clinic.sqlite3", str(odd)), home).code == "E-CONFIG-009"


def _odd(home: Path, kind: str) -> Path:
    path = home / kind  # an absolute one stays as it is
    if kind == "pipe":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        path.touch(0o600)
        with path.open("wb") as file:
            file.write(b"x")
            file.truncate(10 * 1024**3)  # sparse: it takes no room
    return path


@pytest.mark.parametrize("content", [b"x", b"secret_key_file = 1\n", b"\x00" * 4096])
def test_a_file_that_is_no_database_is_left_alone(home: Path, content: bytes) -> None:
    (home / "clinic.sqlite3").write_bytes(content)
    assert _refusal(GOOD, home).code == "E-CONFIG-009"
    assert (home / "clinic.sqlite3").read_bytes() == content


@pytest.mark.parametrize("name", ["clinic.toml", "clinic.sqlite3", "clinic.sqlite3-wal"])
def test_a_file_that_everybody_can_change_is_refused(home: Path, name: str) -> None:
    (home / "clinic.toml").write_text(GOOD, encoding="utf-8")
    (home / "clinic.sqlite3").touch(0o600)
    load_config(home / "clinic.toml", environ={})
    (home / name).touch()
    (home / name).chmod(0o666)
    with pytest.raises(ConfigError) as refusal:
        load_config(home / "clinic.toml", environ={})
    assert refusal.value.code == "E-CONFIG-012"
    assert "chmod 600" in str(refusal.value)


@pytest.mark.parametrize(
    "wrong", ["a\nb", "a\x1b[31mb", "a\x7fb", "a\u202eb", "a\u2028b", "x" * 201]
)
@pytest.mark.parametrize("key", ["practice.name", "crisis.phone", "words.client"])
def test_words_with_control_characters_are_refused(home: Path, key: str, wrong: str) -> None:
    section, name = key.split(".")
    held = "".join(f"\\u{ord(each):04x}" for each in wrong)
    text = re.sub(rf"^{name} = .*\n", "", GOOD, flags=re.MULTILINE)
    line = f'{name} = "{held}"'
    text = text.replace(f"[{section}]\n", f"[{section}]\n{line}\n")
    if section == "words":
        text = f"{GOOD}[words]\n{line}\n"
    refusal = _refusal(text, home)
    assert refusal.code == "E-CONFIG-005"
    assert key in str(refusal)
    assert wrong not in str(refusal)


def test_empty_words_for_people_are_refused(home: Path) -> None:
    assert "words.client" in str(_refusal(f'{GOOD}[words]\nclient = " "\n', home))


def test_the_crisis_text_may_have_lines(home: Path) -> None:
    text = GOOD.replace('"Call now."', '"Call now.\\nOr come."')
    assert parse_config(text, home=home, environ={}).crisis.text == "Call now.\nOr come."


@pytest.mark.parametrize("url", ["https://cli\nnic.example", "https://clinic.example\t"])
def test_an_address_with_control_characters_is_refused(home: Path, url: str) -> None:
    assert _refusal(GOOD, home, ATTUNEMENT_BASE_URL=url).code == "E-CONFIG-008"


def test_a_wrong_port_of_postgresql_is_refused(home: Path) -> None:
    address = "postgresql://u:canary@h:99999999/n"
    refusal = _refusal(GOOD, home, ATTUNEMENT_DATABASE=address)
    assert refusal.code == "E-CONFIG-009"
    assert "canary" not in str(refusal)


def test_the_environment_replaces_and_is_checked_alike(home: Path) -> None:
    config = parse_config(GOOD, home=home, environ={"ATTUNEMENT_BASE_URL": "https://other.example"})
    assert config.base_url == "https://other.example"
    _refusal(GOOD, home, ATTUNEMENT_BASE_URL="http://other.example")
    _refusal(GOOD, home, ATTUNEMENT_DATABASE="mysql://x/y")


def test_cookies_are_host_bound_and_secure_over_https(home: Path) -> None:
    from attunement.clinic.config.django_settings import django_settings  # noqa: PLC0415

    made: dict[str, Any] = django_settings(parse_config(GOOD, home=home, environ={}))
    assert made["SESSION_COOKIE_NAME"] == "__Host-attunement"
    assert made["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert made["SESSION_COOKIE_SECURE"]
    assert made["CSRF_COOKIE_SECURE"]
    assert made["SECURE_HSTS_SECONDS"] > 0
    assert not made["DEBUG"]

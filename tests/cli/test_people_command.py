# SPDX-License-Identifier: Apache-2.0
"""``attunement people import`` as typed, each run in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
RUN = [sys.executable, "-c", "from attunement.cli import main; main()"]
HEAD = "client_code,therapist_login,birth_year,began_on\n"
GOOD = "C-01,amber,1980,2026-01-05\nC-02,amber,,2026-02-05\n"
TABLES = ("practice", "client", "dyad", "careepisode", "auditevent")


def _run(folder: Path, *words: str) -> Any:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ATTUNEMENT") and "DJANGO" not in name
    }
    return subprocess.run(
        [*RUN, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env=kept,
    )  # fmt: skip


def _import(folder: Path, rows: str, *words: str) -> Any:
    (folder / "people.csv").write_text(HEAD + rows, encoding="utf-8")
    return _run(folder, "people", "import", "people.csv", "--config", "mine/clinic.toml", *words)


def _stored(folder: Path) -> list[list[Any]]:
    database = sqlite3.connect(folder / "mine" / "clinic.sqlite3")
    found = [database.execute(f"SELECT * FROM clinic_{table}").fetchall() for table in TABLES]
    database.close()
    return found


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic with one therapist, from which each test gets its own copy."""
    folder = tmp_path_factory.mktemp("prepared")
    start = ("serve", "--new", "mine", "--practice", "Synthetic", "--crisis-phone", "000")
    login = (
        *("serve", "--config", "mine/clinic.toml", "add-login", "amber", "--role", "therapist"),
        *("--name", "Synthetic Amber", "--password", "violet harbour lantern"),
    )
    for words in (start, login):
        done = _run(folder, *words)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def clinic(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared / "mine", tmp_path / "mine")
    return tmp_path


def test_people_are_checked_imported_and_imported_again(clinic: Path) -> None:
    before = _stored(clinic)
    checked = _import(clinic, GOOD, "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith("Would import “people.csv”, 2 rows: 2 new clients")
    assert "Nothing was changed" in checked.stdout
    assert _stored(clinic) == before
    done = _import(clinic, GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Imported “people.csv”, 2 rows: 2 new clients")
    again = json.loads(_import(clinic, GOOD, "--json").stdout)
    assert (again["clients"], again["dyads"], again["care_episodes"]) == (0, 0, 0)
    assert (again["known"], again["written"], again["problems"]) == (2, True, [])
    audit = _run(clinic, "serve", "--config", "mine/clinic.toml", "verify-audit")
    assert "3 events holds" in audit.stdout


def test_a_mistake_refuses_the_file_with_its_place_and_leaves_with_2(clinic: Path) -> None:
    people = _stored(clinic)[:-1]
    done = _import(clinic, GOOD + "C-03,amber,19x0,2026-01-05\n")
    assert (done.returncode, done.stdout) == (2, "")
    problem, refusal = done.stderr.splitlines()
    assert problem.startswith("E-CLINIC-104 (row 4, column “birth_year”): ")
    assert refusal.startswith("E-CLINIC-101: “people.csv” was not imported; nothing was changed.")
    assert "19x0" not in done.stderr
    assert _stored(clinic)[:-1] == people
    checked = _import(clinic, GOOD + "C-03,amber,19x0,2026-01-05\n", "--check")
    assert (checked.returncode, checked.stderr) == (2, done.stderr)


def test_partial_imports_the_others_and_lists_the_rest(clinic: Path) -> None:
    done = _import(clinic, GOOD + "C-03,amber\n", "--partial")
    assert done.returncode == 0
    assert "2 new clients" in done.stdout
    assert "1 row left out" in done.stdout
    assert done.stderr.startswith("E-TABLE-010 (row 4): ")


def test_json_is_one_document_for_a_refusal_too(clinic: Path) -> None:
    done = _import(clinic, "C-03,nobody,,2026-01-05\n", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 2
    assert said["error"]["code"] == "E-CLINIC-101"
    assert [(p["code"], p["row"], p["column"]) for p in said["problems"]] == [
        ("E-CLINIC-105", 2, "therapist_login")
    ]
    (clinic / "people.csv").write_bytes(b"")
    words = ("people", "import", "people.csv", "--config", "mine/clinic.toml", "--json")
    empty = _run(clinic, *words)
    assert (empty.returncode, json.loads(empty.stdout)["error"]["code"]) == (2, "E-TABLE-001")


@pytest.mark.parametrize("words", [("--partial",), ("--check", "--json")])
def test_row_16_another_practice_answers_byte_for_byte_like_nothing(
    clinic: Path, words: tuple[str, ...]
) -> None:
    """The same file in a store that holds its people elsewhere, and in one that does not."""
    unknown = "C-77,cedar,1990,2026-01-05\n"
    in_use = "C-77,amber,1990,2026-01-05\n"
    both = clinic / "both"
    shutil.copytree(clinic / "mine", both / "mine")
    _add_another_practice(both / "mine" / "clinic.sqlite3", login="cedar", code="C-77")
    for rows, code in ((unknown, 2), (in_use, 0)):
        without, beside = _import(clinic, rows, *words), _import(both, rows, *words)
        assert without.returncode == beside.returncode == code
        assert without.stdout == beside.stdout
        assert without.stderr == beside.stderr
    kept = sqlite3.connect(both / "mine" / "clinic.sqlite3")
    row = "SELECT birth_year FROM clinic_client WHERE practice_id LIKE 'zz%'"
    assert kept.execute(row).fetchall() == [(1950,)]
    kept.close()


def _add_another_practice(file: Path, *, login: str, code: str) -> None:
    """Put a second practice beside the first; its identifier sorts behind every random one."""
    other, person = "z" * 26, "y" * 26
    database = sqlite3.connect(file)
    database.execute("INSERT INTO clinic_practice (id, name) VALUES (?, 'Elsewhere')", [other])
    columns = [row[1] for row in database.execute("PRAGMA table_info(clinic_login)")]
    changed = {"id": person, "username": login, "practice_id": other, "email": ""}
    values = ", ".join(f":{name}" if name in changed else name for name in columns)
    into = f"INSERT INTO clinic_login ({', '.join(columns)})"
    database.execute(f"{into} SELECT {values} FROM clinic_login LIMIT 1", changed)
    database.execute(
        "INSERT INTO clinic_therapist (id, practice_id, login_id, display_name) "
        "VALUES (?, ?, ?, 'Synthetic Cedar')",
        [person, other, person],
    )
    database.execute(
        "INSERT INTO clinic_client (id, practice_id, code, display_name, birth_year) "
        "VALUES (?, ?, ?, ?, 1950)",
        [person, other, code, code],
    )
    database.commit()
    database.close()


@pytest.mark.parametrize("file", ["missing.csv", ".", "/dev/zero", "pipe"])
def test_what_is_no_file_leaves_with_2_and_one_line(clinic: Path, file: str) -> None:
    os.mkfifo(clinic / "pipe")
    done = _run(clinic, "people", "import", file, "--config", "mine/clinic.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("E-CLI-002")
    assert len(done.stderr.splitlines()) == 1


def test_a_check_makes_no_store(clinic: Path) -> None:
    for file in clinic.glob("mine/clinic.sqlite3*"):
        file.unlink()
    done = _import(clinic, GOOD, "--check")
    assert (done.returncode, done.stderr[:12]) == (2, "E-CLINIC-107")
    assert sorted(path.name for path in (clinic / "mine").iterdir()) == [
        "clinic.keys",
        "clinic.toml",
        "secret.key",
    ]


def test_a_check_migrates_nothing(clinic: Path) -> None:
    database = sqlite3.connect(clinic / "mine" / "clinic.sqlite3")
    newest = "SELECT id FROM django_migrations WHERE app = 'clinic' ORDER BY id DESC LIMIT 1"
    database.execute(f"DELETE FROM django_migrations WHERE id = ({newest})")
    database.commit()
    database.close()
    done = _import(clinic, GOOD, "--check")
    assert (done.returncode, done.stderr[:12]) == (2, "E-CLINIC-107")
    assert not list(clinic.glob("mine/*.before-*"))


def test_terminal_escapes_in_a_column_s_name_are_shown_escaped(clinic: Path) -> None:
    (clinic / "people.csv").write_text("client_code,therapist_login,began_on,x\u202ey\nC,a,,\n")
    words = ("people", "import", "people.csv", "--config", "mine/clinic.toml", "--json")
    done = _run(clinic, *words)
    assert done.returncode == 2
    assert "\u202e" not in done.stdout + done.stderr

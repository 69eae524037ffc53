# SPDX-License-Identifier: Apache-2.0
"""``attunement tune`` as typed, on a synthetic clinic of its own."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
RUN = [sys.executable, "-c", "from attunement.cli import main; main()"]


def run(folder: Path, *words: str) -> Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNEMENT")}
    return subprocess.run(
        [*RUN, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={name: value for name, value in kept.items() if "DJANGO" not in name},
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("demo")
    done = run(folder, "demo", "--no-serve")
    assert done.returncode == 0, done.stderr
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def clinic(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the synthetic clinic, so that a test may save."""
    shutil.copytree(made / ".demo", tmp_path / ".demo")
    return tmp_path


def tune(clinic: Path, *words: str) -> Any:
    return run(clinic, "tune", "--config", ".demo/demo.toml", *words)


def count(clinic: Path, table: str) -> int:
    database = sqlite3.connect(clinic / ".demo" / "demo.sqlite3")
    (found,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    database.close()
    return int(found)


def test_a_dry_run_shows_signals_ppv_and_misses_and_saves_nothing(clinic: Path) -> None:
    done = tune(clinic, "--rule", "house", "--null-rate", "0.05", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "tried: 5 in 100" in done.stdout
    assert "As it is: On " in done.stdout
    assert "A question that still stands is not asked again" in done.stdout
    assert "a week in the whole practice" in done.stdout
    assert "in which a client named a rupture, it missed" in done.stdout
    assert "Nothing was saved." in done.stdout
    assert count(clinic, "clinic_rulesetting") == 0


def test_saving_keeps_a_setting_and_its_note(clinic: Path) -> None:
    done = tune(clinic, "--null-rate", "0.05", "--save", "--note", "Synthetic note", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["saved_as"], said["tried_rate"], said["now_rate"]) == (1, 0.05, 0.1)
    assert said["tried"]["n_signals"] <= said["as_is"]["n_signals"]
    assert count(clinic, "clinic_rulesetting") == 1
    again = json.loads(tune(clinic, "--json").stdout)
    assert again["now_rate"] == again["tried_rate"] == 0.05


def test_a_model_is_learned_and_kept(clinic: Path) -> None:
    dry = tune(clinic, "learn")
    assert dry.returncode == 0, dry.stderr
    assert "not saved" in dry.stdout
    saved = tune(clinic, "learn", "--save", "--json")
    assert saved.returncode == 0, saved.stderr
    (model,) = json.loads(saved.stdout)
    assert (model["measure_id"], model["number"]) == ("oac-c", 1)
    assert model["n_dyads"] > 10
    assert count(clinic, "clinic_learnedmodel") == 1


def test_a_budget_is_set_by_user_name(clinic: Path) -> None:
    done = tune(clinic, "budget", "therapist", "3")
    assert (done.returncode, done.stdout) == (0, "therapist is asked at most 3 questions a week.\n")
    assert count(clinic, "clinic_therapistbudget") == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--null-rate", "0.04"), "E-CLINIC-016"),
        (("--null-rate", "nan", "--save"), "E-CLINIC-016"),
        (("--save",), "E-CLI-001"),
        (("--rule", "oac-strain"), "E-CLI-001"),
        (("budget", "nobody", "2"), "E-CLI-001"),
        (("budget", "therapist", "21"), "E-CLINIC-016"),
    ],
)
def test_what_cannot_be_leaves_with_2_in_one_line(
    clinic: Path, words: tuple[str, ...], code: str
) -> None:
    done = tune(clinic, *words)
    assert done.returncode == 2
    assert done.stderr.startswith(code)
    assert len(done.stderr.splitlines()) == 1
    assert count(clinic, "clinic_rulesetting") == count(clinic, "clinic_therapistbudget") == 0

# SPDX-License-Identifier: Apache-2.0
"""What killed processes left half made: cleared away by the next who comes, and by nobody else."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from attunement.clinic.store.opening import back_up, open_store
from attunement.clinic.store.scratch import (
    FOLDER,
    HALF,
    clear_left,
    half_file,
    put,
    scratch_folder,
)
from attunement.clinic.store.scratch_database import clear_left_databases, scratch_database
from attunement.clinic.store.scrubbing import UNCLEAN, clean_up_to, must_scrub

pytestmark = pytest.mark.store
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def _left(folder: Path) -> tuple[Path, Path, Path]:
    """Leave what a kill leaves: a folder with a plain copy, a half file, and SQLite's log of it."""
    scratch = folder / f"{FOLDER}dead"
    (scratch / "back").mkdir(parents=True)
    (scratch / "back" / "content").write_bytes(b"plain")
    half = folder / f".copy.age.dead{HALF}"
    half.write_bytes(b"plain")
    log = folder / f"{half.name}-journal"
    log.write_bytes(b"plain")
    return scratch, half, log


@pytest.mark.one_store
def test_what_nobody_holds_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = _left(tmp_path)
    own = tmp_path / "notes.half"
    own.write_text("somebody's own")
    clear_left(tmp_path)
    assert [path.exists() for path in left] == [False, False, False]
    assert own.read_text() == "somebody's own"


@pytest.mark.one_store
def test_what_is_in_use_stays(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder, half_file(tmp_path / "copy.age") as half:
        (folder / "content").write_bytes(b"plain")
        clear_left(tmp_path)
        assert (folder / "content").exists()
        assert half.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.one_store
def test_lock_goes_with_its_process(tmp_path: Path) -> None:
    half = _left(tmp_path)[1]
    lines = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", lines, str(half)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        clear_left(tmp_path)
        assert half.exists()
        holder.kill()
    clear_left(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.one_store
def test_whole_file_gets_its_name_and_never_anothers(tmp_path: Path) -> None:
    final = tmp_path / "copy.age"
    with half_file(final) as half:
        half.write_bytes(b"whole")
        assert not final.exists()
        put(half, final)
    assert final.read_bytes() == b"whole"
    with half_file(final) as half:
        half.write_bytes(b"another")
        with pytest.raises(FileExistsError):
            put(half, final, over=False)
    assert [path.name for path in tmp_path.iterdir()] == ["copy.age"]
    assert final.read_bytes() == b"whole"


@pytest.mark.one_store
def test_copy_of_the_same_second_does_not_take_the_place_of_the_first(tmp_path: Path) -> None:
    """The first holds what was there before a migration that was killed, the second its half."""
    database = tmp_path / "clinic.sqlite3"
    writer = sqlite3.connect(database)
    writer.execute("CREATE TABLE before (x)")
    first = back_up(database, now=NOW)
    writer.execute("CREATE TABLE amid (x)")
    second = back_up(database, now=NOW)
    writer.close()
    assert [path.name for path in (first, second)] == [
        "clinic.before-20260302T100000Z.sqlite3",
        "clinic.before-20260302T100000Z-2.sqlite3",
    ]
    reader = sqlite3.connect(first)
    assert reader.execute("SELECT name FROM sqlite_master").fetchall() == [("before",)]
    reader.close()


@pytest.fixture
def unclean() -> Iterator[None]:
    before = clean_up_to()
    must_scrub()
    yield
    if clean_up_to() == UNCLEAN:
        from attunement.clinic.store.scrubbing import scrub  # noqa: PLC0415 -- cleans up

        scrub((), mark=before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unclean")
def test_store_that_was_killed_before_it_was_scrubbed_is_scrubbed_by_the_next_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed after the words were sealed, before the pages that held them were overwritten."""
    from attunement.clinic.services import erasure  # noqa: PLC0415 -- after django.setup

    asked: list[tuple[str, ...]] = []
    real = erasure.scrub

    def seen(tables: Any, *, mark: int) -> bool:
        asked.append(tuple(tables))
        return real(tables, mark=mark)

    monkeypatch.setattr(erasure, "scrub", seen)
    assert clean_up_to() == UNCLEAN
    open_store(now=NOW)
    assert {"clinic_client", "clinic_answer", "clinic_signaloutcome"} <= {*asked[0]}
    assert clean_up_to() == 0
    open_store(now=NOW)
    assert len(asked) == 1


@pytest.mark.django_db(transaction=True)
def test_keys_left_half_brought_back_are_cleared_away_by_the_next_start(
    tmp_path: Path, settings: Any
) -> None:
    """They lie beside where the file of keys belongs, which need be no folder of the clinic."""
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, keys_file=tmp_path / "clinic.keys")
    left = _left(tmp_path)
    open_store(now=NOW)
    assert [path.exists() for path in left] == [False, False, False]


@pytest.mark.django_db(transaction=True)
def test_scratch_database_that_nobody_holds_is_dropped() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's scratch places are folders")

    def there(name: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return cursor.fetchone() is not None

    with scratch_database() as name, connection.cursor() as cursor:
        assert there(name)
        dead = f"{name}dead"
        cursor.execute(f'CREATE DATABASE "{dead}"')
        clear_left_databases()
        assert (there(dead), there(name)) == (False, True)
    assert not there(name)

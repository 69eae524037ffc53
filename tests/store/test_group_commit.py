# SPDX-License-Identifier: Apache-2.0
"""Many acts, one commit: in turn, apart from each other, never confirmed before it is safe."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attunement.clinic.store.writer import Turnstile, Writer

pytestmark = [pytest.mark.store, pytest.mark.one_store]  # of a SQLite file

_TABLES = """
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE row (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id)
                  DEFERRABLE INITIALLY DEFERRED);
"""


def _open(file: Path, *, timeout: float = 5) -> sqlite3.Connection:
    raw = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=timeout)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")
    return raw


class _Bench:
    """A file, a writer on it, and acts that wait behind one that holds the turn."""

    def __init__(self, file: Path) -> None:
        self.file = file
        database = _open(file)
        database.executescript(_TABLES)
        database.close()
        self.opened: list[sqlite3.Connection] = []
        self.writer = self.new()
        self.problems: dict[int, BaseException] = {}
        self.order: list[int] = []

    def new(self, *, timeout: float = 5, **options: Any) -> Writer:
        def connect() -> sqlite3.Connection:
            self.opened.append(_open(self.file, timeout=timeout))
            return self.opened[-1]

        return Writer(connect, **options)

    def act(self, number: int, body: Callable[[sqlite3.Connection], object]) -> None:
        try:
            raw = self.writer.enter()
            try:
                self.order.append(number)
                body(raw)
            except BaseException:
                self.writer.leave(keep=False)
                raise
            self.writer.leave(keep=True)
        except Exception as problem:  # noqa: BLE001 -- what came out of it is what is looked at
            self.problems[number] = problem

    def together(self, bodies: dict[int, Callable[[sqlite3.Connection], object]]) -> None:
        """Let acts queue, in the order given, behind one that holds the turn; then let go."""
        self.writer.enter()
        threads = []
        for place, (number, body) in enumerate(bodies.items()):
            threads.append(threading.Thread(target=self.act, args=(number, body)))
            threads[-1].start()
            until = time.monotonic() + 20
            while self.writer.waiting <= place:
                assert time.monotonic() < until, "an act never came into the line"
                time.sleep(0.001)
        self.writer.leave(keep=False)
        for thread in threads:
            thread.join(timeout=30)
            assert not thread.is_alive()

    def stored(self) -> list[int]:
        database = sqlite3.connect(self.file)
        found = [row[0] for row in database.execute("SELECT id FROM row ORDER BY id")]
        database.close()
        return found

    def close(self) -> None:
        self.writer.close()
        for raw in self.opened:
            raw.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[_Bench]:
    made = _Bench(tmp_path / "rows.sqlite3")
    yield made
    made.close()


def _insert(number: int, parent: int | None = None) -> Callable[[sqlite3.Connection], object]:
    return lambda raw: raw.execute("INSERT INTO row VALUES (?, ?)", (number, parent))


def _fails(raw: sqlite3.Connection) -> None:
    raw.execute("INSERT INTO row VALUES (900, NULL)")
    message = "a body that breaks after it wrote"
    raise RuntimeError(message)


def test_acts_take_turns_in_the_order_in_which_they_came(bench: _Bench) -> None:
    numbers = [5, 3, 8, 1, 9, 2, 7, 4, 6]
    bench.together({number: _insert(number) for number in numbers})
    assert bench.problems == {}
    assert bench.order == numbers
    assert bench.stored() == sorted(numbers)


def test_acts_in_line_share_one_commit(bench: _Bench) -> None:
    bench.writer = bench.new(longest=60)
    bench.together({number: _insert(number) for number in range(20)})
    assert bench.problems == {}
    assert bench.writer.n_commits == 1
    assert bench.stored() == list(range(20))


def test_a_commit_is_not_put_off_for_ever(bench: _Bench) -> None:
    bench.writer = bench.new(most=4, longest=60)
    bench.together({number: _insert(number) for number in range(12)})
    assert bench.problems == {}
    # The one that held the turn was the first of the first four.
    assert bench.writer.n_commits == 4
    bench.writer = bench.new(longest=0)
    bench.together({number: _insert(number) for number in range(20, 23)})
    assert bench.writer.n_commits == 4  # one by one: the holder's, and three


def test_an_act_that_breaks_leaves_the_others_as_they_are(bench: _Bench) -> None:
    def doubled(raw: sqlite3.Connection) -> None:
        raw.execute("INSERT INTO row VALUES (901, NULL)")
        raw.execute("INSERT INTO row VALUES (1, NULL)")  # there already

    bench.writer = bench.new(longest=60)
    bench.together({1: _insert(1), 2: _fails, 3: _insert(3), 4: doubled, 5: _insert(5)})
    assert bench.writer.n_commits == 1
    assert set(bench.problems) == {2, 4}
    assert isinstance(bench.problems[2], RuntimeError)
    assert isinstance(bench.problems[4], sqlite3.IntegrityError)
    assert bench.stored() == [1, 3, 5]


def test_an_act_that_caught_its_own_error_goes_on(bench: _Bench) -> None:
    def tries_twice(raw: sqlite3.Connection) -> None:
        raw.execute("INSERT INTO row VALUES (1, NULL)")
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute("INSERT INTO row VALUES (1, NULL)")
        raw.execute("INSERT INTO row VALUES (2, NULL)")

    bench.together({1: tries_twice, 3: _insert(3)})
    assert bench.problems == {}
    assert bench.stored() == [1, 2, 3]


def test_a_commit_that_fails_reaches_every_act_in_it(bench: _Bench) -> None:
    """A reference to nothing is found by the commit alone, and fails it for all."""
    bench.writer = bench.new(longest=60)
    acts = {1: _insert(1), 2: _insert(2, parent=404), 3: _insert(3)}
    bench.together(acts)
    assert set(bench.problems) == {1, 2, 3}
    assert all(isinstance(one, sqlite3.OperationalError) for one in bench.problems.values())
    assert bench.stored() == []
    # Sent again, each of them commits alone, and the one at fault fails alone.
    bench.problems.clear()
    bench.together(acts)
    assert set(bench.problems) == {2}
    assert isinstance(bench.problems[2], sqlite3.IntegrityError)
    assert bench.stored() == [1, 3]


def test_a_transaction_that_sqlite_takes_back_is_kept_for_nobody(bench: _Bench) -> None:
    """On a full disk SQLite ends the whole transaction; OR ROLLBACK does so on demand."""

    def takes_all_back(raw: sqlite3.Connection) -> None:
        raw.execute("INSERT OR ROLLBACK INTO row VALUES (1, NULL)")

    bench.writer = bench.new(longest=60)
    bench.together({1: _insert(1), 2: takes_all_back, 3: _insert(3)})
    assert set(bench.problems) == {1, 2}
    assert isinstance(bench.problems[1], sqlite3.OperationalError)
    assert bench.stored() == [3]


def test_who_is_told_finds_the_row_stored(bench: _Bench) -> None:
    """Another connection sees a row as soon as its act has returned: it was committed before."""
    seen: list[bool] = []

    def act(number: int) -> None:
        bench.act(number, _insert(number))
        seen.append(number in bench.stored())

    threads = [threading.Thread(target=act, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert bench.problems == {}
    assert seen == [True] * 32


def test_a_full_line_refuses_at_once_and_begins_nothing(bench: _Bench) -> None:
    bench.writer = bench.new(queue=3)
    late: list[BaseException] = []

    def one_too_many(_: sqlite3.Connection) -> None:
        # Three wait behind this one, which has the turn.
        while bench.writer.waiting < 3:
            time.sleep(0.001)
        try:
            bench.writer.enter()
        except sqlite3.OperationalError as problem:
            late.append(problem)

    threads = [threading.Thread(target=bench.act, args=(0, one_too_many))]
    threads[0].start()
    while not bench.order:
        time.sleep(0.001)
    for number in (1, 2, 3):
        threads.append(threading.Thread(target=bench.act, args=(number, _insert(number))))
        threads[-1].start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(late) == 1
    assert bench.problems == {}
    assert bench.stored() == [1, 2, 3]


def test_patience_ends_and_the_turn_is_not_lost(bench: _Bench) -> None:
    bench.writer = bench.new(patience=0.05)
    bench.writer.enter()
    thread = threading.Thread(target=bench.act, args=(1, _insert(1)))
    thread.start()
    thread.join(timeout=30)
    assert isinstance(bench.problems[1], sqlite3.OperationalError)
    bench.writer.leave(keep=True)
    bench.act(2, _insert(2))
    assert bench.stored() == [2]


def test_row_94_another_process_that_holds_the_file_is_waited_for_and_then_named(
    bench: _Bench,
) -> None:
    bench.writer = bench.new(timeout=0.05)
    other = _open(bench.file)
    other.execute("BEGIN IMMEDIATE")
    bench.act(1, _insert(1))
    assert isinstance(bench.problems[1], sqlite3.OperationalError)
    assert "locked" in str(bench.problems[1])
    other.execute("COMMIT")
    other.close()
    bench.act(2, _insert(2))
    assert bench.stored() == [2]


def test_two_writers_on_one_file_lose_nothing(bench: _Bench) -> None:
    """Two processes have a writer each; SQLite's own lock stands between them."""
    writers = [bench.new(timeout=20), bench.new(timeout=20)]

    def run(writer: Writer, start: int) -> None:
        for number in range(start, start + 50):
            _insert(number)(writer.enter())
            writer.leave(keep=True)

    threads = [
        threading.Thread(target=run, args=(writer, 1000 * place + 100 * lane))
        for place, writer in enumerate(writers)
        for lane in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(bench.stored()) == 400


def test_a_file_that_was_replaced_is_opened_anew(bench: _Bench) -> None:
    replaced: list[bool] = []
    bench.writer = Writer(lambda: _open(bench.file), stale=lambda: bool(replaced))
    bench.act(1, _insert(1))
    for end in ("", "-wal", "-shm"):
        bench.file.with_name(bench.file.name + end).unlink(missing_ok=True)
    database = _open(bench.file)
    database.executescript(_TABLES)
    database.close()
    replaced.append(True)
    bench.act(2, _insert(2))
    assert bench.problems == {}
    assert bench.stored() == [2]


_HOLDS = """
import sys, time
from pathlib import Path
from attunement.clinic.store.writer import Turnstile
gate = Turnstile(Path(sys.argv[1]))
assert gate.enter(5)
print("inside", flush=True)
time.sleep(60)
"""


def test_processes_take_turns_and_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "clinic.sqlite3-turn"
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(file)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "inside\n"
    gate = Turnstile(file)
    assert not gate.enter(0.05)
    other.send_signal(signal.SIGKILL)
    other.wait(timeout=30)
    other.stdout.close()
    assert gate.enter(5)
    gate.leave()
    assert gate.enter(0)
    gate.leave()

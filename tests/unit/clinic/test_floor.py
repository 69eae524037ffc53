# SPDX-License-Identifier: Apache-2.0
"""One thread works at a time, none waits for one that is late, and nothing stands still."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from attunement.clinic.store.floor import Bell, Floor, one_at_a_time

_ENDS = 30.0  # seconds after which a test that stands still fails
_LONG = 600.0  # nobody is late


class _People:
    """Threads, and what they did, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._threads: list[threading.Thread] = []

    def start(self, act: Callable[[], object]) -> None:
        self._threads.append(threading.Thread(target=act, daemon=True))
        self._threads[-1].start()

    def end(self) -> None:
        for thread in self._threads:
            thread.join(timeout=_ENDS)
            assert not thread.is_alive(), "a thread stands still"


@pytest.fixture
def people() -> Iterator[_People]:
    made = _People()
    yield made
    made.end()


def _until(come: Callable[[], object]) -> None:
    end = time.monotonic() + _ENDS
    while not come():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.001)


def _wait(floor: Floor, how_many: int) -> bool:
    return floor.waiting == how_many


def _worker(floor: Floor, told: list[str], name: str) -> Callable[[], None]:
    def work() -> None:
        floor.take()
        told.append(name)
        floor.give()

    return work


def test_one_thread_works_at_a_time_in_the_order_in_which_they_came(people: _People) -> None:
    floor = Floor(longest=_LONG)
    floor.take()
    for number in range(5):
        people.start(_worker(floor, people.told, str(number)))
        _until(partial(_wait, floor, number + 1))
    assert people.told == []
    assert floor.give()
    people.end()
    assert people.told == ["0", "1", "2", "3", "4"]
    assert floor.waiting == 0


def test_who_comes_back_from_a_wait_goes_before_who_begins(people: _People) -> None:
    floor, bell, slept = Floor(longest=_LONG), Bell(), threading.Event()

    def waits() -> None:
        floor.take()
        floor.wait(bell)
        people.told.append("rung")
        floor.give()

    def sleeps() -> None:
        floor.take()
        floor.without(slept.wait)
        people.told.append("slept")
        floor.give()

    people.start(waits)
    _until(lambda: bell.waiting)
    people.start(sleeps)
    floor.take()  # both have left it
    people.start(_worker(floor, people.told, "begins"))
    _until(lambda: floor.waiting == 1)
    floor.ring(bell)
    _until(lambda: floor.waiting == 2)
    slept.set()
    _until(lambda: floor.waiting == 3)
    floor.give()
    people.end()
    assert people.told == ["rung", "slept", "begins"]


def test_a_bell_that_was_rung_before_is_not_waited_for() -> None:
    floor, bell = Floor(longest=_LONG), Bell()
    floor.ring(bell)
    floor.take()
    assert floor.wait(bell)
    assert floor.give()  # it was kept


@pytest.mark.parametrize("has_it", [True, False])
def test_patience_ends_and_who_had_the_floor_has_it_again(*, has_it: bool) -> None:
    floor, bell = Floor(longest=_LONG), Bell()
    if has_it:
        floor.take()
    assert not floor.wait(bell, 0.01)
    assert bell.waiting == []
    floor.ring(bell)  # nobody is called
    assert floor.give() is has_it


def test_who_never_took_the_floor_waits_plainly_while_another_has_it(people: _People) -> None:
    """The worker, commands: they are held up by no request, and hold up none."""
    floor, bell = Floor(longest=_LONG), Bell()
    floor.take()

    def outside() -> None:
        floor.wait(bell)
        people.told.append(floor.without(lambda: "called"))
        people.told.append(str(floor.give()))

    people.start(outside)
    _until(lambda: bell.waiting)
    floor.ring(bell)
    people.end()
    assert people.told == ["called", "False"]
    assert floor.give()


def test_an_error_in_a_wait_comes_out_with_the_floor() -> None:
    floor = Floor(longest=_LONG)

    def breaks() -> None:
        message = "the disk is full"
        raise OSError(message)

    floor.take()
    with pytest.raises(OSError, match="full"):
        floor.without(breaks)
    assert floor.give()


def test_while_somebody_is_late_nobody_waits_and_afterwards_all_do(people: _People) -> None:
    floor, read = Floor(longest=0.01), threading.Event()

    def reads_long() -> None:
        floor.take()
        read.wait(_ENDS)
        people.told.append("read")
        floor.give()

    def two_at_once() -> None:
        """Each has the floor or needs none, while the other has not given it back."""
        met.wait(_ENDS)
        floor.take()
        met.wait(_ENDS)
        people.told.append("met")
        floor.give()

    met = threading.Barrier(2)
    people.start(reads_long)
    _until(lambda: floor._holder)
    floor.take()  # returns although it was not given
    floor.give()
    people.start(two_at_once)
    people.start(two_at_once)
    _until(lambda: people.told == ["met", "met"])
    read.set()
    people.end()
    floor._longest = _LONG
    floor.take()
    people.start(_worker(floor, people.told, "waits"))
    _until(lambda: floor.waiting == 1)
    floor.give()
    people.end()
    assert people.told == ["met", "met", "read", "waits"]


def test_who_was_late_and_then_waits_is_late_no_more() -> None:
    floor = Floor(longest=0.0)
    other = threading.Thread(target=floor.take)
    floor.take()
    other.start()
    other.join(_ENDS)
    assert not other.is_alive()
    assert floor._late
    floor.without(lambda: None)
    assert not floor._late


def test_a_bell_reaches_who_has_to_wait_for_somebody_late(people: _People) -> None:
    """Nobody else waits for the floor who could find that its holder is late."""
    floor, bell, read = Floor(longest=0.01), Bell(), threading.Event()

    def waits() -> None:
        floor.take()
        floor.wait(bell)
        people.told.append("came back")
        floor.give()

    people.start(waits)
    _until(lambda: bell.waiting)

    def reads_long() -> None:
        floor.take()
        read.wait(_ENDS)
        floor.give()

    people.start(reads_long)
    _until(lambda: floor._holder)
    floor.ring(bell)
    _until(lambda: people.told)
    read.set()


def test_two_that_wait_for_each_other_go_on() -> None:
    """One has a lock and wants the floor, the other has the floor and wants the lock."""
    floor, lock, both = Floor(longest=0.01), threading.Lock(), threading.Barrier(2)

    def locks_first() -> None:
        with lock:
            both.wait(_ENDS)
            floor.take()
            floor.give()

    other = threading.Thread(target=locks_first, daemon=True)
    other.start()
    floor.take()
    both.wait(_ENDS)
    assert lock.acquire(timeout=_ENDS)
    lock.release()
    floor.give()
    other.join(_ENDS)
    assert not other.is_alive()


def test_a_thread_that_takes_the_floor_twice_does_not_stand_still() -> None:
    floor = Floor(longest=0.01)
    floor.take()
    floor.take()
    assert floor.give()
    assert not floor.give()


def test_many_threads_that_wait_and_ring_all_come_through(people: _People) -> None:
    """Chains of bells with short patience and late holders: nobody is forgotten."""
    floor, bells = Floor(longest=0.002), [Bell() for _ in range(50)]

    def goes_through(start: int) -> None:
        for place in range(start, len(bells), 2):
            floor.take()
            floor.ring(bells[place])
            while not floor.wait(bells[place ^ 1], 0.001):
                pass
            time.sleep(0.0005 * (place % 5))
            floor.give()
        people.told.append("through")

    for start in (0, 1, 0, 1, 0, 1):
        people.start(partial(goes_through, start))
    people.end()
    assert people.told == ["through"] * 6
    assert (floor._holder, floor._late, floor.waiting) == (0, set(), 0)


def test_an_application_gives_the_floor_back_whatever_happens() -> None:
    floor, seen = Floor(longest=_LONG), []

    def application(environ: dict[str, Any], _: Any) -> list[bytes]:
        seen.append(floor._holder)
        if environ:
            message = "a page broke"
            raise RuntimeError(message)
        return [b"page"]

    served = one_at_a_time(application, floor)
    assert served({}, None) == [b"page"]
    with pytest.raises(RuntimeError, match="page"):
        served({"broken": True}, None)
    assert seen == [threading.get_ident()] * 2
    assert not floor.give()

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from tests.measure_samples import twelve_means

from attunement.scoring import ArrayScores, Column, make_plan, release_memory, score_arrays
from attunement.scoring import memory as room
from attunement.scoring.memory import LARGE, LEAST, MOST, lend

ROWS = LARGE // 8  # four columns of scores make a large block, reasons just make one

pytestmark = pytest.mark.skipif(not room._PRIVATE, reason="nothing is kept on this system")


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    gc.collect()
    release_memory()
    yield
    gc.collect()
    release_memory()


def scored(answer: int, *, rows: int = ROWS, threads: int = 1) -> ArrayScores:
    """All twelve items have one answer; a scale of four with one reversed tells which."""
    column = Column(np.full(rows, answer, dtype=np.int8))
    return score_arrays(make_plan(twelve_means()), [column] * 12, threads=threads)


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_of_a_result_that_is_gone_serves_the_next_call() -> None:
    result = scored(1)
    before = [address(one) for one in (result.scores, result.n_answered, result.why)]
    del result
    again = scored(2)
    assert [address(one) for one in (again.scores, again.n_answered, again.why)] == before
    assert release_memory() == 0  # all that was kept is in use


def test_scores_in_used_memory_are_those_in_fresh_memory() -> None:
    fresh = scored(4)
    expected = [one.copy() for one in (fresh.scores, fresh.n_answered, fresh.why)]
    del fresh
    scored(1)
    again = scored(4)
    for found, wanted in zip((again.scores, again.n_answered, again.why), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "keep",
    [
        lambda result: result.scores,
        lambda result: result.scores[1],
        lambda result: result.scores[1:, 7::1000][::-1].T,
        lambda result: result.scores.reshape(-1)[-1:],
        lambda result: result.scores.view(np.int64)[0, 5:6],
        lambda result: memoryview(result.scores[2]),
        lambda result: np.asarray(memoryview(result.scores[2])),
        lambda result: np.frombuffer(result.scores[2]),
        lambda result: result.scores.flat,
        lambda result: np.broadcast_to(result.scores[3, :1], (4, 4)),
    ],
)
def test_a_view_that_is_kept_keeps_its_values(keep: Callable[[ArrayScores], Any]) -> None:
    result = scored(1)
    first = address(result.scores)
    kept = keep(result)
    expected = np.asarray(kept).copy()
    del result
    gc.collect()
    others = [scored(answer) for answer in (5, 3)]
    assert all(address(other.scores) != first for other in others)
    np.testing.assert_array_equal(np.asarray(kept), expected)
    assert not np.array_equal(others[0].scores[1], others[1].scores[1])
    del kept
    gc.collect()
    assert address(scored(2).scores) == first


def test_results_in_use_never_share_memory_whatever_order_they_die_in() -> None:
    rng = np.random.default_rng(8)
    live: dict[int, np.ndarray] = {}
    for turn in range(120):
        if live and rng.random() < 0.5:
            chosen = int(rng.choice(list(live)))
            array = live.pop(chosen)
            assert (array == chosen).all()
            del array
        size = int(rng.choice([LEAST, LEAST + 8, 2 * LEAST, LARGE, LARGE + LEAST]))
        live[turn] = lend("scores", (size // 8,), np.float64)
        live[turn].fill(turn)
    for number, array in live.items():
        assert (array == number).all()
    arrays = list(live.values())
    assert not any(
        np.may_share_memory(one, other) for i, one in enumerate(arrays) for other in arrays[:i]
    )


def test_results_of_threads_never_share_memory() -> None:
    def work(number: int) -> bool:
        for turn in range(60):
            array = lend("scores", (2, LEAST), np.float64 if turn % 2 else np.int8)
            array.fill(number)
            if not (array == number).all():
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_one_result_is_kept_and_no_more() -> None:
    many = [scored(1) for _ in range(4)]
    size = sum(one.nbytes for one in (many[0].scores, many[0].n_answered, many[0].why))
    del many
    gc.collect()
    assert release_memory() == size
    assert release_memory() == 0


def test_what_is_kept_stays_below_one_gibibyte() -> None:
    assert sum(MOST.values()) == 1 << 30
    too_large = lend("n_answered", (MOST["n_answered"] + 1,), np.int8)  # not touched: costs nothing
    assert too_large.flags.owndata
    del too_large
    assert release_memory() == 0


def test_small_results_come_from_numpy() -> None:
    assert lend("why", (LEAST // 8 - 1,), np.int64).flags.owndata
    assert lend("why", (0,), np.int64).shape == (0,)


def test_kept_memory_of_another_size_goes_back_first() -> None:
    large = lend("scores", (4 * LARGE,), np.int8)
    del large
    other = lend("scores", (2 * LARGE - 1,), np.int8)  # fills less than half
    assert other.base._block is not None
    assert len(other.base._block) == other.size
    assert release_memory() == 0
    del other
    grown = lend("scores", (2 * LARGE,), np.int8)
    assert len(grown.base._block) == grown.size


def test_a_small_result_leaves_the_large_block_alone() -> None:
    large = lend("scores", (LARGE,), np.int8)
    at = address(large)
    del large
    small = lend("scores", (LEAST,), np.int8)
    assert address(lend("scores", (LARGE,), np.int8)) == at
    assert address(small) != at


def test_no_memory_is_refused_in_numpys_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    def refuse(*_: object, **__: object) -> None:
        message = "Unable to allocate"
        raise MemoryError(message)

    monkeypatch.setattr(room.mmap, "mmap", none_left)
    monkeypatch.setattr(room.np, "empty", refuse)
    with pytest.raises(MemoryError):
        lend("scores", (LARGE,), np.int8)


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )


def test_the_interpreter_may_end_while_results_are_in_use() -> None:
    done = run(
        "import numpy as np\n"
        "from attunement.scoring.memory import lend\n"
        "class Loop: pass\n"
        "loop = Loop(); loop.me = loop; loop.array = lend('scores', (1 << 23,), np.int8)\n"
        "np.kept = lend('why', (1 << 23,), np.int8)\n"
        "import sys; sys.kept = lend('n_answered', (1 << 23,), np.int8)\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(room.mmap, "MADV_DONTFORK"), reason="needs fork as Linux has it")
def test_a_forked_process_has_its_own_memory() -> None:
    done = run(
        "import os, sys\n"
        "import numpy as np\n"
        "from attunement.scoring.memory import lend\n"
        "size = 1 << 24\n"
        "mine = lend('scores', (size,), np.int8); mine.fill(1)\n"
        "gone = lend('why', (size,), np.int8); gone.fill(1); del gone\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    right = bool((mine == 1).all())\n"
        "    mine.fill(2)\n"
        "    del mine\n"
        "    lend('scores', (size,), np.int8).fill(3)\n"
        "    lend('why', (size,), np.int8).fill(3)\n"
        "    os._exit(0 if right else 1)\n"
        "again = lend('why', (size,), np.int8); again.fill(4)\n"
        "code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "sys.exit(code or int(not (mine == 1).all() or not (again == 4).all()))\n"
    )
    assert (done.returncode, done.stderr) == (0, "")

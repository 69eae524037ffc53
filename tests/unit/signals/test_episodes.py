# SPDX-License-Identifier: Apache-2.0
"""Episodes worked by hand: onset, depth, and the four ways in which one can go on."""

from __future__ import annotations

import numpy as np
import pytest

from attunement.signals import (
    Archive,
    Batch,
    Episodes,
    Judgements,
    SignalError,
    Status,
    episodes,
    judge_batch,
    rule,
)

ARCHIVE = Archive(6.0, 1.0, 1.0, 0.0, "by hand")
NAN = float("nan")


def batch(*dyads: list[float], higher: bool = True, sessions: list[int] | None = None) -> Batch:
    values = [x for one in dyads for x in one]
    numbers = sessions or [k + 1 for one in dyads for k in range(len(one))]
    starts = np.cumsum([0, *(len(one) for one in dyads)])
    return Batch(
        np.array(values, dtype=float), np.array(numbers), starts, 0, 10, 0, higher_is_better=higher
    )


def given(of: Batch, rows: list[int], expected: float) -> Judgements:
    n = of.n_rows
    flagged = np.zeros(n, dtype=bool)
    flagged[rows] = True
    level = np.full(n, expected)
    zero = np.zeros(n, dtype=np.int8)
    return Judgements(level - level, flagged, zero, level, level, zero.astype(np.int32))


def found(of: Batch, rows: list[int], expected: float = 7.0, **more: object) -> Episodes:
    return episodes(of, given(of, rows, expected), archive=ARCHIVE, **more)  # type: ignore[arg-type]


def test_repaired_within_the_window() -> None:
    # flagged at session 3 (4); session 4 is lower still (3); back at 7 − .5·1 = 6.5 in session 5
    one = found(batch([7, 7, 4, 3, 6.5, 7]), [2, 3])
    assert one.words() == ["repaired"]
    assert (one.onset[0], one.repair[0], one.nadir_session[0]) == (3, 5, 4)
    assert (one.pre[0], one.nadir[0]) == (7, 3)
    assert (one.depth_points[0], one.depth_noise[0]) == (4, 4)
    assert len(one) == 1  # the second flag belongs to the first episode


def test_unrepaired_when_the_window_passed_with_scores() -> None:
    one = found(batch([7, 7, 4, 5, 5, 6.4, 7]), [2])
    assert one.words() == ["unrepaired"]
    assert one.repair[0] == -1


def test_the_end_of_the_data_is_open_and_the_end_of_therapy_censored() -> None:
    of = batch([7, 7, 4, 5])
    assert found(of, [2]).words() == ["open"]
    assert found(of, [2], ended=np.array([True])).words() == ["censored"]
    assert found(of, [2], ended=np.array([False])).words() == ["open"]


def test_an_onset_in_the_last_session_is_never_unrepaired() -> None:
    assert found(batch([7, 7, 4]), [2]).words() == ["open"]


def test_a_window_without_forms_is_censored() -> None:
    of = batch([7, 7, 4, NAN, NAN, NAN, 5])
    assert found(of, [2]).words() == ["censored"]
    assert found(of, [2], fewest=2).words() == ["censored"]


def test_too_few_forms_in_the_window() -> None:
    of = batch([7, 7, 4, NAN, 5, NAN, 5])
    assert found(of, [2], fewest=1).words() == ["unrepaired"]
    assert found(of, [2], fewest=2).words() == ["censored"]


def test_the_window_counts_session_numbers() -> None:
    # session 9 is five after session 4: outside a window of three, and the window has no form
    of = batch([7, 7, 4, 7], sessions=[1, 2, 4, 9])
    assert found(of, [2]).words() == ["censored"]
    assert found(of, [2], window=5).words() == ["repaired"]


def test_a_new_episode_after_the_repair() -> None:
    one = found(batch([7, 4, 7, 4, 4, 4, 4, 4]), [1, 3, 4, 5, 6, 7])
    # the second is never repaired: session 8 is the same low score, and the same rupture
    assert one.onset.tolist() == [2, 4]
    assert one.words() == ["repaired", "unrepaired"]


def test_across_a_gap() -> None:
    of = batch([7, NAN, NAN, 4, 7], sessions=[1, 2, 3, 4, 5])
    assert found(of, [3]).across_gap.tolist() == [True]
    assert found(of, [3], max_gap=2).across_gap.tolist() == [False]


def test_pre_is_what_was_expected_or_the_score_before() -> None:
    of = batch([8, 8, 4, 7.0, 7, 7])
    assert found(of, [2], expected=7.0).pre.tolist() == [7]
    one = found(of, [2], expected=7.0, pre="previous")
    assert one.pre.tolist() == [8]
    assert one.words() == ["unrepaired"]  # 7 is not back at 8 − .5


def test_lower_is_better_mirrors() -> None:
    up = found(batch([7, 7, 4, 3, 6.5]), [2])
    down = batch([3, 3, 6, 7, 3.5], higher=False)
    mirrored = episodes(down, given(down, [2], 3.0), archive=Archive(4.0, 1, 1, 0, "by hand"))
    assert mirrored.words() == up.words() == ["repaired"]
    assert (mirrored.pre[0], mirrored.nadir[0], mirrored.depth_points[0]) == (3, 7, 4)


def test_flags_for_the_better_begin_no_episode() -> None:
    assert len(found(batch([7, 7, 9.5, 7]), [2])) == 0


def test_dyads_do_not_run_into_each_other() -> None:
    one = found(batch([7, 4], [7, 7, 7]), [1])
    assert one.words() == ["open"]
    two = found(batch([7, 7], [7, 4, 7]), [3])
    assert (two.dyad[0], two.onset[0], two.words()) == (1, 2, ["repaired"])


def test_nothing_flagged_and_nothing_at_all() -> None:
    assert len(found(batch([7, 7]), [])) == 0
    empty = Batch(np.empty(0), np.empty(0, np.int64), np.zeros(1, np.int64), 0, 10)
    assert len(episodes(empty, given(empty, [], 0.0), archive=ARCHIVE)) == 0


def test_compiled_and_plain_are_equal() -> None:
    generator = np.random.default_rng(3)
    sizes = generator.integers(1, 20, 200)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    values = np.clip(generator.normal(6, 1.2, starts[-1]), 0, 10)
    values[generator.random(values.size) < 0.15] = np.nan
    sessions = np.concatenate([np.cumsum(generator.integers(1, 3, n)) for n in sizes])
    of = Batch(values, sessions, starts, 0, 10)
    judged = judge_batch(of, rule("drop-from-previous"), archive=ARCHIVE)
    ended = generator.random(200) < 0.5
    one, two = (
        episodes(of, judged, archive=ARCHIVE, ended=ended, compile_from=at) for at in (0, 1 << 40)
    )
    assert len(one) > 50
    for name in Episodes.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert {Status(code) for code in one.status.tolist()} == set(Status)


@pytest.mark.parametrize("wrong", [{"window": 0}, {"tolerance": -1.0}, {"pre": "later"}])
def test_windows_that_cannot_be_used_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SignalError) as caught:
        found(batch([7, 4]), [1], **wrong)
    assert caught.value.code == "E-SIGNAL-006"


def test_judgements_of_another_batch_are_refused() -> None:
    of = batch([7, 4])
    with pytest.raises(SignalError) as caught:
        episodes(batch([7, 4, 7]), given(of, [1], 7.0), archive=ARCHIVE)
    assert caught.value.code == "E-SIGNAL-001"

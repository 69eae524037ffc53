# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from attunement.signals.batch import Batch, Channels
from attunement.signals.house import default_house, house_threshold, judge_house
from attunement.signals.house.moved import below_own_mean, moved

NAN = float("nan")


def _batch(values: list[float], sizes: list[int], **channels: object) -> Batch:
    numbers = np.concatenate([np.arange(1, n + 1) for n in sizes])
    starts = np.concatenate(([0], np.cumsum(sizes)))
    return Batch(np.array(values), numbers, starts, 0, 6, 0.0, True, Channels(**channels))  # type: ignore[arg-type]


def test_a_score_is_compared_with_the_persons_own_earlier_ones() -> None:
    batch = _batch([4, 5, 4.5, NAN, 4.4, 1, 1], [5, 2])
    # means so far: –, 4, 4.5, 4.5, 4.5; second person –, 1
    assert below_own_mean(batch.values, batch).tolist() == [
        False, False, False, False, True, False, False,
    ]  # fmt: skip


def test_one_person_is_compared_as_among_others() -> None:
    values = np.random.default_rng(1).uniform(0, 6, 60)
    values[::7] = NAN
    together = below_own_mean(values, _batch(values.tolist(), [20, 1, 39]))
    alone = [
        below_own_mean(values[rows], _batch(values[rows].tolist(), [values[rows].size]))
        for rows in (slice(0, 20), slice(20, 21), slice(21, 60))
    ]
    assert together.tolist() == np.concatenate(alone).tolist()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0, 3.0, 6.0])
@pytest.mark.parametrize("higher", [True, False])
def test_a_person_who_never_moves_is_never_asked_about(level: float, higher: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    batch = Batch(
        np.full(20, level), np.arange(1, 21), np.array([0, 20]), 0, 6, higher_is_better=higher
    )
    model = default_house(0, 6, higher_is_better=higher)
    found = judge_house(batch, model, house_threshold(model, n_simulated=2000))
    assert not found.flagged.any()


def test_each_channel_can_move_alone_and_only_if_it_is_judged() -> None:
    batch = _batch(
        [5, 5, 5, NAN],
        [4],
        therapist=np.array([5, 5, 4, 5.0]),
        strain=np.array([0, 1, 0, NAN]),
        expected=np.array([True, True, True, True]),
    )
    assert moved(batch, frozenset()).tolist() == [False] * 4
    assert moved(batch, frozenset({"therapist"})).tolist() == [False, False, True, False]
    assert moved(batch, frozenset({"strain"})).tolist() == [False, True, False, False]
    assert moved(batch, frozenset({"expected"})).tolist() == [False, False, False, True]

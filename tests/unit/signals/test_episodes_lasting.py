# SPDX-License-Identifier: Apache-2.0
"""A fall that lasts is one episode, and it is not repaired."""

from __future__ import annotations

import numpy as np
import pytest

from attunement.signals import Archive
from attunement.signals.batch import Batch, Judgements
from attunement.signals.episode import Episodes, episodes

ARCHIVE = Archive(5.0, 0.8, 0.5, 0.2, "by hand")  # tolerance .5 · .5 = .25


def _episodes(values: list[float], flagged: list[int], expected: list[float]) -> Episodes:
    n = len(values)
    batch = Batch(np.array(values), np.arange(1, n + 1), np.array([0, n]), 0, 6)
    asked = np.isin(np.arange(1, n + 1), flagged)
    judged = Judgements(
        np.zeros(n), asked, np.zeros(n, np.int8), np.array(expected), np.full(n, np.nan),
        np.zeros(n, np.int32),
    )  # fmt: skip
    plain = episodes(batch, judged, archive=ARCHIVE)
    compiled = episodes(batch, judged, archive=ARCHIVE, compile_from=0)
    assert plain.onset.tolist() == compiled.onset.tolist()
    assert plain.words() == compiled.words()
    return plain


def test_a_step_is_one_unrepaired_episode_although_the_expectation_sinks() -> None:
    values = [5.0] * 4 + [3.2] * 12
    expected = [5.0] * 5 + [4.6, 4.3, 4.1, 3.95, 3.8, 3.7, 3.6, 3.5, 3.45, 3.4, 3.4]
    found = _episodes(values, list(range(5, 17)), expected)
    assert found.onset.tolist() == [5]
    assert found.pre.tolist() == [5.0]
    assert found.words() == ["unrepaired"]


def test_after_a_late_return_another_episode_can_begin() -> None:
    values = [5.0, 5, 3, 3, 3, 3, 3, 5, 5, 3, 5]
    found = _episodes(values, [3, 10], [5.0] * 11)
    assert found.onset.tolist() == [3, 10]
    assert found.words() == ["unrepaired", "repaired"]


def test_a_further_fall_by_one_unit_of_noise_is_another_episode() -> None:
    values = [5.0, 5, 3, 3, 3, 3, 3, 2.4, 2.4, 2.4, 2.4, 2.4]
    found = _episodes(values, [3, 7, 8], [5.0] * 6 + [3.2] * 6)
    assert found.onset.tolist() == [3, 8]  # 2.4 < 3 − .5; session 7 belongs to the first


@pytest.mark.parametrize(("score", "n"), [(4.8, 0), (4.74, 1)])
def test_where_nothing_fell_no_episode_begins(score: float, n: int) -> None:
    assert len(_episodes([5.0, 5, score, 5], [3], [5.0] * 4)) == n  # less than .25 is nothing

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attunement.signals import Series, SignalError, null_rate, rule
from attunement.signals.archive import Archive
from attunement.signals.batch import Batch
from attunement.signals.detectors import Reason
from attunement.signals.engine import judge_batch
from attunement.signals.gains import judge_losses

NAN = float("nan")
PARAMS = {"k": 1.96, "share": 0.25, "from_minimum": 1.0, "alpha": 0.05}
# usual change: .5 * sqrt(2 * (1 - 0)) = .7071; criterion 1 asks for 1.96 * .7071 = 1.386
ARCHIVE = Archive(
    mean=4.5,
    between_sd=0.75,
    within_sd=0.5,
    autocorrelation=0.0,
    source="synthetic",
    n_dyads=100,
    n_scores=1000,
)


def _batch(*courses: list[float], higher_is_better: bool = True) -> Batch:
    sizes = [len(course) for course in courses]
    return Batch(
        np.array([score for course in courses for score in course], dtype=float),
        np.concatenate([np.arange(1, size + 1) for size in sizes]),
        np.concatenate(([0], np.cumsum(sizes))),
        0.0,
        6.0,
        0.0,
        higher_is_better,
    )


def test_lasting_fall_is_flagged_at_the_session_after_it() -> None:
    found = judge_losses(_batch([5, 5, 5, 3, 3, 3]), PARAMS, ARCHIVE)
    assert found.flagged.tolist() == [False, False, False, True, False, False]
    assert found.statistic[3] == pytest.approx(-2 / 0.70710678)
    assert found.expected[3] == 5
    assert found.limit[3] == pytest.approx(5 - 1.386, abs=1e-3)  # .25 * 5 = 1.25 asks for less
    assert found.n_used[3] == 3


def test_dip_of_one_session_cannot_be_seen_by_construction() -> None:
    # means 5 and (3 + 5 + 5) / 3 = 4.33: .67 < 2.776 * sqrt((0 + 2.667) / 4) = 2.267
    found = judge_losses(_batch([5, 5, 5, 3, 5, 5]), PARAMS, ARCHIVE)
    assert not found.flagged.any()
    assert found.evaluable[3]


def test_answer_waits_for_later_sessions() -> None:
    course = [5.0, 5, 5, 3, 3, 3]
    assert not judge_losses(_batch(course[:4]), PARAMS, ARCHIVE).evaluable[3]
    assert judge_losses(_batch(course[:5]), PARAMS, ARCHIVE).flagged[3]


def test_rows_that_cannot_be_judged_say_why() -> None:
    found = judge_losses(_batch([5, 5, NAN, 3, 3, 3], [5]), PARAMS, ARCHIVE)
    reasons = [Reason.TOO_FEW_SCORES] * 7
    reasons[2], reasons[3] = Reason.NO_FORM, Reason.GAP
    reasons[4] = Reason.EVALUABLE  # two scores on either side: 5 and 3, 3 and 3
    assert found.reason.tolist() == [int(one) for one in reasons]
    assert np.isnan(found.statistic[found.reason != 0]).all()


def test_loss_is_a_rise_where_lower_is_better() -> None:
    found = judge_losses(_batch([2, 2, 2, 4, 4, 4], higher_is_better=False), PARAMS, ARCHIVE)
    assert found.flagged.tolist() == [False, False, False, True, False, False]
    assert found.statistic[3] < 0
    assert found.limit[3] == pytest.approx(2 + 1.386, abs=1e-3)


def test_plain_and_compiled_agree() -> None:
    generator = np.random.default_rng(3)
    courses = [list(generator.uniform(0, 6, 12)) for _ in range(60)]
    batch = _batch(*courses)
    plain = judge_losses(batch, PARAMS, ARCHIVE)
    twin = judge_losses(batch, PARAMS, ARCHIVE, compile_from=0, threads=2)
    for name in ("statistic", "flagged", "reason", "expected", "limit", "n_used"):
        assert np.array_equal(
            getattr(plain, name), getattr(twin, name), equal_nan=name not in {"flagged", "reason"}
        )


def test_engine_asks_the_rule_and_it_says_that_it_looks_back() -> None:
    one = rule("sudden-loss")
    assert not one.prospective
    batch = _batch([5, 5, 5, 3, 3, 3])
    found = judge_batch(batch, one, archive=ARCHIVE)
    assert np.flatnonzero(found.flagged).tolist() == [3]
    assert "1.96" in one.formula
    with pytest.raises(SignalError, match="E-SIGNAL-006"):
        replace(one, prospective=True)


def test_null_rate_of_the_rule_can_be_simulated() -> None:
    values = tuple(float(x) for x in np.random.default_rng(1).normal(4.5, 0.5, 12).clip(0, 6))
    rate = null_rate(
        rule("sudden-loss"), like=Series(tuple(range(1, 13)), values, 0, 6), archive=ARCHIVE
    )
    assert 0 <= rate.per_series < 0.05

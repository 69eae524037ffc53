# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from attunement.signals import Series, SignalError
from attunement.signals.course import formation


def _series(*values: float | None, higher: bool = True) -> Series:
    return Series(tuple(range(1, len(values) + 1)), values, 0, 6, higher_is_better=higher)


def test_two_chairs_that_grow_apart_are_told_without_a_verdict() -> None:
    found = formation(_series(3, 4, 4.5, 5, 5.5, 0), _series(3, 3, 3, None, 3), noise=0.5)
    assert found.client.change == 2.5  # session 6 is not one of the first five
    assert found.therapist.change == 0
    assert found.pairs == ((1, 0), (2, -1), (3, -1.5), (5, -2.5))
    assert found.n_sessions == 5
    assert "clearly better at the end" in found.sentence  # 2.5 > 1.96·√2·.5 = 1.39
    assert "about the same" in found.sentence
    assert "close to each other" in found.sentence  # −1.25 on average is within 1.39


def test_a_gap_is_a_reason_to_talk_and_never_a_risk() -> None:
    sentence = formation(_series(5, 5), _series(3, 3), noise=0.3).sentence
    assert "the therapist saw it as less good, by 2 points" in sentence
    assert "not a risk" in sentence


def test_lower_is_better_turns_the_words_and_not_the_numbers() -> None:
    found = formation(_series(5, 1, higher=False), _series(5, 4, higher=False), noise=0.3)
    assert "clearly better at the end" in found.sentence
    assert "the therapist saw it as less good" in found.sentence
    assert found.client.change == -4


def test_missing_chairs_and_single_ratings_are_said() -> None:
    alone = formation(_series(None, 4), None, noise=0.5)
    assert "one rating shows no direction yet" in alone.sentence
    assert alone.client.change is None
    assert alone.pairs == ()
    empty = formation(_series(None, None), _series(4), noise=0.5)
    assert "The client has not rated these sessions." in empty.sentence


def test_chairs_on_different_scales_are_refused() -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-004"):
        formation(_series(4), Series((1,), (4,), 0, 10), noise=0.5)

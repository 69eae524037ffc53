# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from attunement.signals import SignalError
from attunement.signals.course import UsualGap, chairs_apart, gap_sentence, usual_gap
from attunement.signals.rules import GAP_OF_CHAIRS

NAN = float("nan")
USUAL = UsualGap(-1.0, 0.5)


def _apart(
    client: list[float], therapist: list[float], sessions: list[int] | None = None, **more: int
) -> tuple[list[bool], list[bool]]:
    numbers = sessions or list(range(1, len(client) + 1))
    found = chairs_apart(
        np.array(client),
        np.array(therapist),
        np.array(numbers),
        np.array([0, len(client)]),
        usual=USUAL,
        **more,
    )
    return found.judged.tolist(), found.apart.tolist()


def test_two_sessions_running_on_one_side_ask() -> None:
    # gaps −2, −1.5, 0, −2: the first two run; −1.5 and −2 do not, 0 lies between
    judged, apart = _apart([5, 5, 5, 5], [3, 3.5, 5, 3])
    assert judged == [False, True, True, True]
    assert apart == [False, True, False, False]


def test_gap_at_the_limit_is_usual_and_sides_do_not_mix() -> None:
    assert _apart([5, 5], [4, 4])[1] == [False, False]  # −1 is the limit itself
    assert _apart([5, 4], [3, 6])[1] == [False, False]  # −2, then +2
    assert _apart([4, 4], [5, 5])[1] == [False, True]  # +1 twice: beyond +0.5, not beyond −1


def test_missing_form_or_skipped_session_breaks_the_run() -> None:
    judged, apart = _apart([5, NAN, 5, 5], [3, 3, 3, 3])
    assert judged == [False, False, False, True]
    assert apart == [False, False, False, True]
    assert _apart([5, 5], [3, 3], sessions=[1, 3]) == ([False, False], [False, False])


def test_run_of_one_and_of_three() -> None:
    assert _apart([5, 5, 5], [3, 3, 3], running=1)[1] == [True, True, True]
    assert _apart([5, 5, 5], [3, 3, 3], running=3)[1] == [False, False, True]


def test_run_does_not_reach_into_the_dyad_before() -> None:
    found = chairs_apart(
        np.array([5.0, 5.0]),
        np.array([3.0, 3.0]),
        np.array([1, 2]),
        np.array([0, 1, 2]),
        usual=USUAL,
    )
    assert not found.judged.any()


def test_usual_gap_counts_each_dyad_alike() -> None:
    # 39 dyads with a gap of 0 in one session, one dyad with gap 3 in a hundred sessions: each dyad
    # is 1/40 of the whole, so 3 lies beyond the upper 5 %.
    gap = np.concatenate((np.zeros(39), np.full(100, 3.0)))
    starts = np.append(np.arange(40), 139)
    found = usual_gap(gap, starts)
    assert (found.low, found.high, found.n_dyads, found.n_pairs) == (0.0, 0.0, 40, 139)


def test_usual_gap_by_hand() -> None:
    # 40 dyads with one gap each, 1 … 40: 5 % below is reached by the 2nd, 95 % by the 38th
    found = usual_gap(np.arange(1.0, 41.0), np.arange(41))
    assert (found.low, found.high) == (2.0, 38.0)


def test_too_few_dyads_and_wrong_numbers_are_refused() -> None:
    with pytest.raises(SignalError, match="29 with a session that both rated"):
        usual_gap(np.append(np.zeros(29), NAN), np.arange(31))
    with pytest.raises(SignalError, match="share"):
        usual_gap(np.zeros(40), np.arange(41), share=1.0)
    with pytest.raises(SignalError, match="in order"):
        UsualGap(1.0, 0.0)
    with pytest.raises(SignalError, match="pair up"):
        chairs_apart(np.zeros(2), np.zeros(1), np.arange(2), np.array([0, 2]), usual=USUAL)


def test_sentence_asks_and_never_calls_it_a_risk() -> None:
    said = gap_sentence(4, (-1.5, -2.0), USUAL, higher_is_better=True)
    assert said.startswith("In sessions 3 to 4 the therapist saw it as less good, by 1.5, 2 points")
    assert "How did each of you come to your rating?" in said
    assert "not a risk" in said
    lower = gap_sentence(4, (-1.5,), USUAL, higher_is_better=False)
    assert lower.startswith("In session 4 the client saw it as less good")


def test_rule_of_the_alliance_check_is_a_prompt_too() -> None:
    assert "not a risk" in GAP_OF_CHAIRS.cannot_tell
    assert "risk" not in GAP_OF_CHAIRS.title + GAP_OF_CHAIRS.question

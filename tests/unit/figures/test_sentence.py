# SPDX-License-Identifier: Apache-2.0
"""The sentence: plain, direction-aware, checkable, and no verdict on anybody."""

from __future__ import annotations

import pytest

from attunement.figures import DualChart, Line, dual_sentence

Values = tuple[float | None, ...]


def say(client: Values | None, therapist: Values | None = None, **more: object) -> str:
    def line(label: str, values: Values | None) -> Line | None:
        return None if values is None else Line(label, tuple(range(1, len(values) + 1)), values)

    scale = {"minimum": 0, "maximum": 6, **more}
    return dual_sentence(
        DualChart(line("Client", client), line("Therapist", therapist), **scale)  # type: ignore[arg-type]
    )


def test_last_change_and_gap() -> None:
    assert say((4.0, 5.1, 4.5), (4.0, 4.0, 3.5), noise=0.5) == (
        "In session 3 the client rated 4.5 on a scale from 0 to 6; that is 0.6 lower than in "
        "session 2, a little more than the ordinary up and down. For the same session the "
        "therapist rated 1.0 lower."
    )


def test_the_reader_is_you_also_inside_a_sentence() -> None:
    own = Line("You", (1, 2), (4.7, 4.0))
    assert dual_sentence(DualChart(own, None, minimum=0, maximum=6)).startswith(
        "In session 2 you rated 4.0 on a scale from 0 to 6"
    )


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (4.6, ", an ordinary up or down."),
        (5.0, ", an ordinary up or down."),
        (3.6, ", a little more than the ordinary up and down."),
        (3.4, ", clearly more than the ordinary up and down."),
    ],
)
def test_change_is_measured_against_the_usual_one(last: float, words: str) -> None:
    assert say((4.5, last), noise=0.5).endswith(words)


def test_no_claim_about_the_usual_without_knowing_it() -> None:
    assert say((4.5, 3.4)).endswith("that is 1.1 lower than in session 1.")


def test_direction_is_said_where_lower_is_better() -> None:
    text = say((20.0, 14.0), minimum=0, maximum=63, higher_is_better=False)
    assert "that is 6 lower than in session 1 (on this form, lower is better)" in text


def test_both_ends_of_the_scale_are_named() -> None:
    assert "rated 6.0 on a scale from 0 to 6, the highest possible" in say((4.5, 6.0))
    assert "the lowest possible" in say((3, 0), higher_is_better=False)
    # 5.96 is written 6.0, but it is not the highest possible
    assert "possible" not in say((4.5, 5.96))


def test_no_change_and_same_rating() -> None:
    text = say((4.5, 4.5), (4.5, 4.5))
    assert "that is the same as in session 1" in text
    assert text.endswith("The therapist gave the same rating for the same session.")


def test_small_gap_is_about_the_same() -> None:
    assert say((4.5, 4.5), (4.5, 4.7)).endswith("the therapist rated about the same (4.7).")


def test_differences_are_those_of_the_numbers_shown() -> None:
    # 4.44 and 4.06 are shown as 4.4 and 4.1: the reader sees 0.3, not 0.4
    assert "rated 4.1" in say((4.44, 4.06))
    assert "0.3 lower" in say((4.44, 4.06))


def test_one_rating_has_nothing_to_compare_with() -> None:
    assert say((4.2,)).endswith("with one rating there is nothing to compare it with yet.")


def test_missing_form_in_the_last_session() -> None:
    text = say((4.0, 5.0, None), (4.0, 4.0, 3.0))
    assert text.startswith("In session 2 the client rated 5")
    text = say((4.0, 5.0), (3.8, None))
    assert "For session 1, the last one that both rated, the therapist rated about" in text


def test_no_session_in_common() -> None:
    assert say((4.0, None), (None, 3.0)).endswith("no session that both have rated.")


def test_one_chair_only() -> None:
    assert say(None, (3.0, 4.0)).startswith("In session 2 the therapist rated 4")
    assert say((), (3.0, 4.0)).endswith("There is no rating by the client yet.")
    assert say((3.0, 4.0), ()).endswith("There is no rating by the therapist yet.")
    assert "therapist" not in say((3.0, 4.0))


def test_names_are_kept_as_they_are() -> None:
    line = Line("Synthetic Client 07", (1,), (3.0,))
    assert "Synthetic Client 07 rated 3" in dual_sentence(DualChart(line, None, 0, 6))
    nameless = Line(" ", (1,), (3.0,))
    assert "In session 1 the rating was 3" in dual_sentence(DualChart(nameless, None, 0, 6))


def test_nothing_yet() -> None:
    assert say((), ()) == say(None) == "There are no ratings yet."


def test_unknown_direction_and_range_are_not_guessed() -> None:
    text = say((3.0, 6.0), higher_is_better=None)
    assert "possible" not in text
    assert "better" not in text
    text = say((3.0, 6.0), observed=True)
    assert "where ratings here lie between 0 and 6" in text
    assert "possible" not in text

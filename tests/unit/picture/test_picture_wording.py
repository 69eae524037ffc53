# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from attunement.picture.wording import count, natural, runs, sessions_words, share, shown


def test_runs_join_neighbours() -> None:
    assert runs([1, 2, 4, 6, 7, 8]) == "1, 2, 4, 6–8"
    assert runs([]) == ""
    assert sessions_words([3]) == "session 3"


def test_count_with_noun() -> None:
    assert (count(1, "session"), count(1204, "session")) == ("1 session", "1,204 sessions")
    assert count(2, "rating is", "ratings are") == "2 ratings are"


@pytest.mark.parametrize(
    ("part", "whole", "words"), [(0, 9, "0 %"), (1, 400, "below 1 %"), (1, 3, "33 %"), (0, 0, "")]
)
def test_share_in_words(part: int, whole: int, words: str) -> None:
    assert share(part, whole) == words


def test_natural_order_reads_numbers() -> None:
    assert sorted(["C10", "c2", "C1", "b"], key=natural) == ["b", "C1", "c2", "C10"]


def test_controls_and_direction_marks_are_shown() -> None:
    assert shown("a\u202eb\x1b[0m\n") == "a\\u202eb\\x1b[0m\\n"
    assert shown("ن\u200cم") == "ن\u200cم"
    assert len(shown("x" * 500)) == 80

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest
from tests.measure_samples import choice, measure, nine_sums, twelve_means, with_skips

from attunement.frames import ScoreFrameError
from attunement.frames.score_columns import find_wide, is_long, needed_items
from attunement.measures.schema import Measure, ShownIf

NINE = [str(k) for k in range(1, 10)]


def test_exact_ids_need_no_guess() -> None:
    found = find_wide(["client", *NINE], nine_sums(), None)
    assert dict(found.items) == {item: item for item in NINE}
    assert found.guess == ""


@pytest.mark.parametrize(
    "spelling",
    ["smp_{}", "SMP{}", "smp-{}", "q{}", "Q_{}", "item{}", "Item.{}", "i{}", "sample_q{}"],
)
def test_usual_spellings_are_taken_and_said(spelling: str) -> None:
    columns = ["client", *(spelling.format(item) for item in NINE)]
    found = find_wide(columns, nine_sums(), None)
    assert list(found.items.values()) == columns[1:]
    assert found.guess.startswith("Columns were taken for the items of 'sample'")


def test_leading_zeros_are_taken() -> None:
    found = find_wide([f"q0{item}" for item in NINE], nine_sums(), None)
    assert found.items["1"] == "q01"


def test_two_spellings_at_once_are_refused() -> None:
    with pytest.raises(ScoreFrameError, match="E-FRAME-003"):
        find_wide([*(f"q{k}" for k in NINE), *(f"item{k}" for k in NINE)], nine_sums(), None)


def test_two_columns_for_one_item_are_refused() -> None:
    with pytest.raises(ScoreFrameError, match=r"E-FRAME-003.*item '1'"):
        find_wide([*(f"q{k}" for k in NINE), "Q_1"], nine_sums(), None)


def test_one_missing_item_is_named() -> None:
    with pytest.raises(ScoreFrameError, match=r"E-FRAME-002.*item '9'"):
        find_wide(NINE[:8], nine_sums(), None)


def test_named_columns_are_taken_and_the_rest_by_id() -> None:
    found = find_wide([*NINE[1:], "first"], nine_sums(), {"1": "first"})
    assert found.items["1"] == "first"
    assert found.items["2"] == "2"


@pytest.mark.parametrize("items", [{"1": "nowhere"}, {"77": "1"}])
def test_names_that_do_not_exist_are_refused(items: dict[str, str]) -> None:
    with pytest.raises(ScoreFrameError, match="E-FRAME-004"):
        find_wide(NINE, nine_sums(), items)


def test_one_column_for_two_items_is_refused() -> None:
    with pytest.raises(ScoreFrameError, match="E-FRAME-003"):
        find_wide(NINE, nine_sums(), {"1": "2", "2": "2"})


def test_controls_of_skipped_items_are_needed() -> None:
    assert needed_items(with_skips()) == ("1", "2", "3b", "3", "3a")
    assert needed_items(twelve_means()) == tuple(f"i{k}" for k in range(1, 13))


def test_ids_that_begin_like_a_spelling_keep_their_meaning() -> None:
    made = measure((choice("q1"), choice("q2")), twelve_means().scales[:0])
    assert find_wide(["q1", "q2"], made, None).items == {"q1": "q1", "q2": "q2"}


def two_scales() -> Measure:
    """Items 1 and 2 make the total; item 3 alone makes the flag, asked when item 2 is 1 or more."""
    items = (choice("1"), choice("2"), replace(choice("3"), shown_if=ShownIf("2", 1)))
    total = replace(nine_sums().scales[0], items=("1", "2"), min_answered=2, bounds=None)
    return measure(items, (total, replace(total, id="flag", items=("3",), min_answered=1)))


def test_scale_without_any_column_is_left_out_and_said() -> None:
    found = find_wide(["1", "2"], two_scales(), None)
    assert dict(found.items) == {"1": "1", "2": "2"}
    assert found.guess == "No column holds an item of flag of 'sample': no score there"


def test_scale_with_some_of_its_columns_is_refused() -> None:
    with pytest.raises(ScoreFrameError, match=r"E-FRAME-002.*item '2' of"):
        find_wide(["1"], two_scales(), None)


def test_item_without_the_one_that_decides_about_it_is_refused() -> None:
    with pytest.raises(ScoreFrameError, match=r"E-FRAME-002"):
        find_wide(["3"], two_scales(), None)


def test_long_tables_are_recognised() -> None:
    assert is_long(["client", "item", "value"])
    assert is_long(["client", "item", "answer"])
    assert not is_long(["client", "item"])

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from attunement.measures import MeasureError, lint, parse_measure
from attunement.measures.docs import (
    HEADINGS,
    NOT_VALIDATED,
    index,
    page,
    shipped_pages,
    write_pages,
)
from attunement.measures.plain import plain
from attunement.measures.schema import Band, CutOff, Measure
from attunement.measures.skeleton import skeleton
from attunement.measures.words import listed, missing_sentence, scoring_sentence

COMMITTED = Path(__file__).resolve().parents[3] / "docs/reference/measures"


def demo() -> Measure:
    return parse_measure(skeleton("demo"), origin="demo", pack="operator")


def test_committed_pages_are_those_that_the_definitions_give() -> None:
    committed = {path.name: path.read_text("utf-8") for path in COMMITTED.glob("*.md")}
    expected = shipped_pages()
    assert sorted(committed) == sorted(expected)
    stale = [name for name, text in expected.items() if committed[name] != text]
    assert stale == [], "run `attunement measures docs`"


def test_every_page_has_the_fixed_headings_in_order() -> None:
    for name, text in shipped_pages().items():
        if name != "README.md":
            assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == HEADINGS


def test_page_of_an_unvalidated_measure_says_so() -> None:
    assert NOT_VALIDATED in page(demo())
    assert NOT_VALIDATED not in page(replace(demo(), validated=True))


def test_page_says_how_sure_a_cutoff_is() -> None:
    bands = (Band(0, 1, "low"), Band(2, 4, "high | odd"))
    for verified, words in ((True, "paper, read in the source"), (False, "not yet read")):
        table = CutOff("total", "screen", bands, "paper", verified)
        text = page(replace(demo(), cutoffs=(table,)))
        assert words in text
        assert "| 2 to 4 | high \\| odd |" in text


def test_page_quotes_the_owner_and_names_unknown_uses() -> None:
    rights = replace(demo().licence, exact_words="First line.\nSecond line.", contexts={})
    text = page(replace(demo(), licence=rights))
    assert "> First line.\n> Second line." in text
    assert "clinical: unknown" in text


def test_index_links_each_page() -> None:
    assert "[`demo`](demo.md)" in index([demo()])


def test_pages_are_written_and_stale_ones_taken_away(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("Written by `make docs` from the definition.", "utf-8")
    (tmp_path / "notes.md").write_text("somebody's own", "utf-8")
    written = write_pages(tmp_path)
    assert len(written) == len(shipped_pages())
    assert not (tmp_path / "gone.md").exists()
    assert (tmp_path / "notes.md").exists()


def test_plain_lines_keep_to_the_width() -> None:
    text = plain(demo(), text_languages=["en"], width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert "NOT VALIDATED" in text
    assert "Answers and scores can be entered in any case." in text


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["1", "2", "3", "7", "8a"], "1–3, 7, 8a"),
        (["1", "2", "4", "5"], "1, 2, 4, 5"),
        (["3"], "3"),
        ([], ""),
        (["2", "1", "0"], "2, 1, 0"),
    ],
)
def test_item_ids_are_drawn_together(ids: list[str], words: str) -> None:
    assert listed(ids) == words


def test_scoring_is_told_in_words() -> None:
    one = replace(
        demo().scale(),
        method="sum",
        reverse=("2",),
        multiplier=4.0,
        rounding="half_up",
        bounds=None,
    )
    assert scoring_sentence(demo(), one) == (
        "Sum of items 1–3, with 2 reversed (lowest + highest − answer), times 4, "
        "rounded, halves upward: 0 to 48; a higher score is the wished-for end."
    )


def test_missing_rule_is_told_in_words() -> None:
    one = replace(demo().scale(), method="sum", min_answered=2, prorate=True, missing_rule="")
    assert missing_sentence(one) == (
        "At least 2 of 3 items must be answered; the sum is then multiplied by items ÷ answers. "
        "Otherwise there is no score."
    )


def test_skeleton_passes_parser_and_linter() -> None:
    assert lint(demo()) == ()


@pytest.mark.parametrize("name", ["", "PHQ", "a b", "-a", "../a", "a" * 65])
def test_skeleton_refuses_an_id_that_is_not_permitted(name: str) -> None:
    with pytest.raises(MeasureError) as caught:
        skeleton(name)
    assert caught.value.code == "E-MEASURE-005"

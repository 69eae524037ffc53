# SPDX-License-Identifier: Apache-2.0
"""Measure files that are broken, huge or meant to harm: refused with their path, never run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attunement.measures import MeasureError, lint, load, parse_measure, parse_text
from attunement.measures.install import install
from attunement.measures.library import read_file
from attunement.measures.skeleton import skeleton


def text(old: str = "", new: str = "") -> str:
    base = skeleton("demo")
    assert old in base
    return base.replace(old, new, 1) if old else base


def refusal(content: str) -> MeasureError:
    with pytest.raises(MeasureError) as caught:
        parse_measure(content, origin="demo.toml", pack="operator")
    return caught.value


def errors(content: str) -> dict[str, str]:
    found = lint(parse_measure(content, origin="demo.toml", pack="operator"))
    return {one.code: one.path for one in found if one.severity == "error"}


BANDS = """[[cutoffs]]
scale = "total"
kind = "severity"
bands = [{low = 0, high = 2, label = "a"}, {low = 2, high = 4, label = "b"}]
verified = false
[licence] """


def test_overlapping_cutoffs_are_refused_with_path() -> None:
    assert errors(text("[licence] ", BANDS)) == {"cutoff-overlap": "cutoffs[0].bands[1]"}


def test_reverse_key_of_an_item_that_is_not_there_is_refused_with_path() -> None:
    assert errors(text('# reverse = ["2"]', 'reverse = ["4"]')) == {
        "reverse-outside": "scales[0].reverse"
    }


@pytest.mark.parametrize("weight", ["nan", "inf", "-inf", "1e400", "9e99", '"2"', "true", "[1]"])
def test_weight_that_is_no_finite_number_is_refused_with_path(weight: str) -> None:
    found = refusal(text('# weights = { "1" = 2.0 }  ', f'weights = {{ "1" = {weight} }}  '))
    assert found.code == "E-MEASURE-005"
    assert "scales[0].weights.1" in found.text()


@pytest.mark.parametrize("number", ["nan", "inf", "1" + "0" * 400, "1" + "0" * 5000])
def test_number_beyond_reason_is_refused(number: str) -> None:
    assert refusal(text("maximum = 4", f"maximum = {number}")).code in {
        "E-MEASURE-002",
        "E-MEASURE-005",
    }


@pytest.mark.parametrize(
    "formula",
    ['method = "i1 + i2"', "method = \"__import__('os').system('true')\"", 'formula = "1/0"'],
)
def test_formula_is_refused_because_there_is_no_grammar_for_one(formula: str) -> None:
    found = refusal(text('method = "mean" ', formula + " "))
    assert found.code in {"E-MEASURE-003", "E-MEASURE-004", "E-MEASURE-005"}
    assert "scales[0]" in found.text()


def test_no_source_file_of_the_room_evaluates_anything() -> None:
    import attunement.measures as room  # noqa: PLC0415 - only this test looks at the files

    for file in Path(room.__file__).parent.glob("*.py"):
        source = file.read_text("utf-8")
        assert "eval(" not in source
        assert "exec(" not in source
        assert "compile(" not in source.replace("re.compile(", "")


def test_ten_thousand_items_are_refused() -> None:
    many = "".join(
        f'[[items]]\nid = "i{n}"\nkind = "scale"\nminimum = 0\nmaximum = 4\n' for n in range(10_000)
    )
    found = refusal(text("[[scales]]", many + "[[scales]]"))
    assert found.code == "E-MEASURE-006"
    assert "items" in found.text()


def test_ten_thousand_ids_in_one_table_are_refused() -> None:
    ids = ", ".join(f'"i{n}"' for n in range(10_000))
    found = refusal(text('id = "3"', f"ids = [{ids}]"))
    assert found.code == "E-MEASURE-006"
    assert "items[2].ids" in found.text()


def test_many_tables_of_many_ids_are_refused() -> None:
    ids = ", ".join(f'"i{n}"' for n in range(600))
    table = f'[[items]]\nids = [{ids}]\nkind = "scale"\nminimum = 0\nmaximum = 4\n'
    assert refusal(text("[[scales]]", table * 2 + "[[scales]]")).code == "E-MEASURE-006"


def test_skip_logic_in_a_circle_is_refused_with_path() -> None:
    circle = text('construct = "first"', 'shown_if = { item = "2", at_least = 1 }').replace(
        'construct = "second"', 'shown_if = { item = "1", at_least = 1 }', 1
    )
    assert errors(circle) == {"skip-circle": "items[1].shown_if"}


def test_long_chain_of_skip_logic_is_walked_without_recursion() -> None:
    chain = "".join(
        f'[[items]]\nid = "c{n}"\nkind = "scale"\nminimum = 0\nmaximum = 4\nscored = false\n'
        f'shown_if = {{ item = "{f"c{n - 1}" if n else "1"}", at_least = 1 }}\n'
        for n in range(900)
    )
    assert errors(text("[[scales]]", chain + "[[scales]]")) == {}


def test_bounds_that_cannot_be_reached_are_refused_with_path() -> None:
    assert errors(text("bounds = [0, 4]", "bounds = [0, 5]")) == {
        "bounds-unreachable": "scales[0].bounds"
    }


@pytest.mark.parametrize(
    "content",
    ["", "= 3", "[[[", "a = 1\na = 2", "x" * 100, "schema = 1\n" * 2, "a = " + "[" * 100_000],
)
def test_what_is_not_toml_is_refused(content: str) -> None:
    assert refusal(content).code in {"E-MEASURE-002", "E-MEASURE-004"}


def test_megabytes_are_refused_before_they_are_read_as_toml() -> None:
    assert refusal("#" * 1_000_001).code == "E-MEASURE-006"


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/b", "CON.", "a\\u0000b", "ä"])
def test_id_that_could_leave_the_folder_is_refused(name: str) -> None:
    found = refusal(text('id = "demo"', f'id = "{name}"'))
    assert found.code == "E-MEASURE-005"


def test_terminal_escapes_are_neither_accepted_nor_repeated() -> None:
    found = refusal(text('acronym = "DEMO"', 'acronym = "\\u001b[2J"'))
    assert found.code == "E-MEASURE-005"
    assert "\x1b" not in found.text()
    found = refusal(text('acronym = "DEMO"', 'acronym = "D"\n"\\u001b[2J" = 1'))
    assert found.code == "E-MEASURE-003"
    assert "\x1b" not in found.text()


def test_duplicate_text_keys_are_refused() -> None:
    with pytest.raises(MeasureError) as caught:
        parse_text('schema = 1\n[items]\n1 = "a"\n1 = "b"\n', origin="demo.en.toml")
    assert caught.value.code == "E-MEASURE-002"


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/", "/nowhere/at/all.toml"])
def test_what_is_no_regular_file_is_refused_at_once(path: str) -> None:
    with pytest.raises(MeasureError) as caught:
        read_file(Path(path), origin=path)
    assert caught.value.code == "E-MEASURE-011"


def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(MeasureError) as caught:
        read_file(tmp_path / "pipe.toml", origin="pipe.toml")
    assert caught.value.code == "E-MEASURE-011"


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'title = "Fran\xe7ais"')
    with pytest.raises(MeasureError, match="not UTF-8"):
        read_file(tmp_path / "latin.toml", origin="latin.toml")


def test_same_version_with_other_content_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    file, folder = tmp_path / "demo.toml", tmp_path / "home"
    file.write_text(text(), "utf-8")
    install(file, [], folder=folder)
    installed = (folder / "demo" / "1.toml").read_bytes()
    file.write_text(text("min_answered = 3", "min_answered = 2"), "utf-8")
    with pytest.raises(MeasureError) as caught:
        install(file, [], folder=folder)
    assert caught.value.code == "E-MEASURE-009"
    assert (folder / "demo" / "1.toml").read_bytes() == installed
    assert load("demo", extra=[folder]).scale().min_answered == 3

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from attunement.exchange import TableError, read_table

PLAIN = "id,session,score\nA,1,3.5\nA,2,\nB,1,4\n"
ROWS = [("A", "1", "3.5"), ("A", "2", None), ("B", "1", "4")]


def _codes(data: bytes) -> list[tuple[str, int, int]]:
    table = read_table(data, name="t.csv")
    return [(problem.code, problem.row, problem.count) for problem in table.problems]


def test_rows_of_a_clean_file() -> None:
    table = read_table(PLAIN.encode(), name="t.csv")
    assert table.columns == ("id", "session", "score")
    assert list(table.rows) == ROWS
    assert table.row_numbers.tolist() == [2, 3, 4]
    assert table.problems == ()
    assert (len(table), table.rows_read) == (3, 3)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_same_result_however_it_was_written(newline: str, mark: bytes, delimiter: str) -> None:
    text = PLAIN.replace("\n", newline).replace(",", delimiter)
    table = read_table(mark + text.encode(), name="t.csv")
    assert list(table.rows) == ROWS
    assert table.dialect.delimiter == delimiter
    assert table.dialect.byte_order_mark == bool(mark)
    assert table.dialect.newline == {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[newline]


def test_last_line_without_line_end() -> None:
    assert list(read_table(PLAIN.rstrip("\n").encode(), name="t.csv").rows) == ROWS


def test_decimal_comma_only_where_the_separator_is_another() -> None:
    assert read_table(b"id;score\n1;3,5\n", name="t").dialect.decimal == ","
    assert read_table(b'id,score\n1,"3,5"\n', name="t").dialect.decimal == "."
    assert read_table(b"id;score\n1;3.5\n", name="t").dialect.decimal == "."


def test_quoted_cells_may_hold_separators_quotes_and_line_ends() -> None:
    table = read_table(b'id,note\n1,"a,b ""c""\nd"\n2,e\n', name="t")
    assert list(table.rows) == [("1", 'a,b "c"\nd'), ("2", "e")]
    assert table.row_numbers.tolist() == [2, 3]


def test_repeated_header_is_left_out_and_told_once() -> None:
    data = b"id,score\n1,2\nid,score\n2,3\nid,score\n"
    table = read_table(data, name="t")
    assert list(table.rows) == [("1", "2"), ("2", "3")]
    assert _codes(data) == [("E-TABLE-013", 3, 2)]
    assert table.problems[0].rows == (3, 5)
    assert table.problems[0].refused


def test_header_of_a_joined_file_with_its_own_byte_order_mark() -> None:
    data = b"id,score\n1,2\n\xef\xbb\xbfid,score\n2,3\n"
    assert _codes(data) == [("E-TABLE-013", 3, 1)]


def test_spss_mark_is_missing_and_told_once_for_all_columns() -> None:
    table = read_table(b"id,a,b\n1,#NULL!,2\n2,1,#NULL!\n3,#NULL!,1\n", name="t")
    assert [row[1:] for row in table.rows] == [(None, "2"), ("1", None), (None, "1")]
    (problem,) = table.problems
    assert (problem.code, problem.row, problem.column, problem.count) == ("E-TABLE-014", 2, "a", 3)
    assert "SPSS" in problem.what
    assert not problem.refused


def test_na_and_blank_are_missing_without_a_remark() -> None:
    table = read_table(b"id,a\n1,NA\n2,\n3,NaN\n", name="t")
    assert [row[1] for row in table.rows] == [None, None, "NaN"]
    assert table.problems == ()


def test_rows_of_another_width_are_left_out_with_their_numbers() -> None:
    table = read_table(b"a,b\n1,2\n3\n4,5,6\n7,8\n9\n", name="t")
    assert list(table.rows) == [("1", "2"), ("7", "8")]
    assert [(p.row, p.rows) for p in table.problems] == [(3, (3, 6)), (4, (4,))]


def test_empty_rows_count_as_rows_of_the_sheet() -> None:
    table = read_table(b"a;b\n1;2\n\n;\n3;4\n", name="t")
    assert table.row_numbers.tolist() == [2, 5]
    assert [(p.code, p.row, p.refused) for p in table.problems] == [("E-TABLE-017", 4, False)]
    assert table.rows_read == 2


def test_spaces_around_values_go_and_are_told() -> None:
    table = read_table("a,b\n 1 ,x\u00a0\n".encode(), name="t")
    assert list(table.rows) == [("1", "x")]
    assert [(p.code, p.count) for p in table.problems] == [("E-TABLE-016", 2)]


def test_column_without_a_name_is_called_by_its_place() -> None:
    table = read_table(b'"","id"\n"1","A"\n', name="t")
    assert table.columns == ("(column 1)", "id")
    assert table.problems[0].code == "E-TABLE-018"


def test_separator_line_of_excel_is_obeyed() -> None:
    table = read_table(b"sep=;\nid;score\n1;2\n", name="t")
    assert table.columns == ("id", "score")
    assert table.row_numbers.tolist() == [3]


def test_separator_that_cannot_be_told_is_asked_for() -> None:
    data = b"a,b;c\n1,2;3\n"
    with pytest.raises(TableError, match="E-TABLE-006"):
        read_table(data, name="t")
    assert read_table(data, name="t", delimiter=";").columns == ("a,b", "c")


def test_commas_in_one_column_do_not_hide_the_semicolons() -> None:
    table = read_table(b"id;items, a, b, c\n1;x\n2;y\n", name="t")
    assert table.dialect.delimiter == ";"


def test_table_of_one_column() -> None:
    table = read_table(b"score\n1\n2\n", name="t")
    assert list(table.rows) == [("1",), ("2",)]


def test_progress_tells_the_rows_read() -> None:
    told: list[int] = []
    read_table(b"a,b\n" + b"1,2\n" * 70_000, name="t", progress=told.append)
    assert told == [65_536, 70_000]


def test_problem_text_has_code_place_and_next_step() -> None:
    (problem,) = read_table(b"a,b\n1,2\n3\n", name="t").problems
    assert problem.text() == (
        "E-TABLE-010 (row 3): The row has 1 cell where the header has 2. Left out; look for a "
        "missing or an extra separator in the row."
    )


def test_mistakes_come_in_the_order_of_their_rows() -> None:
    data = b"a,b,c\n1,2,3,4\n1,2\n1,\0,3\n1,2,3\n1\n1,2\n"
    problems = read_table(data, name="t").problems
    assert [(one.code, one.rows) for one in problems] == [
        ("E-TABLE-010", (2,)), ("E-TABLE-010", (3, 7)), ("E-TABLE-011", (4,)),
        ("E-TABLE-010", (6,)),
    ]  # fmt: skip


def test_a_named_separator_that_does_not_occur_is_refused() -> None:
    with pytest.raises(TableError, match="does not occur") as refused:
        read_table(b"a,b\n1,2\n", name="t", delimiter=";")
    assert refused.value.code == "E-TABLE-006"
    assert "semicolons" in refused.value.got


@pytest.mark.reference
@pytest.mark.skipif(
    "ATTUNEMENT_REFERENCE_DATA" not in os.environ, reason="ATTUNEMENT_REFERENCE_DATA is not set"
)
def test_every_reference_table_reads_as_the_standard_library_reads_it() -> None:
    folder = Path(os.environ["ATTUNEMENT_REFERENCE_DATA"])
    paths = sorted(folder.glob("*/*.csv"))
    assert len(paths) > 10
    for path in paths:
        text = path.read_text(encoding="utf-8-sig")
        expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        table = read_table(path.read_bytes(), name=path.name)
        assert len(table) == len(expected) - 1, path.name
        for ours, theirs in zip(table.rows, expected[1:], strict=True):
            told = ["" if cell is None else cell for cell in ours]
            assert told == ["" if cell in {"NA", "."} else cell.strip(" ") for cell in theirs]

# SPDX-License-Identifier: Apache-2.0
"""Malformed and hostile tables: each refusal names a place and changes nothing.

Row 16 (another practice's id) and row 12 (one id, two birth years) belong to the import of people:
``tests/hostile/test_people_file.py`` and ``tests/store/test_people_import.py``.
"""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from attunement.exchange import TableError, read_table
from attunement.frames import RatingsError, ratings
from attunement.picture import look

HEAD = "id,session,score\n"


def _codes(text: str, *, ends: tuple[float, float] = (0.0, 6.0)) -> list[tuple[str, int]]:
    seen = ratings(
        read_table((HEAD + text).encode(), name="t.csv"), scale_range=ends, lower_is_better=False
    )
    return [(problem.code, problem.row) for problem in seen.problems]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n", b"id,score\n", b"id,score"])
def test_row_1_no_rows(data: bytes) -> None:
    with pytest.raises(TableError, match="E-TABLE-001"):
        read_table(data, name="t.csv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_row_3_other_encodings_are_named_and_not_guessed(encoding: str) -> None:
    with pytest.raises(TableError, match="E-TABLE-002") as refusal:
        read_table("id,score\nMüller,3\n".encode(encoding), name="t.csv")
    assert "UTF-8" in refusal.value.text()
    assert "ller" not in refusal.value.text()


def test_row_3_first_bad_line_is_named() -> None:
    lines = b"id,score\n" + b"a,1\n" * 400_000 + b"\xfc,1\n"
    with pytest.raises(TableError, match=r"in line 400002\b"):
        read_table(lines, name="t.csv")


def test_row_4_nul_refuses_the_row() -> None:
    table = read_table(b"id,score\nA,1\nB\0,2\nC,3\n", name="t.csv")
    assert list(table.rows) == [("A", "1"), ("C", "3")]
    assert [(p.code, p.row) for p in table.problems] == [("E-TABLE-011", 3)]


@pytest.mark.parametrize("quote", ["", '"'])
def test_row_5_endless_cell_refuses_the_row(quote: str) -> None:
    long = quote + "x" * 131_073 + quote
    table = read_table(f"id,score\n{long},1\nC,3\n".encode(), name="t.csv")
    assert list(table.rows) == [("C", "3")]
    assert [(p.code, p.row) for p in table.problems] == [("E-TABLE-012", 2)]


def test_row_5_longest_permitted_cell_is_kept() -> None:
    table = read_table(f"id,score\n{'x' * 131_072},1\n".encode(), name="t.csv")
    assert table.problems == ()


def test_row_6_unclosed_quote_names_the_line_where_it_starts() -> None:
    data = b'id,note\n1,"a\nb"\n2,"never closed\n' + b"3,c\n" * 50_000
    with pytest.raises(TableError, match=r"E-TABLE-005.*starts in line 4\b"):
        read_table(data, name="t.csv")


def test_row_6_broken_quotes_refuse_the_row_alone() -> None:
    table = read_table(b'id,note\n1,"a"b\n2,c\n', name="t.csv")
    assert list(table.rows) == [("2", "c")]
    assert [(p.code, p.row) for p in table.problems] == [("E-TABLE-015", 2)]


def test_row_7_ragged_rows_are_listed() -> None:
    assert _codes("A,1,2\nA,2\nA,3,4,5\nA,4,5\n") == [("E-TABLE-010", 3), ("E-TABLE-010", 4)]


@pytest.mark.parametrize("header", ["id,id", "id,ID", "id, id ", "ｉｄ,id"])
def test_row_8_doubled_header_is_refused(header: str) -> None:
    with pytest.raises(TableError, match=r"E-TABLE-003.*row 1"):
        read_table(f"{header}\n1,2\n".encode(), name="t.csv")


@pytest.mark.parametrize("name", ["sсore", "sc\u200bore", "sc\u202eore", "scοre"])
def test_row_8_look_alike_header_is_refused(name: str) -> None:
    with pytest.raises(TableError, match="E-TABLE-004"):
        read_table(f"id,{name}\n1,2\n".encode(), name="t.csv")


def test_row_8_a_name_in_one_other_alphabet_is_fine() -> None:
    assert read_table("ид,оценка\n1,2\n".encode(), name="t.csv").columns == ("ид", "оценка")


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+cmd|x", "@SUM(A1)", "\t=1", "-1+1"])
def test_row_9_formulas_are_text_and_inert(cell: str) -> None:
    table = read_table(f"{HEAD}{cell},1,3\n{cell},2,4\n".encode(), name="t.csv")
    assert next(table.rows)[0] == cell
    page = look(table, scale_range=(0, 6), lower_is_better=False).html()
    assert page.count("<script") == 1


@pytest.mark.parametrize(
    "cell", ["3.5.1", "1e0", "٣", "1_0", "NaN", "nan", "inf", "-inf", "Infinity", "-0", "-0.0",
             "0x10", "１", "3 4", "3%", '"3,5"', "9" * 400, "true", "--3", "+"]
)  # fmt: skip
def test_row_10_what_is_not_a_plain_number_refuses_the_row(cell: str) -> None:
    assert _codes(f"A,1,3\nA,2,{cell}\nA,3,4\n") == [("E-FRAME-110", 3)]


@pytest.mark.parametrize("cell", ["7", "-1", "6.0001"])
def test_row_10_off_the_scale_refuses_the_row(cell: str) -> None:
    assert _codes(f"A,1,3\nA,2,{cell}\nA,3,4\n") == [("E-FRAME-111", 3)]


def test_row_10_decimals_where_the_measure_has_none() -> None:
    table = read_table(f"{HEAD}A,1,3\nA,2,3.5\n".encode(), name="t.csv")
    seen = ratings(table, measure="phq-9")
    assert [(p.code, p.row, p.column) for p in seen.problems] == [("E-FRAME-112", 3, "score")]


def test_row_10_blank_is_missing_and_not_zero() -> None:
    assert _codes("A,1,3\nA,2,\nA,3,NA\n") == []


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("31.02.2026", "E-FRAME-116"),
        ("2026-02-31", "E-FRAME-116"),
        ("2026-13-01", "E-FRAME-116"),
        ("0001-01-01", "E-FRAME-116"),
        ("9999-12-31", "E-FRAME-116"),
        ("29.02.2025", "E-FRAME-116"),
        ("02/03/26", "E-FRAME-117"),
        ("02.03.26", "E-FRAME-117"),
        ("03/2026", "E-FRAME-116"),
        ("soon", "E-FRAME-116"),
    ],
)
def test_row_11_dates_are_refused_or_asked_for(day: str, code: str) -> None:
    text = f"id,session,date,score\nA,1,2026-02-01,3\nA,2,{day},4\nA,3,2026-03-08,4\n"
    seen = ratings(read_table(text.encode(), name="t.csv"))
    assert [(p.code, p.row, p.column) for p in seen.problems] == [(code, 3, "date")]
    assert seen.frame["session"].to_list() == [1, 3]


def test_row_11_a_time_of_day_and_a_zone_leave_the_day_as_written() -> None:
    text = "id,session,date,score\nA,1,2026-03-29T02:30:00,3\nA,2,2026-04-05T23:59:00-11:00,4\n"
    seen = ratings(read_table(text.encode(), name="t.csv"))
    assert [str(day) for day in seen.frame["date"]] == ["2026-03-29", "2026-04-05"]


def test_row_11_ambiguous_dates_alone_ask_for_the_format() -> None:
    text = "id,date,score\nA,02/03/26,3\nA,09/03/26,4\n"
    with pytest.raises(RatingsError, match=r"E-FRAME-106.*--date-format"):
        ratings(read_table(text.encode(), name="t.csv"))


@pytest.mark.slow
def test_row_13_the_same_rows_twice_count_once() -> None:
    header = b"id,session,perspective,score\n"
    rows = b"A,1,client,4\nA,2,client,5\nB,1,client,3\n"
    once = ratings(read_table(header + rows, name="t.csv"), scale_range=(0, 6))
    twice = ratings(read_table(header + rows + rows, name="t.csv"), scale_range=(0, 6))
    assert twice.frame.height == once.frame.height == 3
    assert [problem.count for problem in twice.problems] == [3]


def test_row_14_and_15_a_million_rows_and_one_bad_one_at_the_end() -> None:
    row = b"C%06d,%d,2026-01-%02d,client,%d\n"
    rows = [row % (n // 15, n % 15 + 1, n % 28 + 1, n % 43) for n in range(1_000_000)]
    rows[999_997] = b"C066666,13,2026-01-26,client,many\n"
    data = b"id,session,date_text,perspective,score\n" + b"".join(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = read_table(data, name="t.csv")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert len(table) == 1_000_000
    assert grown < 256 + len(data) / 2**20, f"{grown:.0f} MiB"
    seen = ratings(table, scale_range=(0, 42), lower_is_better=True)
    assert [(p.code, p.row) for p in seen.problems] == [("E-FRAME-110", 999_999)]
    assert seen.frame.height == 999_999


def test_binary_files_are_named_for_what_they_are() -> None:
    for data, word in ((b"PK\x03\x04xxxx", "Excel"), (b"$FL2xxxx", "SPSS"), (b"%PDF-1.7", "PDF")):
        with pytest.raises(TableError, match=f"E-TABLE-007.*{word}"):
            read_table(data, name="t.csv")


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(Exception, match="E-LOOK-002"):
        look(path)


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "{{7*7}}", "a\u202eb",
     "\u001b[31mred", '"><svg onload=alert(1)>', "😀" * 200, "x" * 10_000],
)  # fmt: skip
def test_hostile_names_are_inert_on_the_page_and_in_the_text(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    text = f"id,session,perspective,score\n{quoted},1,client,3\n{quoted},2,client,4\n"
    seen = look(text.encode(), scale_range=(0, 6), lower_is_better=False)
    page = seen.html()
    assert page.count("<script") == 1
    assert "onerror=alert(1)>" not in page.replace("&gt;", "")
    assert "<img" not in page
    assert "<svg onload" not in page
    for hidden in ("\u202e", "\u001b"):
        assert hidden not in page
        assert hidden not in seen.text()


def test_no_refusal_quotes_a_cell() -> None:
    text = (
        "id,session,date,perspective,score\nSecretName,1,2026-01-01,client,3\n"
        "SecretName,x9secret,2026-01-01,client,3\nSecretName,2,secretday,client,3\n"
        "SecretName,3,2026-01-09,secretwho,3\nSecretName,4,2026-01-10,client,secretscore\n"
    )
    seen = ratings(read_table(text.encode(), name="t.csv"))
    assert len(seen.problems) == 4
    assert "secret" not in " ".join(problem.text() for problem in seen.problems).lower()

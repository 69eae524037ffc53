# SPDX-License-Identifier: Apache-2.0
"""Malformed and hostile files of people: named by row and column, never quoted, nothing changed.

Rows 12, 13 and 16 need the store and are in ``tests/store/test_people_import.py``.
"""

from __future__ import annotations

import resource
from datetime import UTC, date, datetime
from typing import Any

import pytest

from attunement.clinic.errors import ClinicError
from attunement.clinic.models import AuditEvent, CareEpisode, Client, Dyad
from attunement.clinic.services.people_file import PeopleFile, read_people
from attunement.clinic.services.people_import import PeopleRefusedError, import_people
from attunement.exchange import TableError, read_table
from attunement.frames import RatingsError

HEAD = "client_code,therapist_login,birth_year,began_on\n"
GOOD = "C-01,amber,1980,2026-01-05\n"
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def _read(data: str | bytes, **given: Any) -> PeopleFile:
    raw = data.encode() if isinstance(data, str) else data
    return read_people(read_table(raw, name="people.csv"), today=TODAY, **given)


def _found(text: str, **given: Any) -> list[tuple[str, int, str]]:
    """Return the problems of rows below a good one, which must stay good."""
    people = _read(HEAD + GOOD + text, **given)
    assert not people.refused[0]
    return [(p.code, p.row, p.column) for p in people.problems if p.refused]


def _kept(people: PeopleFile) -> list[tuple[Any, ...]]:
    return people.frame.filter(~people.refused).rows()


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n", HEAD.encode(), HEAD[:-1].encode()])
def test_row_1_no_people(data: bytes) -> None:
    with pytest.raises(TableError, match="E-TABLE-001"):
        _read(data)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_row_2_every_dialect_gives_the_same_people(newline: str, mark: str, separator: str) -> None:
    text = (HEAD + GOOD + "C-02,Birch,,2026-02-01\n").replace("\n", newline)
    people = _read(mark + text.replace(",", separator))
    assert people.problems == []
    assert _kept(people) == [
        (2, "C-01", "amber", 1980, date(2026, 1, 5)),
        (3, "C-02", "birch", None, date(2026, 2, 1)),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_row_3_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(TableError, match="E-TABLE-002"):
        _read((HEAD + "Ä-01,amber,1980,2026-01-05\n").encode(encoding))


def test_rows_4_5_and_7_rows_that_cannot_be_cut_are_listed_once() -> None:
    text = "C\0,amber,,2026-01-05\n" + "x" * 131_073 + ",amber,,2026-01-05\nC-04,amber\n1,2,3,4,5\n"
    assert _found(text) == [
        ("E-TABLE-011", 3, ""),
        ("E-TABLE-012", 4, ""),
        ("E-TABLE-010", 5, ""),
        ("E-TABLE-010", 6, ""),
    ]


def test_row_6_an_unclosed_quote_refuses_the_file() -> None:
    with pytest.raises(TableError, match=r"E-TABLE-005.*line 3\b"):
        _read(HEAD + GOOD + '"C-02,amber,,2026-01-05\n')


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("client_code,therapist_login,began_on,began_on", "E-TABLE-003"),
        ("client_code,therapist_login,began_on,Client_Code", "E-TABLE-003"),
        ("client_сode,therapist_login,birth_year,began_on", "E-TABLE-004"),
        ("client_code,therapist_login,birth_year,name", "E-CLINIC-102"),
        ("client_code,therapist_login,birth_year,", "E-CLINIC-102"),
        ("code,therapist_login,birth_year,began_on", "E-CLINIC-102"),
        ("Client_code,therapist_login,birth_year,began_on", "E-CLINIC-102"),
    ],
)
def test_row_8_doubled_look_alike_and_unknown_columns_refuse_the_file(
    header: str, code: str
) -> None:
    with pytest.raises((TableError, ClinicError)) as refusal:
        _read(f"{header}\n{GOOD}")
    assert refusal.value.code == code
    assert "row 1" in refusal.value.text() or "no column" in refusal.value.text()


@pytest.mark.parametrize("code", ["=HYPERLINK(1)", "+cmd|x", "@SUM(A1)", "-1+1"])
def test_row_9_formulas_are_codes_like_any_other(code: str) -> None:
    people = _read(f"{HEAD}{code},amber,,2026-01-05\n")
    assert people.problems == []
    assert _kept(people)[0][1] == code


@pytest.mark.parametrize(
    "code",
    ["\t=1", "a\u202eb", "a\x1b[31mb", '"a\nb"', "x" * 41, "a\u2028b"]
    + [
        f"C-0{letter}1"
        for letter in "\u200b\u200c\u200d\u2060\ufeff\u00ad\u00a0\u3164\u2800\ufe0f\u034f"
    ],
)
def test_row_9_codes_that_no_page_can_show_are_refused(code: str) -> None:
    """A tab at the start is a control character, and no code of a client has one."""
    assert _found(f"{code},amber,,2026-01-05\n") == [("E-CLINIC-104", 3, "client_code")]


@pytest.mark.parametrize(
    "cell",
    ["80", "1899", "2027", "12026", "3.5", '"19,8"', "198e1", "١٩٨٠", "1_98", "NaN", "inf", "-0",
     "-1980", "+1980", "1980.0", "0x7b", "１９８０", "soon", "19 80"],
)  # fmt: skip
def test_row_10_what_is_not_a_birth_year_refuses_the_row(cell: str) -> None:
    assert _found(f"C-02,amber,{cell},2026-01-05\n") == [("E-CLINIC-104", 3, "birth_year")]


@pytest.mark.parametrize("cell", ["", " ", "NA", "#N/A", "."])
def test_row_10_a_blank_birth_year_is_missing(cell: str) -> None:
    assert _found(f"C-02,amber,{cell},2026-01-05\n") == []


@pytest.mark.parametrize("column", ["client_code", "therapist_login", "began_on"])
def test_row_10_a_blank_in_a_column_that_is_needed_refuses_the_row(column: str) -> None:
    cells = {"client_code": "C-02", "therapist_login": "amber", "birth_year": "", "began_on": "NA"}
    cells["began_on"] = "2026-01-05"
    cells[column] = ""
    assert _found(",".join(cells.values()) + "\n") == [("E-CLINIC-103", 3, column)]


@pytest.mark.parametrize(
    "day",
    ["31.02.2026", "2026-02-30", "2026-13-01", "02/03/26", "02/03/2026", "0001-01-01", "9999-12-31",
     "1899-12-31", "2026-03-04", "soon", "2026", "46027"],
)  # fmt: skip
def test_row_11_days_that_cannot_be_or_must_be_guessed_refuse_the_row(day: str) -> None:
    assert _found(f"C-02,amber,,{day}\n") == [("E-CLINIC-104", 3, "began_on")]


@pytest.mark.parametrize("form", [None, "YYYY-MM-DD"])
@pytest.mark.parametrize(
    "day",
    ["2026-02-28T02:30", "2026-02-28T02:30:00Z", "2026-02-28T23:30-05:00", "2026-02-28 02:30",
     "2026-02-28T", "28.02.2026 02:30"],
)  # fmt: skip
def test_row_11_a_day_with_a_time_refuses_the_row(day: str, form: str | None) -> None:
    assert _found(f"C-02,amber,,{day}\n", date_format=form) == [("E-CLINIC-104", 3, "began_on")]


def test_row_11_a_format_that_is_named_is_read() -> None:
    text = "client_code,therapist_login,began_on\nC-01,amber,02/03/2025\n"
    assert _kept(_read(text, date_format="DD/MM/YYYY"))[0][4] == date(2025, 3, 2)
    assert _kept(_read(text, date_format="MM/DD/YYYY"))[0][4] == date(2025, 2, 3)
    with pytest.raises(RatingsError, match="E-FRAME-109"):
        _read(text, date_format="DD/MM")


def test_row_12_two_birth_years_in_one_file_refuse_every_row_of_the_client() -> None:
    text = "C-02,amber,1970,2026-01-05\nC-02,birch,,2026-01-05\nC-02,cedar,1971,2026-01-05\n"
    people = _read(HEAD + GOOD + text)
    assert [(p.code, p.row, p.column, p.rows) for p in people.problems] == [
        ("E-CLINIC-106", 3, "birth_year", (3, 5))
    ]
    assert [row[0] for row in _kept(people)] == [2]


def test_row_12_two_first_days_of_one_dyad_and_a_birth_after_it_are_refused() -> None:
    days = "C-02,amber,,2026-01-05\nC-02,AMBER,,2026-01-06\n"
    assert _found(days) == [("E-CLINIC-106", 3, "began_on")]
    assert _found("C-02,amber,2026,2025-12-01\n") == [("E-CLINIC-106", 3, "birth_year")]
    assert _found("C-02,amber,1970,2026-01-05\nC-02,birch,1970,2026-02-05\n") == []


def test_a_day_for_all_rows_stands_in_where_there_is_none() -> None:
    with pytest.raises(ClinicError, match=r"E-CLINIC-102.*--began-on"):
        _read("client_code,therapist_login\nC-01,amber\n")
    people = _read("client_code,therapist_login\nC-01,amber\n", began_on=date(2026, 1, 5))
    assert people.problems == []
    with pytest.raises(ClinicError, match="E-CLINIC-104"):
        _read("client_code,therapist_login\nC-01,amber\n", began_on=date(2026, 3, 4))


def test_no_problem_quotes_a_cell() -> None:
    text = (
        "Secret\x1bcode,amber,,2026-01-05\nC-02,amber,secret,2026-01-05\n"
        "C-03,amber,,secretday\nC-04,amber,1961,2026-01-05\nC-04,amber,1962,2026-01-06\n"
    )
    people = _read(HEAD + text)
    assert len(people.problems) == 5
    said = " ".join(problem.text() for problem in people.problems)
    for cell in ("secret", "C-04", "1961", "1962", "2026-01-06"):
        assert cell.lower() not in said.lower()


@pytest.mark.slow
def test_rows_14_and_15_a_million_rows_and_one_bad_one_at_the_end(world: Any) -> None:
    rows = [b"C%07d,amber,%d,2026-01-%02d\n" % (n, 1940 + n % 60, n % 28 + 1) for n in range(10**6)]
    rows[999_997] = b"C0999997,amber,19x0,2026-01-05\n"
    table = read_table(HEAD.encode() + b"".join(rows), name="people.csv")
    del rows
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts = [model.objects.count() for model in (Client, Dyad, CareEpisode)]
    with pytest.raises(PeopleRefusedError) as refusal:
        import_people(table, practice=world.practice, now=NOW)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert [(p.code, p.row, p.column) for p in refusal.value.problems] == [
        ("E-CLINIC-104", 999_999, "birth_year")
    ]
    assert [model.objects.count() for model in (Client, Dyad, CareEpisode)] == counts
    assert AuditEvent.objects.latest("id").outcome == "refused"
    assert grown < 256, f"{grown:.0f} MiB"

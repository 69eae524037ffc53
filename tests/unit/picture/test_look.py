# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import polars as pl
import pytest

import attunement
from attunement import simulate
from attunement.picture import Look, LookError, look

TWO = (
    "dyad,session,perspective,score\n"
    + "".join(f"A{n},{s},client,{4 + (s * n) % 2}\n" for n in (1, 2, 10) for s in range(1, 9))
    + "".join(f"A{n},{s},therapist,4\n" for n in (1, 2, 10) for s in range(1, 8))
    + "A2,9,client,0\n"
)


def _look(text: str = TWO, **named: object) -> Look:
    named = {"scale_range": (0.0, 6.0), "lower_is_better": False, **named}
    return look(text.encode(), name="two.csv", **named)  # type: ignore[arg-type]


def test_package_offers_look() -> None:
    assert attunement.look is look


def test_glance_counts_of_a_file_counted_by_hand() -> None:
    glance = _look().glance
    # Three dyads: 8 client and 7 therapist sessions each, and one more client session of A2.
    assert (glance.dyads, glance.sessions, glance.ratings) == (3, 25, 3 * 15 + 1)
    assert glance.one_chair == 4
    assert glance.missing == 4
    assert [(c.chair, c.ratings, c.at_best) for c in glance.chairs] == [
        ("client", 25, 0), ("therapist", 21, 0)
    ]  # fmt: skip


def test_dyads_come_in_natural_order_of_their_names() -> None:
    assert [view.name for view in _look().dyads] == ["A1", "A2", "A10"]


def test_a_deep_fall_raises_a_question_with_rule_and_chance() -> None:
    view = _look().dyads[1]
    (found,) = view.signals
    chair, signal = found
    assert (chair, signal.session_no) == ("client", 9)
    check = next(check for check in view.checks if check.chair == "client")
    assert 0 < check.chance.per_series < 1
    assert "In 100 stable series" in check.chance.sentence


def test_a_fall_is_no_question_where_lower_is_better() -> None:
    assert all(
        signal.session_no != 9
        for view in _look(lower_is_better=True).dyads
        for _, signal in view.signals
    )


def test_no_rule_is_asked_where_the_direction_is_not_known() -> None:
    seen = look(TWO.encode(), name="two.csv")
    assert seen.archives == {}
    assert (seen.glance.signals, seen.glance.by_chance) == (None, None)
    assert "nobody said which end" in seen.text()
    page = seen.html()
    assert "which end is better is not known" in page
    assert "higher is better" not in page
    assert "lower is better" not in page


def test_observed_range_is_called_observed() -> None:
    seen = look(TWO.encode(), name="two.csv")
    assert "where ratings here lie between 0 and 5" in seen.html()
    assert "scores in this table lie between 0 and 5" in seen.text()


def test_what_is_missing_is_said_per_chair() -> None:
    text = "id,session,perspective,score\nA,1,c,3\nA,2,c,\nA,5,c,4\nA,5,t,5\nA,6,t,99\n"
    (view,) = _look(text).dyads
    assert view.missing_words() == (
        "No client rating in sessions 2, 6.",
        "No therapist rating in sessions 1, 2.",
        "The file has no row for sessions 3, 4.",
        "Left out because of a mistake: row 6, session 6 (E-FRAME-111).",
    )
    assert (view.rated, view.missing, view.one_chair) == (2, 4, 1)


def test_page_is_whole_and_asks_for_nothing() -> None:
    page = _look().html()
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert re.findall(r'(?:src|href)="(?!#|data:,)[^"]*"', page) == []
    assert not re.search(r"url\(|@import", page)
    assert " style=" not in page
    assert not re.search(r"\son[a-z]+=", page)
    assert page.count('<article class="dyad"') == 3


def test_page_shows_each_dyad_with_picture_sentence_and_table() -> None:
    page = _look().html()
    articles = page.split('<article class="dyad"')[1:]
    for article in articles:
        assert "<svg" in article
        assert 'class="att-sentence"' in article
        assert '<table class="att-table">' in article
        assert "In 100 stable series" in article


def test_same_file_gives_the_same_page() -> None:
    assert _look().html() == _look().html()


def test_many_dyads_are_packed_and_unpack_to_every_article() -> None:
    import base64  # noqa: PLC0415 - only here
    import gzip  # noqa: PLC0415

    rows = "".join(f"P{n},{s},{3 + n % 3}\n" for n in range(120) for s in (1, 2))
    page = _look(f"id,session,score\n{rows}").html()
    parts = re.findall(r'<script type="text/plain" id="packed-(\w+)"[^>]*>([^<]*)</script>', page)
    assert [name for name, _ in parts] == ["list", "0", "1", "2"]
    opened = [json.loads(gzip.decompress(base64.b64decode(text))) for _, text in parts]
    assert [entry[0] for entry in opened[0]] == [f"P{n}" for n in range(120)]
    articles = [article for part in opened[1:] for article in part]
    assert len(articles) == 120
    assert all(f'id="d-{n}"' in article for n, article in enumerate(articles, start=1))
    assert page.count("<article") == 0


def test_only_named_dyads_are_shown_and_the_rest_still_teaches() -> None:
    whole, one = _look(), _look(dyads=["A2"])
    assert [view.name for view in one.dyads] == ["A2"]
    assert one.archives == whole.archives
    with pytest.raises(LookError, match="E-LOOK-003"):
        _look(dyads=["nobody"])


def test_values_for_machines_are_plain_and_whole() -> None:
    told = json.loads(json.dumps(_look().to_dict(), allow_nan=False))
    assert told["glance"]["sessions"] == 25
    (second,) = [dyad for dyad in told["dyads"] if dyad["dyad"] == "A2"]
    assert second["scores"]["therapist"][-1] is None
    assert second["signals"][0]["session"] == 9
    assert second["chance"][0]["per_series"] > 0
    assert told["scale"]["best"] == 6


def test_parquet_and_data_frames_look_the_same(tmp_path: Path) -> None:
    frame = pl.read_csv(io.BytesIO(TWO.encode()))
    frame.write_parquet(tmp_path / "two.parquet")
    named = {"scale_range": (0.0, 6.0), "lower_is_better": False}
    dicts = [
        look(source, name="two", **named).to_dict()  # type: ignore[arg-type]
        for source in (tmp_path / "two.parquet", frame, frame.to_pandas(), frame.to_arrow())
    ]
    assert all(told["dyads"] == _look().to_dict()["dyads"] for told in dicts)


def test_synthetic_clinic_is_read_from_both_chairs() -> None:
    made = simulate.clinic(seed=7, therapists=3, clients=12)
    seen = look(made.ratings, name="ratings")
    rated = made.ratings.filter(pl.col("score").is_not_null())
    assert seen.glance.dyads == rated["dyad_id"].n_unique()
    assert seen.glance.ratings == rated.height
    assert seen.ratings.chairs == ("client", "therapist")
    per_session = rated.group_by("dyad_id", "session_no").len()
    assert seen.glance.sessions == per_session.height
    assert seen.glance.one_chair == (per_session["len"] == 1).sum()
    best = rated.filter((pl.col("perspective") == "client") & (pl.col("score") == 6)).height
    assert seen.glance.chairs[0].at_best == best
    assert seen.problems == ()


def test_expected_number_by_chance_is_the_sum_of_the_chances() -> None:
    seen = _look()
    total = 0.0
    for view in seen.dyads:
        quiet = 1.0
        for check in view.checks:
            quiet *= 1 - check.chance.per_series
        total += 1 - quiet
    assert seen.glance.by_chance == pytest.approx(total)


MISTAKES = (
    "\ufeffdyad;session_no;session_date;perspective;score\r\n"
    "A;1;05.01.2026;client;3,5\r\n"  # row 2
    "A;1;05.01.2026;therapist;4,0\r\n"
    "A;2;12.01.2026;client;#NULL!\r\n"  # 4: SPSS's mark
    "dyad;session_no;session_date;perspective;score\r\n"  # 5: the header again
    "A;3;19.01.2026;client;4,5\r\n"
    "A;3;19.01.2026;client;2,5\r\n"  # 7: session 3 twice, with 6
    "A;4;10.01.2026;client;4,0\r\n"  # 8: before session 1's followers
    "A;5;02.02.2026;client;9,9\r\n"  # 9: above 6
    "A;6;09.02.2026;client;good\r\n"  # 10: text
    "A;7;31.02.2026;client;4,0\r\n"  # 11: no such day
    "A;8;02.03.2026;client;5,0\r\n"  # 12
    "B;1;05.01.2026;client;5,5\r\n"  # 13
)
EXPECTED = {
    ("E-TABLE-014", 4, "score", False),
    ("E-TABLE-013", 5, "", True),
    ("E-FRAME-114", 6, "session_no", True),
    ("E-FRAME-115", 8, "session_date", True),
    ("E-FRAME-111", 9, "score", True),
    ("E-FRAME-110", 10, "score", True),
    ("E-FRAME-116", 11, "session_date", True),
}


def test_every_mistake_at_once_is_told_once_with_its_place() -> None:
    seen = look(MISTAKES.encode(), name="m.csv", scale_range=(0, 6), lower_is_better=False)
    told = [(p.code, p.row, p.column, p.refused) for p in seen.problems]
    assert len(told) == len(EXPECTED)
    assert set(told) == EXPECTED
    assert seen.written == "UTF-8 with a byte order mark, semicolons, CRLF line ends, decimal comma"
    page, text = seen.html(), seen.text()
    for problem in seen.problems:
        assert page.count(f"· {problem.code}</p>") == 1
        assert text.count(problem.code) == 1
        assert problem.next_step
    kept = seen.ratings.frame.select("dyad", "session", "perspective", "score").rows()
    assert kept == [
        ("A", 1, "client", 3.5), ("A", 1, "therapist", 4.0), ("A", 2, "client", None),
        ("A", 8, "client", 5.0), ("B", 1, "client", 5.5),
    ]  # fmt: skip


ONE = "id,session,score\nA,1,3\n"
TOP = "id,session,rater,score\n" + "".join(
    f"{who},{n},{chair},6\n" for who in "AB" for n in range(1, 7) for chair in ("c", "t")
)


@pytest.mark.parametrize(
    ("text", "judged", "why"),
    [
        (ONE, 0, {"too_few_scores": 1}),
        # of six ratings at the ceiling the first two of each line have too few before them
        (TOP, 0, {"too_few_scores": 8, "at_the_end_of_the_scale": 16}),
    ],
)
def test_where_nothing_could_be_judged_nothing_is_said_to_be_found(
    text: str, judged: int, why: dict[str, int]
) -> None:
    seen = _look(text)
    assert (seen.glance.judged, seen.glance.not_judged_why) == (judged, why)
    assert seen.glance.by_chance is None
    told = json.loads(json.dumps(seen.to_dict(), allow_nan=False))
    for dyad in told["dyads"]:
        for check in dyad["chance"]:
            assert (check["judged"], check["per_series"], check["sentence"]) == (0, None, None)
            assert check["not_judged"]
    for shown in (seen.text(), seen.html()):
        assert "No rating could be judged" in shown
        assert "not the same as nothing found" in shown
        for phrase in ("No session raises", "would flag", "by chance", "No question from"):
            assert phrase not in shown
    assert "none judged" in seen.html()
    assert "Nothing could be judged" in seen.html()


def test_how_many_were_judged_and_why_not_is_said_beside_what_was_found() -> None:
    glance = _look().glance
    # three dyads, two lines each: the first two ratings of a line have too few before them
    assert (glance.judged, glance.not_judged) == (46 - 12, 12)
    assert glance.dyads_judged == 3
    assert glance.signal_words() == (
        "34 ratings were judged, 12 could not be (12 with too few ratings before to compare with). "
        "1 session of 1 dyad raises a question. If nothing were wrong in any of them, fewer than 1 "
        "of 3 dyads judged would be flagged by chance."
    )


def test_chance_is_counted_for_the_dyads_that_could_be_judged() -> None:
    seen = _look(TWO + "B1,1,client,3\n")
    assert (seen.glance.dyads, seen.glance.dyads_judged) == (4, 3)
    assert seen.glance.by_chance == pytest.approx(_look().glance.by_chance, rel=0.1)
    assert "of 3 dyads judged" in seen.text()


def test_rule_is_named_for_either_direction() -> None:
    for lower in (True, False):
        seen = _look(lower_is_better=lower)
        told = seen.html() + json.dumps(seen.to_dict())
        assert "ower than this person" not in told
        assert "Worse than this person" in told
        assert f"“Worse” means {'higher' if lower else 'lower'} here" in told


FALLING = "id,session,bdi\n" + "".join(
    f"P{p},{s},{50 - 3 * s + (p * s) % 3}\n" for p in range(8) for s in range(1, 11)
)


def test_series_that_move_in_one_direction_are_said_to() -> None:
    seen = look(FALLING.encode(), scale_range=(0, 63), lower_is_better=True)
    assert (seen.glance.lines, seen.glance.falling, seen.glance.rising) == (8, 8, 0)
    assert "Most series here move in one direction: 8 of 8 fall." in seen.text()
    page = seen.html()
    assert "Most series here move in one direction" in page
    assert page.count("These ratings fall over the whole series.") == 8
    assert "one direction" not in _look().html()
    # the fall is no noise: its own SD is 3·√((10² − 1)/12) = 8.6, that about each line is below 1,
    # and the prior, with 30 degrees of freedom against 64, believes in .0875·63 = 5.5
    assert seen.archives[""].within_sd < 4


def test_rows_that_could_not_be_read_are_left_out_and_not_missing() -> None:
    text = (
        "id,session,rater,score\nA,1,c,3\nA,1,t,4\nA,2,c\nA,2,t,4\nA,3,c,\0\n"
        f"A,4,c,{'9' * 140_000}\nA,5,c,99\nA,5,t,4\n"
    )
    seen = _look(text)
    assert (seen.glance.rows_left_out, seen.glance.left_out) == (3, 4)
    lead = seen.glance.lead()
    assert "3 rows and 1 rating were left out because of mistakes." in lead
    assert "1 rating is missing or may stand in 3 rows that could not be read." in lead
    told = seen.to_dict()["glance"]
    assert isinstance(told, dict)
    assert (told["rows_left_out"], told["left_out"]) == (3, 4)
    assert "<dt>rows left out</dt><dd>3</dd>" in seen.html()
    assert "no row that can be read for sessions 3, 4" in " ".join(seen.dyads[0].missing_words())


def test_a_third_chair_is_said_not_to_be_drawn() -> None:
    text = "id,session,rater,score\n" + "".join(f"A,1,{who},3\n" for who in ("c", "t", "o"))
    seen = _look(text)
    words = "the observer’s are counted and asked about, but not drawn"
    assert words in seen.html()
    assert words in seen.text()
    assert "not drawn" not in _look().html()


def test_a_score_called_score_is_not_explained_by_its_name() -> None:
    assert "score is <b><bdi>score" not in _look().html()
    assert "The score: from 0 to 6, higher is better." in _look().html()


def test_columns_can_be_named_by_a_mapping() -> None:
    text = b"case,session,hamd,other\nA,1,3,9\nA,2,4,8\n"
    seen = look(text, columns={"dyad": "case", "score": "hamd"})
    assert seen.dyads[0].ratings.chairs == {"": (3.0, 4.0)}
    with pytest.raises(LookError, match="E-LOOK-005"):
        look(text, columns={"scores": "hamd"})


def test_a_look_shows_itself_in_a_line_and_in_a_notebook() -> None:
    seen = _look()
    assert repr(seen) == "<Look at two.csv: 3 dyads, 25 sessions, 46 ratings, 1 question>"
    assert "nothing judged" in repr(_look(ONE))
    cell = seen._repr_html_()
    assert seen.glance.lead() in cell
    assert cell.count("<figure") == 1
    assert "<script" not in cell
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', cell) == []
    assert not re.search(r"url\(|@import", cell)
    hostile = look(b"id,session,score\n<script>x</script>,1,3\n", name="<b>n")._repr_html_()
    assert "<script" not in hostile
    assert "<b>n" not in hostile


@pytest.mark.reference
@pytest.mark.skipif(
    "ATTUNEMENT_REFERENCE_DATA" not in os.environ, reason="ATTUNEMENT_REFERENCE_DATA is not set"
)
def test_sgdata_as_it_is() -> None:
    path = Path(os.environ["ATTUNEMENT_REFERENCE_DATA"]) / "sudden_gains/sgdata.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    cells = [row[f"bdi_s{n}"] for row in rows for n in range(13)]
    seen = look(path, scale_range=(0, 63), lower_is_better=True)
    assert seen.glance.dyads == len(rows) == 43
    assert seen.glance.missing == cells.count("NA") == 73
    assert seen.glance.chairs[0].at_best == cells.count("0")
    assert seen.html().count('<article class="dyad"') == 43

# SPDX-License-Identifier: Apache-2.0
"""The dual chart: what is drawn, what is not, and what the table says."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from attunement.figures import CHART_CSS, DualChart, FigureError, Line, Mark, dual_chart

SVG = "{http://www.w3.org/2000/svg}"


def chart(
    client: tuple[float | None, ...] | None,
    therapist: tuple[float | None, ...] | None = None,
    **more: object,
) -> DualChart:
    def line(label: str, values: tuple[float | None, ...] | None) -> Line | None:
        return None if values is None else Line(label, tuple(range(1, len(values) + 1)), values)

    return DualChart(line("Client", client), line("Therapist", therapist), 0, 6, **more)  # type: ignore[arg-type]


def picture(one: DualChart, size: str = "wide") -> ET.Element:
    return ET.fromstring(dual_chart(one, size=size).svg)  # type: ignore[arg-type]  # noqa: S314 - our own text


def group(root: ET.Element, name: str) -> ET.Element:
    found = [e for e in root.iter() if name in (e.get("class") or "").split()]
    assert found, name
    return found[0]


def strokes(root: ET.Element, who: str) -> str:
    line = group(root, f"att-line--{who}").find(f"{SVG}path")
    assert line is not None
    return line.get("d") or ""


def test_chairs_differ_by_shape_and_dash_and_not_by_colour_alone() -> None:
    root = picture(chart((4, 5), (3, 4)))
    client, therapist = group(root, "att-line--client"), group(root, "att-line--therapist")
    assert len(client.findall(f".//{SVG}circle")) == 2
    assert len(therapist.findall(f".//{SVG}rect")) == 2
    assert client.find(f"{SVG}path").get("stroke-dasharray") is None  # type: ignore[union-attr]
    assert therapist.find(f"{SVG}path").get("stroke-dasharray")  # type: ignore[union-attr]
    assert "att-line--therapist .att-shape { fill: var(--att-paper)" in CHART_CSS


def test_line_is_broken_at_a_missing_form_and_a_dot_says_so() -> None:
    root = picture(chart((4, 5, None, 5, 4), (3, 3, 3, 3, 3)))
    assert strokes(root, "client").count("M") == 2
    assert strokes(root, "therapist").count("M") == 1
    (dot,) = group(root, "att-gap--client").findall(f"{SVG}circle")
    scores = group(root, "att-line--client").findall(f".//{SVG}circle")
    low = picture(chart((0, 5, None), (3, 3, 3)))  # a zero stands on the scale, no form below it
    (zero, _) = group(low, "att-line--client").findall(f".//{SVG}circle")
    assert len(scores) == 4
    assert float(dot.attrib["cy"]) - float(dot.attrib["r"]) > float(zero.attrib["cy"])


def test_session_that_only_the_other_chair_rated_breaks_the_line() -> None:
    client = Line("Client", (1, 3), (4.0, 5.0))
    therapist = Line("Therapist", (1, 2, 3), (4.0, 4.0, 4.0))
    root = picture(DualChart(client, therapist, 0, 6))
    assert strokes(root, "client").count("M") == 2
    table = dual_chart(DualChart(client, therapist, 0, 6)).table
    assert table.rows[1] == ("2", "no form", "4")


def test_table_has_one_row_for_each_session() -> None:
    table = dual_chart(chart((4.25, None, 5.0), (3.0, 3.5, None), cancelled=(4,))).table
    assert table.header == ("Session", "Client", "Therapist", "Note")
    assert table.rows == (
        ("1", "4.2", "3.0", ""),
        ("2", "no form", "3.5", ""),
        ("3", "5.0", "no form", ""),
        ("4", "–", "–", "session cancelled"),
    )
    assert "higher is better" in table.caption


def test_table_of_one_chair_has_no_column_for_the_other() -> None:
    assert dual_chart(chart((4, 5))).table.header == ("Session", "Client")


def test_ceiling_line_only_where_scores_sit_at_the_best_end() -> None:
    assert "att-end" in dual_chart(chart((6, 6, 5))).svg
    assert "highest possible" in dual_chart(chart((6, 6, 5))).svg
    assert "att-end" not in dual_chart(chart((5, 5.9))).svg
    assert "att-end" not in dual_chart(chart((0, 5))).svg
    assert "lowest possible" in dual_chart(chart((0, 5), higher_is_better=False)).svg
    for unknown in ({"higher_is_better": None}, {"observed": True}):
        assert "att-end" not in dual_chart(chart((6, 0), **unknown)).svg


def test_mark_is_a_labelled_shape_above_its_point() -> None:
    root = picture(chart((5, 2, 5), marks=(Mark(2, "?", "What happened?"),)))
    mark = group(root, "att-mark")
    text = mark.find(f"{SVG}text")
    assert text is not None
    assert text.text == "?"
    points = group(root, "att-line--client").findall(f".//{SVG}circle")
    assert float(text.get("y") or "nan") < min(float(p.get("cy") or "nan") for p in points)
    assert text.get("x") == points[1].get("cx")
    assert "What happened?" in (root.find(f"{SVG}desc").text or "")  # type: ignore[union-attr]


def test_marks_of_one_session_share_a_badge_and_neighbours_do_not_touch() -> None:
    values = tuple(4.0 for _ in range(60))
    marks = (Mark(30, "1", "a"), Mark(30, "2", "b"), Mark(31, "3", "c"), Mark(32, "4", "d"))
    root = picture(chart(values, marks=marks), "narrow")
    texts = [e.find(f"{SVG}text") for e in root.iter() if e.get("class") == "att-mark"]
    assert [t.text for t in texts if t is not None] == ["1 2", "3", "4"]
    assert len({t.get("y") for t in texts if t is not None}) == 3


def test_mark_on_a_session_without_a_form_is_kept() -> None:
    figure = dual_chart(chart((5, None), marks=(Mark(2, "?", "No form after a dip."),)))
    assert figure.table.rows[1] == ("2", "no form", "?: No form after a dip.")
    assert "att-mark" in figure.svg


def test_direct_labels_where_there_is_room_and_a_legend_where_not() -> None:
    wide = picture(chart((4, 5), (3, 4)))
    names = [e.text for e in wide.iter(f"{SVG}text") if "att-name" in (e.get("class") or "")]
    assert names == ["Client 5", "Therapist 4"]
    narrow = picture(chart((4, 5), (3, 4)), "narrow")
    names = [e.text for e in narrow.iter(f"{SVG}text") if "att-name" in (e.get("class") or "")]
    assert names == ["Client", "Therapist"]


def test_a_short_name_leaves_its_room_to_the_longer_one() -> None:
    one = DualChart(
        Line("you", (1, 2), (4.0, 5.0)), Line("your therapist", (1, 2), (4.0, 5.0)), 0, 6
    )
    names = ["".join(e.itertext()) for e in picture(one, size="narrow").iter(f"{SVG}text")]
    assert "you" in names
    assert "your therapist" in names


def test_labels_of_equal_ends_keep_apart() -> None:
    root = picture(chart((4, 5), (4, 5)))
    heights = [
        float(e.get("y") or "nan")
        for e in root.iter(f"{SVG}text")
        if "att-name" in (e.get("class") or "")
    ]
    assert abs(heights[0] - heights[1]) >= 15


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("n", [1, 2, 15, 37, 60])
def test_session_numbers_stay_legible(n: int, size: str) -> None:
    root = picture(chart((4.0,) * n), size)
    ticks = [
        (float(e.get("x") or "nan"), len(e.text or ""))
        for e in root.iter(f"{SVG}text")
        if (e.text or "").isdigit() and float(e.get("y") or 0) > 180
    ]
    ticks = [t for t in ticks if t[0] > 30]
    assert ticks
    for (x1, n1), (x2, n2) in pairwise(ticks):
        assert x2 - x1 >= 0.5 * 13 * 0.56 * (n1 + n2) + 4


@pytest.mark.parametrize(
    "one",
    [
        chart((), ()),
        chart(None, None),
        chart((None, None)),
        chart(None, None, marks=(Mark(3, "?", "x"),)),
    ],
)
def test_nothing_to_draw_is_said_kindly(one: DualChart) -> None:
    figure = dual_chart(one)
    assert "No ratings yet" in figure.svg
    assert figure.sentence == "There are no ratings yet."
    ET.fromstring(f"<x>{figure.html()}</x>")  # noqa: S314 - our own text


def test_single_point_sits_in_the_middle() -> None:
    root = picture(chart((4.0,)))
    shape = group(root, "att-line--client").find(f".//{SVG}circle")
    assert shape is not None
    assert 200 < float(shape.get("cx") or "nan") < 420


def test_wide_gaps_in_the_numbering_are_drawn_closer() -> None:
    root = picture(DualChart(Line("Client", (1, 2, 10**9), (4.0, 5.0, 4.0)), None, 0, 6))
    xs = [float(c.get("cx") or "nan") for c in group(root, "att-line--client").iter(f"{SVG}circle")]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)


def test_figure_is_accessible_and_free_of_styles_and_scripts() -> None:
    html = dual_chart(
        chart(
            (4, 5), (3, 4), key="dyad 7/a", title="Both", marks=(Mark(1, "?", "In session 1 so"),)
        )
    ).html(2)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 4
    assert all(re.fullmatch(r"[A-Za-z][\w-]*", one) for one in ids)
    for reference in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', html):
        assert reference in ids
    assert html.count('role="img"') == 2
    assert '<h2 class="att-figure__title">Both</h2>' in html
    assert "Session 1: In session 1" not in html
    for forbidden in ("style=", "<script", "href", "url(", "http://", "https://"):
        assert forbidden not in html.replace("http://www.w3.org/2000/svg", "")


def test_keys_keep_two_figures_apart() -> None:
    one, other = (dual_chart(chart((4,), key=key)).html() for key in ("a", "b"))
    assert not set(re.findall(r' id="([^"]+)"', one)) & set(re.findall(r' id="([^"]+)"', other))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Line("C", (1, 2), (1.0,)), "E-FIGURE-001"),
        (lambda: Line("C", (2, 2), (1.0, 1.0)), "E-FIGURE-002"),
        (lambda: chart((7.0,)), "E-FIGURE-003"),
        (lambda: chart(None, (math.nan,)), "E-FIGURE-003"),
        (lambda: chart((math.inf,)), "E-FIGURE-003"),
        (lambda: DualChart(None, None, 1, 1), "E-FIGURE-004"),
        (lambda: DualChart(None, None, math.nan, 1), "E-FIGURE-004"),
        (lambda: dual_chart(chart((1.0,)), size="poster"), "E-FIGURE-005"),  # type: ignore[arg-type]
        (lambda: dual_chart(chart((1.0,))).html(7), "E-FIGURE-005"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make: object, code: str) -> None:
    with pytest.raises(FigureError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.code == code

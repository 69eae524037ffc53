# SPDX-License-Identifier: Apache-2.0
"""The parts: ticks, words that fit, tables, sparklines, and contrast in both themes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from attunement.figures import CHART_CSS, FigureError, Table, sparkline
from attunement.figures.layout import scale_ticks, session_places, session_ticks
from attunement.figures.markup import escape, identifier, number, shorten, tick, width

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((0, 6), (0, 2, 4, 6)),
        ((1, 7), (1, 3, 5, 7)),
        ((0, 63), (0, 20, 40, 63)),
        ((0, 10), (0, 5, 10)),
        ((-3, 3), (-3, -1, 1, 3)),
        ((0, 1), (0, 0.5, 1)),
    ],
)
def test_scale_ticks_are_few_and_round(ends: tuple[int, int], ticks: tuple[float, ...]) -> None:
    assert scale_ticks(*ends) == pytest.approx(ticks)


def test_session_ticks_begin_and_end_with_the_ends() -> None:
    assert session_ticks(session_places(range(1, 13), 40, 320)) == tuple(range(1, 13))
    assert session_ticks(session_places(range(1, 16), 40, 320)) == (1, 3, 5, 7, 9, 11, 13, 15)
    assert session_ticks(session_places(range(1, 61), 40, 320))[:3] == (1, 5, 10)
    assert session_ticks({}) == ()


def test_text_is_cut_to_its_room() -> None:
    assert shorten("short", 13, 100) == "short"
    cut = shorten("a very long description of an end", 13, 100)
    assert cut.endswith("…")
    assert width(cut, 13) <= 100
    assert shorten("two\n  lines", 13, 500) == "two lines"


def test_text_is_escaped_and_ids_are_clean() -> None:
    assert escape("<b>&\"'\x00\ud800") == "&lt;b&gt;&amp;&quot;&#x27;\ufffd\ufffd"
    assert identifier("a b/é<") == "att-a-b-"


def test_numbers_for_people() -> None:
    assert number(-0.04, 1) == "0.0"
    assert number(-1.25, 1) == "\u22121.2"
    assert tick(2.0) == "2"
    assert tick(-1.5) == "\u22121.5"


def test_table_html_has_caption_and_header_cells() -> None:
    html = Table("A & B", ("Session", "Client"), (("1", "<4>"),)).html()
    root = ET.fromstring(html)  # noqa: S314 - our own text
    assert root.findtext("caption") == "A & B"
    assert [e.get("scope") for e in root.iter("th")] == ["col", "col", "row"]
    assert root.findtext(".//td") == "<4>"


def test_sparkline_breaks_at_missing_values_and_has_a_name() -> None:
    root = ET.fromstring(sparkline((3, 4, None, 5), 0, 6, "Client & co"))  # noqa: S314
    assert root.get("aria-label") == "Client & co"
    assert root.get("role") == "img"
    assert len(list(root.iter(f"{SVG}polyline"))) == 2
    # 0 to 6 on 3 … 21 upwards: 5 lies at 24 − 3 − 5·18/6 = 6
    assert root.find(f"{SVG}circle").get("cy") == "6"  # type: ignore[union-attr]


@pytest.mark.parametrize("values", [(), (None,), (None, None)])
def test_sparkline_of_nothing_is_an_empty_picture(values: tuple[None, ...]) -> None:
    root = ET.fromstring(sparkline(values, 0, 6, "nothing"))  # noqa: S314 - our own text
    assert root.find(f"{SVG}circle") is None


def test_sparkline_off_the_scale_refused() -> None:
    with pytest.raises(FigureError):
        sparkline((7,), 0, 6, "x")


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


THEMES = [
    dict(re.findall(r"--att-([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root[^{]*\{([^}]*)\}", CHART_CSS)
    if "--att-paper: #fff;" not in block
]


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_lines_keep_their_contrast(theme: dict[str, str]) -> None:
    for name in ("ink", "muted", "client", "therapist", "mark"):
        assert contrast(theme[name], theme["paper"]) >= 4.5, name
    assert contrast(theme["mark-ink"], theme["mark"]) >= 4.5


def test_there_are_light_and_dark_themes() -> None:
    assert len(THEMES) == 3
    assert THEMES[1] == THEMES[2] != THEMES[0]
    assert "@media print" in CHART_CSS
    assert "forced-colors" in CHART_CSS


def test_large_numbers_on_an_axis_have_no_exponent() -> None:
    assert (tick(1e15), tick(-2e7), tick(0.5)) == ("1,000,000,000,000,000", "−20,000,000", "0.5")

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from attunement.figures import Estimates, Table, estimates

TABLE = Table("caption", ("Month", "Mean"), (("03/26", "+0.4"),))


def _figure(rows: list[tuple[str, float, float, float]]) -> str:
    chart = Estimates(rows, "points", ("more <b>", "less"), title='A "title" & more')
    return estimates(chart, "A sentence & more.", TABLE).html()


def test_each_estimate_is_a_dot_and_a_line_in_both_sizes() -> None:
    rows = [
        (f"{month:02d}/26", 0.1 * month, 0.1 * month - 0.3, 0.1 * month + 0.3)
        for month in range(1, 13)
    ]
    made = _figure(rows)
    assert made.count("<circle") == 2 * 12
    assert made.count('class="att-stroke"') == 2 * 12
    for svg in re.findall(r"<svg.*?</svg>", made, re.DOTALL):
        assert ET.fromstring(svg).attrib["role"] == "img"  # noqa: S314 -- our own
    assert " style=" not in made
    assert "<b>" not in made
    assert "A sentence &amp; more." in made


def test_no_interval_crosses_the_words_at_the_ends() -> None:
    made = _figure([("a", 0.0, -0.5, 0.5)])
    for svg in re.findall(r"<svg.*?</svg>", made, re.DOTALL):
        top, bottom = re.findall(r'class="att-stroke"[^>]* y1="([0-9.]+)" y2="([0-9.]+)"', svg)[0]
        above, below = re.findall(r'y="([0-9.]+)"[^>]*>(?:more|less)', svg)
        assert float(above) < float(top)
        size = float(re.findall(r'font-size="([0-9.]+)"', svg)[0])
        assert float(bottom) < float(below) - 0.8 * size
        months = float(re.findall(r'y="([0-9.]+)"[^>]*>a<', svg)[0])
        assert float(below) < months - size


def test_the_axis_holds_every_interval_and_none_lies_in_the_middle() -> None:
    chart = Estimates([("a", 0.2, -0.4, 1.3)], "points")
    assert chart.reach == 1.5
    assert Estimates([("a", 0.0, 0.0, 0.0)], "points").reach == 0.5
    places = [float(found) for found in re.findall(r'cy="([0-9.]+)"', _figure([("a", 0.0, 0, 0)]))]
    lines = re.findall(
        r'y1="([0-9.]+)" y2="[0-9.]+" stroke="[^"]+" stroke-width="2"/><text',
        _figure([("a", 0.0, 0, 0)]),
    )
    assert places == [float(one) for one in lines]

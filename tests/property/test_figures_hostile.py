# SPDX-License-Identifier: Apache-2.0
"""Whatever the text and the numbers: well-formed, inside the picture, one row per session."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from attunement.figures import DualChart, Line, Mark, dual_chart, sparkline

HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "</svg><script>alert(1)</script>",
            "]]>",
            "&#x0;&lt;",
            "\" onload='x'",
            "\x00\x0b\ufffe\ud800",
            "\u202eabc",
            "٣\U0001f600" * 20,
            "{}%s{0}",
        ]
    ),
)


@st.composite
def charts(draw: st.DrawFn) -> DualChart:
    minimum = draw(st.sampled_from([0.0, 1.0, -3.0, 0.1, -1e6]))
    maximum = minimum + draw(st.sampled_from([1e-3, 1.0, 4.0, 6.0, 63.0, 1e7]))

    def line() -> Line | None:
        sessions = tuple(sorted(draw(st.sets(st.integers(-5, 70), max_size=12))))
        value = st.none() | st.floats(minimum, maximum) | st.just(maximum)
        values = tuple(draw(value) for _ in sessions)
        return draw(st.sampled_from([None, Line(draw(HOSTILE), sessions, values)]))

    marks = draw(st.lists(st.builds(Mark, st.integers(-5, 10**6), HOSTILE, HOSTILE), max_size=5))
    return DualChart(
        line(),
        line(),
        minimum,
        maximum,
        higher_is_better=draw(st.sampled_from([True, False, None])),
        observed=draw(st.booleans()),
        marks=tuple(marks),
        words=(draw(HOSTILE), draw(HOSTILE)),
        title=draw(HOSTILE),
        key=draw(HOSTILE),
        noise=draw(st.none() | st.floats(0, 10)),
        cancelled=tuple(draw(st.lists(st.integers(0, 20), max_size=3))),
    )


@settings(max_examples=150)
@given(charts(), st.sampled_from(["both", "wide", "narrow"]))
def test_any_chart_is_well_formed_and_inside_its_box(chart: DualChart, size: str) -> None:
    figure = dual_chart(chart, size=size)  # type: ignore[arg-type]
    html = figure.html()
    root = ET.fromstring(html)  # noqa: S314 - our own text
    assert "script" not in {e.tag.rpartition("}")[2] for e in root.iter()}
    assert not any(
        name.startswith("on") or name == "style" for e in root.iter() for name in e.attrib
    )
    for svg in root.iter("{http://www.w3.org/2000/svg}svg"):
        _, _, wide, high = (float(n) for n in (svg.get("viewBox") or "").split())
        for e in svg.iter():
            for name, limit in (("cx", wide), ("x", wide), ("cy", high), ("y", high)):
                if e.get(name) is not None:
                    assert 0 <= float(e.get(name) or "nan") <= limit
            for x, y in re.findall(r"[ML](\S+?) (-?[\d.]+)", e.get("d") or ""):
                assert 0 <= float(x) <= wide
                assert 0 <= float(y) <= high
    numbers = re.sub(r">[^<]*<|\"[^\"]*label[^\"]*\"", "><", figure.svg)
    assert not re.search(r"=\"[^\"]*\b(nan|inf)\b", numbers)
    assert len(figure.table.rows) == len(chart.sessions)


@given(charts())
def test_numbers_on_the_page_are_numbers(chart: DualChart) -> None:
    plain = DualChart(
        chart.client and Line("Client", chart.client.sessions, chart.client.values),
        chart.therapist and Line("Therapist", chart.therapist.sessions, chart.therapist.values),
        chart.minimum,
        chart.maximum,
        noise=chart.noise,
    )
    html = dual_chart(plain).html().lower()
    assert not re.search(r"\b(nan|inf|none)\b", html.replace('fill="none"', ""))


@given(charts())
def test_same_chart_same_picture(chart: DualChart) -> None:
    assert dual_chart(chart) == dual_chart(chart)


@given(st.lists(st.none() | st.floats(0, 6), max_size=80), HOSTILE)
def test_any_sparkline_is_well_formed_and_inside_its_box(
    values: list[float | None], label: str
) -> None:
    root = ET.fromstring(sparkline(values, 0, 6, label))  # noqa: S314 - our own text
    for e in root.iter():
        for point in (e.get("points") or "").split():
            x, y = (float(n) for n in point.split(","))
            assert 0 <= x <= 100
            assert 0 <= y <= 24

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from attunement.figures import FigureError, Scatter, Table, scatter, scatter_altair

EMPTY = Table("Nothing", ("Who", "First"), ())
CHART = Scatter(
    points=((0.0, 10.0, "worse"), (10.0, 0.0, "better"), (5.0, 5.0, "same")),
    minimum=0,
    maximum=10,
    band=((0.0, -2.0, 2.0), (10.0, 8.0, 12.0)),
    cutoff=5,
    axes=("first <b>", "second"),
)


def test_shape_tells_the_kind_and_everything_is_escaped() -> None:
    figure = scatter(CHART, "One & all.", EMPTY)
    root = ET.fromstring(figure.svg)  # noqa: S314 -- our own text
    wide = root[0]
    assert len(wide.findall(".//{*}rect")) == 2  # one in the legend, one point
    assert len(wide.findall(".//{*}circle")) == 4
    assert "first &lt;b&gt;" in figure.svg
    assert "One &amp; all." in figure.svg
    assert "style=" not in figure.svg
    assert figure.sentence == "One & all."


def test_points_lie_where_the_scores_say() -> None:
    # wide: 440 across; the plot begins after the tick labels and is as high as it is wide
    wide = scatter(CHART, "", EMPTY).svg.split("</svg>")[0]
    better = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', wide)
    right, bottom = max((float(x), float(y)) for x, y in better)
    assert right == pytest.approx(440 - 12)
    left = 14 + 2 * 0.56 * 13
    assert bottom == pytest.approx(50 + 440 - 12 - left, abs=0.06)


def test_band_is_cut_off_at_the_scale() -> None:
    top = 50.0
    path = re.search(r'class="att-band" d="([^"]+)"', scatter(CHART, "", EMPTY).svg)
    assert path is not None
    heights = [float(pair.split()[1]) for pair in re.findall(r"[\d.]+ [\d.]+", path[1])]
    assert min(heights) == pytest.approx(top)


def test_cut_off_beyond_the_scale_is_not_drawn_and_no_points_are_fine() -> None:
    plain = scatter(Scatter((), 0, 1, cutoff=5), "", EMPTY)
    assert "att-leader" not in plain.svg
    assert "att-band" not in plain.svg


def test_very_many_points_are_thinned_evenly() -> None:
    many = Scatter([(n / 5000, 0.5, "same") for n in range(5000)], 0, 1)
    assert len(many.shown) == 1667
    assert many.shown[1][0] == pytest.approx(3 / 5000)


def test_scale_that_is_none_is_refused() -> None:
    with pytest.raises(FigureError, match="E-FIGURE-004"):
        Scatter((), 1, 1)


def test_altair_has_the_same_points() -> None:
    drawn = scatter_altair(CHART).to_dict()
    dots = drawn["layer"][-1]["data"]["values"]
    assert {dot["kind"] for dot in dots} == {"better", "about the same", "worse"}

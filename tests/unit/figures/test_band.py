# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import builtins
import json
import re
from typing import Any

import pytest

from attunement.figures import Band, DualChart, FigureError, Line, Mark, altair_chart, dual_chart

CLIENT = Line("Client", (1, 2, 3, 5), (5.0, 4.5, 1.0, None))
BAND = Band("usual", (1, 2, 3, 5), (None, 3.0, 3.5, 3.25), (None, 6.0, 6.0, 6.0))


def chart(**more: Any) -> DualChart:
    return DualChart(client=CLIENT, therapist=None, minimum=0, maximum=6, band=BAND, **more)


def test_band_is_an_area_behind_the_lines() -> None:
    svg = dual_chart(chart(), "wide").svg
    (path,) = re.findall(r'class="att-band" d="([^"]+)"', svg)
    assert path.count("M") == 1  # sessions 2, 3 and 5 are neighbours on the axis
    assert path.count("L") == 5  # three points up, three points back
    assert svg.index("att-band") < svg.index("att-stroke")


def test_band_is_broken_where_there_is_none() -> None:
    broken = Band("usual", (1, 2, 3, 5), (2.0, 3.0, None, 3.25), (6.0, 6.0, 6.0, 6.0))
    drawn = DualChart(client=CLIENT, therapist=None, minimum=0, maximum=6, band=broken)
    (path,) = re.findall(r'class="att-band" d="([^"]+)"', dual_chart(drawn, "wide").svg)
    assert path.count("M") == 2


def test_table_says_both_ends_of_the_band() -> None:
    table = dual_chart(chart()).table
    assert table.header == ("Session", "Client", "Usual from", "to")
    assert table.rows[0] == ("1", "5.0", "–", "–")
    assert table.rows[1] == ("2", "4.5", "3.0", "6.0")


def test_band_of_unequal_length_is_refused() -> None:
    with pytest.raises(FigureError, match="E-FIGURE-001"):
        Band("usual", (1, 2), (1.0,), (2.0, 3.0))


def test_altair_chart_holds_the_same_numbers() -> None:
    drawn = altair_chart(chart(marks=(Mark(3, "1", "a question"),))).to_dict()
    assert len(drawn["layer"]) == 3
    band, line, marks = (layer["data"]["values"] for layer in drawn["layer"])
    assert [row["session"] for row in band] == [2, 3, 5]
    assert [row["score"] for row in line] == [5.0, 4.5, 1.0, None]
    assert marks == [{"session": 3, "score": 1.0, "text": "a question"}]
    assert json.dumps(drawn)


def test_altair_that_is_absent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "altair":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FigureError, match=r"attunement\[plots\]"):
        altair_chart(chart())

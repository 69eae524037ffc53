# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from attunement.figures import DualChart, Line, dual_chart


def _chart(*, direction: bool | None, observed: bool, label: str = "Client") -> str:
    line = Line(label, (1, 2), (10.0, 20.0))
    figure = dual_chart(DualChart(line, None, 0, 20, direction, observed=observed))
    return figure.html() + figure.sentence


def test_unknown_direction_names_no_better_end() -> None:
    told = _chart(direction=None, observed=False)
    assert "which end is better is not known" in told
    assert "possible" not in told
    assert "is better." not in told.replace("which end is better is", "")


def test_observed_ends_are_not_called_the_scale() -> None:
    told = _chart(direction=True, observed=True)
    assert "rated 20 where ratings here lie between 0 and 20" in told
    assert "Scores that occur: from 0 to 20; higher is better." in told
    assert "highest possible" not in told
    assert "highest possible" in _chart(direction=True, observed=False)


def test_line_of_nobody_in_particular() -> None:
    told = _chart(direction=False, observed=False, label="")
    assert "In session 2 the rating was 20 on a scale from 0 to 20" in told

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from attunement.figures import Channel, ChannelChart, FigureError, channel_chart

SVG = "{http://www.w3.org/2000/svg}"


def _chart(**other: object) -> ChannelChart:
    return ChannelChart(
        title="Who noticed what",
        sessions=(3, 4, 5),
        channels=(
            Channel("Client's tick", (False, True, None)),
            Channel("Therapist's tick", (False, False, False)),
            Channel("Dip", (True, True, False)),
            Channel("Observer", (None, None, None), empty="no observer yet"),
        ),
        **other,  # type: ignore[arg-type]
    )


def test_the_sentence_says_each_channel_for_itself() -> None:
    assert channel_chart(_chart()).sentence == (
        "In 3 sessions: Client's tick: 1 (session 4); Therapist's tick: none; "
        "Dip: 2 (sessions 3, 4); Observer: no observer yet."
    )


def test_the_table_has_the_sessions_that_were_noticed() -> None:
    table = channel_chart(_chart()).table
    assert table.header == ("Session", "Client's tick", "Therapist's tick", "Dip")
    assert table.rows == (
        ("3", "no", "no", "noticed"),
        ("4", "noticed", "no", "noticed"),
    )


def test_each_channel_has_a_shape_of_its_own() -> None:
    root = ET.fromstring(channel_chart(_chart()).svg)  # noqa: S314 -- our own drawing
    wide = root.find(f"{SVG}svg")
    assert wide is not None
    drawn = {
        group.get("class", "").split("--")[-1]: [path.get("d") for path in group.iter(f"{SVG}path")]
        for group in wide.iter(f"{SVG}g")
        if (group.get("class") or "").startswith("att-channel")
    }
    assert {who: len(paths) for who, paths in drawn.items()} == {
        "client": 1,
        "therapist": 0,
        "mark": 2,
    }
    assert drawn["client"][0] != drawn["mark"][0]
    assert wide.get("role") == "img"


def test_hostile_words_stay_text() -> None:
    chart = ChannelChart(
        title='<script>"',
        sessions=(1,),
        channels=(Channel("<b>&", (True,)),),
        session_word="<i>",
    )
    html = channel_chart(chart).html()
    assert "<script>" not in html
    assert "<b>&" not in html
    ET.fromstring(channel_chart(chart).svg)  # noqa: S314 -- our own drawing


def test_no_sessions_are_no_mistake() -> None:
    chart = ChannelChart("Who", (), (Channel("Client", ()),))
    assert channel_chart(chart).sentence == "There is no session yet."
    ET.fromstring(channel_chart(chart).svg)  # noqa: S314 -- our own drawing


def test_channels_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(FigureError, match="E-FIGURE-001"):
        ChannelChart("Who", (1, 2), (Channel("Client", (True,)),))

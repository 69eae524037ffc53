# SPDX-License-Identifier: Apache-2.0
"""Figures: one picture, one plain sentence, one table."""

from __future__ import annotations

from importlib.resources import files

from attunement.figures.altair_chart import altair_chart, altair_library
from attunement.figures.channels import Channel, ChannelChart, channel_chart, channel_sentence
from attunement.figures.data import Band, DualChart, Line, Mark
from attunement.figures.dual import Figure, dual_chart, dual_table
from attunement.figures.errors import FigureError
from attunement.figures.estimates import Estimates, estimates
from attunement.figures.scatter import Scatter, scatter, scatter_altair
from attunement.figures.sentence import dual_sentence
from attunement.figures.sparkline import sparkline
from attunement.figures.table import Table

CHART_CSS: str = files("attunement.figures").joinpath("chart.css").read_text(encoding="utf-8")

__all__ = [
    "CHART_CSS",
    "Band",
    "Channel",
    "ChannelChart",
    "DualChart",
    "Estimates",
    "Figure",
    "FigureError",
    "Line",
    "Mark",
    "Scatter",
    "Table",
    "altair_chart",
    "altair_library",
    "channel_chart",
    "channel_sentence",
    "dual_chart",
    "dual_sentence",
    "dual_table",
    "estimates",
    "scatter",
    "scatter_altair",
    "sparkline",
]

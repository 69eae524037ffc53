# SPDX-License-Identifier: Apache-2.0
"""The tokens' contrast in both themes, by the formula of WCAG 2.2 (relative luminance)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from attunement.clinic.pages.gallery import COLOURS

CSS = files("attunement.clinic") / "static" / "attunement" / "css"
TEXT = {
    "ink": ("paper", "surface", "sunken", "wash", "question-wash", "danger-wash"),
    "ink-soft": ("paper", "surface", "sunken", "wash", "question-wash"),
    "accent": ("paper", "surface", "wash"),
    "on-accent": ("accent", "accent-strong"),
    "question": ("surface", "question-wash"),
    "danger": ("paper", "surface", "danger-wash"),
    "client": ("paper", "surface"),
    "therapist": ("paper", "surface"),
}
EDGES = {"control": ("paper", "surface"), "accent": ("paper", "surface", "wash")}


def themes() -> dict[str, dict[str, str]]:
    light, dark = (CSS / "tokens.css").read_text().split("@media (prefers-color-scheme: dark)")
    colours = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
    found = {"light": dict(colours.findall(light))}
    found["dark"] = found["light"] | dict(colours.findall(dark))
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_formula_gives_the_known_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)  # WCAG 2.2, definition
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)  # known near miss


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reaches_double_a(theme: str) -> None:
    tokens = themes()[theme]
    for fore, backs in TEXT.items():
        for back in backs:
            assert contrast(tokens[fore], tokens[back]) >= 4.5, (theme, fore, back)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_controls_reach_three_to_one(theme: str) -> None:
    tokens = themes()[theme]
    for fore, backs in EDGES.items():
        for back in backs:
            assert contrast(tokens[fore], tokens[back]) >= 3.0, (theme, fore, back)


def test_every_property_that_is_used_is_defined() -> None:
    text = "".join(each.read_text() for each in CSS.iterdir() if each.name.endswith(".css"))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", text))
    defined = set(re.findall(r"(--[a-z0-9-]+):", text))
    assert used <= defined


def test_design_page_shows_every_colour_token() -> None:
    shown = {name for name, _ in COLOURS} | {"on-accent"}
    assert shown == set(themes()["light"])

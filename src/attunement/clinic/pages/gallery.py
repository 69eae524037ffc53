# SPDX-License-Identifier: Apache-2.0
"""What the design page shows: every token, and each piece with synthetic words."""

from __future__ import annotations

from attunement.clinic.config.model import Words
from attunement.clinic.pages import pictures
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.questions import Choice, Question
from attunement.clinic.pages.shown import UNVALIDATED, Fact, SignalWords
from attunement.clinic.services import Chart, ChartLine, ChartMark

COLOURS = (
    ("paper", "the page"),
    ("surface", "cards, fields"),
    ("sunken", "bars"),
    ("ink", "text"),
    ("ink-soft", "second text"),
    ("line", "quiet lines"),
    ("control", "edges of controls"),
    ("accent", "the one accent"),
    ("accent-strong", "accent, touched"),
    ("wash", "chosen, notes"),
    ("question", "signals"),
    ("question-wash", "behind signals"),
    ("danger", "mistakes"),
    ("danger-wash", "behind mistakes"),
    ("client", "the client’s line"),
    ("therapist", "the therapist’s line"),
)
_WORDS = ("Not at all", "A little", "To some extent", "Fairly", "Mostly", "Almost", "Fully")


def gallery() -> dict[str, object]:
    """Return the context of the design page; every person and number in it is made up."""
    return {
        "colours": [{"name": name, "use": use} for name, use in COLOURS],
        "spaces": range(1, 9),
        "question": _question(error=""),
        "mistaken": _question(error="Choose one of the answers, or leave this one out."),
        "comment": Question(
            item="c",
            html_id="sample-comment",
            name="sample-comment",
            words="One thing to do differently next time:",
            kind="text",
            hint="Only if you like.",
        ),
        "errors": [ErrorLink("sample-mistake", "Question 2: choose one of the answers.")],
        "signal": SignalWords(
            html_id="sample-signal",
            question="Did something shift between you in session 4?",
            sentence="The rating of session 4 lies below what was usual before.",
            facts=(
                Fact("Rule", "sample rule, version 1: below the median of three ratings before"),
                Fact("By chance", "In 100 series like this one it would ask about 4 times."),
                Fact("Source", "made up for this page"),
            ),
        ),
        "figure": pictures.dual(_chart()),
        "qr": pictures.picture_code("https://attunement.example/c/#sample"),
        "unvalidated": UNVALIDATED,
        "who_sees": "Your therapist, once they have sent their own answers. Nobody else.",
    }


def _question(*, error: str) -> Question:
    html_id = "sample-mistake" if error else "sample"
    return Question(
        item=html_id,
        html_id=html_id,
        name=html_id,
        words="There was warmth between me and my therapist today.",
        kind="choice",
        number="Question 1",
        error=error,
        choices=tuple(
            Choice(f"{html_id}-{value}", str(value), words) for value, words in enumerate(_WORDS)
        ),
    )


def _chart() -> Chart:
    return Chart(
        title="Synthetic Client 07, both ratings",
        client=ChartLine("Client", (1, 2, 3, 4, 5), (4.6, 5.0, 5.1, 3.2, 4.9)),
        therapist=ChartLine("Therapist", (1, 2, 3, 4, 5), (4.0, 4.3, None, 4.4, 4.6)),
        minimum=0,
        maximum=6,
        higher_is_better=True,
        marks=(ChartMark(4, "?", "A rule asks about session 4."),),
        words=Words(),
    )

# SPDX-License-Identifier: Apache-2.0
"""One worked example or more for every measure that ships with words or for its words.

Every expected number is typed from the source that ``working`` names, or is the arithmetic that
stands there; none comes from this software.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from attunement.measures import ids, load
from attunement.scoring import NotScored, Score, ScoringError, score_response

PACKS = ("core", "own", "nc")


def row(*values: float | None, first: int = 1) -> dict[str, float | None]:
    """Number the answers 1, 2, 3 … as a form does; None is left out by the client."""
    return {str(number): value for number, value in enumerate(values, first)}


def all_at(value: float, items: int, **others: float | None) -> dict[str, float | None]:
    """Give every item one answer, but ``i4=…`` for item 4."""
    return row(*[value] * items) | {name.removeprefix("i"): kept for name, kept in others.items()}


@dataclass(frozen=True)
class Example:
    """Answers, and what each scale must make of them; None where there must be no score."""

    measure: str
    working: str
    answers: Mapping[str, float | None]
    expected: Mapping[str, float | None] = field(default_factory=dict)


EXAMPLES = (
    Example("phq-9", "2+1+3+2+0+1+1+0+0 = 10; the difficulty question (3) is not counted",
            row(2, 1, 3, 2, 0, 1, 1, 0, 0, 3), {"total": 10}),
    Example("phq-9", "all nearly every day: 9 * 3 = 27", all_at(3, 9), {"total": 27}),
    Example("phq-9", "two missing: 2+1+3+2+0+1+1 = 10 over 7; 10 * 9 / 7 = 12.857, rounded 13",
            row(2, 1, 3, 2, 0, 1, 1), {"total": 13}),
    Example("phq-9", "three missing is one too many", row(2, 1, 3, 2, 0, 1), {"total": None}),
    Example("phq-2", "2 + 1 = 3, the usual screening cut", row(2, 1), {"total": 3}),
    Example("phq-2", "one of two is not enough", row(3), {"total": None}),
    Example("gad-7", "3+2+2+1+0+1+1 = 10", row(3, 2, 2, 1, 0, 1, 1), {"total": 10}),
    Example("gad-7", "six of seven: no score", row(3, 2, 2, 1, 0, 1), {"total": None}),
    Example("pcl-5", "B 5*1=5, C 2*2=4, D 7*3=21, E 6*4=24; 5+4+21+24 = 54",
            row(*[1] * 5, *[2] * 2, *[3] * 7, *[4] * 6),
            {"total": 54, "intrusion": 5, "avoidance": 4, "mood": 21, "arousal": 24}),
    Example("pcl-5", "item 20 missing: no total and no arousal; mood is 7*3 = 21",
            row(*[1] * 5, *[2] * 2, *[3] * 7, *[4] * 5),
            {"total": None, "intrusion": 5, "avoidance": 4, "mood": 21, "arousal": None}),
    Example("k6", "0+1+2+3+4+3 = 13, answers from 0", row(0, 1, 2, 3, 4, 3), {"total": 13}),
    Example("k10", "none of the time throughout: 10 * 1 = 10 (ABS 4817.0.55.001, table D)",
            all_at(1, 10), {"total": 10}),
    Example("k10", "all of the time throughout: 10 * 5 = 50 (ABS 4817.0.55.001, table D)",
            all_at(5, 10), {"total": 50}),
    Example("k10", "1+2+3+4+5+1+2+3+4+5 = 30", row(1, 2, 3, 4, 5, 1, 2, 3, 4, 5), {"total": 30}),
    Example("sparq", "positive 1,6,7,8: 4+3+3+2 = 12; negative 2,3,4,5: 1+0+2+1 = 4",
            row(4, 1, 0, 2, 1, 3, 3, 2), {"positive": 12, "negative": 4}),
    Example("sparq", "item 6 missing: (4+3+2) * 4/3 = 12; items 2 and 3 missing: no score",
            row(4, None, None, 2, 1, None, 3, 2), {"positive": 12, "negative": None}),
    Example("risq", "one Yes: 0+1+0+0 = 1", row(0, 1, 0, 0), {"total": 1}),
    Example("wake-forest-5", "item 1 turned: 6-2 = 4; 4+4+5+4+5 = 22",
            row(2, 4, 5, 4, 5), {"total": 22}),
    Example("epo-1", "the one answer", row(3), {"total": 3}),
    Example("fwc-bv", "no scale is known: nothing is scored", all_at(2, 12)),
    Example("gas", "T is no sum of items: nothing is scored here", row(-1, 0, 2)),
    Example("proqol-5", "all at 2: satisfaction, secondary 10*2 = 20; burnout 5*2 + 5*(6-2) = 30",
            all_at(2, 30), {"satisfaction": 20, "burnout": 30, "secondary-stress": 20}),
    Example("proqol-5", "as before but item 1 (turned) at 5: 30 - 4 + 1 = 27",
            all_at(2, 30, i1=5), {"satisfaction": 20, "burnout": 27, "secondary-stress": 20}),
    Example("dass-21", "1 for stress items 1,6,8,11,12,14,18; 2 for 3,5,10,13,16,17,21; 0 for the "
            "rest: depression 7*2*2 = 28, anxiety 0, stress 7*1*2 = 14",
            row(1, 0, 2, 0, 2, 1, 0, 1, 0, 2, 1, 1, 2, 1, 0, 2, 2, 1, 0, 0, 2),
            {"depression": 28, "anxiety": 0, "stress": 14}),
    Example("core-10", "1s, items 2 and 3 turned to 4-1 = 3: (8*1 + 2*3) / 10 * 10 = 14",
            all_at(1, 10), {"total": 14}),
    Example("core-10", "item 9 left out: (7*1 + 2*3) / 9 * 10 = 130/9",
            all_at(1, 10, i9=None), {"total": 130 / 9}),
    Example("core-10", "two left out: no score, and never 0", all_at(1, 10, i8=None, i9=None),
            {"total": None}),
    Example("core-10", "nothing answered is not 0", {}, {"total": None}),
    # Turned items 3,4,7,12,19,21,31,32 at 2 stay 4-2 = 2 each: 16. Twenty other items at 2: 40.
    # 16 + 40 = 56, the worked example of the SOCAS Resource Hub: 56 / 34 = 1.647, printed as 16.
    # W: 4,31 turned (2+2), 14,17 (2+2): 8/4*10 = 20. R: 6,9,16,22 at 2; 24,34 at 0: 8/6*10 = 40/3.
    # The six zeros are 24,34 (risk), 27,28,30 (problems) and 33 (functioning).
    # P: nine of twelve at 2: 18/12*10 = 15. F: eleven of twelve at 2: 22/12*10 = 55/3.
    # Without risk: (56 - 8) / 28 * 10 = 120/7.
    Example("core-om", "the published example: sum 56 over 34 items; 56/34*10 = 16.47",
            all_at(2, 34, i24=0, i34=0, i27=0, i28=0, i30=0, i33=0),
            {"total": 560 / 34, "non-risk": 120 / 7, "wellbeing": 20, "problems": 15,
             "functioning": 55 / 3, "risk": 40 / 3}),
    Example("core-om", "item 4 missing: wellbeing has no score; the others at 2 give 20",
            all_at(2, 34, i4=None),
            {"total": 20, "non-risk": 20, "wellbeing": None, "problems": 20, "functioning": 20,
             "risk": 20}),
    Example("yp-core", "1s, items 3, 5 and 10 turned to 3: (7*1 + 3*3) / 10 * 10 = 16",
            all_at(1, 10), {"total": 16}),
    Example("gbo", "(4 + 7) / 2 = 5.5; the third goal is not in use", row(4, 7), {"total": 5.5}),
    Example("who-5", "3+2+4+2+2 = 13; 13 * 4 = 52 (not (13 - 5) * 4 = 32)",
            row(3, 2, 4, 2, 2), {"total": 52, "raw": 13}),
    Example("oac-c", "5+4+6+5+5+4+6 = 35, /7 = 5; relationship (5+4+6+6)/4 = 5.25; work (5+5+4)/3",
            row(5, 4, 6, 5, 5, 4, 6, 2) | {"8a": 3},
            {"total": 5, "relationship": 5.25, "work": 14 / 3, "strain": 2, "repair": 3}),
    Example("oac-c", "item 4 missing: (5+4+6+5+4+6)/6 = 5; work needs all three; strain 0: repair "
            "is not asked",
            row(5, 4, 6, None, 5, 4, 6, 0),
            {"total": 5, "relationship": 5.25, "work": None, "strain": 0, "repair": None}),
    Example("oac-c", "five of seven is too few", row(5, 4, 6, None, None, 4, 6),
            {"total": None, "relationship": 5.25, "work": None, "strain": None, "repair": None}),
    Example("oac-t", "all at 4: means of 4; strain 1, repair 0", all_at(4, 7, i8=1) | {"8a": 0},
            {"total": 4, "relationship": 4, "work": 4, "strain": 1, "repair": 0}),
    Example("oac-y", "(4+3+2+3)/4 = 3", row(4, 3, 2, 3, 1), {"total": 3, "strain": 1}),
    Example("oac-y-t", "item 2 missing: (3+3+0)/3 = 2", row(3, None, 3, 0, 4),
            {"total": 2, "strain": 4}),
    Example("therapist-week", "items 1,2,3,4,6: (3+2+1+2+2)/5 = 2; item 5 alone",
            row(3, 2, 1, 2, 4, 2), {"total": 2, "carry-over": 4}),
    Example("miracle-question", "the one rating", {"2": 7}, {"closeness": 7}),
    Example("goal-tracker", "(2 + 5 + 8) / 3 = 5", row(2, 5, 8), {"total": 5}),
)  # fmt: skip


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=[f"{e.measure}-{place}" for place, e in enumerate(EXAMPLES)]
)
def test_score_of_a_worked_example(example: Example) -> None:
    response = score_response(load(example.measure), dict(example.answers))
    assert set(response.scales) == set(example.expected), example.working
    for scale, expected in example.expected.items():
        found = response.scales[scale]
        if expected is None:
            assert isinstance(found, NotScored), example.working
            assert found.reason
        else:
            assert isinstance(found, Score), example.working
            assert found.value == pytest.approx(expected, abs=1e-9), example.working


def test_examples_cover_every_measure_that_ships() -> None:
    assert {example.measure for example in EXAMPLES} == set(ids(packs=PACKS))


def test_k10_answer_counted_from_zero_is_refused() -> None:
    with pytest.raises(ScoringError, match="1"):
        score_response(load("k10"), dict(all_at(0, 10)))


def test_k6_answer_counted_to_five_is_refused() -> None:
    with pytest.raises(ScoringError, match="4"):
        score_response(load("k6"), dict(all_at(5, 6)))

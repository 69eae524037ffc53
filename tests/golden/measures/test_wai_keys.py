# SPDX-License-Identifier: Apache-2.0
"""Worked totals for the measures that ship as structure only, the WAI's key first of all.

Every expected number is the arithmetic that stands beside it; none comes from this software.
The published key of the WAI: minus means reversed, 8 - x.
"""

from __future__ import annotations

import pytest

from attunement.measures import ids, load
from attunement.scoring import NotScored, Score, score_response

# Horvath & Greenberg's key, typed from its printed form, item by item.
KEY = {
    "task": (2, 4, -7, -11, 13, -15, 16, 18, 24, -31, -33, 35),
    "bond": (-1, 5, 8, 17, 19, -20, 21, 23, 26, 28, -29, 36),
    "goal": (-3, 6, -9, -10, -12, 14, 22, 25, -27, 30, 32, -34),
}
LONG_FORMS = ("wai-36", "wai-36-t", "wai-o")
# No published key was read for these: they must not pretend to one.
KEYLESS = {
    "3rs", "arm-12", "arm-12-t", "arm-28", "arm-28-t", "bat", "blri-40", "blri-64", "blri-mini",
    "br-wai", "c-ssrs-screener", "calpas", "calpas-r", "calpas-t", "cfi-r", "cms-ct", "hrs-ii",
    "hrs-ii-t", "icb", "pfi", "ppscs", "psq", "psq-t", "rri-c", "rri-c-12", "rri-c-sf", "rri-t",
    "sparq-c", "star-c", "star-p", "taqr", "tasa", "trq", "tsrq", "wai-sr-t",
}  # fmt: skip


def row(*values: float | None) -> dict[str, float | None]:
    """Number the answers 1, 2, 3 … as a form does."""
    return {str(number): value for number, value in enumerate(values, 1)}


def scores(measure_id: str, answers: dict[str, float | None]) -> dict[str, float | None]:
    """Return each scale's value, None where there is no score."""
    found = score_response(load(measure_id), answers).scales
    for outcome in found.values():
        assert isinstance(outcome, Score | NotScored)
    return {name: one.value if isinstance(one, Score) else None for name, one in found.items()}


@pytest.mark.parametrize("measure_id", LONG_FORMS)
@pytest.mark.parametrize("scale_id", list(KEY))
def test_wai_scale_has_the_published_items_and_reversals(measure_id: str, scale_id: str) -> None:
    scale = load(measure_id).scale(scale_id)
    signed = {int(item) * (-1 if item in scale.reverse else 1) for item in scale.items}
    assert signed == set(KEY[scale_id])


@pytest.mark.parametrize("measure_id", LONG_FORMS)
def test_wai_reverses_item_29_and_not_item_28(measure_id: str) -> None:
    for scale_id in ("bond", "total"):
        reverse = load(measure_id).scale(scale_id).reverse
        assert "29" in reverse
        assert "28" not in reverse
    # By its effect too: from 4 throughout, 28 up to 7 adds 3 and 29 up to 7 takes 3 away.
    middle = row(*[4] * 36)
    assert scores(measure_id, middle)["bond"] == 12 * 4
    assert scores(measure_id, middle | {"28": 7})["bond"] == 12 * 4 + 3
    assert scores(measure_id, middle | {"29": 7})["bond"] == 12 * 4 - 3


@pytest.mark.parametrize("measure_id", LONG_FORMS)
def test_wai_every_item_is_in_one_subscale_and_the_total(measure_id: str) -> None:
    measure = load(measure_id)
    parts = [item for scale_id in KEY for item in measure.scale(scale_id).items]
    assert sorted(map(int, parts)) == list(range(1, 37))
    reversed_in_parts = {item for scale_id in KEY for item in measure.scale(scale_id).reverse}
    assert set(measure.scale("total").reverse) == reversed_in_parts
    assert len(reversed_in_parts) == 5 + 3 + 6


def test_wai_36_worked_totals() -> None:
    # 7 throughout. Task: 7 plain items × 7 + 5 reversed × (8 - 7) = 49 + 5 = 54; bond: 9 × 7 + 3
    # = 66; goal: 6 × 7 + 6 = 48; total 54 + 66 + 48 = 168.
    top = {"task": 54, "bond": 66, "goal": 48, "total": 168}
    assert scores("wai-36", row(*[7] * 36)) == top
    # The best alliance: 7 on plain items, 1 on reversed ones: each keyed item is 7: 84 × 3 = 252.
    best = {str(abs(item)): 7.0 if item > 0 else 1.0 for items in KEY.values() for item in items}
    assert scores("wai-36", dict(best)) == {"task": 84, "bond": 84, "goal": 84, "total": 252}
    # The worst is the mirror image: each keyed item is 1: 12 × 3 = 36.
    worst = {item: 8 - value for item, value in best.items()}
    assert scores("wai-36", dict(worst)) == {"task": 12, "bond": 12, "goal": 12, "total": 36}


def test_wai_36_missing_answers() -> None:
    # Items 2 and 4 (task) empty, the rest 7: task 5 × 7 + 5 × 1 = 40 over 10, × 12/10 = 48;
    # total (168 - 14) × 36/34 = 163.0588…
    two = row(*[7] * 36) | {"2": None, "4": None}
    assert scores("wai-36", two)["task"] == pytest.approx(48)
    assert scores("wai-36", two)["total"] == pytest.approx(154 * 36 / 34)
    # A third one is past 20 % of the scale: no task score, the others stand.
    three = two | {"13": None}
    assert scores("wai-36", three)["task"] is None
    assert scores("wai-36", three)["bond"] == 66
    # Seven of 36 empty (19 %) still make a total, eight (22 %) do not.
    seven = row(*[None] * 7, *[4] * 29)
    assert scores("wai-36", seven)["total"] == pytest.approx(36 * 4)
    assert scores("wai-36", seven | {"8": None})["total"] is None


EXAMPLES = (
    # task 1,2,10,12 = 1+2+5+2 = 10; bond 3,5,7,9 = 3+5+2+4 = 14; goal 4,6,8,11 = 4+1+3+1 = 9.
    ("wai-sr", row(1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2),
     {"task": 10, "bond": 14, "goal": 9, "total": 33}),
    # One empty (item 12): no task; total 31 over 11, × 12/11 = 33.8181…
    ("wai-sr", row(1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, None),
     {"task": None, "bond": 14, "goal": 9, "total": 31 * 12 / 11}),
    # Reversed 4 and 10. All 6: task 24, bond 24, goal (8-6)+6+(8-6)+6 = 16, total 64.
    ("wai-s", row(*[6] * 12), {"task": 24, "bond": 24, "goal": 16, "total": 64}),
    ("wai-s-t", row(*[6] * 12), {"task": 24, "bond": 24, "goal": 16, "total": 64}),
    # (5 + 4 + 3) / 3 = 4.
    ("wai-b3", {"goal": 5, "task": 4, "bond": 3}, {"total": 4}),
    ("wai-b3-t", {"goal": 5, "task": 4, "bond": None}, {"total": None}),
    # (5+5+4+4+3+3) / 6 = 4.
    ("sai", row(5, 5, 4, 4, 3, 3), {"total": 4}),
    # 9.5 + 8.0 + 10.0 + 7.5 = 35.0; with a line empty no total.
    ("srs", row(9.5, 8.0, 10.0, 7.5), {"total": 35}),
    ("srs", row(9.5, 8.0, None, 7.5), {"total": None}),
    ("ors", row(4.5, 5.0, 6.5, 5.0), {"total": 21}),
    ("cors", row(6, 7, 8, 9), {"total": 30}),
    ("csrs", row(10, 10, 10, 10), {"total": 40}),
    # All 6: 14 plain × 6 + 5 reversed × (7 - 6) = 84 + 5 = 89.
    ("haq-ii", row(*[6] * 19), {"total": 89}),
    ("haq-ii-t", row(*[1] * 19), {"total": 14 * 1 + 5 * 6}),
    # (7 + 7 + (8-2) + 6 + 4) / 5 = 30/5 = 6.
    ("arm-5", row(7, 7, 2, 6, 4), {"total": 6}),
    ("arm-5-t", row(7, 7, 2, 6, 4), {"total": 6}),
    # All 6. Depth: 2 plain × 6 + 3 × 2 = 18 / 5; smoothness: 3 × 6 + 2 × 2 = 22 / 5; positivity
    # as depth; arousal as smoothness.
    ("seq", row(*[6] * 21), {"depth": 3.6, "smoothness": 4.4, "positivity": 3.6, "arousal": 4.4}),
    ("taqs", row(5, 4, 3, 4, 5), {"total": 21 / 5}),
    ("taqs-caregiver", row(1, 1, 2, 2, 4), {"total": 2}),
    # All 4: 7 × 4 + 5 × (5 - 4) = 33.
    ("tasc-r", row(*[4] * 12), {"total": 33}),
    ("tasc-r-t", row(*[4] * 12), {"total": 33}),
    ("tasc-r-caregiver", row(*[1] * 12), {"total": 7 * 1 + 5 * 4}),
    # All 5: 7 × 5 + 3 × (6 - 5) = 38.
    ("wfpts-10", row(*[5] * 10), {"total": 38}),
    # All 5: (7 × 5 + 4 × 1) / 11 = 39/11.
    ("trust-in-physician-11", row(*[5] * 11), {"total": 39 / 11}),
    # Two empty: 8 × 4 = 32, × 10/8 = 40; three empty: none.
    ("care", row(*[4] * 8, None, None), {"total": 40}),
    ("care", row(*[4] * 7, None, None, None), {"total": None}),
    ("tes", row(7, 6, 5, 4, 3, 2, 1, 4, 4), {"total": 4}),
    # Positive 7 × 5 = 35; negative 5 × 1 = 5; total 35 + 5 × (6 - 1) = 60.
    ("cultural-humility", row(*[5] * 7, *[1] * 5), {"positive": 35, "negative": 5, "total": 60}),
    # 7 + 8 + 9 = 24; the percentages are not added to it.
    ("ceq", row(7, 8, 9, 80, 6, 70), {"credibility": 24}),
    # 5 × 3 = 15; 5 × (-3) = -15; 1 + 0 - 1 = 0; 5 × 1 = 5.
    ("c-nip", row(*[3] * 5, *[-3] * 5, 1, 0, -1, *[1] * 5),
     {"directiveness": 15, "emotional-intensity": -15, "past-present": 0, "warm-support": 5}),
    # 5 + 4 + 3 + 2 = 14; with one problem only (5 + 3 + 1) × 4/3 = 12.
    ("psychlops", {"problem-1": 5, "problem-2": 4, "function": 3, "well-being": 2}, {"total": 14}),
    ("psychlops", {"problem-1": 5, "problem-2": None, "function": 3, "well-being": 1},
     {"total": 12}),
    # 8+7+6+5+4 = 30 and 7+6+5+4 = 22; without item 1 only the second.
    ("wsas", row(8, 7, 6, 5, 4) | {"no-work": 0}, {"total": 30, "without-work": 22}),
    ("wsas", row(None, 8, 8, 8, 8) | {"no-work": 1}, {"total": None, "without-work": 32}),
    ("oasis", row(2, 2, 1, 2, 1), {"total": 8}),
    ("odsis", row(4, 4, 4, 4, 4), {"total": 20}),
    ("promis-depression-4a", row(1, 2, 3, 4), {"raw": 10}),
    ("promis-anxiety-4a", row(5, 5, 5, 5), {"raw": 20}),
    # 1+2+3+4+5+1 = 16; 8 × 2 = 16; with one of eight empty there is no sum.
    ("promis-depression-6a", row(1, 2, 3, 4, 5, 1), {"raw": 16}),
    ("promis-depression-8a", row(*[2] * 8), {"raw": 16}),
    ("promis-depression-8a", row(*[2] * 7, None), {"raw": None}),
    # 6 × 5 = 30; 7 × 3 = 21; 1+2+3+4+5+4+3+2 = 24.
    ("promis-anxiety-6a", row(*[5] * 6), {"raw": 30}),
    ("promis-anxiety-7a", row(*[3] * 7), {"raw": 21}),
    ("promis-anxiety-8a", row(1, 2, 3, 4, 5, 4, 3, 2), {"raw": 24}),
    # 10 × 3 = 30; the physical item (0) is not counted.
    ("reqol-10", row(*[3] * 10) | {"physical": 0}, {"total": 30}),
    ("reqol-20", row(*[2] * 20) | {"physical": 4}, {"total": 40}),
    # (7 + 3 + 6 × 5) / 8 = 5; (6 + 6 + 3) / 3 = 5.
    ("dialog", row(7, 3, 5, 5, 5, 5, 5, 5, 6, 6, 3), {"life": 5, "treatment": 5}),
    # All 1 (strongly agree): disengagement 4 × 1 + 4 × (5 - 1) = 20, exhaustion the same, 40.
    ("olbi", row(*[1] * 16), {"disengagement": 20, "exhaustion": 20, "total": 40}),
    # Most burnt out: 4 on plain items, 1 on 2, 3, 4, 6, 8, 9, 11, 12: 16 × 4 = 64.
    ("olbi", row(4, 1, 1, 1, 4, 1, 4, 1, 1, 4, 1, 1, 4, 4, 4, 4),
     {"disengagement": 32, "exhaustion": 32, "total": 64}),
)  # fmt: skip


@pytest.mark.parametrize(("measure_id", "answers", "expected"), EXAMPLES)
def test_worked_example(
    measure_id: str, answers: dict[str, float | None], expected: dict[str, float | None]
) -> None:
    assert scores(measure_id, answers) == pytest.approx(expected)


def cbi(
    personal: float | None, work: float | None, client: float | None
) -> dict[str, float | None]:
    """Answer each scale's plain items alike; the reversed one is left to the test."""
    return (
        {f"p{n}": personal for n in range(1, 7)}
        | {f"w{n}": work for n in range(1, 7)}
        | {f"c{n}": client for n in range(1, 7)}
    )


def test_cbi_worked_means() -> None:
    # Personal 6 × 50 / 6 = 50. Work: six 75s and the energy item at 100, reversed 0:
    # 450 / 7 = 64.2857…. Client 6 × 25 / 6 = 25.
    full = scores("cbi", cbi(50, 75, 25) | {"w-energy": 100})
    assert full == pytest.approx({"personal": 50, "work": 450 / 7, "client": 25})
    # Three of six and four of seven are enough, fewer are not.
    part = cbi(50, 75, 25) | {"w-energy": None, "w5": None, "w6": None, "p4": None, "p5": None}
    assert scores("cbi", part | {"p6": None}) == {"personal": 50, "work": 75, "client": 25}
    less = scores("cbi", part | {"p6": None, "p3": None, "w4": None})
    assert less == {"personal": None, "work": None, "client": 25}


def test_every_structure_measure_has_an_example_or_no_key() -> None:
    known = set(ids(packs=("structure",)))
    worked = {measure_id for measure_id, _, _ in EXAMPLES} | {*LONG_FORMS, "cbi"}
    assert worked | KEYLESS == known
    assert not worked & KEYLESS
    assert {one for one in known if not load(one).scales} == KEYLESS


def test_c_ssrs_raises_a_hand_for_every_yes_and_has_no_level() -> None:
    screener = load("c-ssrs-screener")
    assert not screener.scales
    assert not screener.cutoffs
    assert all(item.risk is not None and item.risk.at_least == 1 for item in screener.items)
    skipped = {item.id: item.shown_if.item for item in screener.items if item.shown_if}
    assert skipped == {"3": "2", "4": "2", "5": "2", "6-recent": "6"}


def test_cutoffs_from_memory_are_marked_unverified() -> None:
    for measure_id in ("srs", "ors", "cors", "csrs"):
        cutoffs = load(measure_id).cutoffs
        assert cutoffs
        assert not any(table.verified for table in cutoffs)
        assert all("not applied by default" in table.note for table in cutoffs)


@pytest.mark.parametrize("measure_id", ids(packs=("structure",)))
def test_structure_holds_rights_and_no_words(measure_id: str) -> None:
    measure = load(measure_id)
    assert measure.text == "operator"
    assert measure.licence.verdict == "structure_only"
    assert measure.licence.recheck_by
    assert set(measure.licence.contexts) == {"clinical", "commercial", "educational", "research"}
    assert "allow" not in measure.licence.contexts.values()

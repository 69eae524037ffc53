# SPDX-License-Identifier: Apache-2.0
"""Every rule in use: no future changes the past; units, direction and neighbours never count."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from attunement.signals import (
    CLASSICAL_RULES,
    Archive,
    Batch,
    Judgements,
    Rule,
    episodes,
    judge_batch,
    screen_batch,
)

ARCHIVE = Archive(4.5, 0.7, 0.45, 0.2, "by hand")
PROSPECTIVE = [rule for rule in CLASSICAL_RULES if rule.prospective]

Pairs = list[tuple[int, int | None]]
dyad = st.lists(
    st.tuples(st.integers(1, 4), st.none() | st.integers(0, 42)), min_size=0, max_size=25
)
dyads = st.lists(dyad, min_size=0, max_size=5)
any_rule = st.sampled_from(CLASSICAL_RULES)


def batch(many: list[Pairs], *, factor: float = 1.0, shift: float = 0.0, up: bool = True) -> Batch:
    """Build a batch from gaps between session numbers and scores in sevenths."""
    sessions, values = [], []
    for one in many:
        at = 0
        for gap, score in one:
            at += gap
            sessions.append(at)
            x = np.nan if score is None else score / 7
            values.append(factor * (x if up else 6 - x) + shift)
    return Batch(
        np.array(values, dtype=float),
        np.array(sessions, dtype=np.int64),
        np.cumsum([0, *(len(one) for one in many)]),
        shift,
        6 * factor + shift,
        factor / 7,
        higher_is_better=up,
    )


def verdicts(found: Judgements) -> list[tuple[bool, int, int]]:
    return list(
        zip(found.flagged.tolist(), found.reason.tolist(), found.n_used.tolist(), strict=True)
    )


@given(dyad, st.integers(0, 25), st.sampled_from(PROSPECTIVE))
def test_cutting_the_future_off_never_changes_the_past(one: Pairs, cut: int, rule: Rule) -> None:
    whole = judge_batch(batch([one]), rule, archive=ARCHIVE)
    part = judge_batch(batch([one[:cut]]), rule, archive=ARCHIVE)
    for name in ("statistic", "flagged", "reason", "expected", "limit", "n_used"):
        np.testing.assert_array_equal(getattr(whole, name)[:cut], getattr(part, name))


@given(dyads, any_rule, st.randoms(use_true_random=False))
def test_other_dyads_and_their_order_never_count(
    many: list[Pairs], rule: Rule, shuffler: object
) -> None:
    order = list(range(len(many)))
    shuffler.shuffle(order)  # type: ignore[attr-defined]
    alone = [verdicts(judge_batch(batch([one]), rule, archive=ARCHIVE)) for one in many]
    together = judge_batch(batch([many[k] for k in order]), rule, archive=ARCHIVE)
    assert verdicts(together) == [row for k in order for row in alone[k]]


@given(dyads, any_rule, st.sampled_from([2.0, 16.0]), st.integers(-8, 8))
def test_shifted_and_rescaled_scores_give_the_same_verdicts(
    many: list[Pairs], rule: Rule, factor: float, shift: int
) -> None:
    # factors are powers of two so that only the rule is tested, not binary rounding of the input
    one = judge_batch(batch(many), rule, archive=ARCHIVE)
    archive = Archive(factor * 4.5 + shift, factor * 0.7, factor * 0.45, 0.2, "by hand")
    other = judge_batch(batch(many, factor=factor, shift=shift), rule, archive=archive)
    assert verdicts(one) == verdicts(other)


@given(dyads, any_rule)
def test_mirrored_scores_give_the_same_verdicts(many: list[Pairs], rule: Rule) -> None:
    one = judge_batch(batch(many), rule, archive=ARCHIVE)
    mirrored = Archive(1.5, 0.7, 0.45, 0.2, "by hand")
    other = judge_batch(batch(many, up=False), rule, archive=mirrored)
    assert verdicts(one) == verdicts(other)


@given(dyads, any_rule)
def test_every_row_has_an_answer_or_a_reason(many: list[Pairs], rule: Rule) -> None:
    of = batch(many)
    found = judge_batch(of, rule, archive=ARCHIVE)
    assert found.flagged.size == of.n_rows
    assert not (found.flagged & ~found.evaluable).any()
    assert np.isfinite(found.statistic[found.evaluable]).all()
    assert not found.evaluable[np.isnan(of.values)].any()


@settings(max_examples=50)
@given(dyads, any_rule, st.booleans())
def test_every_flag_for_the_worse_lies_in_one_episode(
    many: list[Pairs],
    rule: Rule,
    previous: bool,  # noqa: FBT001 -- drawn
) -> None:
    of = batch(many)
    found = judge_batch(of, rule, archive=ARCHIVE)
    all_of_them = episodes(
        of, found, archive=ARCHIVE, pre="previous" if previous else "expected", window=3
    )
    assert found.flagged[all_of_them.onset_row].all()
    assert (np.diff(all_of_them.onset_row) > 0).all()
    assert (all_of_them.nadir_session >= all_of_them.onset).all()
    repaired = all_of_them.repair >= 0
    assert (all_of_them.repair[repaired] - all_of_them.onset[repaired] <= 3).all()
    assert ((all_of_them.status == 0) == repaired).all()


@settings(max_examples=60, deadline=None)  # the first example loads machine code
@given(dyads, st.lists(any_rule, min_size=1, max_size=6, unique=True), st.booleans())
def test_rules_asked_together_say_what_each_says_alone(
    many: list[Pairs],
    rules: list[Rule],
    up: bool,  # noqa: FBT001 -- drawn
) -> None:
    # together and compiled, flags alone, against one by one as the kernels stand
    of = batch(many, up=up)
    archive = ARCHIVE if up else Archive(1.5, 0.7, 0.45, 0.2, "by hand")
    together = screen_batch(of, rules, archive=archive, compile_from=0)
    for one in rules:
        flagged, evaluable = together.of(one.id)
        alone = judge_batch(of, one, archive=archive, compile_from=1 << 60)
        np.testing.assert_array_equal(flagged, alone.flagged)
        np.testing.assert_array_equal(evaluable, alone.evaluable)

# SPDX-License-Identifier: Apache-2.0
"""The future never changes the past; units and direction never change a verdict."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from attunement.signals import (
    OAC_RULES,
    RULES,
    Archive,
    Rule,
    Series,
    detect,
    judge,
    learn_archive,
)

ONE_SERIES = [rule for rule in (*RULES, *OAC_RULES) if rule.reads_one_series]
ARCHIVE = Archive(4.5, 0.7, 0.45, 0.2, "by hand")

whole_series = st.lists(
    st.tuples(st.integers(1, 4), st.none() | st.integers(0, 42)), min_size=0, max_size=30
)


def series_of(pairs: list[tuple[int, int | None]]) -> Series:
    """Build a series from gaps between session numbers and scores in sevenths."""
    sessions, at = [], 0
    for gap, _ in pairs:
        at += gap
        sessions.append(at)
    values = tuple(None if score is None else score / 7 for _, score in pairs)
    return Series(tuple(sessions), values, 0, 6, 1 / 7)


@given(whole_series, st.integers(0, 30), st.sampled_from(ONE_SERIES))
def test_truncating_the_future_never_changes_the_past(
    pairs: list[tuple[int, int | None]], cut: int, rule: Rule
) -> None:
    whole, part = series_of(pairs), series_of(pairs[:cut])
    assert judge(part, rule, archive=ARCHIVE) == judge(whole, rule, archive=ARCHIVE)[:cut]


@given(whole_series, st.sampled_from(ONE_SERIES))
def test_every_session_is_accounted_for_once(
    pairs: list[tuple[int, int | None]], rule: Rule
) -> None:
    series = series_of(pairs)
    found = detect(series, (rule,), archive=ARCHIVE)
    silent = {one.session_no for one in found.not_evaluable}
    flagged = {one.session_no for one in found.signals}
    assert not silent & flagged
    assert found.n_evaluated[rule.id] + len(silent) == len(series.sessions)


@given(whole_series)
def test_signals_lie_on_the_worse_side(pairs: list[tuple[int, int | None]]) -> None:
    for signal in detect(series_of(pairs), ONE_SERIES, archive=ARCHIVE).signals:
        assert signal.value <= signal.threshold + 1e-6 < signal.expected + 1e-6
        assert all(math.isfinite(number) for number in signal.why.inputs.values())


@given(whole_series, st.sampled_from(RULES))
def test_mirrored_scale_gives_the_same_verdicts(
    pairs: list[tuple[int, int | None]], rule: Rule
) -> None:
    up = series_of(pairs)
    down = Series(
        up.sessions,
        tuple(None if v is None else 6 - v for v in up.values),
        0,
        6,
        1 / 7,
        higher_is_better=False,
    )
    mirrored = Archive(1.5, 0.7, 0.45, 0.2, "by hand")
    one = [(v.evaluable, v.flagged) for v in judge(up, rule, archive=ARCHIVE)]
    assert one == [(v.evaluable, v.flagged) for v in judge(down, rule, archive=mirrored)]


@given(whole_series, st.sampled_from(RULES), st.sampled_from([2.0, 16.0]), st.integers(-8, 8))
def test_shifted_and_rescaled_scores_give_the_same_verdicts(
    pairs: list[tuple[int, int | None]], rule: Rule, factor: float, shift: int
) -> None:
    # factors are powers of two so that only the rule is tested, not binary rounding of the input
    one = series_of(pairs)
    other = Series(
        one.sessions,
        tuple(None if v is None else factor * v + shift for v in one.values),
        shift,
        6 * factor + shift,
        factor / 7,
    )
    moved = Archive(factor * 4.5 + shift, factor * 0.7, factor * 0.45, 0.2, "by hand")
    expected = [(v.evaluable, v.flagged) for v in judge(one, rule, archive=ARCHIVE)]
    assert expected == [(v.evaluable, v.flagged) for v in judge(other, rule, archive=moved)]


@settings(max_examples=50)
@given(st.lists(whole_series, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_of_the_series_does_not_change_an_archive(
    many: list[list[tuple[int, int | None]]], shuffler: object
) -> None:
    series = [series_of(pairs) for pairs in many]
    other = list(series)
    shuffler.shuffle(other)  # type: ignore[attr-defined]
    one, two = learn_archive(series), learn_archive(other)
    for name in ("mean", "between_sd", "within_sd", "autocorrelation"):
        assert math.isclose(getattr(one, name), getattr(two, name), abs_tol=1e-9)
    assert one.n_scores == two.n_scores
    assert 0 <= one.mean <= 6
    assert one.within_sd > 0

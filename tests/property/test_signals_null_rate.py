# SPDX-License-Identifier: Apache-2.0
"""Whatever the series and the archive: a rate between 0 and 1, and a sentence."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from attunement.signals import (
    OAC_RULES,
    RULES,
    Archive,
    Rule,
    Series,
    default_archive,
    learn_archive,
    null_rate,
)

ONE_SERIES = [rule for rule in (*RULES, *OAC_RULES) if rule.reads_one_series]


@st.composite
def series(draw: st.DrawFn) -> Series:
    step = draw(st.sampled_from([0.0, 0.25, 1.0, 6.0]))
    scores = st.none() | st.sampled_from([0.0, 6.0]) | st.floats(0, 6)
    values = tuple(draw(st.lists(scores, max_size=15)))
    better = draw(st.booleans())
    return Series(tuple(range(1, len(values) + 1)), values, 0, 6, step, higher_is_better=better)


archives = st.builds(
    Archive,
    st.floats(0, 6),
    st.floats(0, 6),
    st.floats(0, 6),
    st.floats(-0.99, 0.99),
    st.just("drawn"),
    st.just(1),
    st.sampled_from([0, 50]),
)


@settings(max_examples=80, deadline=None)
@given(series(), archives, st.sampled_from(ONE_SERIES))
def test_any_series_and_archive_have_a_rate(one: Series, archive: Archive, rule: Rule) -> None:
    found = null_rate(rule, like=one, archive=archive, n=100)
    assert 0 <= found.per_series <= 1
    assert 0 <= found.per_session <= 1
    assert found.per_series_se >= 0
    assert found.sentence.endswith(".")
    assert found.n_sessions == len(one.sessions)


@settings(max_examples=40, deadline=None)
@given(series())
def test_an_archive_of_one_series_can_be_used_at_once(one: Series) -> None:
    learned = learn_archive([one])
    prior = default_archive(0, 6, higher_is_better=one.higher_is_better)
    for archive in (learned, prior):
        assert 0 <= null_rate(RULES[0], like=one, archive=archive, n=100).per_series <= 1

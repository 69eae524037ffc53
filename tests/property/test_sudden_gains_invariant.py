# SPDX-License-Identifier: Apache-2.0
"""A gain is where it is, whatever people are called and however the table lies or is scaled."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import attunement as at
from attunement.signals.gains import GainOptions, Gains, sudden_gains

scores = st.one_of(st.integers(0, 63), st.integers(0, 63), st.integers(0, 63), st.none())
courses = st.lists(st.lists(scores, min_size=1, max_size=14), min_size=1, max_size=5)
QUICK = settings(max_examples=60, deadline=None)
ASKED: dict[str, Any] = {"id": "who", "session": "session", "score": "bdi", "cutoff": 7}


def _search(
    people: list[list[int | None]], options: GainOptions, *, times: float = 1.0, plus: float = 0.0
) -> Gains:
    flat = [np.nan if one is None else one * times + plus for line in people for one in line]
    sizes = [len(line) for line in people]
    sessions = np.concatenate([np.arange(1, size + 1) for size in sizes])
    starts = np.concatenate(([0], np.cumsum(sizes)))
    return sudden_gains(np.array(flat, dtype=float), sessions, starts, options)


def _table(people: list[list[int | None]]) -> pl.DataFrame:
    rows = [
        (f"P{who}", session, score)
        for who, line in enumerate(people)
        for session, score in enumerate(line, start=1)
    ]
    kinds = {"who": pl.String, "session": pl.Int64, "bdi": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _where(found: Any) -> set[tuple[Any, ...]]:
    return set(found.intervals.select("who", "session", "verdict").rows())


@QUICK
@given(people=courses, losses=st.booleans(), strict=st.booleans())
def test_shifted_and_rescaled_scores_give_the_same_verdicts(
    people: list[list[int | None]], *, losses: bool, strict: bool
) -> None:
    same: dict[str, Any] = {
        "lower_is_better": True,
        "losses": losses,
        "strict": strict,
        "relative": "pomp",
    }
    plain = _search(people, GainOptions(**same, cutoff=7, minimum=0))
    for times, plus in ((0.1, 0.0), (1 / 7, 3.0), (10.0, -50.0)):
        options = GainOptions(**same, cutoff=7 * times, minimum=plus)
        other = _search(people, options, times=times, plus=plus)
        assert np.array_equal(plain.codes, other.codes)
        assert np.array_equal(plain.reversed, other.reversed)


@QUICK
@given(people=courses)
def test_loss_on_the_turned_scale_is_a_gain_without_criterion_2(
    people: list[list[int | None]],
) -> None:
    turned = [[None if one is None else 63 - one for one in line] for line in people]
    gains = _search(people, GainOptions(lower_is_better=True, cutoff=7, criteria=(1, 3)))
    losses = _search(
        turned, GainOptions(lower_is_better=True, cutoff=7, criteria=(1, 3), losses=True)
    )
    other_way = _search(turned, GainOptions(lower_is_better=False, cutoff=7, criteria=(1, 3)))
    assert np.array_equal(gains.codes, losses.codes)
    assert np.array_equal(gains.codes, other_way.codes)


@QUICK
@given(people=courses)
def test_every_gain_is_a_gain_by_each_criterion_alone(people: list[list[int | None]]) -> None:
    every = _search(people, GainOptions(lower_is_better=True, cutoff=7))
    for criterion in (1, 2, 3):
        alone = _search(people, GainOptions(lower_is_better=True, cutoff=7, criteria=(criterion,)))
        assert set(every.rows) <= set(alone.rows)
    vacuous = {"lower_is_better": True, "cutoff": 7, "losses": True}
    mirrored = _search(people, GainOptions(**vacuous))  # type: ignore[arg-type]
    loose = _search(people, GainOptions(**vacuous, relative="vacuous_loss"))  # type: ignore[arg-type]
    off = _search(people, GainOptions(**vacuous, criteria=(1, 3)))  # type: ignore[arg-type]
    assert set(mirrored.rows) <= set(loose.rows)
    assert set(loose.rows) == set(off.rows)


@QUICK
@given(people=courses)
def test_strict_decides_more_and_finds_the_same(people: list[list[int | None]]) -> None:
    plain = _search(people, GainOptions(lower_is_better=True, cutoff=7))
    strict = _search(people, GainOptions(lower_is_better=True, cutoff=7, strict=True))
    assert np.array_equal(plain.rows, strict.rows)
    assert (strict.n_analysable >= plain.n_analysable).all()


@QUICK
@given(people=courses)
def test_what_comes_three_sessions_later_changes_no_verdict(
    people: list[list[int | None]],
) -> None:
    options = GainOptions(lower_is_better=True, cutoff=7)
    line = max(people, key=len)
    whole = _search([line], options).codes
    for cut in range(5, len(line)):
        known = _search([line[:cut]], options).codes
        assert np.array_equal(known[: cut - 3], whole[: cut - 3])


@settings(max_examples=15, deadline=None)
@given(
    people=courses.filter(lambda found: any(one is not None for line in found for one in line)),
    seed=st.integers(0, 2**16),
)
def test_shuffled_rows_and_other_names_change_nothing(
    people: list[list[int | None]], seed: int
) -> None:
    table = _table(people)
    plain = _where(at.sudden_gains(table, **ASKED, lower_is="better"))
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=seed)
    assert _where(at.sudden_gains(shuffled, **ASKED, lower_is="better")) == plain
    names = {f"P{k}": f"X{9 - k}" for k in range(len(people))}
    renamed = table.with_columns(pl.col("who").replace(names))
    found = _where(at.sudden_gains(renamed, **ASKED, lower_is="better"))
    assert found == {(names[who], session, verdict) for who, session, verdict in plain}

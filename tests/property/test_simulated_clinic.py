# SPDX-License-Identifier: Apache-2.0
"""Whatever the size, seed and settings: the tables fit each other and stay in their bounds."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from attunement import simulate

SHARE = st.floats(0, 1)


@st.composite
def clinics(draw: st.DrawFn) -> simulate.SyntheticClinic:
    clients = draw(st.integers(1, 25))
    shortest = draw(st.integers(1, 12))
    start = date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 900)))
    weeks = draw(st.none() | st.integers(8, 80))
    return simulate.clinic(
        seed=draw(st.integers(0, 2**32)),
        clients=clients,
        therapists=draw(st.integers(1, clients)),
        sessions=(shortest, shortest + draw(st.integers(0, 15))),
        start=start,
        until=None if weeks is None else start + timedelta(weeks=weeks),
        settings=simulate.Settings(
            level=draw(st.floats(0, 6)),
            within_sd=draw(st.floats(0, 2)),
            autocorrelation=draw(st.floats(-0.5, 0.95)),
            rupture_share=draw(SHARE),
            repaired_share=draw(SHARE),
            item_skipped=draw(st.floats(0, 0.5)),
            client_form_missing=draw(st.floats(0, 0.9)),
            missed=draw(st.floats(0, 0.4)),
            unplanned_after_unrepaired=draw(SHARE),
            intake_weeks=draw(st.integers(1, 60)),
        ),
    )


@settings(max_examples=60, deadline=None)
@given(clinics())
def test_tables_fit_each_other(made: simulate.SyntheticClinic) -> None:
    assert made.dyads["dyad_id"].is_unique().all()
    assert made.dyads["client_id"].to_list() == made.clients["client_id"].to_list()
    assert set(made.clients["therapist_id"]) == set(made.therapists["therapist_id"])
    keys = ["dyad_id", "session_no"]
    assert not made.sessions.select(keys).is_duplicated().any()
    assert not made.ratings.select([*keys, "perspective"]).is_duplicated().any()
    for frame in (made.ratings, made.answers, made.notes, made.goal_ratings):
        assert frame.join(made.sessions, on=keys, how="anti").is_empty()
    assert made.truth.join(made.dyads, on="dyad_id", how="anti").is_empty()
    assert set(made.goals["dyad_id"]) == set(made.dyads["dyad_id"])


@settings(max_examples=60, deadline=None)
@given(clinics())
def test_sessions_count_up_from_one_and_dates_rise(made: simulate.SyntheticClinic) -> None:
    grouped = made.sessions.group_by("dyad_id").agg("session_no", "session_date")
    assert len(grouped) == len(made.dyads)
    for row in grouped.iter_rows(named=True):
        assert row["session_no"] == list(range(1, len(row["session_no"]) + 1))
        assert row["session_date"] == sorted(set(row["session_date"]))
    assert (made.sessions.filter(session_no=1)["attended"] == "attended").all()


@settings(max_examples=60, deadline=None)
@given(clinics())
def test_numbers_stay_in_their_bounds(made: simulate.SyntheticClinic) -> None:
    assert made.ratings["score"].drop_nulls().is_between(0, 6).all()
    enough = made.ratings["n_answered"] >= 6
    assert (made.ratings["score"].is_not_null() == enough).all()
    assert made.answers["value"].is_between(0, 6).all()
    assert made.goal_ratings["rating"].is_between(0, 10).all()
    truth = made.truth.filter(~pl.col("censored"))
    assert (truth["repair_session"].is_not_null() == truth["repaired"]).all()
    assert (made.truth["onset_session"] >= 4).all()

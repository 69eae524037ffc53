# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from attunement import simulate

ALWAYS = simulate.Settings(
    rupture_share=1.0,
    level=4.4,
    between_sd=0.4,
    within_sd=0.3,
    growth=0.0,
    item_skipped=0.0,
    client_form_missing=0.0,
    therapist_form_missing=0.0,
)


@pytest.fixture(scope="module")
def made() -> simulate.SyntheticClinic:
    return simulate.clinic(seed=9, clients=800, therapists=40, sessions=(12, 24), settings=ALWAYS)


def placed(made: simulate.SyntheticClinic) -> pl.DataFrame:
    """Every session of a dyad with its rupture: states, observed scores and where it lies."""
    keys = ["dyad_id", "session_no"]
    client = made.ratings.filter(perspective="client").select(*keys, client="score")
    therapist = made.ratings.filter(perspective="therapist").select(*keys, therapist="score")
    end = pl.col("onset_session") + pl.col("length")
    return (
        made.truth_sessions.join(made.truth, on="dyad_id")
        .join(made.sessions.select(*keys, "attended"), on=keys)
        .join(client, on=keys, how="left")
        .join(therapist, on=keys, how="left")
        .with_columns(
            dip=pl.col("session_no").is_between(pl.col("onset_session"), end - 1),
            before=pl.col("session_no") < pl.col("onset_session"),
            after=pl.col("session_no") >= end,
        )
    )


def test_asked_share_of_clients_has_one_rupture() -> None:
    for clients, share in ((40, 0.25), (101, 0.25), (40, 0.0), (40, 1.0)):
        settings = simulate.Settings(rupture_share=share)
        truth = simulate.clinic(clients=clients, settings=settings).truth
        assert len(truth) == truth["dyad_id"].n_unique() == round(share * clients)


def test_states_fall_by_exactly_the_depth(made: simulate.SyntheticClinic) -> None:
    rows = placed(made)
    dips = rows.filter("dip")
    fall = dips["calm_state"].clip(upper_bound=6) - dips["client_state"]
    assert np.allclose(fall, dips["depth"])
    assert (dips["in_dip"]).all()
    calm = rows.filter(pl.col("before") | (pl.col("after") & pl.col("repaired")))
    assert (calm["client_state"] == calm["calm_state"]).all()
    lingering = rows.filter(pl.col("after") & ~pl.col("repaired"))
    left = lingering["calm_state"].clip(upper_bound=6) - lingering["client_state"]
    assert np.allclose(left, 0.4 * lingering["depth"])


def test_observed_scores_fall_by_the_depth(made: simulate.SyntheticClinic) -> None:
    rows = placed(made).drop_nulls("client")
    before = rows.filter("before").group_by("dyad_id").agg(pl.col("client").mean().alias("level"))
    dips = (
        rows.filter("dip")
        .group_by("dyad_id")
        .agg(pl.col("client").mean().alias("low"), pl.col("depth").first())
    )
    fall = dips.join(before, on="dyad_id").select(miss=pl.col("level") - pl.col("low") - "depth")
    # A dip's mean and the mean before differ by the depth plus chance: within-SD 0.3 and form
    # error √((0.45² + 1/12)/7) = 0.20 on each side, at least 3 sessions before: SD of one dyad
    # ≤ √(0.13 + 0.13/3 × 1.5) = 0.44. The ceiling (level 4.4, SD 0.4) costs under 0.03 points.
    error = 0.44 / math.sqrt(len(fall))
    assert fall["miss"].mean() == pytest.approx(0.0, abs=4 * error + 0.03)
    assert fall["miss"].std() < 0.5


def test_the_sessions_of_a_rupture_are_held(made: simulate.SyntheticClinic) -> None:
    rows = placed(made)
    assert (rows.filter("dip")["attended"] == "attended").all()
    put_right = rows.filter(pl.col("session_no") == pl.col("repair_session"))
    assert len(put_right) == made.truth["repaired"].sum()
    assert (put_right["attended"] == "attended").all()
    assert (put_right["repair_session"] == put_right["onset_session"] + put_right["length"]).all()


@pytest.mark.parametrize("chair", ["client", "therapist"])
def test_strain_rises_only_for_who_noticed(made: simulate.SyntheticClinic, chair: str) -> None:
    keys = ["dyad_id", "session_no"]
    own = made.answers.filter(perspective=chair)
    strain = own.filter(item="8").select(*keys, strain="value")
    repair = own.filter(item="8a").select(*keys, repair="value")
    rows = placed(made).join(strain, on=keys).join(repair, on=keys, how="left")
    saw = pl.col("noticed_by").is_in([chair, "both"])
    assert (rows.filter("dip", saw)["strain"] >= 2).all()
    assert (rows.filter("dip", saw)["repair"] <= 1).all()
    assert (rows.filter("dip", ~saw)["strain"] <= 1).all()
    mended = rows.filter(saw, pl.col("session_no") == pl.col("repair_session"))
    assert len(mended) > 50
    assert (mended["strain"] >= 1).all()
    assert (mended["repair"] >= 3).all()


def test_therapist_falls_with_the_client_only_when_noticing(
    made: simulate.SyntheticClinic,
) -> None:
    rows = placed(made)
    dips = rows.filter("dip").join(
        rows.filter("before").group_by("dyad_id").agg(usual=pl.col("therapist_state").mean()),
        on="dyad_id",
    )
    fall = dips.with_columns(fall=pl.col("usual") - pl.col("therapist_state"))
    saw = pl.col("noticed_by").is_in(["therapist", "both"])
    noticed, blind = fall.filter(saw), fall.filter(~saw)
    # A therapist who noticed falls by 0.7 of the depth; noise per dip session: therapist's 0.35
    # with tracking × 0.3, at most √(2) × 0.45 = 0.64 beside a mean before.
    expected = 0.7 * noticed["depth"].mean()
    assert noticed["fall"].mean() == pytest.approx(expected, abs=4 * 0.64 / len(noticed) ** 0.5)
    assert blind["fall"].mean() == pytest.approx(0.0, abs=4 * 0.64 / len(blind) ** 0.5)


def test_the_target_shows_in_its_items(made: simulate.SyntheticClinic) -> None:
    items = {"goal": "4", "task": "5", "bond": "1", "relationship": "7"}
    rows = (
        placed(made)
        .filter("dip")
        .join(made.answers.filter(perspective="client"), on=["dyad_id", "session_no"])
    )
    for target, item in items.items():
        there = rows.filter(item=item)
        own = there.filter(target=target)
        others = there.filter(pl.col("target") != target)
        assert own["value"].mean() - own["client"].mean() < (
            others["value"].mean() - others["client"].mean() - 0.25
        )


def test_unplanned_endings_follow_unrepaired_ruptures(made: simulate.SyntheticClinic) -> None:
    rows = made.dyads.join(made.truth, on="dyad_id")
    for repaired, share in ((False, 0.65), (True, 0.18)):
        part = rows.filter(repaired=repaired)
        found = (part["ending"] == "unplanned").mean()
        assert found == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / len(part)))


def test_every_kind_of_truth_appears(made: simulate.SyntheticClinic) -> None:
    assert set(made.truth["noticed_by"]) == {"client", "therapist", "both", "nobody"}
    assert set(made.truth["kind"]) == {"withdrawal", "confrontation"}
    assert set(made.truth["target"]) == {"goal", "task", "bond", "relationship"}
    assert set(made.truth["length"]) == {1, 2, 3}
    assert made.truth["onset_session"].min() == 4
    assert not made.truth["censored"].any()
    assert made.truth["depth"].is_between(0.9, 2.4).all()

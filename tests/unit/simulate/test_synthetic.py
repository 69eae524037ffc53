# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import re
from datetime import date

import polars as pl
import pytest

from attunement import simulate


@pytest.fixture(scope="module")
def made() -> simulate.SyntheticClinic:
    return simulate.clinic(seed=3, clients=400, therapists=20)


def as_bytes(clinic: simulate.SyntheticClinic) -> dict[str, bytes]:
    written = {}
    for name, frame in clinic.tables().items():
        buffer = io.BytesIO()
        frame.write_csv(buffer)
        written[name] = buffer.getvalue()
    return written


def test_clinic_same_seed_gives_the_same_bytes() -> None:
    assert as_bytes(simulate.clinic(seed=11)) == as_bytes(simulate.clinic(seed=11))


def test_clinic_other_seed_gives_other_ratings_and_ruptures() -> None:
    one, two = as_bytes(simulate.clinic(seed=11)), as_bytes(simulate.clinic(seed=12))
    for name in ("ratings", "answers", "sessions", "truth", "notes", "goal_ratings"):
        assert one[name] != two[name]


def test_clinic_tables_have_the_promised_columns(made: simulate.SyntheticClinic) -> None:
    assert made.sessions.columns == [
        "therapist_id",
        "client_id",
        "dyad_id",
        "session_no",
        "session_date",
        "attended",
        "modality",
    ]
    assert made.ratings.columns == [
        "dyad_id",
        "session_no",
        "session_date",
        "perspective",
        "measure",
        "score",
        "n_answered",
        "predicted",
    ]
    assert made.answers.columns == [
        "dyad_id",
        "session_no",
        "perspective",
        "measure",
        "item",
        "value",
    ]
    assert made.truth.columns[:9] == [
        "dyad_id",
        "onset_session",
        "depth",
        "length",
        "noticed_by",
        "repaired",
        "repair_session",
        "kind",
        "target",
    ]
    assert tuple(made.tables()) == simulate.TABLES


def test_score_is_the_mean_of_the_answered_items(made: simulate.SyntheticClinic) -> None:
    keys = ["dyad_id", "session_no", "perspective"]
    scored = made.answers.filter(pl.col("item").is_in(list("1234567")))
    own = scored.group_by(keys).agg(pl.col("value").sum().alias("added"), n=pl.len())
    both = made.ratings.join(own, on=keys, how="left", validate="1:1")
    assert both["n_answered"].to_list() == both["n"].fill_null(0).to_list()
    enough = both.filter(pl.col("n") >= 6)
    # Exactly, not nearly: the sum of whole numbers divided once.
    assert (enough["score"] == enough["added"] / enough["n"]).all()
    assert both.filter(pl.col("n") < 6)["score"].null_count() == len(both.filter(pl.col("n") < 6))
    assert enough.filter(pl.col("n") == 6).height > 0


def test_answers_are_whole_and_within_the_form(made: simulate.SyntheticClinic) -> None:
    values = made.answers
    assert (values["value"] % 1 == 0).all()
    assert values["value"].min() == 0
    assert values.filter(pl.col("item") != "8a")["value"].max() == 6
    assert values.filter(item="8a")["value"].max() == 4
    wide = values.pivot("item", index=["dyad_id", "session_no", "perspective"], values="value")
    assert (wide["8a"].is_not_null() == (wide["8"] >= 1)).all()


def test_only_therapists_predict(made: simulate.SyntheticClinic) -> None:
    client = made.ratings.filter(perspective="client")
    therapist = made.ratings.filter(perspective="therapist")
    assert client["predicted"].null_count() == len(client)
    assert therapist["predicted"].null_count() == 0
    assert therapist["predicted"].is_between(0, 6).all()
    assert (therapist["predicted"] * 2 % 1 == 0).all()


def test_forms_exist_only_where_the_session_was_held(made: simulate.SyntheticClinic) -> None:
    keys = ["dyad_id", "session_no"]
    lost = made.sessions.filter(pl.col("attended") != "attended")
    assert set(lost["attended"]) == {"cancelled", "missed"}
    for frame in (made.ratings, made.answers, made.goal_ratings, made.notes):
        assert frame.join(lost, on=keys, how="inner").is_empty()
        assert frame.join(made.sessions, on=keys, how="anti").is_empty()


def test_dates_are_weekly_with_holidays(made: simulate.SyntheticClinic) -> None:
    dated = made.sessions.with_columns(gap=pl.col("session_date").diff().over("dyad_id"))
    gaps = dated["gap"].drop_nulls().dt.total_days()
    assert (gaps % 7 == 0).all()
    assert gaps.min() == 7
    assert (gaps == 7).mean() > 0.8
    assert gaps.max() > 7
    assert (made.sessions["session_date"].dt.weekday() <= 5).all()
    monday = made.sessions["session_date"].dt.truncate("1w")
    closed = (monday >= date(2026, 8, 3)) & (monday <= date(2026, 8, 16))
    assert not closed.any()


def test_names_are_plainly_synthetic(made: simulate.SyntheticClinic) -> None:
    names = [*made.clients["name"], *made.therapists["name"]]
    assert all(re.fullmatch(r"Synthetic (Client|Therapist) \d+", name) for name in names)
    assert len(set(names)) == len(names) == 420
    said = [*made.goals["text"], *made.notes["text"]]
    assert all(
        re.search(r"synthetic|invented|made-up|imaginary|paper", text, re.IGNORECASE)
        for text in said
    )
    first = simulate.clinic(clients=40).clients["name"][6]
    assert first == "Synthetic Client 07"


def test_until_leaves_dyads_ongoing_and_hides_what_nobody_can_know_yet() -> None:
    last = date(2026, 6, 5)
    cut = simulate.clinic(seed=5, clients=300, until=last)
    assert cut.sessions["session_date"].max() <= last
    assert cut.sessions["dyad_id"].n_unique() == 300
    ongoing = cut.dyads.filter(ending="ongoing")
    assert 0 < len(ongoing) < 300
    assert ongoing["end_date"].null_count() == len(ongoing)
    assert cut.dyads.filter(pl.col("ending") != "ongoing")["end_date"].max() <= last
    seen = cut.sessions.group_by("dyad_id").agg(seen=pl.col("session_no").max())
    truth = cut.truth.join(seen, on="dyad_id")
    assert (truth["onset_session"] <= truth["seen"]).all()
    hidden = truth.filter("censored")
    assert len(hidden) > 0
    assert hidden["repaired"].null_count() == len(hidden)
    known = truth.filter(~pl.col("censored"))
    assert known["repaired"].null_count() == 0
    assert (known.filter("repaired")["repair_session"] <= known.filter("repaired")["seen"]).all()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"clients": 0}, "E-SIM-001"),
        ({"clients": 3, "therapists": 4}, "E-SIM-001"),
        ({"therapists": 0}, "E-SIM-001"),
        ({"sessions": (0, 5)}, "E-SIM-001"),
        ({"sessions": (9, 5)}, "E-SIM-001"),
        ({"seed": -1}, "E-SIM-001"),
        ({"language": "xx"}, "E-SIM-002"),
        ({"until": date(2026, 2, 1)}, "E-SIM-003"),
    ],
)
def test_clinic_refuses_what_makes_no_clinic(arguments: dict[str, object], code: str) -> None:
    with pytest.raises(simulate.SimulationError, match=code):
        simulate.clinic(**arguments)  # type: ignore[arg-type]


def test_clinic_with_very_short_episodes_has_no_ruptures() -> None:
    made = simulate.clinic(clients=30, sessions=(1, 4))
    assert made.truth.is_empty()
    assert made.sessions["session_no"].max() == 4

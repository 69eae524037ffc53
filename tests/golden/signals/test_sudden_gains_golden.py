# SPDX-License-Identifier: Apache-2.0
"""Against the R package suddengains 0.7.2, on its example data (43 people, BDI)."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import attunement as at
from attunement.signals.gains import (
    GainOptions,
    check_interval,
    define_crit1_cutoff,
    sudden_gains,
)

FOLDER = os.environ.get("ATTUNEMENT_REFERENCE_DATA")

reference = [
    pytest.mark.reference,
    pytest.mark.skipif(FOLDER is None, reason="ATTUNEMENT_REFERENCE_DATA is not set"),
]


def _rows(name: str) -> list[dict[str, str]]:
    assert FOLDER is not None
    with (Path(FOLDER) / "sudden_gains" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _long(first: int = 1) -> pl.DataFrame:
    rows = [
        (
            int(row["id"]),
            session,
            None if row[f"bdi_s{session}"] == "NA" else float(row[f"bdi_s{session}"]),
        )
        for row in _rows("sgdata.csv")
        for session in range(first, 13)
    ]
    return pl.DataFrame(rows, schema=["id", "session", "bdi"], orient="row")


def _gains(frame: pl.DataFrame, **more: Any) -> Any:
    asked: dict[str, Any] = {"cutoff": 7, "lower_is": "better", **more}
    return at.sudden_gains(frame, id="id", session="session", score="bdi", **asked)


class TestSgdata:
    pytestmark = reference

    def test_every_gain_of_the_package_with_its_numbers(self) -> None:
        found = _gains(_long()).gains.to_dicts()
        expected = _rows("expected_by_gain_cutoff7.csv")
        assert len(found) == len(expected) == 24
        columns = {
            "before_3": "sg_bdi_2n", "before_2": "sg_bdi_1n", "before_1": "sg_bdi_n",
            "after_1": "sg_bdi_n1", "after_2": "sg_bdi_n2", "after_3": "sg_bdi_n3",
            "magnitude": "sg_magnitude", "total_change": "sg_bdi_tx_change",
            "share_of_change": "sg_change_proportion", "reversal_score": "sg_reversal_value",
            "reversed": "sg_reversal", "of": "sg_freq_byperson",
        }  # fmt: skip
        for ours, theirs in zip(found, expected, strict=True):
            assert (ours["id"], ours["session"]) == (int(theirs["id"]), int(theirs["sg_session_n"]))
            for name, other in columns.items():
                if theirs[other] == "NA":
                    assert ours[name] is None
                else:
                    assert ours[name] == pytest.approx(float(theirs[other]), rel=1e-14)

    def test_every_interval_of_the_package(self) -> None:
        found = _gains(_long()).intervals
        verdicts = {(row["id"], row["session"]): row["verdict"] for row in found.to_dicts()}
        meaning = {"NA": None, "0": False, "1": True}
        expected = {
            (int(row["id"]), session): meaning[row[f"sg_{session}to{session + 1}"]]
            for row in _rows("expected_intervals_cutoff7.csv")
            for session in range(2, 11)
        }
        assert len(expected) == 387
        assert verdicts == expected

    def test_counts_of_the_package(self) -> None:
        found = _gains(_long())
        about = found.to_dict()
        assert (about["found"], about["persons_with"], about["persons"]) == (24, 15, 43)
        assert (about["intervals"], about["testable"]) == (473, 387)
        assert (about["judged"], about["not_judged"]) == (298, 89)
        assert about["reversed"] == 4
        assert round(about["magnitude_mean"], 2) == 11.00
        assert round(about["magnitude_sd"], 2) == 3.43
        text = str(found)
        assert "Found 24 gains in 15 persons of 43 (34.88 %)." in text
        assert "4 of 24 (16.67 %)" in text
        assert "From persons with more than one: 17 of 24 (70.83 %)." in text

    @pytest.mark.parametrize("relative", ["percent", "vacuous_loss"])
    def test_three_losses_whether_criterion_2_is_mirrored_or_vacuous(self, relative: str) -> None:
        found = _gains(_long(), losses=True, relative=relative)
        assert found.gains.select("id", "session").rows() == [(4, 9), (34, 7), (35, 7)]

    def test_one_fixed_factor_finds_26_in_17(self) -> None:
        about = _gains(_long(), fixed_t=2.776).to_dict()
        assert (about["found"], about["persons_with"]) == (26, 17)

    def test_baseline_in_front_finds_26_in_17(self) -> None:
        about = _gains(_long(first=0)).to_dict()
        assert (about["found"], about["persons_with"]) == (26, 17)
        assert (about["judged"], about["not_judged"]) == (334, 96)
        left = _gains(_long(first=0), baseline="leave_out").to_dict()
        assert (left["found"], left["persons_with"]) == (24, 15)

    def test_person_5_first_and_largest(self) -> None:
        for which, session in (("first", 3), ("largest", 8)):
            persons = _gains(_long(), multiple=which).persons
            assert persons.filter(pl.col("id") == 5)["session"].to_list() == [session]

    def test_rows_without_a_score_may_be_left_out(self) -> None:
        whole, dropped = (
            _gains(_long()),
            _gains(_long().drop_nulls().sample(fraction=1.0, seed=1, shuffle=True)),
        )
        key = ["id", "session"]
        same = ["id", "session", "magnitude", "reversed"]
        assert dropped.gains.sort(key).select(same).equals(whole.gains.sort(key).select(same))
        assert dropped.to_dict()["judged"] == 298


def test_cut_off_from_a_deviation_and_a_reliability() -> None:
    one = define_crit1_cutoff(10.5, 0.931)
    assert round(one.standard_error, 3) == 2.758
    assert round(one.standard_error_of_difference, 3) == 3.901
    assert round(one.value, 3) == 7.645
    two = define_crit1_cutoff(6.396073, 0.931)
    assert round(two.standard_error, 6) == 1.680111
    assert round(two.standard_error_of_difference, 6) == 2.376036
    assert two.value == pytest.approx(4.657030, abs=1e-6)


def test_one_interval_as_the_package_checks_it() -> None:
    options = GainOptions(lower_is_better=True, cutoff=7)
    one = check_interval([32, 31, 33], [5, 6, 7], options)
    assert (one.mean_before, one.mean_after, one.sd_before, one.sd_after) == (32, 6, 1, 1)
    assert one.verdict is True
    assert round(one.t_critical, 3) == 2.776
    strict = GainOptions(lower_is_better=True, cutoff=7, alpha=0.01)
    assert round(check_interval([32, 31, 33], [5, 6, 7], strict).t_critical, 3) == 4.604
    assert round(check_interval([32, 31], [5, 6], strict).t_critical, 3) == 9.925


def test_factor_of_two_missing_scores_is_that_of_two_degrees_of_freedom() -> None:
    options = GainOptions(lower_is_better=True, cutoff=7)
    three = check_interval([None, 31, 33], [5, 6, 7], options)
    two = check_interval([None, 31, 33], [5, None, 7], options)
    assert round(three.t_critical, 3) == 3.182
    assert round(two.t_critical, 3) == 4.303
    assert np.isnan(check_interval([None, None, 33], [5, 6, 7], options).t_critical)


def _calm(mean: float, shock: int) -> np.ndarray[Any, Any]:
    """Series of the reference's null table (12 sessions, 1 to 5), with a shock from session 7."""
    generator = np.random.default_rng(20_221_107)
    people = mean + 0.50 * generator.standard_normal((20_000, 1))
    noise = np.empty((20_000, 12))
    noise[:, 0] = generator.standard_normal(20_000)
    for t in range(1, 12):
        noise[:, t] = 0.20 * noise[:, t - 1] + np.sqrt(0.96) * generator.standard_normal(20_000)
    scores = people + 0.35 * noise
    scores[:, 6 : 6 + shock] -= 2.5 * 0.35
    return np.clip(np.round(scores * 12) / 12, 1, 5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mean", "null", "per_session", "hit_1", "hit_3"),
    [(3.8, 0.9, 0.1, 1, 28), (4.5, 0.3, 0.0, 1, 17)],
)
def test_mirrored_criteria_fire_as_rarely_as_the_null_table_says(
    mean: float, null: float, per_session: float, hit_1: float, hit_3: float
) -> None:
    # Criterion 1 is the table's reliable change: reliability .90, SD of all scores.
    calm = _calm(mean, 0)
    cutoff = define_crit1_cutoff(float(calm.std(ddof=1)), 0.90)
    options = GainOptions(lower_is_better=False, losses=True, cutoff=cutoff)
    sessions, starts = np.tile(np.arange(1, 13), 20_000), np.arange(20_001) * 12
    found = sudden_gains(calm.ravel(), sessions, starts, options)
    assert found.n_with / 200 == pytest.approx(null, abs=1.5)
    assert found.rows.size / 2400 == pytest.approx(per_session, abs=1.5)
    assert found.n_with / 200 < 1.5
    for shock, hit in ((1, hit_1), (3, hit_3)):
        struck = sudden_gains(_calm(mean, shock).ravel(), sessions, starts, options)
        assert (struck.session == 6).sum() / 200 == pytest.approx(hit, abs=1.5)

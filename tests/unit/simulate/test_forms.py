# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from attunement import simulate
from attunement.measures import load
from attunement.scoring import Score, score_response
from attunement.simulate import forms


@pytest.mark.parametrize("measure_id", ["oac-c", "oac-t"])
def test_form_constants_are_those_of_the_measure(measure_id: str) -> None:
    measure = load(measure_id)
    total = measure.scale("total")
    assert total.items == forms.SCORED_ITEMS
    assert (total.method, total.min_answered) == ("mean", forms.MIN_ANSWERED)
    assert not total.reverse
    for item_id in (*forms.SCORED_ITEMS, forms.STRAIN_ITEM):
        item = measure.item(item_id)
        assert (item.minimum, item.maximum, item.step) == (0, forms.MAXIMUM, 1)
    repair = measure.item(forms.REPAIR_ITEM)
    assert (repair.minimum, repair.maximum) == (0, forms.REPAIR_MAXIMUM)
    assert repair.shown_if is not None
    assert (repair.shown_if.item, repair.shown_if.at_least) == (forms.STRAIN_ITEM, 1)


def test_simulated_scores_are_what_the_scorer_says() -> None:
    settings = simulate.Settings(item_skipped=0.1)
    made = simulate.clinic(seed=2, clients=20, settings=settings)
    keys = ["dyad_id", "session_no", "perspective", "measure"]
    wide = made.answers.pivot("item", index=keys, values="value")
    both = made.ratings.join(wide, on=keys, how="left")
    assert 0 < both["score"].null_count() < len(both)
    items = [*forms.SCORED_ITEMS, forms.STRAIN_ITEM, forms.REPAIR_ITEM]
    for form in both.iter_rows(named=True):
        found = score_response(load(form["measure"]), {item: form[item] for item in items})
        outcome = found.scales["total"]
        assert (outcome.value if isinstance(outcome, Score) else None) == form["score"]


def test_item_offsets_and_tilts_leave_the_form_as_hard_as_it_was() -> None:
    assert forms.ITEM_OFFSETS.sum() == pytest.approx(0)
    assert np.allclose(forms.TARGET_TILT.sum(axis=1), 0)
    assert forms.TARGET_TILT.shape == (len(forms.TARGETS), len(forms.SCORED_ITEMS))


def test_totals_need_six_answers_of_seven() -> None:
    full, six, five = [3.0] * 7, [3.0, 4.0, 5.0, 6.0, 6.0, 0.0, np.nan], [6.0] * 5 + [np.nan] * 2
    scores, n_answered = forms.totals(np.array([full, six, five]))
    # 7 × 3 / 7 = 3; (3 + 4 + 5 + 6 + 6 + 0) / 6 = 4; five are too few.
    assert pl.Series(scores).fill_nan(None).to_list() == [3.0, 4.0, None]
    assert n_answered.tolist() == [7, 6, 5]

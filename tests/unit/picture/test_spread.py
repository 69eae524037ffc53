# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from attunement.frames import ScoreScale
from attunement.picture import look
from attunement.picture.spread import spread_of

WHOLE = ScoreScale(0, 6, 1, True, "given")


def test_each_whole_score_has_a_step_of_its_own() -> None:
    spread = spread_of("client", np.array([0.0, 5, 5, 6, 6, 6, 6, 4]), WHOLE)
    assert spread.counts == (1, 0, 0, 0, 1, 2, 4)
    # Sorted 0 4 5 5 6 6 6 6: the quartiles by linear interpolation are at places 1.75, 3.5, 5.25.
    assert spread.quartiles == (4.75, 5.5, 6.0)
    assert spread.sentence() == (
        "Half of the client ratings lie between 4.75 and 6; the middle one is 5.5."
    )


def test_other_scales_have_equal_steps_that_hold_every_score() -> None:
    scores = np.linspace(0, 63, 500)
    spread = spread_of("", scores, ScoreScale(0, 63, 1, False, "given"))
    assert sum(spread.counts) == 500
    assert (spread.edges[0], spread.edges[-1]) == (0, 63)
    widths = np.diff(spread.edges)
    assert np.allclose(widths, widths[0])


def test_ratings_that_are_all_alike() -> None:
    spread = spread_of("therapist", np.array([6.0] * 9), WHOLE)
    assert spread.counts[-1] == 9
    assert spread.sentence() == "Half of the therapist ratings or more are 6."


def test_page_has_one_picture_per_chair_with_its_table() -> None:
    text = b"id,session,rater,score\nA,1,c,6\nA,1,t,3\nA,2,c,6\nA,2,t,4\n"
    page = look(text, scale_range=(0, 6), lower_is_better=False).html()
    assert page.count('<figure class="spread ') == 2
    assert "Client ratings: 2 ratings" in page
    assert "Half of the therapist ratings lie between 3.25 and 3.75" in page

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from attunement.clinic.models.identifiers import (
    ID_LENGTH,
    MOMENT,
    Moments,
    derived_id,
    is_id,
    new_id,
)

_ALIKE = 6


def test_a_derived_id_is_base_32_of_the_first_half_of_a_digest() -> None:
    for k in range(300):
        parts = ("score", "x" * (k % 7), str(k))
        digest = hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]
        said = base64.b32encode(digest).decode("ascii").rstrip("=").lower()
        assert derived_id(*parts) == said


def test_rows_derived_from_one_row_lie_beside_it() -> None:
    parent, other = new_id(), new_id()
    made = [derived_id("score", parent, scale, near=parent) for scale in ("total", "bond", "task")]
    assert all(is_id(one) and one[:13] == parent[:13] for one in made)
    assert len({*made, parent}) == 4
    assert made[0] == derived_id("score", parent, "total", near=parent)
    assert made[0][13:] == derived_id("score", parent, "total")[13:]
    assert made[0] != derived_id("score", other, "total", near=other)


def test_ids_of_one_moment_begin_alike_and_tell_neither_time_nor_order() -> None:
    now = [1000.0]
    moments = Moments(lambda: now[0])
    first = [new_id(moments) for _ in range(40)]
    assert len({one[:_ALIKE] for one in first}) == 1
    # The 98 bits after them are drawn for each: no two agree in the first forty of those.
    rests = sorted(one[_ALIKE:] for one in first)
    assert len(set(rests)) == 40
    assert all(a[:8] != b[:8] for a, b in pairwise(rests))
    starts = []
    for _ in range(200):
        now[0] += MOMENT
        starts.append(new_id(moments)[:_ALIKE])
    assert len({first[0][:_ALIKE], *starts}) > 199  # of 201, in all but one run of 10^12
    rising = sum(a < b for a, b in pairwise(starts))
    assert 60 < rising < 140  # 99.5 expected, standard deviation 4


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_rows_that_somebody_may_not_see_change_nothing_in_the_others(hidden: list[int]) -> None:
    """Where letters change follows from the clock alone, however many rows came between."""

    def changes(between: list[int]) -> list[bool]:
        now = [0.0]
        moments = Moments(lambda: now[0])
        seen = []
        for step, n_hidden in enumerate(between):
            now[0] = step * 0.4 * MOMENT
            for _ in range(n_hidden):
                new_id(moments)
            seen.append(new_id(moments)[:_ALIKE])
        return [a != b for a, b in pairwise(seen)]

    assert changes(hidden) == changes([0] * len(hidden))


def test_a_new_id_has_the_shape_of_one() -> None:
    made = {new_id() for _ in range(50)}
    assert len(made) == 50
    assert all(is_id(one) and len(one) == ID_LENGTH for one in made)

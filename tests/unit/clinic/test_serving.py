# SPDX-License-Identifier: Apache-2.0
"""What a serving process does once before it serves."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from attunement.clinic import serving


class _Link:
    other: _Link


@pytest.fixture
def collector() -> Iterator[None]:
    """Leave the garbage collector as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_the_program_itself_is_left_out_of_searches_and_what_comes_later_is_not() -> None:
    kept = _Link()
    kept.other = kept
    n_before = len(gc.get_objects())
    serving._keep_for_good()
    assert gc.get_freeze_count() > n_before / 2
    assert len(gc.get_objects()) < n_before / 2
    assert gc.get_threshold()[0] == serving.NEW_OBJECTS
    one, two = _Link(), _Link()
    one.other, two.other = two, one
    seen = weakref.ref(one)
    del one, two
    gc.collect()
    assert seen() is None
    assert kept.other is kept

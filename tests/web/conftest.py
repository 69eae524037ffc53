# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from tests.clinic_world import World, make_world


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 -- opens the database
    return make_world()

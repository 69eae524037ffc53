# SPDX-License-Identifier: Apache-2.0
"""A practice that is committed, for tests with several connections."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def world_committed(transactional_db: None, request: pytest.FixtureRequest) -> Any:  # noqa: ARG001
    return request.getfixturevalue("build_world")()

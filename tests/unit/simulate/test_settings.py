# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
from dataclasses import fields

import pytest

from attunement.simulate import Settings, SimulationError
from attunement.simulate.settings import BOUNDS

CHECKED_APART = {"depth", "length_shares", "noticed_shares"}


def test_every_parameter_has_a_range() -> None:
    assert {f.name for f in fields(Settings)} == set(BOUNDS) | CHECKED_APART


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_settings_refuse_a_value_past_either_end(name: str) -> None:
    low, high = BOUNDS[name]
    for wrong in (low - 0.01, high + 0.01, math.nan):
        with pytest.raises(SimulationError, match=f"E-SIM-001.*{name}"):
            Settings(**{name: wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth": (2.0, 1.0)},
        {"depth": (0.0, 1.0)},
        {"video": 0.7, "phone": 0.4},
        {"cancelled": 0.4, "missed": 0.4},
        {"length_shares": (0.5, 0.4)},
        {"length_shares": ()},
        {"noticed_shares": (1.2, -0.2, 0.0, 0.0)},
    ],
)
def test_settings_refuse_parts_that_do_not_fit(wrong: dict[str, object]) -> None:
    with pytest.raises(SimulationError, match="E-SIM-001"):
        Settings(**wrong)  # type: ignore[arg-type]


def test_as_dict_survives_json() -> None:
    values = json.loads(json.dumps(Settings().as_dict()))
    pairs = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    assert Settings(**pairs) == Settings()

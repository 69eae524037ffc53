# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from attunement.clinic.house_limits import (
    CHANNELS,
    WITH_STRAIN,
    as_parameters,
    flags_from,
    limits_of,
    model_of,
    name_of,
    shipped_limits,
    simulated_limits,
)
from attunement.signals.budget import HORIZON, RATES
from attunement.signals.house import default_house, house_threshold


@pytest.mark.parametrize("channels", [CHANNELS, WITH_STRAIN])
@pytest.mark.parametrize("share", [0.0, 1 / 42, 1 / 27, 1 / 4, 1.0])
def test_a_stricter_rate_has_a_higher_limit(share: float, channels: frozenset[str]) -> None:
    limits = shipped_limits(share, channels)
    assert tuple(limits) == RATES
    values = [limits[rate] for rate in RATES]
    assert values == sorted(values, reverse=True)


def test_between_two_steps_the_higher_limit_holds() -> None:
    low, high = shipped_limits(1 / 20, WITH_STRAIN), shipped_limits(1 / 10, WITH_STRAIN)
    between = shipped_limits(0.07, WITH_STRAIN)
    assert between == {rate: max(low[rate], high[rate]) for rate in RATES}


@pytest.mark.slow
def test_the_shipped_table_is_what_the_rule_simulates() -> None:
    """After a change of the model: ``python -m scripts.house_limits``."""
    model = default_house(0.0, 1.0, 1 / 42)
    shipped = shipped_limits(1 / 42, WITH_STRAIN)
    for rate in (0.01, 0.10):
        found = house_threshold(model, null_rate=rate, horizon=HORIZON, channels=WITH_STRAIN)
        assert shipped[rate] == pytest.approx(found.value, abs=1e-4)


def test_a_statistic_asks_from_the_smallest_rate_whose_limit_it_passes() -> None:
    limits = {0.01: 4.0, 0.05: 3.0, 0.10: 2.0}
    assert flags_from(5.0, limits) == 0.01
    assert flags_from(4.0, limits) == 0.05  # at the limit is not beyond it
    assert flags_from(2.5, limits) == 0.10
    assert flags_from(1.0, limits) is None


def test_a_model_comes_back_from_json_as_it_was() -> None:
    model = default_house(0.0, 27.0, 1.0, False)
    limits = simulated_limits(model, CHANNELS, n_simulated=100)
    stored = json.loads(json.dumps(as_parameters(model, {name_of(CHANNELS): limits})))
    assert model_of(stored) == model
    assert model_of(stored).version == model.version
    assert limits_of(stored, CHANNELS) == limits

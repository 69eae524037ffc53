# SPDX-License-Identifier: Apache-2.0
"""Where the house rule asks: its limits for every null rate that is offered.

A limit is found by simulating twenty thousand calm dyads, which needs the compiled kernel; a
clinic's own process never compiles. So the limits of the simulated prior are shipped as a table
(written by ``scripts/house_limits.py``), and those of a learned model are kept with the model.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from attunement.signals.budget import HORIZON, RATES
from attunement.signals.house import Chair, HouseModel, Rate, Rupture, house_threshold

TABLE = Path(__file__).resolve().parent / "data" / "house_limits.toml"
CHANNELS = frozenset({"therapist", "prediction", "expected"})
WITH_STRAIN = CHANNELS | {"strain"}
_CLOSE = 1e-9

Limits = Mapping[float, float]  # null rate -> limit of the log likelihood ratio


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads(TABLE.read_text(encoding="utf-8"))["limits"])


@lru_cache(maxsize=64)
def shipped_limits(step_share: float, channels: frozenset[str]) -> Limits:
    """Return the limits of the simulated prior for a scale and what is judged beside the score.

    Parameters
    ----------
    step_share : float
        The smallest step between two scores as a share of the range. Between two steps of the
        table the higher limit holds: it asks less often.
    channels : frozenset of str
        `CHANNELS` or `WITH_STRAIN`.
    """
    rows = sorted(
        (row["step_share"], row) for row in _table() if frozenset(row["channels"]) == channels
    )
    below = [row for share, row in rows if share <= step_share + _CLOSE][-1:]
    above = [row for share, row in rows if share >= step_share - _CLOSE][:1]
    near = below + above
    return {rate: max(row["values"][f"{rate:g}"] for row in near) for rate in RATES}


def simulated_limits(model: HouseModel, channels: frozenset[str], **options: int) -> Limits:
    """Simulate the limits of a model: for a command, never for a page."""
    return {
        rate: house_threshold(
            model, null_rate=rate, horizon=HORIZON, channels=channels, **options
        ).value
        for rate in RATES
    }


def flags_from(log_ratio: float, limits: Limits) -> float | None:
    """Return the smallest offered null rate at which a log likelihood ratio is asked about."""
    return min((rate for rate, limit in limits.items() if log_ratio > limit), default=None)


def as_parameters(model: HouseModel, limits: Mapping[str, Limits]) -> dict[str, Any]:
    """Return a learned model with its limits as plain values, to be stored as JSON."""
    kept = {
        name: {f"{rate:g}": limit for rate, limit in some.items()} for name, some in limits.items()
    }
    return {"model": asdict(model), "limits": kept}


def model_of(parameters: Mapping[str, Any]) -> HouseModel:
    """Return the model that `as_parameters` stored."""
    kept = dict(parameters["model"])
    for name in ("client", "therapist", "prediction"):
        kept[name] = Chair(**kept[name])
    for name in ("strain", "missed"):
        kept[name] = Rate(**kept[name])
    kept["rupture"] = Rupture(**{k: _frozen(v) for k, v in kept["rupture"].items()})
    return HouseModel(**{k: _frozen(v) for k, v in kept.items()})


def limits_of(parameters: Mapping[str, Any], channels: frozenset[str]) -> Limits:
    """Return the limits that `as_parameters` stored."""
    kept = parameters["limits"][name_of(channels)]
    return {rate: kept[f"{rate:g}"] for rate in RATES}


def name_of(channels: frozenset[str]) -> str:
    """Return the name under which the limits of a set of channels are stored."""
    return "with_strain" if "strain" in channels else "without_strain"


def _frozen(value: Any) -> Any:
    """Return what JSON gave back with its lists as tuples again."""
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value

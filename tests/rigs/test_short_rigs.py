# SPDX-License-Identifier: Apache-2.0
"""Short runs of the rigs; the long ones are ``python -m rigs NAME``, see rigs/README.md."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs.postgres import binaries

from rigs import clock, disk, faults, kill, network, power

pytestmark = [pytest.mark.store, pytest.mark.slow]
STORES = [
    "sqlite",
    pytest.param(
        "postgresql",
        marks=pytest.mark.skipif(
            binaries() is None, reason="PostgreSQL is not installed (2026-11-22)"
        ),
    ),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    # PostgreSQL runs as a user of its own, and pytest's own scratch folder is closed to it.
    with tempfile.TemporaryDirectory(prefix="attunement-rig-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.parametrize("store", STORES)
def test_kills_lose_and_double_nothing(folder: Path, store: str) -> None:
    verdict, _ = kill.run(folder, trials=3, store=store, seed=7)
    assert verdict.good, verdict
    assert verdict.acknowledged >= 3


@pytest.mark.parametrize("store", STORES)
def test_power_losses_lose_and_double_nothing(folder: Path, store: str) -> None:
    found = power.run(folder, trials=2, store=store, seed=7)
    assert not found.bad, found
    assert found.trials == 2
    assert found.acknowledged >= 2


@pytest.mark.parametrize("setting", ["off", "normal"])
def test_power_rig_catches_a_store_that_is_too_weak(folder: Path, setting: str) -> None:
    found = power.run(folder, trials=2, store="sqlite", seed=7, weaken=setting)
    assert found.missing or found.unreadable


@pytest.mark.parametrize("store", STORES)
def test_flaky_network_brings_each_form_once(folder: Path, store: str) -> None:
    verdict, played, tries = network.run(folder, submits=40, store=store, seed=7)
    assert verdict.good, verdict
    assert verdict.acknowledged == verdict.stored == 40
    assert tries > 40  # some had to be sent again, so the faults were real
    assert set(played) == set(network.FAULTS)


def test_jumping_clock_loses_nothing_and_keeps_the_audit_in_order(folder: Path) -> None:
    plays = [(str(jump), "0") for jump in clock.JUMPS[:4]]
    verdict, _, _ = faults.run(folder, variable="RIG_CLOCK", plays=plays, seconds=0.3)
    assert verdict.good, verdict
    assert verdict.acknowledged >= 1


def test_row_94_full_disk_is_said_and_the_same_server_goes_on(folder: Path) -> None:
    plays = [(disk.FULL, disk.WELL), (disk.SYNC_FAILS, disk.WELL)]
    verdict, said, _ = faults.run(folder, variable="RIG_FAULT", plays=plays, seconds=0.4)
    assert verdict.good, verdict
    assert verdict.acknowledged >= 1
    assert said[disk.TRY_AGAIN], said

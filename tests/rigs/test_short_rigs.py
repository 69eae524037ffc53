# SPDX-License-Identifier: Apache-2.0
"""Short runs of the rigs; the long ones are ``python -m rigs NAME``, see rigs/README.md."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs.postgres import binaries

from rigs import clock, disk, faults, kill, maintenance, network, power, worker

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


@pytest.mark.parametrize("store", STORES)
def test_killed_workers_tell_everybody_and_nobody_twice(folder: Path, store: str) -> None:
    told = worker.run(folder, trials=4, store=store, seed=7)
    assert told.good, told
    assert told.kills == 4
    assert told.mails >= 4 * worker.FORMS_A_TRIAL
    assert told.copies >= 1  # a worker died after the server took a mail, and before it knew


@pytest.mark.parametrize(("weaken", "trials"), [("mark", 1), ("name", 4)])
def test_worker_rig_catches_a_worker_that_is_wrong(folder: Path, weaken: str, trials: int) -> None:
    told = worker.run(folder, trials=trials, store="sqlite", seed=7, weaken=weaken)
    assert told.lost if weaken == "mark" else told.twice, told


@pytest.mark.parametrize(
    ("only", "trials"), [("migrate", 1), ("backup", 1), ("restore", 1), ("erase", 2), ("keys", 1)]
)
def test_killed_maintenance_is_finished_or_never_was(folder: Path, only: str, trials: int) -> None:
    verdict = maintenance.run(
        folder, trials=trials, store="sqlite", seed=7, only=(only,), by_clock=False
    )
    assert verdict.good, verdict
    assert verdict.killed == trials


def test_killed_maintenance_is_finished_or_never_was_on_postgresql(folder: Path) -> None:
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed (2026-11-22)")
    only = ("backup", "restore", "erase")
    verdict = maintenance.run(
        folder, trials=len(only), store="postgresql", seed=7, only=only, by_clock=False
    )
    assert verdict.good, verdict
    assert verdict.killed == len(only)


@pytest.mark.parametrize("weaken", ["name", "ledger", "keys"])
def test_maintenance_rig_catches_a_wrong_order(folder: Path, weaken: str) -> None:
    verdict = maintenance.run(folder, trials=40, store="sqlite", seed=7, weaken=weaken)
    assert not verdict.good

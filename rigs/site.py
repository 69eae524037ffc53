# SPDX-License-Identifier: Apache-2.0
"""A clinic that is maintained, and other places to migrate, to restore and to move to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attunement.clinic.backup.lock import write_identity
from rigs.clinic import Clinic
from rigs.postgres import Cluster, binaries

SEEDED = 6
SQLITE = "clinic.sqlite3"
APART = "apart/clinic.keys"  # where the keys of the place that is moved to belong


@dataclass
class Place:
    """One clinic with a database of its own, which can be emptied or filled from a template."""

    clinic: Clinic
    cluster: Cluster | None
    name: str

    def renew(self, *, template: str | Path = "") -> None:
        """Throw the database away, and everything made beside it; begin from a template, if any."""
        for file in self.clinic.folder.glob("clinic.*sqlite3*"):
            file.unlink()
        if self.cluster is not None:
            self.cluster.renew(self.name, template=str(template))
        elif template:
            shutil.copyfile(template, self.clinic.folder / SQLITE)

    def bytes(self) -> Iterator[tuple[str, bytes]]:
        """Yield every file of this clinic's store, plain copies that were left there included."""
        folder = self.clinic.folder
        for path in folder.rglob("*"):
            if path.is_file() and ".before-" not in path.name and path.suffix != ".age":
                yield path.name, path.read_bytes()
        if self.cluster is not None:
            for path in self.cluster.files_of(self.name):
                yield f"a file of {self.name}", path.read_bytes()

    def left(self) -> list[str]:
        """Return what a killed process left behind and nobody cleared away."""
        found = [
            path.name
            for path in self.clinic.folder.rglob("*")
            if path.name.startswith(".attunement-scratch-") or ".half" in path.name
        ]
        if self.cluster is not None:
            found += [name for name in self.cluster.databases() if "scratch" in name]
            found += [path.name for path in self.scratch.glob(".attunement-scratch-*")]
        return found

    @property
    def scratch(self) -> Path:
        """Return where plain copies go that have no database's folder to lie in."""
        return Path(self.clinic.surroundings["TMPDIR"])


@dataclass
class Site:
    """The clinic in use, and the places."""

    main: Place
    migrating: Place
    restoring: Place
    moving: Place  # another machine: a secret of its own, and no keys yet
    folder: Path
    recipient: str
    seeded: bool = False
    acknowledged: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)  # clients, once it was said that they are

    @property
    def identity(self) -> str:
        """Return the file of what opens backups."""
        return str(self.folder / "identity.txt")

    @property
    def backups(self) -> Path:
        """Return the folder that backups go to."""
        return self.folder / "backups"

    def seed(self) -> None:
        """Let the clinic have people and answers."""
        if not self.seeded:
            self.main.clinic.run("inside_maintenance.seed", str(SEEDED))
            self.seeded = True

    def make_backup(self, clinic: Clinic | None = None) -> Path:
        """Back up in peace; return the new file."""
        before = set(self.backups.glob("*.age"))
        (clinic or self.main.clinic).run(
            "inside_maintenance.back_up", str(self.backups), self.recipient, ""
        )
        (made,) = set(self.backups.glob("*.age")) - before
        return made

    def last_backup(self) -> Path:
        """Return the newest backup that was made in peace, or make one."""
        if not (there := list(self.backups.glob("*.age"))):
            return self.make_backup()
        return max(there, key=lambda path: path.stat().st_mtime_ns)

    def look(self, place: Place) -> tuple[dict[str, Any], list[str], list[str]]:
        """Return what a place's store holds, its forms, and the clients who were not erased."""
        found, stored, clients = json.loads(place.clinic.run("inside_maintenance.look"))
        return found, stored, clients

    def last_look(self) -> list[str]:
        """Back up and restore once more: everything acknowledged is there, nobody erased is."""
        problems: list[str] = []
        if not (self.acknowledged or self.erased):
            return problems
        _, stored, clients = self.look(self.main)
        if missing := set(self.acknowledged) - set(stored):
            problems.append(f"{len(missing)} acknowledged forms are lost")
        if len(stored) != len(set(stored)):
            problems.append("forms are doubled")
        if back := set(self.erased) & set(clients):
            problems.append(f"{len(back)} erased clients are there again")
        file = self.make_backup()
        self.restoring.renew()
        (self.restoring.clinic.folder / "erasures.ledger").unlink(missing_ok=True)
        self.restoring.clinic.run("inside_maintenance.restore", str(file), self.identity)
        _, again, clients = self.look(self.restoring)
        if sorted(again) != sorted(stored):
            problems.append("the last backup does not hold every form")
        if back := set(self.erased) & set(clients):
            problems.append(f"{len(back)} erased clients are in the last backup")
        return problems


@contextmanager
def site(folder: Path, *, store: str) -> Iterator[Site]:
    """Make a clinic with answers, and empty places beside it."""
    cluster = Cluster(folder / "cluster") if store == "postgresql" else None
    if cluster is not None:
        cluster.make()
    places = [_place(folder, name, cluster) for name in ("clinic", "migrating", "restoring")]
    places.append(_place(folder, "moving", cluster, keys_file=APART))
    (folder / "backups").mkdir()
    recipient = write_identity(folder / "identity.txt")
    made = Site(*places, folder, recipient)
    for place in (made.migrating, made.restoring):  # one site's keys, or nothing could be restored
        shutil.copy(made.main.clinic.folder / "secret.key", place.clinic.folder / "secret.key")
    try:
        yield made
    finally:
        for place in places:
            place.clinic.close()
        if cluster is not None:
            cluster.kill()


def _place(folder: Path, name: str, cluster: Cluster | None, *, keys_file: str = "") -> Place:
    scratch = folder / f"{name}-scratch"
    scratch.mkdir()
    clinic = Clinic(folder / name, surroundings={"TMPDIR": str(scratch)}, keys_file=keys_file)
    if cluster is not None:
        cluster.renew(name)
        clinic = Clinic(
            folder / name,
            database=cluster.address_of(name),
            surroundings={"TMPDIR": str(scratch), "POSTGRESQL_BIN": str(binaries())},
            keys_file=keys_file,
        )
    return Place(clinic, cluster, name)

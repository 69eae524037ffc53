# SPDX-License-Identifier: Apache-2.0
"""Keys that come back from their copy on another machine, killed in the middle."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from rigs.operations import Found, Operation, kind_of
from rigs.site import APART, Site

ERASED = "C-0002"


class Keys(Operation):
    """Bringing the keys back, before there is a configuration that could be read with them.

    The copy is of today and the last backup of yesterday, from before somebody was erased: only
    the ledger in the copy knows of it.
    """

    name = "keys"
    from_the_end = True

    def __init__(self, site: Site, *, weaken: str) -> None:
        super().__init__(site, weaken=weaken)
        self.place = site.moving
        self.target = self.place.clinic.folder / APART
        site.seed()
        self.backup = site.last_backup()
        site.main.clinic.run("inside_maintenance.erase", ERASED, "")
        copy = site.folder / "keys.age"
        site.main.clinic.run("inside_maintenance.copy_keys", str(copy), site.recipient)
        given = ("inside_maintenance.return_keys", str(copy), str(self.target), site.identity)
        self.in_peace, self.words = (*given, ""), (*given, weaken)
        self._empty()
        self.measure(site.main.clinic, *self.in_peace)
        self.as_made = self._files()
        self._open()
        self.as_it_should_be, _, clients = site.look(self.place)
        self.place.clinic.close()
        _, _, before = site.look(site.main)
        if set(clients) != set(before):
            message = "the rig's own ledger does not erase whom the backup still has"
            raise RuntimeError(message)

    def trial(self, chance: random.Random, *, number: int) -> Found:
        """Kill it; the keys are there with their ledger, or not at all, and come when run again."""
        self._empty()
        main = self.site.main.clinic
        found = self.strike(main, chance, number, *self.words)
        found.finished = self.target.exists()
        if not found.finished:
            status, _ = main.end(main.begin(*self.in_peace))
            if status != 0:
                found.problems.append("it cannot be run again")
                return found
        if self._files() != self.as_made:
            found.problems.append("the keys are there, and they or their ledger are not whole")
        elif self.weaken:
            return found  # not yet the step that is looked for
        try:
            self._open()
            there, _, _ = self.site.look(self.place)
            if there != self.as_it_should_be:
                found.problems.append("the clinic that they open is not the one it was")
        except RuntimeError:
            found.problems.append("no clinic opens with them")
        finally:
            self.place.clinic.close()  # the next one reads its keys anew
        found.problems += [f"left behind: {kind_of(name)}" for name in self.place.left()]
        return found

    def _open(self) -> None:
        """Restore the last backup with the keys that came, and start."""
        clinic = self.place.clinic
        clinic.run("inside_maintenance.restore", str(self.backup), self.site.identity)
        clinic.run("inside_maintenance.open_it")

    def _files(self) -> dict[str, bytes]:
        """Return what has its name in the folder of the keys."""
        here = (path for path in self.target.parent.iterdir() if path.is_file())
        return {path.name: path.read_bytes() for path in here if not path.name.startswith(".")}

    def _empty(self) -> None:
        self.place.renew()
        folder: Path = self.target.parent
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

# SPDX-License-Identifier: Apache-2.0
"""Operations that are killed in their middle, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import time
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from rigs.clinic import Clinic
from rigs.released import as_made, copy_rows, last_migration
from rigs.site import Place, Site
from rigs.steps import COUNTED, DIES_AT

FORMS_BESIDE = 2
WORDS_LOOKED_FOR = 12  # letters: shorter ones stand in other places too


@dataclass
class Found:
    """What one trial found."""

    moment: str
    killed: bool
    finished: bool = False  # it was done, or became so, although it was killed
    problems: list[str] = field(default_factory=list)


@dataclass
class Verdict:
    """All trials together."""

    trials: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    finished: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    @property
    def good(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems

    def add(self, name: str, found: Found) -> None:
        """Take one trial in."""
        self.trials[name] += 1
        self.killed += found.killed
        self.finished += found.killed and found.finished
        self.problems.update(f"{name}: {problem}" for problem in found.problems)

    def end(self, problems: list[str]) -> None:
        """Take in what the last look found."""
        self.problems.update(problems)

    def __str__(self) -> str:
        """Return one line for the terminal."""
        every = ", ".join(f"{n} × {name}" for name, n in self.trials.items())
        wrong = "; ".join(f"{n} × {what}" for what, n in self.problems.items()) or "nothing wrong"
        return f"{every}; {self.killed} died, {self.finished} of them when it was done; {wrong}"


class Operation(ABC):
    """One operation: measured once in peace, then killed again and again."""

    name: ClassVar[str]
    from_the_end: ClassVar[bool] = False  # where a weakened one is looked for

    def __init__(self, site: Site, *, weaken: str) -> None:
        self.site, self.weaken = site, weaken
        self.steps, self.seconds = 0, 0.0
        self.by_clock = True  # whether every other kill falls at a moment of the clock

    @abstractmethod
    def trial(self, chance: random.Random, *, number: int) -> Found:
        """Kill it once and look."""

    def measure(self, clinic: Clinic, *words: str) -> None:
        """Run it in peace once, counting its steps."""
        counted = self.site.folder / "steps"
        began = time.monotonic()
        status, said = clinic.end(
            clinic.begin(*words, environment={DIES_AT: "0", COUNTED: str(counted)})
        )
        if status != 0:
            message = f"{self.name} failed in peace: {said}; see {clinic.log}"
            raise RuntimeError(message)
        self.steps, self.seconds = int(counted.read_text("ascii")), time.monotonic() - began

    def strike(self, clinic: Clinic, chance: random.Random, number: int, *words: str) -> Found:
        """Run it and kill it: by the clock or at a step; step by step where it is weakened."""
        if number % 2 or self.weaken or not self.by_clock:
            in_turn = number % self.steps
            in_turn = self.steps - in_turn if self.from_the_end else 1 + in_turn
            step = in_turn if self.weaken else chance.randint(1, self.steps)
            work = clinic.begin(*words, environment={DIES_AT: str(step)})
            moment = f"at step {step} of {self.steps}"
        else:
            wait = chance.uniform(0.0, self.seconds)
            work = clinic.begin(*words)
            time.sleep(wait)
            work.kill(with_its_own=number % 4 == 0)
            moment = f"after {wait:.2f} of {self.seconds:.2f} s"
        status, _ = clinic.end(work)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and status != 0:
            return Found(moment, killed, problems=["it failed of itself"])
        return Found(moment, killed)


class Migrations(Operation):
    """Opening the store of the newest earlier version."""

    name = "migrate"

    def __init__(self, site: Site, *, weaken: str) -> None:
        super().__init__(site, weaken=weaken)
        self.place = site.migrating
        old = site.folder / "as-made.sqlite3"
        with closing(as_made(old)) as database:
            self.last = last_migration(database)
            self.n_answers = database.execute("SELECT count(*) FROM clinic_answer").fetchone()[0]
            self.words = [
                text.encode()
                for (text,) in database.execute("SELECT text FROM clinic_answer")
                if text is not None and len(text) > WORDS_LOOKED_FOR
            ]
            self.template: str | Path = old
            if self.place.cluster is not None:
                self.place.clinic.run("inside_maintenance.migrate_to", self.last)
                copy_rows(database, self.place.cluster.address_of(self.place.name))
                self.place.clinic.close()
                self.place.cluster.renew("old", template=self.place.name)
                self.template = "old"
        self.place.renew(template=self.template)
        self.measure(self.place.clinic, "inside_maintenance.open_it")
        self.as_it_should_be, _, _ = site.look(self.place)

    def trial(self, chance: random.Random, *, number: int) -> Found:
        """Kill a start that migrates, start again, and compare."""
        place = self.place
        place.renew(template=self.template)
        found = self.strike(place.clinic, chance, number, "inside_maintenance.open_it")
        status, _ = place.clinic.end(place.clinic.begin("inside_maintenance.open_it"))
        if status != 0:
            found.problems.append("the next start failed")
            return found
        there, _, _ = self.site.look(place)
        if there != self.as_it_should_be:
            found.problems.append("the store is not what a start in peace makes of it")
        held = b"".join(content for _, content in place.bytes())
        if any(word in held for word in self.words):
            found.problems.append("plain words are left in a file of the store")
        if place.cluster is None and not self._copied():
            found.problems.append("no copy from before the migration is whole")
        found.problems += [f"left behind: {kind_of(name)}" for name in place.left()]
        return found

    def _copied(self) -> bool:
        copies = list(self.place.clinic.folder.glob("clinic.before-*.sqlite3"))
        return any(self._is_old(path) for path in copies)

    def _is_old(self, path: Path) -> bool:
        with closing(sqlite3.connect(path)) as copy:
            whole = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            n_answers = copy.execute("SELECT count(*) FROM clinic_answer").fetchone()[0]
            return whole and (last_migration(copy), n_answers) == (self.last, self.n_answers)


class Backups(Operation):
    """Backing up a clinic in which people answer."""

    name = "backup"

    def __init__(self, site: Site, *, weaken: str) -> None:
        super().__init__(site, weaken=weaken)
        site.seed()
        self.words = ("inside_maintenance.back_up", str(site.backups), site.recipient, weaken)
        self.measure(site.main.clinic, *self.words)

    def trial(self, chance: random.Random, *, number: int) -> Found:
        """Kill a backup; whatever has a backup's name is one, and the next one clears up."""
        site, clinic = self.site, self.site.main.clinic
        before = set(site.backups.glob("*.age"))
        beside = clinic.begin("inside_maintenance.write", "C-0000", str(FORMS_BESIDE))
        found = self.strike(clinic, chance, number, *self.words)
        status, said = clinic.end(beside)
        site.acknowledged += said.split()
        if status != 0:
            found.problems.append("nobody could answer beside it")
        for file in set(site.backups.glob("*.age")) - before:
            found.finished = True
            said = clinic.run("inside_maintenance.is_whole", str(file), site.identity)
            if said:
                found.problems.append("a file with a backup's name is not whole")
        if not self.weaken:
            site.make_backup()
            left = [*site.main.left(), *(path.name for path in site.backups.glob("*.half*"))]
            found.problems += [f"left behind: {kind_of(name)}" for name in left]
        for file in set(site.backups.glob("*.age")) - before:
            file.unlink()
        return found


class Restores(Operation):
    """Restoring yesterday's backup, from before somebody was erased."""

    name = "restore"

    def __init__(self, site: Site, *, weaken: str) -> None:
        super().__init__(site, weaken=weaken)
        self.place = site.restoring
        site.seed()
        self.file = site.last_backup()
        site.main.clinic.run("inside_maintenance.erase", "C-0001", "")
        self.ledger = site.folder / "ledger.kept"
        shutil.copy(site.main.clinic.folder / "erasures.ledger", self.ledger)
        self.words = ("inside_maintenance.restore", str(self.file), site.identity)
        self._empty()
        self.measure(self.place.clinic, *self.words)
        self.as_it_should_be, _, _ = site.look(self.place)

    def trial(self, chance: random.Random, *, number: int) -> Found:
        """Kill a restore; what came is whole, and what did not comes when it is run again."""
        place = self.place
        self._empty()
        found = self.strike(place.clinic, chance, number, *self.words)
        found.finished = not self._is_empty(place)
        again = ("inside_maintenance.open_it",) if found.finished else self.words
        status, _ = place.clinic.end(place.clinic.begin(*again))
        if status != 0 and not found.finished and not self._is_empty(place):
            # What the killed process had started went on, and had put everything there by then.
            found.finished = True
            status, _ = place.clinic.end(place.clinic.begin("inside_maintenance.open_it"))
        if status != 0:
            found.problems.append("it cannot be run again, nor the clinic started")
            return found
        there, _, _ = self.site.look(place)
        if there != self.as_it_should_be:
            found.problems.append("what was restored is not what was backed up")
        if not found.finished:
            found.problems += [f"left behind: {kind_of(name)}" for name in place.left()]
        return found

    def _empty(self) -> None:
        self.place.renew()
        shutil.copy(self.ledger, self.place.clinic.folder / "erasures.ledger")

    @staticmethod
    def _is_empty(place: Place) -> bool:
        return place.clinic.run("inside_maintenance.is_empty") == "empty"


class Erasures(Operation):
    """Erasing a client of a clinic in which people answer."""

    name = "erase"
    from_the_end = True

    def __init__(self, site: Site, *, weaken: str) -> None:
        super().__init__(site, weaken=weaken)
        site.seed()
        site.main.clinic.run("inside_maintenance.add", "E-first")
        self.measure(site.main.clinic, "inside_maintenance.erase", "E-first", weaken)

    def trial(self, chance: random.Random, *, number: int) -> Found:
        """Kill an erasure; then run it again, or start, and look for what it had to destroy."""
        site, clinic = self.site, self.site.main.clinic
        code = f"E-{number:04d}"
        added = json.loads(clinic.run("inside_maintenance.add", code))
        beside = clinic.begin("inside_maintenance.write", "C-0000", str(FORMS_BESIDE))
        found = self.strike(clinic, chance, number, "inside_maintenance.erase", code, self.weaken)
        status, said = clinic.end(beside)
        site.acknowledged += said.split()
        if status != 0:
            found.problems.append("nobody could answer beside it")
        now = self._state(clinic, added["client"])
        found.finished = now["erased"]
        if len({now["erased"], now["table"], not now["key"], not now["name"]}) > 1:
            found.problems.append("an erasure is half there")
        if now["erased"] and not now["ledger"]:
            found.problems.append("somebody is erased whom the ledger does not name")
        if number % 2 and now["ledger"]:
            clinic.run("inside_maintenance.open_it")  # a start completes what the ledger names
        else:
            clinic.run("inside_maintenance.erase", code, "")
        now = self._state(clinic, added["client"])
        if not (now["erased"] and now["table"] and now["ledger"]) or now["key"] or now["name"]:
            found.problems.append("run again, it did not erase")
        site.erased.append(added["client"])
        wanted = (added["wrapped"].encode(), code.encode())
        held = b"".join(content for _, content in site.main.bytes())
        if any(one in held for one in wanted):
            found.problems.append("the key or the code is left in a file of the store")
        found.problems += [f"left behind: {kind_of(name)}" for name in site.main.left()]
        return found

    @staticmethod
    def _state(clinic: Clinic, client: str) -> dict[str, object]:
        known: dict[str, object] = json.loads(clinic.run("inside_maintenance.erased", client))
        return known


def kind_of(name: str) -> str:
    """Return what sort of thing was left, without what differs from one to the next."""
    if name.startswith("."):
        return "a half file" if ".half" in name else "a scratch folder"
    return "a half file" if ".half" in name else "a scratch database"

# SPDX-License-Identifier: Apache-2.0
"""A power loss: what is on the disk afterwards is what was fsynced before, and nothing else.

``shim/faults.c`` copies a file after each fsync of it that succeeded, by inode, and logs folders
that were fsynced. From the state at the start, those copies and that log this module builds the
folder anew. A file's name counts as written once the file or its folder was fsynced. Not modelled:
torn or reordered sectors within one fsync.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).parent / "shim" / "faults.c"


def build_shim(folder: Path) -> Path:
    """Compile the shim into a folder and return its path."""
    made = folder / "faults.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O2", "-o", str(made), str(SOURCE), "-ldl"], check=True
    )
    made.chmod(0o755)
    return made


@dataclass
class Shadow:
    """What survives of one folder."""

    watched: Path
    kept: Path  # where the shim copies to
    base: Path  # the folder at the start, copied whole
    inodes: dict[int, Path] = field(default_factory=dict)  # inode -> its copy at the start
    names: dict[Path, int] = field(default_factory=dict)
    folders: set[Path] = field(default_factory=set)

    @classmethod
    def begin(cls, watched: Path, room: Path) -> Shadow:
        """Copy the folder as it is: everything in it counts as written."""
        kept, base = room / "kept", room / "base"
        for folder in (kept, base):
            shutil.rmtree(folder, ignore_errors=True)
        kept.mkdir(parents=True)
        kept.chmod(0o777)
        shutil.copytree(watched, base, symlinks=True)
        shadow = cls(watched, kept, base)
        for path in watched.rglob("*"):
            within = path.relative_to(watched)
            if path.is_dir():
                shadow.folders.add(within)
            elif path.is_file():
                shadow.inodes[path.stat().st_ino] = base / within
                shadow.names[within] = path.stat().st_ino
        return shadow

    @property
    def environment(self) -> dict[str, str]:
        """Return what tells the shim to copy."""
        return {
            "RIG_WATCH": str(self.watched),
            "RIG_SHADOW": str(self.kept),
        }

    def lose_power(self) -> None:
        """Replace the watched folder by what was fsynced. Every process must be dead."""
        names = dict(self.names)
        log = self.kept / "log"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        for line in lines:
            kind, first, *rest = line.split("\t")
            if kind == "F":
                names[Path(rest[0]).relative_to(self.watched)] = int(first)
            else:
                _list_folder(names, Path(first).relative_to(self.watched), rest)
        owner = self.watched.stat()
        whose = {path: (path.stat().st_uid, path.stat().st_gid) for path in [self.watched]}
        shutil.rmtree(self.watched)
        self.watched.mkdir(mode=owner.st_mode & 0o7777)
        for within in sorted(self.folders):
            (self.watched / within).mkdir(parents=True, exist_ok=True, mode=0o700)
        for within, inode in names.items():
            final = self.watched / within
            final.parent.mkdir(parents=True, exist_ok=True)
            copy = self.kept / f"inode.{inode}"
            found = copy if copy.exists() else self.inodes.get(inode)
            if found is None:
                final.touch()  # its name was written, its content never
            else:
                shutil.copyfile(found, final)
            final.chmod(0o600)
        uid, gid = whose[self.watched]
        for path in [self.watched, *self.watched.rglob("*")]:
            shutil.chown(path, uid, gid)


def _list_folder(names: dict[Path, int], folder: Path, entries: list[str]) -> None:
    for gone in [path for path in names if path.parent == folder]:
        del names[gone]
    for entry in entries:
        inode, _, name = entry.partition("/")
        names[folder / name] = int(inode)

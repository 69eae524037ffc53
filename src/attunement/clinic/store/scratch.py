# SPDX-License-Identifier: Apache-2.0
"""Files that are not whole yet: where they lie, how they get their name, and who clears them away.

Copies of a clinic lie here in plain, so what a killed process leaves must not stay: an erased
client could be read in it. Whoever makes such a file or folder holds a lock on it, which the kernel
lets go when the process ends in whatever way. What nobody holds is removed by the next who comes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER, HALF = ".attunement-scratch-", ".attunement.half"


@contextmanager
def scratch_folder(beside: Path | None = None) -> Iterator[Path]:
    """Lend a folder that its owner alone can read; by default where the system keeps such."""
    parent = beside or Path(tempfile.gettempdir())
    clear_left(parent)
    handle, folder = _held(lambda: tempfile.mkdtemp(prefix=FOLDER, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


@contextmanager
def half_file(final: Path) -> Iterator[Path]:
    """Lend an empty file beside where a whole one will be; ``put`` gives it the name.

    Raises
    ------
    OSError
        When none can be made there.
    """
    clear_left(final.parent)
    handle, half = _held(lambda: _new_file(final))
    try:
        yield half
    finally:
        half.unlink(missing_ok=True)
        os.close(handle)


def put(half: Path, final: Path, *, over: bool = True) -> None:
    """Give a file its name once every byte of it is on the disk; the name is then there too.

    Raises
    ------
    FileExistsError
        When there is one and ``over`` is false.
    OSError
        When the disk refuses.
    """
    _on_the_disk(half)
    if over:
        half.replace(final)
    else:
        os.link(half, final)  # never over another file, unlike a rename
        half.unlink()
    _on_the_disk(final.parent)


def clear_left(folder: Path) -> None:
    """Remove what killed processes left in a folder; what is in use stays."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            if path.name.startswith(FOLDER) or path.name.endswith(HALF):
                _remove_if_left(path)
        for path in folder.glob(f".*{HALF}-*"):  # what SQLite writes beside a file
            if not path.with_name(path.name.partition(HALF)[0] + HALF).exists():
                path.unlink(missing_ok=True)


def _remove_if_left(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return  # gone, or somebody else's
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        pass  # in use
    finally:
        os.close(handle)


def _held(make: Callable[[], str]) -> tuple[int, Path]:
    """Make something and lock it; again where somebody cleared it away before it was locked."""
    while True:
        path = Path(make())
        handle = os.open(path, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle, path
        os.close(handle)


def _new_file(final: Path) -> str:
    handle, made = tempfile.mkstemp(prefix=f".{final.name}.", suffix=HALF, dir=final.parent)
    os.close(handle)
    return made


def _on_the_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

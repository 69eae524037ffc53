# SPDX-License-Identifier: Apache-2.0
"""The demo's folder: its configuration, its secret and its database, and nothing of anybody's."""

from __future__ import annotations

from pathlib import Path

from attunement.clinic.config.secret import write_secret
from attunement.clinic.errors import ClinicError

CONFIG = "demo.toml"
SECRET = "secret.key"  # noqa: S105 -- a file's name
DATABASE = "demo.sqlite3"
_OURS = (CONFIG, SECRET, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm")
_TEXT = """\
# Written by `attunement demo` at every start. The people in this clinic never were.
secret_key_file = "{secret}"
database = "{database}"
base_url = "http://127.0.0.1:{port}"

[practice]
name = "Synthetic Practice"
synthetic = true

[crisis]
text = "If you might harm yourself or are in danger, call now. Nobody watches these answers \
round the clock. (This is a demo: the number is not a real one.)"
phone = "000 000 000"

[forms]
before = "phq-2"

[client]
own_chart = true

[risk]
pages_only = true
procedure = "Synthetic: call the client today, and write down what you did."
"""


def prepare(folder: Path, *, port: int, reset: bool) -> Path:
    """Make the folder ready and return the path of its configuration file.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    port : int
        The port that the demo will listen on.
    reset : bool
        Whether to delete what an earlier demo left; only files of the demo's own names.

    Raises
    ------
    ClinicError
        E-CLINIC-010 when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if reset:
            for name in _OURS:
                (folder / name).unlink(missing_ok=True)
        secret = folder / SECRET
        if not secret.exists():
            write_secret(secret)
        config = folder / CONFIG
        config.write_text(
            _TEXT.format(secret=SECRET, database=DATABASE, port=port), encoding="utf-8"
        )
    except OSError as problem:
        raise ClinicError(
            "E-CLINIC-010",
            what=f"the demo folder {folder} cannot be used",
            got=problem.strerror or "an error of the file system",
            next_step="Run the command in a folder you can write to, or set ATTUNEMENT_HOME",
        ) from None
    return config

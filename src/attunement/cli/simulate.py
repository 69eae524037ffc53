# SPDX-License-Identifier: Apache-2.0
"""``attunement simulate``: write a synthetic clinic and its truth as files."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attunement.cli.errors import CommandError

if TYPE_CHECKING:
    import polars as pl

    from attunement.simulate import SyntheticClinic

ABOUT = "about.json"
THERAPISTS = 6
MADE_BY = "attunement simulate"
DAY = click.DateTime(["%Y-%m-%d"])


@click.command("simulate", short_help="Write a synthetic clinic with known truth.")
@click.argument("out_dir", type=click.Path(path_type=Path))
@click.option("--clients", type=int, default=40, show_default=True, help="How many clients.")
@click.option(
    "--therapists",
    type=int,
    default=None,
    help="How many therapists.  [default: 6, or one per client where there are fewer]",
)
@click.option(
    "--sessions",
    type=(int, int),
    default=(6, 24),
    show_default=True,
    metavar="MIN MAX",
    help="Shortest and longest care episode.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same files.")
@click.option("--start", type=DAY, default="2026-01-12", show_default=True, help="First week.")
@click.option("--until", type=DAY, default=None, help="Last day; later sessions are left out.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Kind of file, one per table.",
)
@click.option("--force", is_flag=True, help="Replace a folder that this command wrote earlier.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def command(
    out_dir: Path,
    *,
    clients: int,
    therapists: int | None,
    sessions: tuple[int, int],
    seed: int,
    start: datetime,
    until: datetime | None,
    file_format: str,
    force: bool,
    as_json: bool,
) -> None:
    """Write a synthetic clinic with known truth into the new folder OUT_DIR.

    One file per table; those whose name begins with "truth" say what is really so. Nothing in
    them is about a person.
    """
    from attunement import simulate

    check_target(out_dir, force=force)
    made = simulate.clinic(
        seed=seed,
        therapists=min(THERAPISTS, max(clients, 1)) if therapists is None else therapists,
        clients=clients,
        sessions=sessions,
        start=start.date(),
        until=None if until is None else until.date(),
    )
    about = describe(made, file_format, start=start.date(), until=until and until.date())
    write(made, out_dir, file_format=file_format, about=about)
    if as_json:
        click.echo(json.dumps({"folder": str(out_dir), **about}, ensure_ascii=False))
        return
    rows = about["rows"]
    click.echo(f"Wrote {len(rows)} tables to {out_dir}:")
    for name, count in rows.items():
        click.echo(f"  {name}.{file_format}  {count} rows")


def describe(
    clinic: SyntheticClinic, file_format: str, *, start: date, until: date | None
) -> dict[str, Any]:
    """Return what the files are, how many rows each has, and all that is needed to repeat them."""
    from attunement import __version__

    return {
        "made_by": MADE_BY,
        "version": __version__,
        "synthetic": True,
        "seed": clinic.seed,
        "start": start.isoformat(),
        "until": until.isoformat() if until else None,
        "format": file_format,
        "rows": {name: len(frame) for name, frame in clinic.tables().items()},
        "settings": clinic.settings.as_dict(),
    }


def check_target(folder: Path, *, force: bool) -> None:
    """Refuse a place that is taken, unless it is this command's own folder and may be replaced.

    Raises
    ------
    CommandError
        E-CLI-003, when the folder exists, is a file, or its parent does not exist.
    """
    if not folder.parent.is_dir():
        raise CommandError(
            "E-CLI-003",
            what=f"the folder {folder} cannot be written",
            got="a parent folder that does not exist",
            expected="an existing parent folder",
            next_step=f"Create {folder.parent} first",
        )
    if not folder.exists() and not folder.is_symlink():
        return
    own = folder.is_dir() and not folder.is_symlink() and _is_own(folder)
    if own and force:
        return
    raise CommandError(
        "E-CLI-003",
        what=f"the folder {folder} cannot be written",
        got="a place that is taken" if not own else "a synthetic clinic that is there already",
        expected="a new folder, or with --force one that this command wrote",
        next_step="Choose another folder" if not own else "Choose another one, or add --force",
    )


def _is_own(folder: Path) -> bool:
    """Tell whether the folder holds nothing but what this command wrote."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["made_by"] != MADE_BY:
            return False
        expected = {ABOUT, *(f"{name}.{about['format']}" for name in about["rows"])}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return {entry.name for entry in folder.iterdir()} <= expected


def write(
    clinic: SyntheticClinic, folder: Path, *, file_format: str, about: dict[str, Any]
) -> None:
    """Write every table into ``folder``, all of them or none.

    They are written beside the folder first, then put in its place in one step; an older folder
    of this command (see `check_target`) is removed only after that.

    Raises
    ------
    CommandError
        E-CLI-003, when the disk refuses; nothing is left behind then.
    """
    beside = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        new, old = beside / "new", beside / "old"
        new.mkdir()
        save = _savers()[file_format]
        for name, frame in clinic.tables().items():
            save(frame, new / f"{name}.{file_format}")
        text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
        (new / ABOUT).write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as refusal:
        raise CommandError(
            "E-CLI-003",
            what=f"the folder {folder} cannot be written",
            got=refusal.strerror or "a refusal of the disk",
            next_step="Check free space and permissions; nothing was changed",
        ) from refusal
    finally:
        if beside is not None:
            if (beside / "old").exists() and not folder.exists():
                (beside / "old").rename(folder)
            shutil.rmtree(beside, ignore_errors=True)


def _savers() -> dict[str, Callable[[pl.DataFrame, Path], None]]:
    return {
        "csv": lambda frame, path: frame.write_csv(path),
        "parquet": lambda frame, path: frame.write_parquet(path),
    }

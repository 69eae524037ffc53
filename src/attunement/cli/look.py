# SPDX-License-Identifier: Apache-2.0
"""``attunement look``: a file of ratings becomes one page and a short text."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from attunement.cli.errors import CommandError

EVERY = 0.1  # seconds between two lines of progress
LONGEST_STEM = 100


@click.command("look", short_help="Turn a file of ratings into one page and a short text.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The page. [default: NAME.look.html, where you are]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; a page only with --out.")
@click.option("--force", is_flag=True, help="Overwrite any other file, or another file's page.")
@click.option("--dyad", metavar="COLUMN", help="Names the person or the pair.")
@click.option("--session", metavar="COLUMN", help="Numbers the sessions.")
@click.option("--date", metavar="COLUMN", help="Dates them.")
@click.option("--date-format", metavar="FORMAT", help="Such as DD/MM/YYYY.")
@click.option("--perspective", metavar="COLUMN|WORD", help="Says who rated; or client, therapist.")
@click.option(
    "--score", metavar="COLUMN", help="The score; what its columns share; or CLIENT,THERAPIST."
)
@click.option("--measure", metavar="ID|COLUMN", help="Gives range and direction, scores items.")
@click.option("--range", "ends", type=(float, float), metavar="LOW HIGH", help="The scale's ends.")
@click.option("--lower-is-better", "lower", is_flag=True, help="The scale's better end.")
@click.option("--higher-is-better", "higher", is_flag=True, help="The scale's better end.")
@click.option("--delimiter", type=click.Choice([",", ";", "tab"]), help="Of a text file.")
@click.option("--only", metavar="ID", multiple=True, help="Only this dyad; may be repeated.")
def command(
    file: Path,
    *,
    out: Path | None,
    as_json: bool,
    force: bool,
    dyad: str | None,
    session: str | None,
    date: str | None,
    date_format: str | None,
    perspective: str | None,
    score: str | None,
    measure: str | None,
    ends: tuple[float, float] | None,
    lower: bool,
    higher: bool,
    delimiter: str | None,
    only: tuple[str, ...],
) -> None:
    """Look at FILE (CSV or Parquet, long or wide): one page, opened from disk, and a short text.

    Columns that you do not name are guessed, and every guess is said. Rows with mistakes are left
    out and named; nothing is repaired.
    """
    from attunement.frames import RatingColumns, RatingsError
    from attunement.picture import look

    lower_is_better = direction(lower=lower, higher=higher)
    target = out or (None if as_json else Path(f"{file.stem[:LONGEST_STEM]}.look.html"))
    if target is not None:
        check_target(target, file, force=force)
    progress = Progress()
    try:
        seen = look(
            file,
            columns=RatingColumns(dyad, session, date, perspective, score, date_format=date_format),
            measure=measure,
            scale_range=ends,
            lower_is_better=lower_is_better,
            dyads=only or None,
            delimiter="\t" if delimiter == "tab" else delimiter,
            progress=progress,
        )
        if target is not None:
            write_page(target, _marked(seen.parts(progress=progress), file))
    except RatingsError as refusal:
        progress.clear()
        for problem in refusal.problems:
            click.echo(safe(problem.text()), err=True)
        raise
    finally:
        progress.clear()
    if as_json:
        click.echo(json.dumps(seen.to_dict(), allow_nan=False))
        return
    click.echo(safe(seen.text()))
    click.echo(f"\nThe page: {safe(str(target))}")


def direction(*, lower: bool, higher: bool) -> bool | None:
    """Return whether lower is better, None where neither flag was given; refuse both."""
    if lower and higher:
        raise CommandError(
            code="E-CLI-001",
            what="--lower-is-better and --higher-is-better contradict each other",
            expected="one of the two, or neither",
            next_step="See 'attunement look --help'",
        )
    return lower if lower or higher else None


def safe(text: str) -> str:
    """Return text whose control characters no terminal obeys; lines stay lines."""
    return "".join(
        char
        if char == "\n" or char.isprintable()
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )


class Progress:
    """One line on the terminal that says what is being done; nothing where there is none."""

    def __init__(self) -> None:
        self._wanted = sys.stderr.isatty()
        self._last = 0.0
        self._drawn = False

    def __call__(self, doing: str, done: int, of: int) -> None:
        """Draw the line anew, at most ten times a second."""
        now = time.monotonic()
        if not self._wanted or now - self._last < EVERY:
            return
        self._last, self._drawn = now, True
        width = 24
        full = width * done // of if of else 0
        bar = f"[{'#' * full}{'.' * (width - full)}] {done:,} of {of:,}" if of else f"{done:,} rows"
        click.echo(f"\r\x1b[K{doing.capitalize()} {bar}", nl=False, err=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._drawn = False


def check_target(target: Path, source: Path, *, force: bool) -> None:
    """Refuse, before any work, to write over the source or over what is not a look page."""
    from attunement.picture import MARK

    try:
        if not target.exists():
            return
        if source.exists() and target.samefile(source):
            got = "the file that is to be looked at"
        elif not target.is_file():
            got = "a folder or a device"
        else:
            with target.open("rb") as file:
                head = file.read(4096)
            if force or (MARK + mark_of(source)).encode() in head:
                return
            got = "a file that this command did not write"
            if MARK.encode() in head:
                got = "a file that holds the page of another table, or of one that has moved"
    except OSError as refusal:
        raise _cannot_write(target, refusal) from refusal
    raise CommandError(
        code="E-CLI-003",
        what=f"“{target.name}” is not overwritten",
        got=got,
        expected="a new name, or the page of this very file",
        next_step="Choose another name with --out"
        + (", or add --force" if got.startswith("a file") else ""),
    )


def mark_of(source: Path) -> str:
    """Return the mark by which a page is known as this file's: a digest of where it lies."""
    try:
        place = str(source.resolve())
    except (OSError, RuntimeError):  # a loop of links: the reading will say so
        place = str(source)
    digest = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f'<meta name="attunement-source" content="{digest}">'


def _marked(parts: Iterator[str], source: Path) -> Iterator[str]:
    """Put the mark of the file into the page's head, which is the first part."""
    from attunement.picture import MARK

    yield next(parts).replace(MARK, MARK + mark_of(source), 1)
    yield from parts


def write_page(target: Path, parts: Iterable[str]) -> None:
    """Write the page whole or not at all: a temporary file beside it, then a rename.

    Only the one who asked may read it: it holds ratings.
    """
    handle, temporary = -1, ""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".look-", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
        temporary = ""
    except OSError as refusal:
        raise _cannot_write(target, refusal) from refusal
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _cannot_write(target: Path, refusal: OSError) -> CommandError:
    return CommandError(
        code="E-CLI-003",
        what=f"“{target.name}” cannot be written",
        got=(refusal.strerror or "an error of the disk").lower(),
        next_step="Choose another place with --out",
    )

# SPDX-License-Identifier: Apache-2.0
"""Files of answers for ``score`` and ``explain``: tolerant of dialects, strict about cells."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from attunement.cli.errors import CommandError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from attunement.errors import Problem
    from attunement.exchange import Block

F = TypeVar("F", bound=Callable[..., Any])

TEXT_ENDINGS = {".csv", ".tsv", ".txt"}

_OPTIONS = (
    click.argument("file", type=click.Path(path_type=Path)),
    click.option("--measure", required=True, metavar="ID", help="Such as phq-9, or phq-9@1."),
    click.option("--keys", default=None, metavar="A,B", help="Columns that say whose it is."),
    click.option(
        "--item", "items", multiple=True, metavar="ITEM=COLUMN", help="Which column is which item."
    ),
    click.option(
        "--layout", type=click.Choice(["auto", "wide", "long"]), default="auto", show_default=True
    ),
    click.option(
        "--labels",
        type=click.Choice(["auto", "numbers", "text"]),
        default="auto",
        show_default=True,
        help="Whether answers are numbers, labels such as 'Not at all', or both.",
    ),
    click.option("--language", default="en", show_default=True, help="Language of the labels."),
    click.option(
        "--missing", type=float, multiple=True, metavar="N", help="A number that means missing."
    ),
)


def answer_options(function: F) -> F:
    """Give a command the options by which answers are found in a file."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), function)


@dataclass(frozen=True, slots=True)
class Answers:
    """A table of answers and the number of each of its rows, as a spreadsheet counts."""

    table: Any
    row_numbers: npt.NDArray[np.int64] | None
    decimal: str = "."  # a comma where some number in the file has one


def column_arguments(keys: str | None, items: tuple[str, ...]) -> dict[str, Any]:
    """Return ``--keys`` and ``--item`` as the arguments of ``frames.score``."""
    named = [item.partition("=") for item in items]
    wrong = [item for item, equals, column in named if not (item and equals and column)]
    if wrong:
        raise CommandError(
            "E-CLI-001",
            what="--item does not name an item and a column",
            expected="--item ITEM=COLUMN, such as --item 1=phq_one",
        )
    return {
        "keys": None if keys is None else [key for key in keys.split(",") if key],
        "items": {item: column for item, _, column in named} or None,
    }


def check_readable(file: Path) -> None:
    """Refuse what is no regular file, before anything is read from it."""
    if not file.is_file():
        kind = "no regular file" if file.exists() else "a file that does not exist"
        raise CommandError("E-CLI-002", what=f"'{file.name}' cannot be read", got=kind)


def is_text(file: Path) -> bool:
    """Return whether a file is a text table by its name."""
    return file.suffix.lower() in TEXT_ENDINGS


class TextAnswers:
    """A CSV file on its way through: block by block, refused at its end where a row cannot be read.

    Attributes
    ----------
    columns : tuple of str
        Column names.
    """

    def __init__(self, file: Path, opened: BinaryIO) -> None:
        from attunement.exchange import TableStream

        self._file = file
        self._stream = TableStream(opened, name=file.name)
        self.columns = self._stream.columns

    def blocks(self) -> Iterator[Block]:
        """Yield the rows, once; at their end refuse the file where some could not be read."""
        yield from self._stream.blocks()
        refuse_rows(self._file, self._stream.problems)

    def remark(self) -> None:
        """Say what was remarkable and is no mistake."""
        say_remarks(self._stream.problems)


@contextmanager
def streamed(file: Path) -> Iterator[TextAnswers]:
    """Give a CSV file to be read block by block.

    What is wrong with the file as a whole, or with rows of it, is told before anything that the
    answers are refused for: where they were refused, the file is read to its end once more.
    """
    from attunement.frames import ScoreFrameError

    with opened(file) as source:
        answers = TextAnswers(file, source)
        try:
            yield answers
        except ScoreFrameError:
            source.seek(0)
            answers = TextAnswers(file, source)
            for _ in answers.blocks():
                pass
            answers.remark()
            raise
        answers.remark()


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file, or say in one line why it cannot be read."""
    try:
        source = file.open("rb")
    except OSError as problem:
        raise _unreadable(file, problem) from problem
    with source:
        yield source


def _unreadable(file: Path, problem: OSError) -> CommandError:
    return CommandError(
        "E-CLI-002", what=f"'{file.name}' cannot be read", got=problem.strerror or "an error"
    )


def refuse_rows(file: Path, problems: Sequence[Problem]) -> None:
    """Refuse a file with rows that cannot be read, and list them."""
    refused = [problem for problem in problems if problem.refused]
    if refused:
        listed = "; ".join(f"row {p.row}: {p.what} ({p.count} in all)" for p in refused[:20])
        raise CommandError(
            "E-CLI-002",
            what=f"'{file.name}' has rows that cannot be read",
            got=listed,
            next_step=refused[0].next_step or "Mend them; nothing was scored",
        )


def say_remarks(problems: Sequence[Problem]) -> None:
    """Say on the error stream what was remarkable in a file and is no mistake."""
    for remark in problems:
        click.echo(f"Note: row {remark.row}: {remark.what} ({remark.count} in all).", err=True)


def read_answers(file: Path) -> Answers:
    """Read a file whole; a CSV file with rows that cannot be read is refused with their list."""
    if not is_text(file):
        return Answers(_read_parquet(file), None)
    import pyarrow as pa

    from attunement.exchange import read_table

    with opened(file) as source:
        try:
            data = source.read()
        except OSError as problem:
            raise _unreadable(file, problem) from problem
    table = read_table(data, name=file.name)
    refuse_rows(file, table.problems)
    say_remarks(table.problems)
    cells = pa.table(dict(zip(table.columns, table.cells, strict=True)))
    return Answers(cells, table.row_numbers, table.dialect.decimal)


def _read_parquet(file: Path) -> Any:
    import polars as pl

    try:
        return pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise CommandError(
            "E-CLI-002",
            what=f"'{file.name}' cannot be read",
            got="no Parquet file, or a damaged one",
        ) from problem


@contextmanager
def guesses_said() -> Iterator[None]:
    """Say guesses about columns on the error stream instead of as Python warnings."""
    from attunement.frames import ColumnGuessWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ColumnGuessWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, ColumnGuessWarning):
            said = str(warning.message).replace("items={…}", "--item ITEM=COLUMN")
            click.echo(f"Note: {said}", err=True)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )

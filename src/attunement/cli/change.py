# SPDX-License-Identifier: Apache-2.0
"""``attunement change``: whose change in a file of scores exceeds chance, by every method."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attunement.cli.errors import CommandError
from attunement.cli.look import direction, safe
from attunement.cli.score import check_target

if TYPE_CHECKING:
    from attunement.frames import ReliableChange

TWO = (float, float)


@click.command("change", short_help="Tell whose change in a file exceeds chance.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "person", required=True, metavar="COLUMN", help="Names the person.")
@click.option("--pre", required=True, metavar="COLUMN|TIME", help="First score, or its time.")
@click.option("--post", required=True, metavar="COLUMN|TIME", help="Second score, or its time.")
@click.option("--score", metavar="COLUMN", help="The score of a long table, with --time.")
@click.option("--time", metavar="COLUMN", help="The time of a long table, with --score.")
@click.option("--reliability", type=float, required=True, help="Of the measure, 0 to 1.")
@click.option("--reliability-post", type=float, help="At the second occasion, if it differs.")
@click.option("--lower-is-better", "lower", is_flag=True, help="The scale's better end.")
@click.option("--higher-is-better", "higher", is_flag=True, help="The scale's better end.")
@click.option("--measure", metavar="ID", help="Gives range and direction.")
@click.option("--range", "scale", type=TWO, metavar="LOW HIGH", help="The scale's ends.")
@click.option("--norms", type=TWO, metavar="M SD", help="First occasion, not from these people.")
@click.option("--clinical", type=TWO, metavar="M SD", help="Clinical population, for a cut-off.")
@click.option("--functional", type=TWO, metavar="M SD", help="Functional population.")
@click.option("--cutoff", metavar="a|b|c|POINTS", help="A kind, or points. [c with --functional]")
@click.option("--method", "methods", multiple=True, metavar="NAME", help="JT, EN, …; repeatable.")
@click.option("--construct", help="'alliance' names it reliable alliance change.")
@click.option("--delimiter", type=click.Choice([",", ";", "tab"]), help="Of a text file.")
@click.option("--out", type=click.Path(path_type=Path), help="One row per person and method.")
@click.option("--counts", type=click.Path(path_type=Path), help="One row per method.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(
    file: Path,
    *,
    person: str,
    lower: bool,
    higher: bool,
    cutoff: str | None,
    methods: tuple[str, ...],
    delimiter: str | None,
    out: Path | None,
    counts: Path | None,
    force: bool,
    as_json: bool,
    **same: Any,
) -> None:
    """Tell whose change in FILE (CSV or Parquet, wide or long) exceeds chance, by every method.

    Wide: --pre and --post are columns. Long: --score and --time are columns, --pre and --post
    two of the times. Cells that cannot be used are named by row and column; nothing is repaired.
    """
    targets = {"changes": out, "counts": counts}
    for target in targets.values():
        if target is not None:
            check_target(target, file, force=force)
    lower_is_better = direction(lower=lower, higher=higher)
    found = _judge(
        file,
        delimiter,
        id=person,
        lower_is=None if lower_is_better is None else "better" if lower_is_better else "worse",
        cutoff=_cutoff(cutoff),
        methods=list(methods) or "all",
        **same,
    )
    written = {name: str(path) for name, path in targets.items() if path is not None}
    _write(found, targets)
    if as_json:
        document = {**found.to_dict(), "written": written}
        click.echo(json.dumps(document, allow_nan=False, default=str))
        return
    click.echo(safe(found.summary()))
    for path in written.values():
        click.echo(safe(f"Wrote {path}."))


def _judge(file: Path, delimiter: str | None, **asked: Any) -> ReliableChange:
    """Read the file and judge it; say doubts about the direction on the error stream."""
    from attunement.frames import CourseDirectionWarning, reliable_change
    from attunement.picture.source import open_look

    opened = open_look(
        file, name=None, delimiter="\t" if delimiter == "tab" else delimiter, progress=None
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CourseDirectionWarning)
        found = reliable_change(opened.table, **asked)
    for warning in caught:
        if issubclass(warning.category, CourseDirectionWarning):
            click.echo(safe(f"Check this first: {warning.message}"), err=True)
    return found


def _cutoff(word: str | None) -> str | float | None:
    if word is None or word in {"a", "b", "c"}:
        return word
    try:
        return float(word)
    except ValueError as problem:
        raise CommandError(
            "E-CLI-001",
            what="--cutoff is neither a kind nor a number",
            expected="a, b, c, or points such as 14.5",
            next_step="See 'attunement change --help'",
        ) from problem


def _write(found: ReliableChange, targets: dict[str, Path | None]) -> None:
    import polars as pl

    from attunement.frames import write_result

    for name, path in targets.items():
        if path is not None:
            frame = getattr(found, name)
            write_result(frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame), path)

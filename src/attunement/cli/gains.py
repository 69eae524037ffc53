# SPDX-License-Identifier: Apache-2.0
"""``attunement gains``: sudden gains and losses in a file of scores."""

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
    from attunement.frames import SuddenGains
    from attunement.signals.gains import Cutoff

SHOWN = 5  # explained where the gains are not written to a file


@click.command("gains", short_help="Find sudden gains and losses in a file of scores.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "person", metavar="COLUMN", help="Names the person.")
@click.option("--session", metavar="COLUMN", help="Numbers the sessions.")
@click.option("--score", metavar="COLUMN", help="The score, or what its columns share.")
@click.option("--perspective", metavar="COLUMN|WORD", help="Says who rated.")
@click.option("--cutoff", type=float, metavar="POINTS", help="Criterion 1: the least change.")
@click.option("--sd", type=float, help="Derives the cut-off, with --reliability.")
@click.option("--reliability", type=float, help="Derives the cut-off, with --sd.")
@click.option("--lower-is-better", "lower", is_flag=True, help="The scale's better end.")
@click.option("--higher-is-better", "higher", is_flag=True, help="The scale's better end.")
@click.option("--measure", metavar="ID", help="Gives range and direction.")
@click.option("--range", "ends", type=(float, float), metavar="LOW HIGH", help="The scale's ends.")
@click.option("--losses", is_flag=True, help="Find sudden losses instead of gains.")
@click.option("--criteria", default="1,2,3", show_default=True, help="Which are on.")
@click.option("--share", type=float, default=0.25, show_default=True, help="Criterion 2.")
@click.option(
    "--relative",
    type=click.Choice(["percent", "pomp", "vacuous_loss"]),
    default="percent",
    show_default=True,
    help="What the share is taken of: the score, or its distance from the minimum.",
)
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Criterion 3.")
@click.option("--fixed-t", type=float, help="Criterion 3: one factor, such as 2.776.")
@click.option(
    "--strict", is_flag=True, help="A failed criterion decides though another is missing."
)
@click.option("--leave-out-baseline", is_flag=True, help="Drop what was rated before session 1.")
@click.option("--close-gaps", is_flag=True, help="Take scores in order, across missing sessions.")
@click.option("--cases", default="all", show_default=True, metavar="all|pattern|N", help="Who.")
@click.option(
    "--multiple",
    type=click.Choice(["first", "last", "smallest", "largest"]),
    default="first",
    show_default=True,
    help="Which one stands for a person in --persons.",
)
@click.option("--delimiter", type=click.Choice([",", ";", "tab"]), help="Of a text file.")
@click.option("--out", type=click.Path(path_type=Path), help="Writes one row per gain.")
@click.option("--intervals", type=click.Path(path_type=Path), help="Writes one row per interval.")
@click.option("--persons", type=click.Path(path_type=Path), help="Writes one row per person.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print counts and gains as JSON.")
def command(
    file: Path,
    *,
    person: str | None,
    cutoff: float | None,
    sd: float | None,
    reliability: float | None,
    lower: bool,
    higher: bool,
    ends: tuple[float, float] | None,
    criteria: str,
    cases: str,
    strict: bool,
    leave_out_baseline: bool,
    close_gaps: bool,
    delimiter: str | None,
    out: Path | None,
    intervals: Path | None,
    persons: Path | None,
    force: bool,
    as_json: bool,
    **same: Any,
) -> None:
    """Find sudden gains, or losses, in FILE (CSV or Parquet, long or wide).

    Columns that you do not name are guessed, and every guess is said. Rows with mistakes are left
    out and named; nothing is repaired. Files to write are .csv or .parquet.
    """
    targets = {"gains": out, "intervals": intervals, "persons": persons}
    for target in targets.values():
        if target is not None:
            check_target(target, file, force=force)
    lower_is_better = direction(lower=lower, higher=higher)
    found = _find(
        file,
        delimiter,
        id=person,
        cutoff=_cutoff(cutoff, sd, reliability),
        lower_is=None if lower_is_better is None else "better" if lower_is_better else "worse",
        criteria=_criteria(criteria),
        missing="strict" if strict else "propagate",
        baseline="leave_out" if leave_out_baseline else "use",
        gaps="close" if close_gaps else "missing",
        cases=int(cases) if cases.isdecimal() else cases,
        scale=ends,
        **same,
    )
    _write(found, targets)
    written = {name: path for name, path in targets.items() if path is not None}
    if as_json:
        document = {**found.to_dict(), "written": {n: str(path) for n, path in written.items()}}
        click.echo(json.dumps(document, allow_nan=False, default=str))
    else:
        _say(found, written)


def _say(found: SuddenGains, written: dict[str, Path]) -> None:
    for one in found.said:
        if one.guessed:
            click.echo(safe(f"Note: {one.topic}: {one.text}."), err=True)
    click.echo(safe(found.summary()))
    if "gains" not in written:
        for row in range(min(len(found), SHOWN)):
            click.echo(safe(f"- {found.explain(row)}"))
        if len(found) > SHOWN:
            click.echo(f"- and {len(found) - SHOWN} more: write them with --out")
    for path in written.values():
        click.echo(safe(f"Wrote {path}."))


def _find(file: Path, delimiter: str | None, **asked: Any) -> SuddenGains:
    """Read the file and search it; say what was wrong with the rows where none is left."""
    from attunement.frames import GainsDirectionWarning, RatingsError, sudden_gains
    from attunement.picture.source import open_look

    opened = open_look(
        file, name=None, delimiter="\t" if delimiter == "tab" else delimiter, progress=None
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GainsDirectionWarning)
        try:
            found = sudden_gains(opened.table, **asked)
        except RatingsError as refusal:
            for problem in refusal.problems:
                click.echo(safe(problem.text()), err=True)
            raise
    for warning in caught:
        if issubclass(warning.category, GainsDirectionWarning):
            click.echo(f"Check this first: {warning.message}", err=True)
    return found


def _cutoff(
    cutoff: float | None, sd: float | None, reliability: float | None
) -> float | Cutoff | None:
    if sd is None and reliability is None:
        return cutoff
    if cutoff is not None or sd is None or reliability is None:
        raise CommandError(
            "E-CLI-001",
            what="the cut-off is given twice, or by half",
            expected="--cutoff, or --sd together with --reliability",
            next_step="See 'attunement gains --help'",
        )
    from attunement.signals.gains import define_crit1_cutoff

    return define_crit1_cutoff(sd, reliability)


def _criteria(words: str) -> tuple[int, ...]:
    parts = [word.strip() for word in words.split(",")]
    if not all(part in {"1", "2", "3"} for part in parts):
        raise CommandError(
            "E-CLI-001",
            what="--criteria names something else than criteria",
            expected="such as --criteria 1,3",
            next_step="See 'attunement gains --help'",
        )
    return tuple(int(part) for part in parts)


def _write(found: SuddenGains, targets: dict[str, Path | None]) -> None:
    import polars as pl

    from attunement.frames import write_result

    for name, path in targets.items():
        if path is not None:
            frame = getattr(found, name)
            write_result(frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame), path)

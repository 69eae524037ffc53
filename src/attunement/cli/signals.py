# SPDX-License-Identifier: Apache-2.0
"""``attunement signals``: which sessions of a file ask for a question, and how often wrongly."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attunement.cli.answers import is_text, read_answers
from attunement.cli.look import Progress, direction, safe
from attunement.cli.score import check_target

if TYPE_CHECKING:
    from attunement.frames import Ruptures

SMALL = 64 << 20  # bytes of a file that is judged whole
SHOWN = 10  # flagged sessions that are listed where they are not written to a file
_ROLES = ("expected", "strain", "prediction", "therapist", "version", "ended")


@click.command("signals", short_help="Find possible ruptures in a file of scores.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dyad", metavar="COLUMN", help="Names the person or the pair.")
@click.option("--session", metavar="COLUMN", help="Numbers the sessions.")
@click.option("--score", metavar="COLUMN", help="The score.")
@click.option("--date", metavar="COLUMN", help="Dates them.")
@click.option("--perspective", metavar="COLUMN", help="Says who rated.")
@click.option("--expected", metavar="COLUMN", help="1 where a form was expected.")
@click.option("--strain", metavar="COLUMN", help="1 where something felt off.")
@click.option("--prediction", metavar="COLUMN", help="What the therapist expected of the client.")
@click.option("--therapist", metavar="COLUMN", help="The therapist's rating.")
@click.option("--version", metavar="COLUMN", help="The version of the measure.")
@click.option("--ended", metavar="COLUMN", help="1 where the care episode is over.")
@click.option(
    "--scale", "--range", "ends", type=(float, float), metavar="LOW HIGH", help="The scale's ends."
)
@click.option("--lower-is-better", "lower", is_flag=True, help="The scale's better end.")
@click.option("--higher-is-better", "higher", is_flag=True, help="The scale's better end.")
@click.option("--measure", metavar="ID", help="Gives range and direction.")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="May be repeated; or: all.")
@click.option(
    "--null-rate",
    type=float,
    default=0.10,
    show_default=True,
    help="Share of dyads without a rupture that the house rule may flag …",
)
@click.option(
    "--horizon", type=int, default=12, show_default=True, help="… within so many sessions."
)
@click.option("--learn", is_flag=True, help="Learn what is usual from this file.")
@click.option("--compare", is_flag=True, help="Put all rules side by side.")
@click.option("--out", type=click.Path(path_type=Path), help="One row per row; .csv or .parquet.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    file: Path,
    *,
    ends: tuple[float, float] | None,
    lower: bool,
    higher: bool,
    measure: str | None,
    rules: tuple[str, ...],
    learn: bool,
    compare: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Judge every session in FILE (CSV or Parquet, one row per form), prospectively.

    Columns that you do not name are guessed, and every guess is said. Nothing is repaired: cells
    that cannot be used are named by row and column. --out writes one row per row of FILE, and the
    episodes to NAME.episodes.ENDING beside it.
    """
    beside = None if out is None else out.with_name(f"{out.stem}.episodes{out.suffix}")
    for target in (out, beside):
        if target is not None:
            check_target(target, file, force=force)
    lower_is_better = direction(lower=lower, higher=higher)
    asked |= {
        "scale": ends,
        "measure": measure,
        "higher_is": None if lower_is_better is None else "worse" if lower_is_better else "better",
        "archive": "learn" if learn else None,
    }
    if compare:
        asked = {**asked, **{role: None for role in _ROLES if role != "version"}}
        _compare(file, rules, asked, out=out, as_json=as_json)
        return
    asked["rule"] = "house" if not rules else "all" if rules == ("all",) else list(rules)
    found = _judge(file, out, asked)
    if out is not None and beside is not None and not _streamed(file, out):
        from attunement.frames import write_result

        write_result(_plain(found.sessions), out)
        write_result(_plain(found.episodes), beside)
    if as_json:
        click.echo(json.dumps(_document(found, out, beside), allow_nan=False, default=str))
        return
    click.echo(safe(str(found)))
    if out is None:
        _list(found)
    else:
        click.echo(safe(f"Wrote {out} and {beside}."))


def _judge(file: Path, out: Path | None, asked: dict[str, Any]) -> Ruptures:
    """Read the file and judge it; say guesses and doubts on the error stream."""
    from attunement.frames import DirectionWarning, FitWarning, ruptures

    progress = Progress()
    table, numbers, decimal = _table(file)
    columns = _columns(table if table is not None else file, asked)
    more: dict[str, Any] = {**asked, **columns, "progress": progress}
    if out is not None and _streamed(file, out):
        more |= {"engine": "stream", "out": out}
    elif numbers is not None:
        more |= {"row_numbers": numbers, "decimal": decimal}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = ruptures(file if table is None else table, **more)
        finally:
            progress.clear()
    for warning in caught:
        if issubclass(warning.category, DirectionWarning | FitWarning):
            click.echo(safe(f"Check this first: {warning.message}"), err=True)
    return found


def _table(file: Path) -> tuple[Any, Any, Any]:
    """Read a text file of usual size in whatever dialect it has; leave others to the engines."""
    if is_text(file) and file.is_file() and file.stat().st_size <= SMALL:
        answers = read_answers(file)
        return answers.table, answers.row_numbers, answers.decimal
    return None, None, None


def _streamed(file: Path, out: Path | None) -> bool:
    """Whether the file is so long that it is judged part by part."""
    return out is not None and file.is_file() and file.stat().st_size > SMALL


def _columns(table: Any, asked: dict[str, Any]) -> dict[str, str]:
    """Find the columns that were not named, and say which were taken."""
    from attunement.frames import guess_columns

    found: dict[str, str]
    found, said = guess_columns(
        table,
        {role: asked[role] for role in ("dyad", "session", "score", "date", "perspective")},
        taken=[asked[role] for role in _ROLES if asked[role] is not None],
    )
    for line in said:
        click.echo(safe(f"Note: {line}."), err=True)
    return found


def _plain(frame: Any) -> Any:
    """Return a result as the writer takes it."""
    import polars as pl

    return frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(pl.from_arrow(frame))


def _list(found: Ruptures) -> None:
    """List the flagged sessions, each with what speaks for the question."""
    asked = found.question
    flagged = _plain(found.sessions).with_row_index("row").filter("flagged")
    for one in flagged.head(SHOWN).iter_rows(named=True):
        text = found.explain(one["row"] // len(asked.rules), rule=one["rule"])
        dyad, session = one[asked.columns.dyad], one[asked.columns.session]
        click.echo(safe(f"- {dyad}, session {session} ({one['rule']}): {_said(text)}"))
    if flagged.height > SHOWN:
        click.echo(f"- and {flagged.height - SHOWN} more: write them with --out")


def _said(text: str) -> str:
    """Return what an explanation says in a sentence, or what went into the verdict."""
    lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if "In a sentence" in lines:
        return re.sub(r"^In session \d+ ", "", lines["In a sentence"])
    return f"{lines['Inputs']} Threshold: {lines['Threshold']}"


def _document(found: Ruptures, out: Path | None, beside: Path | None) -> dict[str, Any]:
    document: dict[str, Any] = dict(found.summary.to_dict())
    if out is not None:
        document["written"] = {"sessions": str(out), "episodes": str(beside)}
        return document
    document["flagged"] = _plain(found.sessions).filter("flagged").to_dicts()
    document["episodes"] = _plain(found.episodes).to_dicts()
    return document


def _compare(
    file: Path, rules: tuple[str, ...], asked: dict[str, Any], *, out: Path | None, as_json: bool
) -> None:
    """Put rules side by side; --out takes who is flagged by which."""
    from attunement.frames import compare_rules, write_result

    table, numbers, decimal = _table(file)
    columns: dict[str, Any] = {**_columns(table if table is not None else file, asked)}
    columns.pop("date", None)
    taken = ("scale", "measure", "higher_is", "null_rate", "horizon", "archive", "version")
    found = compare_rules(
        file if table is None else table,
        rule=list(rules) if rules and rules != ("all",) else "all",
        row_numbers=numbers,
        decimal=decimal,
        **{name: asked[name] for name in taken},
        **columns,
    )
    if out is not None:
        write_result(found.flagged_by, out)
    if as_json:
        click.echo(json.dumps(found.to_dict(), allow_nan=False, default=str))
        return
    click.echo(safe(found.text()))
    if out is not None:
        click.echo(safe(f"Wrote who is flagged by which rule to {out}."))

# SPDX-License-Identifier: Apache-2.0
"""``attunement score``: a file of answers in, scores out."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attunement.cli.answers import (
    answer_options,
    check_readable,
    column_arguments,
    guesses_said,
    is_text,
    streamed,
)
from attunement.cli.errors import CommandError

if TYPE_CHECKING:
    from attunement.frames import Tally

ENDINGS = {".csv", ".parquet"}
REASONS_SHOWN = 10


@click.command("score", short_help="Score a file of answers.")
@answer_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="Where the scores go, as .csv or .parquet; to the terminal as CSV by default.",
)
@click.option("--force", is_flag=True, help="Replace the file at --out, if there is one.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(
    file: Path,
    *,
    measure: str,
    keys: str | None,
    items: tuple[str, ...],
    layout: str,
    labels: str,
    language: str,
    missing: tuple[float, ...],
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Score the answers in FILE (CSV or Parquet; one row per response, or one per answer).

    The result has the key columns, the score, one column per subscale, how many items were
    answered, and the reason where there is no score. A mistake in the file refuses all of it,
    naming row and column; nothing is written then.
    """
    check_readable(file)
    if out is not None:
        check_target(out, file, force=force)
    arguments: dict[str, Any] = {
        "measure": measure,
        "layout": layout,
        "labels": labels,
        "language": language,
        "missing": missing,
        **column_arguments(keys, items),
    }
    with tempfile.TemporaryDirectory() as folder:
        target = (
            out if out is not None else Path(folder) / f"scores.{'parquet' if as_json else 'csv'}"
        )
        with guesses_said():
            about = _score(file, target, arguments)
        if as_json:
            _print_json(about, target, shown=out is None)
        elif out is None:
            with target.open("rb") as scores:
                shutil.copyfileobj(scores, sys.stdout.buffer)
            sys.stdout.flush()
    if not as_json:
        _say(about, out)


def check_target(out: Path, source: Path, *, force: bool) -> None:
    """Refuse, before any work, to write onto the answers or over a file that is there.

    Raises
    ------
    CommandError
        E-CLI-003. ``force`` permits to replace another file, never the answers themselves.
    """
    if out.suffix.lower() not in ENDINGS:
        raise CommandError(
            "E-CLI-003",
            what=f"'{out.name}' is of no kind that can be written",
            expected="a name that ends in .csv or .parquet",
        )
    try:
        if not out.exists():
            return
        if out.samefile(source):
            got = "the file of answers itself"
        elif not out.is_file():
            got = "a folder or a device"
        elif force:
            return
        else:
            got = "a file that is there already"
    except OSError as refusal:
        raise CommandError(
            "E-CLI-003",
            what=f"'{out.name}' cannot be written",
            got=refusal.strerror or "a refusal of the file system",
            next_step="Choose another place with --out",
        ) from refusal
    raise CommandError(
        "E-CLI-003",
        what=f"'{out.name}' is not overwritten",
        got=got,
        expected="a new name",
        next_step="Choose another name with --out"
        + (", or add --force" if got.startswith("a file") else ""),
    )


def _score(file: Path, target: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    """Score ``file`` into ``target`` and return what was done."""
    from attunement.frames import Tally, score, score_stream

    tally = Tally()
    if is_text(file):
        with streamed(file) as answers:
            score_stream(answers, out=target, tally=tally, **arguments)
    else:
        score(file, out=target, tally=tally, **arguments)
    return _summary(arguments["measure"], tally)


def _summary(measure: str, tally: Tally) -> dict[str, Any]:
    """Count what came of the responses; a scale that was not asked lacks no score."""
    from attunement.measures import as_measure
    from attunement.scoring import NOT_ASKED, NOT_ASKED_UNUSED, SCORER_VERSION

    known = as_measure(measure)
    complete, by_reason, not_asked = 0, {}, Counter[str]()
    for reason, count in sorted(tally.reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        parts = [part.partition(": ") for part in reason.split("; ") if part]
        unasked = [scale for scale, _, why in parts if why in {NOT_ASKED, NOT_ASKED_UNUSED}]
        not_asked.update(dict.fromkeys(unasked, count))
        if len(unasked) == len(parts):
            complete += count
        else:
            by_reason[reason] = count
    return {
        "measure": f"{known.id}@{known.version}",
        "scorer": SCORER_VERSION,
        "responses": tally.responses,
        "scored_on_every_scale_asked": complete,
        "reasons": by_reason,
        "not_asked": dict(not_asked),
        "with_unused_answer": tally.with_unused_answer,
        "with_risk_answer": tally.with_risk_answer,
    }


def _print_json(about: dict[str, Any], target: Path, *, shown: bool) -> None:
    import polars as pl

    document = dict(about)
    if shown:
        document["scores"] = pl.read_parquet(target).to_dicts()
    else:
        document["out"] = str(target)
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def _say(about: dict[str, Any], out: Path | None) -> None:
    asked = " that was asked" if about["not_asked"] else ""
    lines = [
        (
            f"{about['responses']:,} responses to {about['measure']}, "
            f"{about['scored_on_every_scale_asked']:,} with a score on every scale{asked}."
        )
    ]
    reasons = list(about["reasons"].items())
    lines += [f"  {count:,}: {reason}" for reason, count in reasons[:REASONS_SHOWN]]
    if len(reasons) > REASONS_SHOWN:
        rest = sum(count for _, count in reasons[REASONS_SHOWN:])
        lines.append(f"  {rest:,}: for {len(reasons) - REASONS_SHOWN} other reasons")
    lines += [f"Not asked: {scale} in {n:,}." for scale, n in about["not_asked"].items()]
    if count := about["with_unused_answer"]:
        lines.append(f"Left out: answers to items that were not asked, in {count:,}.")
    if count := about["with_risk_answer"]:
        lines.append(
            f"Answered in a way that asks for a person to look ({_kinds(about)}): {count:,}."
        )
    if out is not None:
        lines.append(f"Wrote {out}.")
    click.echo("\n".join(lines), err=out is None)


def _kinds(about: dict[str, Any]) -> str:
    from attunement.measures import load

    items = [item for item in load(about["measure"]).items if item.risk is not None]
    return "; ".join(f"item {item.id}: {item.risk.kind}" for item in items if item.risk)

# SPDX-License-Identifier: Apache-2.0
"""``attunement explain``: one score, walked back to its answers, its rule and its source."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from attunement.cli.answers import (
    answer_options,
    check_readable,
    column_arguments,
    guesses_said,
    read_answers,
)


@click.command("explain", short_help="Walk a score back to its answers.")
@answer_options
@click.option(
    "--row",
    type=int,
    required=True,
    help="The row to explain. In a CSV file the header is row 1; in Parquet the first row is 1.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON.")
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
    row: int,
    as_json: bool,
) -> None:
    """Show how the response in row --row of FILE became its scores.

    What is printed holds the answers of that response: it is for whoever may see them.
    """
    from attunement.frames import answers_of
    from attunement.measures import load
    from attunement.scoring import explain

    check_readable(file)
    loaded = load(measure)
    read = read_answers(file)
    with guesses_said():
        answers = answers_of(
            read.table,
            measure=loaded,
            row=row,
            layout=layout,
            labels=labels,
            language=language,
            missing=missing,
            row_numbers=read.row_numbers,
            **column_arguments(keys, items),
        )
    explanation = explain(loaded, answers)
    if as_json:
        steps = [asdict(step) for step in explanation.steps]
        document = {
            "measure": explanation.measure,
            "scorer": explanation.scorer_version,
            "row": row,
            "risks": [asdict(risk) for risk in explanation.scored.risks],
            "steps": steps,
        }
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    click.echo(explanation.text())

# SPDX-License-Identifier: Apache-2.0
"""``attunement people``: bring in the people that a clinic already has."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attunement.cli import printable
from attunement.cli.errors import CommandError

if TYPE_CHECKING:
    from attunement.clinic.services.people_import import Imported, PeopleRefusedError
    from attunement.errors import Problem


@click.group("people")
def command() -> None:
    """Bring in the people that a clinic already has."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration file; by default what ATTUNEMENT_CONFIG names.",
)
@click.option("--check", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--partial", is_flag=True, help="Import the rows without mistakes, list the others.")
@click.option(
    "--began-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of care where a row has none.",
)
@click.option("--date-format", metavar="FORMAT", help="Of began_on, such as DD/MM/YYYY.")
@click.option("--delimiter", type=click.Choice([",", ";", "tab"]), help="Of the file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_command(
    file: Path,
    *,
    config: Path | None,
    check: bool,
    partial: bool,
    began_on: datetime | None,
    date_format: str | None,
    delimiter: str | None,
    as_json: bool,
) -> int:
    """Add the clients of FILE to the caseloads of their therapists; all rows or none.

    FILE is a CSV file with a row per client and therapist and the columns client_code,
    therapist_login, began_on (first day of the care episode) and, if you like, birth_year. What
    is there already is left as it is, so that the same file can be imported again.
    """
    from attunement.exchange import read_table

    data = _read(file)
    table = read_table(data, name=file.name, delimiter="\t" if delimiter == "tab" else delimiter)
    now = _open(config, check=check)
    from attunement.clinic.errors import ClinicError
    from attunement.clinic.services.people import known_practice
    from attunement.clinic.services.people_import import PeopleRefusedError, import_people

    practice = known_practice()
    if practice is None:
        raise ClinicError(
            "E-CLINIC-107",
            what="there is no practice in the store yet",
            next_step="Run 'attunement serve --check' first",
        )
    try:
        done = import_people(
            table,
            practice=practice,
            now=now,
            check=check,
            partial=partial,
            began_on=began_on.date() if began_on is not None else None,
            date_format=date_format,
        )
    except PeopleRefusedError as refusal:
        return _say_refusal(refusal, as_json=as_json)
    _say(done, as_json=as_json)
    return 0


def _read(file: Path) -> bytes:
    from attunement.picture.errors import LookError
    from attunement.picture.regular_file import read_file

    try:
        return read_file(file)
    except LookError as refusal:
        raise CommandError(
            "E-CLI-002",
            what=refusal.what,
            got=refusal.got,
            expected="a CSV file that you may read and that nobody is writing to",
            next_step=refusal.next_step,
        ) from refusal


def _open(config: Path | None, *, check: bool) -> datetime:
    from django.utils import timezone

    from attunement.cli.serve import open_clinic
    from attunement.clinic.serving import set_up

    set_up(config)
    if not check:
        return open_clinic()
    from attunement.clinic.store.opening import require_current

    require_current()
    return timezone.now()


def _say(done: Imported, *, as_json: bool) -> None:
    _list(done.problems)
    if as_json:
        said = {key: value for key, value in asdict(done).items() if key != "problems"}
        click.echo(json.dumps(said | {"problems": _plain(done.problems)}))
        return
    verb, end = ("Imported", "") if done.written else ("Would import", " Nothing was changed.")
    click.echo(
        printable(
            f"{verb} “{done.name}”, {_count(done.rows, 'row')}: "
            f"{_count(done.clients, 'new client')}, {_count(done.dyads, 'new dyad')}, "
            f"{_count(done.care_episodes, 'new care episode')}; "
            f"{_count(done.birth_years, 'birth year')} filled in; "
            f"{_count(done.known, 'row')} known already; "
            f"{_count(done.left_out, 'row')} left out.{end}"
        )
    )


def _say_refusal(refusal: PeopleRefusedError, *, as_json: bool) -> int:
    """Say every problem, then the refusal; with ``--json`` all of it as one document too."""
    _list(refusal.problems)
    if as_json:
        parts = ("code", "what", "got", "expected", "next_step")
        error = {part: printable(getattr(refusal, part)) for part in parts}
        click.echo(json.dumps({"error": error, "problems": _plain(refusal.problems)}))
    click.echo(printable(refusal.text()), err=True)
    return 2


def _list(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(printable(problem.text()), err=True)


def _plain(problems: tuple[Problem, ...]) -> list[dict[str, Any]]:
    return [
        asdict(problem) | {"what": printable(problem.what), "column": printable(problem.column)}
        for problem in problems
    ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

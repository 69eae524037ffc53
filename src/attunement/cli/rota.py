# SPDX-License-Identifier: Apache-2.0
"""``attunement serve rota`` and ``attunement serve worker``: who is told, and the telling."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from attunement.clinic.services.risk.turns import KeptTurn

BY = "operator-command"
HOLE = 3  # exit code: the rota has a hole


@click.group("rota", invoke_without_command=True)
@click.pass_context
def rota(ctx: click.Context) -> None:
    """Say who is told first when an answer is passed on; without a subcommand, show it.

    Times are those of the practice's time zone, as "mon 08:00".
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@rota.command("show")
@click.pass_obj
def show(config: Path | None) -> None:
    """List the turns with their numbers."""
    _open(config)
    from attunement.clinic.services.people import own_practice
    from attunement.clinic.services.risk.turns import kept_turns

    kept = kept_turns(own_practice())
    for turn in kept:
        click.echo(_line(turn))
    if not kept:
        click.echo("Nobody is on the rota.")


@rota.command("add")
@click.argument("username")
@click.option("--from", "starts", metavar="'DAY HH:MM'", help="When the turn begins.")
@click.option("--to", "ends", metavar="'DAY HH:MM'", help="When it ends; over Sunday midnight too.")
@click.option("--always", is_flag=True, help="The whole week instead of --from and --to.")
@click.option("--place", default=1, show_default=True, help="1 is told first, 2 next.")
@click.pass_obj
def add(
    config: Path | None,
    *,
    username: str,
    starts: str | None,
    ends: str | None,
    always: bool,
    place: int,
) -> None:
    """Put a login on the rota for a part of every week."""
    if always == bool(starts or ends) or (not always and not (starts and ends)):
        message = "a turn needs either --always, or both --from and --to"
        raise click.UsageError(message)
    now = _open(config)
    from attunement.clinic.services.risk.turns import add_turn

    first, last = (starts, ends) if starts and ends else ("mon 00:00", "mon 00:00")
    for turn in add_turn(username, starts=first, ends=last, place=place, now=now, by=BY):
        click.echo(f"Added {_line(turn)}")


@rota.command("remove")
@click.argument("number", type=int)
@click.pass_obj
def remove(config: Path | None, *, number: int) -> None:
    """Take a turn off the rota by its number."""
    now = _open(config)
    from attunement.clinic.services.risk.turns import remove_turn

    remove_turn(number, now=now, by=BY)
    click.echo(f"Removed turn {number}.")


@rota.command("check")
@click.pass_obj
def check(config: Path | None) -> None:
    """Look at every minute of the week; exit code 3 where nobody could be told."""
    _open(config)
    from attunement.clinic.services.people import own_practice
    from attunement.clinic.services.risk.turns import check_rota

    found = check_rota(own_practice())
    for turn in found.troubled:
        click.echo(f"Cannot be told: {_line(turn)}", err=True)
    if not found.has_lead:
        click.echo("There is no lead to tell when the rota does not answer.", err=True)
    for hole in found.holes:
        click.echo(f"Nobody: {hole}", err=True)
    if found.holes:
        raise SystemExit(HOLE)
    click.echo("Somebody can be told in every minute of the week.")


@click.command("worker")
@click.option("--once", is_flag=True, help="One round, and leave.")
@click.pass_obj
def worker(config: Path | None, *, once: bool) -> None:
    """Tell people of answers that are passed on, beside or instead of the server's own worker."""
    _open(config)
    from attunement.clinic.services.risk import Worker

    if once:
        done = Worker().round()
        click.echo(f"{done.open} open, {done.told} people told, {done.mailed} mails sent.")
        return
    import threading

    from attunement.clinic.working import work

    click.echo("Working.", err=True)
    work(threading.Event())


def _open(config: Path | None) -> datetime:
    from attunement.cli.serve import open_clinic
    from attunement.clinic.serving import set_up

    set_up(config)
    return open_clinic()


def _line(turn: KeptTurn) -> str:
    trouble = f" ({turn.trouble})" if turn.trouble else ""
    return f"{turn.number}: {turn.username}, place {turn.place}, {turn.span}{trouble}"

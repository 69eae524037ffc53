# SPDX-License-Identifier: Apache-2.0
"""``attunement tune``: try a rule's null rate on the past, save it, learn a model, set a budget."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from attunement.cli.errors import CommandError

if TYPE_CHECKING:
    from attunement.clinic.models import Practice
    from attunement.clinic.services.learning import Learned
    from attunement.clinic.services.signal_results import LookBack


@click.group("tune", invoke_without_command=True)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration file; by default what ATTUNEMENT_CONFIG names.",
)
@click.option(
    "--rule",
    type=click.Choice(["house"]),
    default="house",
    show_default=True,
    help="The rule whose null rate can be chosen; the others are plain thresholds.",
)
@click.option(
    "--null-rate",
    type=float,
    metavar="RATE",
    help="Share of people without a rupture who may be asked about within 12 sessions, such as "
    "0.05; by default the one in force.",
)
@click.option("--dry-run/--save", "dry_run", default=True, help="Only look back, or save as well.")
@click.option("--note", default="", help="With --save: why, for the list of settings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    config: Path | None,
    rule: str,
    null_rate: float | None,
    dry_run: bool,
    note: str,
    as_json: bool,
) -> None:
    """See what a threshold would have asked, hit and missed on the past; then save it, or not.

    Counts are over the whole practice, never by therapist, and only where ten clients or more
    stand behind them. A therapist's weekly budget still holds: it can only make the rule ask less.
    A saved rate holds from then on; what was asked before stays as it was asked.
    """
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    del rule  # there is one to choose
    if not dry_run and null_rate is None:
        message = "--save needs --null-rate RATE"
        raise click.UsageError(message)
    now = _open(config)
    from attunement.clinic.services.tuning import look_back, save_by_command

    practice = _practice()
    found = look_back(practice.pk, null_rate, now=now)
    number = None
    if not dry_run and null_rate is not None:
        number = save_by_command(practice, null_rate, note=note, now=now)
    if as_json:
        click.echo(json.dumps(asdict(found) | {"saved_as": number}, ensure_ascii=False))
    else:
        _tell(found, number)


@command.command("learn")
@click.option("--dry-run/--save", "dry_run", default=True, help="Only show, or keep the models.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def learn_command(config: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Learn from the practice's own sessions what is usual, one model per measure version.

    A small archive is drawn towards a simulated prior, and the source says so. A saved model
    holds from then on; earlier signals keep the model that they were judged by. Finding a model's
    limits by simulation takes some seconds.
    """
    now = _open(config)
    from attunement.clinic.services.learning import learn_models

    learned = learn_models(_practice(), save=not dry_run, now=now)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in learned], ensure_ascii=False))
        return
    if not learned:
        click.echo("No session has both forms yet: there is nothing to learn from.")
    for one in learned:
        click.echo(_learned(one))


@command.command("budget")
@click.argument("username")
@click.argument("per_week", type=int)
@click.pass_obj
def budget_command(config: Path | None, *, username: str, per_week: int) -> None:
    """Set how many questions a week a therapist is asked (0 to 20); what is not shown is listed."""
    now = _open(config)
    from attunement.clinic.services.learning import set_budget_by_command

    if not set_budget_by_command(username, per_week, now=now):
        raise CommandError(
            "E-CLI-001",
            what="there is no therapist with that user name",
            expected="the user name of a therapist's login",
            next_step="Check its spelling, or add the login with: attunement serve add-login",
        )
    click.echo(f"{username} is asked at most {per_week} questions a week.")


def _open(config: Path | None) -> datetime:
    from attunement.cli.serve import open_clinic
    from attunement.clinic.serving import set_up

    set_up(config)
    return open_clinic()


def _practice() -> Practice:
    from attunement.clinic.services.people import own_practice

    return own_practice()


def _tell(found: LookBack, number: int | None) -> None:
    from attunement.signals.audit import STANDING_WORDS

    click.echo(f"{found.title} ({found.rule_id}, version {found.rule_version})")
    click.echo(
        f"In force: {100 * found.now_rate:g} in 100 people within {found.horizon} sessions; "
        f"tried: {100 * found.tried_rate:g} in 100."
    )
    if found.as_is is None or found.tried is None:
        click.echo(
            f"Only {found.n_clients} clients have sessions that could be judged; counts are shown "
            f"from {found.fewest_clients} on."
        )
    else:
        for title, one in (("As it is", found.as_is), ("As tried", found.tried)):
            click.echo(f"{title}: {one.sentence()}")
        click.echo(STANDING_WORDS)
    if number is None:
        click.echo("Nothing was saved.")
    else:
        click.echo(f"Saved as setting {number}; it holds from now on.")


def _learned(one: Learned) -> str:
    kept = f"saved as model {one.number}" if one.number else "not saved"
    return f"{one.measure_id} version {one.measure_version}: {one.source}; {kept}."

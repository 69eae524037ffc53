# SPDX-License-Identifier: Apache-2.0
"""``attunement serve``: run a clinic, and the few acts that an operator does beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from attunement.cli.remind import remind
from attunement.cli.rota import rota, worker

_CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration file; by default what ATTUNEMENT_CONFIG names.",
)
_PORT = 8000


@click.group("serve", invoke_without_command=True)
@_CONFIG
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), help="By default that of base_url, or 8000.")
@click.option(
    "--processes",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="How many processes serve side by side; one for each core is enough.",
)
@click.option("--check", is_flag=True, help="Check configuration and store, and leave.")
@click.option(
    "--new-secret",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a new secret for secret_key_file, and leave.",
)
@click.option(
    "--new-keys",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a new file of keys for keys_file, and leave.",
)
@click.option(
    "--new",
    "new_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write a configuration, a secret and a file of keys to start from, and leave.",
)
@click.option("--practice", default="", help="With --new: the name on every page.")
@click.option("--crisis-phone", default="", help="With --new: the number for a client in need.")
@click.option(
    "--timezone",
    default=None,
    metavar="ZONE",
    help="With --new: an IANA name such as Europe/Berlin; by default this machine's.",
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    config: Path | None,
    host: str,
    port: int | None,
    processes: int,
    check: bool,
    new_secret: Path | None,
    new_keys: Path | None,
    new_folder: Path | None,
    practice: str,
    crisis_phone: str,
    timezone: str | None,
) -> None:
    """Serve a clinic: migrate after a backup, check the store, then listen."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    if new_secret is not None:
        _write_secret(new_secret)
    elif new_keys is not None:
        _write_new_keys(new_keys)
    elif new_folder is not None:
        _write_start(new_folder, practice=practice, phone=crisis_phone, timezone=timezone)
    else:
        _serve(config, host=host, port=port, processes=processes, check=check)


def _serve(
    config: Path | None, *, host: str, port: int | None, processes: int, check: bool
) -> None:
    from django.conf import settings

    from attunement.clinic.serving import refuse_busy_port, serve, set_up

    set_up(config)
    from attunement.clinic.services.people import own_practice
    from attunement.clinic.services.risk import refuse_holes

    base_url = urlsplit(settings.ATTUNEMENT.base_url)
    https = settings.ATTUNEMENT.https
    listening = port or (_PORT if https else base_url.port or _PORT)
    if not check:
        refuse_busy_port(host, listening)
    open_clinic()
    refuse_holes(own_practice())
    if check:
        from attunement.clinic.access import check_routes

        check_routes()
        click.echo("Configuration, store and routes are in order.")
        return
    serve(
        host,
        listening,
        behind_proxy=https,
        processes=processes,
        ready=lambda: click.echo(f"Serving {settings.ATTUNEMENT.base_url}", err=True),
    )


command.add_command(rota)
command.add_command(worker)
command.add_command(remind)


@command.command("add-login")
@click.argument("username")
@click.option("--role", required=True, help="therapist, lead, supervisor, researcher or operator.")
@click.option("--name", required=True, help="The name that pages show.")
@click.option("--email", default="", help="A second way to log in.")
@click.password_option(help="Asked for when it is not given; at least 12 characters.")
@click.pass_obj
def add_login_command(
    config: Path | None, *, username: str, role: str, name: str, email: str, password: str
) -> None:
    """Add a login; a therapist's login is a therapist too.

    A therapist sees their own clients; a supervisor, cases that are shared with them; a lead, who
    works with whom, and answers that were given to the lead; a researcher, counts over ten clients
    or more; an operator, nothing about clients.
    """
    now = _set_up_and_open(config)
    from attunement.clinic.services.people import add_login

    add_login(username, role=role, name=name, email=email, password=password, now=now)
    click.echo(f"Added the {role} {username}.")


@command.command("add-client")
@click.argument("code")
@click.option("--therapist", required=True, help="The user name of the client's therapist.")
@click.option("--name", default="", help="The name that the therapist's pages show.")
@click.option(
    "--began-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the care episode; today by default.",
)
@click.pass_obj
def add_client_command(
    config: Path | None, *, code: str, therapist: str, name: str, began_on: datetime | None
) -> None:
    """Add a client to a therapist's caseload."""
    now = _set_up_and_open(config)
    from attunement.clinic.services.people import add_client

    day: date = began_on.date() if began_on is not None else now.date()
    add_client(code, name=name, therapist_username=therapist, began_on=day, now=now)
    click.echo(f"Added the client {code}.")


@command.command("erase-client")
@click.argument("code")
@click.option(
    "--reason",
    required=True,
    type=click.Choice(["asked", "retention", "mistake"]),
    help="The person asked for it; the time to keep is over; it should never have been there.",
)
@click.option("--yes", is_flag=True, help="Do not ask once more.")
@click.pass_obj
def erase_client_command(config: Path | None, *, code: str, reason: str, yes: bool) -> None:
    """Erase a client for good: name and words become unreadable, the code is replaced.

    The numbers of their forms stay, under a code that says nothing. There is no way back. Run again
    after it was cut off, it says that the erasure is complete.
    """
    from attunement.clinic.serving import set_up

    set_up(config)
    from attunement.clinic.services.erasure import (
        begun_erasure,
        completed_erasure,
        erase_by_command,
        older_copies,
    )

    begun = begun_erasure(code)
    now = open_clinic()
    if begun:
        made = completed_erasure(begun)
        click.echo("This client's erasure had begun and was cut off; it is complete now.", err=True)
    else:
        if not yes:
            click.confirm(f"Erase {code} for good?", abort=True, err=True)
        made = erase_by_command(code, reason=reason, now=now)
    click.echo(f"Erased: name and words cannot be read any more; the code is now {made.code}.")
    if not made.clean:
        click.echo("The server was in the way; its next start overwrites the old pages.", err=True)
    for copy in older_copies():
        click.echo(f"{copy} was made before and still holds this person; remove it.", err=True)


@command.command("rewrap-keys")
@click.pass_obj
def rewrap_keys_command(config: Path | None) -> None:
    """Wrap the practice's key with the first key of keys_file, after a new one was put there."""
    now = _set_up_and_open(config)
    from attunement.clinic.services.audit import record_alone
    from attunement.clinic.services.people import OPERATOR
    from attunement.clinic.services.sealed_queue import wrap_again
    from attunement.clinic.services.sealing import rewrap_practice_keys

    n_rewrapped = rewrap_practice_keys()
    wrap_again()
    record_alone(actor=OPERATOR, action="keys.rewrap", outcome="done", now=now)
    click.echo(
        f"{n_rewrapped} keys were wrapped anew. Copy the keys: attunement backup --keys FILE"
    )


@command.command("renew-queue-key")
@click.pass_obj
def renew_queue_key_command(config: Path | None) -> None:
    """Make a new key for forms that wait on phones; it is also renewed by itself, every 90 days.

    What was sealed to the old one is opened for 30 days more.
    """
    now = _set_up_and_open(config)
    from attunement.clinic.services.sealed_queue import replace_key

    made = replace_key(now=now)
    click.echo(f"Forms are sealed to the key {made.pk} from now on.")


@command.command("verify-audit")
@click.pass_obj
def verify_audit_command(config: Path | None) -> None:
    """Walk along the audit chain; exit code 3 when it does not hold."""
    _set_up_and_open(config)
    from attunement.clinic.services.audit import verify_chain

    found = verify_chain()
    if found.first_bad is not None:
        click.echo(f"The chain breaks at event {found.first_bad}.", err=True)
        raise SystemExit(3)
    click.echo(f"The chain of {found.n_events} events holds.")


@command.command("rebuild-scores")
@click.pass_obj
def rebuild_scores_command(config: Path | None) -> None:
    """Compute every score and signal again from the answers."""
    now = _set_up_and_open(config)
    from attunement.clinic.services.rebuild import rebuild_scores

    made = rebuild_scores(now=now)
    click.echo(
        f"{made.n_responses} responses: {made.n_scores} scores and {made.n_signals} signals."
    )


def _set_up_and_open(config: Path | None) -> datetime:
    from attunement.clinic.serving import set_up

    set_up(config)
    return open_clinic()


def open_clinic() -> datetime:
    """Open the store of the clinic that was set up, and return what the time is."""
    from django.utils import timezone

    from attunement.clinic.services.people import own_practice
    from attunement.clinic.store.opening import open_store

    now = timezone.now()
    opened = open_store(now=now)
    if opened.backup is not None:
        click.echo(f"Backed up to {opened.backup} before migrating.", err=True)
    if opened.erased:
        click.echo(f"Erased {opened.erased} again, whom this copy still knew.", err=True)
    own_practice()
    return now


def _write_secret(path: Path) -> None:
    from attunement.clinic.config.secret import write_secret

    _write_once(path, write_secret, "secret")


def _write_new_keys(path: Path) -> None:
    from attunement.clinic.config.keys_file import write_keys

    _write_once(path, write_keys, "file of keys")


def _write_once(path: Path, write: Callable[[Path], None], what: str) -> None:
    from attunement.cli.errors import CommandError

    try:
        write(path)
    except OSError as problem:
        raise CommandError(
            "E-CLI-003",
            what=f"the {what} cannot be written to {path}",
            got=problem.strerror or "an error of the file system",
            next_step="Name a new file in a folder that you can write to",
        ) from None
    click.echo(f"Wrote {path}, readable by you alone.")


def _write_start(folder: Path, *, practice: str, phone: str, timezone: str | None) -> None:
    if not practice.strip() or not phone.strip():
        message = "--new needs --practice NAME and --crisis-phone NUMBER"
        raise click.UsageError(message)
    from attunement.clinic.config.start import machine_timezone, write_start

    zone = timezone or machine_timezone(environ=os.environ)
    config = write_start(folder, name=practice.strip(), phone=phone.strip(), timezone=zone or "UTC")
    click.echo(f"Wrote {config} with a secret and a file of keys beside it, readable by you alone.")
    if timezone is None:
        whose = "this machine's" if zone else "because this machine's has no name"
        click.echo(f"The time zone is {zone or 'UTC'}, {whose}; the key timezone changes it.")

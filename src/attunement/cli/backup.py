# SPDX-License-Identifier: Apache-2.0
"""``attunement backup``: an encrypted copy of a clinic that was restored before it counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from attunement.clinic.errors import ClinicError

if TYPE_CHECKING:
    from attunement.clinic.backup.lock import Lock

Result = TypeVar("Result")
NOT_WHOLE = "E-CLINIC-011"
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path), required=False)
@click.option("--config", type=_FILE, help="By default what ATTUNEMENT_CONFIG names.")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE1…",
    help="Encrypt to this public key; by default to those of backup.recipients.",
)
@click.option("--passphrase-file", type=_FILE, help="Encrypt with the passphrase in this file.")
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase and encrypt with it.")
@click.option(
    "--keep-days",
    type=click.IntRange(1, 3650),
    help="Then remove this site's backups in the folder that are older.",
)
@click.option("--keys", type=_FILE, metavar="FILE", help="Copy the keys, and nothing else.")
@click.option(
    "--new-identity",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a new identity that opens backups, print its public key, and leave.",
)
def command(
    *,
    target: Path | None,
    config: Path | None,
    recipients: tuple[str, ...],
    passphrase_file: Path | None,
    passphrase: bool,
    keep_days: int | None,
    keys: Path | None,
    new_identity: Path | None,
) -> None:
    """Back up a clinic while it runs, into a folder or a new file TARGET.

    The backup gets its name once it was decrypted, restored into a scratch place, migrated, and
    its audit chain, row counts, sealed words and scores were found right. Exit code 3 says that
    it did not come back whole.
    """
    if new_identity is not None:
        _new_identity(new_identity)
        return
    if (target is None) == (keys is None):
        message = "name a folder or a file, or --keys FILE"
        raise click.UsageError(message)
    from attunement.clinic.serving import set_up

    set_up(config)
    from django.utils import timezone

    from attunement.clinic.backup.key_copy import make_key_copy
    from attunement.clinic.backup.lock import Lock, parse_recipients
    from attunement.clinic.backup.making import make_backup
    from attunement.clinic.store.opening import require_current

    secret = asked_passphrase(passphrase_file, ask=passphrase, confirm=True)
    try:
        lock = Lock(() if secret else parse_recipients(recipients), secret)
    except ValueError as problem:
        message = f"{problem} is no age recipient"
        raise click.BadParameter(message, param_hint="--recipient") from None
    lock = lock if lock.recipients or lock.passphrase else configured_lock()
    require_current()
    now = timezone.now()
    if keys is not None:
        made = leave_with_three(lambda: make_key_copy(keys, lock=lock, now=now))
        click.echo(f"Wrote {made}. Keep it apart from backups, and only the newest.")
        return
    if target is None:
        return
    keep = timedelta(days=keep_days) if keep_days else None
    done = leave_with_three(lambda: make_backup(target, lock=lock, now=now, keep=keep))
    click.echo(f"Wrote {done.path}, {done.n_bytes} bytes, verified.")
    click.echo(done.checked.sentence())
    for old in done.removed:
        click.echo(f"Removed {old}, older than {keep_days} days.", err=True)
    click.echo("Its words open with the keys alone: attunement backup --keys FILE", err=True)


def configured_lock() -> Lock:
    """Return what the configuration says backups are encrypted with."""
    from attunement.clinic.backup.lock import Lock, read_passphrase
    from attunement.clinic.services.forms import config

    found = config()
    if found.backup_passphrase_file is not None:
        return Lock(passphrase=read_passphrase(found.backup_passphrase_file))
    if not found.backup_recipients:
        raise ClinicError(
            "E-CLINIC-020",
            what="nobody is named who could open the backup",
            expected="backup.recipients in the configuration, --recipient or --passphrase",
            next_step="Make an identity: attunement backup --new-identity FILE",
        )
    return Lock(recipients=found.backup_recipients)


def asked_passphrase(file: Path | None, *, ask: bool, confirm: bool) -> str:
    """Return the passphrase of a file or of a prompt; empty when neither was asked for."""
    from attunement.clinic.backup.lock import MIN_PASSPHRASE, read_passphrase

    if file is not None:
        return read_passphrase(file)
    if not ask:
        return ""
    given: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    if confirm and len(given) < MIN_PASSPHRASE:
        message = f"a passphrase has at least {MIN_PASSPHRASE} characters"
        raise click.UsageError(message)
    return given


def leave_with_three(work: Callable[[], Result]) -> Result:
    """Run the work; a backup that did not come back whole is exit code 3."""
    try:
        return work()
    except ClinicError as refusal:
        if refusal.code != NOT_WHOLE:
            raise
        from attunement.cli import printable

        click.echo(printable(refusal.text()), err=True)
        raise SystemExit(3) from None


def _new_identity(path: Path) -> None:
    from attunement.cli.errors import CommandError
    from attunement.clinic.backup.lock import write_identity

    try:
        recipient = write_identity(path)
    except OSError as problem:
        raise CommandError(
            "E-CLI-003",
            what=f"the identity cannot be written to {path}",
            got=problem.strerror or "an error of the file system",
            next_step="Name a new file in a folder that you can write to",
        ) from None
    click.echo(f"Wrote {path}. Keep it away from this machine: it opens every backup.", err=True)
    click.echo(recipient)

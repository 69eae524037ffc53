# SPDX-License-Identifier: Apache-2.0
"""``attunement restore``: a backup into an empty place, and keys from their copy."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--config", type=_FILE, help="By default what ATTUNEMENT_CONFIG names.")
@click.option("--identity", type=_FILE, help="The file with the identity that opens it.")
@click.option("--passphrase-file", type=_FILE, help="The file with the passphrase that opens it.")
@click.option("--passphrase", is_flag=True, help="Ask for the passphrase that opens it.")
@click.option("--force", is_flag=True, help="Take another site's, whose keys were added here.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="FILE is a copy of keys: write them here, and leave.",
)
def command(
    *,
    file: Path,
    config: Path | None,
    identity: Path | None,
    passphrase_file: Path | None,
    passphrase: bool,
    force: bool,
    keys: Path | None,
) -> None:
    """Restore a backup to where the configuration says the database is; the place must be empty.

    It is restored into a scratch place first, migrated, inspected, and whoever was erased since
    is erased again; only then it is put there, whole. Exit code 3 says that the backup did not
    come back whole.
    """
    from attunement.cli.backup import asked_passphrase, leave_with_three
    from attunement.clinic.backup.lock import Opener, read_identities

    secret = asked_passphrase(passphrase_file, ask=passphrase, confirm=False)
    if (identity is None) == (not secret):
        message = "name --identity FILE, or one of --passphrase and --passphrase-file"
        raise click.UsageError(message)
    opener = Opener(read_identities(identity) if identity else (), secret)
    if keys is not None:
        from attunement.clinic.backup.key_return import restore_key_copy

        site, n_keys = restore_key_copy(file, keys, opener)
        click.echo(f"Wrote {keys} with {n_keys} keys of the site {site}; name it as keys_file.")
        return
    from attunement.clinic.serving import set_up

    set_up(config)
    from attunement.clinic.backup.restoring import restore_backup

    done = leave_with_three(lambda: restore_backup(file, opener, force=force))
    click.echo(f"Restored the clinic of {done.made_at}.")
    click.echo(done.checked.sentence())
    if done.checked.n_erased_again:
        click.echo(f"Erased {done.checked.n_erased_again} again, who were erased since.")

# SPDX-License-Identifier: Apache-2.0
"""``attunement serve remind``: reminders of open forms, for a clinic whose server sends none."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("remind")
@click.option("--once", is_flag=True, help="What is due now, and leave; the only way there is.")
@click.pass_obj
def remind(config: Path | None, *, once: bool) -> None:
    """Send the reminders that are due, as the server does by itself every minute."""
    del once
    from attunement.cli.serve import open_clinic
    from attunement.clinic.serving import set_up

    set_up(config)
    now = open_clinic()
    from attunement.clinic.services.reminders import channels
    from attunement.clinic.services.reminders import remind as send_reminders

    if not channels():
        click.echo("This site sends no reminders: see [reminders] in its configuration.")
        return
    planned, sent = send_reminders(now=now)
    click.echo(f"{planned} planned, {sent} sent.")

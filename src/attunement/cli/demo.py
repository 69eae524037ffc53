# SPDX-License-Identifier: Apache-2.0
"""``attunement demo``: a synthetic clinic on this machine, no account, no network."""

from __future__ import annotations

import os
from pathlib import Path

import click

HOST = "127.0.0.1"


@click.command("demo")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--reset", is_flag=True, help="Forget what was entered and make the clinic anew.")
@click.option("--no-serve", is_flag=True, help="Only make the clinic; do not serve it.")
def command(*, port: int, reset: bool, no_serve: bool) -> None:
    """Serve a synthetic clinic with known ruptures on http://127.0.0.1.

    Everything lies in the folder .demo of the working directory (or in ATTUNEMENT_HOME). A second
    start keeps what was entered.
    """
    from attunement.clinic.demo.folder import prepare
    from attunement.clinic.serving import refuse_busy_port, serve, set_up

    if not no_serve:
        refuse_busy_port(HOST, port)
    # The demo has a database and an address of its own, whatever the environment says.
    for name in ("ATTUNEMENT_DATABASE", "ATTUNEMENT_BASE_URL"):
        os.environ.pop(name, None)
    folder = Path(os.environ.get("ATTUNEMENT_HOME") or ".demo").absolute()
    set_up(prepare(folder, port=port, reset=reset))
    _open_and_seed()
    if no_serve:
        return
    serve(HOST, port, behind_proxy=False, ready=lambda: _greet(port))


def _open_and_seed() -> None:
    from django.db import connection
    from django.utils import timezone

    from attunement.clinic.demo.seeding import is_empty, seed
    from attunement.clinic.store.opening import open_store

    now = timezone.now()
    open_store(now=now)
    if is_empty():
        click.echo("Making the synthetic clinic ...", err=True)
        made = seed(now=now)
        click.echo(
            f"{made.n_dyads} dyads, {made.n_sessions} sessions, {made.n_responses} forms, "
            f"{made.n_signals} signals.",
            err=True,
        )
    connection.close()


def _greet(port: int) -> None:
    from attunement.clinic.demo.seeding import LEAD_LOGIN, PASSWORD, THERAPIST_LOGIN

    click.echo(
        f"\n  Open          http://{HOST}:{port}\n"
        f"  Therapist     {THERAPIST_LOGIN} / {PASSWORD}\n"
        f"  Lead          {LEAD_LOGIN} / {PASSWORD}\n\n"
        "  Every person in this clinic is synthetic. Stop with Ctrl+C; "
        "start anew with: attunement demo --reset\n"
    )

# SPDX-License-Identifier: Apache-2.0
"""What a rig does inside a process of the clinic: serve it, make links, look at what it stored.

``python -m rigs.inside CONFIG`` sets Django up once and then forks a child for each line that it
reads: a fresh process of the same program, without the second that starting Python takes. Only the
rigs call it.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import traceback
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from rigs.steps import watched

SESSIONS_OF_A_DYAD = 6


def weaken(how: str) -> None:
    """Make SQLite's durability too weak, past the check that refuses it: the rig must catch it."""
    from attunement.clinic.config import django_settings  # noqa: PLC0415 -- before Django is set up
    from attunement.clinic.store import durability  # noqa: PLC0415

    strong = "PRAGMA synchronous=FULL;"
    if strong not in django_settings.SQLITE_INIT:
        message = "the rig no longer knows where the durability of SQLite is set"
        raise RuntimeError(message)
    django_settings.SQLITE_INIT = django_settings.SQLITE_INIT.replace(
        strong, f"PRAGMA synchronous={how.upper()};"
    )
    durability.SQLITE_FULL = 0


def now() -> datetime:
    """Return the time as the clinic's process sees it."""
    from django.utils import timezone  # noqa: PLC0415 -- after django.setup

    return timezone.now()


def serve(port: str) -> None:
    """Open the store, and serve on a port of this machine."""
    from attunement.clinic.serving import serve as serve_clinic  # noqa: PLC0415
    from attunement.clinic.store.opening import open_store  # noqa: PLC0415

    open_store(now=now())
    serve_clinic("127.0.0.1", int(port), behind_proxy=False, ready=lambda: None)


def make_links(count: str) -> None:
    """Print tokens of new links: sessions of new dyads, a few for each, written in bulk."""
    from attunement.clinic import models  # noqa: PLC0415 -- after django.setup
    from attunement.clinic.services.forms import config, measure_of  # noqa: PLC0415
    from attunement.clinic.services.people import add_client, add_login  # noqa: PLC0415
    from attunement.clinic.services.secrets_of_links import new_token, token_sha256  # noqa: PLC0415
    from attunement.clinic.store.opening import open_store  # noqa: PLC0415

    at = now()
    open_store(now=at)
    if not models.Login.objects.exists():
        add_login(
            "amber",
            role="therapist",
            name="Synthetic Amber",
            email="",
            password="violet harbour lantern",  # noqa: S106 -- a synthetic person's
            now=at,
        )
    tokens: list[str] = []
    handles = _handles(models.Invitation.objects.count())
    first = models.Client.objects.count()
    version = measure_of(config().client_measure).version
    while len(tokens) < int(count):
        code = f"C-{first + len(tokens) // SESSIONS_OF_A_DYAD:06d}"
        add_client(
            code,
            name="Synthetic Client",
            therapist_username="amber",
            began_on=date(2026, 1, 5),
            now=at,
        )
        dyad = models.Dyad.objects.get(client__code=code)
        episode = dyad.care_episodes.get()
        for number in range(1, SESSIONS_OF_A_DYAD + 1):
            session = models.Session.objects.create(
                dyad=dyad, care_episode=episode, session_no=number, held_on=date(2026, 2, number)
            )
            assignment = models.Assignment.objects.create(
                session=session,
                perspective="client",
                measure_id=config().client_measure,
                measure_version=version,
                made_at=at,
            )
            token = new_token()
            models.Invitation.objects.create(
                assignment=assignment,
                token_sha256=token_sha256(token),
                code_handle=next(handles),
                code_sha256="0" * 64,
                made_at=at,
                expires_at=at + timedelta(days=3650),
            )
            tokens.append(token)
    sys.stdout.write(json.dumps(tokens[: int(count)]))


def _handles(start: int) -> Any:
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    every = ("".join(four) for four in itertools.product(letters, repeat=4))
    return itertools.islice(every, start, None)


def look() -> None:
    """Print what is stored: submission -> number of answers; and whether the chains hold."""
    from django.db.models import Count  # noqa: PLC0415 -- after django.setup

    from attunement.clinic import models  # noqa: PLC0415
    from attunement.clinic.services.audit import verify_chain  # noqa: PLC0415

    rows = models.Response.objects.annotate(n=Count("answers", distinct=True)).values_list(
        "submission_id", "n"
    )
    stored = {str(submission): n for submission, n in rows}
    half = models.Response.objects.filter(scores__isnull=True).count()
    half += models.Response.objects.filter(assignment__invitations__consumed_at=None).count()
    chain = verify_chain()
    recorded = models.AuditEvent.objects.filter(
        action="client_response.record", outcome="done", detail__status="created"
    ).count()
    found = {
        "stored": stored,
        "half": half,
        "first_bad": chain.first_bad,
        "events": chain.n_events,
        "recorded": recorded,
    }
    sys.stdout.write(json.dumps(found))


def function_of(name: str) -> Any:
    """Return one of the functions above, or ``module.function`` of another module of the rigs."""
    if "." not in name:
        return {"serve": serve, "make_links": make_links, "look": look}[name]
    module, _, function = name.partition(".")
    return getattr(import_module(f"rigs.{module}"), function)


def child(asked: dict[str, Any]) -> NoReturn:
    """Be one process of the clinic: do what was asked, then leave without the parent's clean-up."""
    os.setsid()
    os.environ.update(asked["environment"])
    counted = watched()
    written = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, 1)
    status = 1
    try:
        function_of(asked["function"])(*asked["arguments"])
        sys.stdout.flush()
        counted()
        status = 0
    except BaseException:  # noqa: BLE001 -- whatever it was, the rig reads it in the log
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main(config: str) -> None:
    """Set up Django on a configuration, then fork for each line: a process id is the answer."""
    if how := os.environ.get("RIG_WEAKEN"):
        weaken(how)
    from attunement.clinic.serving import set_up  # noqa: PLC0415 -- after weakening

    set_up(Path(config))
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["function"] == "wait":
            _, status = os.waitpid(asked["process"], 0)
            sys.stdout.write(f"{status}\n")
        else:
            born = os.fork()
            if born == 0:
                child(asked)
            sys.stdout.write(f"{born}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])

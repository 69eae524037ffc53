# SPDX-License-Identifier: Apache-2.0
"""Starting the clinic's process: settings, store, checks, and the web server."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from attunement.clinic.errors import ClinicError

if TYPE_CHECKING:
    from attunement.clinic.sharing import Shares

THREADS = 8
BACKLOG = 1024
# How long one thread keeps the others from running. Whoever has the turn to write asks the store
# some twenty times; by default (5 ms) each time could cost it as long as a whole form takes.
SWITCH_SECONDS = 0.001
# After so many new objects Python looks for rings of objects that nobody holds. A form makes some
# 350 that stay for its length; by default (700) every second form paid for such a search.
NEW_OBJECTS = 5000
IDLE_SECONDS = 30  # of a connection on which nothing comes
_LOG = logging.getLogger("attunement.serve")


def set_up(config: Path | None) -> None:
    """Make Django ready from a configuration file.

    Raises
    ------
    ConfigError
        E-CONFIG-… when the configuration is not clear.
    ClinicError
        E-CLINIC-014 when the database's driver is not installed.
    """
    os.umask(0o077)  # what this process writes is for its owner
    if config is not None:
        os.environ["ATTUNEMENT_CONFIG"] = str(config)
    os.environ["DJANGO_SETTINGS_MODULE"] = "attunement.clinic.settings"
    try:
        django.setup()
    except ImproperlyConfigured:
        if not str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql"):
            raise
        raise ClinicError(
            "E-CLINIC-014",
            what="the database cannot be opened: PostgreSQL's driver is not installed",
            next_step="Install attunement[postgresql]",
        ) from None
    from attunement.clinic.services.asked import check_forms  # noqa: PLC0415 -- after django.setup

    check_forms()


def refuse_busy_port(host: str, port: int) -> None:
    """Refuse a port that somebody else listens on, before anything is changed.

    Raises
    ------
    ClinicError
        E-CLINIC-012.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise ClinicError(
                "E-CLINIC-012",
                what=f"the address {host}:{port} cannot be listened on",
                got=problem.strerror or "an error of the system",
                next_step="Stop the other program, or choose another port",
            ) from None


def serve(
    host: str, port: int, *, behind_proxy: bool, ready: Callable[[], None], processes: int = 1
) -> None:
    """Serve the clinic until interrupted. The store is open and every check has passed.

    Parameters
    ----------
    host, port : str, int
        Where to listen; behind a TLS proxy only this machine.
    behind_proxy : bool
        Whether the proxy on this machine is believed about scheme and client address.
    ready : callable
        Called once the socket is open.
    processes : int
        How many serve side by side. On SQLite they take turns for writing.
    """
    if processes == 1:
        _serve_one({"host": host, "port": port}, behind_proxy=behind_proxy, works=True, ready=ready)
        return
    from django.db import connections  # noqa: PLC0415 -- after django.setup

    from attunement.clinic.processes import run_many  # noqa: PLC0415 -- rarely asked for
    from attunement.clinic.sharing import Shares  # noqa: PLC0415 -- needs a web server
    from attunement.clinic.store.sqlite.base import share_the_file  # noqa: PLC0415 -- as above

    share_the_file()
    shares = Shares(processes)
    with listening(host, port) as opened:
        connections.close_all()

        def one(place: int) -> None:
            # The worker that delivers alerts runs once.
            _serve_one(
                {"sockets": [opened]},
                behind_proxy=behind_proxy,
                works=place == 0,
                ready=ready if place == 0 else lambda: None,
                share=(shares, place),
            )

        run_many(processes, one)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; its owner closes it."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((host, port))
    opened.listen(BACKLOG)
    return opened


def _serve_one(
    where: dict[str, Any],
    *,
    behind_proxy: bool,
    works: bool,
    ready: Callable[[], None],
    share: tuple[Shares, int] | None = None,
) -> None:
    """Serve in this process until interrupted; ``works``: the worker runs here too."""
    from django.db import connection  # noqa: PLC0415 -- after django.setup

    from attunement.clinic.store.floor import FLOOR, one_at_a_time  # noqa: PLC0415 -- as below
    from attunement.clinic.store.statements import warm  # noqa: PLC0415 -- after django.setup
    from attunement.clinic.working import start_worker  # noqa: PLC0415 -- after django.setup
    from attunement.clinic.wsgi import application  # noqa: PLC0415 -- after django.setup

    answers: Callable[..., Any] = application
    if getattr(connection, "takes_turns", False):
        # On PostgreSQL a question to the store is a wait like any other: nobody stands back for it.
        answers = one_at_a_time(application, FLOOR)
    server = make_server(answers, where, behind_proxy=behind_proxy, share=share)
    warm()
    sys.setswitchinterval(SWITCH_SECONDS)
    _keep_for_good()
    _LOG.info("listening for %s", settings.ATTUNEMENT.base_url)
    end_worker = start_worker() if works else lambda: None
    ready()
    try:
        server.run()  # until Ctrl+C, which waitress turns into a clean end
        _LOG.info("Stopped; every form that was confirmed is stored.")
    finally:
        end_worker()
        server.close()


def _keep_for_good() -> None:
    """Take what the program itself consists of out of every later search for garbage.

    Some hundred thousand objects live as long as the process. To look through them took sixty
    milliseconds, during which everybody waited.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def make_server(
    application: Callable[..., Any],
    where: dict[str, Any],
    *,
    behind_proxy: bool,
    idle_seconds: int = IDLE_SECONDS,
    share: tuple[Shares, int] | None = None,
) -> Any:
    """Return the web server, listening; ``run()`` serves and ``close()`` ends it.

    Parameters
    ----------
    application : callable
        The WSGI application.
    where : dict
        ``host`` and ``port``, or ``sockets``.
    behind_proxy : bool
        Whether the proxy on this machine is believed about scheme and client address.
    idle_seconds : int
        After how long a connection on which nothing comes is closed.
    share : tuple, optional
        What processes on one socket hold, and the place of this one among them.
    """
    from waitress import create_server  # noqa: PLC0415 -- importing the package needs no web server

    from attunement.clinic.guard.wire import read_strictly  # noqa: PLC0415 -- as above
    from attunement.clinic.sharing import take_share  # noqa: PLC0415 -- as above

    trusted = (
        {
            "trusted_proxy": "127.0.0.1",
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
            "clear_untrusted_proxy_headers": True,
        }
        if behind_proxy
        else {"clear_untrusted_proxy_headers": True}
    )
    listeners: dict[int, Any] = {}
    server = create_server(
        application,
        listeners,
        **where,
        threads=THREADS,
        ident="",
        max_request_body_size=1024 * 1024,
        max_request_header_size=32 * 1024,
        channel_timeout=idle_seconds,
        cleanup_interval=idle_seconds,
        **trusted,
    )
    read_strictly(listeners)
    if share is not None:
        take_share(listeners, *share)
    return server

# SPDX-License-Identifier: Apache-2.0
"""Tablets send finished forms to a CamCOPS that is really served; every one is counted.

``python -m bench clinic-camcops --camcops …/bin/camcops_server --config camcops.conf``. Each
connection sends one patient with one finished PHQ-9, ten items, as one request from a registered
tablet, and the next when that was answered. With ``finalize`` the record leaves the tablet, which
then sends another; with ``copy`` it stays there, and each form comes from a tablet of its own, as
from people's own telephones. Each request logs in with name and password; ``--keep-log-in`` goes on
with the session of the last, as a tablet does within one upload. What a tablet asks before an
upload (is the device known, is the patient acceptable, which tables) is left out. A refusal is an
error, not tried again. Afterwards the database is asked for every form that was confirmed.

It writes to the database of that configuration: give it one of its own. ``clinic-load`` with the
plain view runs after it, unless ``--alone``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.clinic.browser import Browser
from bench.clinic.camcops_server import HOW, Camcops, at_hand
from bench.clinic.load import Load, _processor, _report
from bench.clinic.server import free_port, processor_seconds, served
from bench.clinic.tablet import ITEMS, Tablet, read_reply

_SERVERS = ("gunicorn", "cherrypy")
_METHODS = ("finalize", "copy")
_TRIES = 5
_STARTS = 300.0  # seconds; it imports all of its tasks
_WHOLE = [1, 1, 1]  # one patient, one number, one line in the index


class TabletLoad(Load):
    """The same closed loop; a submission is one form of one patient, log-in included."""

    def __init__(self, port: int, tablets: list[Tablet], *, finalizes: bool) -> None:
        super().__init__(port, {"sessions": []}, math.inf)
        self.finalizes = finalizes
        self.tablets = tablets
        self.sent: dict[str, list[int]] = {}
        self.left = 0
        self.version = ""

    async def register(self) -> None:
        browser = Browser(self.port)
        for tablet in self.tablets:
            for _ in range(_TRIES):
                reply = read_reply((await browser.post("/api", tablet.register())).body)
                if tablet.heard(reply):
                    break
            else:
                message = f"CamCOPS registered no tablet: {reply.get('error', reply)}"
                raise SystemExit(message)
            self.version = reply.get("serverCamcopsVersion", self.version)
        browser.close()

    async def _person(self) -> None:
        browser = Browser(self.port)
        while self.left > 0:
            self.left -= 1
            tablet = self.tablets.pop()
            await self._upload(browser, tablet)
            if self.finalizes:  # nothing is left on it
                self.tablets.append(tablet)
        browser.close()

    async def _upload(self, browser: Browser, tablet: Tablet) -> None:
        number = str(len(self.sent) + 1)
        answers = self.sent[number] = [self.dice.randrange(4) for _ in range(ITEMS)]
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        fields = tablet.upload(int(number), answers, now, finalizes=self.finalizes)
        browser.cookies = {}
        began = time.perf_counter()
        try:
            answer = await browser.post("/api", fields)
        except (OSError, EOFError, asyncio.IncompleteReadError) as problem:
            self.tally.errors[type(problem).__name__] += 1
            browser.close()
            return
        self.tally.took("send the form", began)
        reply = read_reply(answer.body)
        if tablet.heard(reply):
            self.tally.confirmed.append(number)
        else:
            self.tally.errors[reply.get("error", str(answer.status))[:80]] += 1


def check(sent: dict[str, list[int]], confirmed: list[str], rows: list[list[int | None]]) -> str:
    """Return what the database holds of what was confirmed, in words.

    Raises SystemExit where a form that was confirmed is not there, once and whole.
    """
    found: dict[str, list[list[int | None]]] = {}
    for row in rows:
        found.setdefault(str(row[0]), []).append(row[1:])
    lost = sum(one not in found for one in confirmed)
    doubled = sum(len(found.get(one, ())) > 1 for one in confirmed)
    halves = sum(found[one][0][1:] != _WHOLE + sent[one] for one in confirmed if one in found)
    said = (
        f"  in its database: {len(confirmed)} confirmed, {lost} lost, {doubled} doubled, "
        f"{halves} not whole; {len(found.keys() - set(confirmed))} there that were not confirmed"
    )
    if lost or doubled or halves:
        message = said + "\nA form that was confirmed is not there as it should be."
        raise SystemExit(message)
    return said


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench clinic-camcops", description=__doc__)
    parser.add_argument("--camcops", help="its command (or CAMCOPS_SERVER)")
    parser.add_argument("--config", help="its configuration (or CAMCOPS_CONFIG_FILE)")
    parser.add_argument("--forms", type=int, default=200)
    parser.add_argument("--warm", type=int, default=50, help="forms before the clock starts")
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--servers", nargs="+", choices=_SERVERS, default=list(_SERVERS))
    parser.add_argument("--methods", nargs="+", choices=_METHODS, default=list(_METHODS))
    parser.add_argument("--workers", type=int, default=0, help="Gunicorn's; 0: as configured")
    parser.add_argument("--keep-log-in", action="store_true", help="no password but in the first")
    parser.add_argument("--log", type=Path, help="what the server says, kept")
    parser.add_argument("--alone", action="store_true", help="without clinic-load after it")
    parser.add_argument("--seconds", type=float, default=30, help="of clinic-load")
    parser.add_argument("--dyads", type=int, default=1200, help="of clinic-load")
    return parser.parse_args(words)


async def _measure(
    load: TabletLoad, asked: argparse.Namespace, name: str, server: subprocess.Popen[bytes]
) -> None:
    await load.register()
    load.left = asked.warm
    await load.run(asked.connections)
    if errors := load.begin():
        print(f"  {errors} errors while it was warmed up")
    before, own = processor_seconds(server), time.process_time()
    load.left = asked.forms
    took = await load.run(asked.connections)
    if not load.tally.confirmed:
        message = f"CamCOPS confirmed nothing: {dict(load.tally.errors)}"
        raise SystemExit(message)
    _report(f"CamCOPS {load.version}, {name}", load, took)
    answered = len(load.tally.confirmed) + load.tally.errors.total()
    print(f"  {len(load.tally.confirmed) / took:.2f}/s confirmed, {answered / took:.2f}/s answered")
    _processor(load, before, processor_seconds(server), time.process_time() - own)
    load.begin()


def _run(
    camcops: Camcops, server: str, method: str, folder: Path, asked: argparse.Namespace
) -> None:
    user, password = camcops.make_user()
    port = free_port()
    config = camcops.settled(folder, port, asked.workers)
    finalizes = method == "finalize"
    n_tablets = asked.connections if finalizes else asked.warm + asked.forms
    tablets = [
        Tablet(f"{user}-{n}", user, password, keeps=asked.keep_log_in) for n in range(n_tablets)
    ]
    name = f"{server}, {method}, log-in {'kept' if asked.keep_log_in else 'with each form'}"
    words, program = camcops.words(server, config), str(camcops.command)
    log = asked.log or folder / "log"
    with served(words, port, log=log, program=program, page="login", seconds=_STARTS) as process:
        load = TabletLoad(port, tablets, finalizes=finalizes)
        asyncio.run(_measure(load, asked, name, process))
    print("  (its database server's time is not in it)")
    rows = camcops.found(user)
    print(check(load.sent, load.confirmed, rows))
    print(f"  finalized: {sum(row[1] or 0 for row in rows)} of {len(rows)}", flush=True)


def main(words: list[str] | None = None) -> int:
    asked = _arguments(words)
    camcops = at_hand(asked)
    if camcops is None:
        print(HOW, file=sys.stderr)
        return 2
    from bench.machine import probe  # noqa: PLC0415 -- it compiles

    print(f"Before: {probe()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="clinic-camcops-") as folder:
        for server, method in itertools.product(asked.servers, asked.methods):
            _run(camcops, server, method, Path(folder), asked)
    print(f"\nAfter: {probe()}", flush=True)
    if asked.alone:
        return 0
    beside = ["--seconds", str(asked.seconds), "--dyads", str(asked.dyads), "--visits", "0"]
    ours = [sys.executable, "-m", "bench", "clinic-load", *beside]
    return subprocess.run(ours, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

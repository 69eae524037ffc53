# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLC0415 -- after the arguments: it compiles
"""Clients and therapists send their forms to a clinic that is really served; every one is counted.

``python -m bench clinic-load --seconds 300``. A client opens the link, gets the form, sends it; a
therapist, who logged in before, gets the mirror form and sends it with a guess. Each second form of
a session is scored, judged by every rule, and all of it stands in the audit log. Afterwards the
store is asked whether each form that was confirmed is there, once and whole.

Two kinds, one after the other. *Submissions*: therapists logged in, links were opened and forms
signed before the clock starts (by the seed, with the program's own functions); then only forms are
sent. One is a POST up to the redirect that confirms it: cookies and CSRF token checked, the login
read (therapist) or the signed form and its grant (client), then in one transaction the response,
answers, prediction, scores, signals where both forms are in, the used-up link, the audit event, and
the commit with ``synchronous=FULL``. *Whole visits*: links are opened and forms fetched on the
clock too.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from uuid import UUID, uuid4

from bench.clinic.browser import CSRF, Browser
from bench.clinic.server import COMMAND, free_port, make_clinic, processor_seconds, served

_SUBMISSION = re.compile(rb'name="submission_id" value="([^"]+)"')
_SPARE = 450  # forms a second for which there are sessions
_ITEMS = 8  # answers in each form
_GOAL = (300, 0.250)


@dataclass
class Tally:
    """What was sent, how long it took, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=dict)
    confirmed: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def took(self, what: str, began: float) -> None:
        self.times.setdefault(what, []).append(time.perf_counter() - began)


@dataclass(slots=True)
class Ready:
    """A form that was fetched and filled in, to be sent."""

    who: str
    to: str
    fields: dict[str, str]
    cookies: dict[str, str]


class Load:
    """A closed loop: each of ``connections`` sends the next form when its last was confirmed."""

    def __init__(self, port: int, plan: dict[str, object], seconds: float) -> None:
        self.port, self.until = port, time.perf_counter() + seconds
        self.tally = Tally()
        self.confirmed: list[str] = []  # of all kinds
        self.forms = self._order(plan)
        self.cookies: dict[str, dict[str, str]] = {}
        self.dice = random.Random(11)
        self.held: list[Ready] = []  # last first

    @staticmethod
    def _order(plan: dict[str, object]) -> list[tuple[str, dict[str, str]]]:
        """Return every form, last first: the client's of a session, some forms later the mirror."""
        rows: list[dict[str, str]] = plan["sessions"]  # type: ignore[assignment] # from our own seed
        lag = min(200, len(rows))
        order: list[tuple[str, dict[str, str]]] = []
        for place in range(len(rows) + lag):
            if place < len(rows):
                order.append(("client", rows[place]))
            if place >= lag:
                order.append(("therapist", rows[place - lag]))
        return order[::-1]

    async def log_in(self, names: list[str], password: str) -> None:
        for number, name in enumerate(names):
            browser = Browser(self.port, f"127.0.1.{number + 1}")
            browser.forget()
            began = time.perf_counter()
            fields = {"login": name, "password": password}
            answer = await browser.post("/accounts/login/", fields)
            self.tally.took("log in", began)
            if answer.status != HTTPStatus.FOUND:
                message = f"Nobody could log in: {answer.status}"
                raise SystemExit(message)
            self.cookies[name] = browser.cookies
            browser.close()

    def begin(self) -> int:
        """Begin a new tally; return how many errors the last one holds."""
        errors = self.tally.errors.total()
        self.confirmed += self.tally.confirmed
        self.tally = Tally()
        return errors

    async def run(self, connections: int) -> float:
        began = time.perf_counter()
        await asyncio.gather(*(self._person() for _ in range(connections)))
        return time.perf_counter() - began

    def prepare(self, how_many: int) -> None:
        """Take the next forms as opened and fetched; the seed did so."""
        n = min(how_many, len(self.forms))
        rows, self.forms = self.forms[len(self.forms) - n :], self.forms[: len(self.forms) - n]
        for who, row in rows:
            if who == "client":
                cookies = {"csrf": CSRF, row["cookie"]: row["grant"]}
                self.held.append(Ready(who, "/c/form", self._filled(row["carried"]), cookies))
            else:
                fields = self._filled(str(uuid4())) | self._guess()
                to = f"/sessions/{row['session']}/rate"
                self.held.append(Ready(who, to, fields, self.cookies[row["login"]]))

    async def send(self, connections: int) -> float:
        """Send what was fetched, as fast as each is confirmed."""
        waiting, self.held = self.held, []

        async def person() -> None:
            browser = Browser(self.port)
            while time.perf_counter() < self.until and waiting:
                ready = waiting.pop()
                try:
                    await self._send(browser, ready)
                except (OSError, EOFError, asyncio.IncompleteReadError) as problem:
                    self.tally.errors[f"{ready.who}: {type(problem).__name__}"] += 1
                    browser.close()
            browser.close()

        began = time.perf_counter()
        await asyncio.gather(*(person() for _ in range(connections)))
        took = time.perf_counter() - began
        if not waiting:
            print(f"  All fetched forms were sent after {took:.0f} s.")
        return took

    async def _person(self) -> None:
        browser = Browser(self.port)
        while time.perf_counter() < self.until and self.forms:
            who, row = self.forms.pop()
            try:
                await (self._client if who == "client" else self._therapist)(browser, row)
            except (OSError, EOFError, asyncio.IncompleteReadError) as problem:
                self.tally.errors[f"{who}: {type(problem).__name__}"] += 1
                browser.close()
        browser.close()

    async def _client(self, browser: Browser, row: dict[str, str]) -> None:
        browser.forget()
        began = time.perf_counter()
        answer = await browser.post("/c/open", {"token": row["token"]})
        self.tally.took("open the link", began)
        if answer.status != HTTPStatus.SEE_OTHER:
            self.tally.errors[f"open the link: {answer.status}"] += 1
            return
        await self._form(browser, "client", answer.location, "", {})

    async def _therapist(self, browser: Browser, row: dict[str, str]) -> None:
        browser.cookies = self.cookies[row["login"]]
        path = f"/sessions/{row['session']}/rate"
        await self._form(browser, "therapist", path, path, self._guess())

    async def _form(
        self, browser: Browser, who: str, path: str, to: str, more: dict[str, str]
    ) -> None:
        began = time.perf_counter()
        answer = await browser.get(path)
        self.tally.took(f"{who}: get the form", began)
        found = _SUBMISSION.search(answer.body)
        if answer.status != HTTPStatus.OK or found is None:
            self.tally.errors[f"{who}: get the form: {answer.status}"] += 1
            return
        fields = self._filled(found[1].decode()) | more
        await self._send(browser, Ready(who, to or "/c/form", fields, browser.cookies))

    def _filled(self, submission_id: str) -> dict[str, str]:
        level = self.dice.choice((3, 4, 5))
        fields = {f"item-{n}": str(level + self.dice.choice((-1, 0, 1))) for n in range(1, 8)}
        return fields | {"item-8": "0", "submission_id": submission_id}

    def _guess(self) -> dict[str, str]:
        return {"prediction": str(self.dice.choice((3, 4, 5)))}

    async def _send(self, browser: Browser, ready: Ready) -> None:
        browser.cookies = ready.cookies
        began = time.perf_counter()
        answer = await browser.post(ready.to, ready.fields)
        self.tally.took(f"{ready.who}: send the form", began)
        if answer.status in {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}:
            self.tally.confirmed.append(ready.fields["submission_id"][:36])
        else:
            self.tally.errors[f"{ready.who}: send the form: {answer.status}"] += 1


class PlainLoad(Load):
    """The same loop on the plain view: one POST, one row."""

    async def _person(self) -> None:
        browser = Browser(self.port)
        while time.perf_counter() < self.until:
            identifier = str(uuid4())
            began = time.perf_counter()
            try:
                fields = {"submission": identifier, "answers": '{"1": 5, "2": 4, "3": 5}'}
                answer = await browser.post("/form", fields)
            except (OSError, EOFError, asyncio.IncompleteReadError) as problem:
                self.tally.errors[type(problem).__name__] += 1
                browser.close()
                continue
            self.tally.took("send the form", began)
            if answer.status == HTTPStatus.FOUND:
                self.tally.confirmed.append(identifier)
            else:
                self.tally.errors[str(answer.status)] += 1
        browser.close()


def quantile(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _report(name: str, load: Load, took: float) -> tuple[float, float]:
    tally = load.tally
    sent = [t for what, times in tally.times.items() if "send" in what for t in times]
    rate = len(tally.confirmed) / took
    print(f"\n{name}: {len(tally.confirmed)} forms in {took:.1f} s = {rate:.0f}/s")
    n_requests = sum(map(len, tally.times.values()))
    print(f"  {n_requests / took:.0f} requests/s; errors: {dict(tally.errors) or 'none'}")
    print("  milliseconds                  n      p50      p95      p99      max")
    for what, times in [*sorted(tally.times.items()), ("all forms sent", sent)]:
        cells = "".join(f"{1000 * quantile(times, q):9.1f}" for q in (0.5, 0.95, 0.99, 1))
        print(f"  {what:24}{len(times):7}{cells}")
    return rate, quantile(sent, 0.99)


def _processor(load: Load, before: list[float], after: list[float], own: float) -> None:
    """Say what of the processors' time a submission took: a busy machine changes that less."""
    used = [b - a for a, b in zip(before, after, strict=True)]
    n_sent = max(1, len(load.tally.confirmed))
    each = ", ".join(f"{seconds:.1f}" for seconds in used)
    print(
        f"  processor: the server {1000 * sum(used) / n_sent:.2f} ms a submission ({each} s by "
        f"process, parent first), the load itself {1000 * own / n_sent:.2f} ms"
    )


def _check(database: Path, confirmed: list[str]) -> None:
    """Ask the store for every form that was confirmed: there, once, with answers and scores."""
    store = sqlite3.connect(database)
    rows = store.execute(
        "SELECT r.submission_id, "
        "(SELECT count(*) FROM clinic_answer a WHERE a.response_id = r.id), "
        "(SELECT count(*) FROM clinic_score s WHERE s.response_id = r.id) FROM clinic_response r"
    )
    found = {UUID(hex=name): (answers, scores) for name, answers, scores in rows}
    asked = [UUID(one) for one in confirmed]
    lost = sum(one not in found for one in asked)
    halves = sum(one in found and (found[one][0] != _ITEMS or found[one][1] == 0) for one in asked)
    doubled = (
        store.execute(
            "SELECT count(*) FROM (SELECT assignment_id FROM clinic_response "
            "GROUP BY assignment_id HAVING count(*) > 1)"
        ).fetchone()[0]
        + len(asked)
        - len(set(asked))
    )
    events = store.execute("SELECT count(*) FROM clinic_auditevent").fetchone()[0]
    signals = store.execute("SELECT count(*) FROM clinic_signalrecord").fetchone()[0]
    judged = store.execute("SELECT count(*) FROM clinic_signaljudgement").fetchone()[0]
    verdict = store.execute("PRAGMA quick_check").fetchone()[0]
    store.close()
    print(
        f"  in the store: {len(asked)} confirmed, {lost} lost, {doubled} doubled, {halves} not "
        f"whole; {events} audit events, {judged} judgements, {signals} questions; {verdict}"
    )
    if lost or doubled or halves or verdict != "ok":
        message = "A form that was confirmed is not in the store as it should be."
        raise SystemExit(message)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench clinic-load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--processes", type=int, default=0, help="0: as served by default")
    parser.add_argument("--therapists", type=int, default=20)
    parser.add_argument("--dyads", type=int, default=1200)
    parser.add_argument("--answered", type=int, default=8, help="sessions answered before")
    parser.add_argument("--visits", type=float, default=30, help="seconds of whole visits")
    parser.add_argument("--no-plain", action="store_true", help="without the plain view beside it")
    return parser.parse_args()


def main() -> int:
    from bench.machine import probe

    asked = _arguments()
    fetched = int(asked.seconds * _SPARE)
    n_open = 2 + -(-int(fetched + asked.visits * _SPARE) // (2 * asked.dyads))
    with tempfile.TemporaryDirectory(prefix="clinic-load-") as name:
        folder, port = Path(name), free_port()
        plan = make_clinic(
            folder / "clinic",
            port,
            therapists=asked.therapists,
            dyads=asked.dyads,
            answered=asked.answered,
            open=n_open,
        )
        print(f"Before: {probe()}", flush=True)
        config = folder / "clinic" / "clinic.toml"
        words = [*COMMAND, "serve", "--config", str(config)]
        if asked.processes:
            words += ["--processes", str(asked.processes)]
        with served(words, port, log=folder / "log") as server:
            load = Load(port, plan, asked.seconds)
            rate, p99, errors = asyncio.run(_ours(load, plan, asked, fetched, server))
        _check(folder / "clinic" / "clinic.sqlite3", load.confirmed)
        if not load.forms:
            print("  There were no more sessions: ask for more --dyads.")
        if not asked.no_plain:
            _plain(folder, min(asked.seconds, 30), asked.connections)
        print(f"\nAfter: {probe()}")
    good = rate >= _GOAL[0] and p99 <= _GOAL[1] and not errors
    said = "yes" if good else "no"
    print(f"Asked of submissions: {_GOAL[0]}/s, p99 {1000 * _GOAL[1]:.0f} ms, no errors: {said}")
    return 0


async def _ours(
    load: Load,
    plan: dict[str, object],
    asked: argparse.Namespace,
    fetched: int,
    server: subprocess.Popen[bytes],
) -> tuple[float, float, int]:
    """Run both kinds; return rate, 99th percentile and errors of the submissions."""
    logins: list[str] = plan["logins"]  # type: ignore[assignment] # from our own seed
    await load.log_in(logins, str(plan["password"]))
    load.prepare(fetched)
    load.begin()
    load.until = time.perf_counter() + asked.seconds
    before, own = processor_seconds(server), time.process_time()
    rate, p99 = _report("Submissions", load, await load.send(asked.connections))
    _processor(load, before, processor_seconds(server), time.process_time() - own)
    errors = load.begin()
    if asked.visits:
        load.until = time.perf_counter() + asked.visits
        _report("Whole visits", load, await load.run(asked.connections))
        load.begin()
    return rate, p99, errors


def _plain(folder: Path, seconds: float, connections: int) -> None:
    port = free_port()
    words = ["-m", "bench.clinic.plain", str(folder / "plain.sqlite3"), str(port)]
    with served(words, port, log=folder / "log"):
        load = PlainLoad(port, {"sessions": []}, seconds)
        took = asyncio.run(load.run(connections))
    _report("a plain Django create view, one row, nothing else", load, took)


if __name__ == "__main__":
    sys.exit(main())

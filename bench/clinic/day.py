# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLC0415 -- after the arguments: it compiles
"""A therapist's first pages with 60 clients × 40 sessions, through the served program.

``python -m bench clinic-day-list``. One therapist, logged in, asks for the list of the day and for
the caseload again and again; with ``--beside N`` others send forms at the same time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path

from bench.clinic.browser import Browser
from bench.clinic.load import Load, quantile
from bench.clinic.server import COMMAND, free_port, make_clinic, served

PAGES = ("/day/", "/")
_GOAL = 0.200


async def _ask(load: Load, name: str, password: str, times: int) -> dict[str, list[float]]:
    await load.log_in([name], password)
    browser = Browser(load.port, cookies=load.cookies[name])
    took: dict[str, list[float]] = {}
    for number in range(times + 3):
        for page in PAGES:
            began = time.perf_counter()
            answer = await browser.get(page)
            if answer.status == HTTPStatus.NOT_FOUND:
                continue
            if answer.status != HTTPStatus.OK:
                message = f"{page} answers {answer.status}"
                raise SystemExit(message)
            if number >= 3:  # noqa: PLR2004 -- the first ones load templates
                took.setdefault(page, []).append(time.perf_counter() - began)
    browser.close()
    load.until = 0
    return took


def main() -> int:
    from bench.machine import probe

    parser = argparse.ArgumentParser(prog="python -m bench clinic-day-list", description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--clients", type=int, default=60)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--beside", type=int, default=0, help="connections that send forms")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clinic-day-") as name:
        folder, port = Path(name), free_port()
        plan = make_clinic(
            folder / "clinic",
            port,
            therapists=1,
            dyads=asked.clients,
            answered=asked.sessions,
            open=40 if asked.beside else 1,
        )
        print(f"Before: {probe()}", flush=True)
        config = folder / "clinic" / "clinic.toml"
        words = [*COMMAND, "serve", "--config", str(config)]
        with served(words, port, log=folder / "log"):
            load = Load(port, plan, 3600)

            async def both() -> dict[str, list[float]]:
                beside = None
                if asked.beside:
                    await load.log_in(plan["logins"], plan["password"])
                    beside = asyncio.create_task(load.run(asked.beside))
                took = await _ask(load, plan["logins"][0], plan["password"], asked.times)
                if beside is not None:
                    await beside
                return took

            took = asyncio.run(both())
    print("milliseconds        n      p50      p95      max")
    for page, times in took.items():
        cells = "".join(f"{1000 * quantile(times, q):9.1f}" for q in (0.5, 0.95, 1))
        print(f"{page:12}{len(times):9}{cells}")
    good = all(quantile(times, 0.95) <= _GOAL for times in took.values())
    print(f"Asked: p95 {1000 * _GOAL:.0f} ms: {'yes' if good else 'no'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: INP001 - a script, not a package
"""Time one dual chart of 15 sessions, and one sparkline. Prints; changes nothing."""

from __future__ import annotations

import random
import statistics
import timeit

from attunement.figures import DualChart, Line, Mark, dual_chart, sparkline

SESSIONS = tuple(range(1, 16))


def line(label: str, generator: random.Random) -> Line:
    values = tuple(round(7 * min(6.0, generator.gauss(4.6, 0.5))) / 7 for _ in SESSIONS)
    return Line(label, SESSIONS, values)


def main() -> None:
    generator = random.Random(1)
    client, therapist = line("Client", generator), line("Therapist", generator)

    def chart() -> DualChart:
        return DualChart(
            client, therapist, 0, 6, marks=(Mark(8, "?", "A question."),), words=("low", "high")
        )

    jobs = {
        "dual chart, wide, with table": lambda: dual_chart(chart(), size="wide"),
        "dual chart, both sizes, as HTML": lambda: dual_chart(chart()).html(),
        "sparkline": lambda: sparkline(client.values, 0, 6, "Client"),
    }
    for name, job in jobs.items():
        times = [t / 200 for t in timeit.repeat(job, number=200, repeat=7)]
        print(f"{name}: {1000 * statistics.median(times):.3f} ms (median of 7 × 200)")
    print(f"size: {len(dual_chart(chart(), size='wide').svg)} bytes (wide svg)")


if __name__ == "__main__":
    main()

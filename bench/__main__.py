# SPDX-License-Identifier: Apache-2.0
"""``python -m bench [--list] [NAME [options]]``: run one benchmark, or all of them."""

from __future__ import annotations

import runpy
import sys

# name -> (module, what it measures)
BENCHES = {
    "scoring": ("bench.scoring.memory", "scores from arrays in memory, beside R, pandas, Polars …"),
    "scoring-files": ("bench.scoring.files", "scores from Parquet to Parquet, beside Polars"),
    "memory": ("bench.memory.peaks", "peak memory of score and look on CSV files, by length"),
    "null-table": ("bench.signals.null_table", "the published table of rules on stable people"),
    "null-rates": ("bench.signals.null_rates", "stated null rates beside counted ones"),
    "classical": ("bench.signals.classical", "the rules in use over many series, beside others"),
    "sudden-gains": ("bench.signals.gains", "sudden gains of many clients, beside R"),
    "signals-scale": ("bench.signals.scale", "ruptures from Parquet on disk: time and memory"),
    "house-calibration": ("bench.signals.house_calibration", "null rates that were asked for"),
    "house-efficiency": ("bench.signals.house_efficiency", "hit rates beside an oracle's"),
    "house-speed": ("bench.signals.house_speed", "clients per second by the house rule"),
    "clinic-load": (
        "bench.clinic.load",
        "forms a second through a served clinic, every one checked",
    ),
    "clinic-camcops": (
        "bench.clinic.camcops",
        "forms a second through a served CamCOPS, where one is at hand, then clinic-load",
    ),
    "clinic-day-list": ("bench.clinic.day", "a therapist's first pages, 60 clients × 40 sessions"),
    "dual-chart": ("bench.figures.dual_chart", "one chart and one sparkline"),
}


def main(words: list[str]) -> int:
    if words[:1] in (["--list"], ["-h"], ["--help"]):
        print(__doc__)
        for name, (_, what) in BENCHES.items():
            print(f"  {name:16} {what}")
        return 0
    if words and words[0] not in BENCHES:
        print(f"There is no benchmark '{words[0]}'; --list shows them.", file=sys.stderr)
        return 2
    worst = 0
    for name in words[:1] or list(BENCHES):
        module = BENCHES[name][0]
        sys.argv = [f"python -m bench {name}", *words[1:]]
        print(f"\n## {name}", flush=True)
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=False)
        except SystemExit as end:  # of one; the next is run all the same
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            worst = max(worst, end.code if isinstance(end.code, int) else int(end.code is not None))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

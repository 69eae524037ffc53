# SPDX-License-Identifier: Apache-2.0
"""``python -m bench [--list] [NAME [options]]``: run one benchmark, or all of them."""

from __future__ import annotations

import importlib
import sys

# name -> (module whose main(list of words) runs it, what it measures)
BENCHES = {
    "scoring": ("bench.scoring.memory", "scores from arrays in memory, beside R, pandas, Polars …"),
    "scoring-files": ("bench.scoring.files", "scores from Parquet to Parquet, beside Polars"),
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
    for name in words[:1] or list(BENCHES):
        importlib.import_module(BENCHES[name][0]).main(words[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Python lines in a process of their own that has a clinic's configuration open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LONGEST = 300  # seconds


def run_lines(config: Path, lines: str) -> str:
    """Run the lines after the clinic's set-up; return what they printed."""
    start = f"from attunement.clinic.serving import set_up\nset_up({str(config)!r})\n"
    kept = {name: text for name, text in os.environ.items() if "ATTUNEMENT" not in name}
    done = subprocess.run(
        [sys.executable, "-c", start + lines],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
        env=kept,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

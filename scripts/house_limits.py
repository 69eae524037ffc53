# SPDX-License-Identifier: Apache-2.0
"""Write the limits of the house rule's simulated prior: ``python -m scripts.house_limits``.

To be run again when the rule's model or its prior changes; a test compares.
"""

from __future__ import annotations

from attunement.clinic.house_limits import (
    CHANNELS,
    TABLE,
    WITH_STRAIN,
    simulated_limits,
)
from attunement.signals.budget import HORIZON
from attunement.signals.house import default_house

# Steps as shares of the range: continuous, a mean of seven items of 0-6, and coarser ones.
STEPS = (0.0, 1 / 42, 1 / 20, 1 / 10, 1 / 5)


def text() -> str:
    """Return the table as TOML."""
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# Written by `python -m scripts.house_limits`: limits of the log likelihood ratio of the",
        f"# house rule's simulated prior, by null rate over {HORIZON} sessions.",
    ]
    for channels in (CHANNELS, WITH_STRAIN):
        for step in STEPS:
            limits = simulated_limits(default_house(0.0, 1.0, step), channels)
            values = ", ".join(f'"{rate:g}" = {limit:.6f}' for rate, limit in limits.items())
            names = ", ".join(f'"{name}"' for name in sorted(channels))
            lines += [
                "",
                "[[limits]]",
                f"step_share = {step:.12g}",
                f"channels = [{names}]",
                f"values = {{ {values} }}",
            ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text(), encoding="utf-8")
    print(f"Wrote {TABLE.name}")

# SPDX-License-Identifier: Apache-2.0
"""What the rigs' commands have in common: their options, a folder, and what is said in the end."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

STORES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Played:
    """What one run of a rig came to."""

    said: object  # printed
    good: bool  # nothing was found wrong, and something was looked at
    caught: bool  # something was found wrong, as it must be where something was weakened


def play(
    name: str,
    about: str | None,
    run: Callable[[Path, argparse.Namespace], Played],
    *,
    count: tuple[str, int],
    weakened: Mapping[str, str] | None = None,
    weak_on: tuple[str, ...] = STORES,
    more: Callable[[argparse.ArgumentParser], object] = lambda _: None,
) -> int:
    """Read the options, play, and say what came of it.

    Parameters
    ----------
    name, about : str
        The rig's, and what its help says.
    run : Callable
        Plays it in a folder that another user may enter (PostgreSQL's).
    count : tuple
        What is counted, which is an option, and how often it is played by default.
    weakened : Mapping, optional
        What can be made wrong on purpose, and what that is.
    weak_on : tuple
        The stores on which that can be done.
    more : Callable, optional
        Adds options.

    Returns
    -------
    int
        1 when anything was found wrong; where something was weakened, 1 when nothing was.
    """
    parser = argparse.ArgumentParser(description=about, prog=f"python -m rigs {name}")
    parser.add_argument(f"--{count[0]}", type=int, default=count[1])
    parser.add_argument("--store", choices=STORES, default=STORES[0])
    parser.add_argument("--seed", type=int, default=1)
    if weakened:
        said = "; ".join(f"{kind}: {what}" for kind, what in weakened.items())
        parser.add_argument("--weaken", choices=tuple(weakened), default="", help=said)
    more(parser)
    given = parser.parse_args()
    weaken = given.weaken if weakened else ""
    if weaken and given.store not in weak_on:
        parser.error(f"only on {' and '.join(weak_on)} can anything be weakened here")
    with tempfile.TemporaryDirectory(prefix="attunement-rig-") as folder:
        Path(folder).chmod(0o755)
        played = run(Path(folder), given)
    weak = f", weakened ({weaken})" if weaken else ""
    times = f"{getattr(given, count[0])} {count[0]}"
    print(f"{given.store}{weak}, {times}, seed {given.seed}: {played.said}")
    if weaken:
        print(f"What was weakened was {'' if played.caught else 'NOT '}caught.")
        return 0 if played.caught else 1
    return 0 if played.good else 1

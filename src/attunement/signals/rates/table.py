# SPDX-License-Identifier: Apache-2.0
"""Read the shipped tables, and read off what lies between their places."""

from __future__ import annotations

import json
import math
import os.path
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attunement.signals.rates.axes import BASE, block_name, further_of, signature
from attunement.signals.rates.packing import NEAREST, normal_share, probits
from attunement.signals.ruling import Rule
from attunement.signals.series import FloatArray

# A plain array, so that nothing is unpacked when a process asks for its first rate.
FILE = os.path.join(os.path.dirname(__file__), "data", "rates.npy")  # noqa: PTH118, PTH120 -- pathlib takes longer to load than the table
FORMAT = 2
_HEAD = 4  # bytes that say how long the head is
_NOTHING = 1.5 * NEAREST  # shares too near to 0 to be told apart from it
Places = Mapping[str, FloatArray]
# On these turned axes the normal quantile of a rate runs nearly straight.
_TURNED: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "noise": lambda x: -1.0 / x,  # a limit is so many of the own SDs away
    "range": np.log,
    "between": np.log,
    "missing": lambda x: x**1.2,  # the first missing forms cost the least
}


def _as_it_is(x: FloatArray) -> FloatArray:
    return x


class _Block(NamedTuple):
    """One array of the file, with its axes and the rules of its first dimension."""

    n: int
    rules: Mapping[str, int]
    axes: Mapping[str, tuple[float, ...]]
    codes: NDArray[np.uint8]

    def at(self, key: str, places: Places) -> FloatArray:
        """Return the values of a rule at many places on the probit scale, shape (places, values).

        Between two places of an axis lies a straight line; beyond the last it stops.
        """
        cells = probits(self.codes[self.rules[key]])
        size = next(iter(places.values())).size
        low, share = [], []
        for name, nodes in self.axes.items():
            turned = _TURNED.get(name, _as_it_is)
            line = turned(np.array(nodes))
            where = np.broadcast_to(places.get(name, np.array(BASE.get(name, 0.0))), (size,))
            x = np.clip(turned(np.asarray(where, dtype=np.float64)), line[0], line[-1])
            at = np.clip(np.searchsorted(line, x, side="right") - 1, 0, line.size - 2)
            low.append(at)
            share.append((x - line[at]) / (line[at + 1] - line[at]))
        found = np.zeros((size, cells.shape[-1]))
        for corner in product((0, 1), repeat=len(low)):
            weight = np.ones(size)
            for up, one in zip(corner, share, strict=True):
                weight = weight * (one if up else 1.0 - one)
            where_to = tuple(at + up for at, up in zip(low, corner, strict=True))
            found += weight[:, None] * cells[where_to]
        return found


@lru_cache(maxsize=1)
def _blocks() -> Mapping[str, _Block]:
    """Read the file; an absent or foreign one holds nothing."""
    try:
        stored = np.load(FILE)
    except FileNotFoundError:
        return {}
    at = _HEAD + int.from_bytes(stored[:_HEAD].tobytes(), "little")
    head = json.loads(stored[_HEAD:at].tobytes().decode())
    if head["format"] != FORMAT:
        return {}
    found = {}
    for one in head["blocks"]:
        shape = one["shape"]
        end = at + math.prod(shape)
        found[one["name"]] = _Block(
            one["n"],
            {key: place for place, key in enumerate(one["rules"])},
            {name: tuple(values) for name, values in one["axes"].items()},
            stored[at:end].reshape(shape),
        )
        at = end
    return found


def as_stored(blocks: Sequence[tuple[Mapping[str, Any], NDArray[np.uint8]]]) -> NDArray[np.uint8]:
    """Return blocks, each with its name, n, rules and axes, as the file holds them."""
    about = [{**one, "shape": list(codes.shape)} for one, codes in blocks]
    head = json.dumps({"format": FORMAT, "blocks": about}).encode()
    whole = len(head).to_bytes(_HEAD, "little") + head
    codes = [codes.ravel() for _, codes in blocks]
    return np.concatenate([np.frombuffer(whole, dtype=np.uint8), *codes])


def tabled(rule: Rule) -> bool:
    """Return whether the tables know this rule with these numbers."""
    main = _blocks().get(block_name("null", rule, "main"))
    return main is not None and signature(rule) in main.rules


def simulated_people(part: str) -> int:
    """Return how many people stand behind each place of a part ("null" or "hit")."""
    return _blocks()[f"{part}-main"].n


def read_off(part: str, rule: Rule, places: Places) -> FloatArray:
    """Return a rule's shares at many places.

    Parameters
    ----------
    part : str
        "null" or "hit".
    rule : Rule
        One that is `tabled`.
    places : mapping of str to numpy.ndarray
        For each axis of `attunement.signals.rates.grid` the places' coordinates; an axis that is
        not given stays at its base.

    Returns
    -------
    numpy.ndarray, shape (places, values)
        0 to 1, in the order of `null_values` or `hit_values`.
    """
    key, known = signature(rule), _blocks()
    main = known[block_name(part, rule, "main")]
    found = main.at(key, places)
    more = known.get(block_name(part, rule, further_of(rule)))
    if more is not None:
        moved = set(more.axes) - set(main.axes)
        there = {name: at for name, at in places.items() if name not in moved}
        found = found + more.at(key, places) - more.at(key, there)
    shares = normal_share(found)
    return np.asarray(np.where(shares < _NOTHING, 0.0, shares))

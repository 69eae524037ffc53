# SPDX-License-Identifier: Apache-2.0
"""How often a rule is wrong, and how often right: of a series, of a stated world, side by side."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attunement.signals.rates.agreement import (
        Agreement,
        Coefficient,
        agree,
        cohen_kappa,
        gwet_ac1,
    )
    from attunement.signals.rates.asking import hit_rate, null_rate
    from attunement.signals.rates.at_hand import AtHand, rates_at_hand
    from attunement.signals.rates.comparing import COMPARED, Comparison, Pair, Row, compare
    from attunement.signals.rates.judging import Asked, house_of
    from attunement.signals.rates.plain import RANGES, Range
    from attunement.signals.rates.stated import HitRate, NullRate
    from attunement.signals.rates.world import Dip, Null, default_null

# name -> module, as in the room itself: the tables are read without what simulates.
_LATE = {
    "Agreement": "attunement.signals.rates.agreement",
    "Asked": "attunement.signals.rates.judging",
    "AtHand": "attunement.signals.rates.at_hand",
    "COMPARED": "attunement.signals.rates.comparing",
    "Coefficient": "attunement.signals.rates.agreement",
    "Comparison": "attunement.signals.rates.comparing",
    "Dip": "attunement.signals.rates.world",
    "HitRate": "attunement.signals.rates.stated",
    "Null": "attunement.signals.rates.world",
    "NullRate": "attunement.signals.rates.stated",
    "Pair": "attunement.signals.rates.comparing",
    "RANGES": "attunement.signals.rates.plain",
    "Range": "attunement.signals.rates.plain",
    "Row": "attunement.signals.rates.comparing",
    "agree": "attunement.signals.rates.agreement",
    "cohen_kappa": "attunement.signals.rates.agreement",
    "compare": "attunement.signals.rates.comparing",
    "default_null": "attunement.signals.rates.world",
    "gwet_ac1": "attunement.signals.rates.agreement",
    "hit_rate": "attunement.signals.rates.asking",
    "house_of": "attunement.signals.rates.judging",
    "null_rate": "attunement.signals.rates.asking",
    "rates_at_hand": "attunement.signals.rates.at_hand",
}

__all__ = [
    "COMPARED",
    "RANGES",
    "Agreement",
    "Asked",
    "AtHand",
    "Coefficient",
    "Comparison",
    "Dip",
    "HitRate",
    "Null",
    "NullRate",
    "Pair",
    "Range",
    "Row",
    "agree",
    "cohen_kappa",
    "compare",
    "default_null",
    "gwet_ac1",
    "hit_rate",
    "house_of",
    "null_rate",
    "rates_at_hand",
]


def __getattr__(name: str) -> Any:
    """Import the part that ``name`` belongs to and return it."""
    if name not in _LATE:
        message = f"module 'attunement.signals.rates' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_LATE[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)

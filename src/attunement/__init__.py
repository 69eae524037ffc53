# SPDX-License-Identifier: Apache-2.0
"""Attunement: the therapeutic alliance from both chairs.

``import attunement as at`` loads nothing but names; each part is imported when it is first used,
so that a notebook starts at once and the web framework is never loaded by a library user.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attunement import figures, measures, signals, simulate
    from attunement.errors import AttunementError
    from attunement.frames import (
        chairs_apart,
        ending_hazard,
        expected_course,
        formation,
        reliable_change,
        ruptures,
        score,
        sudden_gains,
    )
    from attunement.picture import look
    from attunement.scoring import explain, score_response
    from attunement.signals import hit_rate, null_rate

__version__ = "0.1.0"

# public name -> (module, attribute); an empty attribute means the module itself.
_PUBLIC: dict[str, tuple[str, str]] = {
    "AttunementError": ("attunement.errors", "AttunementError"),
    "chairs_apart": ("attunement.frames", "chairs_apart"),
    "ending_hazard": ("attunement.frames", "ending_hazard"),
    "expected_course": ("attunement.frames", "expected_course"),
    "explain": ("attunement.scoring", "explain"),
    "figures": ("attunement.figures", ""),
    "formation": ("attunement.frames", "formation"),
    "hit_rate": ("attunement.signals", "hit_rate"),
    "look": ("attunement.picture", "look"),
    "measures": ("attunement.measures", ""),
    "null_rate": ("attunement.signals", "null_rate"),
    "reliable_change": ("attunement.frames", "reliable_change"),
    "ruptures": ("attunement.frames", "ruptures"),
    "score": ("attunement.frames", "score"),
    "score_response": ("attunement.scoring", "score_response"),
    "signals": ("attunement.signals", ""),
    "simulate": ("attunement.simulate", ""),
    "sudden_gains": ("attunement.frames", "sudden_gains"),
}

__all__ = [
    "AttunementError",
    "__version__",
    "chairs_apart",
    "ending_hazard",
    "expected_course",
    "explain",
    "figures",
    "formation",
    "hit_rate",
    "look",
    "measures",
    "null_rate",
    "reliable_change",
    "ruptures",
    "score",
    "score_response",
    "signals",
    "simulate",
    "sudden_gains",
]


def __getattr__(name: str) -> Any:
    """Import the part that ``name`` belongs to and return it."""
    if name not in _PUBLIC:
        message = f"module 'attunement' has no attribute {name!r}"
        raise AttributeError(message)
    module_name, attribute = _PUBLIC[name]
    module = import_module(module_name)
    return getattr(module, attribute) if attribute else module


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)

# SPDX-License-Identifier: Apache-2.0
"""One file of ratings to one picture: both chairs, what is missing, and what could be asked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from attunement.picture.errors import LookError

if TYPE_CHECKING:
    from attunement.picture.dyads import Check, DyadView
    from attunement.picture.glance import ChairCount, Glance
    from attunement.picture.looking import Look, look
    from attunement.picture.page import MARK

# name -> module; a command that only reads a file through this room loads no data frames.
_LATE = {
    "MARK": "page",
    "ChairCount": "glance",
    "Check": "dyads",
    "DyadView": "dyads",
    "Glance": "glance",
    "Look": "looking",
    "look": "looking",
}

__all__ = ["MARK", "ChairCount", "Check", "DyadView", "Glance", "Look", "LookError", "look"]


def __getattr__(name: str) -> Any:
    """Import what makes pictures when it is first asked for."""
    if name not in _LATE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)

# SPDX-License-Identifier: Apache-2.0
"""One file of ratings to one picture: both chairs, what is missing, and what could be asked."""

from __future__ import annotations

from attunement.picture.dyads import Check, DyadView
from attunement.picture.errors import LookError
from attunement.picture.glance import ChairCount, Glance
from attunement.picture.looking import Look, look
from attunement.picture.page import MARK

__all__ = ["MARK", "ChairCount", "Check", "DyadView", "Glance", "Look", "LookError", "look"]

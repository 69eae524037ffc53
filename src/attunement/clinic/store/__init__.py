# SPDX-License-Identifier: Apache-2.0
"""The store's promises: nothing acknowledged is lost, nothing written is changed.

Modules are imported by name (``store.opening``, ``store.durability``, ``store.triggers``):
a migration needs the triggers before Django's models are there.
"""

from __future__ import annotations

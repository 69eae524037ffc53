# SPDX-License-Identifier: Apache-2.0
"""Opened keys, kept for a while: a page of one client asks for the same key many times."""

from __future__ import annotations

import threading
from collections import OrderedDict

from attunement.clinic.keys.envelope import Key


class KeyHolder:
    """A bounded map from a key's id to the key; the one not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key_id: str) -> Key | None:
        """Return a key that is held, or None."""
        with self._lock:
            found = self._keys.get(key_id)
            if found is not None:
                self._keys.move_to_end(key_id)
            return found

    def hold(self, key: Key) -> Key:
        """Keep a key, and return it."""
        with self._lock:
            self._keys[key.id] = key
            self._keys.move_to_end(key.id)
            while len(self._keys) > self._most:
                self._keys.popitem(last=False)
        return key

    def forget(self, *key_ids: str) -> None:
        """Drop some keys; all of them when none is named."""
        with self._lock:
            if not key_ids:
                self._keys.clear()
            for key_id in key_ids:
                self._keys.pop(key_id, None)

    def __len__(self) -> int:
        """Return how many keys are held."""
        with self._lock:
            return len(self._keys)

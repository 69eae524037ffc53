# SPDX-License-Identifier: Apache-2.0
"""A result that is read as its summary."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Told(ABC):
    """A result that is read as its summary."""

    __slots__ = ()

    @abstractmethod
    def summary(self) -> str:
        """Return what was used and found, in words."""

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()

    def __repr__(self) -> str:
        """Return the summary."""
        return self.summary()

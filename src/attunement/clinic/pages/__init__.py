# SPDX-License-Identifier: Apache-2.0
"""The pages of the clinic: routes, views and what templates need. Services decide; pages show."""

from __future__ import annotations

__all__: list[str] = []

# SPDX-License-Identifier: Apache-2.0
"""Whether this is the synthetic clinic, whose pages say so."""

from __future__ import annotations

from django.conf import settings


def is_demo() -> bool:
    """Return True in the synthetic clinic of ``attunement demo``."""
    return bool(getattr(settings.ATTUNEMENT, "demo", False))

# SPDX-License-Identifier: Apache-2.0
"""Django's SQLite backend with one writer: ``ENGINE = "attunement.clinic.store.sqlite"``."""

from __future__ import annotations

# SPDX-License-Identifier: Apache-2.0
"""Backups that were restored, and restoring them.

Modules are imported by name: commands load what they need when they run.
"""

from __future__ import annotations

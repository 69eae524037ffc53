# SPDX-License-Identifier: Apache-2.0
"""What templates can do beyond Django's own tags."""

from __future__ import annotations

# SPDX-License-Identifier: Apache-2.0
"""System checks: a route without a permission stops the start."""

from __future__ import annotations

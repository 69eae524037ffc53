# SPDX-License-Identifier: Apache-2.0
"""The store's promises: nothing acknowledged is lost, nothing written is changed."""

from __future__ import annotations

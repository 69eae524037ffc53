# SPDX-License-Identifier: Apache-2.0
"""The synthetic clinic as a running one: people who never were, in a folder that can be deleted."""

from __future__ import annotations

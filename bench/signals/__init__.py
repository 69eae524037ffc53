# SPDX-License-Identifier: Apache-2.0
"""Signals: how fast, how large, how often wrong."""

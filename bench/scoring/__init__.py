# SPDX-License-Identifier: Apache-2.0
"""Scoring 12 items on three subscales and a total, beside the tools that people use for it."""

# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: both sides of each comparison in one run, with the state of the machine beside."""

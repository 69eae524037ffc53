# SPDX-License-Identifier: Apache-2.0
"""Faults on purpose: kills, power losses, bad networks, clocks that jump, full disks."""

# SPDX-License-Identifier: Apache-2.0
"""What stands before and after every page: headers, login limits, neutral refusals."""

from __future__ import annotations

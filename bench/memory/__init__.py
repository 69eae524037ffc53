# SPDX-License-Identifier: Apache-2.0
"""How much memory whole commands take."""

# SPDX-License-Identifier: Apache-2.0
"""Before, together, after: from a question to a change that helped, and the ledger of ruptures."""

# SPDX-License-Identifier: Apache-2.0
"""Forms that were sealed on a phone: the key they are sealed to, and what happens on arrival."""

from __future__ import annotations

from attunement.clinic.services.sealed_queue.arriving import (
    Delivery,
    SealingOffer,
    receive,
    sealing_offer,
)
from attunement.clinic.services.sealed_queue.held import (
    Held,
    held_deliveries,
    n_unnoted,
    note_held,
)
from attunement.clinic.services.sealed_queue.keys import (
    current_key,
    opens_until,
    replace_key,
    wrap_again,
)

__all__ = [
    "Delivery",
    "Held",
    "SealingOffer",
    "current_key",
    "held_deliveries",
    "n_unnoted",
    "note_held",
    "opens_until",
    "receive",
    "replace_key",
    "sealing_offer",
    "wrap_again",
]

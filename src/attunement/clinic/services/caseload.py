# SPDX-License-Identifier: Apache-2.0
"""The caseload: the dyads that a login may see."""

from __future__ import annotations

from datetime import datetime

from attunement.clinic.models import Login
from attunement.clinic.services.results import Caseload


def caseload(actor: Login, *, now: datetime) -> Caseload:
    """Return the dyads of a therapist, or for a lead those of the practice without any answer.

    Only sessions in which both forms are in count towards lines and signals.

    Raises
    ------
    AccessError
        E-ACCESS-001 for any other role.
    """
    raise NotImplementedError

# SPDX-License-Identifier: Apache-2.0
"""A risk answer is never lost: raised with the answer, told until a person acknowledges."""

from __future__ import annotations

from attunement.clinic.services.risk.acting import LONGEST_REASON, acknowledge, close
from attunement.clinic.services.risk.configured import asks_about_risk, risk_items
from attunement.clinic.services.risk.notice import Notice, notice_for
from attunement.clinic.services.risk.raising import raise_for
from attunement.clinic.services.risk.seeing import (
    AlertList,
    Done,
    ShownAlert,
    Told,
    alert_list,
    alert_view,
)
from attunement.clinic.services.risk.turns import refuse_holes
from attunement.clinic.services.risk.worker import Worker

__all__ = [
    "LONGEST_REASON",
    "AlertList",
    "Done",
    "Notice",
    "ShownAlert",
    "Told",
    "Worker",
    "acknowledge",
    "alert_list",
    "alert_view",
    "asks_about_risk",
    "close",
    "notice_for",
    "raise_for",
    "refuse_holes",
    "risk_items",
]

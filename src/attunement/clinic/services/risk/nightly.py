# SPDX-License-Identifier: Apache-2.0
"""Once a day the rota is looked at, so that a hole is known before it is needed."""

from __future__ import annotations

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from attunement.clinic.models import Login, Practice, WorkerBeat
from attunement.clinic.services.forms import config
from attunement.clinic.services.mailing import MailNotSentError, stable_message_id
from attunement.clinic.services.risk.beat import NAME
from attunement.clinic.services.risk.configured import asks_about_risk
from attunement.clinic.services.risk.delivery import Send
from attunement.clinic.services.risk.turns import check_rota, leads_of

SUBJECT = "The rota has a gap."
_LOG = logging.getLogger("attunement.serve.worker")


def check_nightly(send: Send, *, now: datetime) -> bool:
    """Look at the rota once on each day, and mail the leads where it has a hole.

    Returns
    -------
    bool
        Whether this call was the day's look. The pages of leads show a hole at any time.
    """
    if not asks_about_risk():
        return False
    today = now.astimezone(ZoneInfo(config().timezone)).date()
    mine = WorkerBeat.objects.filter(name=NAME).exclude(rota_checked_on=today)
    if not mine.exists():
        return False
    for practice in Practice.objects.all():
        if check_rota(practice).holes:
            _LOG.error("the rota has a hole: attunement serve rota check")
            for login in Login.objects.filter(pk__in=leads_of(practice.pk)):
                _mail(login, f"{practice.pk}{today}", send)
    # Last: who is killed before this mails again, under the same name, and nobody sees it twice.
    with transaction.atomic():
        return bool(mine.update(rota_checked_on=today))


def _mail(login: Login, what: str, send: Send) -> None:
    words = f"{SUBJECT}\n\n{config().base_url}/review/\n"
    try:
        send(login.email, SUBJECT, words, stable_message_id("rota", what, str(login.pk)))
    except MailNotSentError:
        _LOG.warning("a lead could not be mailed about the rota")
    except Exception:  # noqa: BLE001 -- one mail that cannot be made keeps no other from its person
        _LOG.exception("a mail about the rota could not be made")

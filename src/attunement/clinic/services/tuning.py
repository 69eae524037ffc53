# SPDX-License-Identifier: Apache-2.0
"""The audit of a practice's rules, and trying another null rate on the past before saving it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    LONGEST_NOTE,
    Dyad,
    Login,
    Practice,
    RuleSetting,
    SignalJudgement,
    Therapist,
)
from attunement.clinic.services.audit import record
from attunement.clinic.services.evidence import Known, audited, known_of
from attunement.clinic.services.gate import AccessDeniedError, act, actor_name, done, require_self
from attunement.clinic.services.in_force import SHIPPED, Past, Standing, settings_of
from attunement.clinic.services.revealing import refresh_opened
from attunement.clinic.services.ruling import RULE
from attunement.clinic.services.signal_results import (
    AuditedRule,
    LookBack,
    RuleAuditPage,
    SettingRow,
)
from attunement.signals import OAC_RULES, RULES
from attunement.signals.audit import FEWEST_CLIENTS, PastSession, WhatIf, what_if
from attunement.signals.budget import RATES

_WEEK = 7 * 24 * 3600.0
_TITLES = {one.id: one.title for one in (*RULES, *OAC_RULES, RULE)}


def rule_audit(actor: Login, *, now: datetime) -> RuleAuditPage:
    """Return what became of each rule's signals, over the whole practice and never by therapist.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    """
    with act(actor_name(actor), Action.RULE_AUDIT_VIEW, now=now):
        practice_id = _practice_of(actor, Action.RULE_AUDIT_VIEW)
        refresh_opened(_dyads(practice_id), now=now)
        page = audit_page(practice_id)
        done(actor.pk, Action.RULE_AUDIT_VIEW, now=now, target=f"practice:{practice_id}")
    return page


def audit_page(practice_id: str) -> RuleAuditPage:
    """Return the audit of a practice; counts over fewer than ten clients are left out."""
    rules = tuple(
        AuditedRule(
            rule_id=one.rule_id,
            rule_version=one.rule_version,
            title=_TITLES.get(one.rule_id, one.rule_id),
            counts=one if one.enough else None,
        )
        for one in audited(practice_id)
    )
    history = tuple(_setting_row(one) for one in settings_of(practice_id).reverse())
    return RuleAuditPage(rules, FEWEST_CLIENTS, history)


def try_setting(actor: Login, null_rate: float | None, *, now: datetime) -> LookBack:
    """Return what a null rate would have asked, hit and missed on the past; nothing is saved.

    Without a rate, the one in force is tried.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    ClinicError
        E-CLINIC-016 for a rate that is not offered.
    """
    with act(actor_name(actor), Action.RULE_TRY, now=now):
        practice_id = _practice_of(actor, Action.RULE_TRY)
        refresh_opened(_dyads(practice_id), now=now)
        found = look_back(practice_id, null_rate, now=now)
        done(actor.pk, Action.RULE_TRY, now=now, target=f"practice:{practice_id}")
    return found


def save_setting(actor: Login, null_rate: float, *, note: str, now: datetime) -> int:
    """Ask another null rate of the practice's rule from now on; return the setting's number.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    ClinicError
        E-CLINIC-016 for a rate that is not offered or a note that is too long.
    """
    with act(actor_name(actor), Action.RULE_SAVE, now=now):
        practice_id = _practice_of(actor, Action.RULE_SAVE)
        saved = _save(practice_id, null_rate, note=note, by=actor.pk, now=now)
        done(
            actor.pk,
            Action.RULE_SAVE,
            now=now,
            target=f"rule:{RULE.id}",
            detail={"setting": saved.number, "per_mille": round(1000 * null_rate)},
        )
    return saved.number


def save_by_command(practice: Practice, null_rate: float, *, note: str, now: datetime) -> int:
    """Save a setting as the operator; return its number.

    Raises
    ------
    ClinicError
        E-CLINIC-016 as for `save_setting`.
    """
    by = "operator-command"
    with transaction.atomic():
        saved = _save(practice.pk, null_rate, note=note, by=by, now=now)
        record(
            actor=by,
            action=Action.RULE_SAVE,
            outcome="done",
            now=now,
            target=f"rule:{RULE.id}",
            detail={"setting": saved.number, "per_mille": round(1000 * null_rate)},
        )
    return saved.number


def look_back(practice_id: str, null_rate: float | None, *, now: datetime) -> LookBack:
    """Replay the past with the setting in force and with another, each therapist's budget kept.

    Raises
    ------
    ClinicError
        E-CLINIC-016 for a rate that is not offered.
    """
    current = current_setting(practice_id, now=now)
    rate = current.null_rate if null_rate is None else null_rate
    require_offered(rate)
    tried = Standing(current.number + 1, rate, current.horizon)
    rows = list(
        SignalJudgement.objects.filter(dyad__practice_id=practice_id, rule_id=RULE.id).order_by(
            "dyad_id", "session__session_no"
        )
    )
    clients = set(
        Dyad.objects.filter(pk__in={row.dyad_id for row in rows}).values_list(
            "client_id", flat=True
        )
    )
    enough = len(clients) >= FEWEST_CLIENTS
    known, pasts = known_of(practice_id), _pasts(practice_id)
    return LookBack(
        rule_id=RULE.id,
        rule_version=RULE.version,
        title=RULE.title,
        now_rate=current.null_rate,
        tried_rate=rate,
        horizon=current.horizon,
        as_is=_replay(rows, known, pasts, current) if enough else None,
        tried=_replay(rows, known, pasts, tried) if enough else None,
        n_clients=len(clients),
        fewest_clients=FEWEST_CLIENTS,
    )


def current_setting(practice_id: str, *, now: datetime) -> Standing:
    """Return the setting in force."""
    newest = settings_of(practice_id).filter(set_at__lte=now).last()
    return SHIPPED if newest is None else Standing(newest.number, newest.null_rate, newest.horizon)


def require_offered(null_rate: float) -> None:
    """Refuse a rate that no threshold is kept for: E-CLINIC-016."""
    if null_rate not in RATES:
        raise ClinicError(
            "E-CLINIC-016",
            what="that null rate is not offered",
            got="another number",
            expected=", ".join(f"{rate:g}" for rate in RATES),
            next_step="Choose one of these",
        )


def _save(practice_id: str, null_rate: float, *, note: str, by: str, now: datetime) -> RuleSetting:
    require_offered(null_rate)
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise ClinicError(
            "E-CLINIC-016",
            what="the note is too long",
            expected=f"at most {LONGEST_NOTE} characters",
            next_step="Shorten it",
        )
    # Two people at once wait for each other here; each setting has a number of its own.
    Practice.objects.select_for_update().get(pk=practice_id)
    newest = settings_of(practice_id).order_by("number").last()
    row = RuleSetting(
        practice_id=practice_id,
        rule_id=RULE.id,
        number=newest.number + 1 if newest is not None else 1,
        null_rate=null_rate,
        horizon=newest.horizon if newest is not None else SHIPPED.horizon,
        note=note.strip(),
        set_by=by,
        set_at=now,
    )
    row.save()
    return row


def _practice_of(actor: Login, action: Action) -> str:
    require_self(actor, action)
    if actor.practice_id is None:
        raise AccessDeniedError(target="", reason="no practice behind the login")
    return actor.practice_id


def _dyads(practice_id: str) -> list[Dyad]:
    return list(Dyad.objects.filter(practice_id=practice_id).select_related("client", "therapist"))


def _pasts(practice_id: str) -> dict[str, Past]:
    """Return each therapist's dated rows; used to replay budgets, never to compare people."""
    return {
        one.pk: Past.of_therapist(one) for one in Therapist.objects.filter(practice=practice_id)
    }


def _replay(
    rows: list[SignalJudgement], known: Known, pasts: dict[str, Past], standing: Standing
) -> WhatIf:
    whose = dict(
        Dyad.objects.filter(pk__in={row.dyad_id for row in rows}).values_list("pk", "therapist_id")
    )
    return what_if(_past_sessions(rows, known, pasts, standing, whose), weeks=_weeks(rows))


def _past_sessions(
    rows: list[SignalJudgement],
    known: Known,
    pasts: dict[str, Past],
    standing: Standing,
    whose: dict[str, str],
) -> Iterator[PastSession]:
    dyad, stands = "", False
    for row in rows:
        rate = pasts[whose[row.dyad_id]].asked(row.raised_at, standing).null_rate
        flagged = row.flags_from is not None and row.flags_from <= rate
        stood = stands and row.dyad_id == dyad
        dyad, stands = row.dyad_id, flagged
        if flagged and stood:
            continue  # the question stood already: neither asked anew nor missed
        yield PastSession(
            flagged=flagged,
            agreed=known.agreed.get(row.session_id),
            client=known.client.get(row.session_id),
            therapist=row.session_id in known.therapist or bool(known.agreed.get(row.session_id)),
        )


def _weeks(rows: list[SignalJudgement]) -> float:
    """Return the weeks from the first to the last session that was judged, at least one."""
    if not rows:
        return 1.0
    moments = [row.raised_at for row in rows]
    return max(1.0, (max(moments) - min(moments)).total_seconds() / _WEEK)


def _setting_row(row: RuleSetting) -> SettingRow:
    return SettingRow(
        number=row.number,
        null_rate=row.null_rate,
        horizon=row.horizon,
        note=row.note,
        set_by=row.set_by,
        set_at=row.set_at,
    )

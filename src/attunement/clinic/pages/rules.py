# SPDX-License-Identifier: Apache-2.0
"""A lead's pages about rules: what became of their signals, and another threshold tried first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.pages import shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services import (
    AuditedRule,
    LookBack,
    SettingRow,
    rule_audit,
    save_setting,
    try_setting,
)
from attunement.clinic.services.evidence import SAID_BY_CLIENT
from attunement.signals.audit import STANDING_WORDS, WhatIf
from attunement.signals.budget import RATES
from attunement.signals.proportion import Proportion

RATE, NOTE = "null-rate", "note"


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule version in words; ``counts`` is empty where too few clients stand behind it."""

    html_id: str
    rule_id: str
    title: str
    version: str
    counts: tuple[shown.Fact, ...]
    sentence: str
    missed: str


@dataclass(frozen=True, slots=True)
class SettingWords:
    """One line of the settings so far."""

    number: int
    rate: str
    when: str
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of the table: as it is, and as it would be."""

    term: str
    as_is: str
    tried: str


@permission("rule_audit.view")
@require_safe
@login_required
def audit(request: HttpRequest) -> HttpResponse:
    """Show what became of each rule's signals, over everybody together."""
    page = rule_audit(actor_of(request), now=timezone.now())
    context = {
        "rules": [_rule(one) for one in page.rules],
        "fewest": page.fewest_clients,
        "history": [_setting(one) for one in page.history],
    }
    return render(request, "attunement/rules.html", context)


@permission("rule.try")
@require_safe
@login_required
def tune(request: HttpRequest) -> HttpResponse:
    """Show what another null rate would have done to the past; nothing is saved."""
    sent = request.GET.get("null_rate", "")
    rate = _rate(sent)
    problem = None
    if sent and rate is None:
        problem = ErrorLink(RATE, "Please choose one of the rates.")
    return _tune_page(request, rate, problem=problem)


@permission("rule.save")
@require_POST
@login_required
def save(request: HttpRequest) -> HttpResponse:
    """Save a null rate for the rule, from now on."""
    rate = _rate(request.POST.get("null_rate", ""))
    if rate is None:
        problem = ErrorLink(RATE, "Please choose one of the rates.")
        return _tune_page(request, None, problem=problem)
    note = request.POST.get("note", "").replace("\r\n", "\n")
    try:
        save_setting(actor_of(request), rate, note=note, now=timezone.now())
    except ClinicError as refusal:
        problem = ErrorLink(NOTE, f"The note is too long: {refusal.expected}.")
        return _tune_page(request, rate, problem=problem)
    response = HttpResponseRedirect(reverse("rules"))
    response.status_code = 303
    return response


def _tune_page(
    request: HttpRequest, rate: float | None, *, problem: ErrorLink | None = None
) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    found = try_setting(actor, rate, now=now)
    context = {
        "title": found.title,
        "rule_id": found.rule_id,
        "rates": [
            {
                "html_id": f"{RATE}-{index}",
                "value": f"{each:g}",
                "words": f"{_whole(each)} in 100 people",
                "checked": each == found.tried_rate,
                "current": each == found.now_rate,
            }
            for index, each in enumerate(RATES)
        ],
        "tried_value": f"{found.tried_rate:g}",
        "tried_words": f"{_whole(found.tried_rate)} in 100 people",
        "same": found.tried_rate == found.now_rate,
        "horizon": found.horizon,
        "rows": list(_compared(found)),
        "sentence": found.tried.sentence() if found.tried is not None else "",
        "standing": STANDING_WORDS,
        "fewest": found.fewest_clients,
        "note": request.POST.get("note", ""),
        "errors": [problem] if problem else [],
        "rate_error": problem.message if problem and problem.target == RATE else "",
        "note_error": problem.message if problem and problem.target == NOTE else "",
    }
    return render(request, "attunement/tune.html", context, status=422 if problem else 200)


def _compared(found: LookBack) -> Iterator[Compared]:
    """Yield the table's rows; none where too few clients stand behind them."""
    if found.as_is is None or found.tried is None:
        return
    one, other = found.as_is, found.tried
    rates = (found.now_rate, found.tried_rate)
    yield Compared("Null rate asked for", *(f"{_whole(r)} in 100" for r in rates))
    yield Compared("Signals", f"{one.n_signals}", f"{other.n_signals}")
    yield Compared("Signals a week", f"{one.per_week:.1f}", f"{other.per_week:.1f}")
    yield Compared("Agreed to, of those answered", _share(one.ppv), _share(other.ppv))
    yield Compared(
        "Strain on the client's form, where it was asked",
        _share(one.ppv_client),
        _share(other.ppv_client),
    )
    yield Compared("Nobody said anything", f"{one.n_unknown}", f"{other.n_unknown}")
    yield Compared("Missed: named by clients", *(_missed_client(each) for each in (one, other)))
    yield Compared(
        "Missed: named by therapists", *(_missed_therapist(each) for each in (one, other))
    )


def _missed_client(found: WhatIf) -> str:
    return f"{found.missed_client} of {found.named_client}"


def _missed_therapist(found: WhatIf) -> str:
    return f"{found.missed_therapist} of {found.named_therapist}"


def _share(found: Proportion) -> str:
    if found.estimate is None:
        return "not known"
    return (
        f"{found.k} of {found.n}: {100 * found.estimate:.0f} % "
        f"({100 * found.low:.0f} to {100 * found.high:.0f} %)"
    )


def _rule(one: AuditedRule) -> RuleWords:
    html_id = f"rule-{one.rule_id}-{one.rule_version}".replace(", ", "-").replace(" ", "-")
    counts = one.counts
    if counts is None:
        return RuleWords(html_id, one.rule_id, one.title, one.rule_version, (), "", "")
    shrunken = counts.ppv_shrunken
    drawn = "" if shrunken.estimate is None else f"{100 * shrunken.estimate:.0f} %"
    facts = (
        shown.Fact("Signals", f"{counts.n_signals}, about {counts.n_clients} people"),
        shown.Fact("Agreed", str(counts.n_agreed)),
        shown.Fact("Not a rupture", str(counts.n_not_a_rupture)),
        shown.Fact("Not discussed", str(counts.n_not_discussed)),
        shown.Fact("No answer yet", str(counts.n_unanswered)),
        shown.Fact("Agreed to, of those answered", _share(counts.ppv)),
        shown.Fact("Drawn to all rules together", drawn),
        shown.Fact("Confirmed by the client, of those who said", _share(counts.ppv_client)),
    )
    return RuleWords(
        html_id=html_id,
        rule_id=one.rule_id,
        title=one.title,
        version=one.rule_version,
        counts=facts,
        sentence=counts.sentence(),
        missed=counts.missed_sentence(reads_client=one.rule_id in SAID_BY_CLIENT),
    )


def _setting(row: SettingRow) -> SettingWords:
    return SettingWords(
        number=row.number,
        rate=f"{_whole(row.null_rate)} in 100 people within {row.horizon} sessions",
        when=shown.day(timezone.localdate(row.set_at)),
        who="the operator" if row.set_by == "operator-command" else "a lead",
        note=row.note,
    )


def _rate(sent: str) -> float | None:
    """Return the offered rate that was sent, or None."""
    return {f"{rate:g}": rate for rate in RATES}.get(sent)


def _whole(rate: float) -> str:
    return f"{100 * rate:.0f}"

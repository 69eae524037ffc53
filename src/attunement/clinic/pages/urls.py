# SPDX-License-Identifier: Apache-2.0
"""The fixed routes. A view without a declared permission stops the start of the process."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView, LogoutView
from django.urls import path
from django.views.decorators.http import require_http_methods

from attunement.clinic.access import permission
from attunement.clinic.pages import (
    after,
    alerts,
    asking,
    before,
    calibration,
    cases,
    client,
    day,
    emergency,
    erasure,
    held,
    house,
    kiosk,
    ledger,
    own_chart,
    paper,
    private_channel,
    rules,
    sealed,
    sessions,
    signals,
    staff,
    teams,
    together,
    visibility,
)


def _pages(view: Any) -> Any:
    """Return an allauth view that takes what its page sends: Django reads a PUT as a POST."""
    return require_http_methods(["GET", "HEAD", "POST"])(view.as_view())


urlpatterns = [
    path("", staff.caseload, name="caseload"),
    path("day/", day.day, name="day"),
    path("day/loops", day.own_loops, name="own-loops"),
    path("accounts/login/", permission("login")(_pages(LoginView)), name="account_login"),
    path("accounts/logout/", permission("logout")(_pages(LogoutView)), name="account_logout"),
    path("clients/<str:dyad_id>/", staff.dyad, name="dyad"),
    path("clients/<str:dyad_id>/before", before.page, name="before"),
    path("clients/<str:dyad_id>/together", together.page, name="together"),
    path("clients/<str:dyad_id>/ledger", ledger.page, name="ledger"),
    path("together/closed", together.closed, name="together-closed"),
    path("clients/<str:dyad_id>/sessions/new", staff.new_session, name="session-new"),
    path("sessions/<str:session_id>/", sessions.session, name="session"),
    path("sessions/<str:session_id>/invite", sessions.invite, name="session-invite"),
    path("sessions/<str:session_id>/rate", sessions.rate, name="session-rate"),
    path("sessions/<str:session_id>/status", sessions.status, name="session-status"),
    path("sessions/<str:session_id>/after", after.page, name="after"),
    path("sessions/<str:session_id>/rupture", signals.rupture, name="session-rupture"),
    path("signals/", signals.week, name="signals"),
    path("signals/budget", signals.budget, name="signals-budget"),
    path("signals/<str:signal_id>/", signals.why, name="signal"),
    path("signals/<str:signal_id>/answer", signals.answer, name="signal-answer"),
    path("rules/", rules.audit, name="rules"),
    path("rules/tune", rules.tune, name="rules-tune"),
    path("rules/save", rules.save, name="rules-save"),
    path("risk/", alerts.alerts, name="alerts"),
    path("risk/<str:public_id>/", alerts.alert, name="alert"),
    path("risk/<str:public_id>/acknowledge", alerts.acknowledged, name="alert-acknowledge"),
    path("risk/<str:public_id>/close", alerts.closed, name="alert-close"),
    path("review/", alerts.review, name="review"),
    path("c/", client.entry, name="client-entry"),
    path("c/open", client.open_link, name="client-open"),
    path("c/form", client.form, name="client-form"),
    path("c/thanks", client.thanks, name="client-thanks"),
    path("c/say", private_channel.say, name="client-say"),
    path("c/chart", own_chart.chart, name="client-chart"),
    path("c/looked", own_chart.who_looked, name="client-looked"),
    path("c/fewer", own_chart.fewer, name="client-fewer"),
    path("c/chart/number", own_chart.number, name="client-chart-number"),
    path("team/erase", erasure.ask, name="erase"),
    path("team/erase/sure", erasure.sure, name="erase-sure"),
    path("team/erase/now", erasure.erase, name="erase-now"),
    path("team/messages", private_channel.messages, name="private-messages"),
    path("team/messages/<str:message_id>/take", private_channel.take, name="private-message-take"),
    path("c/sealed", sealed.sealed, name="client-sealed"),
    path("c/waiting", sealed.waiting, name="client-waiting"),
    path("c/worker.js", sealed.worker, name="client-worker"),
    path("held/", held.held, name="held"),
    path("held/<str:held_id>/note", held.note, name="held-note"),
    path("kiosk/", kiosk.waiting, name="kiosk"),
    path("kiosk/open", kiosk.open_code, name="kiosk-open"),
    path("kiosk/clear", kiosk.clear, name="kiosk-clear"),
    path("kiosk/leave", kiosk.leave, name="kiosk-leave"),
    path("kiosk/start", kiosk.start, name="kiosk-start"),
    path("kiosk/<str:kiosk_id>/end", kiosk.end, name="kiosk-end"),
    path("clients/<str:dyad_id>/asking", asking.asking, name="asking"),
    path("clients/<str:dyad_id>/between", asking.between, name="between"),
    path("c/stop", asking.stopped, name="client-stop"),
    path("paper/", paper.sheets, name="paper"),
    path("paper/enter", paper.enter, name="paper-enter"),
    path("me/calibration", calibration.calibration, name="calibration"),
    path("clients/<str:dyad_id>/visibility", visibility.visibility, name="visibility"),
    path("clients/<str:dyad_id>/visibility/fewer", visibility.fewer, name="visibility-fewer"),
    path("clients/<str:dyad_id>/share", cases.share, name="case-share"),
    path("sessions/<str:session_id>/widen", visibility.widen, name="session-widen"),
    path("team/", teams.care_teams, name="teams"),
    path("team/cases/", cases.cases, name="cases"),
    path("team/cases/<str:dyad_id>/", cases.case, name="case"),
    path("team/cases/<str:dyad_id>/question", cases.question, name="case-question"),
    path("team/clients/<str:dyad_id>/add", teams.add, name="team-add"),
    path("team/clients/<str:dyad_id>/readers", teams.readers, name="readers"),
    path("team/members/<str:member_id>/end", teams.end, name="team-end"),
    path("team/supervision/add", teams.link, name="supervision-add"),
    path("team/supervision/<str:link_id>/end", teams.unlink, name="supervision-end"),
    path("team/answers/", teams.answers, name="lead-answers"),
    path("team/emergency", emergency.ask, name="emergency-ask"),
    path("team/emergency/<str:dyad_id>/", emergency.emergency, name="emergency"),
    path("team/emergencies/", emergency.emergencies, name="emergencies"),
    path("team/emergencies/<str:glass_id>/review", emergency.reviewed, name="emergency-review"),
    path("team/research/", visibility.research, name="research"),
    path("team/operator/", visibility.operator, name="operator"),
    path("design/", house.design, name="design"),
    path("assets/chart.css", house.chart_css, name="chart-css"),
    path("healthz", house.health, name="healthz"),
]

handler400 = "attunement.clinic.pages.house.unreadable"
handler500 = "attunement.clinic.pages.house.our_mistake"

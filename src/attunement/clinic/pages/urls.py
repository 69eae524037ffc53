# SPDX-License-Identifier: Apache-2.0
"""The fixed routes. A view without a declared permission stops the start of the process."""

from __future__ import annotations

from allauth.account.views import LoginView, LogoutView
from django.urls import path

from attunement.clinic.access import permission
from attunement.clinic.pages import (
    alerts,
    client,
    held,
    house,
    kiosk,
    own_chart,
    private_channel,
    rules,
    sealed,
    sessions,
    signals,
    staff,
)

urlpatterns = [
    path("", staff.caseload, name="caseload"),
    path("accounts/login/", permission("login")(LoginView.as_view()), name="account_login"),
    path("accounts/logout/", permission("logout")(LogoutView.as_view()), name="account_logout"),
    path("clients/<str:dyad_id>/", staff.dyad, name="dyad"),
    path("clients/<str:dyad_id>/sessions/new", staff.new_session, name="session-new"),
    path("sessions/<str:session_id>/", sessions.session, name="session"),
    path("sessions/<str:session_id>/invite", sessions.invite, name="session-invite"),
    path("sessions/<str:session_id>/rate", sessions.rate, name="session-rate"),
    path("sessions/<str:session_id>/status", sessions.status, name="session-status"),
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
    path("c/chart/number", own_chart.number, name="client-chart-number"),
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
    path("design/", house.design, name="design"),
    path("assets/chart.css", house.chart_css, name="chart-css"),
    path("healthz", house.health, name="healthz"),
]

handler400 = "attunement.clinic.pages.house.unreadable"
handler500 = "attunement.clinic.pages.house.our_mistake"

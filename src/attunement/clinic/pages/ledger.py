# SPDX-License-Identifier: Apache-2.0
"""The rupture ledger: four channels side by side, and what became of each rupture."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from attunement.clinic.access import permission
from attunement.clinic.pages import loop_words, shown
from attunement.clinic.pages.after import suggestion
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services.loop.ledger import ledger
from attunement.clinic.services.loop.results import Ledger, LedgerRow
from attunement.clinic.services.loop.words import repair
from attunement.figures import Channel, ChannelChart, Figure, channel_chart
from attunement.signals.ledger import NAMED_FROM


@permission("ledger.view")
@require_safe
@login_required
def page(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show a dyad's ledger: figure, sentence, table; open ruptures; what was tried."""
    found = ledger(actor_of(request), dyad_id, now=timezone.now())
    words = settings.ATTUNEMENT.words
    noticed = [row for row in found.rows if _noticed(row)]
    context = {
        "dyad_id": found.dyad_id,
        "code": found.client_code,
        "client_name": found.client_name,
        "n_sessions": len(found.rows),
        "figure": mark_safe(_figure(found).html(heading_level=2)),  # noqa: S308 -- escaped by figures
        "ruptures": [
            dict(zip(("when", "stands"), loop_words.rupture(one, words), strict=True))
            for one in found.ruptures
        ],
        "n_open": sum(1 for one in found.ruptures if one.is_open),
        "n_unconfirmed": sum(1 for one in found.ruptures if one.unconfirmed),
        "rows": [_row(row) for row in noticed],
        "tried": [{"words": loop_words.strategy(code), "n": n} for code, n in found.tried],
        "suggestions": [suggestion(one) for one in repair().suggestions],
    }
    return render(request, "attunement/ledger.html", context)


def _noticed(row: LedgerRow) -> bool:
    client = row.client_strain is not None and row.client_strain > 0
    return client or row.therapist_named or bool(row.dips) or row.entry is not None


def _figure(found: Ledger) -> Figure:
    words = settings.ATTUNEMENT.words
    rows = tuple(reversed(found.rows))
    return channel_chart(
        ChannelChart(
            title="Who noticed what",
            sessions=tuple(row.session_no for row in rows),
            channels=(
                Channel(
                    f"{words.client.capitalize()}'s tick",
                    tuple(
                        None if row.client_strain is None else bool(row.client_strain >= NAMED_FROM)
                        for row in rows
                    ),
                ),
                Channel(
                    f"{words.therapist.capitalize()}'s tick",
                    tuple(
                        True
                        if row.therapist_named
                        else (None if row.therapist_strain is None and row.entry is None else False)
                        for row in rows
                    ),
                ),
                Channel(
                    "Statistical dip",
                    tuple(bool(row.dips) if row.client_shown else None for row in rows),
                ),
                Channel("Observer's code", tuple(None for _ in rows), empty="no observer yet"),
            ),
            session_word=words.session,
            sessions_word=words.sessions,
        )
    )


def _row(row: LedgerRow) -> dict[str, object]:
    return {
        "session_id": row.session_id,
        "session_no": row.session_no,
        "held_on": shown.day(row.held_on),
        "client": _client(row),
        "therapist": _therapist(row),
        "dips": row.dips,
        "word": loop_words.PUT_RIGHT.get(row.word, ""),
        "stage": loop_words.STAGES[row.stage],
    }


def _client(row: LedgerRow) -> str:
    if row.client_strain is None:
        return "left out" if row.strain_shown else "not to be seen"
    said = f"strain {shown.number(row.client_strain)} of 6"
    if row.client_repair is None:
        return said
    return f"{said}, put right {shown.number(row.client_repair)} of 4"


def _therapist(row: LedgerRow) -> str:
    parts = []
    if row.entry is not None:
        parts.append(loop_words.entry(row.entry))
    elif row.therapist_named:
        parts.append("named")
    if row.therapist_strain is not None:
        parts.append(f"strain {shown.number(row.therapist_strain)} of 6")
    return "; ".join(parts) or "–"

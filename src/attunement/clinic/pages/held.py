# SPDX-License-Identifier: Apache-2.0
"""What arrived sealed and could not be taken: for a lead or an operator, without any name."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.services.sealed_queue import held_deliveries, note_held


@permission("held.view")
@login_required
@require_safe
def held(request: HttpRequest) -> HttpResponse:
    """List the deliveries that were kept."""
    rows = held_deliveries(request.user, now=timezone.now())
    return render(request, "attunement/held.html", {"rows": rows})


@permission("held.note")
@login_required
@require_http_methods(["POST"])
def note(request: HttpRequest, held_id: str) -> HttpResponse:
    """Write down that somebody has noticed one."""
    note_held(request.user, held_id, now=timezone.now())
    response = HttpResponseRedirect(reverse("held"))
    response.status_code = 303
    return response

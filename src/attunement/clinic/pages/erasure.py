# SPDX-License-Identifier: Apache-2.0
"""A lead's way to erase a client, in two steps: the code, then the code once more."""

from __future__ import annotations

import re

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import ErasureReason
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services.erasure import (
    ErasureQuestion,
    erase_client,
    erasure_offered,
    erasure_question,
)

CODE, REASON = "code", "reason"
_NEUTRAL = re.compile(r"erased-[a-z2-7]{12}")
_NOBODY = "Nobody here has this code. Type it as it stands in the list."


@permission("client.erase")
@require_safe
@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a code and a reason."""
    erasure_offered(actor_of(request), now=timezone.now())
    return _page(request, done=request.GET.get("done", ""))


@permission("client.erase")
@require_POST
@login_required
def sure(request: HttpRequest) -> HttpResponse:
    """Say what would be gone, and ask for the code once more. Nothing is erased yet."""
    found, problem = _question(request)
    return _page(request, found=found, problem=problem)


@permission("client.erase")
@require_POST
@login_required
def erase(request: HttpRequest) -> HttpResponse:
    """Erase, when the code was typed twice alike."""
    found, problem = _question(request)
    if found is None:
        return _page(request, problem=problem)
    try:
        made = erase_client(
            actor_of(request),
            found.client_id,
            typed_code=request.POST.get("again", ""),
            reason=request.POST.get(REASON, ""),
            now=timezone.now(),
        )
    except ClinicError as refusal:
        if not refusal.got.startswith("another code"):
            raise
        problem = ErrorLink("again", "This is another code. Nothing was erased.")
        return _page(request, found=found, problem=problem)
    response = HttpResponseRedirect(f"{reverse('erase')}?done={made.code}")
    response.status_code = 303
    return response


def _question(request: HttpRequest) -> tuple[ErasureQuestion | None, ErrorLink | None]:
    """Return who is meant, or what is wrong with what was typed."""
    try:
        found = erasure_question(actor_of(request), request.POST.get(CODE, ""), now=timezone.now())
    except ClinicError:
        return None, ErrorLink(CODE, _NOBODY)
    if request.POST.get(REASON, "") not in ErasureReason.values:
        return None, ErrorLink(f"{REASON}-{ErasureReason.ASKED}", "Please choose why.")
    return found, None


def _page(
    request: HttpRequest,
    *,
    found: ErasureQuestion | None = None,
    problem: ErrorLink | None = None,
    done: str = "",
) -> HttpResponse:
    chosen = request.POST.get(REASON, "")
    context = {
        "found": found,
        "code": request.POST.get(CODE, ""),
        "done": done if _NEUTRAL.fullmatch(done) else "",
        "reasons": [
            {"value": value, "words": words[:1].upper() + words[1:], "checked": value == chosen}
            for value, words in ErasureReason.choices
        ],
        "reason": chosen,
        "reason_words": dict(ErasureReason.choices).get(chosen, ""),
        "errors": [problem] if problem else [],
        "code_error": problem.message if problem and problem.target == CODE else "",
        "again_error": problem.message if problem and problem.target == "again" else "",
    }
    return render(request, "attunement/erase.html", context, status=422 if problem else 200)

# SPDX-License-Identifier: Apache-2.0
"""Paper: forms to print, and a page on which they are typed in with the keyboard alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from attunement.clinic.access import permission
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models.response import MAX_TEXT
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.questions import number_text, permitted
from attunement.clinic.pages.sessions import refused_page
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services import Refused, field_name, raw_fields
from attunement.clinic.services.paper import (
    BLANK,
    TOTAL,
    Differs,
    PaperPage,
    SecondWanted,
    enter_paper,
    paper_page,
    print_forms,
    printable,
)
from attunement.clinic.services.paper_codes import typed_paper_code
from attunement.measures.schema import Item, Measure, TextBundle


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One item on paper, or on the page on which it is typed."""

    item: str
    name: str
    words: str
    text: bool
    boxes: tuple[tuple[str, str], ...]  # what is ticked: number and words
    hint: str
    longest: int
    permitted: str
    value: str = ""
    error: str = ""


@permission("paper.print")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def sheets(request: HttpRequest) -> HttpResponse:
    """Show the sessions of the last two weeks; print a form for those that are ticked."""
    actor = actor_of(request)
    if request.method != "POST":
        context = {"sessions": printable(actor, now=timezone.now())}
        return render(request, "attunement/paper.html", context)
    try:
        made = print_forms(actor, request.POST.getlist("session"), now=timezone.now())
    except ClinicError as refusal:
        return refused_page(request, refusal, back=reverse("paper"))
    sheets_made = [{"form": one, "lines": _lines(one.measure, one.text)} for one in made]
    return render(request, "attunement/paper_sheets.html", {"sheets": sheets_made})


@permission("paper.enter")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for a paper's code; then for what is on it."""
    actor, now = actor_of(request), timezone.now()
    code = (request.POST if request.method == "POST" else request.GET).get("code", "")
    if not code:
        printable(actor, now=now)  # who may not enter papers gets no page
        return render(request, "attunement/paper_code.html")
    try:
        if request.method != "POST":
            return _page(request, paper_page(actor, code, now=now))
        answer = enter_paper(
            actor,
            code,
            submission_id=request.POST.get("submission_id", ""),
            fields=raw_fields(request.POST),
            total=request.POST.get(TOTAL),
            correct=request.POST.get("correct") == "yes",
            now=now,
            blank=request.POST.get(BLANK) == "yes",
        )
        if isinstance(answer, Refused) and answer.http_status == 422:  # noqa: PLR2004 -- HTTP's own
            return _page(request, paper_page(actor, code, now=now), answer)
    except AccessError:
        message = "There is no such sheet for you, or your own form is not in yet."
        if typed_paper_code(code) is None:
            message = "There is no such sheet: a letter or digit of the code is wrong."
        context = {"code": code, "errors": [ErrorLink("code", message)]}
        return render(request, "attunement/paper_code.html", context, status=404)
    if isinstance(answer, Refused):
        return _closed(request, answer)
    return _entered(request, answer, corrected=request.POST.get("correct") == "yes")


def _page(
    request: HttpRequest, page: PaperPage | Refused, refused: Refused | None = None
) -> HttpResponse:
    if isinstance(page, Refused):
        return _closed(request, page)
    wrong = {each.item: each.message for each in refused.problems} if refused else {}
    typed = {name: str(value) for name, value in request.POST.items() if refused}
    context = {
        "page": page,
        "lines": _lines(page.measure, page.text, typed=typed, wrong=wrong),
        "total_error": wrong.get(TOTAL, ""),
        "total": typed.get(TOTAL, ""),
        "blank_error": wrong.get(BLANK, ""),
        "submission_id": typed.get("submission_id", page.submission_id),
        "errors": [
            ErrorLink(f"p-{item}" if item else "typing", f"{_named(item)}{message}")
            for item, message in wrong.items()
        ],
        "max_text": MAX_TEXT,
    }
    return render(request, "attunement/paper_enter.html", context, status=422 if refused else 200)


def _entered(request: HttpRequest, answer: object, *, corrected: bool) -> HttpResponse:
    context: dict[str, object] = {
        "second": False,
        "differs": (),
        "code": "",
        "corrected": corrected,
    }
    if isinstance(answer, SecondWanted):
        context |= {"second": True, "code": answer.code}
    if isinstance(answer, Differs):
        context |= {"differs": answer.items, "code": answer.code}
    return render(request, "attunement/paper_entered.html", context)


def _closed(request: HttpRequest, refused: Refused) -> HttpResponse:
    context = {
        "heading": "This form was already answered",
        "lines": ["The first answers are kept and nothing was changed."],
        "back_href": reverse("paper-enter"),
        "back_words": "Next sheet",
    }
    return render(request, "attunement/message.html", context, status=refused.http_status)


def _lines(
    measure: Measure,
    text: TextBundle,
    *,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> tuple[PaperLine, ...]:
    return tuple(
        _line(measure, text, item, (typed or {}).get(field_name(item.id), ""), wrong or {})
        for item in measure.items
    )


def _line(
    measure: Measure, text: TextBundle, item: Item, value: str, wrong: dict[str, str]
) -> PaperLine:
    words = item.kind == "text"
    numbers = [] if words else [number_text(one) for one in permitted(measure, item)]
    labels = text.options.get(item.options, {})
    low, high = text.anchors.get(item.id) or text.anchors.get("*") or ("", "")
    ends = {numbers[0]: low, numbers[-1]: high} if numbers else {}
    follow = item.shown_if
    return PaperLine(
        item=item.id,
        name=field_name(item.id),
        words=text.items.get(item.id, ""),
        text=words,
        boxes=tuple((number, labels.get(number, "") or ends.get(number, "")) for number in numbers),
        hint=f"Only if the answer above is {follow.at_least:g} or more." if follow else "",
        longest=max((len(number) for number in numbers), default=8),
        permitted=" ".join(numbers),
        value=value,
        error=wrong.get(item.id, ""),
    )


def _named(item: str) -> str:
    named = {"": "", TOTAL: "Total: ", BLANK: ""}
    return named.get(item, f"Question {item}: ")

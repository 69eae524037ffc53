# SPDX-License-Identifier: Apache-2.0
"""A therapist's private page: own predictions over the months."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from attunement.clinic.access import permission
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services.calibration import OwnCalibration, own_calibration
from attunement.figures import Estimates, Table, estimates

if TYPE_CHECKING:
    from attunement.models import Calibration, Estimate

_NEAR = 0.05  # shown to one decimal; less reads as nothing
_FOLLOWS = 0.2


@permission("calibration.view")
@require_safe
@login_required
def calibration(request: HttpRequest) -> HttpResponse:
    """Show a therapist, and nobody else, how near the own predictions come."""
    own = own_calibration(actor_of(request), now=timezone.now())
    context: dict[str, object] = {"own": own}
    if own.found is not None:
        context |= {
            "bias": bias_sentence(own.found.bias, settings.ATTUNEMENT.words.client),
            "tracking": tracking_sentence(own.found.tracking, settings.ATTUNEMENT.words.client),
            "figure": _figure(own, own.found),
        }
    return render(request, "attunement/calibration.html", context)


def bias_sentence(bias: Estimate, client: str) -> str:
    """Return the bias as a person reads it."""
    between = f"95 % interval {_signed(bias.low)} to {_signed(bias.high)}"
    if bias.low <= 0.0 <= bias.high:
        return (
            f"On the whole you expected neither clearly more nor clearly less than your {client}s "
            f"rated: {_signed(bias.value)} on average ({between})."
        )
    how = "higher" if bias.value > 0 else "lower"
    return (
        f"On the whole you expected {abs(bias.value):.1f} {how} than your {client}s rated "
        f"({between})."
    )


def tracking_sentence(tracking: Estimate | None, client: str) -> str:
    """Return the tracking as a person reads it."""
    if tracking is None:
        return (
            f"Whether your predictions follow the ups and downs of one {client} cannot be said: "
            "one of the two hardly moves."
        )
    between = f"correlation {tracking.value:.2f}, 95 % interval {tracking.low:.2f} to "
    between = f"{between}{tracking.high:.2f}".replace("-", "\N{MINUS SIGN}")
    if tracking.low > 0.0:
        return f"Your predictions follow the ups and downs of the same {client} ({between})."
    if tracking.high < _FOLLOWS:
        return f"Your predictions hardly follow the ups and downs of one {client} ({between})."
    return (
        f"It is open whether your predictions follow the ups and downs of one {client} ({between})."
    )


def _figure(own: OwnCalibration, found: Calibration) -> SafeString:
    rows = [
        (_short(month), one.value, one.low, one.high)
        for month, one in zip(own.months, found.periods, strict=True)
    ]
    sentence = (
        f"Prediction minus rating by month, {len(rows)} months, {found.n_rows} predictions: "
        f"{between_months([(row[0], row[1]) for row in rows])}. Months with few "
        "predictions are drawn towards your own mean."
    )
    table = Table(
        "Prediction minus rating by month",
        ("Month", "How many", "Mean", "95 % interval"),
        tuple(
            (
                f"{_day(month):%B %Y}",
                str(one.n),
                _signed(one.value),
                f"{_signed(one.low)} to {_signed(one.high)}",
            )
            for month, one in zip(own.months, found.periods, strict=True)
        ),
    )
    chart = Estimates(
        rows,
        "points",
        ("expected more than was rated", "expected less than was rated"),
        title="Your predictions by month",
        key="calibration",
    )
    # The figures room escapes every text it is given.
    return mark_safe(estimates(chart, sentence, table).html(heading_level=2))  # noqa: S308 -- escaped


def between_months(months: list[tuple[str, float]]) -> str:
    """Return the lowest and the highest month in words, or that they do not differ."""
    low, high = min(months, key=lambda one: one[1]), max(months, key=lambda one: one[1])
    if _signed(low[1]) == _signed(high[1]):
        return f"{_signed(low[1])} in each of them"
    return f"from {_signed(low[1])} ({low[0]}) to {_signed(high[1])} ({high[0]})"


def _signed(value: float) -> str:
    return "0.0" if abs(value) < _NEAR else f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def _day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _short(month: str) -> str:
    return f"{_day(month):%m/%y}"

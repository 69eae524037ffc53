# SPDX-License-Identifier: Apache-2.0
"""A change that stood on three forms without a word: open, not asked any more, and no hindrance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from attunement.clinic import services
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.models import AgreedChange
from attunement.clinic.services.loop.before import before
from attunement.clinic.services.loop.day import day_list
from attunement.clinic.services.loop.renewing import settle_change
from attunement.clinic.services.loop.together import record_together
from attunement.clinic.services.loop.turns import Turn
from attunement.clinic.services.promises import choose_visibility
from attunement.signals.loop import Stage

pytestmark = pytest.mark.store
FIRST, SECOND = "Canary: a slower start", "Canary: ask me first"


def _agree(world: Any, session: Any, words: str) -> None:
    record_together(
        world.therapist, world.dyad.pk, session_id=session.pk, change=words, now=world.now
    )


def _asked(world: Any, *, says: str | None = None, answers: bool = True) -> str:
    """Hold a session; return which change its form asks about; let the client answer to it."""
    world.later(days=7)
    session = world.session()
    issued = services.invite_client(world.therapist, session.pk, now=world.now)
    grant = services.open_invitation(issued.token, address="192.0.2.1", now=world.now)
    form = services.client_form(grant, now=world.now)
    helped = [one for one in form.extras if one.id.startswith("helped-")]
    fields = world.fields(5)
    if says is not None:
        fields[helped[0].field] = says
    if answers:
        services.record_client_response(
            grant,
            submission_id=form.submission_id,
            fields=fields,
            client_clock=None,
            now=world.now,
        )
        world.therapist_answers(session, 4)
    return "" if not helped else helped[0].hint.partition("“")[2].rstrip("”")


def _turns(world: Any) -> tuple[list[tuple[str, Turn]], list[str]]:
    found = before(world.therapist, world.dyad.pk, now=world.now).agreed
    waiting = day_list(world.therapist, now=world.now).waiting
    no_more = [] if found is None else [one.words for one in found.no_more]
    return [(one.change, one.turn) for one in waiting], no_more


@pytest.mark.parametrize("mode", ["open", "end"])
def test_after_three_forms_the_next_change_has_its_turn(world: Any, mode: str) -> None:
    choose_visibility(world.therapist, world.dyad.pk, visibility=mode, now=world.now)
    one, two = world.session(), world.session()
    _agree(world, one, FIRST)
    world.later(minutes=1)
    _agree(world, two, SECOND)
    assert _turns(world) == ([(FIRST, Turn.NEXT), (SECOND, Turn.LATER)], [])
    # Answered or not, with the question left out or not opened at all: it has stood there.
    assert [_asked(world), _asked(world, answers=False), _asked(world)] == [FIRST] * 3
    assert dict(_turns(world)[0])[FIRST] is Turn.NEXT  # the third form may still be answered
    world.later(days=4)
    assert _turns(world) == ([(FIRST, Turn.NO_MORE), (SECOND, Turn.NEXT)], [FIRST])
    # In a mode that hides it, the answer changes nothing that is asked or said.
    assert [_asked(world, says="yes"), _asked(world)] == [SECOND, SECOND if mode == "end" else ""]
    stages = {one.change: one.stage for one in day_list(world.therapist, now=world.now).waiting}
    assert stages[FIRST] is Stage.AGREED  # open: silence is not a word


def test_a_change_is_asked_again_or_let_go(world: Any) -> None:
    _agree(world, world.session(), FIRST)
    key = AgreedChange.objects.get().key
    me, dyad = world.therapist, world.dyad.pk
    with pytest.raises(ClinicError, match="E-CLINIC-061"):
        settle_change(me, dyad, key, what="renew", now=world.now)  # it is still asked about
    assert [_asked(world) for _ in range(4)] == [FIRST, FIRST, FIRST, ""]
    for what, wanted in (("close", key), ("renew", "x"), ("renew", "")):
        with pytest.raises(ClinicError, match="E-CLINIC-061"):
            settle_change(me, dyad, wanted, what=what, now=world.now)
    with pytest.raises(AccessError):
        settle_change(world.colleague, dyad, key, what="renew", now=world.now)
    for _ in range(2):  # two taps are one
        settle_change(me, dyad, key, what="renew", now=world.now)
    assert AgreedChange.objects.count() == 2
    assert _turns(world) == ([(FIRST, Turn.NEXT)], [])
    assert [_asked(world) for _ in range(4)] == [FIRST, FIRST, FIRST, ""]
    newest = AgreedChange.objects.order_by("pk").last()
    settle_change(me, dyad, newest.key, what="let_go", now=world.now)
    assert _turns(world) == ([], [])
    assert _asked(world) == ""


def test_what_did_not_happen_is_asked_once_more(world: Any) -> None:
    _agree(world, world.session(), FIRST)
    said = [_asked(world, says="did_not_happen"), _asked(world, says="did_not_happen")]
    assert said == [FIRST, FIRST]
    assert _asked(world) == ""
    world.later(days=4)
    assert _turns(world)[1] == []  # the client has said what there is to say


def test_the_page_before_a_session_has_both_ways(world: Any, client: Any) -> None:
    world.now = timezone.now() - timedelta(days=40)
    world.dyad.care_episodes.update(began_on=world.now.date())
    _agree(world, world.session(), FIRST)
    for _ in range(3):
        _asked(world)
    client.force_login(world.therapist)
    page = client.get(f"/clients/{world.dyad.pk}/before").content.decode()
    assert "Open, not asked any more" in page
    assert page.count(FIRST) == 4  # what was agreed, in the list, and in the names of two buttons
    key = AgreedChange.objects.get().key
    address = f"/clients/{world.dyad.pk}/agreed"
    assert client.post(address, {"change": "x", "what": "renew"}).status_code == 422
    assert client.post(address, {"change": key, "what": "renew"}).status_code == 303
    page = client.get(f"/clients/{world.dyad.pk}/before").content.decode()
    assert "Asked on the next form." in page
    assert "not asked any more" not in page

# SPDX-License-Identifier: Apache-2.0
"""The day, before, together, after and the ledger as pages: what is on them, and what never is."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic_world import LOW, PASSWORD, World, add_dyad

from attunement.clinic.models import (
    AgreedChange,
    AnswerWish,
    Client,
    ConversationIntent,
    FollowUp,
    Login,
    LookTogether,
    NamedRupture,
    Response,
    Role,
    RuptureEntry,
    SignalRecord,
)
from attunement.clinic.services import answer_signal
from attunement.clinic.services.loop.after import record_after
from attunement.clinic.services.loop.before import record_intent
from attunement.clinic.services.loop.results import Entry
from attunement.clinic.services.promises import choose_visibility

CANARY = "Canary-"


@pytest.fixture
def dipped(world: World) -> str:
    """Four good sessions, then one that asks, with words; return its id."""
    world.course(sessions=4)
    session_id = world.start(days_ago=1)
    world.client_answers(session_id, LOW, words=f"{CANARY}comment")
    world.therapist_answers(session_id)
    return session_id


def body(page: object) -> str:
    return html.unescape(page.content.decode())  # type: ignore[attr-defined]


def test_the_day_is_the_first_page_after_logging_in(world: World) -> None:
    browser = Browser()
    answer = browser.post("/accounts/login/", {"login": world.login.username, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/day/")
    assert browser.get("/day/").status_code == 200


def test_an_empty_day_says_what_it_is_for(world: World) -> None:
    page = body(world.browser().get("/day/"))
    assert "Nobody needs a look now" in page
    assert "No session has been started today" in page


def test_a_lead_is_sent_on_to_the_practice_with_its_first_number(world: World) -> None:
    lead = Login.objects.create_user(
        username="synthetic-lead", practice=world.practice, role=Role.LEAD
    )
    browser = Browser()
    browser.force_login(lead)
    assert browser.get("/day/").headers["Location"] == "/"
    page = body(browser.get("/"))
    assert page.index("Loops closed") < page.index("row-name")
    assert "Fewer than 10 clients" in page
    assert browser.get("/day/loops").status_code == 404


def test_the_day_has_one_line_for_each_need_and_no_more_than_the_budget(
    world: World, dipped: str
) -> None:
    for number in range(3):
        dyad = add_dyad(world.practice, world.therapist, f"Client 5{number}")
        for days_ago in (28, 21, 14):
            world.rated(dyad, days_ago=days_ago)
        world.rated(dyad, days_ago=1, answers=LOW)
    page = body(world.browser().get("/day/"))
    assert page.count('class="question-line"') == 2
    assert "2 more" in page
    assert dipped


def test_before_shows_one_sentence_the_last_words_and_the_why(world: World, dipped: str) -> None:
    page = body(world.browser().get(f"/clients/{world.dyad.pk}/before"))
    signal = SignalRecord.objects.filter(session_id=dipped).order_by("pk")
    assert any(one.sentence in page for one in signal)
    assert any(f"/signals/{one.pk}/" in page for one in signal)
    assert f"{CANARY}comment" in page
    assert "I’ll raise it" in page


def test_before_with_nothing_says_so(world: World) -> None:
    page = body(world.browser().get(f"/clients/{world.dyad.pk}/before"))
    assert "Nothing asks for a look" in page
    assert "Nothing to draw yet" in page


def test_one_tap_says_it_and_another_takes_it_back(world: World, dipped: str) -> None:
    browser, url = world.browser(), f"/clients/{world.dyad.pk}/before"
    answer = browser.post(url, {"session_id": dipped, "intent": "raise"})
    assert answer.status_code == 303
    assert "You mean to raise it." in body(browser.get(url))
    browser.post(url, {"session_id": dipped, "intent": "undone"})
    assert "You mean to raise it." not in body(browser.get(url))
    browser.post(url, {"session_id": dipped, "intent": "not_today", "because": "urgent"})
    assert "Not today. Something else is more urgent." in body(browser.get(url))
    assert ConversationIntent.objects.count() == 3


def test_a_reason_that_is_none_is_said_in_place(world: World, dipped: str) -> None:
    url = f"/clients/{world.dyad.pk}/before"
    answer = world.browser().post(
        url, {"session_id": dipped, "intent": "not_today", "because": "lazy"}
    )
    assert answer.status_code == 422
    assert 'href="#reason"' in body(answer)


def test_together_has_nothing_private_on_it_whatever_is_stored(world: World, dipped: str) -> None:
    """Every private field of the store holds a canary; none is on the screen for two."""
    client = Client.objects.get(pk=world.dyad.client_id)
    client.code = f"{CANARY}code"
    client.display_name = f"{CANARY}name"
    client.save()
    other = add_dyad(world.practice, world.therapist, f"{CANARY}other")
    world.rated(other, days_ago=2)
    login = world.login
    login.display_name = f"{CANARY}login"
    login.save()
    now = timezone.now()
    record_intent(
        login, dipped, intent="not_today", because="other", reason=f"{CANARY}reason", now=now
    )
    record_after(
        login,
        dipped,
        Entry(kind="rupture", type="withdrawal", target="personal_bond", tried=("own_part",)),
        now=now,
    )
    signals = list(SignalRecord.objects.filter(session_id=dipped))
    answer_signal(
        login,
        signals[0].pk,
        answer="agreed",
        reason=f"{CANARY}note",
        client_said="confirmed",
        now=now,
    )
    response = Response.objects.get(session_id=dipped, perspective="client")
    AnswerWish(response=response, item="9", wish="dont_raise").save()
    assert NamedRupture.objects.count() == 0
    assert RuptureEntry.objects.count() == 1

    answer = world.browser().get(f"/clients/{world.dyad.pk}/together")
    page = body(answer)
    assert answer.status_code == 200
    assert CANARY not in page
    for one in signals:
        for words in (one.title, one.question, one.sentence, one.rule_id, one.why):
            assert words not in page
    for alarm in ("rupture", "signal", "strain", "flag", "alarm", "withdrawal", "drop"):
        assert not re.search(rf"\b{alarm}", page, re.IGNORECASE), alarm
    assert "<nav" not in page
    assert 'href="/"' not in page
    assert "<title>How our meetings are</title>" in page
    assert 'class="att-chart' in page  # and it is not empty


def test_together_keeps_one_change_in_the_clients_words(world: World, dipped: str) -> None:
    browser, url = world.browser(), f"/clients/{world.dyad.pk}/together"
    words = "Ask <me> first & wait"
    answer = browser.post(
        url, {"session_id": dipped, "help": ["slower", "listen"], "change": words}
    )
    assert answer.status_code == 303
    page = browser.get(url).content.decode()
    assert "Kept: " in page
    assert "Ask &lt;me&gt; first &amp; wait" in page
    assert AgreedChange.objects.count() == 1
    assert LookTogether.objects.get().helps == ["slower", "listen"]


def test_of_two_changes_only_the_older_is_said_to_be_asked_next(world: World, dipped: str) -> None:
    browser, url = world.browser(), f"/clients/{world.dyad.pk}/together"
    browser.post(url, {"session_id": dipped, "change": "Synthetic older"})
    assert "Asked on the next form." in body(browser.get(f"/clients/{world.dyad.pk}/before"))
    second = world.start(days_ago=0)
    world.client_answers(second, LOW)
    world.therapist_answers(second)
    browser.post(url, {"session_id": second, "change": "Synthetic newer"})
    assert AgreedChange.objects.count() == 2
    assert "Asked after the earlier one." in body(browser.get(f"/clients/{world.dyad.pk}/before"))
    day = body(browser.get("/day/"))
    assert day.count("asked on the next form") == 1
    assert day.count("asked after the earlier one") == 1


def test_together_refuses_words_that_are_too_long_and_keeps_them_on_the_page(
    world: World, dipped: str
) -> None:
    url = f"/clients/{world.dyad.pk}/together"
    answer = world.browser().post(url, {"session_id": dipped, "change": "x" * 501})
    assert answer.status_code == 422
    assert "x" * 501 in body(answer)
    assert AgreedChange.objects.count() == 0


def test_together_says_what_is_missing_where_nothing_is_filled_in(
    world: World, dipped: str
) -> None:
    browser, url = world.browser(), f"/clients/{world.dyad.pk}/together"
    empty = {"session_id": dipped, "would_help": " ", "change": ""}
    answer = browser.post(url, empty)
    page = body(answer)
    assert answer.status_code == 422
    assert '<a href="#helps">Nothing is filled in yet. Tick something that would help' in page
    assert 'id="helps" tabindex="-1" aria-describedby="helps-error"' in page
    assert 'id="errors" role="alert" tabindex="-1" autofocus' in page
    assert 'aria-invalid="true"' not in page
    assert "<title>Please look again: How our meetings are</title>" in page
    assert not LookTogether.objects.exists()
    # One tick is enough, and is answered with a word; emptying the page takes it back.
    assert browser.post(url, empty | {"help": "slower"}).status_code == 303
    assert "Kept." in body(browser.get(url))
    assert browser.post(url, empty).status_code == 303
    assert [row.helps for row in LookTogether.objects.order_by("pk")] == [["slower"], []]
    assert browser.post(url, empty).status_code == 422


def test_together_before_the_first_session_is_kind(world: World) -> None:
    page = body(world.browser().get(f"/clients/{world.dyad.pk}/together"))
    assert "There is not much to see yet" in page
    assert "<form" not in page


def test_together_can_show_the_clients_line_alone(
    world: World, dipped: str, settings: object
) -> None:
    from dataclasses import replace  # noqa: PLC0415

    assert dipped
    settings.ATTUNEMENT = replace(settings.ATTUNEMENT, both_lines=False)  # type: ignore[attr-defined]
    page = body(world.browser().get(f"/clients/{world.dyad.pk}/together"))
    assert "your therapist" not in page
    assert "att-line--therapist" not in page


def test_the_page_it_is_left_to_says_nothing(world: World, dipped: str) -> None:
    assert dipped
    page = body(world.browser().get("/together/closed"))
    assert "<title>Closed</title>" in page
    assert world.dyad.client.code not in page


def test_after_keeps_an_entry_and_shows_it_again(world: World) -> None:
    session_id = world.start()
    browser, url = world.browser(), f"/sessions/{session_id}/after"
    sent = {
        "kind": "rupture",
        "type": "withdrawal",
        "target": "task",
        "moment": "middle",
        "tried": ["validate", "explore"],
        "put_right": "2",
    }
    kept = "What you said about this session is kept."
    answer = browser.post(url, sent)
    assert answer.status_code == 303
    assert kept in body(browser.get(answer.headers["Location"]))
    assert kept not in body(browser.get(answer.headers["Location"]))  # said once
    page = body(browser.get(url))
    for html_id in ("kind-rupture", "type-withdrawal", "target-task", "moment-middle"):
        assert re.search(rf'id="{html_id}"[^>]* checked', page), html_id
    assert 'id="tried-validate" name="tried" value="validate" checked' in page
    assert "Journal of Psychotherapy Integration" in page


def test_a_rupture_that_was_written_down_is_not_asked_for_again(world: World) -> None:
    session_id = world.start()
    world.client_answers(session_id, LOW)
    world.therapist_answers(session_id)
    browser, url = world.browser(), f"/sessions/{session_id}/"
    assert "I noticed a rupture" in body(browser.get(url))
    assert browser.post(f"{url}after", {"kind": "rupture"}).status_code == 303
    page = body(browser.get(url))
    assert "You noted that there was a rupture" in page
    assert "I noticed a rupture" not in page
    assert browser.post(f"{url}after", {"kind": "none"}).status_code == 303
    assert "I noticed a rupture" in body(browser.get(url))  # the newest entry holds


def test_closed_answers_are_not_called_left_out(world: World) -> None:
    choose_visibility(
        world.login, world.dyad.pk, visibility="scores", delay_days=0, now=timezone.now()
    )
    session_id = world.start()
    world.client_answers(session_id, LOW)
    world.therapist_answers(session_id)
    browser = world.browser()
    items = body(browser.get(f"/sessions/{session_id}/"))
    items = items[items.index("Item by item") :]
    assert items.count("<td>not to be seen</td>") == items.count('<th scope="row">')
    record_after(world.login, session_id, Entry(kind="strain"), now=timezone.now())
    ledger = body(browser.get(f"/clients/{world.dyad.pk}/ledger"))
    assert "not to be seen" in ledger
    assert "left out" not in ledger


def test_a_choice_without_a_supervisor_says_who_can_help(world: World) -> None:
    answer = world.browser().post(f"/clients/{world.dyad.pk}/visibility", {"mode": "supervisor"})
    assert answer.status_code == 422
    page = body(answer)
    assert "Nobody supervises this work" in page
    assert "The lead can add a supervisor" in page


def test_after_without_a_first_answer_says_what_is_missing(world: World) -> None:
    answer = world.browser().post(f"/sessions/{world.start()}/after", {"type": "both"})
    assert answer.status_code == 422
    assert 'href="#kind-none"' in body(answer)


def test_after_is_the_same_whatever_the_client_did(world: World) -> None:
    session_id = world.start()
    url = f"/sessions/{session_id}/after"
    before = body(world.browser().get(url))
    world.client_answers(session_id, LOW, words=f"{CANARY}comment")
    blank = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
    assert blank.sub("", before) == blank.sub("", body(world.browser().get(url)))


def test_the_ledger_has_four_channels_and_an_empty_one(world: World, dipped: str) -> None:
    assert "Nothing here yet" in body(
        world.browser().get(
            f"/clients/{add_dyad(world.practice, world.therapist, 'Client 77').pk}/ledger"
        )
    )
    page = body(world.browser().get(f"/clients/{world.dyad.pk}/ledger"))
    assert "Observer's code: no observer yet" in page
    assert "strain 4 of 6, put right 1 of 4" in page
    assert "1 open." in page
    assert "1 unconfirmed by the client." in page
    assert dipped


def test_a_sealed_session_tells_the_ledger_nothing(world: World) -> None:
    world.course(sessions=2)
    session_id = world.start(days_ago=1)
    url = f"/clients/{world.dyad.pk}/ledger"
    pages = [body(world.browser().get(url))]
    world.client_answers(session_id, LOW, words=f"{CANARY}comment")
    pages.append(body(world.browser().get(url)))
    blank = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
    assert blank.sub("", pages[0]) == blank.sub("", pages[1])


@pytest.mark.parametrize("path", ["before", "together", "ledger"])
def test_another_therapists_client_is_not_there(world: World, path: str) -> None:
    other = Login.objects.create_user(
        username="other-therapist", practice=world.practice, role=Role.THERAPIST
    )
    browser = Browser()
    browser.force_login(other)
    theirs = browser.get(f"/clients/{world.dyad.pk}/{path}")
    nobodys = browser.get(f"/clients/{'a' * 26}/{path}")
    assert theirs.status_code == nobodys.status_code == 404


def test_a_signals_page_says_what_the_client_said_later(world: World, dipped: str) -> None:
    signal = SignalRecord.objects.filter(session_id=dipped).order_by("pk")[0]
    following = world.rated()
    response = Response.objects.get(session_id=following, perspective="client")
    FollowUp(
        dyad=world.dyad,
        session_id=dipped,
        response=response,
        question="put_right",
        answer="nothing",
        recorded_at=timezone.now(),
    ).save()
    page = body(world.browser().get(f"/signals/{signal.pk}/"))
    assert "On a later form Client 01 said: <strong>nothing had gone wrong</strong>" in page

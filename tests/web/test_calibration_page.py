# SPDX-License-Identifier: Apache-2.0
"""A therapist's page of own predictions: private, refused while thin, and right."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from tests.clinic_world import PASSWORD, World, make_world

from attunement.clinic.models import Login, Role
from attunement.clinic.pages.calibration import between_months, bias_sentence, tracking_sentence
from attunement.models import Estimate


@pytest.fixture
def three(db: None) -> World:  # noqa: ARG001 -- opens the database
    return make_world(dyads=3)


def test_too_little_is_said_and_nothing_is_computed(three: World) -> None:
    three.course(sessions=2)
    page = three.browser().get("/me/calibration").content.decode()
    assert "2 predictions about 1 client so far" in page
    assert "From 12 predictions about 3 clients on" in page
    assert "<figure" not in page


def test_own_predictions_have_picture_sentence_and_table(three: World) -> None:
    for dyad in three.dyads:
        three.course(dyad, sessions=4)
    page = three.browser().get("/me/calibration").content.decode()
    # Predicted 4.5 every time; HIGH has the total (5+4+5+6+5+4+5)/7 = 4.857: 0.357 lower.
    assert "you expected 0.4 lower than your clients rated" in page
    assert "cannot be said" in page  # a prediction that never moves follows nothing
    assert "<figure" in page
    assert "The same as a table" in page
    assert "12 predictions about 3 clients" in page


def test_nobody_else_opens_it_and_it_holds_no_others(three: World) -> None:
    for dyad in three.dyads:
        three.course(dyad, sessions=4)
    other = make_world(login="synthetic-other")
    page = other.browser().get("/me/calibration").content.decode()
    assert "0 predictions about 0 clients so far" in page
    for role in (Role.LEAD, Role.SUPERVISOR, Role.OPERATOR):
        login = Login.objects.create_user(
            f"synthetic-{role}", password=PASSWORD, role=role, practice=three.practice
        )
        browser = Browser()
        browser.force_login(login)
        assert browser.get("/me/calibration").status_code == 404
    assert Browser().get("/me/calibration").status_code == 302
    own = three.browser()
    for query in ("?therapist=1", f"?login={other.login.pk}"):
        assert "12 predictions" in own.get(f"/me/calibration{query}").content.decode()


def test_sessions_that_are_not_open_take_no_part(three: World) -> None:
    for dyad in three.dyads:
        three.course(dyad, sessions=4)
    before = three.browser().get("/me/calibration").content
    three.therapist_answers(three.start())  # the client has not answered
    hidden = three.start(three.dyads[1])
    three.client_answers(hidden, {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0, "6": 0, "7": 0})
    assert three.browser().get("/me/calibration").content[2000:] == before[2000:]


def test_sentences_say_what_the_intervals_allow() -> None:
    assert "neither clearly more" in bias_sentence(Estimate(0.1, -0.2, 0.4, 20), "client")
    assert "0.5 higher" in bias_sentence(Estimate(0.5, 0.2, 0.8, 20), "client")
    assert "follow the ups" in tracking_sentence(Estimate(0.6, 0.3, 0.8, 20), "client")
    assert "It is open" in tracking_sentence(Estimate(0.2, -0.2, 0.5, 20), "client")
    assert "hardly follow" in tracking_sentence(Estimate(-0.1, -0.3, 0.1, 90), "client")
    assert "cannot be said" in tracking_sentence(None, "client")


def test_months_that_do_not_differ_are_not_ranked() -> None:
    assert (
        between_months([("04/26", -0.11), ("05/26", -0.12)]) == "\N{MINUS SIGN}0.1 in each of them"
    )
    told = between_months([("04/26", 0.31), ("05/26", -0.12), ("06/26", 0.02)])
    assert told == "from \N{MINUS SIGN}0.1 (05/26) to +0.3 (04/26)"


def test_a_correlation_below_zero_has_a_minus_and_no_hyphen() -> None:
    said = tracking_sentence(Estimate(value=0.06, low=-0.17, high=0.29, n=82), "client")
    assert "\N{MINUS SIGN}0.17 to 0.29" in said

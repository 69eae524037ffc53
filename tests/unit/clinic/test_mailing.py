# SPDX-License-Identifier: Apache-2.0
"""Mail to one person, against a mail server on this machine that behaves badly."""

from __future__ import annotations

import dataclasses
import email
from typing import Any

import pytest
from tests.risk_world import MAIL
from tests.smtp_server import Behaviour, mail_server

from attunement.clinic.config.notices import is_mail_address
from attunement.clinic.services import mailing
from attunement.clinic.services.mailing import MailNotSentError, send_mail, stable_message_id
from attunement.clinic.services.risk import delivery

ID = "<0123@clinic.example>"


@pytest.fixture
def through(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that configures a server; waiting for one is short here."""
    settings.EMAIL_BACKEND = "attunement.clinic.services.mailing.ClinicMailBackend"
    monkeypatch.setattr(mailing, "TIMEOUT_SECONDS", 1)

    def use(server: Behaviour) -> None:
        mail = dataclasses.replace(MAIL, port=server.port)
        settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, mail=mail)

    return use


def send(to: str = "amber@example.invalid", subject: str = "A response needs review.") -> str:
    return send_mail(to, subject=subject, body="Words.\n", message_id=ID)


def test_mail_is_plain_and_the_servers_name_for_it_is_kept(through: Any) -> None:
    with mail_server() as server:
        through(server)
        assert send() == "2.0.0 Ok: queued as 4D9F1"
    message = email.message_from_bytes(server.taken[0])
    assert message["Message-ID"] == ID
    assert message["To"] == "amber@example.invalid"
    assert message["From"] == "clinic@clinic.example"
    assert message["Subject"] == "A response needs review."
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert server.recipients == [b"rcpt TO:<amber@example.invalid>"]


@pytest.mark.parametrize(
    ("kind", "word"), [("refuse", "refused"), ("hang", "timeout"), ("take, then cut", "broken")]
)
def test_what_the_server_did_is_one_word_of_ours(through: Any, kind: str, word: str) -> None:
    with mail_server(kind) as server:
        through(server)
        with pytest.raises(MailNotSentError) as refusal:
            send()
    assert refusal.value.problem == word
    assert "canary" not in refusal.value.text()


def test_server_that_is_not_there_is_unreachable(through: Any) -> None:
    with mail_server() as server:
        through(server)
    with pytest.raises(MailNotSentError) as refusal:
        send()
    assert refusal.value.problem == "unreachable"


def test_server_that_speaks_a_letter_at_a_time_is_given_up_on(
    through: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PATIENCE_SECONDS", 1)
    with mail_server("drip") as server:
        through(server)
        with pytest.raises(MailNotSentError) as refusal:
            delivery.send_by_mail("amber@example.invalid", "A response.", "Words.", ID)
    assert refusal.value.problem == "timeout"


@pytest.mark.parametrize(
    "address",
    [
        "amber@example.invalid\r\nBcc: canary@example.invalid",
        "amber@example.invalid\n",
        "a@b.example, c@d.example",
        "a@b.example;c@d.example",
        "Amber <amber@example.invalid>",
        "amber@exämple.invalid",
        "ämber@example.invalid",
        "amber@localhost",
        "amber",
        "@example.invalid",
        "a b@example.invalid",
        '"a b"@example.invalid',
        f"{'a' * 65}@example.invalid",
        f"a@{'b' * 250}.example",
        "",
    ],
)
def test_row_91_address_that_is_not_one_bare_address_is_refused(through: Any, address: str) -> None:
    assert not is_mail_address(address)
    with mail_server() as server:
        through(server)
        with pytest.raises(MailNotSentError) as refusal:
            send(address)
    assert refusal.value.problem == "address"
    assert server.taken == []


@pytest.mark.parametrize("address", ["amber@example.invalid", "a.b+c@xn--exmple-cua.example"])
def test_bare_addresses_are_taken(address: str) -> None:
    assert is_mail_address(address)


@pytest.mark.parametrize(
    "subject", ["A response.\r\nBcc: canary@example.invalid", "a\nb", "a\x00b", "x" * 121]
)
def test_row_91_subject_that_would_add_a_header_is_refused(through: Any, subject: str) -> None:
    with mail_server() as server:
        through(server)
        with pytest.raises(MailNotSentError) as refusal:
            send(subject=subject)
    assert refusal.value.problem == "words"
    assert server.taken == []


def test_without_a_server_nothing_is_sent() -> None:
    with pytest.raises(MailNotSentError) as refusal:
        send()
    assert refusal.value.problem == "unconfigured"


def test_message_id_is_the_same_for_the_same_alert_and_person_and_no_other() -> None:
    one = stable_message_id("alert", "person")
    assert one == stable_message_id("alert", "person")
    assert one != stable_message_id("alertp", "erson")
    assert one.endswith("@127.0.0.1>")

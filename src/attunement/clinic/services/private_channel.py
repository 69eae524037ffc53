# SPDX-License-Identifier: Apache-2.0
"""What a client says to the lead alone: a message, or that another therapist is wished for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from attunement.clinic.access import Action, Actor, ActorRole, Relation, may
from attunement.clinic.config.model import Words
from attunement.clinic.models import (
    Grant,
    Login,
    MessageKind,
    MessageTaken,
    PrivateMessage,
    is_id,
)
from attunement.clinic.services.fields import read_text
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import (
    CLIENT_LINK,
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_self,
)
from attunement.clinic.services.results import FieldProblem, Receipt, ReceiptStatus, Refused
from attunement.clinic.services.sealing import client_name, words_of
from attunement.clinic.services.secrets_of_links import token_sha256
from attunement.clinic.services.submission import parse_submission_id, unreadable

MOST_MESSAGES = 5  # of one opened link


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message as the lead reads it."""

    message_id: str
    client_code: str
    client_name: str
    therapist_name: str
    wants_another: bool
    words: str
    sent_at: datetime
    taken_at: datetime | None
    taken_by: str  # the name of the lead who took it in hand


def message_who_sees(words: Words) -> str:
    """Return what a client is told before writing to the lead."""
    return (
        f"Only the lead of the practice reads this. Your {words.therapist} does not see it, and "
        "no page tells them that you wrote."
    )


def send_private_message(
    grant: str,
    *,
    submission_id: UUID | str,
    kind: object,
    words: object,
    now: datetime,
) -> Receipt | Refused:
    """Store a client's words for the lead, exactly once.

    Parameters
    ----------
    grant : str
        From ``open_invitation``, not older than an hour; its form may be in already.
    submission_id : UUID or str
        Made with the page; a second delivery of the same id changes nothing.
    kind : str
        ``"message"``, or ``"another"`` for the wish for another therapist.
    words : str
        Needed for a message; another therapist can be asked for without any.
    now : datetime
        Aware.

    Returns
    -------
    Receipt or Refused
        422 when it cannot be read or too many were sent from one opened link.

    Raises
    ------
    AccessError
        E-ACCESS-002 when the grant is unknown or too old, or a person closed its link.
    """
    action = Action.CLIENT_MESSAGE_SEND
    with act(CLIENT_LINK, action, now=now):
        held = _held(grant, action, now=now)
        answer = _store(held, submission_id, kind, words, now=now)
        refused = isinstance(answer, Refused)
        done(
            CLIENT_LINK,
            action,
            now=now,
            target=f"practice:{held.invitation.assignment.session.dyad.practice_id}",
            outcome="refused" if refused else "done",
        )
    return answer


def may_write_to_lead(grant: str, *, now: datetime) -> None:
    """Refuse the page to whom the message would be refused: E-ACCESS-002."""
    _held(grant, Action.CLIENT_MESSAGE_SEND, now=now)


def private_messages(actor: Login, *, now: datetime) -> tuple[ShownMessage, ...]:
    """Return what clients wrote to the lead of the practice, those not yet taken first.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    """
    with act(actor_name(actor), Action.PRIVATE_MESSAGES_VIEW, now=now):
        require_self(actor, Action.PRIVATE_MESSAGES_VIEW)
        rows = list(
            PrivateMessage.objects.filter(practice_id=actor.practice_id)
            .select_related("dyad__client", "dyad__therapist", "taken")
            .order_by("-sent_at", "pk")
        )
        leads = {login.pk: login.display_name for login in _logins(actor)}
        shown = tuple(_shown(row, leads) for row in rows)
        done(
            actor.pk,
            Action.PRIVATE_MESSAGES_VIEW,
            now=now,
            target=f"practice:{actor.practice_id}",
            detail={"n_messages": len(shown)},
        )
    return tuple(sorted(shown, key=lambda one: one.taken_at is not None))


def take_message(actor: Login, message_id: str, *, now: datetime) -> None:
    """Note that a lead has a message in hand; a second time changes nothing.

    Raises
    ------
    AccessError
        E-ACCESS-001 when it is not there or the actor is no lead of its practice.
    """
    action = Action.PRIVATE_MESSAGE_TAKE
    with act(actor_name(actor), action, now=now):
        row = PrivateMessage.objects.filter(pk=message_id if is_id(message_id) else "").first()
        here = row is not None and isinstance(actor, Login) and row.practice_id == actor.practice_id
        relation = Relation.PRACTICE if here else Relation.NONE
        role = ActorRole(actor.role) if isinstance(actor, Login) else ActorRole.ANONYMOUS
        decision = may(
            Actor(role=role, active=getattr(actor, "is_active", False)), action, relation
        )
        if row is None or not decision.allow:
            raise AccessDeniedError(target="message:unknown", reason=decision.reason)
        if not MessageTaken.objects.filter(message=row).exists():
            MessageTaken(message=row, by=actor.pk, at=now).save()
        done(actor.pk, action, now=now, target=f"message:{row.pk}")


def _store(
    held: Grant, submission_id: UUID | str, kind: object, words: object, *, now: datetime
) -> Receipt | Refused:
    identifier = parse_submission_id(submission_id)
    dyad = held.invitation.assignment.session.dyad
    text, problem = _read(kind, words)
    if identifier is None or problem is not None:
        return unreadable((problem or FieldProblem("", "Please open the page again."),))
    known = PrivateMessage.objects.filter(submission_id=identifier).first()
    if known is not None:
        return Receipt(identifier, ReceiptStatus.ALREADY_RECEIVED, known.sent_at)
    since = PrivateMessage.objects.filter(dyad=dyad, sent_at__gte=held.opened_at).count()
    if since >= MOST_MESSAGES:
        message = "That is a lot at once. Please call the practice, or write again later."
        return unreadable((FieldProblem(item="words", message=message),))
    try:
        with transaction.atomic():
            PrivateMessage(
                practice_id=dyad.practice_id,
                dyad=dyad,
                kind=MessageKind(str(kind)),
                words=text,
                submission_id=identifier,
                who_sees=message_who_sees(config().words),
                sent_at=now,
            ).save()
    except IntegrityError:  # two taps at once: the other one stored it
        return Receipt(identifier, ReceiptStatus.ALREADY_RECEIVED, now)
    return Receipt(identifier, ReceiptStatus.CREATED, now)


def _read(kind: object, words: object) -> tuple[str, FieldProblem | None]:
    """Return the words, and what is wrong with them or with the kind."""
    try:
        text = read_text(words)
    except ValueError as problem:
        return "", FieldProblem(item="words", message=str(problem))
    if not isinstance(kind, str) or kind not in MessageKind.values:
        return "", FieldProblem(item="kind", message="Choose what you would like.")
    if not text and kind == MessageKind.MESSAGE:
        return "", FieldProblem(item="words", message="Write what you want to say.")
    return text, None


def _held(grant: str, action: Action, *, now: datetime) -> Grant:
    found = (
        Grant.objects.select_related("invitation__assignment__session__dyad__client")
        .filter(grant_sha256=token_sha256(grant), expires_at__gt=now)
        .first()
    )
    shut = found is not None and found.invitation.revoked_at and not found.invitation.replaced
    relation = Relation.NONE if found is None or shut else Relation.OWN
    decision = may(Actor(role=ActorRole.CLIENT_LINK), action, relation)
    if found is None or not decision.allow:
        raise AccessDeniedError(code="E-ACCESS-002", target="grant:unknown", reason=decision.reason)
    return found


def _shown(row: PrivateMessage, leads: dict[str, str]) -> ShownMessage:
    taken = getattr(row, "taken", None)
    return ShownMessage(
        message_id=row.pk,
        client_code=row.dyad.client.code,
        client_name=client_name(row.dyad.client),
        therapist_name=row.dyad.therapist.display_name,
        wants_another=row.kind == MessageKind.ANOTHER_THERAPIST,
        words=words_of(row, "words"),
        sent_at=row.sent_at,
        taken_at=taken.at if taken is not None else None,
        taken_by=leads.get(taken.by, "") if taken is not None else "",
    )


def _logins(actor: Login) -> list[Login]:
    return list(Login.objects.filter(practice_id=actor.practice_id))

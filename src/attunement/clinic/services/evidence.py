# SPDX-License-Identifier: Apache-2.0
"""What a practice knows of its past signals: what was asked, answered, named and judged.

Everything is counted over the whole practice. Nothing here can be asked for one therapist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from attunement.clinic.models import (
    Dyad,
    FollowUpAnswer,
    FollowUpQuestion,
    Moment,
    NamedRupture,
    OutcomeAnswer,
    Perspective,
    RuptureEntry,
    RuptureKind,
    Score,
    SignalJudgement,
    SignalOutcome,
    SignalRecord,
)
from attunement.clinic.services.loop.seen import follow_ups
from attunement.clinic.services.shown_answers import therapist_may_see_answers
from attunement.clinic.services.signal_answers import STRAIN
from attunement.signals import OAC_RULES, audit

STRAIN_ITEM = "8"  # the alliance check's own item behind the scale
NAMED_FROM = 2.0  # strain from which a form names a rupture; the value of the strain rule
NOT_NAMED = 0.0  # no strain at all; what lies between says neither
SAID_BY_CLIENT = frozenset(rule.id for rule in OAC_RULES if rule.detector == "strain_and_repair")


@dataclass(frozen=True, slots=True)
class Known:
    """What people said about sessions of a practice, by session."""

    agreed: Mapping[str, bool]  # the therapist's newest answer, where it says yes or no
    client: Mapping[str, bool]  # strain named, or none, on the client's own form
    therapist: frozenset[str]  # sessions in which the therapist named a rupture without a rule
    later: Mapping[str, bool]  # the client's word on a later form: whether anything had been wrong


def known_of(practice_id: str) -> Known:
    """Return what was said about the sessions of a practice; sealed sessions are not among them."""
    judged = SignalJudgement.objects.filter(dyad__practice_id=practice_id)
    open_sessions = set(judged.values_list("session_id", flat=True))
    marked: dict[str, dict[str, float]] = {Perspective.CLIENT: {}, Perspective.THERAPIST: {}}
    dyads = list(Dyad.objects.filter(practice_id=practice_id))
    scores_alone, hidden = therapist_may_see_answers(dyads)
    strains = Score.objects.filter(
        response__session__dyad__practice_id=practice_id,
        response__moment=Moment.AFTER,
        scale=STRAIN,
        value__isnull=False,
    )
    for response_id, session_id, chair, value in strains.values_list(
        "response_id", "response__session_id", "response__perspective", "value"
    ):
        kept = response_id in scores_alone or f"{response_id} {STRAIN_ITEM}" in hidden
        if session_id in open_sessions and value is not None and not kept:
            marked[chair][session_id] = value
    named = _named_by_therapist(practice_id)
    by_mark = {s for s, value in marked[Perspective.THERAPIST].items() if value >= NAMED_FROM}
    return Known(
        agreed={
            row.session_id: row.answer == OutcomeAnswer.AGREED
            for row in _outcomes(practice_id, Perspective.THERAPIST)
            if row.answer != OutcomeAnswer.NOT_DISCUSSED
        },
        client={
            s: value >= NAMED_FROM
            for s, value in marked[Perspective.CLIENT].items()
            if value >= NAMED_FROM or value <= NOT_NAMED
        },
        therapist=frozenset(named | by_mark),
        later=_later_words(practice_id),
    )


def _named_by_therapist(practice_id: str) -> set[str]:
    """Return sessions in which a therapist named a rupture; the newest entry of a session holds."""
    of_practice = {"dyad__practice_id": practice_id}
    named = NamedRupture.objects.filter(**of_practice, perspective=Perspective.THERAPIST)
    entries = RuptureEntry.objects.filter(**of_practice).order_by("pk")
    kinds = dict(entries.values_list("session_id", "kind"))
    by_hand = {pk for pk in named.values_list("session_id", flat=True) if pk not in kinds}
    return by_hand | {pk for pk, kind in kinds.items() if kind != RuptureKind.NONE}


def _later_words(practice_id: str) -> dict[str, bool]:
    """Return what clients said later about being put right: only "nothing" denies that it was.

    An answer that the therapist may not see yet is not among them, so that no count tells of it.
    """
    found = follow_ups({"dyad__practice_id": practice_id}, now=timezone.now())
    return {
        session_id: row.answer != FollowUpAnswer.NOTHING
        for session_id, rows in found.items()
        for row in rows
        if row.question == FollowUpQuestion.PUT_RIGHT
    }


def audited(practice_id: str) -> tuple[audit.RuleAudit, ...]:
    """Return what became of every rule version's signals in a practice."""
    known = known_of(practice_id)
    clients: dict[tuple[str, str], set[str]] = defaultdict(set)
    rows = SignalJudgement.objects.filter(dyad__practice_id=practice_id)
    for rule_id, version, setting, client_id in rows.values_list(
        "rule_id", "rule_version", "setting_no", "dyad__client_id"
    ):
        clients[rule_id, version_of(version, setting)].add(client_id)
    return audit.audit(
        _signals(practice_id, known),
        _named(practice_id, known),
        clients_judged={rule: len(who) for rule, who in clients.items()},
    )


def version_of(rule_version: str, setting_no: int) -> str:
    """Return a rule's version with the practice's setting, as an audit tells them apart."""
    return f"{rule_version}, setting {setting_no}" if setting_no else rule_version


def _signals(practice_id: str, known: Known) -> list[audit.PastSignal]:
    """Return every signal with its answers; also those that a newer rule does not raise again."""
    answers: dict[str, dict[str, SignalOutcome]] = defaultdict(dict)
    for chair in (Perspective.THERAPIST, Perspective.CLIENT):
        for row in _outcomes(practice_id, chair):
            answers[row.signal_id][chair] = row
    found: dict[str, tuple[str, str, str, str]] = {
        signal_id: (row.rule_id, version_of(row.rule_version, row.setting_no), row.session_id, who)
        for signal_id, said in answers.items()
        for row in list(said.values())[:1]
        for who in (row.dyad.client_id,)
    }
    rows = SignalRecord.objects.filter(dyad__practice_id=practice_id)
    for pk, rule_id, version, setting, session_id, client_id in rows.values_list(
        "pk", "rule_id", "rule_version", "setting_no", "session_id", "dyad__client_id"
    ):
        found.setdefault(pk, (rule_id, version_of(version, setting), session_id, client_id))
    return [
        audit.PastSignal(
            rule_id=rule_id,
            rule_version=version,
            session=session_id,
            client=client_id,
            answer=_answer(answers.get(pk, {}).get(Perspective.THERAPIST)),
            confirmed=_confirmed(
                answers.get(pk, {}).get(Perspective.CLIENT),
                # A rule that repeats the client's mark cannot be confirmed by the same mark.
                None if rule_id in SAID_BY_CLIENT else known.client.get(session_id),
                known.later.get(session_id),
            ),
        )
        for pk, (rule_id, version, session_id, client_id) in sorted(found.items())
    ]


def _named(practice_id: str, known: Known) -> Iterable[audit.NamedRupture]:
    judged: dict[str, set[tuple[str, str]]] = defaultdict(set)
    asked = set(
        SignalRecord.objects.filter(dyad__practice_id=practice_id).values_list(
            "session_id", "rule_id"
        )
    )
    rows = SignalJudgement.objects.filter(dyad__practice_id=practice_id)
    for session_id, rule_id, version, setting, flagged in rows.values_list(
        "session_id", "rule_id", "rule_version", "setting_no", "flagged"
    ):
        if flagged and (session_id, rule_id) not in asked:
            continue  # its question stood already: neither asked anew nor missed
        judged[session_id].add((rule_id, version_of(version, setting)))
    by_client = (session for session, yes in known.client.items() if yes)
    for session in by_client:
        # For the rule that repeats the client's mark, a mark is what it read, not a test of it.
        rules = {rule for rule in judged[session] if rule[0] not in SAID_BY_CLIENT}
        yield audit.NamedRupture(session, "client", frozenset(rules))
    agreed = {session for session, yes in known.agreed.items() if yes}
    for session in sorted(known.therapist | agreed):
        yield audit.NamedRupture(session, "therapist", frozenset(judged[session]))


def _outcomes(practice_id: str, chair: str) -> Iterable[SignalOutcome]:
    """Return the newest answer of a chair to each signal, oldest answer first."""
    rows = (
        SignalOutcome.objects.filter(dyad__practice_id=practice_id, perspective=chair)
        .select_related("dyad")
        .order_by("pk")
    )
    return {row.signal_id: row for row in rows}.values()


def _answer(row: SignalOutcome | None) -> audit.Answer | None:
    return None if row is None else audit.Answer(row.answer)


def _confirmed(
    row: SignalOutcome | None,
    marked: bool | None,  # noqa: FBT001 -- one of three
    later: bool | None,  # noqa: FBT001 -- one of three
) -> bool | None:
    """Return whether the client confirms: by an own later word, else as told, else by the mark."""
    if later is not None:
        return later
    if row is None or row.answer == OutcomeAnswer.NOT_ASKED:
        return marked
    return row.answer == OutcomeAnswer.CONFIRMED

# SPDX-License-Identifier: Apache-2.0
"""What became of past signals: how often a rule was right, what it missed, and what if.

Two people say whether a signal was about something: the therapist who was asked, and the client.
Their answers are two channels and are never merged into one number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from attunement.signals.errors import SignalError
from attunement.signals.proportion import Proportion, pooled_mean, shrunken, wilson

# Fewer clients than this, and a count could be read as one about a person.
FEWEST_CLIENTS = 10


class Answer(StrEnum):
    """What a therapist said about a signal."""

    AGREED = "agreed"  # there was a rupture, or strain that mattered
    NOT_A_RUPTURE = "not_a_rupture"
    NOT_DISCUSSED = "not_discussed"  # says nothing about whether there was one


@dataclass(frozen=True, slots=True)
class PastSignal:
    """A signal and what was said about it.

    Parameters
    ----------
    rule_id, rule_version : str
        Which rule asked.
    session, client : str
        The caller's names of the session and the person; only counted, never shown.
    answer : Answer or None
        The therapist's; None while there is none.
    confirmed : bool or None
        The client's; None where the client was not asked or did not say.
    """

    rule_id: str
    rule_version: str
    session: str
    client: str
    answer: Answer | None = None
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True)
class NamedRupture:
    """A session in which a person named a rupture or strain, without having been asked by a rule.

    ``by`` is ``"client"`` or ``"therapist"``; ``judged_by`` holds (rule id, rule version) of every
    rule that judged the session: a rule cannot miss what it could not judge.
    """

    session: str
    by: str
    judged_by: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RuleAudit:
    """One version of one rule, over everybody together.

    ``ppv`` is the share of *agreed* among the signals that were agreed to or rejected, and
    ``ppv_client`` the share that clients confirmed among those that they confirmed or denied
    (Wilson intervals). ``ppv_shrunken`` draws the first to all rules together (beta-binomial).
    ``missed_client`` and ``missed_therapist`` count judged sessions without a signal of this rule
    in which that chair named a rupture; ``named_client`` and ``named_therapist`` all judged ones.
    """

    rule_id: str
    rule_version: str
    n_signals: int
    n_clients: int
    n_clients_judged: int
    n_agreed: int
    n_not_a_rupture: int
    n_not_discussed: int
    n_unanswered: int
    ppv: Proportion
    ppv_shrunken: Proportion
    ppv_client: Proportion
    named_client: int
    missed_client: int
    named_therapist: int
    missed_therapist: int

    @property
    def enough(self) -> bool:
        """Whether the rule judged enough clients for its counts to be shown to others."""
        return self.n_clients_judged >= FEWEST_CLIENTS

    def sentence(self) -> str:
        """Return the positive predictive value in plain words."""
        known = self.ppv.n
        if self.ppv.estimate is None:
            return (
                "Nobody has said yet what became of its signals, so nothing is known about how "
                "often it was right."
            )
        return (
            f"Of {_count(known, 'signal')} with an answer, {self.ppv.k} "
            f"{'was' if self.ppv.k == 1 else 'were'} about a rupture: "
            f"{_per_cent(self.ppv.estimate)}, and with that many answers the true share may lie "
            f"anywhere from {_per_cent(self.ppv.low)} to {_per_cent(self.ppv.high)}."
            f"{self._left_out()}"
        )

    def _left_out(self) -> str:
        n = self.n_signals - self.ppv.n
        if not n:
            return ""
        return (
            f" {_count(n, 'signal')} without such an answer {'is' if n == 1 else 'are'} left out."
        )

    def missed_sentence(self, *, reads_client: bool = False) -> str:
        """Return what the rule missed in plain words, by chair.

        A rule that reads the client's own mark (``reads_client``) cannot miss what a client named,
        so nothing is counted there.
        """
        by_client = (
            "It reads the client's own mark, so what clients named is no test of what it misses."
            if reads_client
            else _missed(self.missed_client, self.named_client, "client")
        )
        return f"{by_client} {_missed(self.missed_therapist, self.named_therapist, 'therapist')}"


def audit(
    signals: Iterable[PastSignal],
    named: Iterable[NamedRupture] = (),
    *,
    clients_judged: Mapping[tuple[str, str], int] | None = None,
) -> tuple[RuleAudit, ...]:
    """Count, for each rule version, what became of its signals and what it missed.

    Parameters
    ----------
    signals : iterable of PastSignal
        Every past signal, answered or not.
    named : iterable of NamedRupture
        Ruptures that a chair named by itself. The same session named twice by one chair counts
        once.
    clients_judged : mapping, optional
        (rule id, rule version) → how many clients it judged; those with a signal by default.

    Returns
    -------
    tuple of RuleAudit
        In the order of rule id and version; never by therapist, never ranked. Rule versions
        without a signal appear when they judged a session in which a rupture was named.
    """
    by_rule: dict[tuple[str, str], list[PastSignal]] = defaultdict(list)
    for signal in signals:
        by_rule[signal.rule_id, signal.rule_version].append(signal)
    sessions_of: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(
        lambda: {"client": set(), "therapist": set()}
    )
    for one in named:
        for rule in one.judged_by:
            sessions_of[rule][_chair(one.by)].add(one.session)
    rules = sorted({*by_rule, *sessions_of})
    counts = {rule: _answered(by_rule.get(rule, [])) for rule in rules}
    together = pooled_mean(counts.values())
    return tuple(
        _of_rule(
            rule,
            by_rule.get(rule, []),
            sessions_of[rule],
            prior=together,
            n_judged=(clients_judged or {}).get(rule, 0),
        )
        for rule in rules
    )


def _of_rule(
    rule: tuple[str, str],
    signals: Sequence[PastSignal],
    named: dict[str, set[str]],
    *,
    prior: float,
    n_judged: int,
) -> RuleAudit:
    agreed, answered = _answered(signals)
    confirmed = [one.confirmed for one in signals if one.confirmed is not None]
    asked = {one.session for one in signals}
    n_clients = len({one.client for one in signals})
    return RuleAudit(
        rule_id=rule[0],
        rule_version=rule[1],
        n_signals=len(signals),
        n_clients=n_clients,
        n_clients_judged=max(n_clients, n_judged),
        n_agreed=agreed,
        n_not_a_rupture=answered - agreed,
        n_not_discussed=sum(one.answer is Answer.NOT_DISCUSSED for one in signals),
        n_unanswered=sum(one.answer is None for one in signals),
        ppv=wilson(agreed, answered),
        ppv_shrunken=shrunken(agreed, answered, mean=prior),
        ppv_client=wilson(sum(confirmed), len(confirmed)),
        named_client=len(named["client"]),
        missed_client=len(named["client"] - asked),
        named_therapist=len(named["therapist"]),
        missed_therapist=len(named["therapist"] - asked),
    )


def _answered(signals: Sequence[PastSignal]) -> tuple[int, int]:
    """Return how many were agreed to, and how many were agreed to or rejected."""
    agreed = sum(one.answer is Answer.AGREED for one in signals)
    return agreed, agreed + sum(one.answer is Answer.NOT_A_RUPTURE for one in signals)


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session that a rule judged, for looking back with another threshold.

    Parameters
    ----------
    flagged : bool
        Whether the rule, with the threshold that is tried, would ask here.
    agreed : bool or None
        The therapist's answer to a signal of any rule about this session; None = unknown.
    client : bool or None
        Whether the client named strain in this session; None where that was not asked.
    therapist : bool
        Whether the therapist named a rupture in this session without being asked.
    """

    flagged: bool
    agreed: bool | None = None
    client: bool | None = None
    therapist: bool = False


STANDING_WORDS = (
    "A question that still stands is not asked again, and its next sessions leave the count; which "
    "questions stand depends on the threshold, so the two may count different numbers of sessions."
)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another threshold would have done to the past."""

    n_sessions: int
    n_signals: int
    per_week: float
    ppv: Proportion  # by the therapists' answers, where there are any
    ppv_client: Proportion  # by the clients' own forms, where they were asked
    n_unknown: int  # signals about which nobody said anything
    named_client: int
    missed_client: int
    named_therapist: int
    missed_therapist: int

    def sentence(self) -> str:
        """Return the look back in plain words, with what is not known."""
        if not self.n_sessions:
            return "No past session could be judged, so nothing can be said about this threshold."
        parts = [
            (
                f"On {_count(self.n_sessions, 'past session')} that could be judged it would have "
                f"asked {_count(self.n_signals, 'time')}, {self.per_week:.1f} a week in the whole "
                "practice."
            )
        ]
        if self.ppv.estimate is not None:
            parts.append(
                f"Of the {self.ppv.n} whose answer is known, {self.ppv.k} "
                f"{'was' if self.ppv.k == 1 else 'were'} agreed to ({_per_cent(self.ppv.estimate)},"
                f" {_per_cent(self.ppv.low)} to {_per_cent(self.ppv.high)})."
            )
        if self.n_unknown:
            parts.append(f"About {self.n_unknown} nobody said anything: unknown, not wrong.")
        parts.append(_missed(self.missed_client, self.named_client, "client"))
        parts.append(_missed(self.missed_therapist, self.named_therapist, "therapist"))
        return " ".join(parts)


def what_if(past: Iterable[PastSession], *, weeks: float) -> WhatIf:
    """Count what a threshold would have asked, hit and missed on the past.

    Parameters
    ----------
    past : iterable of PastSession
        Every session that the rule could judge.
    weeks : float
        Weeks from the first to the last of them, above 0.

    Returns
    -------
    WhatIf
        Positive predictive values count only signals whose outcome is known. The known ones were
        mostly raised by the threshold of their day, so a looser threshold adds unknown ones.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` for weeks that are not above 0.
    """
    if not weeks > 0.0:
        raise SignalError(
            "E-SIGNAL-008",
            what="signals per week cannot be counted",
            got=f"{weeks!r} weeks",
            expected="a time above 0",
            next_step="Give the weeks that the sessions span, at least one",
        )
    sessions = list(past)
    raised = [one for one in sessions if one.flagged]
    agreed = [one.agreed for one in raised if one.agreed is not None]
    client = [one.client for one in raised if one.client is not None]
    by_client = [one for one in sessions if one.client]
    by_therapist = [one for one in sessions if one.therapist]
    return WhatIf(
        n_sessions=len(sessions),
        n_signals=len(raised),
        per_week=len(raised) / weeks,
        ppv=wilson(sum(agreed), len(agreed)),
        ppv_client=wilson(sum(client), len(client)),
        n_unknown=sum(one.agreed is None and one.client is None for one in raised),
        named_client=len(by_client),
        missed_client=sum(not one.flagged for one in by_client),
        named_therapist=len(by_therapist),
        missed_therapist=sum(not one.flagged for one in by_therapist),
    )


def _chair(by: str) -> str:
    if by not in {"client", "therapist"}:
        raise SignalError(
            "E-SIGNAL-008",
            what="a rupture was named by nobody who sits in a chair",
            got=repr(by),
            expected="'client' or 'therapist'",
            next_step="Say which of the two named it",
        )
    return by


def _missed(missed: int, named: int, chair: str) -> str:
    if not named:
        return f"No {chair} named a rupture in these sessions."
    return f"Of {_count(named, 'session')} in which a {chair} named a rupture, it missed {missed}."


def _count(n: int, one: str) -> str:
    return f"{n} {one}" if n == 1 else f"{n} {one}s"


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"

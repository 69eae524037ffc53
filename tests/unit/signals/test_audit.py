# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from attunement.signals.audit import (
    FEWEST_CLIENTS,
    Answer,
    NamedRupture,
    PastSession,
    PastSignal,
    audit,
    what_if,
)
from attunement.signals.errors import SignalError

YES, NO, NOT = Answer.AGREED, Answer.NOT_A_RUPTURE, Answer.NOT_DISCUSSED


def signal(
    session: str, answer: Answer | None = None, *, rule: str = "a", confirmed: bool | None = None
) -> PastSignal:
    return PastSignal(rule, "1", session, f"client of {session}", answer, confirmed)


def test_counts_keep_what_is_unknown_apart() -> None:
    found = audit(
        [
            signal("s1", YES, confirmed=True),
            signal("s2", YES, confirmed=False),
            signal("s3", YES),
            signal("s4", NO),
            signal("s5", NOT),
            signal("s6"),
        ]
    )
    (only,) = found
    assert (only.n_signals, only.n_clients) == (6, 6)
    assert (only.n_agreed, only.n_not_a_rupture) == (3, 1)
    assert (only.n_not_discussed, only.n_unanswered) == (1, 1)
    # 3 of the 4 with an answer; Wilson by prop.test(3, 4, correct=FALSE): .3006418 to .9544127.
    assert only.ppv.estimate == 0.75
    assert (only.ppv.low, only.ppv.high) == pytest.approx((0.3006418, 0.9544127), abs=5e-7)
    assert (only.ppv_client.k, only.ppv_client.n) == (1, 2)
    # Prior mean of all rules: (3 + 5) / (4 + 10) = 4/7; posterior (3 + 10 · 4/7) / 14.
    assert only.ppv_shrunken.estimate == pytest.approx((3 + 40 / 7) / 14)


def test_versions_of_a_rule_are_counted_apart_and_in_the_order_of_their_names() -> None:
    signals = [
        PastSignal("b", "1", "s1", "c1", YES),
        PastSignal("a", "2", "s2", "c2", NO),
        PastSignal("a", "1", "s3", "c3", YES),
    ]
    found = audit(signals)
    assert [(one.rule_id, one.rule_version) for one in found] == [
        ("a", "1"), ("a", "2"), ("b", "1"),
    ]  # fmt: skip
    assert [one.ppv.k for one in found] == [1, 0, 1]
    # A share of nothing right is drawn towards all three rules together, 7/13.
    assert 0.0 < (found[1].ppv_shrunken.estimate or 0.0) < 7 / 13


def test_a_rule_misses_only_what_it_judged() -> None:
    a, b = ("a", "1"), ("b", "1")
    named = [
        NamedRupture("s1", "client", frozenset({a, b})),  # a asked here
        NamedRupture("s2", "client", frozenset({a})),  # missed by a
        NamedRupture("s2", "client", frozenset({a})),  # the same, said twice
        NamedRupture("s3", "therapist", frozenset({a, b})),  # missed by both
        NamedRupture("s4", "therapist", frozenset()),  # nobody judged it
    ]
    of_a, of_b = audit([signal("s1", YES)], named)
    assert (of_a.named_client, of_a.missed_client) == (2, 1)
    assert (of_a.named_therapist, of_a.missed_therapist) == (1, 1)
    assert (of_b.rule_id, of_b.n_signals) == ("b", 0)
    assert (of_b.named_client, of_b.missed_client) == (1, 1)
    assert of_a.missed_sentence() == (
        "Of 2 sessions in which a client named a rupture, it missed 1. "
        "Of 1 session in which a therapist named a rupture, it missed 1."
    )


def test_a_rule_that_reads_the_clients_mark_does_not_say_that_no_client_named_one() -> None:
    named = [NamedRupture("s3", "therapist", frozenset({("a", "1")}))]
    (found,) = audit([signal("s1", YES)], named)
    said = found.missed_sentence(reads_client=True)
    assert "No client named" not in said
    assert said.startswith("It reads the client's own mark")
    assert said.endswith("Of 1 session in which a therapist named a rupture, it missed 1.")


def test_sentence_gives_the_share_its_interval_and_what_does_not_count() -> None:
    (only,) = audit([signal("s1", YES), signal("s2", NO), signal("s3")])
    # prop.test(1, 2, correct = FALSE): .0945 to .9055
    assert only.sentence() == (
        "Of 2 signals with an answer, 1 was about a rupture: 50 %, and with that many answers the "
        "true share may lie anywhere from 9 % to 91 %. 1 signal without such an answer is left "
        "out."
    )
    (none,) = audit([signal("s1")])
    assert none.sentence().startswith("Nobody has said yet")
    assert none.ppv.estimate is None


def test_few_clients_are_not_enough_however_many_signals() -> None:
    one_person = [PastSignal("a", "1", f"s{n}", "c1", YES) for n in range(50)]
    assert not audit(one_person)[0].enough
    many = [PastSignal("a", "1", f"s{n}", f"c{n}", YES) for n in range(FEWEST_CLIENTS)]
    assert audit(many)[0].enough
    # One person with signals among ten that the rule judged: the counts are over ten.
    among_ten = audit(one_person, clients_judged={("a", "1"): FEWEST_CLIENTS})
    assert among_ten[0].enough
    assert (among_ten[0].n_clients, among_ten[0].n_clients_judged) == (1, 10)


def test_nothing_gives_nothing() -> None:
    assert audit([]) == ()


def test_only_a_chair_can_name_a_rupture() -> None:
    with pytest.raises(SignalError) as refusal:
        audit([], [NamedRupture("s1", "observer", frozenset({("a", "1")}))])
    assert refusal.value.code == "E-SIGNAL-008"


def test_what_if_counts_signals_hits_misses_and_the_unknown() -> None:
    past = [
        PastSession(flagged=True, agreed=True, client=True),
        PastSession(flagged=True, agreed=False, client=False),
        PastSession(flagged=True),  # unknown
        PastSession(flagged=False, client=True),  # the client named it: missed
        PastSession(flagged=False, agreed=True, therapist=True),  # missed
        PastSession(flagged=False),
    ]
    found = what_if(past, weeks=2)
    assert (found.n_sessions, found.n_signals, found.per_week) == (6, 3, 1.5)
    assert (found.ppv.k, found.ppv.n, found.n_unknown) == (1, 2, 1)
    assert (found.named_client, found.missed_client) == (2, 1)
    assert (found.named_therapist, found.missed_therapist) == (1, 1)
    assert "unknown, not wrong" in found.sentence()


def test_what_if_of_nothing_says_that_nothing_can_be_said() -> None:
    found = what_if([], weeks=1)
    assert (found.n_signals, found.per_week) == (0, 0.0)
    assert "nothing can be said" in found.sentence()


@pytest.mark.parametrize("weeks", [0.0, -1.0, float("nan")])
def test_weeks_that_cannot_be_are_refused(weeks: float) -> None:
    with pytest.raises(SignalError):
        what_if([], weeks=weeks)

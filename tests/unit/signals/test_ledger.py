# SPDX-License-Identifier: Apache-2.0
"""Ruptures read off four channels, each course worked by hand; sessions are a week apart."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from attunement.signals.ledger import Marks, Rupture, State, Word, ruptures


def _at(session_no: int, **what: Any) -> Marks:
    if "word_at" in what:
        what["word_day"] = 7 * what["word_at"]
    return Marks(session_no=session_no, day=7 * session_no, **what)


def _one(*marks: Marks) -> Rupture:
    found = ruptures(marks)
    assert len(found) == 1
    return found[0]


def test_a_dip_alone_names_nothing() -> None:
    assert ruptures([_at(5, dips=("house",)), _at(6, client_strain=1.0)]) == ()


def test_a_rupture_that_the_client_names_and_later_confirms() -> None:
    found = _one(
        _at(4, client_strain=0.0),
        _at(5, client_strain=4.0, client_repair=1.0, word=Word.YES, word_at=7),
        _at(6, client_strain=0.0),
        _at(7, client_strain=0.0),
    )
    assert (found.first, found.last, found.state) == (5, 5, State.CONFIRMED)
    assert (found.by_client, found.by_therapist) == (True, False)
    assert (found.to_repair, found.days_to_repair) == (2, 14)
    assert found.to_repair_therapist is None


def test_put_right_in_the_same_session_takes_no_time() -> None:
    found = _one(_at(5, client_strain=3.0, client_repair=3.0))
    assert (found.state, found.to_repair, found.days_to_repair) == (State.CONFIRMED, 0, 0)


def test_the_therapists_account_leaves_it_unconfirmed() -> None:
    found = _one(_at(5, therapist_named=True, therapist_right=1.0), _at(6, therapist_right=3.0))
    assert found.state is State.PUT_RIGHT_UNCONFIRMED
    assert found.unconfirmed
    assert (found.to_repair, found.to_repair_therapist, found.days_to_repair_therapist) == (
        None,
        1,
        7,
    )
    assert not found.asked


def test_the_clients_no_outweighs_the_therapists_account() -> None:
    said = _at(5, therapist_named=True, therapist_right=4.0, word=Word.NO, word_at=6)
    found = _one(said, _at(6))
    assert found.state is State.OPEN
    assert found.asked


def test_what_is_named_while_one_is_open_belongs_to_it() -> None:
    found = _one(_at(5, client_strain=4.0), _at(6, therapist_named=True), _at(7, client_strain=2.0))
    assert (found.first, found.last, found.by_client, found.by_therapist) == (5, 7, True, True)


def test_what_is_named_after_the_clients_yes_is_a_new_one() -> None:
    first, second = ruptures(
        [
            _at(5, client_strain=4.0, word=Word.YES, word_at=6),
            _at(6, client_strain=2.0),
        ]
    )
    assert (first.first, first.state, first.to_repair) == (5, State.CONFIRMED, 1)
    assert (second.first, second.state) == (6, State.OPEN)


def test_nothing_had_gone_wrong_is_the_clients_word_too() -> None:
    found = _one(_at(5, therapist_named=True, word=Word.NOTHING, word_at=6), _at(6))
    assert (found.state, found.to_repair) == (State.NOT_SO, None)


def test_a_no_about_the_later_session_keeps_it_open() -> None:
    found = _one(
        _at(5, client_strain=4.0, word=Word.YES, word_at=7),
        _at(6, client_strain=3.0, word=Word.NO, word_at=7),
        _at(7),
    )
    assert found.state is State.OPEN


marks_strategy = st.lists(
    st.fixed_dictionaries(
        {
            "client_strain": st.sampled_from([None, 0.0, 1.0, 2.0, 6.0]),
            "client_repair": st.sampled_from([None, 0.0, 2.0, 3.0, 4.0]),
            "therapist_named": st.booleans(),
            "therapist_right": st.sampled_from([None, 0.0, 3.0, 4.0]),
            "dips": st.sampled_from([(), ("house",)]),
            "word": st.sampled_from([None, *Word]),
        }
    ),
    max_size=9,
)


def _marks(rows: list[dict[str, Any]]) -> list[Marks]:
    made = []
    for at, row in enumerate(rows, start=1):
        later = {"word_at": at + 1} if row["word"] is not None else {}
        made.append(_at(at, **row, **later))
    return made


@given(marks_strategy)
def test_every_named_session_lies_in_exactly_one_rupture(rows: list[dict[str, Any]]) -> None:
    marks = _marks(rows)
    found = ruptures(marks)
    for one in marks:
        around = [r for r in found if r.first <= one.session_no <= r.last]
        assert len(around) == 1 if one.named else len(around) <= 1
    assert [r.first for r in found] == sorted(r.first for r in found)


@given(marks_strategy)
def test_confirmed_is_only_what_the_client_said(rows: list[dict[str, Any]]) -> None:
    silent = [row | {"client_repair": None, "word": None} for row in rows]
    assert all(r.state is not State.CONFIRMED for r in ruptures(_marks(silent)))
    assert all(r.to_repair is None for r in ruptures(_marks(silent)))


@given(marks_strategy)
def test_dips_change_nothing(rows: list[dict[str, Any]]) -> None:
    without = [row | {"dips": ()} for row in rows]
    assert ruptures(_marks(rows)) == ruptures(_marks(without))


@given(marks_strategy)
def test_times_to_repair_are_never_negative(rows: list[dict[str, Any]]) -> None:
    for one in ruptures(_marks(rows)):
        assert one.to_repair is None or one.to_repair >= 0
        assert one.to_repair_therapist is None or one.to_repair_therapist >= 0

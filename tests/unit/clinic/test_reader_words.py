# SPDX-License-Identifier: Apache-2.0
"""Who looked at a record: every act of a person on it has words of its own."""

from __future__ import annotations

import pytest

from attunement.clinic.access.policy import RULES, Action, ActorRole, Relation
from attunement.clinic.services.readers import in_words

ON_A_RECORD = sorted(
    action
    for (action, relation), roles in RULES.items()
    if relation in {Relation.OWN, Relation.CARE_TEAM, Relation.SUPERVISION, Relation.BREAK_GLASS}
    and set(roles) & {ActorRole.THERAPIST, ActorRole.SUPERVISOR, ActorRole.LEAD}
)


@pytest.mark.parametrize("action", ON_A_RECORD)
def test_an_act_on_a_record_is_named(action: Action) -> None:
    assert in_words(action) != in_words("an act that nobody knows")


def test_no_two_acts_read_alike() -> None:
    words = [in_words(action) for action in set(ON_A_RECORD)]
    assert len(words) == len(set(words))

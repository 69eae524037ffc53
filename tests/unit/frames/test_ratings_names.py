# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from attunement.frames.ratings_names import families


def _told(*names: str) -> dict[str, tuple[tuple[str, int | None, str], ...]]:
    return {family.stem: family.members for family in families(names)}


def test_occasions_share_a_stem() -> None:
    assert _told("id", "bdi_s0", "bdi_s1", "bdi_fu1", "bdi_fu2") == {
        "bdi_s": (("bdi_s0", 0, ""), ("bdi_s1", 1, "")),
        "bdi_fu": (("bdi_fu1", 1, ""), ("bdi_fu2", 2, "")),
    }


def test_chairs_are_read_where_both_are_there() -> None:
    assert _told("wai_c", "wai_t") == {
        "wai": (("wai_c", None, "client"), ("wai_t", None, "therapist"))
    }


def test_t_is_time_where_no_client_column_stands_beside_it() -> None:
    assert _told("bdi_t1", "bdi_t2") == {"bdi_t": (("bdi_t1", 1, ""), ("bdi_t2", 2, ""))}


def test_chair_and_occasion_together() -> None:
    (family,) = families(["client_3", "therapist_3", "client_4", "therapist_4"])
    assert family.occasions == 2
    assert family.chairs == ("client", "therapist")
    assert family.members[1] == ("therapist_3", 3, "therapist")


def test_occasion_before_the_chair_and_a_zero_in_the_name() -> None:
    (family,) = families(["s10_client", "s10_therapist", "s20_client", "s20_therapist"])
    assert [member[1] for member in family.members] == [10, 10, 20, 20]


def test_single_columns_are_no_family() -> None:
    assert families(["age", "phq9", "score"]) == ()


def test_word_names_a_family_up_to_a_break() -> None:
    family = next(f for f in families(["bdi_s0", "bdi_s1"]))
    assert family.answers_to("bdi")
    assert family.answers_to("BDI_S")
    assert not family.answers_to("bd")

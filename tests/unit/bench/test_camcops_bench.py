# SPDX-License-Identifier: Apache-2.0
"""The bench beside CamCOPS, as far as it needs no CamCOPS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench.clinic import camcops
from bench.clinic.camcops_server import Camcops
from bench.clinic.tablet import Tablet, literal, read_reply, rows

WHEN = "2026-11-22T10:00:00.000+00:00"
ANSWERS = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]


def _tablet(**more: bool) -> Tablet:
    return Tablet("bench-1", "bench", "a password", **more)


def test_literal_as_sql_writes_it() -> None:
    said = [literal(one) for one in ("O'Hara", "a\nb", "c\\d", 3, 1.5, None)]
    assert said == ["'O''Hara'", "'a\\nb'", "'c\\\\d'", "3", "1.5", "NULL"]


def test_upload_logs_in_and_carries_patient_number_and_form() -> None:
    fields = _tablet().upload(7, ANSWERS, WHEN)
    assert fields["operation"] == "upload_entire_database"
    assert (fields["device"], fields["user"], fields["password"]) == (
        "bench-1",
        "bench",
        "a password",
    )
    assert fields["finalizing"] == "1"
    assert _tablet().upload(7, ANSWERS, WHEN, finalizes=False)["finalizing"] == "0"
    assert "session_id" not in fields
    tables = json.loads(fields["dbdata"])
    assert json.loads(fields["pknameinfo"]) == dict.fromkeys(tables, "id")
    assert {name: len(found) for name, found in tables.items()} == {
        "patient": 1,
        "patient_idnum": 1,
        "phq9": 1,
    }
    form = tables["phq9"][0]
    assert [form[f"q{n}"] for n in range(1, 11)] == [str(one) for one in ANSWERS]
    assert form["patient_id"] == tables["patient"][0]["id"] == "7"
    assert form["when_created"] == f"'{WHEN}'"


def test_rows_of_a_form_with_an_item_too_few() -> None:
    with pytest.raises(ValueError, match="10 items, not 9"):
        rows(1, ANSWERS[:9], WHEN)


def test_reply_is_read_by_lines_and_values_keep_their_colons() -> None:
    reply = read_reply(b"success:0\nerror:No such ID number type: 9\nnothing\n")
    assert reply == {"success": "0", "error": "No such ID number type: 9"}


@pytest.mark.parametrize(
    ("keeps", "session"), [(False, {}), (True, {"session_id": "4", "session_token": "t"})]
)
def test_log_in_is_kept_only_where_asked(*, keeps: bool, session: dict[str, str]) -> None:
    tablet = _tablet(keeps=keeps)
    assert tablet.heard({"success": "1", "session_id": "4", "session_token": "t"})
    assert tablet.session == session
    assert not tablet.heard({"success": "0", "session_id": "None", "session_token": "None"})
    assert tablet.session == session
    assert tablet.register().items() >= session.items()


def test_check_tells_lost_doubled_and_half_forms() -> None:
    sent = {"1": ANSWERS, "2": ANSWERS}
    one = [1, 1, 1, 1, 1, *ANSWERS]
    two = [2, 1, 1, 1, 1, *ANSWERS]
    said = camcops.check(sent, ["1"], [one, two])
    assert "1 confirmed, 0 lost, 0 doubled, 0 not whole; 1 there that were not confirmed" in said
    for rows_, what in (
        ([one], "1 lost"),
        ([one, one, two], "1 doubled"),
        ([one, [2, 1, 1, 0, 1, *ANSWERS]], "1 not whole"),
        ([one, [*two[:-1], None]], "1 not whole"),
    ):
        with pytest.raises(SystemExit, match=what):
            camcops.check(sent, ["1", "2"], rows_)


@pytest.mark.parametrize("named", [False, True])
def test_without_camcops_it_says_how_to_have_it(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    named: bool,
) -> None:
    monkeypatch.delenv("CAMCOPS_SERVER", raising=False)
    monkeypatch.delenv("CAMCOPS_CONFIG_FILE", raising=False)
    missing = ["--camcops", str(tmp_path / "no"), "--config", str(tmp_path / "none")]
    assert camcops.main(missing if named else []) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "install camcops_server" in said.err


def test_a_run_has_its_own_copy_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "camcops.conf"
    text = (
        "[site]\nDB_URL = a%20url\n[server]\nHOST = 0.0.0.0\nPORT = 8000\nGUNICORN_TIMEOUT_S = 9\n"
    )
    config.write_text(text, encoding="utf-8")
    it = Camcops(tmp_path / "camcops_server", config, "a%20url")
    said = it.settled(tmp_path, 4321, 2).read_text(encoding="utf-8")
    for line in (
        "DB_URL = a%20url",
        "HOST = 127.0.0.1",
        "PORT = 4321",
        "GUNICORN_NUM_WORKERS = 2",
        "GUNICORN_TIMEOUT_S = 9",
    ):
        assert line in said.splitlines()
    assert config.read_text(encoding="utf-8") == text
    assert "GUNICORN_NUM_WORKERS" not in it.settled(tmp_path, 4322, 0).read_text(encoding="utf-8")

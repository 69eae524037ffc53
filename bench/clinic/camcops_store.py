# SPDX-License-Identifier: Apache-2.0
"""Asks CamCOPS' database; run by CamCOPS' own Python, which has SQLAlchemy and the driver.

One JSON document comes in, one goes out. Of CamCOPS nothing is imported.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def prepare(connection: Any, text: Any, asked: dict[str, str]) -> dict[str, Any]:
    """Make a group for the run; let the run's user upload to it and register tablets, no more."""
    policy = "sex AND forename AND surname AND dob AND idnum1"
    run = connection.execute
    run(
        text(
            "INSERT INTO _security_groups (name, description, upload_policy, finalize_policy) "
            "VALUES (:name, 'a benchmark', :policy, :policy)"
        ),
        {"name": asked["name"], "policy": policy},
    )
    if not run(text("SELECT count(*) FROM _idnum_definitions WHERE which_idnum = 1")).scalar():
        run(
            text(
                "INSERT INTO _idnum_definitions (which_idnum, description, short_description) "
                "VALUES (1, 'Number of a benchmark', 'Benchmark')"
            )
        )
    run(
        text(
            "UPDATE _security_users SET superuser = 0, must_change_password = 0, upload_group_id = "
            "(SELECT id FROM _security_groups WHERE name = :name) WHERE username = :name"
        ),
        {"name": asked["name"]},
    )
    run(
        text(
            "INSERT INTO _security_user_group "
            "(user_id, group_id, may_upload, may_register_devices) "
            "SELECT id, upload_group_id, 1, 1 FROM _security_users WHERE username = :name"
        ),
        {"name": asked["name"]},
    )
    return {"made": asked["name"]}


def found(connection: Any, text: Any, asked: dict[str, str]) -> dict[str, Any]:
    """Return each form of the run's group: its number, its answers, and what belongs to it."""
    answers = ", ".join(f"f.q{place}" for place in range(1, 11))
    same = "_device_id = f._device_id AND {0}._era = f._era"
    rows = connection.execute(
        text(
            f"SELECT f.id, f._era <> 'NOW', "
            f"(SELECT count(*) FROM patient p WHERE p.id = f.patient_id AND "
            f"p.{same.format('p')}), "
            f"(SELECT count(*) FROM patient_idnum n WHERE n.patient_id = f.patient_id AND "
            f"n.{same.format('n')}), "
            f"(SELECT count(*) FROM _task_index t WHERE t.task_table_name = 'phq9' "
            f"AND t.task_pk = f._pk AND t.task_is_complete), {answers} "
            f"FROM phq9 f JOIN _security_groups g ON g.id = f._group_id WHERE g.name = :name"
        ),
        {"name": asked["name"]},
    )
    return {"rows": [[None if one is None else int(one) for one in row] for row in rows]}


def main() -> None:
    from sqlalchemy import create_engine, text  # noqa: PLC0415 -- CamCOPS' Python has it, ours not

    asked = json.load(sys.stdin)
    do = {"prepare": prepare, "found": found}[asked["do"]]
    with create_engine(asked["url"]).begin() as connection:
        print(json.dumps(do(connection, text, asked)))


if __name__ == "__main__":
    main()

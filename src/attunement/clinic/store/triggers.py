# SPDX-License-Identifier: Apache-2.0
"""Triggers that keep written rows as they are, whatever program connects to the database."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Tables in the order of the migrations that make them: each migration names its own.
ANSWER_TABLES = (
    "clinic_response",
    "clinic_answer",
    "clinic_prediction",
    "clinic_auditevent",
)
SIGNAL_TABLES = (
    "clinic_therapistbudget",
    "clinic_rulesetting",
    "clinic_learnedmodel",
    "clinic_signaloutcome",
    "clinic_namedrupture",
    "clinic_signalshown",
)
CAPTURE_TABLES = (
    "clinic_askingschedule",
    "clinic_questionasked",
    "clinic_openedform",
    "clinic_privatemessage",
    "clinic_messagetaken",
    "clinic_reminderattempt",
    "clinic_paperbatch",
    "clinic_paperform",
    "clinic_paperentry",
    "clinic_enteredtotal",
)
LOOP_TABLES = (
    "clinic_agreedchange",
    "clinic_conversationintent",
    "clinic_looktogether",
    "clinic_followup",
    "clinic_ruptureentry",
)
RISK_TABLES = (
    "clinic_riskalert",
    "clinic_riskact",
)
VISIBILITY_TABLES = (
    "clinic_answerwish",
    "clinic_episodevisibility",
    "clinic_visibilitychange",
    "clinic_wideningrequest",
    "clinic_wideninganswer",
    "clinic_supervisorquestion",
)
KEY_TABLES = ("clinic_erasure",)
CORRECTION_TABLES = (
    "clinic_papercorrection",
    "clinic_correctedanswer",
)
APPEND_ONLY_TABLES = (
    ANSWER_TABLES
    + SIGNAL_TABLES
    + RISK_TABLES
    + VISIBILITY_TABLES
    + CAPTURE_TABLES
    + LOOP_TABLES
    + KEY_TABLES
    + CORRECTION_TABLES
)
_FUNCTION = "clinic_refuse_change"


def trigger_names(vendor: str) -> tuple[str, ...]:
    """Return the names of the triggers that ``vendor``'s database must hold."""
    ends = ("no_update", "no_delete") if vendor == "sqlite" else ("no_change", "no_truncate")
    return tuple(f"{table}_{end}" for table in APPEND_ONLY_TABLES for end in ends)


def statements(
    vendor: str, *, create: bool, tables: Sequence[str] = APPEND_ONLY_TABLES
) -> tuple[str, ...]:
    """Return the SQL that creates, or removes, the triggers of some tables on ``vendor``."""
    if vendor == "sqlite":
        return _sqlite(tables, create=create)
    if vendor == "postgresql":
        return _postgresql(tables, create=create)
    message = f"no append-only triggers are written for {vendor}"
    raise ValueError(message)


def _sqlite(tables: Sequence[str], *, create: bool) -> tuple[str, ...]:
    made: list[str] = []
    for table in tables:
        for verb in ("update", "delete"):
            name = f"{table}_no_{verb}"
            if create:
                made.append(
                    f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            else:
                made.append(f"DROP TRIGGER IF EXISTS {name}")
    return tuple(made)


def _postgresql(tables: Sequence[str], *, create: bool) -> tuple[str, ...]:
    made: list[str] = []
    if create:
        made.append(
            f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
            "USING ERRCODE = 'restrict_violation'; END $$"
        )
    for table in tables:
        row, whole = f"{table}_no_change", f"{table}_no_truncate"
        if create:
            made.append(
                f"CREATE TRIGGER {row} BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()"
            )
            made.append(
                f"CREATE TRIGGER {whole} BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
            )
        else:
            made.append(f"DROP TRIGGER IF EXISTS {row} ON {table}")
            made.append(f"DROP TRIGGER IF EXISTS {whole} ON {table}")
    if not create and set(ANSWER_TABLES) <= set(tables):  # the first to come is the last to go
        made.append(f"DROP FUNCTION IF EXISTS {_FUNCTION}()")
    return tuple(made)


def create_triggers(schema_editor: BaseDatabaseSchemaEditor, tables: Sequence[str]) -> None:
    """Create the triggers of some tables on the database of ``schema_editor``."""
    for statement in statements(schema_editor.connection.vendor, create=True, tables=tables):
        schema_editor.execute(statement, params=None)


def drop_triggers(schema_editor: BaseDatabaseSchemaEditor, tables: Sequence[str]) -> None:
    """Remove the triggers: for a migration backwards, never for daily use."""
    for statement in statements(schema_editor.connection.vendor, create=False, tables=tables):
        schema_editor.execute(statement, params=None)

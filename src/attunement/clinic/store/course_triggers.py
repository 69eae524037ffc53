# SPDX-License-Identifier: Apache-2.0
"""Triggers that drop a kept course when a row changes that it was made from.

Kept courses are copies (``services/kept_course.py``). That no service has to remember them, the
store drops them itself. Rows about one response do so only where the therapist has answered that
session too: before, nothing of it is in the copy, and nobody may notice that it is there.
"""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_FUNCTION = "clinic_drop_kept_course"
_SESSION = "dyad_id = {row}.dyad_id AND upto >= {row}.session_no"
_ASSIGNMENT = (
    "dyad_id = (SELECT s.dyad_id FROM clinic_session s WHERE s.id = {row}.session_id) "
    "AND upto >= (SELECT s.session_no FROM clinic_session s WHERE s.id = {row}.session_id) "
    "AND {row}.moment = 'after'"
)
_OF_RESPONSE = (
    "FROM clinic_response r JOIN clinic_session s ON s.id = r.session_id "
    "WHERE r.id = {row}.response_id AND EXISTS (SELECT 1 FROM clinic_response t "
    "WHERE t.session_id = s.id AND t.perspective = 'therapist')"
)
_RESPONSE = (
    f"dyad_id = (SELECT s.dyad_id {_OF_RESPONSE}) AND upto >= (SELECT s.session_no {_OF_RESPONSE})"
)
# By table: which changes, and which kept courses each of them touches.
_WATCHED: dict[str, tuple[tuple[str, ...], str]] = {
    "clinic_session": (("insert", "update", "delete"), _SESSION),
    "clinic_assignment": (("insert", "update", "delete"), _ASSIGNMENT),
    "clinic_score": (("update", "delete"), _RESPONSE),
    "clinic_visibilitychange": (("insert",), _RESPONSE),
    "clinic_papercorrection": (("insert",), _RESPONSE),
}
_ROWS = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}
TABLES = tuple(_WATCHED)


def names() -> tuple[str, ...]:
    """Return the names of the triggers that a database must hold."""
    return tuple(
        f"{table}_{verb}_course" for table, (verbs, _) in _WATCHED.items() for verb in verbs
    )


def statements(vendor: str, *, create: bool) -> tuple[str, ...]:
    """Return the SQL that creates, or removes, the triggers on ``vendor``."""
    made: list[str] = []
    for table, (verbs, _) in _WATCHED.items():
        for verb in verbs:
            name = f"{table}_{verb}_course"
            if vendor == "sqlite":
                body = f"AFTER {verb.upper()} ON {table} BEGIN {_drops(table, verb)} END"
                made.append(
                    f"CREATE TRIGGER {name} {body}" if create else f"DROP TRIGGER IF EXISTS {name}"
                )
                continue
            function = f"{_FUNCTION}_{table.removeprefix('clinic_')}_{verb}"
            if create:
                body = f"$$ BEGIN {_drops(table, verb)} RETURN NULL; END $$"
                made.append(
                    f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {body}"
                )
                made.append(
                    f"CREATE TRIGGER {name} AFTER {verb.upper()} ON {table} "
                    f"FOR EACH ROW EXECUTE FUNCTION {function}()"
                )
            else:
                made.append(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                made.append(f"DROP FUNCTION IF EXISTS {function}()")
    return tuple(made)


def _drops(table: str, verb: str) -> str:
    touched = _WATCHED[table][1]
    return " ".join(
        f"DELETE FROM clinic_keptcourse WHERE {touched.format(row=row)};"  # noqa: S608 -- our own
        for row in _ROWS[verb]
    )


def create_course_triggers(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers on the database of ``schema_editor``."""
    for statement in statements(schema_editor.connection.vendor, create=True):
        schema_editor.execute(statement, params=None)


def drop_course_triggers(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Remove the triggers: for migrations that alter one of the tables."""
    for statement in statements(schema_editor.connection.vendor, create=False):
        schema_editor.execute(statement, params=None)

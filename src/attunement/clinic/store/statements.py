# SPDX-License-Identifier: Apache-2.0
"""Statements that are built once: Django's own queries, whose text is kept between two uses.

Building a query takes Django some ten times as long as SQLite takes to answer it. What is asked
with every form is therefore built once, before the first form comes; later only its values are put
in. The same queries, the same rows, on both stores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models import AutoField, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql import UpdateQuery

from attunement.clinic.store.ahead import NOTES

_Row = TypeVar("_Row", bound=Model)
_KEPT: dict[tuple[str, Any], Any] = {}  # texts alone: every connection asks the same
_DECLARED: list[Any] = []
_MOST = 200  # rows of one INSERT; more go Django's way
_UNLIKELY = 32_761  # a number that every column of numbers holds, and no query of ours names
# Of these Django gives the store what it was given.
_PLAIN: dict[str, type] = {
    "BooleanField": bool,
    "CharField": str,
    "FloatField": float,
    "PositiveIntegerField": int,
    "PositiveSmallIntegerField": int,
    "TextField": str,
}
_DJANGOS = {models.CharField.__module__}  # a field of our own may do more
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model in one statement, in the caller's transaction.

    As ``bulk_create``, with two differences: a number that the store gives is not read back, and
    constraints that are broken take the caller's transaction with them.
    """
    if not rows:
        return
    model = type(rows[0])
    if len(rows) > _MOST:
        model._default_manager.bulk_create(rows)  # noqa: SLF001 -- documented
        return
    fields, one, text = _kept(("insert", model), lambda: _insert_of(model))
    values: list[Any] = []
    for row in rows:
        held = vars(row)
        for field, name, plain in fields:
            value = held[name]
            if type(value) is not plain and (value is not None or plain is None):
                value = field.get_db_prep_save(field.pre_save(row, add=True), connection)
            values.append(value)
    with transaction.mark_for_rollback_on_error():
        run(text + ", ".join([one] * len(rows)), values)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 -- as Django does


def run(text: str, values: Sequence[Any]) -> tuple[list[Any], int]:
    """Ask the store a statement with ``%s`` for each value; return its rows, and how many changed.

    On SQLite without Django's cursors, where nobody listens to them: they take as long as most of
    these statements do.
    """
    asked: Any = connections[DEFAULT_DB_ALIAS]
    plainly = getattr(asked, "ask", None)
    ahead = NOTES.get()
    found: tuple[list[Any], int]
    if ahead is not None:
        found = ahead.run(asked.ask, _with_question_marks(text), values)
        return found
    if plainly is not None and not (asked.execute_wrappers or asked.queries_logged):
        found = plainly(_with_question_marks(text), values)
        return found
    with asked.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchall() if cursor.description else [], cursor.rowcount


@lru_cache(maxsize=1024)
def _with_question_marks(text: str) -> str:
    return text.replace("%s", "?")


def _insert_of(model: type[Model]) -> tuple[list[tuple[Any, str, type | None]], str, str]:
    meta, quote = model._meta, connection.ops.quote_name  # noqa: SLF001 -- documented
    fields = [field for field in meta.concrete_fields if not isinstance(field, AutoField)]
    names = ", ".join(quote(str(field.column)) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    text = f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES "  # noqa: S608 -- names of our own
    return [(field, field.attname, _plain(field)) for field in fields], one, text


def _plain(field: Any) -> type | None:
    """Return the kind of value that a field gives to the store as it is, None for any other."""
    while field.remote_field is not None:
        field = field.target_field
    return _PLAIN.get(field.get_internal_type()) if type(field).__module__ in _DJANGOS else None


@dataclass(slots=True)
class _Built:
    """A query as the store is asked it, and how its rows become objects."""

    text: str
    values: list[Any]
    places: list[tuple[int, int]]  # in ``values``, and which of the caller's goes there
    converters: list[tuple[int, list[Any], Any]]
    make: Callable[[Any], Any]


class Prepared(Generic[_Row]):
    """A query with places for values.

    Parameters
    ----------
    build : callable
        Takes one value for each of ``kinds`` and returns the query set. A value may only be
        compared with: its kind is known, the value is not.
    kinds : type
        ``str``, ``int``, ``datetime`` or ``UUID`` for each place.
    """

    def __init__(self, build: Callable[..., QuerySet[_Row, Any]], *kinds: type) -> None:
        self._build, self._kinds = build, kinds
        _DECLARED.append(self)

    def warm(self) -> None:
        """Build the query if nobody asked it yet."""
        _kept(self, self._built)

    def all(self, *values: object) -> list[Any]:
        """Return what the query finds with these values: rows of the model, or tuples."""
        built = _kept(self, self._built)
        given = list(built.values)
        for place, which in built.places:
            given[place] = _adapted(values[which])
        rows, _ = run(built.text, given)
        if built.converters:
            known = connections[DEFAULT_DB_ALIAS]
            rows = [_converted(row, built.converters, known) for row in rows]
        return [built.make(row) for row in rows]

    def first(self, *values: object) -> Any:
        """Return the first that the query finds with these values, or None."""
        found = self.all(*values)
        return found[0] if found else None

    def _built(self) -> _Built:
        marks = [_mark(kind, number) for number, kind in enumerate(self._kinds)]
        query = self._build(*marks)
        compiler = query.query.get_compiler(connection=connection)
        text, found = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select]
        converters = [
            (at, convs, expression)
            for at, (convs, expression) in compiler.get_converters(columns).items()
        ]
        return _Built(text, list(found), _places(found, marks), converters, _maker(query, compiler))


class PreparedUpdate:
    """An update of one column of the rows that a query finds.

    Parameters
    ----------
    build : callable
        As for ``Prepared``.
    field : str
        The column's field, which takes a moment.
    kinds : type
        As for ``Prepared``, of the query's values.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], field: str, *kinds: type) -> None:
        self._build, self._field, self._kinds = build, field, kinds
        _DECLARED.append(self)

    def warm(self) -> None:
        """Build the statement if nobody asked it yet."""
        _kept(self, self._built)

    def run(self, moment: datetime, *values: object) -> int:
        """Write the moment to the rows that are found with these values; return how many."""
        text, found, places = _kept(self, self._built)
        given = list(found)
        for place, which in places:
            given[place] = _adapted((moment, *values)[which])
        with transaction.mark_for_rollback_on_error():
            return run(text, given)[1]

    def _built(self) -> tuple[str, list[Any], list[tuple[int, int]]]:
        marks = [_mark(kind, at) for at, kind in enumerate((datetime, *self._kinds))]
        query: Any = self._build(*marks[1:]).query.chain(UpdateQuery)
        query.add_update_values({self._field: marks[0]})
        text, values = query.get_compiler(connection=connection).as_sql()
        return text, list(values), _places(values, marks)


def _places(values: Sequence[Any], marks: Sequence[Any]) -> list[tuple[int, int]]:
    """Return where in a statement's values which of the caller's goes."""
    known = {_adapted(mark): number for number, mark in enumerate(marks)}
    places = [(at, known[value]) for at, value in enumerate(values) if value in known]
    if {which for _, which in places} != set(range(len(marks))):
        message = "a value of a prepared statement is nowhere in it"
        raise AssertionError(message)
    return places


def _maker(query: QuerySet[Any, Any], compiler: Any) -> Callable[[Any], Any]:
    """Return how a row becomes an object of the model with its relations; else it stays a row."""
    info = compiler.klass_info
    if not issubclass(query._iterable_class, ModelIterable):  # noqa: SLF001 -- what the rows become
        return tuple
    select, alias = compiler.select, connection.alias
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[start:end]]
    populators = get_related_populators(info, select, alias)  # type: ignore[call-arg] # a later Django's
    model = info["model"]

    def make(row: Any) -> Any:
        made = model.from_db(alias, names, row[start:end])
        for populator in populators:
            populator.populate(row, made)
        return made

    return make


def _converted(
    row: Sequence[Any], converters: list[tuple[int, list[Any], Any]], known: Any
) -> list[Any]:
    made = list(row)
    for at, convs, expression in converters:
        for convert in convs:
            made[at] = convert(made[at], expression, known)
    return made


def _mark(kind: type, number: int) -> Any:
    if kind is int:
        return _UNLIKELY - number
    if kind is str:
        return f"the value of place {number}"
    if kind is datetime:
        return _FIRST + timedelta(days=number)
    if kind is UUID:
        return UUID(int=number + 1)
    message = "a value of a kind that no prepared query takes"
    raise TypeError(message)


def _adapted(value: Any) -> Any:
    """Return a value as the store takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def _kept(key: Any, build: Callable[[], Any]) -> Any:
    """Return what was built for this kind of store; threads that come together build the same."""
    known = (connections[DEFAULT_DB_ALIAS].vendor, key)
    found = _KEPT.get(known)
    if found is None:
        found = _KEPT[known] = build()
    return found


def warm() -> None:
    """Build every query that was declared, so that nobody who comes first waits for it."""
    for known in _DECLARED:
        known.warm()

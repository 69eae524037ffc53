# SPDX-License-Identifier: Apache-2.0
"""Every route says what it is for; one that does not stops the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.urls import URLPattern, URLResolver, get_resolver

from attunement.clinic.access.policy import Action
from attunement.clinic.errors import ClinicError

_View = TypeVar("_View", bound=Callable[..., Any])
_ATTRIBUTE = "attunement_permission"


def permission(action: str) -> Callable[[_View], _View]:
    """Declare on a view which act it carries out: ``@permission("session.view")``.

    The declaration is what ``check_routes`` looks for. The decision itself is taken in the
    service that the view calls, where the record is known.

    Raises
    ------
    ValueError
        If there is no such action: a defect of ours, found when the module is imported.
    """
    declared = Action(action)

    def mark(view: _View) -> _View:
        setattr(view, _ATTRIBUTE, declared)
        return view

    return mark


def declared_permission(view: Callable[..., Any]) -> Action | None:
    """Return the action that a view (a function, a class-based view or a wrapped one) declares."""
    for candidate in _unwrap(view):
        found = getattr(candidate, _ATTRIBUTE, None)
        if isinstance(found, Action):
            return found
    return None


def _unwrap(view: Callable[..., Any]) -> Iterator[Any]:
    current: Any = view
    while current is not None:
        yield current
        yield getattr(current, "view_class", None)
        current = getattr(current, "__wrapped__", None)


def undeclared_routes(resolver: URLResolver | None = None) -> tuple[str, ...]:
    """Return the pattern of every route without a declared permission, included ones too."""
    root = resolver if resolver is not None else get_resolver()
    return tuple(_undeclared(root, prefix=""))


def _undeclared(resolver: URLResolver, *, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        pattern = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from _undeclared(entry, prefix=pattern)
        elif isinstance(entry, URLPattern) and declared_permission(entry.callback) is None:
            yield pattern


def check_routes(resolver: URLResolver | None = None) -> None:
    """Refuse to start when a route has no declared permission.

    Raises
    ------
    ClinicError
        E-CLINIC-003, naming every such route.
    """
    missing = undeclared_routes(resolver)
    if missing:
        raise ClinicError(
            "E-CLINIC-003",
            what="a route has no declared permission",
            got=", ".join(f"/{pattern}" for pattern in missing),
            expected='@permission("…") on its view',
            next_step="Declare what the route is for, or remove it",
        )

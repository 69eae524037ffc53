# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, include, path
from django.urls.resolvers import RegexPattern
from django.views.generic import View

from attunement.clinic.access import Action, check_routes, declared_permission, permission
from attunement.clinic.access.routes import undeclared_routes
from attunement.clinic.errors import ClinicError


def _bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)


@permission("session.view")
def _declared(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)


class _Page(View):
    pass


def _resolver(*patterns: Any) -> URLResolver:
    return URLResolver(RegexPattern(r"^/"), list(patterns))


def test_every_route_of_the_clinic_declares_what_it_is_for() -> None:
    assert undeclared_routes() == ()
    check_routes()


def test_a_route_without_permission_stops_the_start() -> None:
    resolver = _resolver(path("fine", _declared), path("loose/<str:key>/", _bare))
    with pytest.raises(ClinicError) as refusal:
        check_routes(resolver)
    assert refusal.value.code == "E-CLINIC-003"
    assert "/loose/<str:key>/" in str(refusal.value)
    assert "fine" not in str(refusal.value)


def test_included_routes_are_looked_at_too() -> None:
    resolver = _resolver(path("a/", include([path("b/", include([path("c", _bare)]))])))
    assert undeclared_routes(resolver) == ("a/b/c",)


def test_all_of_allauth_would_be_found() -> None:
    found = undeclared_routes(_resolver(path("accounts/", include("allauth.account.urls"))))
    assert "accounts/signup/" in found
    assert "accounts/password/reset/" in found


def test_class_based_views_are_declared_through_the_function_or_the_class() -> None:
    assert declared_permission(permission("dyad.view")(_Page.as_view())) is Action.DYAD_VIEW
    assert declared_permission(_Page.as_view()) is None


def test_an_unknown_permission_is_refused_when_the_module_loads() -> None:
    with pytest.raises(ValueError, match=r"session\.peek"):
        permission("session.peek")


def test_the_system_check_names_the_route(settings: Any) -> None:
    from attunement.clinic.checks import routes_have_permissions  # noqa: PLC0415 -- needs the app

    assert routes_have_permissions(None) == []
    settings.ROOT_URLCONF = "allauth.account.urls"
    from django.urls import clear_url_caches  # noqa: PLC0415

    clear_url_caches()
    try:
        errors = routes_have_permissions(None)
    finally:
        settings.ROOT_URLCONF = "attunement.clinic.pages.urls"
        clear_url_caches()
    assert any("/signup/" in error.msg for error in errors)
    assert all(error.id == "clinic.E003" for error in errors)

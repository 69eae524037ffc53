# SPDX-License-Identifier: Apache-2.0
"""What django-allauth may do here: log in and log out. Accounts are made by an operator."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClinicAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """No sign-up; the address in rate limits is the one of the connection."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody makes an account for themselves."""
        del request
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return the login, or None: one that was closed looks like a wrong password.

        What looks like an address is looked up as one and as a user name by the latter alone.
        Given as both, a known address would have its password stretched twice, and so be known
        by the time that it takes.
        """
        if credentials.get("username"):
            credentials.pop("email", None)
        found = super().authenticate(request, **credentials)
        return found if found is None or found.is_active else None

    def add_message(self, *_: Any, **__: Any) -> None:
        """Say nothing of signing in or out: the page that follows shows it."""

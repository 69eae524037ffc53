# SPDX-License-Identifier: Apache-2.0
"""Whose login a request comes with: Django's own web sessions and logins, read as built before.

The store's name in Django's settings is this module's: it holds ``SessionStore``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from attunement.clinic.models import Login
from attunement.clinic.store.statements import Prepared

_SESSION = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now), str, datetime
)
_LOGIN = Prepared(lambda pk: Login.objects.filter(pk=pk), str)


class SessionStore(DatabaseStore):
    """Web sessions in the database, with the one query of every request built once."""

    def _get_session_from_db(self) -> Any:
        found = _SESSION.first(str(self.session_key), timezone.now())
        if found is None:
            self._session_key = None
        return found


class LoginBackend(AuthenticationBackend):  # type: ignore[misc] # allauth ships no types
    """Logs in as allauth does, and finds who is logged in with one query built once."""

    def get_user(self, user_id: str) -> Login | None:
        """Return the login, None when it is not there or was closed."""
        found: Login | None = _LOGIN.first(user_id)
        return found if found is not None and self.user_can_authenticate(found) else None

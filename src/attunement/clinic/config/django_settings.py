# SPDX-License-Identifier: Apache-2.0
"""From a ``Config`` to Django's settings: one pure function."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from attunement.clinic.config.model import Config
from attunement.clinic.guard.logs import LOGGING

IDLE_SECONDS = 15 * 60
ABSOLUTE_SECONDS = 12 * 60 * 60
GRANT_SECONDS = 60 * 60

# The log is copied to the file every 4,000 pages (16 MB), so that pages which many forms change are
# copied once for all of them. Each commit is in the log, on the disk, before it is confirmed.
# What a savepoint may have to take back stays in memory: otherwise every form makes a file of its
# own for it, outside the clinic's folder, with pages of the store in plain sight.
SQLITE_INIT = (
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    "PRAGMA trusted_schema=OFF;"
    "PRAGMA busy_timeout=20000;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA wal_autocheckpoint=4000;"
)


def database_settings(address: str) -> dict[str, Any]:
    """Return Django's ``DATABASES["default"]`` for a SQLite path or a ``postgresql://`` address."""
    if address.startswith("postgresql://"):
        parts = urlsplit(address)
        options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        options.setdefault("connect_timeout", "10")
        host = unquote(options.pop("host", "")) or parts.hostname or ""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": options.pop("port", "") or (parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    return {
        "ENGINE": "attunement.clinic.store.sqlite",
        "NAME": address,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": SQLITE_INIT,
        },
    }


def django_settings(config: Config) -> dict[str, Any]:
    """Return every Django setting that the clinic runs with."""
    secure = config.https
    return {
        "ATTUNEMENT": config,
        "SECRET_KEY": config.secret_key,
        "DEBUG": False,
        "ALLOWED_HOSTS": list(config.allowed_hosts),
        "CSRF_TRUSTED_ORIGINS": [config.base_url],
        "ROOT_URLCONF": "attunement.clinic.pages.urls",
        "WSGI_APPLICATION": "attunement.clinic.wsgi.application",
        "AUTH_USER_MODEL": "clinic.Login",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "DATABASES": {"default": database_settings(config.database)},
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.db.DatabaseCache",
                "LOCATION": "clinic_cache",
            }
        },
        "USE_TZ": True,
        "TIME_ZONE": config.timezone,
        "USE_I18N": True,
        "LANGUAGE_CODE": config.language,
        "STATIC_URL": "/static/",
        "STATIC_ROOT": None,  # served straight from the package
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "WHITENOISE_MAX_AGE": 3600,
        # In the session of whoever is logged in: by default it is a cookie without our prefix.
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        **_parts(),
        **_login_settings(),
        **_cookie_settings(secure=secure),
        # Host, port and login come from [mail] with every mail; see services/mailing.py.
        "EMAIL_BACKEND": "attunement.clinic.services.mailing.ClinicMailBackend",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 256 * 1024,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 200,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 0,
        "LOGGING": LOGGING,
    }


def _parts() -> dict[str, Any]:
    """Return apps, middleware in their order, and templates."""
    return {
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "whitenoise.runserver_nostatic",
            "django.contrib.staticfiles",
            "django_htmx",
            "attunement.clinic",  # before allauth: its pages for signing in are ours
            "allauth",
            "allauth.account",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "attunement.clinic.guard.headers.HeadersMiddleware",
            "attunement.clinic.guard.packed.PackedFilesMiddleware",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "attunement.clinic.guard.charset.CharsetMiddleware",
            "attunement.clinic.guard.cookies.OneCookieMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "attunement.clinic.guard.logins.LoginLimitsMiddleware",
            "attunement.clinic.guard.kiosk.KioskMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django_htmx.middleware.HtmxMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "attunement.clinic.guard.access.AccessMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "attunement.clinic.guard.words.words",
                        "attunement.clinic.pages.notice.alert_notice",
                    ]
                },
            }
        ],
    }


def _login_settings() -> dict[str, Any]:
    return {
        "AUTHENTICATION_BACKENDS": ["attunement.clinic.guard.login_store.LoginBackend"],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
                "OPTIONS": {"min_length": 12},
            },
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
            {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        ],
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "/day/",
        "ACCOUNT_ADAPTER": "attunement.clinic.guard.accounts.ClinicAccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username", "email"},
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "username*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_EMAIL_NOTIFICATIONS": False,
        "ACCOUNT_LOGOUT_ON_GET": False,
        "ACCOUNT_LOGOUT_REDIRECT_URL": "/",
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_RATE_LIMITS": {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"},
    }


def _cookie_settings(*, secure: bool) -> dict[str, Any]:
    prefix = "__Host-" if secure else ""
    return {
        "SESSION_ENGINE": "attunement.clinic.guard.login_store",
        "SESSION_COOKIE_NAME": f"{prefix}attunement",
        "SESSION_COOKIE_AGE": IDLE_SECONDS,
        "SESSION_SAVE_EVERY_REQUEST": False,  # guard/logins.py notes acts, and so renews it
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": False,
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": f"{prefix}csrf",
        "CSRF_COOKIE_AGE": None,  # gone with the browser
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_FAILURE_VIEW": "attunement.clinic.guard.csrf.refused",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_SSL_REDIRECT": False,  # TLS ends at the proxy in front, which redirects
        "SECURE_HSTS_SECONDS": 31_536_000 if secure else 0,
        "X_FRAME_OPTIONS": "DENY",
    }

# SPDX-License-Identifier: Apache-2.0
"""What every test of the clinic shares: a small practice, and a flush that may delete."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.postgresql import SERVER, opened_store, recreate
from xdist.scheduler import LoadScopeScheduling

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PASSWORD = "a long synthetic pass phrase"


# Files whose tests share something that takes long to make: one worker makes it, once.
TOGETHER = (
    "cli/test_people_command.py",
    "cli/test_tune_command.py",
    "e2e/test_look_page.py",
    "hostile/test_wire.py",
    "store/test_backup.py",
    "store/test_released_schemas.py",
    "unit/frames/test_ruptures_engines.py",
)


class Together(LoadScopeScheduling):
    """Hand out single tests, and the files above whole, those first."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return file if file.endswith(TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)  # a run without the plugin knows no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Take part where the tests are shared out by scope."""
    return Together(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what reads reference data where nobody said where those are."""
    unset = not os.environ.get("ATTUNEMENT_REFERENCE_DATA")
    if unset and item.get_closest_marker("reference"):
        pytest.skip("ATTUNEMENT_REFERENCE_DATA is not set")


@pytest.fixture(scope="session", autouse=True)
def _flush_removes_append_only_rows() -> Iterator[None]:
    """Between transactional tests Django empties every table; our triggers would refuse."""
    from django.core.management.commands.flush import Command  # noqa: PLC0415 -- after django.setup
    from django.db import connections  # noqa: PLC0415

    from attunement.clinic.store.triggers import statements  # noqa: PLC0415

    flush = Command.handle

    def run(database: Any, *, create: bool) -> None:
        with database.cursor() as cursor:
            for statement in statements(database.vendor, create=create):
                cursor.execute(statement)

    def handle(self: Command, **options: Any) -> None:
        database = connections[options["database"]]
        run(database, create=False)
        flush(self, **options)
        run(database, create=True)

    patch = pytest.MonkeyPatch()
    patch.setattr(Command, "handle", handle)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Take the database that was laid ready below instead of running every migration."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,  # noqa: ARG001
) -> None:
    """Lay the database ready: running every migration would take each worker seconds."""
    from django.conf import settings  # noqa: PLC0415 -- after django.setup
    from django.db import connection  # noqa: PLC0415

    if SERVER:
        recreate(connection.creation._get_test_db_name(), template=opened_store())
        return
    from attunement.clinic.store.sqlite.new_store import statements  # noqa: PLC0415

    file = Path(settings.DATABASES["default"]["TEST"]["NAME"])
    file.unlink(missing_ok=True)
    made = sqlite3.connect(file)
    with made:
        made.executescript("BEGIN;" + "".join(f"{one}\n" for one in statements()))
    made.close()


@dataclass
class World:
    """A practice with two therapists, a lead, an operator, a supervisor, and other people's own."""

    practice: Any
    therapist: Any  # Login
    colleague: Any
    lead: Any
    operator: Any
    supervisor: Any
    stranger: Any  # a therapist of another practice
    dyad: Any
    foreign_dyad: Any
    now: datetime

    def later(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now

    def session(self, *, dyad: Any = None, login: Any = None) -> Any:
        """Start the next session of a dyad and return it as a row."""
        from attunement.clinic.models import Session  # noqa: PLC0415
        from attunement.clinic.services import start_session  # noqa: PLC0415

        started = start_session(
            login or self.therapist,
            (dyad or self.dyad).pk,
            held_on=self.now.date(),
            modality="in_person",
            now=self.now,
        )
        return Session.objects.get(pk=started.session_id)

    @staticmethod
    def fields(value: int, **more: Any) -> dict[str, Any]:
        return filled(value, **more)

    def client_answers(self, session: Any, value: int = 5, **more: Any) -> Any:
        """Invite the client of a session, open the link, answer every item with ``value``."""
        from attunement.clinic import services  # noqa: PLC0415

        login = session.dyad.therapist.login
        issued = services.invite_client(login, session.pk, now=self.now)
        grant = services.open_invitation(issued.token, address="192.0.2.1", now=self.now)
        form = services.client_form(grant, now=self.now)
        return services.record_client_response(
            grant,
            submission_id=form.submission_id,
            fields=filled(value, **more),
            client_clock=self.now.isoformat(),
            now=self.now,
        )

    def therapist_answers(
        self, session: Any, value: int = 4, predicted: Any = "5", **more: Any
    ) -> Any:
        """Fill the mirror form of a session, every item with ``value``."""
        from attunement.clinic import services  # noqa: PLC0415

        login = session.dyad.therapist.login
        form = services.therapist_form(login, session.pk, now=self.now)
        return services.record_therapist_response(
            login,
            session.pk,
            submission_id=form.submission_id,
            fields=filled(value, **more),
            predicted_total=predicted,
            now=self.now,
        )


def filled(value: int, *, strain: int = 0, text: str = "", **more: Any) -> dict[str, Any]:
    """Return the fields of a filled alliance check; ``more`` sets single items (i3="2")."""
    fields: dict[str, Any] = {f"item-{number}": str(value) for number in range(1, 8)}
    fields["item-8"] = str(strain)
    if text:
        fields["item-9"] = text
    fields.update({f"item-{name[1:]}": given for name, given in more.items()})
    return fields


@pytest.fixture
def risk_site(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Configure measures with risk items and a mail server; see ``tests/risk_world.py``."""
    from tests.risk_world import site  # noqa: PLC0415 -- after django.setup

    yield from site(tmp_path, settings, monkeypatch)


@pytest.fixture
def filled_form() -> Any:
    return filled


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 -- asks pytest-django for the database
    return make_world()


@pytest.fixture
def build_world() -> Any:
    """Return the function that makes the practice, for a test that commits."""
    return make_world


def make_world() -> World:
    from attunement.clinic.models import (  # noqa: PLC0415
        CareEpisode,
        Client,
        Dyad,
        Login,
        Practice,
        Therapist,
    )

    practice = Practice.objects.create(name="Synthetic Practice")
    other = Practice.objects.create(name="Synthetic Practice Elsewhere")

    def login(name: str, role: str, where: Practice) -> Login:
        return Login.objects.create_user(
            name,
            email=f"{name}@example.invalid",
            password=PASSWORD,
            role=role,
            practice=where,
            display_name=f"Synthetic {name.capitalize()}",
        )

    def therapist(name: str, where: Practice) -> Therapist:
        return Therapist.objects.create(
            practice=where,
            login=login(name, "therapist", where),
            display_name=f"Synthetic {name.capitalize()}",
        )

    def dyad(code: str, of: Therapist) -> Dyad:
        client = Client.objects.create(
            practice=of.practice, code=code, display_name=f"Synthetic Client {code}"
        )
        made = Dyad.objects.create(practice=of.practice, client=client, therapist=of)
        CareEpisode.objects.create(dyad=made, began_on=date(2026, 1, 5))
        return made

    own, colleague = therapist("amber", practice), therapist("birch", practice)
    stranger = therapist("cedar", other)
    return World(
        practice=practice,
        therapist=own.login,
        colleague=colleague.login,
        lead=login("lead", "lead", practice),
        operator=login("operator", "operator", practice),
        supervisor=login("supervisor", "supervisor", practice),
        stranger=stranger.login,
        dyad=dyad("C-07", own),
        foreign_dyad=dyad("C-08", stranger),
        now=NOW,
    )

# SPDX-License-Identifier: Apache-2.0
"""The door for a web server; it opens only when routes, forms and store are safe."""

from __future__ import annotations

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attunement.clinic.settings")


def make_application() -> WSGIHandler:
    """Return the WSGI application after the start-up checks."""
    handler = get_wsgi_application()
    from attunement.clinic.access.routes import check_routes  # noqa: PLC0415 -- needs Django set up
    from attunement.clinic.services.asked import check_forms  # noqa: PLC0415 -- needs Django set up
    from attunement.clinic.services.people import known_practice  # noqa: PLC0415 -- as above
    from attunement.clinic.services.risk import refuse_holes  # noqa: PLC0415 -- needs Django set up
    from attunement.clinic.store.durability import check_store  # noqa: PLC0415 -- needs Django set up

    check_routes()
    check_forms()
    check_store()
    refuse_holes(known_practice())
    return handler


application = make_application()

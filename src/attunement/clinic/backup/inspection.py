# SPDX-License-Identifier: Apache-2.0
"""Looking into a restored copy, in a process of its own whose database it is.

Run as ``python -m attunement.clinic.backup.inspection CONFIG``, with the copy's address in
``ATTUNEMENT_DATABASE`` and the manifest on the standard input. Prints one JSON document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MOST_ROWS = 300  # of each sealed column that are opened, the newest
MOST_RESPONSES = 5000


def inspect(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was looked at and what is wrong; the copy is migrated on the way.

    ``problems`` is empty for a copy that came back whole.
    """
    from django.db import connection  # noqa: PLC0415 -- after django.setup, as all below
    from django.utils import timezone  # noqa: PLC0415

    from attunement.clinic.backup.snapshot import inventory_here  # noqa: PLC0415
    from attunement.clinic.services.audit import verify_chain  # noqa: PLC0415
    from attunement.clinic.store.opening import open_store  # noqa: PLC0415

    problems: list[str] = []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            if (verdict := cursor.fetchone()[0]) != "ok":
                return {"problems": [f"integrity_check says {str(verdict)[:80]}"]}
    connection.check_constraints()
    found = inventory_here()
    for table, n_rows in manifest["counts"].items():
        if found.counts.get(table) != n_rows:
            problems.append(f"{table} has {found.counts.get(table)} rows and not {n_rows}")
    if (found.n_events, found.last_event) != (manifest["n_events"], manifest["last_event"]):
        problems.append("the audit log does not end where the manifest says")
    opened = open_store(now=timezone.now())
    chain = verify_chain()
    if chain.first_bad is not None:
        problems.append(f"the audit chain breaks at event {chain.first_bad}")
    n_opened, n_erased, sealed_problems = _open_sample()
    n_scored, n_differ = _score_again()
    if n_differ:
        problems.append(f"{n_differ} of {n_scored} forms have other scores than their answers give")
    return {
        "problems": problems + sealed_problems,
        "n_tables": len(found.counts),
        "n_rows": sum(found.counts.values()),
        "n_migrated": opened.migrated,
        "n_erased_again": opened.erased,
        "n_events": chain.n_events,
        "n_words_opened": n_opened,
        "n_words_erased": n_erased,
        "n_scored": n_scored,
    }


def _open_sample() -> tuple[int, int, list[str]]:
    from django.apps import apps  # noqa: PLC0415

    from attunement.clinic.errors import ClinicError  # noqa: PLC0415
    from attunement.clinic.models import SealedTextField  # noqa: PLC0415
    from attunement.clinic.services.sealing import open_field  # noqa: PLC0415

    n_opened = n_erased = 0
    problems: list[str] = []
    for model in apps.get_app_config("clinic").get_models():
        for field in model._meta.concrete_fields:  # noqa: SLF001 -- documented by Django
            if not isinstance(field, SealedTextField):
                continue
            said = model._default_manager.exclude(**{field.name: ""})  # noqa: SLF001
            said = said.exclude(**{f"{field.name}__isnull": True})
            for row in said.order_by("-pk")[:MOST_ROWS]:
                try:
                    words = open_field(row, field.name)
                except ClinicError as refusal:
                    problems.append(f"{field.place} cannot be opened ({refusal.code})")
                    break
                n_opened, n_erased = n_opened + (words is not None), n_erased + (words is None)
    return n_opened, n_erased, problems


def _score_again() -> tuple[int, int]:
    from attunement.clinic.models import Response, Score  # noqa: PLC0415
    from attunement.clinic.services.corrected import answers_of  # noqa: PLC0415
    from attunement.clinic.services.scores import scores_of  # noqa: PLC0415
    from attunement.errors import AttunementError  # noqa: PLC0415

    def told(rows: Any) -> set[tuple[Any, ...]]:
        return {(row.scale, row.value, row.reason, row.n_answered, row.n_items) for row in rows}

    newest = Response.objects.order_by("-received_at", "pk").prefetch_related("answers", "scores")
    n_scored = n_differ = 0
    for response in newest[:MOST_RESPONSES]:
        kept: list[Score] = list(response.scores.all())
        n_scored += 1
        try:
            n_differ += told(kept) != told(scores_of(response, answers_of(response)))
        except AttunementError:
            n_differ += 1
    return n_scored, n_differ


def main() -> None:
    """Look into the copy that the environment names; print what was found."""
    from attunement.clinic.serving import set_up  # noqa: PLC0415
    from attunement.errors import AttunementError  # noqa: PLC0415

    manifest = json.load(sys.stdin)
    try:
        set_up(Path(sys.argv[1]))
        found = inspect(manifest)
    except AttunementError as refusal:
        found = {"problems": [refusal.text()]}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""How a client likes to be asked, kept for the next form on whatever device."""

from __future__ import annotations

from attunement.clinic.models import ClientSetting
from attunement.clinic.store.statements import Prepared

ONE, ALL = "one", "all"
_KNOWN = Prepared(lambda client_id: ClientSetting.objects.filter(client_id=client_id), str)


def layout_of(client_id: str) -> str:
    """Return ``"one"`` question at a time (the default) or ``"all"`` on one page."""
    row = ClientSetting.objects.filter(client_id=client_id).first()
    return ONE if row is None else row.layout


def keep_layout(client_id: str, layout: object) -> None:
    """Keep the layout a form was filled in; anything else than the two is not kept."""
    if layout not in (ONE, ALL):
        return
    known: ClientSetting | None = _KNOWN.first(client_id)
    if known is None:
        ClientSetting.objects.create(client_id=client_id, layout=layout)
    elif known.layout != layout:
        ClientSetting.objects.filter(pk=known.pk).update(layout=layout)

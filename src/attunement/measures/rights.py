# SPDX-License-Identifier: Apache-2.0
"""Whether a measure's wording may be shown here: licence as data, unknown counts as no.

Entering answers and scores is never blocked: somebody who holds a paper licence may record what
came of it. Only the wording is somebody's property.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from attunement.measures.facts import CONTEXTS
from attunement.measures.schema import Measure, Permission, TextBundle, TextState

_CONDITIONS: Final = {
    "attribution_line": "show the attribution line with the form",
    "no_modify": "leave the wording as it is",
    "no_sale": "do not sell the form or what is made of it",
    "professional_only": "give it to people through a professional, not to the public",
    "link": "link to the owner's page",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the wording may be shown, and why.

    Attributes
    ----------
    text : bool
        Whether the wording may be shown in this context.
    reasons : tuple of str
        Why not, one sentence per obstacle; where it may, the one reason why.
    owner_words : str
        The owner's own words, as they were read.
    conditions : tuple of str
        What must be kept to where the wording is shown.
    score_entry : bool
        Always true: entering answers and scores is never blocked.
    """

    text: bool
    reasons: tuple[str, ...]
    owner_words: str
    conditions: tuple[str, ...]
    score_entry: bool = True


def allowed(
    measure: Measure, context: Mapping[str, bool | None], *, attested: bool = False
) -> Decision:
    """Return whether a measure's wording may be shown in a use context.

    Parameters
    ----------
    measure : Measure
        Whose licence block is asked.
    context : mapping of str to bool or None
        ``clinical``, ``commercial``, ``educational``, ``research``: whether the software is used
        so here. None and a missing key mean *unknown*: a use that cannot be ruled out needs the
        owner's permission as much as one that is stated.
    attested : bool
        Whether the operator put on record that the owner gave them permission. It answers an
        ``ask``; it never overrules a ``deny``.

    Returns
    -------
    Decision
        Never raises for a context key that is not known: it is ignored.
    """
    rights = measure.licence
    obstacles = [
        _obstacle(name, rights.contexts.get(name), stated=context.get(name), attested=attested)
        for name in CONTEXTS
        if context.get(name) is not False
    ]
    reasons = [reason for reason in obstacles if reason]
    if all(context.get(name) is False for name in CONTEXTS):
        reasons.append("No use is stated: say which of the four uses applies here")
    if measure.text is TextState.ABSENT:
        reasons.append("There is no wording for this measure")
    holder = rights.holder
    return Decision(
        text=not reasons,
        reasons=tuple(reasons) or (f"{holder} permits this use ({rights.name})",),
        owner_words=rights.exact_words,
        conditions=tuple(_CONDITIONS[name] for name in rights.conditions),
    )


def permitted_text(
    measure: Measure,
    bundle: TextBundle | None,
    context: Mapping[str, bool | None],
    *,
    attested: bool = False,
) -> TextBundle | None:
    """Return the bundle where `allowed` permits its wording, else None.

    The pack settings were applied before, by ``load_text(packs=…)``.
    """
    return bundle if bundle and allowed(measure, context, attested=attested).text else None


def _obstacle(
    name: str, permission: Permission | None, *, stated: bool | None, attested: bool
) -> str:
    if permission is Permission.ALLOW or (permission is Permission.ASK and attested):
        return ""
    use = f"{name.capitalize()} use" if stated else f"{name.capitalize()} use is not ruled out and"
    if permission is Permission.DENY:
        return f"{use} is not permitted by the owner"
    if permission is Permission.ASK:
        return f"{use} needs the owner's permission, which has to be asked for"
    return f"{use} has no answer from the owner, which counts as no"

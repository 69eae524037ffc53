# SPDX-License-Identifier: Apache-2.0
"""The linter: everything that a file can say and that must not be said."""

from __future__ import annotations

from collections.abc import Sequence

from attunement.measures.claims import claims
from attunement.measures.coherence import coherence
from attunement.measures.finding import ERROR, Finding
from attunement.measures.reach import reach
from attunement.measures.schema import Measure, TextBundle
from attunement.measures.traps import traps
from attunement.measures.wording import wording


def lint(
    measure: Measure, bundles: Sequence[TextBundle] = (), *, today: str = ""
) -> tuple[Finding, ...]:
    """Return what is wrong with a measure and its wording, errors first.

    Parameters
    ----------
    measure : Measure
        A definition that the parser accepted.
    bundles : sequence of TextBundle
        Its wording in every language at hand.
    today : str
        A day such as ``"2026-11-21"``; with it, licences that are due to be read again are named.

    Returns
    -------
    tuple of Finding
        Empty where nothing is wrong. A measure with an error must not be used.
    """
    found = list(coherence(measure))
    if not any(finding.severity == ERROR for finding in found):
        found.extend(reach(measure))  # has no meaning where items and scales do not fit
    found.extend(wording(measure, bundles))
    found.extend(claims(measure, today=today))
    found.extend(traps(measure, bundles))
    return tuple(sorted(found, key=lambda finding: finding.severity != ERROR))

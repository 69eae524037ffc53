# SPDX-License-Identifier: Apache-2.0
"""What published cut-offs say about a score, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass

from attunement.measures.schema import CutOff, Measure
from attunement.scoring.errors import ScoringError


@dataclass(frozen=True, slots=True)
class Reading:
    """One cut-off table's word for a score.

    Attributes
    ----------
    kind : str
        ``"severity"``, ``"screen"``, ``"clinical"`` or ``"discuss"``.
    label : str
        The band's name.
    low, high : float
        The band's ends, both included.
    source : str
        Key of the source in the measure.
    verified : bool
        False: the table was not yet compared with its source; say so wherever it is shown.
    note : str
        What the source adds.
    """

    kind: str
    label: str
    low: float
    high: float
    source: str
    verified: bool
    note: str = ""


def band(measure: Measure, scale: str, value: float) -> tuple[Reading, ...]:
    """Return what each cut-off table of a scale says about a score.

    Parameters
    ----------
    measure : Measure
        The measure version of the score.
    scale : str
        The scale's id.
    value : float
        The score. Between two bands (a prorated 4.5 between 0–4 and 5–9) the lower one holds,
        because the upper one starts higher.

    Returns
    -------
    tuple of Reading
        One for each table in which the score lies; empty where the measure has none.

    Raises
    ------
    ScoringError
        E-SCORE-004 if the measure has no such scale.
    """
    if scale not in {candidate.id for candidate in measure.scales}:
        raise ScoringError(
            "E-SCORE-004",
            what=f"'{measure.id}' has no scale '{scale}'",
            expected="one of " + ", ".join(candidate.id for candidate in measure.scales),
        )
    found = (_read(cutoff, value) for cutoff in measure.cutoffs if cutoff.scale == scale)
    return tuple(reading for reading in found if reading is not None)


def _read(cutoff: CutOff, value: float) -> Reading | None:
    bands = sorted(cutoff.bands, key=lambda one: one.low)
    below = [one for one in bands if one.low <= value]
    if not below or value > max(one.high for one in bands):
        return None
    here = below[-1]
    return Reading(
        kind=cutoff.kind,
        label=here.label,
        low=here.low,
        high=here.high,
        source=cutoff.source,
        verified=cutoff.verified,
        note=cutoff.note,
    )

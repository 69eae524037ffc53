# SPDX-License-Identifier: Apache-2.0
"""Where the clinical range ends: the cut-offs a, b and c."""

from __future__ import annotations

import math

from attunement.signals.change.sample import Norms, Sample
from attunement.signals.errors import SignalError

KINDS = ("a", "b", "c")


def cutoff(
    kind: str, *, clinical: Norms, functional: Norms | None, higher_is_better: bool
) -> float:
    """Return a cut-off of Jacobson & Truax (1991), doi 10.1037/0022-006X.59.1.12.

    a: two SDs of the clinical population beyond its mean, towards health; b: two SDs *of the
    functional population* from its mean, towards illness; c: between both, weighted by their SDs.

    Parameters
    ----------
    kind : {"a", "b", "c"}
        Which of them.
    clinical, functional : Norms
        The two populations; b and c need the functional one.
    higher_is_better : bool
        The direction of the measure.

    Returns
    -------
    float
        In the measure's units.

    Raises
    ------
    SignalError
        ``E-SIGNAL-030`` for another kind, or b or c without functional norms.

    Notes
    -----
    A known program takes the clinical SD for b. This one takes the functional SD, as the paper
    does.
    """
    towards = 1.0 if higher_is_better else -1.0
    if kind == "a":
        return clinical.mean + towards * 2.0 * clinical.sd
    if kind not in KINDS or functional is None:
        raise SignalError(
            "E-SIGNAL-030",
            what="the cut-off cannot be worked out",
            got=f"the kind {kind!r}" + ("" if functional else " without functional norms"),
            expected="a; or b or c with mean and SD of a functional population",
            next_step="Give functional=(mean, sd), or the cut-off as a number",
        )
    if kind == "b":
        return functional.mean - towards * 2.0 * functional.sd
    spread = clinical.sd + functional.sd
    return (clinical.sd * functional.mean + functional.sd * clinical.mean) / spread


def true_score_norms(of: Norms, sample: Sample) -> Norms | None:
    """Return a population's norms with the error of measurement taken out of its SD.

    None where the SD is no larger than the error.
    """
    variance = of.sd**2 - sample.error**2
    return Norms(of.mean, math.sqrt(variance)) if variance > 0 else None

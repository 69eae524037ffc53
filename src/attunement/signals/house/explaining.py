# SPDX-License-Identifier: Apache-2.0
"""Say in one plain sentence why the house rule asks, or why it does not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from attunement.signals.batch import Batch, Channels, Judgements
from attunement.signals.detectors import Reason
from attunement.signals.errors import SignalError
from attunement.signals.house.judging import judge_house
from attunement.signals.house.model import HouseModel
from attunement.signals.house.running import channels_of, flat, run
from attunement.signals.house.threshold import Threshold
from attunement.signals.wording import number

_WORDS = {
    "client": "the client's score",
    "therapist": "the therapist's rating",
    "prediction": "the therapist's prediction",
    "strain": "the strain item",
    "expected": "a form that came or did not come after it",
}
_SPEAKS = 0.5  # log likelihood ratio from which a channel is named


def explain_house(
    batch: Batch,
    row: int,
    model: HouseModel,
    threshold: Threshold,
    *,
    dyad: int | None = None,
    judged: Judgements | None = None,
) -> str:
    """Return one plain sentence about one row of a batch.

    Parameters
    ----------
    batch : Batch
        As judged.
    row : int
        Row of the batch, counted from 0.
    model, threshold
        As judged with.
    dyad : int, optional
        Position of the row's dyad, where it is known already.
    judged : Judgements, optional
        What `judge_house` found with a threshold of the same channels, where the batch is of one
        dyad: then it is not judged again.

    Returns
    -------
    str
        What was expected, what came, what spoke for a rupture, and its probability with the base
        rate that it rests on. How often the rule asks when nothing is wrong is the threshold's to
        say.

    Raises
    ------
    SignalError
        ``E-SIGNAL-007`` if there is no such row.
    """
    if not 0 <= row < batch.n_rows:
        raise SignalError(
            "E-SIGNAL-007",
            what="there is no such row to explain",
            got=f"row {row}",
            expected=f"0 to {batch.n_rows - 1}",
            next_step="Count rows from 0",
        )
    if dyad is None:
        dyad = int((batch.starts[1:] <= row).sum())
    own = batch.part(dyad, dyad + 1)
    at = row - int(batch.starts[dyad])
    if judged is None or batch.n_dyads > 1:
        judged = judge_house(own, model, threshold)
    session = int(own.sessions[at])
    if judged.reason[at] == Reason.NO_FORM:
        return (
            f"In session {session} nothing was judged: there is no form and nothing else to go by."
        )
    if judged.reason[at] != Reason.EVALUABLE:
        return f"In session {session} nothing was judged: no earlier score to compare it with."
    if judged.probability is None:
        message = "the house rule gives a probability"
        raise AssertionError(message)
    chance = 100 * judged.probability[at]
    base = f"if one session in {1 / model.rupture.base_rate:.0f} has one"
    drove = _drove(own, at, model, threshold, judged)
    return (
        f"In session {session} {_came(own, at, judged)}; {drove} "
        f"(about {_per_cent(chance)} likely, {base})."
    )


def _came(own: Batch, at: int, judged: Judgements) -> str:
    span = own.maximum - own.minimum
    n = int(judged.n_used[at])
    usual = f"about {number(float(judged.expected[at]), span)} was expected"
    usual += f" from {n} earlier score{'' if n == 1 else 's'}"
    score = float(own.values[at])
    if math.isnan(score):
        return f"there was no score where {usual}"
    return f"the score was {number(score, span)} where {usual}"


def _drove(own: Batch, at: int, model: HouseModel, threshold: Threshold, judged: Judgements) -> str:
    """Say which channels speak for a rupture: by how much the verdict changes without each."""
    channels = channels_of(own) & threshold.channels
    upto = _upto(own, at)  # the rule reads no later session

    def log_ratio(named: frozenset[str]) -> float:
        return float(run(flat(upto, named), model, named).statistic[at])

    whole = -float(judged.statistic[at])
    alone = log_ratio(frozenset())
    parts = {"client": alone if not math.isnan(alone) else 0.0}
    for name in sorted(channels):
        without = log_ratio(channels - {name})
        parts[name] = whole - (0.0 if math.isnan(without) else without)
    speak = [_WORDS[n] for n, part in sorted(parts.items(), key=lambda p: -p[1]) if part > _SPEAKS]
    against = [_WORDS[n] for n, part in parts.items() if part < -_SPEAKS]
    said = []
    if speak:
        said.append(f"{_join(speak)} {'speaks' if len(speak) == 1 else 'speak'} for a rupture")
    if against:
        said.append(f"{_join(against)} {'speaks' if len(against) == 1 else 'speak'} against one")
    return " and ".join(said) or "nothing speaks clearly for or against a rupture"


def _upto(own: Batch, at: int) -> Batch:
    """Return a dyad's sessions up to one of them."""
    cut = {name: array[: at + 1] for name, array in own.channels.arrays().items()}
    return replace(
        own,
        values=own.values[: at + 1],
        sessions=own.sessions[: at + 1],
        starts=np.array([0, at + 1], dtype=np.int64),
        channels=Channels(**cut),  # type: ignore[arg-type]  # as in `Batch.part`
    )


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _per_cent(chance: float) -> str:
    return "under 1 %" if chance < 1 else "over 99 %" if chance > 99 else f"{chance:.0f} %"  # noqa: PLR2004 -- the ends of a percentage

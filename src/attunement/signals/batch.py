# SPDX-License-Identifier: Apache-2.0
"""Many series in flat arrays: what every detector takes, and what it gives back.

A batch of D dyads holds N rows, dyad after dyad and session after session within a dyad;
``starts`` (length D + 1) says where each dyad's rows begin. Nothing here loops over dyads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.signals.errors import SignalError
from attunement.signals.series import TOLERANCE, FloatArray, Series, _check_scale

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_AT_ONCE = 1 << 15  # rows


@dataclass(frozen=True, slots=True)
class Channels:
    """What else is known of each row of a batch; each is optional and has the length N.

    Parameters
    ----------
    therapist : numpy.ndarray or None
        The therapist's rating of the same session, on the scale of the batch; NaN = none.
    prediction : numpy.ndarray or None
        What the therapist thought the client would rate; NaN = none.
    strain : numpy.ndarray or None
        1 where "something felt off" was marked, 0 where it was not, NaN where it was not asked.
    expected : numpy.ndarray or None
        True where a form was expected (the session took place); a missing score in such a row is
        a missed form, in another row it is none.
    """

    therapist: FloatArray | None = None
    prediction: FloatArray | None = None
    strain: FloatArray | None = None
    expected: BoolArray | None = None

    def arrays(self) -> dict[str, FloatArray | BoolArray]:
        """Return the channels that are given, by name."""
        every = {
            "therapist": self.therapist,
            "prediction": self.prediction,
            "strain": self.strain,
            "expected": self.expected,
        }
        return {name: array for name, array in every.items() if array is not None}


@dataclass(frozen=True, slots=True)
class Batch:
    """Scores of many dyads on one scale, in flat arrays.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (N,)
        Scores in the measure's own units; NaN where a session has no form. Missing is not zero.
    sessions : numpy.ndarray of int64, shape (N,)
        Session numbers, strictly increasing within a dyad.
    starts : numpy.ndarray of int64, shape (D + 1,)
        First row of each dyad, and N at the end.
    minimum, maximum, step : float
        The scale and the smallest step between two scores (0 = continuous).
    higher_is_better : bool
        The direction of the measure.
    channels : Channels
        Therapist, prediction, strain tick, expected form.

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` … ``E-SIGNAL-004``; the message names row numbers, never a score.
    """

    values: FloatArray
    sessions: IntArray
    starts: IntArray
    minimum: float
    maximum: float
    step: float = 0.0
    higher_is_better: bool = True
    channels: Channels = Channels()

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other or the scale."""
        _check_scale(self.minimum, self.maximum, self.step)
        self._check_shapes()
        self._check_order()
        self._check_values()

    @property
    def n_rows(self) -> int:
        """Number of rows N."""
        return int(self.values.size)

    @property
    def n_dyads(self) -> int:
        """Number of dyads D."""
        return int(self.starts.size) - 1

    @property
    def slack(self) -> float:
        """How close counts as equal."""
        return TOLERANCE * (self.maximum - self.minimum)

    def upward(self) -> FloatArray:
        """Return the scores turned so that higher is better (x becomes min + max − x)."""
        clipped = np.clip(self.values, self.minimum, self.maximum)
        return clipped if self.higher_is_better else self.minimum + self.maximum - clipped

    def as_scored(self, upward: FloatArray) -> FloatArray:
        """Turn numbers on the higher-is-better axis back into the measure's own units."""
        return upward if self.higher_is_better else self.minimum + self.maximum - upward

    def dyad_of_row(self) -> IntArray:
        """Return the position of each row's dyad, shape (N,)."""
        return np.repeat(np.arange(self.n_dyads), np.diff(self.starts))

    def part(self, first: int, last: int) -> Batch:
        """Return the dyads ``first`` … ``last − 1`` as a batch that shares this one's memory."""
        rows = slice(int(self.starts[first]), int(self.starts[last]))
        cut = {name: array[rows] for name, array in self.channels.arrays().items()}
        return Batch(
            self.values[rows],
            self.sessions[rows],
            self.starts[first : last + 1] - self.starts[first],
            self.minimum,
            self.maximum,
            self.step,
            self.higher_is_better,
            Channels(**cut),  # type: ignore[arg-type]  # names and kinds are those of the fields
        )

    @classmethod
    def of(cls, series: Series) -> Batch:
        """Return the batch of one series."""
        values = [np.nan if value is None else value for value in series.values]
        return cls(
            np.array(values, dtype=np.float64),
            np.array(series.sessions, dtype=np.int64),
            np.array([0, len(values)], dtype=np.int64),
            series.minimum,
            series.maximum,
            series.step,
            series.higher_is_better,
        )

    def _check_shapes(self) -> None:
        n = self.values.size
        wrong = [
            name
            for name, array in {"sessions": self.sessions, **self.channels.arrays()}.items()
            if array.shape != (n,)
        ]
        if wrong or self.values.ndim != 1:
            raise SignalError(
                "E-SIGNAL-001",
                what="the arrays of a batch do not pair up",
                got=f"{n} scores, and another shape for {', '.join(wrong) or 'the scores'}",
                expected="flat arrays of one length",
                next_step="Give NaN for a session without a form",
            )
        starts = self.starts
        fits = starts.size and starts[0] == 0 and starts[-1] == n and (np.diff(starts) >= 0).all()
        if not fits:
            raise SignalError(
                "E-SIGNAL-001",
                what="the starts of a batch do not divide its rows",
                got=f"{starts.size} starts for {n} rows",
                expected="0, the first row of each further dyad, and the number of rows",
                next_step="Sort the rows by dyad and session and count them",
            )

    def _check_order(self) -> None:
        """Look at some rows at a time, so that what is compared is still in the cache."""
        n, inner = self.values.size, self.starts[1:-1]
        # places where the numbers do not rise; those between two dyads are as they may be
        for at in range(0, n - 1, _AT_ONCE):
            last = min(at + _AT_ONCE, n - 1)
            falls = self.sessions[at + 1 : last + 1] <= self.sessions[at:last]
            dyads = inner[slice(*np.searchsorted(inner, (at + 1, last + 1)))]
            falls[dyads - (at + 1)] = False
            if falls.any():
                raise SignalError(
                    "E-SIGNAL-002",
                    what="the session numbers of a dyad are not strictly increasing",
                    got=f"row {at + 1 + int(np.argmax(falls))} (counted from 0) does not come "
                    "after the last",
                    expected="each session once, in order",
                    next_step="Sort by dyad and session and settle doubled sessions first",
                )

    def _check_values(self) -> None:
        low, high = self.minimum - self.slack, self.maximum + self.slack
        # the least and the largest, missing scores aside: NaN where all are missing
        n = self.values.size
        if not n or not (np.fmin.reduce(self.values) < low or np.fmax.reduce(self.values) > high):
            return
        with np.errstate(invalid="ignore"):
            off = (self.values < low) | (self.values > high)
        raise SignalError(
            "E-SIGNAL-003",
            what="a score of the batch cannot be used",
            got=f"row {int(np.argmax(off))} (counted from 0) is off the scale",
            expected=f"numbers from {self.minimum:g} to {self.maximum:g}, or NaN",
            next_step="Give NaN for a missing form, or check the measure's range",
        )


@dataclass(frozen=True, slots=True)
class Judgements:
    """One rule's answer on every row of a batch; all arrays have the length N.

    Parameters
    ----------
    statistic : numpy.ndarray of float64
        What the rule compares with its limit, in the rule's own unit; negative = worse than
        expected where the rule has a direction. NaN where the row could not be judged.
    flagged : numpy.ndarray of bool
        Whether the rule asks its question here.
    reason : numpy.ndarray of int8
        `Reason` codes; 0 = judged. A row that was not judged is never "no signal".
    expected, limit : numpy.ndarray of float64
        Scores in the measure's own units; NaN where there is none.
    n_used : numpy.ndarray of int32
        Earlier scores that went in.
    probability : numpy.ndarray of float64 or None
        The house rule's probability of a rupture; None for rules without a model.
    """

    statistic: FloatArray
    flagged: BoolArray
    reason: NDArray[np.int8]
    expected: FloatArray
    limit: FloatArray
    n_used: NDArray[np.int32]
    probability: FloatArray | None = None

    @property
    def evaluable(self) -> BoolArray:
        """Where the rule could judge."""
        return np.asarray(self.reason == 0)

# SPDX-License-Identifier: Apache-2.0
"""Simulated people: steady, or with one dip whose place, depth and length are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from attunement.signals.archive import Archive, default_archive
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray, _check_scale
from attunement.signals.stable import chance

if TYPE_CHECKING:
    from attunement.signals.batch import Batch

MOST_SESSIONS = 240
FEWEST, MOST = 100, 1_000_000  # simulated series
Length = int | Literal["step"]


@dataclass(frozen=True, slots=True)
class Null:
    """A world in which nothing is wrong.

    Parameters
    ----------
    minimum, maximum, step : float
        The scale; ``step`` 0 = continuous. Scores are rounded to the step and cut off at the ends.
    level, between : float
        Mean and SD of the persons' own levels, before scores are cut off.
    within : float
        SD of a person's scores around the own level.
    autocorrelation : float
        Correlation of neighbouring deviations, −1 < r < 1.
    missing : float
        Share of forms that are missing, at random places, 0 to below 1.
    horizon : int
        Sessions per person, 1 to 240.
    noise_spread : float
        SD of the logarithm of the persons' own within SDs; 0 = all alike.
    higher_is_better : bool
        The direction of the measure.

    Raises
    ------
    SignalError
        ``E-SIGNAL-004`` for a scale that is none, ``E-SIGNAL-007`` for other numbers out of range.
    """

    minimum: float
    maximum: float
    step: float
    level: float
    between: float
    within: float
    autocorrelation: float = 0.2
    missing: float = 0.0
    horizon: int = 12
    noise_spread: float = 0.0
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        """Refuse numbers that no world can have."""
        _check_scale(self.minimum, self.maximum, self.step)
        numbers = (self.level, self.between, self.within, self.noise_spread)
        if (
            not all(math.isfinite(number) for number in numbers)
            or min(numbers[1:]) < 0
            or not abs(self.autocorrelation) < 1
            or not 0 <= self.missing < 1
            or self.horizon not in range(1, MOST_SESSIONS + 1)
        ):
            raise SignalError(
                "E-SIGNAL-007",
                what="a world without ruptures cannot be simulated as described",
                got=f"{self}",
                expected="SDs of 0 or more, |autocorrelation| below 1, missing from 0 to below 1, "
                f"a horizon from 1 to {MOST_SESSIONS}",
                next_step="Change the number that is out of range",
            )

    def archive(self) -> Archive:
        """Return the archive of a clinic that knows this world."""
        return Archive(
            mean=min(max(self.level, self.minimum), self.maximum),
            between_sd=self.between,
            within_sd=self.within,
            autocorrelation=self.autocorrelation,
            source="the simulated world itself",
        )


@dataclass(frozen=True, slots=True)
class Dip:
    """What is put into a steady series, to see whether a rule finds it.

    Parameters
    ----------
    depth : float
        By how much scores fall, in usual within-person SDs.
    length : int or "step"
        For how many sessions; "step" = until the series ends.
    onset : int or None
        The first session of the dip, counted from 1; by default the first of the second half
        (session 7 of 12).
    """

    depth: float = 2.5
    length: Length = 1
    onset: int | None = None

    def __post_init__(self) -> None:
        """Refuse dips that are none."""
        whole = self.length == "step" or (isinstance(self.length, int) and self.length >= 1)
        if not (math.isfinite(self.depth) and self.depth >= 0 and whole) or (
            self.onset is not None and self.onset < 1
        ):
            raise SignalError(
                "E-SIGNAL-007",
                what="a dip cannot be simulated as described",
                got=f"depth {self.depth!r}, length {self.length!r}, onset {self.onset!r}",
                expected='a depth of 0 or more, a length of 1 or more sessions or "step", an onset '
                "from session 1",
                next_step="Change the number that is out of range",
            )

    def sessions(self, horizon: int) -> slice:
        """Return the places (counted from 0) of the sessions that the dip is on."""
        first = horizon // 2 if self.onset is None else self.onset - 1
        last = horizon if self.length == "step" else min(first + int(self.length), horizon)
        return slice(first, last)

    def words(self, horizon: int) -> str:
        """Say the dip: "a dip of 2.5 usual SDs in session 7"."""
        on = self.sessions(horizon)
        first, last = on.start + 1, on.stop
        when = f"in session {first}" if last <= first else f"in sessions {first} to {last}"
        if self.length == "step":
            when = f"from session {first} on"
        return f"a dip of {self.depth:g} usual SDs {when}"


def default_null(
    minimum: float,
    maximum: float,
    *,
    step: float = 0.0,
    higher_is_better: bool = True,
    level: float | None = None,
    between: float | None = None,
    within: float | None = None,
    autocorrelation: float | None = None,
    missing: float = 0.0,
    horizon: int = 12,
    noise_spread: float = 0.0,
) -> Null:
    """Return a world whose numbers are those of `default_archive` where none is given."""
    usual = default_archive(minimum, maximum, higher_is_better=higher_is_better)
    return Null(
        minimum=float(minimum),
        maximum=float(maximum),
        step=float(step),
        level=usual.mean if level is None else float(level),
        between=usual.between_sd if between is None else float(between),
        within=usual.within_sd if within is None else float(within),
        autocorrelation=usual.autocorrelation if autocorrelation is None else autocorrelation,
        missing=missing,
        horizon=horizon,
        noise_spread=noise_spread,
        higher_is_better=higher_is_better,
    )


def scores_of(
    levels: FloatArray,
    noises: FloatArray,
    world: Null,
    *,
    seed: int,
    fall: float = 0.0,
    dip: Dip | None = None,
    length: int | None = None,
) -> FloatArray:
    """Simulate one series for each person, on the higher-is-better axis of the world's scale.

    Parameters
    ----------
    levels, noises : numpy.ndarray, shape (n,)
        Each person's own level and within SD.
    world : Null
        Scale, memory and missing forms; its other numbers are not read.
    seed : int
        The same seed gives the same luck, so that two worlds can be compared.
    fall : float
        The size of the dip in points.
    dip : Dip, optional
        When.
    length : int, optional
        Sessions that are drawn, where that is more than the horizon: a longer draw begins with
        the shorter one's luck only for the same length.

    Returns
    -------
    numpy.ndarray, shape (n, horizon)
        NaN = missing form.
    """
    drawn = length or world.horizon
    _, noise, luck = chance(levels.size, drawn, world.autocorrelation, seed)
    scores = levels[:, None] + noises[:, None] * noise[:, : world.horizon]
    if dip is not None:
        scores[:, dip.sessions(world.horizon)] -= fall
    if world.step > 0:
        scores -= world.minimum
        scores /= world.step
        np.round(scores, out=scores)
        scores *= world.step
        scores += world.minimum
    np.clip(scores, world.minimum, world.maximum, out=scores)
    if world.missing > 0:
        scores[luck[:, : world.horizon] < world.missing] = np.nan
    return np.asarray(scores)


def people_of(world: Null, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Draw the own levels and within SDs of n people, on the higher-is-better axis."""
    generator = np.random.default_rng([seed, 1])
    up = world.level if world.higher_is_better else world.minimum + world.maximum - world.level
    levels = up + world.between * generator.standard_normal(n)
    noises = world.within * np.exp(world.noise_spread * generator.standard_normal(n))
    return levels, noises


def batch_of(scores: FloatArray, world: Null) -> Batch:
    """Return simulated scores as a batch in the direction of the world's measure."""
    from attunement.signals.batch import Batch  # noqa: PLC0415 -- stating a world needs none

    n, length = scores.shape
    values = scores if world.higher_is_better else world.minimum + world.maximum - scores
    return Batch(
        np.ascontiguousarray(values).ravel(),
        np.tile(np.arange(1, length + 1), n),
        length * np.arange(n + 1),
        world.minimum,
        world.maximum,
        world.step,
        world.higher_is_better,
    )


def check_number(n: int) -> None:
    """Refuse a number of simulated series that says nothing or never ends."""
    if not FEWEST <= n <= MOST:
        raise SignalError(
            "E-SIGNAL-007",
            what="the number of simulated series cannot be used",
            got=f"n = {n}",
            expected=f"a whole number from {FEWEST} to {MOST}",
            next_step="Use the default unless you need more digits",
        )

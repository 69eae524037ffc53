# SPDX-License-Identifier: Apache-2.0
"""Ask how often a rule is wrong, and how often it is right: of a series, or of a stated world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attunement.signals.archive import Archive, default_archive
from attunement.signals.errors import SignalError
from attunement.signals.rates.axes import HOUSE
from attunement.signals.rates.likeness import hit_like, null_like
from attunement.signals.rates.stated import HitRate, NullRate, hit_sentence, null_sentence
from attunement.signals.rates.world import Dip, Length, Null, check_number, default_null, people_of
from attunement.signals.rules import Rule, detector_of
from attunement.signals.rules import rule as rule_of
from attunement.signals.series import Series

if TYPE_CHECKING:
    from attunement.signals.rates.judging import Asked
    from attunement.signals.rates.simulating import Counted

SEED = 20_260_101
_RESEARCH = 20_000


def null_rate(
    rule: Rule | str = "house",
    *,
    like: Series | None = None,
    archive: Archive | None = None,
    scale: tuple[float, float] | None = None,
    step: float = 0.0,
    higher_is: Literal["better", "worse"] = "better",
    level: float | None = None,
    between: float | None = None,
    within: float | None = None,
    autocorrelation: float | None = None,
    noise_spread: float = 0.0,
    missing: float = 0.0,
    horizon: int = 12,
    asked: Asked | None = None,
    n: int | None = None,
    seed: int | None = None,
) -> NullRate:
    """Tell how often a rule flags a series in which nothing is wrong.

    Two ways to ask. With ``like``, of **a series at hand**: people who could have given it are
    taken (level and noise weighted by how well they explain its scores, see
    `attunement.signals.rates.person`), and new stable series of theirs of the same length and share
    of missing forms are judged. The rates come from shipped tables, in milliseconds and without a
    compiler; outside the tables, for a rule of your own, and where ``n`` or ``seed`` is given, by
    simulation. Without ``like``, of **a world that you state**: level, spreads, memory, missing
    forms, horizon; always by simulation.

    Parameters
    ----------
    rule : Rule or str
        A rule that reads one series, or its id.
    like : Series, optional
        The series at hand; ``scale`` to ``horizon`` are then not read.
    archive : Archive, optional
        What the rule works with. Needed with ``like``, unless the simulated prior will do; without
        ``like`` the archive of a clinic that knows the stated world.
    scale : tuple of float
        Lowest and highest possible score. Needed without ``like``.
    step : float
        Smallest step between two scores; 0 = continuous.
    higher_is : str
        "better" or "worse".
    level, between, within, autocorrelation : float, optional
        Mean and SD of the persons' levels, SD of a person's scores, correlation of neighbouring
        deviations; of `default_archive` where not given.
    noise_spread : float
        SD of the logarithm of the persons' own within SDs; 0 = all alike.
    missing : float
        Share of missing forms, at random places.
    horizon : int
        Sessions, 1 to 240.
    asked : Asked, optional
        What the house rule is asked for; by default one in ten within 12 sessions.
    n : int, optional
        Number of simulated series, 100 to 1,000,000; 20,000 for a stated world.
    seed : int, optional
        Seed of the simulation: the same call gives the same answer.

    Returns
    -------
    NullRate
        Rates with Monte Carlo standard errors and a plain sentence.

    Raises
    ------
    SignalError
        ``E-SIGNAL-004`` without a scale, ``E-SIGNAL-006`` for a rule that reads more than one
        series, ``E-SIGNAL-007`` for numbers out of range.

    Notes
    -----
    Checked against the project's published simulation table (``tests/golden/signals``) and against
    what is counted in thousands of stable series (``tests/unit/signals``): within two points.

    Examples
    --------
    >>> found = null_rate("own-sd-drop-whole", scale=(1, 5), step=1 / 12, n=2000)
    >>> found.per_series > 0.9
    True
    """
    one = _known(rule)
    if n is not None:
        check_number(n)
    if like is not None:
        return null_like(one, like, _archive(archive, like), asked=asked, n=n, seed=seed)
    world = _world(
        scale,
        step,
        higher_is,
        level=level,
        between=between,
        within=within,
        autocorrelation=autocorrelation,
        noise_spread=noise_spread,
        missing=missing,
        horizon=horizon,
    )
    many = n or _RESEARCH
    found = _count(one, world, archive, dip=None, asked=asked, n=many, seed=seed)
    return NullRate(
        per_series=found.per_series,
        per_session=found.per_session,
        per_series_se=found.per_series_se,
        per_session_se=found.per_session_se,
        n_simulated=many,
        n_sessions=horizon,
        sentence=null_sentence(one, horizon, found.per_series, like=False),
    )


def hit_rate(
    rule: Rule | str = "house",
    *,
    depth: float = 2.5,
    length: Length = 1,
    onset: int | None = None,
    like: Series | None = None,
    archive: Archive | None = None,
    scale: tuple[float, float] | None = None,
    step: float = 0.0,
    higher_is: Literal["better", "worse"] = "better",
    level: float | None = None,
    between: float | None = None,
    within: float | None = None,
    autocorrelation: float | None = None,
    noise_spread: float = 0.0,
    missing: float = 0.0,
    horizon: int = 12,
    asked: Asked | None = None,
    n: int | None = None,
    seed: int | None = None,
) -> HitRate:
    """Tell how often a rule flags a stated dip while it is on.

    Parameters
    ----------
    rule : Rule or str
    depth : float
        By how much scores fall, in usual within-person SDs (of the archive, or ``within``).
    length : int or "step"
        Sessions that the dip lasts; "step" = until the end.
    onset : int, optional
        Its first session; by default the first of the second half (session 7 of 12).
    like, archive, scale, step, higher_is, level, between, within, autocorrelation, noise_spread
        As in `null_rate`.
    missing, horizon, asked, n, seed
        As in `null_rate`. A form that is missing in the only session of a dip cannot be flagged.

    Returns
    -------
    HitRate
        Share found, its standard error and a plain sentence. A rule that looks back is told with
        all sessions known.

    Raises
    ------
    SignalError
        As in `null_rate`.

    Examples
    --------
    >>> found = hit_rate("below-own-baseline", depth=2.5, scale=(1, 5), n=2000)
    >>> 0.4 < found.rate < 0.7
    True
    """
    one, dip = _known(rule), Dip(depth, length, onset)
    if n is not None:
        check_number(n)
    if like is not None:
        return hit_like(one, like, _archive(archive, like), dip, asked=asked, n=n, seed=seed)
    world = _world(
        scale,
        step,
        higher_is,
        level=level,
        between=between,
        within=within,
        autocorrelation=autocorrelation,
        noise_spread=noise_spread,
        missing=missing,
        horizon=horizon,
    )
    many = n or _RESEARCH
    found = _count(one, world, archive, dip=dip, asked=asked, n=many, seed=seed)
    return HitRate(
        rate=found.hit,
        rate_se=found.hit_se,
        dip=dip,
        onset=dip.sessions(horizon).start + 1,
        n_simulated=many,
        n_sessions=horizon,
        sentence=hit_sentence(one, horizon, dip, found.hit, like=False),
    )


def _known(rule: Rule | str) -> Rule:
    one = rule_of(rule) if isinstance(rule, str) else rule
    if one.detector != HOUSE:
        detector_of(one)
    return one


def _archive(archive: Archive | None, like: Series) -> Archive:
    if archive is not None:
        return archive
    return default_archive(like.minimum, like.maximum, higher_is_better=like.higher_is_better)


def _world(
    scale: tuple[float, float] | None,
    step: float,
    higher_is: str,
    *,
    level: float | None,
    between: float | None,
    within: float | None,
    autocorrelation: float | None,
    noise_spread: float,
    missing: float,
    horizon: int,
) -> Null:
    if scale is None or higher_is not in {"better", "worse"}:
        raise SignalError(
            "E-SIGNAL-004",
            what="a rate needs a series, or a scale",
            got="no scale" if scale is None else f"higher_is={higher_is!r}",
            expected='like=…, or scale=(lowest, highest) and higher_is="better" or "worse"',
            next_step="Give the ends of the measure's scale, such as scale=(0, 6)",
        )
    return default_null(
        *scale,
        step=step,
        higher_is_better=higher_is == "better",
        level=level,
        between=between,
        within=within,
        autocorrelation=autocorrelation,
        missing=missing,
        horizon=horizon,
        noise_spread=noise_spread,
    )


def _count(
    rule: Rule,
    world: Null,
    archive: Archive | None,
    *,
    dip: Dip | None,
    asked: Asked | None,
    n: int,
    seed: int | None,
) -> Counted:
    """Count in a stated world."""
    from attunement.signals.engine import COMPILE_FROM  # noqa: PLC0415 -- tables need no engine
    from attunement.signals.rates.simulating import count_flags  # noqa: PLC0415 -- as above

    start = SEED if seed is None else seed
    known = world.archive() if archive is None else archive
    levels, noises = people_of(world, n, start)
    return count_flags(
        rule,
        world,
        levels,
        noises,
        archive=known,
        seed=start,
        dip=dip,
        fall=0.0 if dip is None else dip.depth * known.within_sd,
        asked=asked,
        compile_from=COMPILE_FROM,
    )

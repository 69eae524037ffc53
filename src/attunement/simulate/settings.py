# SPDX-License-Identifier: Apache-2.0
"""Every number the synthetic clinic is made from, with the range in which it stays plausible."""

from __future__ import annotations

from dataclasses import dataclass, fields

from attunement.simulate.errors import SimulationError

# parameter -> (lowest, highest) permitted value; pairs and shares of a whole are checked below.
BOUNDS: dict[str, tuple[float, float]] = {
    "level": (0.0, 6.0),
    "between_sd": (0.0, 2.0),
    "within_sd": (0.0, 2.0),
    "autocorrelation": (-0.5, 0.95),
    "therapist_share": (0.0, 0.5),
    "growth": (-2.0, 2.0),
    "item_sd": (0.0, 2.0),
    "uniform_share": (0.0, 1.0),
    "bias": (-3.0, 3.0),
    "bias_sd": (0.0, 2.0),
    "tracking": (-1.0, 1.5),
    "tracking_sd": (0.0, 1.0),
    "bias_tracking_correlation": (-1.0, 1.0),
    "therapist_sd": (0.0, 2.0),
    "prediction_bias": (-3.0, 3.0),
    "prediction_sd": (0.0, 2.0),
    "rupture_share": (0.0, 1.0),
    "repaired_share": (0.0, 1.0),
    "lingering": (0.0, 1.0),
    "noticed_drop": (0.0, 1.0),
    "withdrawal_share": (0.0, 1.0),
    "background_strain": (0.0, 1.0),
    "cancelled": (0.0, 0.4),
    "missed": (0.0, 0.4),
    "client_form_missing": (0.0, 0.9),
    "therapist_form_missing": (0.0, 0.9),
    "after_dip_factor": (1.0, 10.0),
    "item_skipped": (0.0, 0.5),
    "unplanned": (0.0, 1.0),
    "unplanned_after_unrepaired": (0.0, 1.0),
    "video": (0.0, 1.0),
    "phone": (0.0, 1.0),
    "modality_switch": (0.0, 1.0),
    "intake_weeks": (1, 520),
    "note_share": (0.0, 1.0),
}
DEPTH_BOUNDS = (0.1, 5.0)
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The parameters of a synthetic clinic; points are those of the 0–6 alliance form.

    The defaults put about a fifth of the clients' totals at the maximum and let therapists rate
    0.4 points lower with a tracking of 0.35 (the values of a published-design recovery study; see
    West & Kenny 2011, doi 10.1037/a0022936, for the model). They are a plausible invention, not
    estimates from any clinic.

    Attributes
    ----------
    level, between_sd, within_sd : float
        Mean of the clients' true states, SD between clients of one therapist, SD within a client.
        States may lie above 6: the form cuts them off, and that makes the ceiling.
    autocorrelation : float
        Of a client's state from one session to the next (stationary AR(1)).
    therapist_share : float
        Share of the states' whole variance (before growth and ruptures) that lies between
        therapists.
    growth : float
        Points gained in the long run; 63 % of it within the first four sessions.
    item_sd, uniform_share : float
        SD of an item around the state; share of clients who give all seven items one answer.
    bias, bias_sd, tracking, tracking_sd, bias_tracking_correlation, therapist_sd : float
        Therapist's state = client's mean + bias + tracking × (client's deviation) + noise;
        bias and tracking vary over dyads. Ruptures come on top, see `noticed_drop`.
    prediction_bias, prediction_sd : float
        The therapist's prediction of the client's total, relative to the client's mean; it
        tracks with the dyad's own tracking.
    rupture_share, depth, length_shares, repaired_share : float or tuple
        Share of clients with one planted rupture, its depth in points (uniform between the two),
        the shares of ruptures that last 1, 2, 3 … sessions, and the share repaired.
    lingering, noticed_drop : float
        Part of the depth that stays after an unrepaired rupture; part of the depth by which the
        therapist's own rating falls if the therapist noticed.
    noticed_shares : tuple of float
        Noticed by the client, the therapist, both, nobody.
    withdrawal_share, background_strain : float
        Share of withdrawal (the rest is confrontation); chance that a calm session has strain 1.
    cancelled, missed, client_form_missing, therapist_form_missing, after_dip_factor : float
        Chances per session, and their factor in the session after one with a dip.
    item_skipped : float
        Chance that one scored item of a form stays empty.
    unplanned, unplanned_after_unrepaired : float
        Chance of an ending nobody planned.
    video, phone, modality_switch : float
        Shares of dyads that usually meet so (the rest in person); chance of another way once.
    intake_weeks : int
        Weeks over which the clients begin.
    note_share : float
        Share of attended sessions with a note by the therapist, and of client forms with a wish.

    Raises
    ------
    SimulationError
        E-SIM-001, when a parameter is outside its plausible range.
    """

    level: float = 5.1
    between_sd: float = 0.8
    within_sd: float = 0.5
    autocorrelation: float = 0.25
    therapist_share: float = 0.05
    growth: float = 0.3
    item_sd: float = 0.45
    uniform_share: float = 0.12
    bias: float = -0.4
    bias_sd: float = 0.4
    tracking: float = 0.35
    tracking_sd: float = 0.25
    bias_tracking_correlation: float = -0.3
    therapist_sd: float = 0.35
    prediction_bias: float = -0.25
    prediction_sd: float = 0.4
    rupture_share: float = 0.25
    depth: tuple[float, float] = (0.9, 2.4)
    length_shares: tuple[float, ...] = (0.6, 0.28, 0.12)
    repaired_share: float = 0.65
    lingering: float = 0.4
    noticed_drop: float = 0.7
    noticed_shares: tuple[float, float, float, float] = (0.35, 0.15, 0.3, 0.2)
    withdrawal_share: float = 0.65
    background_strain: float = 0.08
    cancelled: float = 0.05
    missed: float = 0.03
    client_form_missing: float = 0.08
    therapist_form_missing: float = 0.06
    after_dip_factor: float = 2.5
    item_skipped: float = 0.004
    unplanned: float = 0.18
    unplanned_after_unrepaired: float = 0.65
    video: float = 0.22
    phone: float = 0.06
    modality_switch: float = 0.05
    intake_weeks: int = 26
    note_share: float = 0.4

    def __post_init__(self) -> None:
        """Refuse values that make no plausible clinic."""
        for name, (low, high) in BOUNDS.items():
            check_range(name, getattr(self, name), low, high)
        check_range("depth (first)", self.depth[0], *DEPTH_BOUNDS)
        check_range("depth (second)", self.depth[1], self.depth[0], DEPTH_BOUNDS[1])
        check_range("video + phone", self.video + self.phone, 0.0, 1.0)
        check_range("cancelled + missed", self.cancelled + self.missed, 0.0, 0.5)
        check_shares("length_shares", self.length_shares)
        check_shares("noticed_shares", self.noticed_shares)

    def as_dict(self) -> dict[str, object]:
        """Return the parameters by name, pairs as lists, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise E-SIM-001 unless ``low <= value <= high`` (a NaN is outside every range)."""
    if not low <= value <= high:
        raise SimulationError(
            "E-SIM-001",
            what=f"the parameter {name} is out of its plausible range",
            got=f"{value:g}",
            expected=f"a value from {low:g} to {high:g}",
            next_step="Choose a value inside the range",
        )


def check_shares(name: str, shares: tuple[float, ...]) -> None:
    """Raise E-SIM-001 unless the shares are not negative and add up to one."""
    if not shares or min(shares) < 0 or not abs(sum(shares) - 1) <= ROUNDING:
        raise SimulationError(
            "E-SIM-001",
            what=f"the parameter {name} is not a set of shares",
            got=f"{len(shares)} values with the sum {sum(shares):g}",
            expected="values that are not negative and add up to 1",
            next_step="Divide each by their sum",
        )

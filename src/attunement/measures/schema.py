# SPDX-License-Identifier: Apache-2.0
"""What a measure is: the shape that every definition file is read into.

A definition (``<id>/<version>.toml``) holds structure, scoring and rights; a text bundle
(``<id>/<version>.<language>.toml``) holds words. They are apart because a measure may be scored
by anybody while its wording belongs to somebody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Direction(StrEnum):
    """Which end of the score is the wished-for one."""

    HIGHER_IS_BETTER = "higher_is_better"
    LOWER_IS_BETTER = "lower_is_better"
    NONE = "none"


class TextState(StrEnum):
    """Where the wording comes from: with us, from the operator's licence, or nowhere yet."""

    BUNDLED = "bundled"
    OPERATOR = "operator"
    ABSENT = "absent"


class Permission(StrEnum):
    """What the owner says about one use context; everything unknown counts as *no*."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class OptionSet:
    """The permitted answers of an item: values here, their words in the text bundle."""

    id: str
    values: tuple[float, ...]
    loinc_list: str = ""
    loinc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Risk:
    """An answer that a person must look at: ``value >= at_least`` on the raw answer."""

    at_least: float
    kind: str


@dataclass(frozen=True, slots=True)
class ShownIf:
    """Skip logic: the item is shown when ``item``'s raw answer is at least ``at_least``."""

    item: str
    at_least: float


@dataclass(frozen=True, slots=True)
class Item:
    """One question. ``minimum``/``maximum`` bound the raw answer; ``step`` 0 means continuous."""

    id: str
    kind: str  # "choice" | "scale" | "yes_no" | "text"
    minimum: float | None
    maximum: float | None
    step: float = 1.0
    options: str = ""
    construct: str = ""
    view: str = "own"  # "own" | "meta": a therapist guessing the client
    loinc: str = ""
    risk: Risk | None = None
    shown_if: ShownIf | None = None
    scored: bool = True  # False: the source keeps it out of every scale


@dataclass(frozen=True, slots=True)
class Scale:
    """A total or subscale: which items, which are reversed, how they become one number.

    ``sum`` adds the keyed answers, ``mean`` averages them; then ``multiplier``. With fewer than
    ``min_answered`` answers there is no score. With ``prorate`` a sum over the answered items is
    multiplied by items/answered; without it a sum needs every item that ``min_answered`` asks for.
    """

    id: str
    items: tuple[str, ...]
    method: str  # "sum" | "mean"
    min_answered: int
    reverse: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    multiplier: float = 1.0
    prorate: bool = False
    rounding: str = "none"  # "none" | "half_up"
    bounds: tuple[float, float] | None = None
    direction: Direction | None = None  # None: as the measure's
    complete: bool = True  # False: the source names items that are not listed here
    missing_rule: str = ""  # in words, with its source
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """One range of a cut-off table, both ends included."""

    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class CutOff:
    """A published reading of a scale."""

    scale: str
    kind: str  # "severity" | "screen" | "clinical" | "discuss"
    bands: tuple[Band, ...]
    source: str
    verified: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Norm:
    """Mean and standard deviation of a scale in a named group."""

    scale: str
    population: str
    mean: float
    sd: float
    n: int | None
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability coefficient and, always, its kind."""

    scale: str
    kind: str  # "alpha" | "omega" | "retest" | "within_person"
    value: float
    source: str
    verified: bool
    population: str = ""
    n: int | None = None


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """A published number of points; never mixed with one that is computed."""

    scale: str
    points: float
    confidence: float | None
    method: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read, or ``verified=False`` where it still has to be."""

    key: str
    citation: str
    url: str = ""
    doi: str = ""
    verified: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Licence:
    """The rights in a measure's words, in its owner's own words."""

    verdict: str  # "ship_core" | "ship_nc" | "structure_only" | "own"
    name: str
    holder: str
    exact_words: str
    source_url: str
    seen_on: str
    conditions: tuple[str, ...]
    nc: bool
    nd: bool
    sa: bool
    contexts: Mapping[str, Permission]  # clinical, commercial, educational, research
    evidence: str  # "seen" | "memory"
    recheck_by: str


@dataclass(frozen=True, slots=True)
class TextBundle:
    """The words of one measure version in one language."""

    measure: str
    version: str
    language: str
    title: str
    instructions: str
    items: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]]  # option set -> value written as text -> label
    anchors: Mapping[str, tuple[str, str]]  # item id (or "*") -> words at minimum, at maximum
    stem: str = ""
    attribution: str = ""
    adapted: bool = False
    changes: str = ""
    source_url: str = ""
    seen_on: str = ""
    sha256: str = ""  # of the file's bytes, filled by the loader


@dataclass(frozen=True, slots=True)
class Measure:
    """One version of one measure."""

    id: str
    version: str
    title: str
    acronym: str
    family: str
    construct: str
    about: str
    perspectives: tuple[str, ...]
    timeframe: str
    direction: Direction
    validated: bool
    pack: str  # "core" | "nc" | "own" | "structure" | "operator"
    text: TextState
    items: tuple[Item, ...]
    option_sets: Mapping[str, OptionSet]
    scales: tuple[Scale, ...]
    cutoffs: tuple[CutOff, ...]
    norms: tuple[Norm, ...]
    reliability: tuple[Reliability, ...]
    reliable_change: tuple[ReliableChange, ...]
    sources: tuple[Source, ...]
    licence: Licence
    loinc_panel: str = ""
    loinc_total: str = ""
    minimum_age: int | None = None
    maximum_age: int | None = None
    seconds: int | None = None  # usual time to fill
    notes: tuple[str, ...] = ()
    text_sha256: Mapping[str, str] = field(default_factory=dict)  # language -> hash (ND licences)

    def item(self, item_id: str) -> Item:
        """Return the item with this id; KeyError if there is none."""
        for candidate in self.items:
            if candidate.id == item_id:
                return candidate
        raise KeyError(item_id)

    def scale(self, scale_id: str = "total") -> Scale:
        """Return the scale with this id; KeyError if there is none."""
        for candidate in self.scales:
            if candidate.id == scale_id:
                return candidate
        raise KeyError(scale_id)

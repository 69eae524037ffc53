# SPDX-License-Identifier: Apache-2.0
"""One thing that the linter found: its code, its place, what it is, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ERROR: Final = "error"
WARNING: Final = "warning"

CODES: Final[dict[str, str]] = {
    "item-twice": "an item id is used twice",
    "item-unscored": "an item is in no scale and is not said to stay out",
    "item-no-subscale": "an item is in no subscale that the source puts it in",
    "scale-twice": "a scale id is used twice",
    "scale-item-twice": "a scale names an item twice",
    "scale-item-unknown": "a scale names an item that does not exist",
    "scale-item-text": "a scale counts an item that holds words",
    "reverse-outside": "a reverse key names an item outside the scale",
    "reverse-twice": "a reverse key is named twice",
    "weight-outside": "a weight is given to an item outside the scale",
    "weight-not-number": "a weight is not a finite number",
    "weight-mean": "a mean has a weight that is not above 0",
    "weight-zero": "a weight of 0 takes the item out without saying so",
    "min-answered": "more answers are asked for than there are items",
    "min-answered-low": "a score would be made from fewer than half of the items",
    "sum-unprorated": "a sum that is not prorated needs every item, whatever min_answered says",
    "skip-unknown": "skip logic points at an item that does not exist or holds words",
    "skip-circle": "skip logic runs in a circle",
    "skip-order": "skip logic looks at a later item",
    "skip-never": "skip logic or a risk mark can never come true",
    "number-not-finite": "a number is not finite",
    "bounds-unreachable": "declared bounds cannot be reached",
    "bounds-too-narrow": "a score can fall outside the declared bounds",
    "cutoff-scale": "a published fact is about a scale that does not exist",
    "cutoff-overlap": "two bands of a cut-off table overlap",
    "cutoff-gap": "a score can fall between two bands",
    "cutoff-outside": "a band lies outside what the scale can reach",
    "cutoff-short": "a severity table does not reach the scale's ends",
    "source-twice": "a source key is used twice",
    "source-unknown": "a claim names a source that is not listed",
    "verified-no-source": "a claim is marked verified without a source",
    "verified-unread": "a claim is marked verified and its source is not",
    "text-missing": "the wording is said to be bundled and is not there",
    "text-unexpected": "there is wording where there should be none",
    "text-other": "a text bundle belongs to another measure or version",
    "text-twice": "a language has two text bundles",
    "text-items": "a text bundle's items differ from the measure's",
    "text-options": "a text bundle's answer labels differ from the measure's",
    "text-anchors": "a text bundle's anchors name an item that has no line",
    "text-changed": "wording changed under a no-derivatives licence",
    "text-unhashed": "no-derivatives wording has no hash to hold it",
    "text-adapted": "wording is marked adapted, against the licence or without saying how",
    "text-attribution": "the attribution line that the owner asks for is missing",
    "licence-contexts": "the owner's answer for a use context is not recorded",
    "licence-nc": "a non-commercial licence and the permissions disagree",
    "licence-pack": "the licence verdict and the pack disagree",
    "licence-words": "the owner's words or their place are missing",
    "licence-recheck": "the licence is due to be read again",
    "known-error": "a mistake that is known to circulate",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the linter.

    Attributes
    ----------
    code : str
        A key of ``CODES``.
    path : str
        The place in the file, such as ``items[3]`` or ``scales[0].reverse``.
    what : str
        What is wrong, in one clause.
    next_step : str
        What to do about it.
    severity : str
        ``"error"`` (the measure must not be used) or ``"warning"``.
    """

    code: str
    path: str
    what: str
    next_step: str
    severity: str = ERROR

    def __post_init__(self) -> None:
        """Refuse a code that is not declared: that is a defect of ours."""
        if self.code not in CODES:
            raise KeyError(self.code)

    def text(self) -> str:
        """Return the finding in one line."""
        return f"{self.severity}: {self.path}: {self.what}. {self.next_step}. [{self.code}]"

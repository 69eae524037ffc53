# SPDX-License-Identifier: Apache-2.0
"""What is refused, and warned of, when a table of scores is asked about sudden gains."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class GainsError(AttunementError):
    """A question about sudden gains that cannot be answered as it was asked."""

    codes: ClassVar[dict[str, str]] = {
        "E-FRAME-221": "the direction of the score is not given, or contradicts itself",
        "E-FRAME-222": "an argument about sudden gains has a value that is not offered",
        "E-FRAME-223": "there is no such gain, interval or person in the result",
        "E-FRAME-224": "the drawing library is not installed",
        "E-FRAME-225": "this kind of lazy table cannot be given back as it came",
    }


class GainsDirectionWarning(UserWarning):
    """Scores that on the whole move away from the end that was said to be the better one."""

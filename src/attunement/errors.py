# SPDX-License-Identifier: Apache-2.0
"""The one root of every refusal: what is wrong, what came, what was expected, what to do next.

Each room declares a subclass with its own ``codes``; ``docs/reference/errors.md`` lists them all
and a test compares the two. A message never carries an answer, a name or free text of a client.
"""

from __future__ import annotations

from typing import ClassVar


class AttunementError(Exception):
    """A refusal that teaches.

    Parameters
    ----------
    code : str
        A stable code such as ``"E-SCORE-001"``, declared in the class's ``codes``.
    what : str
        What could not be done, in one clause.
    got : str
        What came instead, never quoting a client's words.
    expected : str
        What would have been accepted.
    next_step : str
        What the reader can do now.

    Raises
    ------
    KeyError
        If ``code`` is not declared by the class: an undeclared code is a defect of ours.
    """

    codes: ClassVar[dict[str, str]] = {}

    def __init__(
        self, code: str, *, what: str, got: str = "", expected: str = "", next_step: str = ""
    ) -> None:
        if code not in self.codes:
            message = f"{type(self).__name__} does not declare the code {code!r}"
            raise KeyError(message)
        self.code = code
        self.what = what
        self.got = got
        self.expected = expected
        self.next_step = next_step
        super().__init__(self.text())

    def text(self) -> str:
        """Return the message in one line: code, what, got, expected, next step."""
        parts = [f"{self.code}: {self.what}."]
        if self.got:
            parts.append(f"Got {self.got}.")
        if self.expected:
            parts.append(f"Expected {self.expected}.")
        if self.next_step:
            parts.append(f"{self.next_step}.")
        return " ".join(parts)

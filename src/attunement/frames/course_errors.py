# SPDX-License-Identifier: Apache-2.0
"""What is refused, and warned of, when a table is asked about people's change and course."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError, Problem


class CourseError(AttunementError):
    """A question about change or course that cannot be answered as it was asked.

    Attributes
    ----------
    problems : tuple of Problem
        The first cells that cannot be used, each with its row and column.
    """

    codes: ClassVar[dict[str, str]] = {
        "E-FRAME-231": "the direction of a score is not given, or contradicts itself",
        "E-FRAME-232": "an argument about change or course has a value that is not offered",
        "E-FRAME-233": "a column is not in the table, or has the name of a result column",
        "E-FRAME-234": "some cells of a course cannot be used",
        "E-FRAME-235": "a person has the same occasion twice",
        "E-FRAME-236": "the table has no such occasion, or nothing to judge",
        "E-FRAME-237": "there is no such row or person in the result",
        "E-FRAME-238": "research use was not switched on",
    }
    problems: tuple[Problem, ...] = ()


class CourseDirectionWarning(UserWarning):
    """Scores that on the whole move away from the end that was said to be the better one."""


def not_offered(name: str, value: object, expected: str, next_step: str = "") -> CourseError:
    """Return the refusal of an argument's value."""
    return CourseError(
        "E-FRAME-232",
        what=f"{name}= cannot be used as it is",
        got=repr(value),
        expected=expected,
        next_step=next_step,
    )


def check_row(row: object, n_rows: int, of: str = "the table") -> None:
    """Refuse what is no row of a result.

    Raises
    ------
    CourseError
        E-FRAME-237, saying which rows there are.
    """
    if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < n_rows:
        raise CourseError(
            "E-FRAME-237",
            what="There is no such row",
            got=repr(row),
            expected=f"a row of {of}, 0 to {n_rows - 1}",
        )


def check_engine(engine: object) -> None:
    """Refuse a kind of picture that is not drawn.

    Raises
    ------
    CourseError
        E-FRAME-232.
    """
    if engine not in {"svg", "altair"}:
        raise not_offered("engine", engine, "'svg' or 'altair'")


def no_such(who: str, column: str) -> CourseError:
    """Return the refusal of a person or dyad that is not in a table."""
    return CourseError(
        "E-FRAME-237",
        what=f"There is no such {who}",
        expected=f"a value of the {column} column, of its type",
    )

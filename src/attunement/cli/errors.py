# SPDX-License-Identifier: Apache-2.0
"""What the command itself refuses: words it does not know, files it cannot open."""

from __future__ import annotations

from typing import ClassVar, Self

import click

from attunement.errors import AttunementError


class CommandError(AttunementError):
    """A command line that cannot be run."""

    codes: ClassVar[dict[str, str]] = {
        "E-CLI-001": "the command line is not understood",
        "E-CLI-002": "the file cannot be read",
        "E-CLI-003": "the file cannot be written",
    }

    @classmethod
    def from_click(cls, refusal: click.ClickException) -> Self:
        """Return the same refusal in the house's words."""
        context = getattr(refusal, "ctx", None)
        path = context.command_path if context is not None else "attunement"
        return cls(
            "E-CLI-001",
            what=refusal.format_message().rstrip(".").replace("\n", " "),
            next_step=f"See '{path} --help'",
        )

    @classmethod
    def from_output(cls, problem: OSError) -> Self:
        """Return the refusal of an output that takes no more."""
        return cls(
            "E-CLI-003",
            what="the output cannot be written",
            got=(problem.strerror or "a refusal of the device").lower(),
            next_step="Send it where there is room",
        )

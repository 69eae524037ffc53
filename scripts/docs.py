# SPDX-License-Identifier: Apache-2.0
"""Write the pages of the docs that follow from the code: measures, commands, error codes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

import attunement
from attunement.cli import COMMANDS, group
from attunement.errors import AttunementError
from attunement.measures.docs import write_pages

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs/reference"


def command_page() -> str:
    """Return the help of every command as one Markdown page."""
    parts = [
        "# The command\n",
        "Written by `make docs` from the command's own help.\n",
        "Exit codes: 0 done, 1 our fault, 2 bad input, 130 interrupted.\n",
    ]
    for name in sorted(COMMANDS):
        command = group.get_command(click.Context(group), name)
        if command is not None:
            parts.extend(_help(command, ["attunement", name]))
    return "\n".join(parts)


def _help(command: click.Command, path: list[str]) -> list[str]:
    context = click.Context(command, info_name=" ".join(path), terminal_width=92)
    title = "#" * min(len(path), 3)
    lines = [f"{title} `{' '.join(path)}`\n", "```text", command.get_help(context), "```\n"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                lines.extend(_help(child, [*path, name]))
    return lines


def declared_codes() -> dict[str, str]:
    """Return every error code with its title, in alphabetical order."""
    package = Path(attunement.__path__[0])
    for path in sorted(package.rglob("*errors.py")):
        importlib.import_module(".".join(path.relative_to(package.parent).with_suffix("").parts))
    codes: dict[str, str] = {}
    waiting: list[type[AttunementError]] = [AttunementError]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child.__module__.startswith("attunement."):
                codes.update(child.codes)
            waiting.append(child)
    return dict(sorted(codes.items()))


def errors_page() -> str:
    """Return the table of error codes as one Markdown page."""
    rows = [f"| `{code}` | {title} |" for code, title in declared_codes().items()]
    return "\n".join(
        [
            "# Error codes\n",
            "Written by `make docs`.",
            "Each message says what is wrong, what came, what was expected and what to do next;",
            "none quotes a client's words or answers.\n",
            "| code | what it means |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def main() -> int:
    """Write the pages, or with ``--check`` only say which are out of date."""
    pages = {REFERENCE / "command.md": command_page(), REFERENCE / "errors.md": errors_page()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date; run `make docs`")
        return 1 if stale else 0
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    write_pages(REFERENCE / "measures")
    return 0


if __name__ == "__main__":
    sys.exit(main())

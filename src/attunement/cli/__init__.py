# SPDX-License-Identifier: Apache-2.0
"""The command: ``attunement …``. Each subcommand lives in its own module and loads when it runs."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from contextlib import suppress
from importlib import import_module
from itertools import takewhile
from typing import IO, NoReturn

import click

from attunement.cli.errors import CommandError
from attunement.errors import AttunementError

# subcommand -> (module, one line of help); the module exposes a click command named `command`.
COMMANDS: dict[str, tuple[str, str]] = {
    "backup": ("attunement.cli.backup", "Back up a clinic, and restore the copy to prove it."),
    "change": ("attunement.cli.change", "Tell whose change in a file exceeds chance."),
    "demo": ("attunement.cli.demo", "Serve a synthetic clinic on this machine."),
    "explain": ("attunement.cli.explain", "Walk a score back to its answers."),
    "gains": ("attunement.cli.gains", "Find sudden gains and losses in a file of scores."),
    "look": ("attunement.cli.look", "Turn a file of ratings into one page and a short text."),
    "measures": ("attunement.cli.measures", "List, show, check and add measures."),
    "people": ("attunement.cli.people", "Bring in the people that a clinic already has."),
    "restore": ("attunement.cli.restore", "Restore a clinic's backup into an empty place."),
    "score": ("attunement.cli.score", "Score a file of answers."),
    "serve": ("attunement.cli.serve", "Serve a clinic."),
    "signals": ("attunement.cli.signals", "Find possible ruptures in a file of scores."),
    "simulate": ("attunement.cli.simulate", "Write a synthetic clinic with known truth."),
    "tune": ("attunement.cli.tune", "Try a rule's threshold on a clinic's past, and save it."),
}


# What a write is answered with when the other end takes no more.
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


class LazyGroup(click.Group):
    """A group whose subcommands are imported when they are asked for: start-up stays short."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the subcommands' names in alphabetical order."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the subcommand, or None if there is no such name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            message = f"{COMMANDS[cmd_name][0]} has no click command named `command`"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="attunement", prog_name="attunement")
def group() -> None:
    """Look at, score, simulate and serve the therapeutic alliance, from both chairs."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with 0, 2 for bad input, 130 when interrupted.

    A refusal is one line on the error stream; with ``--json`` among the words it is one JSON
    document on the output as well.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``attunement``; those of the process by default.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows few characters gets escapes instead of an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in takewhile(lambda word: word != "--", words)
    try:
        code = group.main(args=arguments, prog_name="attunement", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a full device can still be told in a line
    except AttunementError as refusal:
        _refuse(refusal, as_json=as_json)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _leave("Interrupted; nothing was changed.", 130)
    except click.ClickException as refusal:
        _refuse(CommandError.from_click(refusal), as_json=as_json)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing is wrong, and there is nobody to tell.
        _silence(sys.stdout)
        sys.exit(0)
    except OSError as problem:
        if problem.errno not in _UNWRITABLE:
            raise
        _silence(sys.stdout)
        _refuse(CommandError.from_output(problem), as_json=False)
    sys.exit(code if isinstance(code, int) else 0)


def printable(text: str) -> str:
    """Return ``text`` with control characters shown as escapes, so that no terminal obeys them."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
        for char in text
    )


def _refuse(refusal: AttunementError, *, as_json: bool) -> NoReturn:
    if as_json:
        parts = ("code", "what", "got", "expected", "next_step")
        said = {part: printable(getattr(refusal, part)) for part in parts}
        try:
            click.echo(json.dumps({"error": said}, ensure_ascii=False))
        except OSError:
            _silence(sys.stdout)
    _leave(printable(refusal.text()), 2)


def _leave(message: str, code: int) -> NoReturn:
    try:
        click.echo(message, err=True)
    except OSError:
        _silence(sys.stderr)
    sys.exit(code)


def _silence(stream: IO[str]) -> None:
    """Let what is left for a stream that takes nothing go nowhere: leaving would try it again."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)

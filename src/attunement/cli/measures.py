# SPDX-License-Identifier: Apache-2.0
"""``attunement measures``: list, show, check, document, begin and add measures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from attunement.cli import printable
from attunement.cli.errors import CommandError
from attunement.errors import AttunementError
from attunement.measures import (
    DEFAULT_PACKS,
    PACKS,
    Finding,
    Measure,
    MeasureError,
    TextBundle,
    ids,
    languages,
    lint,
    load,
    load_text,
    operator_folder,
    parse_measure,
    parse_text,
    versions,
)
from attunement.measures.library import folders, read_file
from attunement.measures.parse import FAMILIES
from attunement.measures.reading import read_toml
from attunement.measures.words import TEXT_STATES

_FILE = click.Path(path_type=Path)


@click.group()
def command() -> None:
    """List, show, check and add measures."""


@command.command("list")
@click.option(
    "--family",
    type=click.Choice(FAMILIES, case_sensitive=False),
    metavar="FAMILY",
    help="Only this family, such as alliance or outcome.",
)
@click.option("--all", "everything", is_flag=True, help="The non-commercial pack as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(*, family: str | None, everything: bool, as_json: bool) -> None:
    """List the measures at hand: who rates, and whether their wording is there."""
    extra = folders(None)
    packs = PACKS if everything else DEFAULT_PACKS
    found, broken = _loaded(ids(packs=packs, extra=extra), extra)
    if family is not None:
        found = [one for one in found if one.family == family]
    if as_json:
        click.echo(json.dumps({"measures": [_row(one) for one in found]}, indent=2))
    else:
        header = ("id", "acronym", "family", "who rates", "items", "wording", "pack", "validated")
        rows = [
            _row(one)
            | {"text": TEXT_STATES[one.text.value], "validated": "yes" if one.validated else "no"}
            for one in found
        ]
        click.echo(_aligned([header, *(tuple(map(str, row.values())) for row in rows)]))
        hidden = 0 if everything else len(set(ids(packs=PACKS)) - set(ids()))
        click.echo(f"\n{len(found)} measures. 'attunement measures show ID' says more.")
        if hidden:
            click.echo(f"{hidden} more in the non-commercial pack: --all lists them.")
    for refusal in broken:
        click.echo(printable(refusal.text()), err=True)


@command.command()
@click.argument("measure_id", metavar="ID")
@click.option("--version", help="The newest by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(*, measure_id: str, version: str | None, as_json: bool) -> None:
    """Show a measure: scoring, cut-offs, the owner's words, and how sure each number is."""
    from attunement.measures.plain import plain

    measure = load(measure_id, version=version)
    at_hand = languages(measure, packs=PACKS)
    if as_json:
        click.echo(json.dumps(asdict(measure) | {"text_languages": at_hand}, indent=2))
        return
    width = min(100, shutil.get_terminal_size((88, 24)).columns)
    click.echo(printable(plain(measure, text_languages=at_hand, width=width)), nl=False)


@command.command("lint")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=_FILE)
@click.option("--all", "everything", is_flag=True, help="Every measure at hand (the default).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def lint_(*, files: tuple[Path, ...], everything: bool, as_json: bool) -> int:
    """Check measure files (with the texts beside them), or every measure at hand.

    Leaves with 2 if there is an error; warnings alone leave with 0.
    """
    if files and everything:
        raise click.UsageError("name files or say --all, not both")  # noqa: TRY003 - click's own
    found = _lint_files(files) if files else _lint_all()
    errors = sum(one.severity == "error" for findings in found.values() for one in findings)
    if as_json:
        document = {name: [asdict(one) for one in findings] for name, findings in found.items()}
        click.echo(json.dumps({"errors": errors, "findings": document}, indent=2))
    else:
        alike: dict[str, list[str]] = {}
        for name, findings in found.items():
            for one in findings:
                alike.setdefault(one.text(), []).append(name)
        for text, names in alike.items():
            click.echo(printable(f"{', '.join(names)}: {text}"))
        warnings = sum(map(len, found.values())) - errors
        click.echo(f"{len(found)} checked: {errors} errors, {warnings} warnings.")
    return 2 if errors else 0


@command.command()
@click.option(
    "--out",
    type=_FILE,
    default=Path("docs/reference/measures"),
    show_default=True,
    help="The folder to write into.",
)
def docs(*, out: Path) -> None:
    """Write one page per shipped measure, and their index."""
    from attunement.measures.docs import write_pages

    try:
        written = write_pages(out)
    except OSError as error:
        raise _unwritable(out, error) from None
    click.echo(f"{len(written)} pages in {printable(str(out))}")


@command.command()
@click.argument("measure_id", metavar="ID")
@click.option("--out", type=_FILE, help="The file to write; ID.toml by default.")
def new(*, measure_id: str, out: Path | None) -> None:
    """Write a commented definition to start a measure from."""
    from attunement.measures.skeleton import skeleton

    text = skeleton(measure_id)
    path = out or Path(f"{measure_id}.toml")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise _unwritable(path, error) from None
    name = printable(str(path))
    click.echo(f"{name} written. Edit it, then: attunement measures lint {name}")


@command.command()
@click.argument("file", required=False, type=_FILE)
@click.option("--text", "texts", multiple=True, type=_FILE, help="A text bundle; repeatable.")
def add(*, file: Path | None, texts: tuple[Path, ...]) -> None:
    """Install a measure of your own, or licensed wording for one that has none.

    FILE is a definition, or a text bundle for a measure that is there.

    Checks everything first; nothing is changed by a file that is refused, and a version that is
    there is never replaced.
    """
    from attunement.measures.install import install

    if file is None and not texts:
        raise click.UsageError("name a FILE, or wording with --text")  # noqa: TRY003 - click's own
    folder = operator_folder()
    if folder is None:
        raise CommandError(
            "E-CLI-003",
            what="there is no folder to install into",
            expected="ATTUNEMENT_HOME or HOME in the environment",
            next_step="Set ATTUNEMENT_HOME to a folder",
        )
    if file is not None and _is_text(file, read_file(file, origin=str(file))):
        texts, file = (file, *texts), None
    done = install(file, texts, folder=folder)
    for one in done.warnings:
        click.echo(printable(one.text()), err=True)
    for path in done.written:
        click.echo(f"installed {printable(str(path))}")
    if not done.written:
        click.echo(f"{done.measure_id} version {done.version} was there already; nothing changed.")


def _loaded(
    names: Iterable[str], extra: Sequence[Path]
) -> tuple[list[Measure], list[AttunementError]]:
    """Return the measures that load, and the refusals of those that do not."""
    found: list[Measure] = []
    broken: list[AttunementError] = []
    for name in names:
        try:
            found.append(load(name, extra=extra))
        except MeasureError as refusal:
            broken.append(refusal)
    return found, broken


def _row(measure: Measure) -> dict[str, Any]:
    return {
        "id": measure.id,
        "acronym": measure.acronym,
        "family": measure.family,
        "who_rates": ", ".join(measure.perspectives),
        "items": len(measure.items),
        "text": measure.text.value,
        "pack": measure.pack,
        "validated": measure.validated,
    }


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _today() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).date().isoformat()


def _lint_all() -> dict[str, tuple[Finding, ...]]:
    extra, today = folders(None), _today()
    found: dict[str, tuple[Finding, ...]] = {}
    for name in ids(packs=PACKS, extra=extra):
        for version in versions(name, extra=extra):
            measure = load(name, version=version, extra=extra)
            texts = [
                load_text(measure, language, packs=PACKS, extra=extra)
                for language in languages(measure, packs=PACKS, extra=extra)
            ]
            bundles = [text for text in texts if text is not None]
            found[f"{name} {version}"] = lint(measure, bundles, today=today)
    return found


def _lint_files(files: Sequence[Path]) -> dict[str, tuple[Finding, ...]]:
    extra, today = folders(None), _today()
    texts = {path: read_file(path, origin=str(path)) for path in files}
    words = {path for path in files if _is_text(path, texts[path])}
    found: dict[str, tuple[Finding, ...]] = {}
    for path, text in texts.items():
        if path in words:
            bundle = parse_text(text, origin=str(path))
            measure = load(bundle.measure, version=bundle.version, extra=extra)
            found[str(path)] = lint(measure, [bundle], today=today)
            continue
        pack = path.resolve().parent.parent.name
        measure = parse_measure(text, origin=str(path), pack=pack if pack in PACKS else "operator")
        bundles = _beside(path, measure) if path.stem == measure.version else []
        bundles += [parse_text(texts[other], origin=str(other)) for other in words]
        mine = {one.language: one for one in bundles if one.measure == measure.id}
        found[str(path)] = lint(measure, list(mine.values()), today=today)
    return found


def _beside(path: Path, measure: Measure) -> list[TextBundle]:
    """Return the text bundles that lie beside a definition in a measure's folder."""
    contents = {
        other: read_file(other, origin=str(other))
        for other in sorted(path.parent.glob(f"{measure.version}.*.toml"))
    }
    return [
        parse_text(text, origin=str(other))
        for other, text in contents.items()
        if _is_text(other, text)
    ]


def _is_text(path: Path, text: str) -> bool:
    return "measure" in read_toml(text, origin=str(path))


def _unwritable(path: Path, error: OSError) -> CommandError:
    return CommandError(
        "E-CLI-003",
        what=f"{path} cannot be written",
        got=error.strerror or "a refusal of the file system",
        next_step="Choose another place with --out",
    )

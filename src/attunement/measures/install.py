# SPDX-License-Identifier: Apache-2.0
"""Putting an operator's measure or licensed wording into their folder: checked, whole, or not."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from attunement.measures.errors import MeasureError
from attunement.measures.finding import ERROR, Finding
from attunement.measures.library import (
    PACKS,
    ids,
    languages,
    load,
    load_text,
    read_file,
    same_content,
    versions,
)
from attunement.measures.lint import lint
from attunement.measures.parse import parse_measure, parse_text
from attunement.measures.schema import Measure, TextBundle


@dataclass(frozen=True, slots=True)
class Installed:
    """What came of an installation.

    Attributes
    ----------
    measure_id, version : str
        Which measure.
    written : tuple of Path
        The files that were written; empty where the same content was there before.
    warnings : tuple of Finding
        What the linter would like to see otherwise.
    """

    measure_id: str
    version: str
    written: tuple[Path, ...]
    warnings: tuple[Finding, ...]


def install(definition: Path | None, texts: Sequence[Path], *, folder: Path) -> Installed:
    """Check a definition, wording, or both, and write them into the operator's folder.

    Each file is written beside its place and then renamed, the wording first: a crash leaves
    either the old state or files that the next attempt completes, never half a file.

    Parameters
    ----------
    definition : Path or None
        The definition file; None where wording is added to a measure that is there.
    texts : sequence of Path
        Text bundles for that measure.
    folder : Path
        The operator's folder.

    Raises
    ------
    MeasureError
        E-MEASURE-009 if this version is there with other content, E-MEASURE-010 if the linter
        finds an error, E-MEASURE-012 if a text is for another measure, E-MEASURE-011 if a file
        cannot be read or written. Nothing is changed then.
    """
    sources = {path: read_file(path, origin=str(path)) for path in texts}
    bundles = [parse_text(text, origin=str(path)) for path, text in sources.items()]
    if definition is None:
        measure = _known(bundles, folder)
        plan: list[tuple[Path, str]] = []
    else:
        text = read_file(definition, origin=str(definition))
        measure = parse_measure(text, origin=str(definition), pack="operator")
        new = _is_new(measure, folder)
        plan = [(folder / measure.id / f"{measure.version}.toml", text)] if new else []
    wording = [
        (folder / measure.id / f"{measure.version}.{bundle.language}.toml", text)
        for bundle, text in zip(bundles, sources.values(), strict=True)
        if _is_new_text(measure, bundle, folder)
    ]
    warnings = _checked(measure, bundles, folder)
    for path, content in [*wording, *plan]:
        _write(path, content)
    return Installed(
        measure.id, measure.version, tuple(path for path, _ in [*plan, *wording]), warnings
    )


def _known(bundles: Sequence[TextBundle], folder: Path) -> Measure:
    if not bundles:
        raise MeasureError(
            "E-MEASURE-011", what="there is no file to install", next_step="Name a file"
        )
    return load(bundles[0].measure, version=bundles[0].version, extra=(folder,))


def _is_new(measure: Measure, folder: Path) -> bool:
    everything = ids(packs=PACKS, extra=(folder,))
    if measure.id not in everything:
        return True
    if measure.version not in versions(measure.id, extra=(folder,)):
        return True
    there = load(measure.id, version=measure.version, extra=(folder,))
    if same_content(there, measure):
        return False
    raise MeasureError(
        "E-MEASURE-009",
        what=f"{measure.id} version {measure.version} is there with other content",
        expected="the same content, or a version of its own",
        next_step="Give the file a new version: answers given before stay with the old one",
    )


def _is_new_text(measure: Measure, bundle: TextBundle, folder: Path) -> bool:
    if (bundle.measure, bundle.version) != (measure.id, measure.version):
        raise MeasureError(
            "E-MEASURE-012",
            what=f"the text is for {bundle.measure} version {bundle.version}",
            expected=f"{measure.id} version {measure.version}",
            next_step="Correct measure and version in the text file",
        )
    everything = (*PACKS, "operator")
    if bundle.language not in languages(measure, packs=everything, extra=(folder,)):
        return True
    there = load_text(measure, bundle.language, packs=everything, extra=(folder,))
    if there is not None and replace(there, sha256="") == replace(bundle, sha256=""):
        return False
    raise MeasureError(
        "E-MEASURE-009",
        what=f"{measure.id} version {measure.version} has other wording in {bundle.language}",
        expected="the same wording, or a version of its own",
        next_step="Make a new version: answers given before belong to the words that were read",
    )


def _checked(measure: Measure, bundles: Sequence[TextBundle], folder: Path) -> tuple[Finding, ...]:
    given = {bundle.language for bundle in bundles}
    there = [
        bundle
        for language in languages(measure, packs=PACKS, extra=(folder,))
        if language not in given
        and (bundle := load_text(measure, language, packs=PACKS, extra=(folder,)))
    ]
    found = lint(measure, [*there, *bundles])
    errors = [finding for finding in found if finding.severity == ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise MeasureError(
            "E-MEASURE-010",
            what=f"{errors[0].path}: {errors[0].what}{more}",
            next_step=f"{errors[0].next_step}; 'attunement measures lint FILE' lists everything",
        )
    return found


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content.encode("utf-8"))
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(0o644)  # other accounts of the clinic read it
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise MeasureError(
            "E-MEASURE-011",
            what=f"{path} cannot be written",
            got=error.strerror or "a refusal of the file system",
            next_step="Check the folder's permissions and free space",
        ) from None

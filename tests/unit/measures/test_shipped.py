# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

import attunement.measures as room
from attunement.measures import PACKS, ids, languages, lint, load, load_text, versions
from attunement.measures.reading import VERSION

DATA = Path(room.__file__).parent / "data"
FILES = sorted(DATA.glob("*/*/*.toml"))
SHIPPED = [(one, version) for one in ids(packs=PACKS) for version in versions(one)]


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(DATA)) for file in FILES])
def test_shipped_file_is_found_by_the_library(file: Path) -> None:
    stem = file.name.removesuffix(".toml")
    known = {
        name
        for version in versions(file.parent.name)
        for measure in [load(file.parent.name, version=version)]
        for name in [
            version,
            *(f"{version}.{language}" for language in languages(measure, packs=PACKS)),
        ]
    }
    assert file.parent.parent.name in PACKS
    assert stem in known


@pytest.mark.parametrize(("measure_id", "version"), SHIPPED)
def test_shipped_measure_and_its_texts_load(measure_id: str, version: str) -> None:
    measure = load(measure_id, version=version)
    assert measure.items
    for language in languages(measure, packs=PACKS):
        bundle = load_text(measure, language, packs=PACKS)
        assert bundle is not None
        assert set(bundle.items) == {item.id for item in measure.items}


def test_every_measure_lies_in_one_pack() -> None:
    homes = [
        file.parent.name for file in FILES if VERSION.fullmatch(file.name.removesuffix(".toml"))
    ]
    places = {(file.parent.parent.name, file.parent.name) for file in FILES}
    assert len(places) == len(set(homes))


@pytest.mark.parametrize(("measure_id", "version"), SHIPPED)
def test_shipped_measure_lints_without_errors(measure_id: str, version: str) -> None:
    measure = load(measure_id, version=version)
    bundles = [
        bundle
        for language in languages(measure, packs=PACKS)
        if (bundle := load_text(measure, language, packs=PACKS))
    ]
    errors = [finding.text() for finding in lint(measure, bundles) if finding.severity == "error"]
    assert errors == []


def test_structure_pack_holds_no_words() -> None:
    assert [
        str(file)
        for file in (DATA / "structure").glob("*/*.toml")
        if not VERSION.fullmatch(file.name.removesuffix(".toml"))
    ] == []

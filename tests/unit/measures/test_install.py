# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from attunement.measures import MeasureError, load, load_text
from attunement.measures.install import install
from attunement.measures.skeleton import skeleton

TEXT = """schema = 1
measure = "demo"
version = "1"
language = "en"
title = "Demo"
[items]
1 = "First"
2 = "Second"
3 = "Third"
[options.agreement]
0 = "a"
1 = "b"
2 = "c"
3 = "d"
4 = "e"
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    definition, text = tmp_path / "mine.toml", tmp_path / "mine.en.toml"
    definition.write_text(skeleton("demo"), "utf-8")
    text.write_text(TEXT, "utf-8")
    return definition, text, tmp_path / "home"


Files = tuple[Path, Path, Path]


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_measure_and_its_text_are_installed(files: Files) -> None:
    definition, text, folder = files
    done = install(definition, [text], folder=folder)
    assert [path.name for path in done.written] == ["1.toml", "1.en.toml"]
    measure = load("demo", extra=[folder])
    bundle = load_text(measure, extra=[folder])
    assert bundle is not None
    assert bundle.items["1"] == "First"
    assert set(everything(folder)) == {"demo/1.toml", "demo/1.en.toml"}


def test_same_content_again_changes_nothing(files: Files) -> None:
    definition, text, folder = files
    install(definition, [text], folder=folder)
    before = everything(folder)
    definition.write_text("# another remark\n" + definition.read_text("utf-8"), "utf-8")
    assert install(definition, [text], folder=folder).written == ()
    assert everything(folder) == before


def test_same_version_with_other_content_is_refused(files: Files) -> None:
    definition, text, folder = files
    install(definition, [text], folder=folder)
    before = everything(folder)
    changed = definition.read_text("utf-8").replace("min_answered = 3", "min_answered = 2")
    definition.write_text(changed, "utf-8")
    with pytest.raises(MeasureError, match="other content") as caught:
        install(definition, [], folder=folder)
    assert caught.value.code == "E-MEASURE-009"
    text.write_text(TEXT.replace("First", "Erst"), "utf-8")
    with pytest.raises(MeasureError, match="other wording") as caught:
        install(None, [text], folder=folder)
    assert caught.value.code == "E-MEASURE-009"
    assert everything(folder) == before


def test_new_version_stands_beside_the_old_one(files: Files) -> None:
    definition, _, folder = files
    install(definition, [], folder=folder)
    changed = definition.read_text("utf-8").replace('version = "1"', 'version = "2"', 1)
    definition.write_text(changed, "utf-8")
    install(definition, [], folder=folder)
    assert load("demo", extra=[folder]).version == "2"
    assert load("demo", version="1", extra=[folder]).version == "1"


def test_shipped_version_cannot_be_replaced(files: Files) -> None:
    definition, _, folder = files
    definition.write_text(skeleton("phq-9"), "utf-8")
    with pytest.raises(MeasureError) as caught:
        install(definition, [], folder=folder)
    assert caught.value.code == "E-MEASURE-009"
    assert not folder.exists()


def test_shipped_wording_cannot_be_replaced(files: Files) -> None:
    _, text, folder = files
    text.write_text(TEXT.replace('measure = "demo"', 'measure = "core-10"'), "utf-8")
    with pytest.raises(MeasureError) as caught:
        install(None, [text], folder=folder)
    assert caught.value.code == "E-MEASURE-009"


def test_measure_with_an_error_is_refused_whole(files: Files) -> None:
    definition, text, folder = files
    broken = definition.read_text("utf-8").replace("bounds = [0, 4]", "bounds = [0, 9]")
    definition.write_text(broken, "utf-8")
    with pytest.raises(MeasureError, match=r"scales\[0\].bounds") as caught:
        install(definition, [text], folder=folder)
    assert caught.value.code == "E-MEASURE-010"
    assert not folder.exists()


def test_text_of_another_measure_is_refused(files: Files) -> None:
    definition, text, folder = files
    text.write_text(TEXT.replace('"demo"', '"other"'), "utf-8")
    with pytest.raises(MeasureError) as caught:
        install(definition, [text], folder=folder)
    assert caught.value.code == "E-MEASURE-012"
    assert not folder.exists()


def test_text_that_lacks_an_item_is_refused(files: Files) -> None:
    definition, text, folder = files
    text.write_text(TEXT.replace('3 = "Third"\n', ""), "utf-8")
    with pytest.raises(MeasureError, match="missing 3"):
        install(definition, [text], folder=folder)
    assert not folder.exists()


def test_full_disk_leaves_no_half_file(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    definition, _, folder = files

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("attunement.measures.install.os.fsync", full)
    with pytest.raises(MeasureError, match="No space left") as caught:
        install(definition, [], folder=folder)
    assert caught.value.code == "E-MEASURE-011"
    assert everything(folder) == {}


def test_folder_that_cannot_be_made_is_refused(files: Files) -> None:
    definition, _, folder = files
    folder.write_text("in the way", "utf-8")
    with pytest.raises(MeasureError) as caught:
        install(definition, [], folder=folder)
    assert caught.value.code == "E-MEASURE-011"
    assert folder.read_text("utf-8") == "in the way"

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from attunement import measures
from attunement.measures import (
    MeasureError,
    ids,
    languages,
    library,
    load,
    load_text,
    operator_folder,
    versions,
)
from attunement.measures.skeleton import skeleton

TEXT = """schema = 1
measure = "demo"
version = "{version}"
language = "{language}"
title = "Demo ({language})"
[items]
1 = "a"
2 = "b"
3 = "c"
"""


def put(folder: Path, version: str = "1", old: str = "", new: str = "") -> Path:
    home = folder / "demo"
    home.mkdir(exist_ok=True)
    text = skeleton("demo").replace('version = "1"', f'version = "{version}"', 1)
    (home / f"{version}.toml").write_text(text.replace(old, new) if old else text, "utf-8")
    return home


def put_text(folder: Path, language: str, version: str = "1") -> None:
    text = TEXT.format(version=version, language=language)
    (folder / "demo" / f"{version}.{language}.toml").write_text(text, "utf-8")


def test_operators_measure_is_found_and_loaded(tmp_path: Path) -> None:
    put(tmp_path)
    assert "demo" in ids(extra=[tmp_path])
    assert "demo" not in ids()
    assert load("demo", extra=[tmp_path]).pack == "operator"


def test_newest_version_is_the_default_and_10_is_newer_than_9(tmp_path: Path) -> None:
    for version in ("9", "10", "9.1"):
        put(tmp_path, version)
    assert versions("demo", extra=[tmp_path]) == ("9", "9.1", "10")
    assert load("demo", extra=[tmp_path]).version == "10"
    assert load("demo", version="9", extra=[tmp_path]).version == "9"


def test_unknown_measure_is_refused_with_close_matches() -> None:
    with pytest.raises(MeasureError, match="perhaps phq-9") as caught:
        load("PHQ9")
    assert caught.value.code == "E-MEASURE-001"


def test_unknown_version_is_refused_with_those_there_are(tmp_path: Path) -> None:
    put(tmp_path)
    with pytest.raises(MeasureError, match="one of 1") as caught:
        load("demo", version="7", extra=[tmp_path])
    assert caught.value.code == "E-MEASURE-007"


def test_unknown_pack_is_refused() -> None:
    with pytest.raises(MeasureError, match="no pack extras"):
        ids(packs=["extras"])


def test_non_commercial_pack_is_off_until_it_is_named() -> None:
    assert "core-10" not in ids()
    assert "core-10" in ids(packs=("nc",))
    measure = load("core-10")
    assert measure.pack == "nc"
    assert measure.scales
    assert load_text(measure) is None
    assert languages(measure) == ()
    text = load_text(measure, packs=("core", "own", "nc"))
    assert text is not None
    assert text.items


def test_text_falls_back_from_region_to_language_only(tmp_path: Path) -> None:
    put(tmp_path)
    put_text(tmp_path, "pt")
    put_text(tmp_path, "de-AT")
    measure = load("demo", extra=[tmp_path])
    text = load_text(measure, "pt-BR", extra=[tmp_path])
    assert text is not None
    assert text.language == "pt"
    assert load_text(measure, "de", extra=[tmp_path]) is None
    assert load_text(measure, "en", extra=[tmp_path]) is None
    assert languages(measure, extra=[tmp_path]) == ("de-AT", "pt")


def test_text_of_another_version_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path, "1")
    put(tmp_path, "2")
    put_text(tmp_path, "en", "1")
    assert load_text(load("demo", version="2", extra=[tmp_path]), extra=[tmp_path]) is None


def test_operators_text_fills_a_shipped_skeleton(tmp_path: Path) -> None:
    shipped = load("wai-sr")
    assert load_text(shipped) is None
    home = tmp_path / "wai-sr"
    home.mkdir()
    text = 'schema = 1\nmeasure = "wai-sr"\nversion = "1"\nlanguage = "en"\ntitle = "WAI-SR"\n'
    (home / f"{shipped.version}.en.toml").write_text(text, "utf-8")
    found = load_text(shipped, extra=[tmp_path])
    assert found is not None
    assert found.title == "WAI-SR"


def test_same_version_with_other_content_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        put(folder)
    assert load("demo", extra=[one, other]).id == "demo"
    put(other, old="min_answered = 3", new="min_answered = 2")
    with pytest.raises(MeasureError) as caught:
        load("demo", extra=[one, other])
    assert caught.value.code == "E-MEASURE-009"


def test_shipped_measure_cannot_be_shadowed(tmp_path: Path) -> None:
    home = tmp_path / "phq-9"
    home.mkdir()
    (home / "1.toml").write_text(skeleton("phq-9"), "utf-8")
    with pytest.raises(MeasureError) as caught:
        load("phq-9", extra=[tmp_path])
    assert caught.value.code == "E-MEASURE-009"


def test_file_in_the_wrong_place_is_refused(tmp_path: Path) -> None:
    put(tmp_path).rename(tmp_path / "other")
    with pytest.raises(MeasureError, match="differ from the file's place"):
        load("other", extra=[tmp_path])


def test_operators_file_that_does_not_hold_together_is_refused(tmp_path: Path) -> None:
    put(tmp_path, old='# reverse = ["2"]', new='reverse = ["9"]')
    with pytest.raises(MeasureError, match=r"scales\[0\].reverse") as caught:
        load("demo", extra=[tmp_path])
    assert caught.value.code == "E-MEASURE-010"


def test_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert ids(packs=(), extra=[tmp_path / "nowhere"]) == ()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"ATTUNEMENT_HOME": "/srv/a", "HOME": "/home/x"}, "/srv/a/measures"),
        ({"XDG_DATA_HOME": "/data", "HOME": "/home/x"}, "/data/attunement/measures"),
        ({"XDG_DATA_HOME": "rel", "HOME": "/h"}, "/h/.local/share/attunement/measures"),
        ({"HOME": "/h"}, "/h/.local/share/attunement/measures"),
        ({}, None),
    ],
)
def test_operators_folder_follows_the_environment(
    environment: dict[str, str], expected: str | None
) -> None:
    assert operator_folder(environment) == (Path(expected) if expected else None)


def test_loading_a_measure_imports_nothing_heavy() -> None:
    code = (
        "import sys; from attunement.measures import load; load('phq-9'); "
        "heavy = {'django', 'numba', 'numpy', 'polars', 'pandas', 'pyarrow', 'click'}; "
        "sys.exit(1 if heavy & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_changed_wording_under_no_derivatives_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path / "core"
    pack.mkdir()
    put(pack, old="[licence] ", new=f'[text_sha256]\nen = "{"0" * 64}"\n[licence] ')
    put_text(pack, "en")
    monkeypatch.setattr(library, "_packaged", lambda: tuple(library._scan(pack, "core")))
    with pytest.raises(MeasureError) as caught:
        load_text(load("demo"))
    assert caught.value.code == "E-MEASURE-008"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTUNEMENT_HOME", str(tmp_path))
    (tmp_path / "measures").mkdir()
    return tmp_path / "measures"


def test_operators_folder_of_the_environment_is_the_default(own: Path) -> None:
    assert "demo" not in ids()
    put(own)
    put_text(own, "de")
    assert "demo" in ids()
    measure = load("demo")
    assert measure.pack == "operator"
    assert languages(measure) == ("de",)
    text = load_text(measure, "de")
    assert text is not None
    assert text.title == "Demo (de)"
    put(own, "2")
    assert versions("demo") == ("1", "2")
    assert load("demo").version == "2"


def test_no_extra_folder_means_what_is_shipped_alone(own: Path) -> None:
    put(own)
    assert "demo" not in ids(extra=())
    with pytest.raises(MeasureError, match="no measure demo"):
        load("demo", extra=())
    assert versions("phq-9", extra=()) == ("1",)


def test_default_folder_that_cannot_be_read_hides_nothing_that_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("ATTUNEMENT_HOME", str(tmp_path))
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert load("phq-9").id == "phq-9"
    with pytest.raises(MeasureError, match="Permission denied"):
        load("demo")
    with pytest.raises(MeasureError, match="Permission denied"):
        load("phq-9", extra=[tmp_path])


def test_id_may_be_in_any_case_and_name_its_version(tmp_path: Path) -> None:
    assert load("PHQ-9") is load("phq-9@1")
    put(tmp_path, "2")
    put(tmp_path, "1")
    assert load("demo@1", extra=[tmp_path]).version == "1"
    with pytest.raises(MeasureError, match="two versions") as caught:
        load("demo@1", version="2", extra=[tmp_path])
    assert caught.value.code == "E-MEASURE-007"


def test_room_shows_its_public_names_alone() -> None:
    assert dir(measures) == sorted(measures.__all__)

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import attunement as at
from attunement.cli import main
from attunement.measures import PACKS, ids
from attunement.measures.docs import shipped_pages
from attunement.measures.skeleton import skeleton


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTUNEMENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home" / "measures"


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> Ran:
        with pytest.raises(SystemExit) as left:
            main(["measures", *words])
        said = capsys.readouterr()
        return Ran(int(left.value.code or 0), said.out, said.err)

    return call


def test_list_is_aligned_and_counts(run: Run) -> None:
    found = run("list")
    lines = found.out.splitlines()
    column = lines[0].index("family")
    assert found.code == 0
    assert lines[0].split() == [
        "id",
        "acronym",
        "family",
        "who",
        "rates",
        "items",
        "wording",
        "pack",
        "validated",
    ]
    assert all(line[column - 1] == " " for line in lines[1 : len(ids()) + 1])
    assert f"{len(ids())} measures." in found.out
    assert "core-10" not in found.out
    assert "--all lists them" in found.out


def test_list_all_has_the_non_commercial_pack(run: Run) -> None:
    document = json.loads(run("list", "--all", "--json").out)
    assert [one["id"] for one in document["measures"]] == list(ids(packs=PACKS))
    assert {one["pack"] for one in document["measures"]} == set(PACKS)
    ours = {one["validated"] for one in document["measures"] if one["pack"] == "own"}
    assert ours == {False}


def test_list_of_a_family(run: Run) -> None:
    document = json.loads(run("list", "--family", "alliance", "--json").out)
    assert document["measures"]
    assert {one["family"] for one in document["measures"]} == {"alliance"}


def test_list_names_a_broken_file_and_lists_the_rest(run: Run, home: Path) -> None:
    (home / "broken").mkdir(parents=True)
    (home / "broken" / "1.toml").write_text("schema = ", "utf-8")
    found = run("list")
    assert found.code == 0
    assert "phq-9" in found.out
    assert "E-MEASURE-002: broken/1.toml" in found.err


def test_show_says_rights_and_certainty(run: Run) -> None:
    found = run("show", "phq-9")
    assert found.code == 0
    for words in ("Scoring", "In the owner's words", "not yet read in the source", "[read]"):
        assert words in found.out


def test_show_as_json(run: Run) -> None:
    document = json.loads(run("show", "gad-7", "--json").out)
    assert document["id"] == "gad-7"
    assert document["licence"]["contexts"]["clinical"] == "allow"
    assert document["text_languages"] == ["en"]


def test_show_unknown_measure_leaves_with_2_and_one_line(run: Run) -> None:
    found = run("show", "phq9")
    assert (found.code, found.out) == (2, "")
    assert found.err.count("\n") == 1
    assert "phq-9" in found.err


def test_lint_of_everything_finds_no_error(run: Run) -> None:
    found = run("lint", "--all")
    assert found.code == 0
    assert f"{len(ids(packs=PACKS))} checked: 0 errors" in found.out


def test_lint_of_a_bad_file_leaves_with_2_and_names_the_path(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(skeleton("bad").replace("bounds = [0, 4]", "bounds = [0, 9]"), "utf-8")
    found = run("lint", str(file))
    assert found.code == 2
    assert "error: scales[0].bounds:" in found.out
    document = json.loads(run("lint", str(file), "--json").out)
    assert document["errors"] == 1
    assert document["findings"][str(file)][0]["code"] == "bounds-unreachable"


@pytest.mark.parametrize("words", [("lint", "nowhere.toml"), ("add", "."), ("add", "/dev/zero")])
def test_file_that_cannot_be_read_leaves_with_2(run: Run, words: tuple[str, ...]) -> None:
    found = run(*words)
    assert found.code == 2
    assert found.err.startswith("E-MEASURE-011")
    assert found.err.count("\n") == 1


@pytest.mark.parametrize("words", [("lint", "--all", "x.toml"), ("add",), ("show",), ("nonsense",)])
def test_command_line_that_is_not_understood_leaves_with_2(
    run: Run, words: tuple[str, ...]
) -> None:
    found = run(*words)
    assert found.code == 2
    assert found.err.startswith("E-CLI-001")


def test_new_then_lint_then_add_then_show(run: Run, tmp_path: Path, home: Path) -> None:
    assert run("new", "my-check").code == 0
    assert run("lint", "my-check.toml").code == 0
    found = run("add", "my-check.toml")
    assert found.out == f"installed {home / 'my-check' / '1.toml'}\n"
    assert "nothing changed" in run("add", "my-check.toml").out
    assert "My check" in run("show", "my-check").out
    changed = (tmp_path / "my-check.toml").read_text("utf-8").replace("My check", "Other")
    (tmp_path / "my-check.toml").write_text(changed, "utf-8")
    refused = run("add", "my-check.toml")
    assert refused.code == 2
    assert refused.err.startswith("E-MEASURE-009")


def test_new_does_not_write_over_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("precious", "utf-8")
    found = run("new", "mine")
    assert found.code == 2
    assert found.err.startswith("E-CLI-003")
    assert (tmp_path / "mine.toml").read_text("utf-8") == "precious"


def test_licensed_wording_is_added_to_a_skeleton(run: Run, tmp_path: Path) -> None:
    numbers = range(1, 13)
    definition = json.loads(run("show", "wai-sr", "--json").out)
    items = "".join(f'{one["id"]} = "Words {one["id"]}"\n' for one in definition["items"])
    labels = "".join(
        f"[options.{name}]\n" + "".join(f'{value:g} = "l{value:g}"\n' for value in one["values"])
        for name, one in definition["option_sets"].items()
    )
    head = f'schema = 1\nmeasure = "wai-sr"\nversion = "{definition["version"]}"\n'
    text = f'{head}language = "en"\ntitle = "T"\n[items]\n{items}{labels}'
    (tmp_path / "words.toml").write_text(text, "utf-8")
    assert len(definition["items"]) == len(numbers)
    for words in (("words.toml",), ("--text", "words.toml")):
        found = run("add", *words)
        assert found.code == 0, found.err
    assert json.loads(run("show", "wai-sr", "--json").out)["text_languages"] == ["en"]


def test_docs_are_written(run: Run, tmp_path: Path) -> None:
    found = run("docs", "--out", "pages")
    assert found.code == 0
    assert {path.name for path in (tmp_path / "pages").iterdir()} == set(shipped_pages())


def test_no_home_is_told_and_the_list_still_works(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ATTUNEMENT_HOME", "XDG_DATA_HOME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert run("list").code == 0
    (tmp_path / "a.toml").write_text(skeleton("a"), "utf-8")
    found = run("add", "a.toml")
    assert found.code == 2
    assert "ATTUNEMENT_HOME" in found.err


def test_own_measure_is_at_hand_everywhere(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "warmth" not in at.measures.ids()
    assert run("new", "warmth").code == 0
    assert run("add", "warmth.toml").code == 0
    assert "warmth" in at.measures.ids()
    assert at.measures.load("warmth").version == "1"
    answers = {"client": ["A", "A", "A"], "session": [1, 2, 3]} | {key: [1, 2, 3] for key in "123"}
    frame = pl.DataFrame(answers)
    frame.write_csv(tmp_path / "answers.csv")
    assert at.score(frame, measure="warmth")["score"].to_list() == [1.0, 2.0, 3.0]
    for words in (
        ["score", "answers.csv", "--measure", "warmth"],
        ["explain", "answers.csv", "--measure", "Warmth@1", "--row", "2"],
        ["look", "answers.csv", "--measure", "warmth", "--out", "page.html"],
    ):
        with pytest.raises(SystemExit) as left:
            main(words)
        said = capsys.readouterr()
        assert left.value.code == 0, said.err
        assert "warmth" in (said.out + said.err).casefold()


def test_newer_version_of_ones_own_is_shown_and_scored_alike(run: Run, home: Path) -> None:
    frame = pl.DataFrame({key: [4] for key in "123"})
    for version in ("1", "2"):
        (home / "warmth").mkdir(parents=True, exist_ok=True)
        text = skeleton("warmth").replace('version = "1"', f'version = "{version}"', 1)
        (home / "warmth" / f"{version}.toml").write_text(text, "utf-8")
        assert json.loads(run("show", "warmth", "--json").out)["version"] == version
        assert at.score(frame, measure="warmth")["measure"].to_list() == [f"warmth@{version}"]


def test_list_of_a_family_that_is_not_there_names_those_that_are(run: Run) -> None:
    found = run("list", "--family", "nope")
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("E-CLI-001")
    assert "alliance" in found.err
    assert run("list", "--family", "Alliance").code == 0
    assert run("show", "PHQ-9").out == run("show", "phq-9").out


def test_free_text_is_shown_as_unscored(run: Run) -> None:
    items = json.loads(run("show", "oac-c", "--json").out)["items"]
    assert {one["id"] for one in items if not one["scored"]} == {"9"}


def test_rights_say_where_they_were_read(run: Run) -> None:
    for measure in ("phq-9", "phq-2", "gad-7"):
        said = " ".join(run("show", measure).out.split())
        assert "where CamCOPS quotes them" in said
        assert "Read at https://github.com/ucam-department-of-psychiatry/camcops on" in said

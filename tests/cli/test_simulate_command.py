# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from attunement import simulate
from attunement.cli import main
from attunement.cli import simulate as command_module


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["simulate", *map(str, words)])
    return int(leaving.value.code or 0)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_simulate_writes_every_table(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "clinic"
    assert run(out, "--clients", "12", "--therapists", "3", "--seed", "7", "--format", kind) == 0
    made = simulate.clinic(seed=7, clients=12, therapists=3)
    assert set(contents(out)) == {"about.json", *(f"{name}.{kind}" for name in simulate.TABLES)}
    if kind == "parquet":
        read = {name: pl.read_parquet(out / f"{name}.parquet") for name in simulate.TABLES}
    else:
        read = {
            name: pl.read_csv(out / f"{name}.csv", schema=frame.schema)
            for name, frame in made.tables().items()
        }
    for name, frame in made.tables().items():
        assert read[name].equals(frame)
    assert "12 rows" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_simulate_same_seed_same_bytes(tmp_path: Path, kind: str) -> None:
    for name in ("one", "two"):
        assert run(tmp_path / name, "--clients", "10", "--format", kind) == 0
    assert run(tmp_path / "three", "--clients", "10", "--format", kind, "--seed", "2") == 0
    one, two, three = (contents(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one[f"ratings.{kind}"] != three[f"ratings.{kind}"]


def test_simulate_json_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "c", "--clients", "10", "--until", "2026-06-01", "--json") == 0
    said = capsys.readouterr()
    about = json.loads(said.out)
    assert said.err == ""
    assert about["folder"] == str(tmp_path / "c")
    assert about["rows"]["clients"] == 10
    assert about["until"] == "2026-06-01"
    assert about["synthetic"] is True
    written = json.loads((tmp_path / "c" / "about.json").read_text(encoding="utf-8"))
    assert {key: value for key, value in about.items() if key != "folder"} == written


def test_simulate_refuses_a_taken_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "c"
    assert run(out, "--clients", "8") == 0
    before = contents(out)
    capsys.readouterr()
    assert run(out, "--clients", "9") == 2
    said = capsys.readouterr()
    assert said.err.startswith("E-CLI-003")
    assert "--force" in said.err
    assert said.out == ""
    assert contents(out) == before
    assert run(out, "--clients", "9", "--force") == 0
    assert pl.read_csv(out / "clients.csv").height == 9
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_simulate_force_spares_what_it_did_not_write(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert run(mine, "--force") == 2
    assert contents(mine) == {"thesis.txt": b"years of work"}
    out = tmp_path / "c"
    assert run(out, "--clients", "8") == 0
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert run(out, "--clients", "8", "--force") == 2
    assert (out / "thesis.txt").exists()
    plain = tmp_path / "file"
    plain.write_text("x", encoding="utf-8")
    assert run(plain, "--force") == 2
    assert plain.read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--clients", "0"], "E-SIM-001"),
        (["--clients", "2", "--therapists", "3"], "E-SIM-001"),
        (["--sessions", "9", "3"], "E-SIM-001"),
        (["--until", "2026-01-20"], "E-SIM-003"),
        (["--clients", "many"], "E-CLI-001"),
        (["--format", "xlsx"], "E-CLI-001"),
    ],
)
def test_simulate_bad_input_changes_nothing(
    tmp_path: Path, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "c", *words) == 2
    said = capsys.readouterr()
    assert said.err.startswith(code)
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_simulate_needs_an_existing_parent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "no" / "c") == 2
    assert "E-CLI-003" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("earlier", [False, True])
def test_simulate_full_disk_leaves_everything_as_it_was(
    tmp_path: Path, *, earlier: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "c"
    if earlier:
        assert run(out, "--clients", "8") == 0
    before = contents(out) if earlier else None

    def refuse(_frame: pl.DataFrame, path: Path) -> None:
        if path.stem == "ratings":
            raise OSError(28, "No space left on device")
        path.write_bytes(b"half")

    monkeypatch.setattr(command_module, "_savers", lambda: {"csv": refuse})
    assert run(out, "--force") == 2
    assert (contents(out) if earlier else None) == before
    assert [path.name for path in tmp_path.iterdir()] == (["c"] if earlier else [])


@pytest.mark.parametrize("clients", [1, 3])
def test_simulate_few_clients_need_no_therapists_named(tmp_path: Path, clients: int) -> None:
    assert run(tmp_path / "few", "--clients", str(clients)) == 0
    about = json.loads((tmp_path / "few" / "about.json").read_text("utf-8"))
    assert about["rows"]["therapists"] == clients

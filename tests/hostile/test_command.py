# SPDX-License-Identifier: Apache-2.0
"""The command under bad words, bad files, a reader that leaves and an interrupting hand."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from attunement.cli import look as look_command
from attunement.cli.errors import CommandError
from attunement.picture import LookError
from attunement.picture import regular_file as look_source

GOOD = "id,session,score\nA,1,3\nA,2,4\n"
COMMAND = [str(Path(sys.executable).parent / "attunement"), "look"]


def _run(
    *words: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "words",
    [["--no-such-option", "x.csv"], [], ["missing.csv"], ["."], ["pipe"], ["/dev/zero"],
     ["x.csv", "--range", "0"], ["x.csv", "--range", "a", "b"], ["a\0b"], ["x" * 5000]],
    ids=["option", "none", "missing", "folder", "pipe", "zero", "half", "words", "nul", "long"],
)  # fmt: skip
def test_row_78_bad_words_and_files_leave_with_two_and_one_line(
    words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text(GOOD)
    os.mkfifo(tmp_path / "pipe")
    if "a\0b" in words:  # no process can be started with it: ask the door itself
        with pytest.raises(LookError, match="E-LOOK-001"):
            look_source.read_file(Path(words[0]))
        return
    before = _names(tmp_path)
    run = _run(*words, cwd=tmp_path)
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1
    assert run.stderr.startswith("E-")
    assert run.stdout == ""
    assert _names(tmp_path) == before


def test_row_78_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    path.write_text(GOOD)

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(look_source.os, "open", refuse)  # root may read everything
    with pytest.raises(LookError, match=r"E-LOOK-001.*[Pp]ermission denied"):
        look_source.read_file(path)


def test_row_79_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(GOOD)
    calls: list[int] = []
    stat = os.fstat

    def growing(handle: int) -> os.stat_result:
        calls.append(handle)
        if len(calls) > 1:
            with path.open("a") as file:
                file.write("B,1,2\n")
        return stat(handle)

    monkeypatch.setattr(look_source.os, "fstat", growing)
    with pytest.raises(LookError, match="E-LOOK-004"):
        look_source.read_file(path)


def test_row_79_reader_that_leaves(tmp_path: Path) -> None:
    rows = "".join(f"P{n},{s},3\n" for n in range(400) for s in (1, 2))
    (tmp_path / "x.csv").write_text(f"id,session,score\n{rows}")
    with subprocess.Popen(
        [*COMMAND, "x.csv", "--json"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.read(10)
        run.stdout.close()
        assert b"Traceback" not in run.stderr.read()
        assert run.wait(60) in {0, 120}


def test_row_79_interrupt_leaves_nothing_half_written(tmp_path: Path) -> None:
    rows = "".join(f"P{n},{s},{n % 7}\n" for n in range(6_000) for s in range(1, 13))
    (tmp_path / "x.csv").write_text(f"id,session,score\n{rows}")
    with subprocess.Popen(
        [*COMMAND, "x.csv", "--range", "0", "6", "--higher-is-better"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        loaded = Path(f"/proc/{run.pid}/maps")
        while run.poll() is None and "polars" not in loaded.read_text():
            time.sleep(0.05)  # its imports come first: an interrupt belongs to the work
        time.sleep(1.0)
        assert run.poll() is None, "the file is too small to be interrupted"
        run.send_signal(signal.SIGINT)
        out, told = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in told
    assert out == ""
    assert _names(tmp_path) == ["x.csv"]


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_row_80_a_disk_that_refuses_leaves_the_old_page(
    fault: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x.look.html"
    target.write_text("the old page")

    def refuse(_: int) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(look_command.os, "fsync", refuse)
    with pytest.raises(CommandError, match="E-CLI-003"):
        look_command.write_page(target, "the new page")
    assert target.read_text() == "the old page"
    assert _names(tmp_path) == ["x.look.html"]


def test_row_80_place_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(GOOD)
    run = _run("x.csv", "--out", "nowhere/x.html", cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("E-CLI-003")
    assert _names(tmp_path) == ["x.csv"]


def test_row_81_terminal_escapes_in_names_are_shown_escaped(tmp_path: Path) -> None:
    (tmp_path / "\x1b[31mred\x07.csv").write_text('"id\x1b","session","score"\nA,1,3\n')
    run = _run("\x1b[31mred\x07.csv", cwd=tmp_path)
    assert "\x1b" not in run.stdout + run.stderr
    assert "\x07" not in run.stdout + run.stderr
    (tmp_path / "\x1b[31mgood.csv").write_text("id,session,score\n\x1b[2J,1,3\n")
    run = _run("\x1b[31mgood.csv", cwd=tmp_path)
    assert run.returncode == 0
    assert "\x1b" not in run.stdout
    assert "\\x1b[31mgood.csv" in run.stdout


def test_row_82_poor_surroundings(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(GOOD)
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0",
           "PYTHONCOERCECLOCALE": "0", "TZ": "Not/AZone"}  # fmt: skip
    run = _run("x.csv", cwd=tmp_path, env=env)
    assert (run.returncode, run.stderr) == (0, "")
    assert "names the person or pair" in run.stdout
    assert (tmp_path / "x.look.html").exists()

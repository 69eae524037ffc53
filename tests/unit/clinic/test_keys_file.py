# SPDX-License-Identifier: Apache-2.0
"""The file of keys: written once, for its owner alone, and refused in one line otherwise."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from attunement.clinic.config import load_config
from attunement.clinic.config.keys_file import read_keys, write_keys
from attunement.clinic.config.secret import write_secret
from attunement.clinic.errors import ConfigError

CONFIG = """\
secret_key_file = "secret.key"
keys_file = "clinic.keys"
database = "clinic.sqlite3"
base_url = "http://127.0.0.1:8000"
[practice]
name = "Synthetic Practice"
[crisis]
text = "Call now."
phone = "000"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_secret(tmp_path / "secret.key")
    write_keys(tmp_path / "clinic.keys")
    (tmp_path / "clinic.toml").write_text(CONFIG)
    return tmp_path


def _code(folder: Path) -> str:
    with pytest.raises(ConfigError) as refusal:
        load_config(folder / "clinic.toml", environ={})
    assert len(refusal.value.text().splitlines()) == 1
    return refusal.value.code


def test_a_new_file_is_random_private_and_never_overwritten(folder: Path) -> None:
    path = folder / "clinic.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    with pytest.raises(FileExistsError):
        write_keys(path)
    write_keys(folder / "other.keys")
    assert path.read_text() == before
    assert read_keys(folder / "other.keys") != read_keys(path)


def test_the_configuration_holds_the_keys_and_does_not_print_them(folder: Path) -> None:
    found = load_config(folder / "clinic.toml", environ={})
    assert found.keys == read_keys(folder / "clinic.keys")
    assert found.keys_file == folder / "clinic.keys"
    assert (folder / "clinic.keys").read_text().split()[-1] not in repr(found)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o777])
def test_a_file_that_others_can_use_is_refused(folder: Path, mode: int) -> None:
    (folder / "clinic.keys").chmod(mode)
    assert _code(folder) == "E-CONFIG-007"


def test_a_missing_file_is_not_made_up(folder: Path) -> None:
    """A new key in its place would make every name unreadable."""
    (folder / "clinic.keys").unlink()
    assert _code(folder) == "E-CONFIG-013"
    assert not (folder / "clinic.keys").exists()


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\xff\xfe", b"x" * 20_000])
def test_a_file_of_something_else_is_refused(folder: Path, content: bytes) -> None:
    (folder / "clinic.keys").write_bytes(content)
    assert _code(folder) == "E-CONFIG-013"


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    (folder / "clinic.keys").unlink()
    os.mkfifo(folder / "clinic.keys", 0o600)
    assert _code(folder) == "E-CONFIG-013"

# SPDX-License-Identifier: Apache-2.0
"""The folder that ``serve --new`` writes: closed to others, with a time zone that is one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from attunement.cli.serve import command
from attunement.clinic.config import load_config
from attunement.clinic.config.start import machine_timezone, write_start
from attunement.clinic.errors import ConfigError


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        config = write_start(tmp_path / "mine", name="Synthetic", phone="000 🙂")
    finally:
        os.umask(before)
    for path in (config, config.with_name("secret.key")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_config(config, environ={}).crisis.phone == "000 🙂"


@pytest.mark.parametrize("name", ["a\nb", "a\x1bb", " ", "x" * 201])
def test_names_that_no_page_can_show_are_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="E-CONFIG-005"):
        write_start(tmp_path / "mine", name=name, phone="000")
    assert not (tmp_path / "mine").exists()


def test_time_zone_is_the_one_named_or_the_machines(tmp_path: Path) -> None:
    words = ["--practice", "Synthetic", "--crisis-phone", "000", "--new"]
    named = CliRunner().invoke(
        command, [*words, str(tmp_path / "a"), "--timezone", "Asia/Kathmandu"]
    )
    assert named.exit_code == 0, named.output
    assert load_config(tmp_path / "a/clinic.toml", environ={}).timezone == "Asia/Kathmandu"
    machine = CliRunner(env={"TZ": "America/Bogota"}).invoke(command, [*words, str(tmp_path / "b")])
    assert "America/Bogota" in machine.output
    assert load_config(tmp_path / "b/clinic.toml", environ={}).timezone == "America/Bogota"
    wrong = CliRunner().invoke(command, [*words, str(tmp_path / "c"), "--timezone", "Mars"])
    assert isinstance(wrong.exception, ConfigError)
    assert not (tmp_path / "c").exists()


def test_machines_zone_is_read_where_it_has_a_name(tmp_path: Path) -> None:
    assert machine_timezone(root=tmp_path, environ={}) is None
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/timezone").write_text("Europe/Berlin\n")
    assert machine_timezone(root=tmp_path, environ={}) == "Europe/Berlin"
    (tmp_path / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Oslo")
    assert machine_timezone(root=tmp_path, environ={}) == "Europe/Oslo"
    assert machine_timezone(root=tmp_path, environ={"TZ": ":Asia/Tokyo"}) == "Asia/Tokyo"
    assert machine_timezone(root=tmp_path, environ={"TZ": "CET-1CEST,M3"}) == "Europe/Oslo"

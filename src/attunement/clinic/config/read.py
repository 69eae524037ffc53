# SPDX-License-Identifier: Apache-2.0
"""Reading the configuration: every unclear point is a refusal that names the key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attunement.clinic.config.model import Config


def load_config(path: Path | None, *, environ: Mapping[str, str]) -> Config:
    """Read and check the configuration file.

    Parameters
    ----------
    path : Path, optional
        The TOML file; by default the one that ``ATTUNEMENT_CONFIG`` names.
    environ : mapping
        The environment. ``ATTUNEMENT_CONFIG``, ``ATTUNEMENT_DATABASE`` and
        ``ATTUNEMENT_BASE_URL`` are read; the last two replace the file's value.

    Returns
    -------
    Config
        Checked values with paths made absolute against the file's folder.

    Raises
    ------
    ConfigError
        E-CONFIG-001 … 009, naming the key and the next step.
    """
    raise NotImplementedError


def parse_config(text: str, *, home: Path, environ: Mapping[str, str]) -> Config:
    """Check the text of a configuration file whose folder is ``home``; see ``load_config``."""
    raise NotImplementedError

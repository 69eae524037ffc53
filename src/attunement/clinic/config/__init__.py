# SPDX-License-Identifier: Apache-2.0
"""One strict TOML file, and the Django settings that follow from it."""

from __future__ import annotations

from attunement.clinic.config.model import Config, Crisis, Mail, RiskRule, UseContexts, Words
from attunement.clinic.config.read import load_config, parse_config

__all__ = [
    "Config",
    "Crisis",
    "Mail",
    "RiskRule",
    "UseContexts",
    "Words",
    "load_config",
    "parse_config",
]

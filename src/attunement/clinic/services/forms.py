# SPDX-License-Identifier: Apache-2.0
"""Which measure a form is, and its words."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from attunement.clinic.config.model import Config
from attunement.clinic.errors import ClinicError
from attunement.measures import (
    DEFAULT_PACKS,
    load,
    load_text,
    operator_folder,
    permitted_text,
)
from attunement.measures.schema import Measure, TextBundle, TextState


def config() -> Config:
    """Return the configuration this process runs with."""
    found: Config = settings.ATTUNEMENT
    return found


def _extra() -> tuple[Path, ...]:
    folder = operator_folder(os.environ)
    return (folder,) if folder is not None else ()


@lru_cache(maxsize=64)
def measure_of(measure_id: str, version: str | None = None) -> Measure:
    """Return a measure; the newest version when none is named. Versions never change."""
    return load(measure_id, version=version, extra=_extra())


@lru_cache(maxsize=64)
def text_of(measure_id: str, version: str, language: str) -> TextBundle:
    """Return the words of a measure version, in English where the language has none.

    Raises
    ------
    ClinicError
        E-CLINIC-006 when there are no words, or none that the owner permits for the uses that
        ``[use]`` states.
    """
    measure = measure_of(measure_id, version)
    packs = tuple(DEFAULT_PACKS)
    if not config().use.commercial:
        packs = (*packs, "nc")
    for tried in dict.fromkeys((language, "en")):
        found = permitted_text(
            measure,
            load_text(measure, tried, packs=packs, extra=_extra()),
            config().use.as_mapping(),
            # Words that the operator put here, the operator has the right to.
            attested=measure.text is TextState.OPERATOR,
        )
        if found is not None:
            return found
    raise ClinicError(
        "E-CLINIC-006",
        what=f"the measure {measure_id} has no words to show here",
        expected="a measure whose words are shipped, or licensed and added by the operator",
        next_step="Name another form in [forms], or run: attunement measures add FILE",
    )

# SPDX-License-Identifier: Apache-2.0
"""Finding measures: the packs that come with the house and the folders that an operator adds.

A folder holds ``<id>/<version>.toml`` and ``<id>/<version>.<language>.toml``; the packaged data
has one such folder per pack. Reading these files, and asking the environment where the operator's
folder is, are the only things this room does to the world.

``extra`` means the same everywhere here: the operator's folders; by default the one that the
environment names (`operator_folder`); ``()`` for what is shipped and nothing else. A folder is
looked through at every call, so that a measure added meanwhile is found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from attunement.measures.coherence import coherence
from attunement.measures.errors import MeasureError
from attunement.measures.parse import parse_measure, parse_text
from attunement.measures.reading import LANGUAGE, MAX_CHARACTERS, MEASURE_ID, VERSION, shown
from attunement.measures.schema import Measure, TextBundle

PACKS: Final = ("core", "own", "nc", "structure")
DEFAULT_PACKS: Final = ("core", "own", "structure")
_FILE = re.compile(rf"({VERSION.pattern})(?:\.({LANGUAGE.pattern}))?\.toml")


@dataclass(frozen=True, slots=True)
class _Place:
    """One file: which pack it belongs to and what its name says."""

    pack: str
    measure_id: str
    version: str
    language: str  # empty for a definition
    file: Traversable

    @property
    def origin(self) -> str:
        return f"{self.measure_id}/{self.file.name}"


def operator_folder(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder of the operator's own measures, whether or not it exists.

    ``$ATTUNEMENT_HOME/measures``, else ``$XDG_DATA_HOME/attunement/measures``, else
    ``~/.local/share/attunement/measures``; None where the environment names no home.

    Parameters
    ----------
    environment : Mapping of str to str, optional
        The process's environment by default.
    """
    if environment is None:
        environment = os.environ
    if home := environment.get("ATTUNEMENT_HOME"):
        return Path(home) / "measures"
    data = environment.get("XDG_DATA_HOME", "")
    if data and Path(data).is_absolute():
        return Path(data) / "attunement" / "measures"
    if user := environment.get("HOME") or environment.get("USERPROFILE"):
        return Path(user) / ".local" / "share" / "attunement" / "measures"
    return None


def ids(
    *, packs: Iterable[str] | None = None, extra: Sequence[Path] | None = None
) -> tuple[str, ...]:
    """Return the ids of the measures at hand, in alphabetical order.

    Parameters
    ----------
    packs : iterable of str, optional
        Packs to list; all but the non-commercial one (``nc``) by default.
    extra : sequence of Path, optional
        The operator's folders, whose measures are always listed; the environment's by default.

    Raises
    ------
    MeasureError
        E-MEASURE-001 for a pack that does not exist.
    """
    wanted = _packs(packs)
    places = [place for place in _packaged() if place.pack in wanted] + _installed(extra)
    return tuple(sorted({place.measure_id for place in places if not place.language}))


def versions(measure_id: str, *, extra: Sequence[Path] | None = None) -> tuple[str, ...]:
    """Return the versions of a measure, oldest first; E-MEASURE-001 if there is no such measure."""
    found = {place.version for place in _definitions(measure_id, extra)}
    return tuple(sorted(found, key=_order))


def load(
    measure_id: str, *, version: str | None = None, extra: Sequence[Path] | None = None
) -> Measure:
    """Return a measure.

    Parameters
    ----------
    measure_id : str
        Such as ``"phq-9"``, in any case; ``"phq-9@1"`` names the version as well.
    version : str, optional
        The newest by default.
    extra : sequence of Path, optional
        The operator's folders, looked through besides the packaged data; the environment's by
        default, ``()`` for none.

    Returns
    -------
    Measure
        Structure, scoring and rights; the wording is apart, see `load_text`.

    Raises
    ------
    MeasureError
        E-MEASURE-001 with close matches, E-MEASURE-007 for an unknown version, E-MEASURE-009 if
        two files claim the same version with other content, E-MEASURE-010 if an operator's file
        does not hold together, E-MEASURE-002 to 006 and 011 if it cannot be read.
    """
    name, _, named = measure_id.partition("@")
    places = _definitions(name, extra)
    known = sorted({place.version for place in places}, key=_order)
    if version is not None and named not in {"", version}:
        raise MeasureError(
            "E-MEASURE-007",
            what="two versions are asked for",
            got=f"{shown(measure_id)} and version {shown(version)}",
            next_step="Name one of them",
        )
    wanted = version if version is not None else named or known[-1]
    chosen = [place for place in places if place.version == wanted]
    if not chosen:
        raise MeasureError(
            "E-MEASURE-007",
            what=f"{shown(name)} has no version {shown(wanted)}",
            expected=f"one of {', '.join(known)}",
            next_step="Leave the version out for the newest",
        )
    found = [_measure(place) for place in chosen]
    for other in found[1:]:
        if not same_content(found[0], other):
            raise MeasureError(
                "E-MEASURE-009",
                what=f"two files claim to be {shown(name)} version {wanted}, with other content",
                next_step="Give the changed one a new version",
            )
    return found[0]


def as_measure(measure: str | Measure) -> Measure:
    """Return a measure as it is, and load one that is named (``"phq-9"`` or ``"phq-9@1"``).

    Raises
    ------
    MeasureError
        As `load`; E-MEASURE-001 for what is neither text nor a measure.
    """
    if isinstance(measure, Measure):
        return measure
    if isinstance(measure, str):
        return load(measure)
    raise MeasureError(
        "E-MEASURE-001",
        what="that is no measure",
        got=f"an object of type {type(measure).__name__}",
        expected="an id such as 'phq-9', or what measures.load returns",
    )


def load_text(
    measure: Measure,
    language: str = "en",
    *,
    packs: Iterable[str] | None = None,
    extra: Sequence[Path] | None = None,
) -> TextBundle | None:
    """Return the wording of a measure in a language, or None if none is at hand.

    Parameters
    ----------
    measure : Measure
        From `load`.
    language : str
        Such as ``"en"`` or ``"pt-BR"``; a region falls back to its language, never to another.
    packs : iterable of str, optional
        Packs whose wording the operator switched on; all but ``nc`` by default.
    extra : sequence of Path, optional
        The operator's folders, where licensed wording lies; the environment's by default.

    Raises
    ------
    MeasureError
        E-MEASURE-008 if the wording differs from what its no-derivatives licence fixes,
        E-MEASURE-012 if the file is for another measure, version or language.
    """
    wanted = _packs(packs)
    texts = {place.language: place for place in reversed(_texts(measure, wanted, extra))}
    for candidate in (language, language.partition("-")[0]):
        if candidate in texts:
            bundle = _bundle(texts[candidate])
            expected = measure.text_sha256.get(candidate)
            if expected and texts[candidate].pack != "operator" and bundle.sha256 != expected:
                raise MeasureError(
                    "E-MEASURE-008",
                    what=f"the wording of {measure.id} ({candidate}) is not the licensed one",
                    next_step="Restore the file as it was shipped",
                )
            return bundle
    return None


def languages(
    measure: Measure, *, packs: Iterable[str] | None = None, extra: Sequence[Path] | None = None
) -> tuple[str, ...]:
    """Return the languages that `load_text` has wording in, in alphabetical order."""
    return tuple(sorted({place.language for place in _texts(measure, _packs(packs), extra)}))


def same_content(one: Measure, other: Measure) -> bool:
    """Return whether two definitions say the same, wherever they lie."""
    names = [name for name in Measure.__dataclass_fields__ if name != "pack"]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def read_file(file: Traversable, *, origin: str) -> str:
    """Return a measure file's text; its line ends are kept, since its hash counts them.

    Raises
    ------
    MeasureError
        E-MEASURE-011 if it is no readable UTF-8 file, E-MEASURE-006 if it is too long.
    """
    try:
        if not file.is_file():
            there = isinstance(file, Path) and file.exists()
            raise _unreadable(origin, "no regular file" if there else "no such file")
        with file.open("rb") as stream:
            data = stream.read(4 * MAX_CHARACTERS + 1)
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _unreadable(origin, "bytes that are not UTF-8") from None
    except OSError as error:
        raise _unreadable(origin, error.strerror or "an unreadable file") from None


def _unreadable(origin: str, got: str) -> MeasureError:
    return MeasureError(
        "E-MEASURE-011",
        what=f"{shown(origin, 200)} cannot be read",
        got=got,
        expected="a TOML file in UTF-8",
        next_step="Check the path and its permissions",
    )


def _measure(place: _Place) -> Measure:
    measure = parse_measure(
        read_file(place.file, origin=place.origin), origin=place.origin, pack=place.pack
    )
    if (measure.id, measure.version) != (place.measure_id, place.version):
        raise MeasureError(
            "E-MEASURE-005",
            what=f"{place.origin}: id and version differ from the file's place",
            got=f"{measure.id}/{measure.version}.toml",
            next_step="Move the file or correct it",
        )
    if place.pack == "operator":
        for problem in coherence(measure):
            if problem.severity == "error":
                raise MeasureError(
                    "E-MEASURE-010",
                    what=f"{place.origin}: {problem.path}: {problem.what}",
                    next_step=problem.next_step,
                )
    return measure


def _bundle(place: _Place) -> TextBundle:
    bundle = parse_text(read_file(place.file, origin=place.origin), origin=place.origin)
    said = (bundle.measure, bundle.version, bundle.language)
    if said != (place.measure_id, place.version, place.language):
        raise MeasureError(
            "E-MEASURE-012",
            what=f"{place.origin} is the text of {'/'.join(said)}",
            next_step="Move the file or correct it",
        )
    return bundle


def _texts(measure: Measure, packs: frozenset[str], extra: Sequence[Path] | None) -> list[_Place]:
    shipped = [place for place in _packaged() if place.pack in packs]
    return [
        place
        for place in [*shipped, *_installed(extra)]
        if place.language and (place.measure_id, place.version) == (measure.id, measure.version)
    ]


def _definitions(measure_id: str, extra: Sequence[Path] | None) -> list[_Place]:
    everything = [place for place in [*_packaged(), *_installed(extra)] if not place.language]
    found = [place for place in everything if place.measure_id == measure_id.strip().lower()]
    if not found:
        for folder in folders(extra):  # it may be in one that cannot be read
            _scan(folder, "operator")
        known = sorted({place.measure_id for place in everything})
        close = get_close_matches(measure_id.lower()[:80], known, n=3, cutoff=0.5)
        raise MeasureError(
            "E-MEASURE-001",
            what=f"there is no measure {shown(measure_id)}",
            expected=f"perhaps {' or '.join(close)}" if close else "an id from the list",
            next_step="'attunement measures list --all' shows every id",
        )
    return found


def _packs(packs: Iterable[str] | None) -> frozenset[str]:
    wanted = frozenset(DEFAULT_PACKS if packs is None else packs)
    if unknown := sorted(wanted - {*PACKS, "operator"}):
        raise MeasureError(
            "E-MEASURE-001",
            what=f"there is no pack {shown(unknown[0])}",
            expected=f"among {', '.join(PACKS)}",
            next_step="Correct the pack's name",
        )
    return wanted


@lru_cache(maxsize=1)
def _packaged() -> tuple[_Place, ...]:
    data = files("attunement.measures") / "data"
    return tuple(place for pack in PACKS for place in _scan(data / pack, pack))


def folders(extra: Sequence[Path] | None) -> tuple[Path, ...]:
    """Return the operator's folders: those given, or by default the one of the environment."""
    if extra is not None:
        return tuple(extra)
    folder = operator_folder()
    return () if folder is None else (folder,)


def _installed(extra: Sequence[Path] | None) -> list[_Place]:
    try:
        return [place for folder in folders(extra) for place in _scan(folder, "operator")]
    except MeasureError:
        if extra is None:  # nobody asked for that folder: what is shipped loads without it
            return []
        raise


def _scan(folder: Traversable, pack: str) -> list[_Place]:
    try:
        homes = [home for home in folder.iterdir() if MEASURE_ID.fullmatch(home.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unreadable(str(folder), error.strerror or "an unreadable folder") from None
    found = []
    for home in sorted(homes, key=lambda entry: entry.name):
        if home.is_dir():
            found.extend(_home(home, pack))
    return found


def _home(home: Traversable, pack: str) -> list[_Place]:
    return [
        _Place(pack, home.name, match[1], match[2] or "", file)
        for file in sorted(home.iterdir(), key=lambda entry: entry.name)
        if (match := _FILE.fullmatch(file.name))
    ]


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))

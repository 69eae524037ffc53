# SPDX-License-Identifier: Apache-2.0
"""What an operator may set, as typed values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Words:
    """The words that pages show for people; the names in code stay ``client`` and ``therapist``."""

    client: str = "client"
    clients: str = "clients"
    therapist: str = "therapist"
    therapists: str = "therapists"
    session: str = "session"
    sessions: str = "sessions"


@dataclass(frozen=True, slots=True)
class Crisis:
    """What the client's form says to somebody who needs help now, at this site."""

    text: str
    phone: str


@dataclass(frozen=True, slots=True)
class UseContexts:
    """What the installation is used for; measures whose licence forbids it are not offered."""

    clinical: bool = True
    commercial: bool = True
    educational: bool = False
    research: bool = False

    def as_mapping(self) -> dict[str, bool | None]:
        """Return the contexts by name, as ``attunement.measures.allowed`` wants them."""
        return {
            "clinical": self.clinical,
            "commercial": self.commercial,
            "educational": self.educational,
            "research": self.research,
        }


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that has been checked; building one from a file is ``load_config``."""

    secret_key: str = field(repr=False)
    database: str = field(repr=False)  # a path, or postgresql://… (which may hold a password)
    base_url: str
    practice_name: str
    crisis: Crisis
    allowed_hosts: tuple[str, ...]
    home: Path
    timezone: str = "UTC"
    language: str = "en"
    synthetic: bool = False
    link_lifetime: timedelta = timedelta(hours=72)
    client_measure: str = "oac-c"
    therapist_measure: str = "oac-t"
    words: Words = field(default_factory=Words)
    use: UseContexts = field(default_factory=UseContexts)

    @property
    def https(self) -> bool:
        """Whether people reach the clinic over TLS; only then are cookies ``Secure``."""
        return urlsplit(self.base_url).scheme == "https"

# SPDX-License-Identifier: Apache-2.0
"""What an operator may set, as typed values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from attunement.clinic.keys import KeysFile


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
class Mail:
    """The mail server that notices leave by."""

    host: str
    port: int
    security: str  # "starttls" | "tls" | "none" (this machine only)
    username: str
    password: str = field(repr=False)
    from_address: str


@dataclass(frozen=True, slots=True)
class RiskRule:
    """The site's rule for answers about risk: by when who is told."""

    next_after: timedelta = timedelta(minutes=15)  # the next on the rota
    lead_after: timedelta = timedelta(minutes=30)
    all_after: timedelta = timedelta(minutes=60)
    pages_only: bool = False  # said by the site: nobody is told outside the program's pages
    procedure: str = ""  # what the people who are told do, in the site's words
    monitor_url: str = field(default="", repr=False)  # may hold a token


@dataclass(frozen=True, slots=True)
class Capture:
    """What is asked beside the two forms after a session, and how."""

    before: str = ""  # a measure that clients fill before a session; none
    between: str = ""  # one that they fill on a day between two sessions; none
    between_weeks: int = 0  # and how often, unless a client's own rule says; 0: by hand
    question: bool = True  # one rotating open question after a session
    double_entry: bool = False  # a paper counts once two entries agree
    own_chart: bool = False  # a client may look at the own chart after sending
    remind_hours: int = 0  # after a session, when its form is still open; 0: never
    sms_command: tuple[str, ...] = field(default=(), repr=False)  # may hold a gateway's token


@dataclass(frozen=True, slots=True)
class VisibilityRule:
    """Who sees clients' answers where no care episode says otherwise."""

    client: str = "open"  # one of access.visibility.Visibility
    delay_days: int = 0  # with "delayed": days after the session; 0: before the next session


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
    both_lines: bool = True  # looking together shows the therapist's line beside the client's
    capture: Capture = field(default_factory=Capture)
    visibility: VisibilityRule = field(default_factory=VisibilityRule)
    keys: KeysFile | None = field(default=None, repr=False)  # None: derived from the secret
    keys_file: Path | None = None
    backup_recipients: tuple[str, ...] = ()
    backup_passphrase_file: Path | None = None
    words: Words = field(default_factory=Words)
    use: UseContexts = field(default_factory=UseContexts)
    mail: Mail | None = None
    risk: RiskRule = field(default_factory=RiskRule)

    @property
    def https(self) -> bool:
        """Whether people reach the clinic over TLS; only then are cookies ``Secure``."""
        return urlsplit(self.base_url).scheme == "https"

# SPDX-License-Identifier: Apache-2.0
"""The keys of the configuration file: for each its type, and whether it must be there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One key: where it stands, what it holds, one line for the reference page."""

    path: str  # "practice.name"
    kind: type
    required: bool
    about: str

    @property
    def type_words(self) -> str:
        """Return the type as an operator reads it."""
        return {
            str: "text in quotes",
            bool: "true or false",
            int: "a whole number",
            list: "a list of texts",
        }[self.kind]


KEYS: tuple[Key, ...] = (
    Key("secret_key_file", str, True, "Path of a file with at least 50 random characters."),
    Key("database", str, True, "Path of the SQLite file, or postgresql://user:password@host/name."),
    Key("base_url", str, True, "The address people open; https, or http on this machine only."),
    Key("allowed_hosts", list, False, "Further host names that are answered."),
    Key("timezone", str, False, "An IANA name such as Europe/Berlin; UTC by default."),
    Key("language", str, False, "The language of pages and forms; en by default."),
    Key("link_lifetime_hours", int, False, "How long a client's link can be opened, 1 to 336; 72."),
    Key("practice.name", str, True, "The name on every page."),
    Key("practice.synthetic", bool, False, "Every person is made up, and pages say so; false."),
    Key("crisis.text", str, True, "What the client's form says to somebody who needs help now."),
    Key("crisis.phone", str, True, "The number to call at this site."),
    Key("forms.client", str, False, "The measure that clients fill, without risk items; oac-c."),
    Key("forms.therapist", str, False, "Its mirror for therapists; oac-t by default."),
    Key("words.client", str, False, "The word shown for a client."),
    Key("words.clients", str, False, "Its plural."),
    Key("words.therapist", str, False, "The word shown for a therapist."),
    Key("words.therapists", str, False, "Its plural."),
    Key("words.session", str, False, "The word shown for a session."),
    Key("words.sessions", str, False, "Its plural."),
    Key("use.clinical", bool, False, "The clinic treats people; true by default."),
    Key("use.commercial", bool, False, "Somebody is paid; true by default, the careful answer."),
    Key("use.educational", bool, False, "Used for teaching; false by default."),
    Key("use.research", bool, False, "Used for research; false by default."),
)
BY_PATH = {key.path: key for key in KEYS}
SECTIONS = frozenset(key.path.split(".")[0] for key in KEYS if "." in key.path)

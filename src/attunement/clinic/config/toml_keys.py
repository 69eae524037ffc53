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
    Key(
        "keys_file", str, False, "Path of the file of keys; without it they follow from the secret."
    ),
    Key("base_url", str, True, "The address people open; https, or http on this machine only."),
    Key("allowed_hosts", list, False, "Further host names that are answered."),
    Key("timezone", str, False, "An IANA name such as Europe/Berlin; UTC by default."),
    Key("language", str, False, "The language of pages and forms; en by default."),
    Key("link_lifetime_hours", int, False, "How long a client's link can be opened, 1 to 336; 72."),
    Key("practice.name", str, True, "The name on every page."),
    Key("practice.synthetic", bool, False, "Every person is made up, and pages say so; false."),
    Key("backup.recipients", list, False, "The age1… public keys that can open backups."),
    Key("backup.passphrase_file", str, False, "Or a file with the passphrase that opens them."),
    Key("crisis.text", str, True, "What the client's form says to somebody who needs help now."),
    Key("crisis.phone", str, True, "The number to call at this site."),
    Key("forms.client", str, False, "The measure that clients fill; oac-c by default."),
    Key("forms.therapist", str, False, "Its mirror for therapists; oac-t by default."),
    Key("forms.before", str, False, "A measure that clients fill before a session; none."),
    Key("forms.between", str, False, "A measure that clients fill between sessions; none."),
    Key("forms.between_weeks", int, False, "And once in so many weeks, 1 to 52; 0: by hand."),
    Key("forms.question", bool, False, "One changing open question after a session; true."),
    Key("client.own_chart", bool, False, "Clients may look at their own chart; false."),
    Key("together.both_lines", bool, False, "Looking together shows both lines; true."),
    Key("paper.double_entry", bool, False, "A paper counts once two entries agree; false."),
    Key("reminders.after_hours", int, False, "Remind of an open form after so long, 1 to 72; no."),
    Key("reminders.sms_command", list, False, "A program that sends a text message; see how-to."),
    Key("visibility.client", str, False, "Who sees a client's answers: see who-sees-what; open."),
    Key("visibility.delay_days", int, False, "With delayed: days, 0 to 90; 0: next session."),
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
    Key("mail.host", str, False, "The mail server for notices; without [mail] none are mailed."),
    Key("mail.port", int, False, "Its port; 587, or 465 for tls."),
    Key("mail.security", str, False, "starttls (default), tls, or none on this machine only."),
    Key("mail.username", str, False, "Where the server asks for one; with password_file."),
    Key(
        "mail.password_file", str, False, "Path of a file with the password, readable by you alone."
    ),
    Key("mail.from_address", str, False, "The sender of every mail; one plain address."),
    Key("risk.next_after_minutes", int, False, "Until the next on the rota is told; 15."),
    Key("risk.lead_after_minutes", int, False, "Until the lead is told; 30."),
    Key("risk.all_after_minutes", int, False, "Until everybody who is named is told; 60."),
    Key("risk.procedure", str, False, "What the people who are told do, in the site's words."),
    Key(
        "risk.pages_only", bool, False, "Ask about risk without [mail]: told on pages only; false."
    ),
    Key(
        "risk.monitor_url", str, False, "An https address that is asked each minute while we work."
    ),
)
BY_PATH = {key.path: key for key in KEYS}
SECTIONS = frozenset(key.path.split(".")[0] for key in KEYS if "." in key.path)

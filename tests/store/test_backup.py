# SPDX-License-Identifier: Apache-2.0
"""Backups and restores as typed: while the clinic runs, refused, replayed, and on both stores."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyrage
import pytest
from tests.clinic_process import run_lines
from tests.postgresql import SERVER, address, drop, opened_store, recreate

pytestmark = [
    pytest.mark.store,
    pytest.mark.slow,
]
RUN = [sys.executable, "-c", "from attunement.cli import main; main()"]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")  # each has databases of its own
SEEDED, USED = f"backup_seeded_{WORKER}", f"backup_used_{WORKER}"
PASSPHRASE = "violet harbour lantern"
_CONFIG = """\
secret_key_file = "secret.key"
keys_file = "clinic.keys"
database = {database}
base_url = "http://127.0.0.1:8000"
[practice]
name = "Synthetic Practice"
[crisis]
text = "Call now."
phone = "000"
"""
_SEED = """
from datetime import date
from django.utils import timezone
from attunement.clinic import services
from attunement.clinic.models import Login
from attunement.clinic.services.people import add_client, add_login, own_practice
from attunement.clinic.store.opening import open_store
now = timezone.now()
open_store(now=now)
own_practice()
for name, role in (('amber', 'therapist'), ('lead', 'lead')):
    add_login(name, role=role, name=f'Synthetic {name}', email='', now=now,
              password='violet harbour lantern')
me = Login.objects.get(username='amber')
for number in range(1, 5):
    dyad = add_client(f'C-{number:02d}', name=f'Synthetic Client {number:02d}', now=now,
                      therapist_username='amber', began_on=date(2026, 1, 5))
    for _ in range(2):
        session_id = services.start_session(
            me, dyad.pk, held_on=now.date(), modality='in_person', now=now).session_id
        issued = services.invite_client(me, session_id, now=now)
        grant = services.open_invitation(issued.token, address='192.0.2.1', now=now)
        form = services.client_form(grant, now=now)
        given = {f'item-{item}': '5' for item in range(1, 8)} | {'item-8': '0'}
        given['item-9'] = f'Synthetic words {number:02d}.'
        services.record_client_response(grant, submission_id=form.submission_id, fields=given,
                                        client_clock=None, now=now)
"""
_READ = """
from attunement.clinic.models import Answer, Client, Score
from attunement.clinic.services.sealing import client_name, open_field
for client in Client.objects.order_by('pk'):
    print(client.code, client_name(client), client.erased_at is not None)
words = [open_field(a, 'text') for a in Answer.objects.filter(text__isnull=False).order_by('pk')]
print(words, Score.objects.count())
"""
_CUT_OFF = """
from django.utils import timezone
from attunement.clinic.models import Client
from attunement.clinic.services.forms import config
from attunement.clinic.services.sealing import keyring
from attunement.clinic.store.erasure_ledger import Erased, append_erased, ledger_path
who = Client.objects.get(code='C-03')
append_erased(ledger_path(config()), site=keyring(), line=Erased(
    client_id=who.pk, practice_id=who.practice_id, reason='asked', erased_by='operator',
    erased_at=timezone.now()))
"""


@dataclass(frozen=True)
class Clinic:
    """A folder with a configuration, its database, and an identity that opens backups."""

    folder: Path
    recipient: str

    @property
    def config(self) -> Path:
        return self.folder / "clinic.toml"

    def run(self, *words: str, typed: str = "", limit: int = 0, **more: str) -> Any:
        def bounded() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        kept = {name: text for name, text in os.environ.items() if "ATTUNEMENT" not in name}
        kept = {name: text for name, text in kept.items() if "DJANGO" not in name}
        return subprocess.run(
            [*RUN, *words],
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
            env=kept | {"ATTUNEMENT_CONFIG": str(self.config)} | more,
            preexec_fn=bounded if limit else None,
        )

    def python(self, lines: str) -> str:
        return run_lines(self.config, lines)

    def backed_up(self, name: str = "copy.age") -> Path:
        done = self.run("backup", name, "--recipient", self.recipient)
        assert done.returncode == 0, done.stderr
        assert "verified" in done.stdout
        return self.folder / name

    def restore(self, file: str | Path = "copy.age", *words: str, **more: Any) -> Any:
        return self.run("restore", str(file), "--identity", "identity.txt", *words, **more)

    def forget_database(self) -> None:
        """Take the database away, as a broken disk does."""
        if SERVER:
            recreate(_database_of(self.config))
        for file in self.folder.glob("clinic.sqlite3*"):
            file.unlink()


def _database_of(config: Path) -> str:
    line = next(one for one in config.read_text().splitlines() if one.startswith("database"))
    found: str = json.loads(line.split("=", 1)[1].strip())
    return urlsplit(found).path.lstrip("/")


def _address(name: str) -> str:
    return address(name) if SERVER else "clinic.sqlite3"


def _prepare(folder: Path, database: str) -> Clinic:
    if SERVER:
        recreate(database, template=opened_store())
    config = folder / "clinic.toml"
    config.write_text(_CONFIG.format(database=json.dumps(_address(database))), encoding="utf-8")
    made = Clinic(folder, "")
    for words in (("serve", "--new-secret", "secret.key"), ("serve", "--new-keys", "clinic.keys")):
        assert made.run(*words).returncode == 0
    done = made.run("backup", "--new-identity", "identity.txt")
    assert done.returncode == 0, done.stderr
    return Clinic(folder, done.stdout.strip())


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """One clinic with answers, and a backup of it: never changed."""
    made = _prepare(tmp_path_factory.mktemp("seeded"), SEEDED)
    made.python(_SEED)
    made.backed_up()
    yield made
    if SERVER:
        drop(SEEDED)


@pytest.fixture
def clinic(seeded: Clinic, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of the clinic to do things to."""
    folder = tmp_path / "clinic"
    shutil.copytree(seeded.folder, folder)
    if SERVER:
        recreate(USED, template=SEEDED)
        config = folder / "clinic.toml"
        config.write_text(_CONFIG.format(database=json.dumps(_address(USED))))
    yield Clinic(folder, seeded.recipient)
    if SERVER:
        drop(USED)


@pytest.fixture
def empty(clinic: Clinic) -> Clinic:
    """The same after its database is gone."""
    clinic.forget_database()
    return clinic


def _nothing_came(clinic: Clinic) -> bool:
    """Whether the database's place is as empty as it was."""
    assert not list(clinic.folder.glob(".attunement-scratch-*")), "a scratch folder was left"
    if not SERVER:
        return not list(clinic.folder.glob("clinic.sqlite3*"))
    import psycopg  # noqa: PLC0415

    with psycopg.connect(_address(_database_of(clinic.config))) as server:
        found = server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        row = found.fetchone()
        return row is not None and row[0] == 0


def test_a_backup_comes_back_as_it_was(clinic: Clinic) -> None:
    before = clinic.python(_READ)
    assert "Synthetic Client 03" in before
    assert "Synthetic words 03." in before
    clinic.backed_up("again.age")
    clinic.forget_database()
    done = clinic.restore("again.age")
    assert done.returncode == 0, done.stderr
    assert "12 sealed words opened, scores of 8 forms computed again" in done.stdout
    assert clinic.python(_READ) == before
    assert "holds" in clinic.run("serve", "verify-audit").stdout
    assert not list(clinic.folder.glob(".attunement-scratch-*"))


def test_a_backup_holds_nothing_that_can_be_read(seeded: Clinic) -> None:
    """The control: the same bytes, decrypted and unpacked, do hold what is looked for."""
    closed = (seeded.folder / "copy.age").read_bytes()
    identity = pyrage.x25519.Identity.from_str(
        (seeded.folder / "identity.txt").read_text().splitlines()[1]
    )
    opened = gzip.decompress(pyrage.decrypt(closed, [identity]))
    for canary in (b"clinic_client", b"manifest.json"):
        assert canary in opened
        assert canary not in closed
    # Words and names are sealed in the copy as well; the keys are not in it.
    assert b"Synthetic words 03." not in opened
    assert b"Synthetic Client 03" not in opened
    assert (seeded.folder / "clinic.keys").read_bytes().splitlines()[2][4:] not in opened
    assert oct((seeded.folder / "copy.age").stat().st_mode & 0o777) == "0o600"


def test_backups_are_made_while_others_write(clinic: Clinic) -> None:
    """A therapist starts sessions all along; each backup is one moment's, and whole."""
    writing = (
        "import sys\n"
        "from django.utils import timezone\n"
        "from attunement.clinic import services\n"
        "from attunement.clinic.models import Dyad, Login\n"
        "me, dyad = Login.objects.get(username='amber'), Dyad.objects.order_by('pk').first()\n"
        "n = 0\n"
        "while not sys.stdin.closed and n < 4000:\n"
        "    now = timezone.now()\n"
        "    services.start_session(me, dyad.pk, held_on=now.date(), modality='in_person',"
        " now=now)\n"
        "    n += 1\n"
        "    print(n, flush=True)\n"
    )
    start = f"from attunement.clinic.serving import set_up\nset_up({str(clinic.config)!r})\n"
    kept = {name: text for name, text in os.environ.items() if "ATTUNEMENT" not in name}
    with subprocess.Popen(
        [sys.executable, "-c", start + writing], stdout=subprocess.PIPE, text=True, env=kept
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()  # it has begun
        drain = threading.Thread(target=writer.stdout.read)
        drain.start()
        clinic.backed_up("during.age")
        assert writer.poll() is None, "the writer ended before the backup did"
        writer.terminate()
        drain.join()
    clinic.forget_database()
    done = clinic.restore("during.age")
    assert done.returncode == 0, done.stderr


def test_an_erased_client_stays_erased_in_yesterdays_backup(clinic: Clinic) -> None:
    done = clinic.run("serve", "erase-client", "C-03", "--reason", "asked", "--yes")
    assert done.returncode == 0, done.stderr
    clinic.forget_database()
    done = clinic.restore()  # made before the erasure
    assert done.returncode == 0, done.stderr
    assert "Erased 1 again" in done.stdout
    read = clinic.python(_READ)
    assert "C-03" not in read
    assert "Synthetic Client 03" not in read
    assert "Synthetic words 03." not in read
    assert read.count("None") == 2  # their two comments
    assert "Synthetic words 04." in read
    again = clinic.run("serve", "--check")
    assert (again.returncode, "Erased" in again.stderr) == (0, False)


def test_erasure_that_was_cut_off_is_told_as_complete_when_it_is_run_again(clinic: Clinic) -> None:
    """The ledger was told, and then the process was killed before the database was."""
    clinic.python(_CUT_OFF)
    again = clinic.run("serve", "erase-client", "C-03", "--reason", "asked")  # nothing is asked
    assert again.returncode == 0, again.stderr
    assert "it is complete now" in again.stderr
    assert "the code is now erased-" in again.stdout
    assert "C-03" not in again.stdout + again.stderr + clinic.python(_READ)
    once_more = clinic.run("serve", "erase-client", "C-03", "--reason", "asked", "--yes")
    assert once_more.returncode == 2
    assert "whoever was erased before has none any more" in once_more.stderr


def test_an_erasure_is_in_the_backups_own_ledger_too(clinic: Clinic) -> None:
    """The ledger beside the keys is lost: the backup made after the erasure still knows."""
    old = clinic.backed_up("before.age")
    assert clinic.run("serve", "erase-client", "C-03", "--reason", "asked", "--yes").returncode == 0
    clinic.backed_up("after.age")
    (clinic.folder / "clinic.keys.erasures").unlink()
    clinic.forget_database()
    assert clinic.restore("after.age").returncode == 0
    clinic.forget_database()
    done = clinic.restore(old)
    assert done.returncode == 0, done.stderr
    assert "Synthetic Client 03" not in clinic.python(_READ)


@pytest.mark.one_store  # the ledger is a file
def test_without_the_ledger_yesterday_would_be_readable(clinic: Clinic) -> None:
    """The control of the two tests above, and the reason to keep a copy of the ledger."""
    assert clinic.run("serve", "erase-client", "C-03", "--reason", "asked", "--yes").returncode == 0
    (clinic.folder / "clinic.keys.erasures").unlink()
    clinic.forget_database()
    assert clinic.restore().returncode == 0
    assert "Synthetic Client 03" in clinic.python(_READ)


@pytest.mark.one_store  # keys and ledger are files
def test_keys_travel_apart_and_bring_the_ledger(clinic: Clinic) -> None:
    assert clinic.run("serve", "erase-client", "C-03", "--reason", "asked", "--yes").returncode == 0
    done = clinic.run("backup", "--keys", "keys.age", "--recipient", clinic.recipient)
    assert done.returncode == 0, done.stderr
    for name in ("clinic.keys", "clinic.keys.erasures", "secret.key"):
        (clinic.folder / name).unlink()
    clinic.forget_database()
    assert clinic.run("serve", "--new-secret", "secret.key").returncode == 0
    refused = clinic.restore()
    assert (refused.returncode, refused.stderr[:12]) == (2, "E-CONFIG-013")
    back = clinic.restore("keys.age", "--keys", "clinic.keys")
    assert back.returncode == 0, back.stderr
    assert clinic.restore().returncode == 0
    read = clinic.python(_READ)
    assert "Synthetic Client 04" in read
    assert "Synthetic Client 03" not in read
    twice = clinic.restore("keys.age", "--keys", "clinic.keys")
    assert (twice.returncode, "never overwritten" in twice.stderr) == (2, True)


@pytest.mark.one_store  # the keys are files
@pytest.mark.parametrize("there", ["copy.age", "clinic.keys"])
def test_a_copy_of_the_keys_never_takes_the_place_of_a_file(seeded: Clinic, there: str) -> None:
    """Also not of the keys themselves, which ``--keys`` may seem to ask for."""
    before = (seeded.folder / there).read_bytes()
    listed = sorted(path.name for path in seeded.folder.iterdir())
    done = seeded.run("backup", "--keys", there, "--recipient", seeded.recipient)
    assert (done.returncode, done.stdout) == (2, "")
    for words in (
        "E-CLINIC-020",
        f"the copy of the keys cannot be written to {there}",
        "a file that is there already, and was left as it is",
        "nothing is overwritten",
        "Name a new file, such as",
    ):
        assert words in " ".join(done.stderr.split()), words
    assert (seeded.folder / there).read_bytes() == before
    assert sorted(path.name for path in seeded.folder.iterdir()) == listed


@pytest.mark.one_store  # how a file is closed, whatever is in it
def test_a_passphrase_opens_what_it_closed(clinic: Clinic) -> None:
    file = clinic.folder / "pass.txt"
    file.write_text(PASSPHRASE)
    file.chmod(0o600)
    done = clinic.run("backup", "phrase.age", "--passphrase-file", "pass.txt")
    assert done.returncode == 0, done.stderr
    clinic.forget_database()
    wrong = clinic.folder / "wrong.txt"
    wrong.write_text(PASSPHRASE + "x")
    wrong.chmod(0o600)
    refused = clinic.run("restore", "phrase.age", "--passphrase-file", "wrong.txt")
    assert (refused.returncode, "not encrypted to this key" in refused.stderr) == (2, True)
    assert _nothing_came(clinic)
    done = clinic.run("restore", "phrase.age", "--passphrase-file", "pass.txt")
    assert done.returncode == 0, done.stderr
    file.chmod(0o644)
    open_to_all = clinic.run("backup", "more.age", "--passphrase-file", "pass.txt")
    assert (open_to_all.returncode, "for others" in open_to_all.stderr) == (2, True)


@pytest.mark.one_store  # how a file is closed, whatever is in it
def test_the_configuration_names_who_opens_backups(clinic: Clinic) -> None:
    nobody = clinic.run("backup", "copy2.age")
    assert (nobody.returncode, nobody.stderr[:12]) == (2, "E-CLINIC-020")
    text = clinic.config.read_text()
    clinic.config.write_text(f'{text}[backup]\nrecipients = ["{clinic.recipient}"]\n')
    assert clinic.run("backup", "copy2.age").returncode == 0
    clinic.config.write_text(f'{text}[backup]\nrecipients = ["age1no"]\n')
    refused = clinic.run("backup", "copy3.age")
    assert (refused.returncode, refused.stderr[:12]) == (2, "E-CONFIG-005")


@pytest.mark.one_store  # about the files of a folder
def test_older_backups_of_this_site_go_once_a_new_one_is_verified(clinic: Clinic) -> None:
    folder = clinic.folder / "out"
    folder.mkdir()
    site = (clinic.folder / "clinic.keys").read_text().splitlines()[1].split()[1]
    old, others = (
        folder / f"attunement-{name}-20200101T000000Z.age" for name in (site, "0123456789abcdef")
    )
    for file in (old, others, folder / "notes.txt"):
        file.write_bytes(b"kept")
    done = clinic.run("backup", "out", "--recipient", clinic.recipient, "--keep-days", "30")
    assert done.returncode == 0, done.stderr
    assert (old.exists(), others.exists(), (folder / "notes.txt").exists()) == (False, True, True)
    assert len(list(folder.iterdir())) == 3


# What a restore refuses: reference row 87.


def _changed(change: Callable[[bytes], bytes]) -> Callable[[Clinic], str]:
    def prepare(clinic: Clinic) -> str:
        file = clinic.folder / "copy.age"
        file.write_bytes(change(file.read_bytes()))
        return "was cut short or changed"

    return prepare


def _flip(at: float) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        bits = bytearray(content)
        bits[int(at * len(bits))] ^= 1
        return bytes(bits)

    return change


def _another_identity(clinic: Clinic) -> str:
    (clinic.folder / "identity.txt").write_text(str(pyrage.x25519.Identity.generate()))
    return "not encrypted to this key"


def _no_identity(clinic: Clinic) -> str:
    (clinic.folder / "identity.txt").write_text("hello")
    return "holds no identity"


def _other_keys(clinic: Clinic) -> str:
    (clinic.folder / "clinic.keys").unlink()
    (clinic.folder / "secret.key").unlink()
    clinic.run("serve", "--new-keys", "clinic.keys")
    clinic.run("serve", "--new-secret", "secret.key")
    return "E-CLINIC-019"


def _other_site(clinic: Clinic) -> str:
    file = clinic.folder / "clinic.keys"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], "site elsewhere1", *lines[2:]]) + "\n")
    return "backup of another site"


def _occupied(clinic: Clinic) -> str:
    if SERVER:
        import psycopg  # noqa: PLC0415

        with psycopg.connect(_address(_database_of(clinic.config)), autocommit=True) as server:
            server.execute("CREATE TABLE something (x int)")
        return "not empty"
    (clinic.folder / "clinic.sqlite3-wal").write_bytes(b"somebody's")
    return "not empty"


def _no_such_file(clinic: Clinic) -> str:
    (clinic.folder / "copy.age").unlink()
    return "is no file"


def _repacked(**changes: Any) -> Callable[[Clinic], str]:
    """Return a change of what is inside, encrypted anew: what a thief of the identity could do."""

    def prepare(clinic: Clinic) -> str:
        file = clinic.folder / "copy.age"
        identity = pyrage.x25519.Identity.from_str(
            (clinic.folder / "identity.txt").read_text().splitlines()[1]
        )
        inside = pyrage.decrypt(file.read_bytes(), [identity])
        with tarfile.open(fileobj=io.BytesIO(inside)) as tar:
            members = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
        said = changes["change"](members, clinic)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        file.write_bytes(pyrage.encrypt(out.getvalue(), [identity.to_public()]))
        return str(said)

    return prepare


def _edit_manifest(members: dict[str, bytes], _: Clinic) -> str:
    members["manifest.json"] = members["manifest.json"].replace(b'"n_events": ', b'"n_events": 1')
    return "E-CLINIC-019"


def _edit_content(members: dict[str, bytes], _: Clinic) -> str:
    name = next(name for name in members if name.startswith("clinic."))
    members[name] = _flip(0.9)(members[name])
    return "does not hold what it says"


def _member_outside(members: dict[str, bytes], _: Clinic) -> str:
    name = next(name for name in members if name.startswith("clinic."))
    members["../../clinic.sqlite3"] = members.pop(name)
    return "was cut short or changed"


def _member_more(members: dict[str, bytes], _: Clinic) -> str:
    members["more"] = b"x"
    return "was cut short or changed"


def _signed_manifest(change: Callable[[dict[str, Any]], None]) -> Any:
    def edit(members: dict[str, bytes], clinic: Clinic) -> None:
        held = json.loads(members["manifest.json"])
        del held["mac"]
        change(held)
        held.pop("format")
        made = clinic.python(
            "import json\n"
            "from attunement.clinic.backup.manifest import Manifest\n"
            "from attunement.clinic.services.sealing import keyring\n"
            f"print(Manifest(**json.loads({json.dumps(held)!r})).text(keyring()))\n"
        )
        members["manifest.json"] = made.encode()

    return edit


def _newer(members: dict[str, bytes], clinic: Clinic) -> str:
    _signed_manifest(lambda held: held["migrations"].append("clinic.9999_from_the_future"))(
        members, clinic
    )
    return "E-CLINIC-002"


def _other_vendor(members: dict[str, bytes], clinic: Clinic) -> str:
    other = "sqlite" if SERVER else "postgresql"
    _signed_manifest(lambda held: held.update(vendor=other))(members, clinic)
    return "another kind of database"


REFUSED = {
    "cut at the end": _changed(lambda content: content[:-1]),
    "cut in the middle": _changed(lambda content: content[: len(content) // 2]),
    "cut in the header": _changed(lambda content: content[:60]),
    "empty": _changed(lambda _: b""),
    "not a backup": _changed(lambda _: b"SQLite format 3\x00" * 100),
    "bit flipped in the body": _changed(_flip(0.5)),
    "bit flipped at the end": _changed(_flip(0.999)),
    "bytes added": _changed(lambda content: content + b"\x00"),
    "another identity": _another_identity,
    "no identity": _no_identity,
    "other keys": _other_keys,
    "another site": _other_site,
    "place not empty": _occupied,
    "no such file": _no_such_file,
    "manifest edited": _repacked(change=_edit_manifest),
    "database edited": _repacked(change=_edit_content),
    "a member outside": _repacked(change=_member_outside),
    "a member more": _repacked(change=_member_more),
    "newer schema": _repacked(change=_newer),
    "another kind of database": _repacked(change=_other_vendor),
}


@pytest.mark.one_store  # refused before the database is asked
@pytest.mark.parametrize("name", REFUSED)
def test_a_restore_refuses_in_one_line_and_leaves_nothing(empty: Clinic, name: str) -> None:
    said = REFUSED[name](empty)
    done = empty.restore()
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    if name != "place not empty":
        assert _nothing_came(empty)


@pytest.mark.one_store  # about the keys
def test_another_sites_backup_is_taken_by_force_where_its_keys_are(empty: Clinic) -> None:
    _other_site(empty)
    assert empty.restore().returncode == 2
    done = empty.restore("copy.age", "--force")
    assert done.returncode == 0, done.stderr


def test_a_copy_that_does_not_come_back_whole_is_exit_code_three(empty: Clinic) -> None:
    """A manifest signed by this site that counts a row more: as if the copy had lost one."""

    def one_more(held: dict[str, Any]) -> None:
        held["counts"]["clinic_client"] += 1

    _repacked(change=_signed_manifest(one_more))(empty)
    done = empty.restore()
    assert done.returncode == 3, done.stdout + done.stderr
    assert "clinic_client has 4 rows and not 5" in done.stderr
    assert _nothing_came(empty)


MOVED = """
UPDATE clinic_client SET display_name = other.display_name FROM clinic_client AS other
WHERE other.code = 'C-02' AND clinic_client.code = 'C-01'
"""


@pytest.mark.skipif(bool(SERVER), reason="changes rows of a SQLite file by hand")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE clinic_auditevent SET actor = 'nobody' WHERE id = 3", "chain breaks at event 3"),
        ("UPDATE clinic_score SET value = 1.5 WHERE scale = 'total'", "other scores"),
        (
            MOVED,
            "clinic_client.display_name cannot be opened",
        ),
    ],
    ids=["audit", "scores", "a name moved to another client"],
)
def test_a_database_that_was_tampered_with_is_no_backup(
    clinic: Clinic, statement: str, said: str
) -> None:
    database = sqlite3.connect(clinic.folder / "clinic.sqlite3")
    triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    there = triggers.fetchall()
    for name, _ in there:
        database.execute(f"DROP TRIGGER {name}")
    database.execute(statement)
    for _, sql in there:
        database.execute(sql)
    database.commit()
    database.close()
    done = clinic.run("backup", "bad.age", "--recipient", clinic.recipient)
    assert done.returncode == 3, done.stdout + done.stderr
    assert said in done.stderr
    assert not list(clinic.folder.glob("bad.age*"))


@pytest.mark.one_store
@pytest.mark.parametrize("limit", [40_000, 200_000])
def test_a_full_disk_leaves_no_half_file(clinic: Clinic, limit: int) -> None:
    """``RLIMIT_FSIZE``: a write fails as on a full disk; what was there is as it was."""
    done = clinic.run("backup", "new.age", "--recipient", clinic.recipient, limit=limit)
    if SERVER and done.returncode == 0:  # a small dump fits
        (clinic.folder / "new.age").unlink()
    else:
        assert done.returncode == 2, done.stdout + done.stderr
        assert "E-CLINIC-020" in done.stderr
    assert not list(clinic.folder.glob("new.age*"))
    assert not list(clinic.folder.glob(".attunement-scratch-*"))
    clinic.forget_database()
    done = clinic.restore(limit=limit)
    if not (SERVER and done.returncode == 0):
        assert done.returncode == 2, done.stdout + done.stderr
        assert "E-CLINIC-021" in done.stderr
        assert _nothing_came(clinic)
        assert clinic.restore().returncode == 0


def test_a_full_target_leaves_no_half_file(clinic: Clinic) -> None:
    """A file system of 16 KiB: the copy is made, encrypting it meets the end of the disk."""
    tiny = clinic.folder / "tiny"
    tiny.mkdir()
    words = ("-t", "tmpfs", "-o", "size=16k", "tmpfs", str(tiny))
    if subprocess.run(["mount", *words], check=False, capture_output=True).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    try:
        done = clinic.run("backup", "tiny", "--recipient", clinic.recipient)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "E-CLINIC-020" in done.stderr
        assert list(tiny.iterdir()) == []
    finally:
        subprocess.run(["umount", str(tiny)], check=True)


@pytest.mark.one_store  # refused before the database is asked
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backup",), "name a folder or a file"),
        (("backup", "there.age", "--keys", "k.age"), "name a folder or a file"),
        (("backup", "no/such/folder.age", "--recipient", "RECIPIENT"), "E-CLINIC-020"),
        (("backup", "copy.age", "--recipient", "RECIPIENT"), "a file that is there"),
        (("backup", "new.age", "--recipient", "age1zzz"), "no age recipient"),
        (("backup", "--keys", "no/such/k.age", "--recipient", "RECIPIENT"), "Make the folder"),
        (("backup", "--new-identity", "identity.txt"), "E-CLI-003"),
        (("restore", "copy.age"), "--identity"),
        (("restore", "copy.age", "--identity", "identity.txt", "--keys", "new.keys"), "no copy"),
    ],
)
def test_words_that_are_wrong_are_refused(
    seeded: Clinic, words: tuple[str, ...], said: str
) -> None:
    done = seeded.run(*(seeded.recipient if word == "RECIPIENT" else word for word in words))
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert not (seeded.folder / "new.age").exists()
    assert not (seeded.folder / "new.keys").exists()

"""
Content of papers and proofs, kept by its SHA-256 in a folder beside the database: ``430822/ab/cdef….<owner>``.

A scanned form says more of a household than any column: it is sealed under the household's own key, so that whoever
erases that key makes its papers unreadable too (I25, I33). What belongs to a case without household is sealed under the
county's. Equal content is kept once for each owner. A file is written once, under another name first, so that what
stands under a name is always whole. What kind of file it is, how large and since when, stands in the table
``attachment``; what it was called, nowhere.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from engine.cases import Document
from engine.errors import N_, InputError, NotFoundError, StorageError, Words, worded
from storage.database import Database
from storage.durable import make_folder, sync_folder
from storage.instants import millis
from storage.vault import Sealer

#: Largest file that is taken, in bytes: a scanned page has some hundred thousand, a photo a few million.
LARGEST = 20_000_000
#: Stands for the county where a household would stand.
COUNTY = UUID(int=0)
_ENDING = re.compile(r"\.[a-z][a-z0-9]{0,9}")


class Files:
    """
    A folder of contents by digest and owner. It is made with the first file, readable by its owner alone.

    Args:
        folder: Need not exist yet.
        database: Knows the owners' keys, and has a row of ``attachment`` for every file.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database

    def keep(self, county: str, households: Iterable[UUID | None], path: Path, now: datetime) -> Document:
        """
        Take a copy of the file *path* for each of *households*. Of its name only the ending is kept: people name scans
        after people (I25).

        Args:
            households: Whose case it is handed in for; None, or one that there is not: the county's.

        Raises:
            InputError: It cannot be read, is empty or too large.
            StorageError: It cannot be kept, or the household's key was erased.
        """
        content = _content(path)
        document = Document(hashlib.sha256(content).hexdigest(), _ending(path), len(content))
        owners = {self._owner(county, household) for household in households}
        sealers = {owner: self._sealer(county, owner) for owner in sorted(owners)}
        if None in sealers.values():
            raise StorageError(N_("the household's key was erased; nothing more can be sealed for it"))
        try:
            for owner, sealer in sealers.items():
                assert sealer is not None
                self._write(self._path(county, owner, document.digest), sealer, document.digest, content)
            sync_folder(self._path(county, COUNTY, document.digest).parent)
        except OSError as error:
            raise StorageError(N_("a file cannot be kept: {why}"), why=error.strerror) from error
        self._note(county, owners, document, now)
        return document

    def content(self, county: str, household: UUID | None, digest: str) -> bytes:
        """
        What was kept under *digest* for a case of *household*, or for one that has none.

        Raises:
            NotFoundError: Nothing was, it is not here, or the household's key was erased.
            StorageError: It was changed since.
        """
        owner = self._owner(county, household)
        try:
            token = self._path(county, owner, digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(N_("the file {digest} is not here"), digest=digest[:12]) from error
        except OSError as error:
            raise StorageError(N_("the file {digest} cannot be read"), digest=digest[:12]) from error
        sealer = self._sealer(county, owner)
        if sealer is None:
            raise NotFoundError(N_("the household's key was erased: nobody can read its papers any more"))
        content = sealer.open_bytes(token, digest)
        if hashlib.sha256(content).hexdigest() != digest:
            raise StorageError(N_("the file {digest} was changed"), digest=digest[:12])
        return content

    def fault(self, county: str, household: UUID | None, digest: str) -> Words:
        """What is wrong with what was kept under *digest*; empty if nothing is, as far as can be read."""
        owner = self._owner(county, household)
        sql = self._database.sql("SELECT size FROM attachment WHERE county = ? AND household = ? AND digest = ?")
        rows = self._database.read(sql, (county, self._id(owner), bytes.fromhex(digest)))
        if not rows:
            return Words(N_("was never recorded as handed in"))
        if self._sealer(county, owner) is None:
            return Words("" if self._path(county, owner, digest).exists() else N_("is missing"))
        try:
            content = self.content(county, household, digest)
        except NotFoundError:
            return Words(N_("is missing"))
        except StorageError:
            return Words(N_("was changed"))
        if len(content) == rows[0][0]:
            return Words("")
        told = N_("has {size} bytes, and is recorded with {recorded}")
        return worded(told, size=len(content), recorded=rows[0][0])

    # --- whose it is ---

    def _owner(self, county: str, household: UUID | None) -> UUID:
        return COUNTY if household is None or self._key(county, household) is None else household

    def _sealer(self, county: str, owner: UUID) -> Sealer | None:
        """None if the household's key was erased."""
        if owner == COUNTY:
            return self._database.vault.county(county)
        wrapped = self._key(county, owner)
        return self._database.vault.household(county, owner, wrapped) if wrapped else None

    def _key(self, county: str, household: UUID) -> str | None:
        """The household's wrapped key; empty if it was erased, None if there is no such household."""
        sql = self._database.sql("SELECT key FROM household WHERE county = ? AND id = ?")
        rows = self._database.read(sql, (county, self._id(household)))
        return (rows[0][0] or "") if rows else None

    def _id(self, value: UUID) -> UUID | bytes:
        return value if self._database.is_postgres else value.bytes

    # --- where it is ---

    def _path(self, county: str, owner: UUID, digest: str) -> Path:
        return self._folder / county / digest[:2] / f"{digest[2:]}.{'county' if owner == COUNTY else owner.hex}"

    def _write(self, target: Path, sealer: Sealer, digest: str, content: bytes) -> None:
        if target.exists():
            return
        make_folder(target.parent, self._folder.parent)
        passing = target.with_name(f"{target.name}.{os.getpid()}")
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(sealer.seal_bytes(content, digest))
            file.flush()
            os.fsync(file.fileno())
        passing.replace(target)

    def _note(self, county: str, owners: Iterable[UUID], document: Document, now: datetime) -> None:
        sql = self._database.sql(
            "INSERT INTO attachment (county, household, digest, size, name, created_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING"
        )
        digest = bytes.fromhex(document.digest)
        with self._database.transaction() as connection:
            for owner in owners:
                row = (county, self._id(owner), digest, document.size, document.name, millis(now))
                connection.execute(sql, row)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(
            N_("the file {path} cannot be read: {why}"), field="path", path=path.name, why=error.strerror
        ) from error
    if not content or len(content) > LARGEST:
        raise InputError(
            N_("the file {path} is empty") if not content else N_("the file {path} has more than {limit} MB"),
            field="path", path=path.name, limit=LARGEST // 1_000_000,
        )  # fmt: skip
    return content


def _ending(path: Path) -> str:
    """How the file's name ends, such as ``.jpg``; empty if that is more than a kind of file."""
    found = _ENDING.fullmatch(path.suffix.lower())
    return found[0] if found else ""

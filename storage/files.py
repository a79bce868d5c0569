"""
Content of papers and proofs, kept by its SHA-256 in a folder beside the database: ``430822/ab/cdef…``.

It is sealed under the county's key: a scanned form says more of a household than any column. A file is written once,
under another name first, so that what stands under a digest is always whole. Equal content is kept once. What kind
of file it is, and whose, stands in the database; what it was called nowhere.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from engine.cases import Document
from engine.errors import N_, InputError, NotFoundError, StorageError
from storage.vault import Vault

#: Largest file that is taken, in bytes: a scanned page has some hundred thousand, a photo a few million.
LARGEST = 20_000_000


_ENDING = re.compile(r"\.[a-z][a-z0-9]{0,9}")


class Files:
    """
    A folder of contents by digest. It is made with the first file, readable by its owner alone.

    Args:
        folder: Need not exist yet.
    """

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault

    def keep(self, county: str, path: Path) -> Document:
        """
        Take a copy of the file *path*. Of its name only the ending is kept: people name scans after people (I25).

        Raises:
            InputError: It cannot be read, is empty or too large.
            StorageError: It cannot be kept.
        """
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
        document = Document(hashlib.sha256(content).hexdigest(), _ending(path), len(content))
        self._write(county, document.digest, content)
        return document

    def content(self, county: str, digest: str) -> bytes:
        """
        What was kept for *county* under *digest*.

        Raises:
            NotFoundError: Nothing was, or it is not here.
            StorageError: It was changed since.
        """
        try:
            token = self._path(county, digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(N_("the file {digest} is not here"), digest=digest[:12]) from error
        content = self._vault.county(county).open_bytes(token, digest)
        if hashlib.sha256(content).hexdigest() != digest:
            raise StorageError(N_("the file {digest} was changed"), digest=digest[:12])
        return content

    def _path(self, county: str, digest: str) -> Path:
        return self._folder / county / digest[:2] / digest[2:]

    def _write(self, county: str, digest: str, content: bytes) -> None:
        target = self._path(county, digest)
        if target.exists():
            return
        passing = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            for folder in (self._folder, self._folder / county, target.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(self._vault.county(county).seal_bytes(content, digest))
                file.flush()
                os.fsync(file.fileno())
            passing.replace(target)
        except OSError as error:
            raise StorageError(N_("a file cannot be kept: {why}"), why=error.strerror) from error


def _ending(path: Path) -> str:
    """How the file's name ends, such as ``.jpg``; empty if that is more than a kind of file."""
    found = _ENDING.fullmatch(path.suffix.lower())
    return found[0] if found else ""

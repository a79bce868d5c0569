"""
What is sealed, and by whose key.

A household has a data key of its own, wrapped by the master key; whoever deletes it makes everything sealed under it
unreadable, in the household's row and in every event, and no hash changes (I25). Cases without a household are sealed
under a key of their county. A sealed value, or *token*, is base64url of::

    version (1 byte) | key id (2 bytes) | nonce (12) | AES-256-GCM ciphertext | tag (16)

and is bound to county, household and purpose: moved elsewhere it does not open. Equal values are found by their blind
index, a keyed hash of 16 bytes. Keys are derived by HKDF-Expand (RFC 5869 §2.3; the master key is random, so there is
nothing to extract). ``cryptography`` is imported with the first value that is sealed or opened.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from engine.cases import canonical
from engine.errors import N_, ConfigurationError, StorageError
from storage.durable import sync_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE = 12
_HEAD = 3 + _NONCE
#: How many households' keys stay unwrapped in memory.
_REMEMBERED = 4096


def decode_key(text: str) -> bytes:
    """
    The master key that *text* (base64 of 32 bytes) stands for.

    Raises:
        ConfigurationError: It is something else. The message does not repeat it.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            N_("the master key is not 32 bytes in base64"),
            advice=N_("put it back from its safe copy; without it nothing sealed opens"),
        )
    return key


def read_key(path: Path) -> bytes:
    """
    The master key kept in the file *path*.

    Raises:
        ConfigurationError: There is no such file, others may read it, or it holds no key.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise ConfigurationError(
            N_("there is no key file {path}"),
            advice=N_("put it back from its safe copy; without it nothing sealed opens"),
            path=path,
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(N_("the key file {path} cannot be read"), path=path) from error
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError(N_("others may read the key file {path}"), advice=N_("chmod 600 {path}"), path=path)
    return decode_key(text)


def create_key(path: Path, random_bytes: Callable[[int], bytes] = os.urandom) -> bytes:
    """
    Make a master key and keep it in the new file *path*, readable by its owner alone.

    Raises:
        ConfigurationError: The file exists, or cannot be made.
    """
    key = random_bytes(KEY_BYTES)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise ConfigurationError(
            N_("the key file {path} cannot be made: {strerror}"), path=path, strerror=error.strerror
        ) from error
    return key


def _derive(key: bytes, label: str) -> bytes:
    return hmac.digest(key, label.encode() + b"\x01", "sha256")


class Sealer:
    """
    Seals and opens values under one key, for one owner: a county, or a household of it.

    Args:
        key: Gives the key, when it is first needed.
    """

    def __init__(self, key: Callable[[], bytes], owner: str, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._give_key = key
        self._owner = owner.encode()
        self._random_bytes = random_bytes

    @cached_property
    def _key(self) -> bytes:
        return self._give_key()

    @cached_property
    def _head(self) -> bytes:
        return _VERSION + _derive(self._key, "key id")[:2]

    @cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._key)

    def seal(self, value: Any, purpose: str) -> str:
        """The token of a JSON value; *purpose* must be named again to open it."""
        return self._encrypt(canonical(value).encode(), purpose)

    def open(self, token: str, purpose: str) -> Any:
        """
        The value that was sealed.

        Raises:
            StorageError: The token was changed, or belongs to another owner, purpose or key.
        """
        return orjson.loads(self._decrypt(token, purpose))

    def seal_bytes(self, content: bytes, purpose: str) -> bytes:
        """The token of a file's content, as ASCII."""
        return self._encrypt(content, purpose).encode()

    def open_bytes(self, token: bytes, purpose: str) -> bytes:
        """The content that was sealed; raises as `open` does."""
        return self._decrypt(token.decode("ascii", "replace"), purpose)

    def _encrypt(self, content: bytes, purpose: str) -> str:
        nonce = self._random_bytes(_NONCE)
        sealed = self._cipher.encrypt(nonce, content, self._owner + purpose.encode())
        return base64.urlsafe_b64encode(self._head + nonce + sealed).rstrip(b"=").decode()

    def _decrypt(self, token: str, purpose: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            if raw[: len(self._head)] != self._head:
                raise StorageError(N_("a sealed value belongs to another key"))
            return self._cipher.decrypt(raw[len(self._head) : _HEAD], raw[_HEAD:], self._owner + purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise StorageError(N_("a sealed value was changed, or belongs elsewhere")) from error


class Vault:
    """
    The master key and what follows from it.

    Args:
        master: 32 random bytes.
        random_bytes: Where nonces and new keys come from; a simulation hands in its own.
    """

    def __init__(self, master: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._master = master
        self._random_bytes = random_bytes
        self._wrapper = Sealer(lambda: master, "", random_bytes)
        self._opened: dict[tuple[str, str], Sealer] = {}
        self._columns: dict[str, bytes] = {}

    def canary(self, practice: bool) -> str:
        """What a database keeps to know its key again. It covers whether it is a practice database."""
        return _derive(self._master, f"canary {'practice' if practice else 'real'}").hex()

    def new_key(self, county: str, household: UUID) -> str:
        """A new household's data key, wrapped: what is stored."""
        key, owner = self._random_bytes(KEY_BYTES), _owner(county, household)
        wrapped = self._wrapper._encrypt(key, owner)
        self._remember(owner, wrapped, lambda: key)  # What a new household says is sealed next.
        return wrapped

    def household(self, county: str, household: UUID, wrapped: str) -> Sealer:
        """What seals and opens for the household whose key is *wrapped*."""
        owner = _owner(county, household)
        sealer = self._opened.get((owner, wrapped))
        if sealer is None:
            sealer = self._remember(owner, wrapped, lambda: self._wrapper._decrypt(wrapped, owner))
        return sealer

    def _remember(self, owner: str, wrapped: str, key: Callable[[], bytes]) -> Sealer:
        sealer = Sealer(key, owner, self._random_bytes)
        if len(self._opened) >= _REMEMBERED:
            self._opened.pop(next(iter(self._opened)), None)
        self._opened[owner, wrapped] = sealer
        return sealer

    def county(self, county: str) -> Sealer:
        """What seals and opens for cases of the county that have no household."""
        sealer = self._opened.get((county, ""))
        if sealer is None:
            sealer = self._opened[county, ""] = Sealer(
                lambda: _derive(self._master, f"county {county}"), county, self._random_bytes
            )
        return sealer

    def blind_index(self, column: str, text: str) -> bytes:
        """16 bytes that are equal for equal *text* (already normalised) of the same column, and say nothing else."""
        key = self._columns.get(column)
        if key is None:
            key = self._columns[column] = _derive(self._master, f"index {column}")
        return hmac.digest(key, text.encode(), "sha256")[:16]


def _owner(county: str, household: UUID) -> str:
    return f"{county}{household.hex}"

"""Ids: UUIDv7, so that what is made together lies together in an index; or such as follow from what they are of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7(now: datetime, random_bytes: bytes) -> UUID:
    """
    A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then chance.

    Args:
        now: Aware; not before 1970.
        random_bytes: Ten, from the caller: the engine draws no chance itself.
    """
    number = (now - _EPOCH) // _MILLISECOND << 80 | int.from_bytes(random_bytes[:10])
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def derived_id(*parts: object) -> UUID:
    """An id that follows from *parts*, so that the same decision always gives the same ids (UUID version 8)."""
    raw = bytearray(sha256("\x1f".join(str(part) for part in parts).encode()).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))

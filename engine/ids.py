"""Ids: UUIDv7, so that what is made together lies together in an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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

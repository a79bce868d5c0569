"""Instants as they are stored: whole milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: After every instant, as stored: 9999-12-31. Work without a limit sorts last by it.
NEVER = 253402214400000
_MILLISECOND = timedelta(milliseconds=1)


def millis(at: datetime) -> int:
    """*at* (aware) as stored."""
    return (at - _EPOCH) // _MILLISECOND


def from_millis(stored: int) -> datetime:
    """The instant that :func:`millis` stored."""
    return _EPOCH + timedelta(milliseconds=stored)

"""
The one reader of the system clock, and the doubles that stand in for it.

Each is a :class:`engine.ports.TimeSource`: ``now()`` is aware and UTC; ``monotonic()`` is in seconds from an
unspecified start, never goes back and serves for measuring how long something took.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from engine.ports import TimeSource


class SystemTime:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class PracticeTime:
    """
    The clock of this machine, moved by *offset*: what a practice database lives by.

    The offset is kept in that database and handed in, so every process that opens it sees the same time.
    """

    offset: timedelta
    base: TimeSource = field(default_factory=SystemTime)

    def now(self) -> datetime:
        return self.base.now() + self.offset

    def monotonic(self) -> float:
        return self.base.monotonic()


class ManualTime:
    """
    Time that stands still until it is told to advance, for tests and simulations.

    Raises:
        ValueError: The start is naive.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"{start!r} is naive: say which time zone it is in")
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, by: timedelta) -> datetime:
        """
        Move on and give the new time.

        Raises:
            ValueError: *by* is negative.
        """
        if by < timedelta(0):
            raise ValueError(f"time does not go back: {by}")
        self._now += by
        self._elapsed += by.total_seconds()
        return self._now

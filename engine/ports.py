"""
What the office asks of the world: time, storage, staff, calendars and definitions.

All methods are synchronous and may be called from several threads. Instants are aware and in UTC. Every store method
may raise :class:`engine.errors.StorageError`; drivers' errors never come through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from engine.cases import Case, Decision, Event
from engine.people import Staff


class TimeSource(Protocol):
    """Where *now* comes from: the only place that may read a system clock stands behind it (R4)."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float:
        """Seconds that never go back, for the tick loop."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    A case and what its next decision needs, read in one go.

    Attributes:
        case: Its secrets opened; ``case.seq`` is what a later commit compares with.
        staff_revision: The county's revision of people and posts at that moment.
        members: Plain (not sensitive) facts of the household's members, by member key, for rules.
    """

    case: Case
    staff_revision: int
    members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer whose instant has come: its case, number in the case, and instant."""

    county: str
    case: UUID
    number: str
    due_at: datetime
    kind: str


class Store(Protocol):
    """
    The change side of storage: reads a case for a decision, writes decisions; one transaction each.

    Raises:
        CaseNotFoundError: ``load`` found no such case.
        ConflictError: ``commit`` found the case or the staff changed since they were read; nothing was written.
        CommandReusedError: The id of a command was used before.
        UnknownOutcomeError: The connection was lost during COMMIT (R12).
    """

    def load(self, county: str, case: UUID) -> Loaded: ...

    def fresh(self, county: str, subject: str) -> Loaded:
        """An empty case to be opened for *subject* (a household's id, or empty), with its members."""
        ...

    def next_serial(self, county: str, year: int) -> int:
        """The next case's serial; ``commit`` takes it, and conflicts if somebody else did."""
        ...

    def commit(self, decisions: Sequence[Decision], staff_revision: int) -> tuple[Event, ...]:
        """
        Write all of *decisions*, in order, or nothing; gives their events as sealed and hashed.

        A case may be decided several times in one commit; the first decision on it is compared with what is stored.
        """
        ...

    def event_of(self, county: str, command: UUID) -> Event | None:
        """The event that *command* caused, if it was ever carried out."""
        ...

    def events(self, county: str, case: UUID) -> Iterator[Event]:
        """The history, oldest first, secrets opened where the household's key still exists."""
        ...

    def due_timers(self, now: datetime, limit: int, after: tuple[datetime, UUID] | None = None) -> Sequence[DueTimer]:
        """Pending timers due at or before *now*, in due order."""
        ...

    def staff(self, county: str) -> Staff:
        """The county's people and posts as of now."""
        ...

    def staff_revision(self, county: str) -> int: ...

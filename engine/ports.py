"""
What the office asks of the world: time, storage, staff, calendars and definitions.

All methods are synchronous and may be called from several threads. Instants are aware and in UTC. Every store method
may raise :class:`engine.errors.StorageError`; drivers' errors never come through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from engine.divisions import Level, prefix
from engine.errors import N_, PermissionDeniedError
from engine.people import Staff

if TYPE_CHECKING:
    # Who only reads loads no rules.
    from engine.cases import Case, Decision, Event
    from engine.compiling import Procedure
    from engine.households import HouseholdState, HouseholdUpdate, MemberOf


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
        is_erased: The household's key was erased: nothing more can be sealed for it.
        register: What the register knows of the household, by the names of facts: plain stored values; None if the case
            has no household.
        home: Of a case to be opened: the household's division, 12 digits; empty if there is no such household.
    """

    case: Case
    staff_revision: int
    members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_erased: bool = False
    register: Mapping[str, Any] | None = None
    home: str = ""


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

    def load_all(self, county: str, cases: Sequence[UUID]) -> Mapping[UUID, Loaded]:
        """Those of *cases* that are there and can be read, read together."""
        ...

    def fresh(self, county: str, subject: str) -> Loaded:
        """An empty case to be opened for *subject* (a household's id, or empty), with its members and home."""
        ...

    def register(self, county: str, subject: str) -> Mapping[str, Any]:
        """What cases have set of *subject*, which is no household: a village (12 digits) or a person; by name."""
        ...

    def people(self, county: str, household: str, day: date) -> Mapping[str, Mapping[str, Any]]:
        """Age on *day*, gender and relation of the household's members, as far as their ID numbers can be read."""
        ...

    def parts(self, county: str, division: str) -> Sequence[str]:
        """The divisions inside *division*, without itself; codes in order. None inside a village."""
        ...

    def last(self, county: str, workflow: str, subject: str, division: str) -> Case | None:
        """The case of *workflow* opened last for *subject* at home in *division*, its secrets opened."""
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

    def household(self, county: str, household: UUID) -> HouseholdState:
        """A household with its members and open cases; raises NotFoundError."""
        ...

    def was_updated(self, county: str, command: UUID) -> bool:
        """Whether a household's record has been changed by that command."""
        ...

    def update_household(self, update: HouseholdUpdate, decisions: Sequence[Decision]) -> None:
        """
        Write *update* and what its open cases were told, or nothing.

        Raises:
            ConflictError: The household, its cases or the staff changed since they were read.
            InputError: Somebody who is added lives in another household.
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

    def add_up(self, now: datetime) -> None:
        """Add up what totals are made of: they are read faster afterwards, and are the same as before."""
        ...

    def unmanned(self, day: date) -> Sequence[tuple[str, UUID]]:
        """Every case, with its county, that has open work of a post which nobody who may act holds on *day*."""
        ...

    def staff(self, county: str) -> Staff:
        """The county's people and posts as of now."""
        ...

    def staff_revision(self, county: str) -> int:
        """The number of changes to the staff of *county*; if it is empty, of all counties that are kept together."""
        ...


class Definitions(Protocol):
    """Which procedure a case is pinned to, and which one new cases begin under."""

    def pinned(self, version: str) -> Procedure:
        """The procedure of that content hash; raises DefinitionError if it is not known any more."""
        ...

    def in_force(self, workflow: str) -> Procedure:
        """The deployed version of *workflow*; raises ConfigurationError if none is deployed here."""
        ...


# --- what people look at ----------------------------------------------------------------------------------------------


#: Where a page of work ended: the due instant (None: no limit runs), the case, and the item's number in it.
QueueKey = tuple[datetime | None, UUID, int]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """
    One open work item of a post, with what an officer decides by. Instants are UTC.

    Attributes:
        no: Its number in the case.
        version: The definition that the case is pinned to; titles come from it.
        due_at: When the limit of what is asked, or else of the case, runs out; None if none runs.
        has_concern: The household has changed, and nobody has decided yet what follows.
        signs: Of a signer's work, ``before`` or ``after`` the answer; else empty.
        given_by: Who asked for the signature, or entrusted the work; else empty.
    """

    county: str
    case: UUID
    no: int
    number: str
    workflow: str
    version: str
    stage: str
    ask: str
    post: str
    division: str
    household: str
    claimed_by: str
    opened_at: datetime
    due_at: datetime | None
    is_late: bool
    has_concern: bool = False
    signs: str = ""
    given_by: str = ""

    @property
    def key(self) -> QueueKey:
        return self.due_at, self.case, self.no


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as a list shows it; ``household`` is the householder's name, ``at`` the instant of its last event."""

    county: str
    id: UUID
    number: str
    workflow: str
    version: str
    stage: str
    status: str
    outcome: str
    division: str
    household: str
    opened_at: datetime
    due_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LateRow:
    """A deadline that has run out: whose clock, since when, and which posts (``level.role@division``) have work now."""

    case: CaseRow
    clock: str
    due_at: datetime
    posts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """
    A message to a post; read marks are per person.

    Attributes:
        is_settled: The work that it asks for is done, or the deadline that it tells of runs no more.
    """

    county: str
    case: UUID
    number: str
    seq: int
    no: int
    event: str
    post: str
    division: str
    data: Mapping[str, str]
    at: datetime
    is_read: bool
    is_settled: bool


@dataclass(frozen=True, slots=True)
class BoardRow:
    """
    Totals of one division and stage, or end.

    Attributes:
        stage: For what has ended, the name of the end, with its ``outcome``.
        late: Of ``open``, how many have a limit that has run out.
        ended_late: Of ``ended``, how many missed some limit on their way.
    """

    division: str
    workflow: str
    stage: str
    outcome: str = ""
    open: int = 0
    late: int = 0
    ended: int = 0
    ended_late: int = 0


@dataclass(frozen=True, slots=True)
class ClockRow:
    """
    One clock of one entry, running or over.

    Attributes:
        kind: ``limit`` or ``wait``.
        status: ``running``, ``stopped`` or ``ended``.
        is_late: A limit that ran out before it ended, or before now.
    """

    case: UUID
    number: str
    division: str
    clock: str
    entry: int
    kind: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    status: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class ListRow:
    """
    A list of cases that one act decides.

    Attributes:
        status: ``open`` until its act, or until all its cases have left it alone.
        by: Who made it: a person's key.
        items: Its cases in scope: id, number, and the action taken, empty before.
    """

    county: str
    id: UUID
    workflow: str
    stage: str
    division: str
    status: str
    opened_at: datetime
    by: str
    items: tuple[tuple[UUID, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """
    A household of the register as officers see it.

    Attributes:
        id_number: The householder's, masked, as ``phone`` is; empty where unknown or erased.
        statuses: Name → {v: value, since: instant, case: number}.
        members: Of those who live there: name, relation, masked ID number.
    """

    county: str
    id: UUID
    name: str
    id_number: str
    phone: str
    division: str
    statuses: Mapping[str, Any]
    members: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HouseholdEntry:
    """
    One entry of a household's history.

    Attributes:
        kind: ``status``, ``entered`` (statuses from before bangfu was used), or what happened to members: born,
            moved_in, died, moved_out, split_off, founded.
        case: The number of the case that wrote a status; else empty.
        what: Of a status: name → value. Of members: their ``members``, the day ``on``, the new ``head``, the ``other``
            household of a split.
        why: The words that were given; None if the reader's household key is gone.
        source: Of what was entered: what kind of file, its digest and the row.
    """

    seq: int
    at: datetime
    kind: str
    actor: str
    post: str
    case: str
    what: Mapping[str, Any]
    why: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """A household across its cases: who lives and lived there, its cases (newest first), and its history."""

    household: HouseholdRow
    members: tuple[MemberOf, ...]
    cases: tuple[CaseRow, ...]
    history: tuple[HouseholdEntry, ...]


class Register(Protocol):
    """
    The reading side of storage: lists, counts, search.

    Every method is told who reads, and gives only what lies in the divisions of his posts
    (:func:`engine.divisions.contains`); what is out of scope does not exist (I19). Methods take *now* (aware) where
    something may be late.
    """

    def queue(
        self, scope: Scope, now: datetime, *, limit: int = 50, after: QueueKey | None = None, late_only: bool = False
    ) -> Sequence[QueueRow]:
        """Open work of the reader's own posts, soonest due first; *after* is the ``key`` of the last row seen."""
        ...

    def find(self, scope: Scope, text: str, *, limit: int = 20) -> Sequence[CaseRow]:
        """
        Cases by number (whole, ``year-serial`` or the serial alone), by a person's ID number, or by how the name of the
        householder or a member begins; open ones first, then the newest.
        """
        ...

    def case_by_number(self, scope: Scope, number: str) -> CaseRow:
        """Raises CaseNotFoundError, out of scope as well."""
        ...

    def cases_in(self, scope: Scope, workflow: str, stage: str, division: str) -> Sequence[CaseRow]:
        """Open cases standing in *stage* inside *division*, oldest first."""
        ...

    def households(self, scope: Scope, text: str, *, limit: int = 20) -> Sequence[HouseholdRow]:
        """Households by a member's ID number, or by how its name or a member's begins."""
        ...

    def household(self, scope: Scope, household: UUID) -> HouseholdRow:
        """Raises NotFoundError, out of scope as well."""
        ...

    def household_file(self, scope: Scope, household: UUID) -> HouseholdFile:
        """Everything that is known of it but its cases' own contents; raises as `household` does."""
        ...

    def inbox(
        self, scope: Scope, *, unread_only: bool = True, live_only: bool = False, limit: int = 50
    ) -> Sequence[InboxRow]:
        """Messages to the reader's own posts, newest first; *live_only*: without those whose matter is settled."""
        ...

    def mark_read(self, scope: Scope, rows: Sequence[InboxRow], at: datetime) -> int:
        """Remember that the reader has read them; gives how many he had not before."""
        ...

    def overdue(self, scope: Scope, now: datetime, *, limit: int = 200) -> Sequence[LateRow]:
        """Open cases with a running limit that has run out, longest first."""
        ...

    def board(self, scope: Scope, now: datetime, level: Level = Level.TOWNSHIP) -> Sequence[BoardRow]:
        """
        Totals of everything in scope, by divisions of *level*, or the reader's own where that is lower; cheap however
        many cases there are.
        """
        ...

    def clocks(self, scope: Scope, now: datetime, *, late_only: bool = False) -> Sequence[ClockRow]:
        """Every clock there was, by case, in the order they started."""
        ...

    def lists(self, scope: Scope, *, open_only: bool = True) -> Sequence[ListRow]:
        """Lists, newest first."""
        ...

    def list(self, scope: Scope, list_id: UUID) -> ListRow:
        """Raises NotFoundError, out of scope as well."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Who reads: a person's key, his posts in force today as (post, 12-digit division), and the county they are read in.

    No posts: he sees nothing.
    """

    county: str
    person: str
    posts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, staff: Staff, county: str, person: str, day: date) -> Scope:
        """
        The scope that *person* has on *day*.

        Raises:
            PermissionDeniedError: There is no such active person in this county's staff.
        """
        posts = staff.posts(person, day)
        if not posts:
            raise PermissionDeniedError(
                None, N_("{person} holds no post here"), advice=N_("see: bangfu person list"), person=person
            )
        return cls(county, person, tuple((held.post, held.division) for held in posts))

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The digits that a division in scope begins with, shortest first, none inside another."""
        found: list[str] = []
        for text in sorted({prefix(division) for _, division in self.posts}, key=len):
            if not any(text.startswith(wider) for wider in found):
                found.append(text)
        return tuple(found)

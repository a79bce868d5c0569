"""
The assembly: one place puts database, definitions, calendars, time and the office together.

Importing this module connects to nothing, and each part is made when it is first asked for: a command that only reads
a queue loads no rules, no spreadsheets and no scheduler.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from bangfu.definitions import StoredDefinitions
from bangfu.library import Library
from bangfu.settings import Settings
from bangfu.timesource import PracticeTime, SystemTime
from engine.calendar import Calendar
from engine.errors import N_, InputError
from engine.people import Person
from engine.ports import Register, Scope, TimeSource
from storage.database import SCHEMA, Database, require_file
from storage.files import Files
from storage.intake import Intake
from storage.places import Places
from storage.staffing import read_people, read_staff
from storage.vault import create_key, decode_key, read_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.office import Log, Office, Swept
    from storage.batching import SqlBatches
    from storage.checks import Violation
    from storage.store import SqlStore


#: Where the scheduler marks that it was awake.
LAST_TICK = "last_tick"
#: A clock this far behind the last event is suspect (F14).
SUSPECT = timedelta(minutes=5)
#: How far a practice database's time is moved at once; a calendar of which nobody knows more is no practice.
FARTHEST = timedelta(days=40 * 365)
#: A scheduler not seen for so long is silent.
SILENT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Health:
    """
    How a deployment stands. Instants are UTC.

    Attributes:
        journal: How SQLite keeps what is being written; empty on PostgreSQL.
        years: Those whose notice of holidays is known.
        last_tick: When the scheduler was last awake; None: never.
        oldest_due: Since when work is due that nobody did.
    """

    practice: bool
    engine: str
    schema: str
    journal: str
    years: Sequence[int]
    now: datetime
    last_event: datetime | None
    last_tick: datetime | None
    oldest_due: datetime | None
    clock_behind: bool
    is_silent: bool


def _quiet(event: str, **keys: object) -> None:
    pass


@dataclass
class Bangfu:
    """
    One deployment, opened. Close it when done, or use it in a ``with``.

    Attributes:
        log: Where the office says what it does.
    """

    settings: Settings
    database: Database
    log: Log = _quiet

    def __enter__(self) -> Bangfu:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    @property
    def practice(self) -> bool:
        """Whether it is a practice database, whose time can be moved and which says so everywhere."""
        return self.database.practice

    @cached_property
    def time_source(self) -> TimeSource:
        return PracticeTime(self.database.offset()) if self.practice else SystemTime()

    @cached_property
    def office(self) -> Office:
        from engine.office import Office

        return Office(self.store, self.definitions, self.calendar_of, self.time_source, os.urandom, self.log)

    def scope(self, county: str, person: str) -> Scope:
        """
        Who reads; the office need not be there for it.

        Raises:
            PermissionDeniedError: The person holds no post in the county.
        """
        return Scope.of(read_staff(self.database, county), county, person, self.today)

    def people(self) -> list[Person]:
        """Everybody that was entered, by key, with the posts of all times."""
        return read_people(self.database)

    @cached_property
    def store(self) -> SqlStore:
        from storage.store import SqlStore

        return SqlStore(self.database)

    @cached_property
    def intake(self) -> Intake:
        return Intake(self.database)

    @cached_property
    def places(self) -> Places:
        return Places(self.database)

    @cached_property
    def register(self) -> Register:
        from storage.register import SqlRegister

        return SqlRegister(self.database)

    @cached_property
    def batches(self) -> SqlBatches:
        from storage.batching import SqlBatches

        return SqlBatches(self.database)

    @cached_property
    def files(self) -> Files:
        """Beside a SQLite database, else beside the key file."""
        beside = self.settings.database_file or self.settings.key_file
        return Files(beside.with_name(f"{beside.name}.files"), self.database)

    @cached_property
    def library(self) -> Library:
        return Library(roots(self.settings))

    @cached_property
    def definitions(self) -> StoredDefinitions:
        return StoredDefinitions(self.intake, lambda: self.today)

    @cached_property
    def calendar(self) -> Calendar:
        """The notices known, with this deployment's own upon them."""
        return self.library.calendar()

    def calendar_of(self, county: str) -> Calendar:
        """The calendar in force in a county: the same everywhere, until counties have closures of their own."""
        return self.calendar

    def objector(self, text: str) -> str:
        """What stands for an objector in a log: it tells one from another, and not who he is."""
        return self.database.vault.blind_index("objector", "".join(text.split())).hex()

    def members_of(self, county: str, household: UUID) -> tuple[str, ...]:
        """Keys of those who live in the household now, its head first."""
        members = self.store.fresh(county, household.hex).members
        return tuple(sorted(members, key=int))

    @property
    def today(self) -> date:
        """The legal day."""
        return self.calendar.local_date(self.time_source.now())

    # --- time and health ---

    def advance(self, by: timedelta) -> Iterator[Swept]:
        """
        Move a practice database's time on, from one due timer to the next, and sweep at each; gives what each did.

        A timer fires when it is due, as it would have done in real time, and what it sets fires then in its turn. There
        is a sweep at every midnight too: posts become vacant with a day.

        Args:
            by: At most :data:`FARTHEST`.

        Raises:
            ConfigurationError: It is a real database, whose time nobody moves.
            InputError: It is farther than that.
        """
        if by > FARTHEST:
            raise InputError(
                N_("time is moved by {years} years at most"), field="TIME", advice=N_("move it again after that"),
                years=FARTHEST.days // 365,
            )  # fmt: skip
        left = by
        while True:
            step = min(left, self._to_next_stop(left))
            self._live_by(PracticeTime(self.database.advance(step)))
            yield self.office.sweep()
            left -= step
            if left <= timedelta(0):
                return

    def _to_next_stop(self, within: timedelta) -> timedelta:
        """How long it is to the next timer that is due, or to midnight."""
        now = self.time_source.now()
        stop = self.calendar.end_of(self.calendar.local_date(now))
        due = self.store.due_timers(min(stop, now + within), 1, after=(now, UUID(int=(1 << 128) - 1)))
        return _whole_milliseconds((due[0].due_at if due else stop) - now)

    def _live_by(self, time_source: TimeSource) -> None:
        self.time_source = time_source
        self.office.time_source = time_source

    def tick(self) -> Swept:
        """One sweep of the scheduler, and the mark that it was awake."""
        if self.practice:  # Somebody may have moved its time since.
            self._live_by(PracticeTime(self.database.offset()))
        swept = self.office.sweep()
        self.database.note(LAST_TICK, self.time_source.now().isoformat())
        return swept

    def health(self) -> Health:
        """How this deployment stands, read and not changed."""
        now = self.time_source.now()
        ticked = self.database.meta(LAST_TICK)
        last_tick = datetime.fromisoformat(ticked) if ticked else None
        due = self.store.due_timers(now, 1)
        last_event = self.database.last_event_at()
        return Health(
            practice=self.practice,
            engine="PostgreSQL" if self.database.is_postgres else "SQLite",
            schema=SCHEMA,
            journal=self.database.journal(),
            years=self.calendar.years,
            now=now,
            last_event=last_event,
            last_tick=last_tick,
            oldest_due=due[0].due_at if due else None,
            clock_behind=last_event is not None and last_event - now > SUSPECT,
            is_silent=last_tick is not None and now - last_tick > SILENT,
        )

    def violations(self) -> Sequence[Violation]:
        """Everything in the database that must not be; reads all of it."""
        from storage.checks import check

        return check(self.database, self.time_source.now(), calendars=[self.calendar], files=self.files)


def open_bangfu(settings: Settings, log: Log = _quiet) -> Bangfu:
    """
    Open the database that *settings* name.

    Raises:
        ConfigurationError: There is none, it is of another version, or the key is not its own.
        StorageError: It cannot be reached.
    """
    require_file(settings.database)  # Before the key: whoever mistypes the database is not told of a lost key.
    key = decode_key(settings.key) if settings.key is not None else read_key(settings.key_file)
    return Bangfu(settings, Database.open(settings.database, key), log)


def create_bangfu(settings: Settings, *, practice: bool, offset: timedelta = timedelta(0), log: Log = _quiet) -> Bangfu:
    """
    Make a new database, and its key file unless the environment gives the key or the file is there already.

    Args:
        offset: How far a practice database's time begins ahead of real time; negative: in the past.

    Raises:
        ConfigurationError: There is a database already, or the key cannot be used.
        StorageError: It cannot be made.
    """
    made: Sequence[Path] = ()
    if settings.key is not None:
        key = decode_key(settings.key)
    elif settings.key_file.exists():
        key = read_key(settings.key_file)
    else:
        key, made = create_key(settings.key_file), (settings.key_file,)
    try:
        return Bangfu(settings, Database.create(settings.database, key, practice, offset), log)
    except BaseException:
        for path in made:
            path.unlink()
        raise


def _whole_milliseconds(span: timedelta) -> timedelta:
    """*span*, rounded up: what is stored is milliseconds, and a step to an instant must not end before it."""
    millisecond = timedelta(milliseconds=1)
    return -(-span // millisecond) * millisecond


def roots(settings: Settings) -> tuple[Path, ...]:
    """The folders of definitions that come before the shipped one."""
    return (settings.library,) if settings.library is not None else ()

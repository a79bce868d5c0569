"""
The assembly: one place puts database, definitions, calendars, time and the office together.

Importing this module connects to nothing, and each part is made when it is first asked for: a command that only reads
a queue loads no rules, no spreadsheets and no scheduler.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bangfu.definitions import StoredDefinitions
from bangfu.library import Library
from bangfu.settings import Settings
from bangfu.timesource import PracticeTime, SystemTime
from engine.calendar import Calendar
from engine.office import Log, Office
from engine.ports import Register, TimeSource
from storage.database import Database
from storage.files import Files
from storage.intake import Intake
from storage.places import Places
from storage.store import SqlStore
from storage.vault import create_key, decode_key, read_key

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        return Office(self.store, self.definitions, self.calendar_of, self.time_source, os.urandom, self.log)

    @cached_property
    def store(self) -> SqlStore:
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
    def files(self) -> Files:
        """Beside a SQLite database, else beside the key file."""
        beside = self.settings.database_file or self.settings.key_file
        return Files(beside.with_name(f"{beside.name}.files"), self.database.vault)

    @cached_property
    def library(self) -> Library:
        return Library(_roots(self.settings))

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

    @property
    def today(self) -> date:
        """The legal day."""
        return self.calendar.local_date(self.time_source.now())


def open_bangfu(settings: Settings, log: Log = _quiet) -> Bangfu:
    """
    Open the database that *settings* name.

    Raises:
        ConfigurationError: There is none, it is of another version, or the key is not its own.
        StorageError: It cannot be reached.
    """
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


def _roots(settings: Settings) -> tuple[Path, ...]:
    return (settings.library,) if settings.library is not None else ()

"""
A small county for random walks: real places, invented people, and the office over a real database.

Two villages of one township, every post held by one or two persons, and some who ought to be refused: one who holds
two posts that must not meet in one case, one whose relatives apply, one of another village, one whose post has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from bangfu.definitions import StoredDefinitions
from bangfu.library import Library
from engine.calendar import Calendar
from engine.cases import Case, Command, Decision, Event
from engine.ids import derived_id
from engine.loading import Definition
from engine.office import Office, Receipt
from engine.people import Holding
from storage.database import Database
from storage.intake import Intake, NewHousehold, NewMember, Version
from storage.store import SqlStore
from storage.tables import Row
from tests.databases import KEY

HERE = Path(__file__).parent
COUNTY = "430822"
VILLAGE, OTHER_VILLAGE = "430822213213", "430822213202"
#: Where the households live.
HOME_DIVISIONS = (VILLAGE, VILLAGE, VILLAGE, OTHER_VILLAGE)
TOWNSHIP, WHOLE = "430822213000", "430822000000"

START = datetime(2026, 1, 26, 1, 0, tzinfo=UTC)  # a Monday morning, three weeks before the Spring Festival
SINCE = date(2020, 1, 1)

_ROLES = ("cadre", "committee", "branch", "liaison", "party_member", "group_head")
#: Who holds what: person → posts. Names of invented people are their keys.
POSTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "cadre": [("village.cadre", VILLAGE)],
    "cadre_two": [("village.cadre", VILLAGE)],
    "committee": [("village.committee", VILLAGE)],
    "branch": [("village.branch", VILLAGE)],
    "liaison": [("village.liaison", VILLAGE)],
    "member": [("village.party_member", VILLAGE)],
    "head": [("village.group_head", VILLAGE)],
    "stranger": [(f"village.{role}", OTHER_VILLAGE) for role in _ROLES],
    "clerk": [("township.cadre", TOWNSHIP)],
    "clerk_two": [("township.cadre", TOWNSHIP)],
    "secretary": [("township.secretary", TOWNSHIP)],
    "mayor": [("township.mayor", TOWNSHIP)],
    "bureau": [("county.bureau", WHOLE)],
    "bureau_two": [("county.bureau", WHOLE)],
    "leader": [("county.leader", WHOLE)],
    "finance": [("county.finance_office", WHOLE)],
    "police": [("county.police", WHOLE)],
    "land": [("county.natural_resources", WHOLE)],
    "market": [("county.market_regulation", WHOLE)],
    "labour": [("county.human_resources", WHOLE)],
    # Those who must be refused somewhere.
    "both": [("village.cadre", VILLAGE), ("county.bureau", WHOLE)],
    "uncle": [("county.bureau", WHOLE), ("village.liaison", VILLAGE)],
}
#: Held until the day before the walk begins.
FORMER = ("former", ("county.bureau", WHOLE))
#: Whose relatives are the second household.
RELATIVE = "uncle"
#: Values that must never be read in the log or in a record: names, numbers and words of invented people.
CANARIES = ("金丝雀", "430822198802291234", "13900001111", "77001234")
#: Its first part is a canary; the walk's notes and secret texts are made of it.
SECRET_TEXT = "金丝雀的隐私"
SECRET_MONEY = 77001234

TABLES = tuple(Row.metadata.tables)


class Time:
    """Time that a test moves, in both directions: clocks of machines are sometimes put back."""

    def __init__(self, start: datetime = START) -> None:
        self.at = start
        self.latest = start

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def move(self, by: timedelta) -> None:
        self.at += by
        self.latest = max(self.latest, self.at)


class CrashError(BaseException):
    """The process died here. Not an Exception, so that nothing takes it for a failure it could handle."""


@dataclass
class Fault:
    """
    What happens to the statements that follow: the *number*-th (from 0) fails, before or after it was carried out.

    ``lost`` breaks the connection instead of the process, as a cable would.
    """

    number: int
    after: bool
    lost: bool = False
    statements: int = 0
    hit: bool = False


class _Frail:
    """A driver's connection, or cursor, whose statements fail where the fault says."""

    def __init__(self, real: Any, database: FrailDatabase) -> None:
        self._real = real
        self._database = database

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def cursor(self) -> _Frail:
        return _Frail(self._real.cursor(), self._database)

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        return self._database.carry_out(self._real, lambda: self._real.execute(*args, **kwargs))

    def executemany(self, *args: Any, **kwargs: Any) -> Any:
        """As one statement: what is between its rows lies in one transaction."""
        return self._database.carry_out(self._real, lambda: self._real.executemany(*args, **kwargs))


class FrailDatabase(Database):
    """A database whose process or connection can be made to fail at any statement."""

    fault: Fault | None = None

    @contextmanager
    def connection(self) -> Iterator[Any]:
        with super().connection() as connection:
            yield _Frail(connection, self)

    def numbered(self, connection: Any, text: str, values: Sequence[Any]) -> Any:
        return self.carry_out(connection, lambda: super(FrailDatabase, self).numbered(connection, text, values))

    def carry_out(self, connection: Any, statement: Callable[[], Any]) -> Any:
        """The statement's result, unless the fault is that it fails, before or after."""
        fault = self.fault
        if fault is None or fault.hit:
            return statement()
        mine = fault.statements == fault.number
        fault.statements += 1
        if mine and not fault.after:
            self._fail(fault, connection)
        result = statement()
        if mine:
            self._fail(fault, connection)
        return result

    def _fail(self, fault: Fault, connection: Any) -> None:
        fault.hit = True
        if not fault.lost:
            raise CrashError
        if self.is_postgres:
            connection.close()
        raise self.engine.dialect.dbapi.OperationalError("the connection was cut")  # type: ignore[union-attr]


class MeddledStore(SqlStore):
    """A store in which somebody else does something between a decision and its commit, once."""

    meddle: Callable[[], object] | None = None

    def commit(self, decisions: Sequence[Decision], staff_revision: int) -> tuple[Event, ...]:
        meddle, self.meddle = self.meddle, None
        if meddle is not None:
            meddle()
        return super().commit(decisions, staff_revision)


class Chance:
    """Bytes that are the same in every run."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(size, "big")


def library() -> Library:
    """The shipped definitions, and those that only the walks use."""
    return Library([HERE / "workflows"])


def used_definitions(shelf: Library) -> dict[str, Definition]:
    return {
        "identification": shelf.definition("identification", "hn_demo"),
        "objection": shelf.definition("objection", "hn_demo"),
        **{name: shelf.definition(name) for name in ("board", "yard", "measuring", "aftercare")},
    }


def fill(database: Database, definitions: Mapping[str, Definition]) -> tuple[UUID, ...]:
    """Enter definitions, people and households into an empty database; gives the households' ids."""
    intake = Intake(database, Chance())
    for name, definition in definitions.items():
        intake.add_version(
            Version(definition.hash, name, "", definition.canonical, definition.origins_text(), SINCE, START)
        )
    for person in (*POSTS, FORMER[0]):
        intake.put_person(person, person)
    intake.put_posts([(key, Holding(*post, SINCE)) for key, posts in POSTS.items() for post in posts])
    intake.put_posts([(FORMER[0], Holding(*FORMER[1], SINCE, date(2026, 1, 25)))])
    homes = intake.add_households(
        COUNTY,
        [
            NewHousehold(village, f"{CANARIES[0]}{number}", _members(number), phone=CANARIES[2])
            for number, village in enumerate(HOME_DIVISIONS)
        ],
        START,
    )
    intake.declare_relatives([(RELATIVE, homes[1])], START)
    return tuple(homes)


def _members(number: int) -> list[NewMember]:
    id_no = CANARIES[1][:14] + f"{number:03d}" + CANARIES[1][17:]
    return [NewMember(f"{CANARIES[0]}甲{number}", "户主", id_no if number else CANARIES[1]), NewMember("乙", "配偶")]


@dataclass
class County:
    """
    The office of the county over one database, as one process has it open.

    Attributes:
        url: Where the database is.
        homes: Ids of the households, of which the second is a relative's and the last lives in the other village.
        calendars: Every calendar that was ever in force; the last one is now.
        ids: How many ids were given out.
    """

    url: str
    homes: Sequence[UUID]
    calendars: list[Calendar]
    time: Time = field(default_factory=Time)
    chance: Chance = field(default_factory=Chance)
    ids: int = 0

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        database = FrailDatabase.open(self.url, KEY)
        assert isinstance(database, FrailDatabase)
        self.database = database
        self.store = MeddledStore(database)
        self.intake = Intake(database)
        definitions = StoredDefinitions(self.intake, lambda: self.calendar.local_date(self.time.now()))
        self.office = Office(self.store, definitions, lambda county: self.calendar, self.time, self.chance)

    @property
    def calendar(self) -> Calendar:
        return self.calendars[-1]

    def new_id(self) -> UUID:
        self.ids += 1
        return derived_id("walk", self.ids)

    def case(self, case: UUID) -> Case:
        return self.store.load(COUNTY, case).case

    def ask(self, case: UUID, command: Command) -> Receipt:
        return self.office.ask(COUNTY, case, command)

    def everything(self) -> dict[str, list[str]]:
        """Every row of every table that commands write, for a comparison of before and after."""
        with self.database.connection() as connection:
            return {t: sorted(map(repr, connection.execute(f"SELECT * FROM {t}").fetchall())) for t in TABLES}

    def restart(self) -> None:
        """A new process: nothing is left but the database."""
        self.close()
        self._start()

    def rival(self) -> County:
        """Another process at work on the same database."""
        return replace(self)

    def close(self) -> None:
        self.database.close()

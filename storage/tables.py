"""
The tables, as SQLModel rows. They never leave storage/.

A case's truth is its log (``case_event``) and its record (``cases.record``); the other tables of a case are that
record spread out for queries, and :mod:`storage.checks` compares them. Every table of a case begins its primary key
with ``county``, the unit of data (design.md §5). On SQLite small rows are kept inside their primary key (WITHOUT
ROWID); ``cases`` and ``case_event`` are not, because there a row longer than a quarter of a page takes whole pages.

Ids are 16 bytes, instants whole milliseconds of UTC, money is 分. What a hash covers is canonical JSON text.
"""

# No `from __future__ import annotations` here: SQLModel reads the annotations of these classes.
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.instants import from_millis, millis


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as whole milliseconds in 8 bytes; it comes back in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else millis(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_millis(value)


class Id(TypeDecorator[UUID]):
    """A UUID in 16 bytes: ``uuid`` on PostgreSQL, a BLOB on SQLite."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        return UUID(bytes=value) if isinstance(value, bytes) else value


#: JSON that nothing hashes, so that the database may rearrange and change it.
Json = JSON().with_variant(JSONB(), "postgresql")
#: On SQLite rows of such a table lie in the primary key itself.
_IN_KEY = {"sqlite_with_rowid": False}
#: Names are looked up by their beginning, whatever the order of letters that a PostgreSQL database was made with.
_BY_CODE_POINT = {"name": "text_pattern_ops"}


class Row(SQLModel):
    """Base of all rows: one metadata, names by convention, so that migrations can name what they change."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
        }
    )


def _of_case() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"])


# --- The database itself ---------------------------------------------------------------------------------------------


class MetaRow(Row, table=True):
    """
    Facts of the database: ``practice`` (0 or 1), ``offset`` (milliseconds that its time is ahead), ``revision`` of the
    staff, ``canary`` of the key, ``added_up`` (milliseconds: until when totals were).
    """

    __tablename__ = "meta"
    __table_args__ = (_IN_KEY,)
    key: str = Field(primary_key=True)
    value: str = Field(sa_type=Text)


class WorkflowVersionRow(Row, table=True):
    """
    A definition as deployed. Cases and events name it by ``no``, to save its digest a thousand times; their texts are
    packed with its ``words`` (:mod:`storage.packing`).
    """

    __tablename__ = "workflow_version"
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: str = Field(unique=True)
    workflow: str
    pack: str
    canonical: str = Field(sa_type=Text)
    origins: str = Field(sa_type=Text)
    words: bytes = Field(sa_type=LargeBinary)
    from_date: date
    deployed_at: datetime = Field(sa_type=Instant)


# --- Places and people -----------------------------------------------------------------------------------------------


class DivisionRow(Row, table=True):
    __tablename__ = "division"
    __table_args__ = (_IN_KEY,)
    code: str = Field(primary_key=True)
    name: str
    level: str
    parent: str | None = Field(default=None, index=True)
    source: str
    from_date: date | None = None
    to_date: date | None = None


class PersonRow(Row, table=True):
    __tablename__ = "person"
    __table_args__ = (_IN_KEY,)
    key: str = Field(primary_key=True)
    name: str
    active: bool


class PostRow(Row, table=True):
    __tablename__ = "post"
    __table_args__ = (ForeignKeyConstraint(["person"], ["person.key"]), Index(None, "division", "post"), _IN_KEY)
    person: str = Field(primary_key=True)
    post: str = Field(primary_key=True)
    division: str = Field(primary_key=True)
    from_date: date = Field(primary_key=True)
    to_date: date | None = None


class DeputyRow(Row, table=True):
    """Who acts in another's post, from a day to a day; the principal must hold it himself then (I17)."""

    __tablename__ = "deputy"
    __table_args__ = (
        ForeignKeyConstraint(["person"], ["person.key"]),
        ForeignKeyConstraint(["principal"], ["person.key"], name="fk_deputy_principal"),
        _IN_KEY,
    )
    person: str = Field(primary_key=True)
    principal: str = Field(primary_key=True)
    post: str = Field(primary_key=True)
    division: str = Field(primary_key=True)
    from_date: date = Field(primary_key=True)
    to_date: date


class RelativeRow(Row, table=True):
    """A household that is an officer's own or a near relative's, as declared (I18), and the instant from which on."""

    __tablename__ = "relative"
    __table_args__ = (ForeignKeyConstraint(["person"], ["person.key"]), _IN_KEY)
    person: str = Field(primary_key=True)
    household: UUID = Field(primary_key=True, sa_type=Id)
    declared_at: datetime = Field(sa_type=Instant)


# --- Households ------------------------------------------------------------------------------------------------------


class HouseholdRow(Row, table=True):
    """
    A household. ``key`` is its data key, wrapped by the master key: without it nothing sealed can be read (I25).

    ``statuses``: name → {v: value, since: instant, case: number}; ``facts``: what may be read without the key.
    """

    __tablename__ = "household"
    __table_args__ = (
        Index(None, "county", "division"),
        Index(None, "county", "phone_index"),
        Index(None, "county", "name", postgresql_ops=_BY_CODE_POINT),
    )
    county: str = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Id)
    division: str
    name: str
    place: str
    key: str | None = None
    phone: str | None = None
    phone_index: bytes | None = Field(default=None, sa_type=LargeBinary)
    bank: str | None = None
    statuses: dict[str, Any] = Field(sa_type=Json)
    facts: dict[str, Any] = Field(sa_type=Json)
    source: str
    created_at: datetime = Field(sa_type=Instant)


class MemberRow(Row, table=True):
    """A person of a household; ``no`` 1 is its head. Nobody is in two households of a county at once."""

    __tablename__ = "member"
    __table_args__ = (
        ForeignKeyConstraint(["county", "household"], ["household.county", "household.id"]),
        Index(
            "uq_member_id_index", "county", "id_index", unique=True,
            sqlite_where=text("left_at IS NULL"), postgresql_where=text("left_at IS NULL"),
        ),
        Index(None, "county", "name", postgresql_ops=_BY_CODE_POINT),
        _IN_KEY,
    )  # fmt: skip
    county: str = Field(primary_key=True)
    household: UUID = Field(primary_key=True, sa_type=Id)
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str
    relation: str
    id_no: str | None = None
    id_index: bytes | None = Field(default=None, sa_type=LargeBinary)
    facts: dict[str, Any] = Field(sa_type=Json)
    left_at: datetime | None = Field(default=None, sa_type=Instant)


class HouseholdEventRow(Row, table=True):
    """
    What happened to a household's own record, append-only: its statuses (``kind`` status, by which case), and its
    members (born, moved_in, died, moved_out, split_off, founded). ``text`` is JSON; words in it are sealed.
    """

    __tablename__ = "household_event"
    __table_args__ = (
        ForeignKeyConstraint(["county", "household"], ["household.county", "household.id"]),
        Index(None, "county", "command"),
        _IN_KEY,
    )
    county: str = Field(primary_key=True)
    household: UUID = Field(primary_key=True, sa_type=Id)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Instant)
    kind: str
    actor: str
    post: str
    command: UUID = Field(sa_type=Id)
    case_id: UUID | None = Field(default=None, sa_type=Id)
    text: str = Field(sa_type=Text)


class RegisterRow(Row, table=True):
    """
    What cases have set of a village (``subject`` is its code) or of a person: ``statuses`` as a household's.
    """

    __tablename__ = "register"
    __table_args__ = (_IN_KEY,)
    county: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    statuses: dict[str, Any] = Field(sa_type=Json)


# --- Cases -----------------------------------------------------------------------------------------------------------

_ONE_OPEN = text("status = 'open' AND parent IS NULL AND subject <> ''")
_OPEN = text("status = 'open'")
_NEW = text("no > 0")


class CaseRow(Row, table=True):
    """
    A case as last recorded. ``record`` is the whole of it, packed; what the next decision loads.

    ``household`` is whose key seals its secrets; ``ending`` the name of the end it came to; ``missed`` is 1 as soon as
    one of its limits has ended late, which a trigger on the clocks notes.
    """

    __tablename__ = "cases"
    __table_args__ = (
        ForeignKeyConstraint(["county", "household"], ["household.county", "household.id"]),
        ForeignKeyConstraint(["version"], ["workflow_version.no"]),
        Index("uq_cases_number", "county", "number", unique=True),
        Index(
            "uq_cases_open", "county", "subject", "workflow", unique=True,
            sqlite_where=_ONE_OPEN, postgresql_where=_ONE_OPEN,
        ),
        Index("ix_cases_household", "county", "household"),
        Index("ix_cases_running", "county", "division", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_cases_due", "county", "due_at", "id", "division", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )  # fmt: skip
    county: str = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Id)
    number: str
    workflow: str
    version: int | None = None
    subject: str
    household: UUID | None = Field(default=None, sa_type=Id)
    division: str
    stage: str
    status: str
    outcome: str
    ending: str
    seq: int
    entry: int
    at: datetime = Field(sa_type=Instant)
    opened_at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    parent: UUID | None = Field(default=None, sa_type=Id)
    missed: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    head: bytes = Field(sa_type=LargeBinary)
    record: bytes = Field(sa_type=LargeBinary)


class TallyRow(Row, table=True):
    """
    How many cases there are, so that totals need not be counted: the sum of all rows that have come due.

    A case counts as open, or as ended, from the first (``due_at`` 0), and as late from when it is due. Triggers on
    ``cases`` write what every change adds and takes away. SQLite, where writers take turns anyway, adds it up at once;
    PostgreSQL keeps it under a new ``no``, so that nobody waits for anybody, until :meth:`Store.add_up`. Rows that have
    come due are added up at 0; what is taken away from them later may leave less than nothing where it was.
    """

    __tablename__ = "tally"
    __table_args__ = (
        Index("ix_tally_new", "no", sqlite_where=_NEW, postgresql_where=_NEW),
        _IN_KEY,
    )
    county: str = Field(primary_key=True)
    due_at: int = Field(primary_key=True, sa_type=BigInteger)
    division: str = Field(primary_key=True)
    workflow: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    no: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    open: int
    late: int
    ended: int
    missed: int


class CaseEventRow(Row, table=True):
    """The log: append-only, chained by hash; ``text`` is packed. The previous hash is the one of the row before."""

    __tablename__ = "case_event"
    __table_args__ = (_of_case(), Index("uq_case_event_command", "county", "command", unique=True))
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: int | None = None
    at: datetime = Field(sa_type=Instant)
    command: UUID = Field(sa_type=Id)
    kind: str
    asked: bytes = Field(sa_type=LargeBinary)
    actor: str
    post: str
    behalf: str
    hash: bytes = Field(sa_type=LargeBinary)
    text: bytes = Field(sa_type=LargeBinary)


class SerialRow(Row, table=True):
    """``next`` is the serial that the county's next case of the year gets."""

    __tablename__ = "serial"
    __table_args__ = (_IN_KEY,)
    county: str = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    next: int


class ClockRow(Row, table=True):
    """
    A clock of one entry into its stage: a limit or a wait. It runs until it is stopped or ended; one that was stopped
    when it ended stays so. Its ledger is in the record while it runs, and in the log for good.
    """

    __tablename__ = "clock"
    __table_args__ = (_of_case(), _IN_KEY)
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    name: str = Field(primary_key=True)
    entry: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    kind: str


_PENDING = text("status = 'pending'")


class TimerRow(Row, table=True):
    """Due work: pending, then exactly once fired, cancelled or parked (I9)."""

    __tablename__ = "timer"
    __table_args__ = (
        _of_case(),
        Index("ix_timer_due", "due_at", "case_id", sqlite_where=_PENDING, postgresql_where=_PENDING),
        _IN_KEY,
    )
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    rung: int
    due_at: datetime = Field(sa_type=Instant)
    clock: str
    kind: str
    status: str


class WorkItemRow(Row, table=True):
    """
    What is open, for which post at which division. What is done is in the log.

    ``due_at``: when the limit of what is asked, or else of the case, runs out; :data:`NEVER` if none runs. The index
    holds a post's work in the order in which its queue shows it. ``signs``: of a signer, whether he is heard ``before``
    the answer or agrees to it ``after``; else empty. ``given_by``: who asked him to sign, or entrusted the work.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        _of_case(),
        Index("ix_work_item_queue", "county", "division", "post", "due_at", "case_id", "no"),
        _IN_KEY,
    )
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    opened_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    ask: str
    post: str
    division: str
    claimed_by: str
    signs: str
    given_by: str


class TaskRow(Row, table=True):
    __tablename__ = "task"
    __table_args__ = (_of_case(), _IN_KEY)
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    task: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    status: str
    result: str


class ResponseRow(Row, table=True):
    """An answer. ``who`` is a person's key, or the post where minutes record a panel."""

    __tablename__ = "response"
    __table_args__ = (_of_case(), _IN_KEY)
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    ask: str = Field(primary_key=True)
    entry: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    who: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    post: str
    answer: str


class NoticeRow(Row, table=True):
    """A posting: since when it hangs somewhere, and its legal end. Places and proofs are in the record."""

    __tablename__ = "notice"
    __table_args__ = (_of_case(), _IN_KEY)
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    ask: str = Field(primary_key=True)
    entry: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    posted_at: datetime | None = Field(default=None, sa_type=Instant)
    over_at: datetime | None = Field(default=None, sa_type=Instant)


class CaseLinkRow(Row, table=True):
    __tablename__ = "case_link"
    __table_args__ = (_of_case(), Index(None, "county", "child"), _IN_KEY)
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    child: UUID = Field(primary_key=True, sa_type=Id)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    kind: str
    workflow: str
    ask: str
    outcome: str


class ConcernRow(Row, table=True):
    """What has changed in the household of a case, as long as nobody has answered it."""

    __tablename__ = "concern"
    __table_args__ = (_of_case(), _IN_KEY)
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Instant)
    kind: str


class ListRow(Row, table=True):
    """Cases of one stage that are handled in one act; ``division`` is the one whose cases it gathers."""

    __tablename__ = "list"
    __table_args__ = (Index(None, "county", "division"), _IN_KEY)
    county: str = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Id)
    opened_at: datetime = Field(sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    workflow: str
    stage: str
    division: str
    by: str


class ListItemRow(Row, table=True):
    """``outcome`` is the action taken on the case, empty before."""

    __tablename__ = "list_item"
    __table_args__ = (_of_case(), ForeignKeyConstraint(["county", "list_id"], ["list.county", "list.id"]), _IN_KEY)
    county: str = Field(primary_key=True)
    list_id: UUID = Field(primary_key=True, sa_type=Id)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    outcome: str


class BatchRow(Row, table=True):
    """One verb for several cases. ``asked`` (what is asked of each) is sealed under the county's key."""

    __tablename__ = "batch"
    __table_args__ = (Index(None, "county", "person", "at"), _IN_KEY)
    county: str = Field(primary_key=True)
    id: UUID = Field(primary_key=True, sa_type=Id)
    at: datetime = Field(sa_type=Instant)
    person: str
    verb: str
    asked: str
    query: dict[str, Any] = Field(sa_type=Json)


class BatchItemRow(Row, table=True):
    """
    A case of a batch, in the order of its selection.

    It is done if the log has ``command``; ``refused`` (why not, sealed) is empty until it was tried.
    """

    __tablename__ = "batch_item"
    __table_args__ = (_of_case(), ForeignKeyConstraint(["county", "batch_id"], ["batch.county", "batch.id"]), _IN_KEY)
    county: str = Field(primary_key=True)
    batch_id: UUID = Field(primary_key=True, sa_type=Id)
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    case_id: UUID = Field(sa_type=Id)
    command: UUID = Field(sa_type=Id)
    refused: str


class AttachmentRow(Row, table=True):
    """
    A file that was handed in, by the SHA-256 of its content, and for which household's cases: under its key it is
    sealed. The nil id stands for the county, whose key seals what belongs to a case without household.
    """

    __tablename__ = "attachment"
    __table_args__ = (_IN_KEY,)
    county: str = Field(primary_key=True)
    household: UUID = Field(primary_key=True, sa_type=Id)
    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    size: int = Field(sa_type=Integer)
    name: str
    created_at: datetime = Field(sa_type=Instant)


class OutboxRow(Row, table=True):
    """What a post at a division is to be told; its text is made when it is read."""

    __tablename__ = "outbox"
    __table_args__ = (
        _of_case(),
        Index("ix_outbox_post", "county", "division", "post", "created_at"),
        _IN_KEY,
    )
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    created_at: datetime = Field(sa_type=Instant)
    event: str
    post: str
    division: str
    data: dict[str, Any] = Field(sa_type=Json)


class DeliveryRow(Row, table=True):
    """A message that a person has read."""

    __tablename__ = "delivery"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county", "case_id", "seq", "no"],
            ["outbox.county", "outbox.case_id", "outbox.seq", "outbox.no"],
        ),
        _IN_KEY,
    )
    county: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, sa_type=Id)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    person: str = Field(primary_key=True)
    read_at: datetime = Field(sa_type=Instant)

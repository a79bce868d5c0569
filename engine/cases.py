"""
A case, what may be asked of it, and what happened to it.

A case is a *record*: a few named sections, each a map from a short key to a small JSON value. An event is what one
command did: who asked what, and the puts and deletes that followed, in order. Folding the events of a case gives the
record again, byte for byte (I2); the tables of storage/ are the same record spread out for queries. Nothing else
changes a case.

A put of None deletes; a delete of the key ``""`` clears its section.

Sections (key → value; ``s`` is the seq of the event that wrote it, so who and when are in the log):

=========  ========================  ==========================================================================
section    key                       value
=========  ========================  ==========================================================================
case       a name                    number, workflow, version, pack, subject, household (whose key seals),
                                     division, parent, channel, opened, stage,
                                     entry, status (open, ended, closed), end, outcome, gone (died, moved_out: nobody
                                     of the household is left),
                                     granted (seq), granted_in (entry), next, sender, members, opener,
                                     at:<place>, clock:<clock> (ended), back: event by which an act was taken back,
                                     when:<event>, since:<clock> (for clocks counted from another moment)
facts      fact, or fact/member      {v: value, s}; a secret value is a :class:`Secret`
papers     paper                     {d: SHA-256 hex, f: file name, s}
visits     stage                     {n: entry, from: the stage it came from}
asks       stage or task             an open question: {n: entry, s, r: ready, b: begun, pl: where it hangs, of: how
                                     many cases answer, c: {end: how many came to it}, by: [posts] and p: panel where
                                     they were chosen, e: {post: seats}, l: list, at: asked (of a notice), w: waived,
                                     res: an answer that must wait, u: day on which they were urged last,
                                     g: {signer: {w: before|after, by: who added him, p: post, a: agree|disagree}},
                                     h: an answer held until signers agree {a, to, by, p: post, s}}
answers    ask#entry/who             {a: answer, p: post, o: with words, …}, only while the question is open; who is a
                                     person's key, ``minutes``, or post:number for a silence
items      number                    {q: ask, p: post, d: division, by: claimed by, f: the post that p stands in for,
                                     of: the item as its giver had it, if he entrusted it to another,
                                     g: it is a signer's, before|after,
                                     v: it became vacant, nobody stands in, and the supervisor was told};
                                     of a proposal q is ``.correct`` or ``.reopen``
tasks      task                      {st: open|done|waived|cancelled, n: opening, r: result, why, s}
clocks     clock                     a running or stopped clock (:class:`engine.clocks.ClockState`)
timers     number                    {c: clock, k: kind, r: rung, at: due}
notices    ask                       {n, s, places: {place: {at, proof, end}}, down: {place: when it was taken down},
                                     over: its legal end, or left: when the case left it before}
links      case id                   {w: workflow, q: ask, n or s, k: objection|child}, while that case is open
acts       ask                       [persons who answered it]: separation of duties reads it
passed     ask/panel                 seq
times      ask.action                how often, for actions that a definition limits
concerns   number                    {k: born|moved_in|died|moved_out|split_off, m: [members], on: day, s}, while nobody
                                     has answered it
proposals  correct|reopen            what a second person is to confirm: {by, behalf, s, f: {fact: value}, to: stage}
=========  ========================  ==========================================================================
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

import orjson

from engine.errors import N_, InputError
from engine.watching import changeable

SECTIONS = (
    "case", "facts", "papers", "visits", "asks", "answers", "items", "tasks",
    "clocks", "timers", "notices", "links", "acts", "passed", "times", "concerns", "proposals",
)  # fmt: skip
#: The digest of the event chain. Part of every hash, so that another can follow it (R9).
ALGORITHM = "sha256"
#: Who acts when no person does: the scheduler, or a case telling its parent.
SYSTEM = ""

Change = tuple[str, str, Any]
#: Before every event.
NEVER = datetime.min.replace(tzinfo=UTC)
_EMPTY: Mapping[str, Any] = MappingProxyType({})


def iso(at: datetime) -> str:
    """*at* as compact ISO text in UTC, whole seconds unless it has milliseconds."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond >= 1000 else "seconds")[:-6] + "Z"


def instant(text: str) -> datetime:
    """The instant that :func:`iso` wrote: aware, UTC."""
    return datetime.fromisoformat(text)


class Secret:
    """
    A sensitive value, never shown by accident: it prints as ``***`` and cannot be written without its token.

    ``token`` is the ciphertext under the household's key; events and stored records hold only that. One that was stored
    is opened when it is first read: most decisions read none.
    """

    __slots__ = ("_open", "_value", "token")

    def __init__(self, value: Any, token: str = "") -> None:
        self._value = value
        self._open: Callable[[], Any] | None = None
        self.token = token

    @classmethod
    def closed(cls, token: str, opening: Callable[[], Any]) -> Secret:
        """A stored one; *opening* gives its value, and raises StorageError if it was changed."""
        secret = cls(None, token)
        secret._open = opening
        return secret

    @property
    def value(self) -> Any:
        """The value; None if its household's key was erased."""
        opening = self._open
        if opening is not None:
            self._value = opening()
            self._open = None
        return self._value

    @property
    def is_lost(self) -> bool:
        """Whether its household's key was erased."""
        return self._open is None and self._value is None

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret) or self.token != other.token:
            return False
        is_closed = self._open is not None or other._open is not None
        return is_closed or self._value == other._value

    def __hash__(self) -> int:
        return hash(self.token)


def _default(value: Any) -> Any:
    if isinstance(value, Secret):
        if not value.token:
            raise TypeError("a secret must be sealed before it is written")
        return {"x": value.token}
    if isinstance(value, (tuple, MappingProxyType)):
        return list(value) if isinstance(value, tuple) else dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a record")


#: What orjson would write of itself, though no record holds it, is refused as everything else is.
_AS_WRITTEN = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def canonical(value: Any) -> str:
    """
    *value* as canonical JSON: sorted keys, no blanks, UTF-8; secrets as their tokens. What hashes cover.

    Raises:
        TypeError: It holds a secret that is not sealed, or what has no place in a record.
    """
    try:
        return orjson.dumps(value, _default, _AS_WRITTEN).decode()
    except orjson.JSONEncodeError as error:
        raise error.__cause__ or error from None


@dataclass(frozen=True, slots=True)
class Case:
    """
    A case as last recorded.

    Attributes:
        county: Six digits; the unit of data.
        id: UUIDv7.
        seq: The number of its events.
        head: SHA-256 of the last sealed event, 32 bytes; empty before the first. A decision not yet stored keeps it.
        at: Instant of the last event (UTC); the next is never earlier (I10).
        sections: The record; treat as read-only.
    """

    county: str
    id: UUID
    seq: int = 0
    head: bytes = b""
    at: datetime = NEVER
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        return self.sections.get(name, _EMPTY)

    def get(self, name: str, default: Any = "") -> Any:
        """A value of the section *case*."""
        return self.sections.get("case", _EMPTY).get(name, default)

    @property
    def number(self) -> str:
        return str(self.get("number"))

    @property
    def workflow(self) -> str:
        return str(self.get("workflow"))

    @property
    def version(self) -> str:
        return str(self.get("version"))

    @property
    def stage(self) -> str:
        """The stage it stands in; after the end, the end's name."""
        return str(self.get("stage"))

    @property
    def entry(self) -> int:
        """How many times it has arrived in a stage; every arrival has its own number."""
        return int(self.get("entry", 0))

    @property
    def status(self) -> Literal["open", "ended", "closed"]:
        """``ended``: its outcome is fixed, some task of its own still runs; ``closed``: nothing is left (I7)."""
        return self.get("status", "open")  # type: ignore[no-any-return]

    @property
    def division(self) -> str:
        """Its home: 12 digits."""
        return str(self.get("division"))

    @property
    def subject(self) -> str:
        return str(self.get("subject"))

    @property
    def opened_at(self) -> datetime:
        return instant(self.get("opened"))

    def sealed(self, head: bytes) -> Case:
        """The same case, now that its last event has a hash."""
        return Case(self.county, self.id, self.seq, head, self.at, self.sections)

    def record(self) -> str:
        """The record as canonical JSON: what is stored, and what replay must give again (I2)."""
        return canonical({name: part for name, part in self.sections.items() if part})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    What one command did to one case.

    Attributes:
        kind: What was asked: opened, acted, claimed, commented, fired …
        command: The command's id; unique in a county (I5).
        asked: First 16 bytes of the SHA-256 of what was asked: the same id with another content is refused.
        actor: A person's key, or :data:`SYSTEM`.
        post: In which post, ``level.role@division``; empty for the system.
        behalf: For whom, if a deputy acted.
        version: The digest of the definition that decided.
        body: What people read back: action, from, to, means, ask, answer, reason, …; free text as a Secret.
        changes: Puts and deletes in order of effect.
        hash: Empty until sealed.
    """

    county: str
    case: UUID
    seq: int
    at: datetime
    kind: str
    command: UUID
    asked: bytes
    actor: str
    post: str = ""
    behalf: str = ""
    version: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    hash: bytes = b""

    def sealed(self, digest: bytes) -> Event:
        """The same event with its hash."""
        return Event(
            county=self.county, case=self.case, seq=self.seq, at=self.at, kind=self.kind, command=self.command,
            asked=self.asked, actor=self.actor, post=self.post, behalf=self.behalf, version=self.version,
            body=self.body, changes=self.changes, hash=digest,
        )  # fmt: skip

    def text(self) -> str:
        """Body and changes as canonical JSON, as stored."""
        return canonical({"b": self.body, "c": self.changes})


def link_hash(event: Event, previous: bytes, text: str) -> bytes:
    """
    The hash of *event* in its case's chain: ``H(alg ‖ previous ‖ canon(event))`` (I23).

    Args:
        event: Its actor, post, instant, definition and command are covered, not only its text.
        previous: The hash of the event before it; empty for the first.
        text: ``event.text()``, sealed; what is stored.
    """
    head = canonical(
        [
            ALGORITHM, event.county, event.case.hex, event.seq, iso(event.at), event.kind, event.command.hex,
            event.asked.hex(), event.actor, event.post, event.behalf, event.version,
        ]
    )  # fmt: skip
    return hashlib.sha256(previous + head.encode() + b"\n" + text.encode()).digest()


def fold(case: Case, event: Event) -> Case:
    """*case* after *event*: the only way a record changes."""
    sections = dict(case.sections)
    fresh: set[str] = set()
    for section, key, value in event.changes:
        if section not in fresh:
            sections[section] = changeable(sections.get(section, _EMPTY))
            fresh.add(section)
        target: MutableMapping[str, Any] = sections[section]  # type: ignore[assignment]
        if value is not None:
            target[key] = value
        elif not key:
            target.clear()
        elif key in target:
            del target[key]
    return Case(case.county, case.id, event.seq, event.hash or case.head, event.at, sections)


def replay(county: str, case_id: UUID, events: Iterable[Event]) -> Case:
    """The case that *events*, from the first, make."""
    case = Case(county, case_id)
    for event in events:
        case = fold(case, event)
    return case


# --- What may be asked -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """A file handed in: SHA-256 hex, how its name ended, bytes. Its content is kept by digest."""

    digest: str
    name: str
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """
    Something asked of one case.

    Attributes:
        id: Chosen by the asker; asking twice with the same id gives the first result.
        person: Who asks: a person's key, or :data:`SYSTEM`.
        post: In which post he acts, ``level.role``; empty: the one post of his that fits.
        seen: The case's seq that the asker saw. If what he decides on has changed since, he is stale; a comment, a
            reminder or a colleague's claim changes nothing of it.
        note: An opinion, reason or comment; at most 2,000 characters. Stored as ciphertext.
    """

    id: UUID
    person: str = SYSTEM
    post: str = ""
    seen: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Command):
    """
    Open a case by one of its channels (an application, a clue, a department's push, or a parent case).

    Attributes:
        number: The county's next serial, taken by the commit.
        members: Keys of household members.
        household: The one whose key seals the case's secrets, if it is not the subject.
        places: Division (12 digits) of each place of the definition that is not the case's home.
        parent: The case that opens this one, and its stage or task that waits. Only a case gives it.
        carried: Plain values that a case hands over; what this workflow has no fact for is left behind.
        digest: Of what was asked, if the office has filled in the rest.
    """

    channel: str
    subject: str
    division: str
    number: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    papers: Mapping[str, Document] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    household: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    parent: tuple[UUID, str] | None = None
    carried: Mapping[str, Any] = field(default_factory=dict)
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Minutes:
    """
    The minutes of a meeting, for panels that are ``recorded: minutes``.

    Attributes:
        present: Post → how many attended; of a body too large to name ``roll`` → how many of those on its register.
        votes: Answer (or ``abstain``) → how many.
        persons: Keys of the officers among those present; a declared relative must be in ``recused``.
        recused: Keys of officers who left the room for this case.
        entitled: Of a body too large to name: how many its register has.
    """

    present: Mapping[str, int]
    votes: Mapping[str, int]
    persons: tuple[str, ...] = ()
    recused: tuple[str, ...] = ()
    entitled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Command):
    """
    Answer the question of the case's stage, or of one of its tasks.

    Attributes:
        action: The answer: an action of the stage, of ``anywhere``, a result of the task, of a panel also ``abstain``,
            and ``fallback`` (there is no quorum: the body that the panel names instead is asked).
        on: The task it is about; empty: the stage.
        to: The chosen stage, for actions that lead back to a visited one.
        facts: ``fact`` or ``fact/member`` → value, checked by the declared types.
        minutes: For a panel recorded by minutes.
        close: The panel has a quorum and nobody else will answer: count now.
        list: The list that this act decides; a case on a list is decided with it, not alone.
    """

    action: str
    on: str = ""
    to: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    papers: Mapping[str, Document] = field(default_factory=dict)
    minutes: Minutes | None = None
    close: bool = False
    list: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Command):
    """Take an open work item of the stage, or of the task *on*, as one's own."""

    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Command):
    """Give a claimed work item back to its post, an entrusted one to its giver, who may also take it back."""

    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Command):
    """
    Give an open work item to one of the holders of its post (分派): by a fellow holder, or by a superior office.

    Attributes:
        to: A person's key.
        holder: Whose work is given to another; empty: work that nobody took up. Only a superior takes work away.
    """

    to: str
    on: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Command):
    """Hand one's work over for good (转办): to another holder of the post, or of the one that stands in for it."""

    to: str
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate(Command):
    """Entrust one's work to a colleague of the same division, to answer in one's name until it is taken back (委派)."""

    to: str
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urge(Command):
    """Ask those who have the work to get on with it (催办); at most once a day for each question."""

    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Command):
    """Let others know of the case (抄送): persons' keys, or posts (``level.role``) of the case's own divisions."""

    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSigner(Command):
    """
    Ask one more officer about an open question (加签): before anybody answers it, or after, before the answer counts.

    Attributes:
        signer: A person's key.
        when: ``before``: his opinion must be there first, and does not bind; ``after``: he must agree.
    """

    signer: str
    when: Literal["before", "after"]
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSigner(Command):
    """Take a signer off again who has not signed (减签)."""

    signer: str
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign(Command):
    """Give the opinion, or the agreement, that one was asked for as a signer; who disagrees says why."""

    answer: Literal["agree", "disagree"]
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Command):
    """Take one's own last act back, while nobody acted since (撤回)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose(Command):
    """
    Propose to a second person that recorded facts be corrected (更正), or that an ended case be reopened; says why.

    Attributes:
        facts: ``fact`` or ``fact/member`` → the right value; none to reopen.
    """

    what: Literal["correct", "reopen"]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(Command):
    """Carry out what another proposed."""

    what: Literal["correct", "reopen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Command):
    """Refuse what another proposed; says why."""

    what: Literal["correct", "reopen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract(Command):
    """Take one's own proposal back."""

    what: Literal["correct", "reopen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Command):
    """Write a note into the history; changes nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach(Command):
    """Hand in a paper before it is asked for, or a newer version of it."""

    paper: str
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Command):
    """
    Write what the draw or rank of its list made of the case. Only a list that is made asks this.

    Attributes:
        on: The stage whose list it is.
        facts: Yes/no fact → whether it was drawn, or came first.
        chance: By which the draw can be made again, hex.
        among: How many cases there were.
        place: Its place in the order of a rank, from 1; None without one.
    """

    on: str
    facts: Mapping[str, bool]
    chance: str
    among: int
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPaper(Command):
    """Open a paper or proof: nothing changes but the log, which says who read what (I21)."""

    paper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlist(Command):
    """Put the case on a list of the stage it stands in; one act then decides all of the list, one outcome each."""

    list: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNotice(Command):
    """
    Record that the notice hangs at *place* since *at* (UTC; not in the future, not before the stage was entered).

    *on* names a task whose voice is a notice; empty: the stage.
    """

    place: str
    at: datetime
    proof: Document | None = None
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveNotice(Command):
    """Hand in the end proof of a posting whose wait is over."""

    place: str
    proof: Document
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDownNotice(Command):
    """Take a posting down before its end: it never counted; posting again starts a full period (I12)."""

    place: str
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Object(Command):
    """
    Lodge an objection against the posted notice; opens its own small case.

    ``objector`` is a key that tells one objector from another (never shown); ``received_at`` is when it came in.
    """

    objector: str
    received_at: datetime
    child: UUID
    on: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopClock(Command):
    """Stop a clock for a reason, with a document, where the definition allows it."""

    clock: str
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeClock(Command):
    """Let a stopped clock run on."""

    clock: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendClock(Command):
    """Lengthen a limit, as often and as far as the definition allows."""

    clock: str
    document: Document | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleClocks(Command):
    """Count the case's running clocks again on the calendar now in force (F19, F20)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readdress(Command):
    """Give open work of posts that nobody holds any more to whoever stands in for them. Only the sweep asks this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTimer(Command):
    """Carry out a timer whose instant has come. Only the sweep asks this."""

    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEnded(Command):
    """Tell a case that one it waits for has ended. Only a case asks this."""

    child: UUID
    end: str
    outcome: str


#: What may happen to a household's members.
HouseholdChange = Literal["born", "moved_in", "died", "moved_out", "split_off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseConcern(Command):
    """
    Tell a case that its household has changed. Only the household's own record asks this.

    Attributes:
        members: Keys of those whom it is about.
        on: The day on which it happened, ``YYYY-MM-DD``.
        by, by_post: Who recorded it, and in which post.
        nobody_left: Nobody lives in the household after it.
    """

    change: HouseholdChange
    members: tuple[str, ...]
    on: str
    by: str
    by_post: str
    nobody_left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOn(Command):
    """
    Answer a concern: the case goes on, for the reason that the note gives.

    Attributes:
        concern: Its number; empty: the only one.
        follow: From now on the case is about those who live in the household today; else about those it began with.
    """

    concern: str = ""
    follow: bool = False


# --- What follows ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """Something a post, at a division, is to be told; texts are made from *event* and *data* when it is read."""

    event: str
    post: str
    division: str
    data: Mapping[str, str] = field(default_factory=dict)


def digest_of(messages: Iterable[Message]) -> str:
    """
    What an event keeps of what it told: 8 characters, base64url of 6 bytes of a SHA-256. Messages lie in a table of
    their own, where they are marked as read; by this a check finds what was taken from it or changed.
    """
    told = canonical([[each.event, each.post, each.division, each.data] for each in messages])
    return base64.urlsafe_b64encode(hashlib.sha256(told.encode()).digest()[:6]).decode()


@dataclass(frozen=True, slots=True)
class RegisterWrite:
    """A value of the household's own record, or of *subject*'s (a village's code, a person's key), set by an action."""

    of: str
    name: str
    value: Any
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Followup:
    """A command on another case, carried out in the same transaction. ``workflow`` is set when it opens one."""

    case: UUID
    command: Command
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What a command does: stored whole, or not at all.

    Attributes:
        event: What goes into the log; secrets not yet sealed, hash not yet set.
        case: The case after it.
        messages: For the outbox.
        register: For the household's record.
        followups: For other cases, in the same transaction.
    """

    event: Event
    case: Case
    messages: tuple[Message, ...] = ()
    register: tuple[RegisterWrite, ...] = ()
    followups: tuple[Followup, ...] = ()


def command_digest(command: Command) -> bytes:
    """
    What was asked, as 16 bytes: the command without its id and without what the asker happened to have seen.

    Raises:
        InputError: It holds half a character, as from a file's name in another encoding, or a number past all bounds.
    """
    kind = type(command)
    if isinstance(command, OpenCase) and command.digest:
        return command.digest
    parts = {name: getattr(command, name) for name in _fields(kind) if name not in ("id", "seen", "number", "digest")}
    try:
        text = orjson.dumps({**parts, "kind": kind.__name__}, _asked, _AS_WRITTEN)
    except orjson.JSONEncodeError:
        raise InputError(N_("it holds what is no character, or too large a number, and cannot be stored")) from None
    return hashlib.sha256(text).digest()[:16]


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields(kind: type) -> tuple[str, ...]:
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    return names


def _asked(value: Any) -> Any:
    """What stands for a value that JSON does not know, where only equality matters."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in _fields(type(value))}
    return list(value) if isinstance(value, Sequence) else str(value)

"""
Batches: one verb over many cases, an outcome for each (C16, C17).

The selection is frozen when the batch is made. Each case is then decided in a transaction of its own, by the same
guards as a single command; its command's id follows from the batch and the case, so that a batch that was cut off is
carried on and nothing is done twice (I5). What is done is read from the log, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol
from uuid import UUID

from engine.cases import (
    Act,
    AddSigner,
    Assign,
    Case,
    Claim,
    Command,
    Comment,
    Copy,
    Delegate,
    Document,
    ExtendClock,
    Release,
    RemoveSigner,
    ResumeClock,
    StopClock,
    Transfer,
    Urge,
    Withdraw,
)
from engine.errors import (
    N_,
    BangfuError,
    CommandReusedError,
    InputError,
    NotFoundError,
    StorageError,
    Words,
)
from engine.ids import derived_id
from engine.office import Office

#: What can be asked of many cases at once, by its name on the command line. Not among them is what a second person says
#: of what one saw somebody say (to sign, to confirm): a batch does not keep what that was in each case.
VERBS: Mapping[str, type[Command]] = {
    "act": Act, "claim": Claim, "release": Release, "assign": Assign, "transfer": Transfer, "delegate": Delegate,
    "urge": Urge, "copy": Copy, "comment": Comment, "sign-add": AddSigner, "sign-remove": RemoveSigner,
    "withdraw": Withdraw, "stop": StopClock, "resume": ResumeClock, "extend": ExtendClock,
}  # fmt: skip
#: Parts of a command that are each case's own, or the asker's.
_OWN = frozenset({"id", "person", "seen", "list"})

Outcome = Literal["left", "done", "refused"]
NO_WORDS = Words("")


@dataclass(frozen=True, slots=True)
class BatchRow:
    """
    One case of a batch.

    Attributes:
        outcome: ``left`` until it is carried out; ``done`` if the log has its command; else ``refused``.
        why, advice: Of a refusal.
    """

    case: UUID
    number: str
    outcome: Outcome = "left"
    why: Words = NO_WORDS
    advice: Words = NO_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """
    A verb, and the cases it is for, as selected once.

    Attributes:
        at: When it was made (UTC).
        by: Who made it, and carries it out: a person's key.
        verb: One of :data:`VERBS`.
        asked: The parts of the command that are the same for all, as JSON values.
        query: How the cases were selected, as a person would say it.
    """

    county: str
    id: UUID
    at: datetime
    by: str
    verb: str
    asked: Mapping[str, Any]
    query: Mapping[str, str]
    rows: tuple[BatchRow, ...]

    def count(self, outcome: Outcome) -> int:
        """How many rows have come to *outcome*; the three add up to all of them."""
        return sum(row.outcome == outcome for row in self.rows)

    def command(self, case: UUID) -> Command:
        """What is asked of one of its cases."""
        values = {**self.asked}
        if "papers" in values:
            values["papers"] = {name: Document(**paper) for name, paper in values["papers"].items()}
        if values.get("document"):
            values["document"] = Document(**values["document"])
        if isinstance(values.get("to"), list):
            values["to"] = tuple(values["to"])
        return VERBS[self.verb](id=derived_id(self.id, case), person=self.by, **values)


class Batches(Protocol):
    """Where batches are kept."""

    def add(self, batch: Batch) -> None:
        """Keep a new batch, all of it or nothing; raises ConflictError if there is one of that id."""
        ...

    def get(self, county: str, batch: UUID) -> Batch | None: ...

    def of(self, county: str, by: str, limit: int = 20) -> Sequence[Batch]:
        """The batches that a person made, newest first, without their rows."""
        ...

    def refuse(self, county: str, batch: UUID, case: UUID, why: Words, advice: Words) -> None:
        """Note that a case of the batch was refused; once done it cannot be."""
        ...


def asked_of(verb: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """
    The parts of a command, as JSON values, for :attr:`Batch.asked`.

    Raises:
        InputError: There is no such verb, a part is missing, or it has no such part.
    """
    kind = VERBS.get(verb)
    if kind is None:
        raise InputError(N_("no batch can do {verb}; it can {verbs}"), field="verb", verb=verb, verbs=", ".join(VERBS))
    parts = {part.name: part for part in fields(kind) if part.name not in _OWN}
    for name in given:
        if name not in parts:
            raise InputError(N_("{verb} takes no {name}"), field=name, verb=verb, name=name)
    for name, part in parts.items():
        if name not in given and part.default is MISSING and part.default_factory is MISSING:
            raise InputError(N_("{verb} needs {name}"), field=name, verb=verb, name=name)
    return {name: _plain(value) for name, value in given.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Document):
        return {"digest": value.digest, "name": value.name, "size": value.size}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def make(batches: Batches, batch: Batch) -> Batch:
    """
    Keep a batch; asked again with the same id and content, give what is there.

    Raises:
        InputError: No case was selected, or one twice.
        CommandReusedError: Another batch has that id.
    """
    if not batch.rows:
        raise InputError(
            N_("no case was selected"), field="cases", advice=N_("see which cases there are: bangfu queue")
        )
    if len({row.case for row in batch.rows}) < len(batch.rows):
        raise InputError(N_("a case was selected twice"), field="cases")
    known = batches.get(batch.county, batch.id)
    if known is None:
        batches.add(batch)
        return batch
    same = (known.by, known.verb, known.asked) == (batch.by, batch.verb, batch.asked)
    if not same or [row.case for row in known.rows] != [row.case for row in batch.rows]:
        raise CommandReusedError(None)
    return known


def preview(office: Office, batch: Batch) -> Iterator[tuple[BatchRow, Case | BangfuError]]:
    """For each case that is left: what would become of it, or why it would be refused. Nothing is done."""
    for row in batch.rows:
        if row.outcome == "left":
            try:
                yield row, office.preview(batch.county, row.case, batch.command(row.case))
            except BangfuError as error:
                yield row, error


def run(
    office: Office,
    batches: Batches,
    county: str,
    batch_id: UUID,
    person: str,
    *,
    again: bool = False,
    told: Callable[[BatchRow], None] = lambda row: None,
) -> Batch:
    """
    Carry out what is left of a batch, one case after another; a refusal holds up no other.

    Args:
        again: Those that were refused before, too.
        told: Is told each row as its case has been seen to.

    Raises:
        NotFoundError: The person made no such batch.
        StorageError: The database failed; what was done is done, and the next run carries on.
    """
    batch = found(batches, county, batch_id, person)
    for row in batch.rows:
        if row.outcome == "done" or (row.outcome == "refused" and not again):
            continue
        try:
            office.ask(county, row.case, batch.command(row.case))
        except StorageError:
            raise
        except BangfuError as error:
            batches.refuse(county, batch_id, row.case, error.words, error.advised)
            told(BatchRow(row.case, row.number, "refused", error.words, error.advised))
        else:
            told(BatchRow(row.case, row.number, "done"))
    return found(batches, county, batch_id, person)


def found(batches: Batches, county: str, batch_id: UUID, person: str) -> Batch:
    """
    The batch of that id, as made by *person*.

    Raises:
        NotFoundError: He made no such batch.
    """
    batch = batches.get(county, batch_id)
    if batch is None or batch.by != person:
        raise NotFoundError(N_("you made no such batch"), advice=N_("see: bangfu batch list"))
    return batch

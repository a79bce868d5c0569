"""
Every error that bangfu raises on purpose.

Raise the narrowest and catch at the edge. Each carries what it is about as attributes; the first line of its
docstring is the default message. The edges turn them into answers: not found 404 / exit 3, not allowed or
stale 409 / 4, denied 403 / 5, refused, reused or bad input 422 / 6, storage 503 / 7; a wrong definition or setting
exits with 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID


def N_(text: str) -> str:  # noqa: N802 - gettext's own word for "translated later", which the extractor looks for
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """
    A text that is said in the reader's language when it is read: an English source string of the catalogs, and what
    its ``{names}`` stand for. A parameter is data (a title, a name, a day) or words again.
    """

    template: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def told(self, translate: Callable[[str], str]) -> str:
        """The text in the language of *translate*."""
        if not self.template:
            return ""
        text = translate(self.template)
        if not self.parameters:
            return text
        return text.format_map(
            {
                name: value.told(translate) if isinstance(value, Words) else value
                for name, value in self.parameters.items()
            }
        )

    def __str__(self) -> str:
        return self.told(str)

    def __hash__(self) -> int:
        return hash(self.template)


def worded(template: str, **parameters: object) -> Words:
    """*template* with what its ``{names}`` stand for."""
    return Words(template, parameters)


def told(text: str | Words, translate: Callable[[str], str]) -> str:
    """*text* in the language of *translate*; a mere text is a template without parameters."""
    return (text if isinstance(text, Words) else Words(text)).told(translate)


class BangfuError(Exception):
    """
    Something bangfu knows about went wrong.

    Attributes:
        words: What went wrong.
        advised: What to do about it; empty if nobody knows.
    """

    def __init__(self, message: str | Words = "", *, advice: str | Words = "", **parameters: object) -> None:
        message = message or (self.__doc__ or type(self).__name__).strip().splitlines()[0]
        self.words = message if isinstance(message, Words) else Words(message, parameters)
        self.advised = advice if isinstance(advice, Words) else Words(advice, parameters)
        super().__init__(str(self.words))

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def advice(self) -> str:
        return str(self.advised)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing wrong in a definition: where (file, line and column from 1), what, and how to mend it.

    Attributes:
        words, advised: What and how, told to people in their language by :func:`told`.
        message, advice: The same in English.
    """

    file: str
    line: int
    column: int
    words: str | Words
    advised: str | Words = ""
    code: str = ""
    severity: str = "error"

    @property
    def message(self) -> str:
        return str(self.words)

    @property
    def advice(self) -> str:
        return str(self.advised)

    def whole(self) -> Words:
        """All of it on one line."""
        message = self.words if isinstance(self.words, Words) else Words(self.words)
        advice = self.advised if isinstance(self.advised, Words) else Words(self.advised)
        place = f"{self.file}:{self.line}:{self.column}"
        template = "{place}: {message} ({advice})" if self.advised else "{place}: {message}"
        return Words(template, {"place": place, "message": message, "advice": advice})

    def __str__(self) -> str:
        return str(self.whole())


class DefinitionError(BangfuError):
    """A workflow or policy pack is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        told = {f"fault{number}": fault.whole() for number, fault in enumerate(faults)}
        super().__init__(Words("\n".join(f"{{{name}}}" for name in told), told) if told else "")
        self.faults = tuple(faults)


class ConfigurationError(BangfuError):
    """A setting is wrong."""


class InputError(BangfuError):
    """A file or value that somebody handed in cannot be used."""

    def __init__(
        self,
        message: str | Words = "",
        *,
        source: str = "",
        field: str = "",
        advice: str | Words = "",
        **parameters: object,
    ) -> None:
        super().__init__(message, advice=advice, **parameters)
        self.source = source
        self.field = field


class NotFoundError(BangfuError, LookupError):
    """There is no such thing, or it is out of your scope."""


class CaseError(BangfuError):
    """
    A command on a case was not carried out.

    Attributes:
        kind: What speaks against it, as of :class:`engine.reasons.Reason`; empty where it is none of those.
    """

    def __init__(
        self,
        case_id: UUID | str | None,
        message: str | Words = "",
        *,
        kind: str = "",
        advice: str | Words = "",
        **parameters: object,
    ) -> None:
        super().__init__(message, advice=advice, **parameters)
        self.case_id = case_id
        self.kind = kind


class CaseNotFoundError(CaseError, NotFoundError):
    """There is no such case, or it is out of your scope."""


class ActionNotAllowedError(CaseError):
    """The case's stage offers no such action now."""


class PermissionDeniedError(CaseError):
    """You hold no post that may do this."""


class GuardRefusedError(CaseError):
    """
    A rule of the procedure says no.

    Attributes:
        missing: Keys of the facts and papers that are not there, if that is why.
    """

    def __init__(
        self,
        case_id: UUID | str | None,
        reason: str | Words,
        *,
        rule: str = "",
        clause: str = "",
        missing: tuple[str, ...] = (),
        kind: str = "",
        advice: str | Words = "",
        **parameters: object,
    ) -> None:
        super().__init__(case_id, reason, kind=kind, advice=advice, **parameters)
        self.reason = self.message
        self.rule = rule
        self.clause = clause
        self.missing = missing


class StaleCaseError(CaseError):
    """
    Somebody was faster.

    Attributes:
        by, did: Who, and what he did; the office knows it.
        seq: The event by which the case moved on, if that is known; else the last one.
    """

    def __init__(
        self,
        case_id: UUID | str | None,
        message: str | Words = "",
        *,
        by: str = "",
        did: str = "",
        advice: str | Words = "",
        seq: int = 0,
        **parameters: object,
    ) -> None:
        super().__init__(case_id, message, kind="", advice=advice, seq=seq, **parameters)
        self.by = by
        self.did = did
        self.seq = seq


class CommandReusedError(CaseError):
    """This command id was already used for another command."""


class StorageError(BangfuError):
    """The database could not do it; nothing was changed."""


class UnavailableError(StorageError):
    """The database does not answer, or can write nothing now."""


class UnknownOutcomeError(StorageError):
    """The connection was lost during COMMIT: look the command id up before trying again (R12)."""


class ConflictError(StorageError):
    """What was to be written has changed since it was read."""


class BusyError(ConflictError):
    """The database was busy with another change."""


class DeliveryError(BangfuError):
    """A channel could not deliver a message."""

    def __init__(
        self,
        message: str | Words = "",
        *,
        may_help_to_retry: bool,
        advice: str | Words = "",
        **parameters: object,
    ) -> None:
        super().__init__(message, advice=advice, **parameters)
        self.may_help_to_retry = may_help_to_retry

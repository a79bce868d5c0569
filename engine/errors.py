"""
Every error that bangfu raises on purpose.

Raise the narrowest and catch at the edge. Each carries what it is about as attributes; the first line of its
docstring is the default message. The edges turn them into answers: not found 404 / exit 3, not allowed or
stale 409 / 4, denied 403 / 5, refused, reused or bad input 422 / 6, storage 503 / 7; a wrong definition or setting exits with 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


class BangfuError(Exception):
    """Something bangfu knows about went wrong."""

    def __init__(self, message: str = "", *, advice: str = "") -> None:
        super().__init__(message or (self.__doc__ or type(self).__name__).strip().splitlines()[0])
        self.advice = advice

    @property
    def message(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a definition: where (file, line and column from 1), what, and how to mend it."""

    file: str
    line: int
    column: int
    message: str
    advice: str = ""
    code: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return f"{text} ({self.advice})" if self.advice else text


class DefinitionError(BangfuError):
    """A workflow or policy pack is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ConfigurationError(BangfuError):
    """A setting is wrong."""


class InputError(BangfuError):
    """A file or value that somebody handed in cannot be used."""

    def __init__(self, message: str = "", *, source: str = "", field: str = "", advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.source = source
        self.field = field


class NotFoundError(BangfuError, LookupError):
    """There is no such thing, or it is out of your scope."""


class CaseError(BangfuError):
    """A command on a case was not carried out."""

    def __init__(self, case_id: UUID | str | None, message: str = "", *, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.case_id = case_id


class CaseNotFoundError(CaseError, NotFoundError):
    """There is no such case, or it is out of your scope."""


class ActionNotAllowedError(CaseError):
    """The case's stage offers no such action now."""


class PermissionDeniedError(CaseError):
    """You hold no post that may do this."""


class GuardRefusedError(CaseError):
    """A rule of the procedure says no."""

    def __init__(
        self, case_id: UUID | str | None, reason: str, *, rule: str = "", clause: str = "", advice: str = ""
    ) -> None:
        super().__init__(case_id, reason, advice=advice)
        self.reason = reason
        self.rule = rule
        self.clause = clause


class StaleCaseError(CaseError):
    """Somebody was faster."""

    def __init__(self, case_id: UUID | str | None, message: str = "", *, by: str = "", did: str = "") -> None:
        super().__init__(case_id, message)
        self.by = by
        self.did = did


class CommandReusedError(CaseError):
    """This command id was already used for another command."""


class StorageError(BangfuError):
    """The database could not do it; nothing was changed."""


class UnknownOutcomeError(StorageError):
    """The connection was lost during COMMIT: look the command id up before trying again (R12)."""


class ConflictError(StorageError):
    """What was to be written has changed since it was read."""


class DeliveryError(BangfuError):
    """A channel could not deliver a message."""

    def __init__(self, message: str = "", *, may_help_to_retry: bool) -> None:
        super().__init__(message)
        self.may_help_to_retry = may_help_to_retry

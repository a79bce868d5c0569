"""One table turns errors into answers: what went wrong, where, what to do, and the exit code (style.md, Errors)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bangfu.masking import masked_numbers
from engine.errors import (
    N_,
    ActionNotAllowedError,
    BangfuError,
    CaseError,
    CommandReusedError,
    ConfigurationError,
    DefinitionError,
    DeliveryError,
    Fault,
    GuardRefusedError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    StaleCaseError,
    StorageError,
    told,
)

#: The first that fits counts.
EXIT_CODES: tuple[tuple[type[BangfuError], int], ...] = (
    (NotFoundError, 3),
    (ActionNotAllowedError, 4),
    (StaleCaseError, 4),
    (PermissionDeniedError, 5),
    (GuardRefusedError, 6),
    (CommandReusedError, 6),
    (InputError, 6),
    (StorageError, 7),
    (DeliveryError, 7),
    (DefinitionError, 2),
    (ConfigurationError, 2),
    (BangfuError, 6),
)
#: A mistake in how the command was typed.
USAGE = 2
#: A mistake of ours.
BUG = 1

#: What kind of trouble it is, in a few words.
TITLES: Mapping[type[BangfuError], str] = {
    NotFoundError: N_("Not found"),
    ActionNotAllowedError: N_("Not possible now"),
    StaleCaseError: N_("Somebody was faster"),
    PermissionDeniedError: N_("Not yours to do"),
    GuardRefusedError: N_("Refused"),
    CommandReusedError: N_("Refused"),
    InputError: N_("Cannot be used"),
    StorageError: N_("The database could not do it"),
    DeliveryError: N_("Not delivered"),
    DefinitionError: N_("A definition is wrong"),
    ConfigurationError: N_("A setting is wrong"),
}

#: Errors raised without words of their own say these: the first lines of their docstrings.
DEFAULTS = (
    N_("There is no such thing, or it is out of your scope."),
    N_("There is no such case, or it is out of your scope."),
    N_("The case's stage offers no such action now."),
    N_("You hold no post that may do this."),
    N_("A rule of the procedure says no."),
    N_("Somebody was faster."),
    N_("This command id was already used for another command."),
    N_("The database could not do it; nothing was changed."),
    N_("The connection was lost during COMMIT: look the command id up before trying again (R12)."),
    N_("The database does not answer, or can write nothing now."),
    N_("What was to be written has changed since it was read."),
    N_("The database was busy with another change."),
)

#: What commands call a field of theirs → what people type; empty for what they type without a name, or never.
_TYPED = {
    **dict.fromkeys(("to", "signer", "concern", "path", "pack", "verb", "answer", "what", "cases", "members"), ""),
    **dict.fromkeys(("code", "head", "holder", "subject", "outcomes", "places", "entitled", "action"), ""),
    "facts": "--fact", "note": "--note", "at": "--at", "received_at": "--received", "place": "--place",
    "present": "--present", "votes": "--votes", "on": "--on", "why": "--why", "division": "--division",
}  # fmt: skip
#: What operating systems say of files, for the catalogs.
SYSTEM_TEXTS = (
    N_("No such file or directory"), N_("Is a directory"), N_("Not a directory"), N_("Permission denied"),
    N_("File exists"), N_("No space left on device"), N_("Read-only file system"),
)  # fmt: skip

Translate = Callable[[str], str]


def exit_code(error: BangfuError) -> int:
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def title(error: BangfuError, translate: Translate) -> str:
    """What kind of trouble it is."""
    return next((translate(text) for kind, text in TITLES.items() if isinstance(error, kind)), translate(N_("Refused")))


def where(error: BangfuError) -> str:
    """What it is about, as far as it is known: a file and line, a field."""
    if isinstance(error, InputError):
        field = _TYPED.get(error.field, error.field) if not error.source else error.field
        return " ".join(part for part in (error.source, field) if part)
    return ""


def document(error: BangfuError, translate: Translate) -> dict[str, Any]:
    """The error as JSON: stable keys, values in the reader's language."""
    found: dict[str, Any] = {
        "kind": type(error).__name__,
        "code": exit_code(error),
        "message": masked_numbers(error.words.told(translate)),
        "advice": masked_numbers(error.advised.told(translate)),
    }
    if isinstance(error, CaseError) and error.case_id is not None:
        found["case"] = str(error.case_id)
    if isinstance(error, GuardRefusedError):
        found |= {"rule": error.rule, "clause": error.clause}
    if isinstance(error, StaleCaseError):
        found |= {"by": error.by, "did": error.did}
    if isinstance(error, InputError):
        found |= {"source": masked_numbers(error.source), "field": masked_numbers(error.field)}
    if isinstance(error, DefinitionError):
        found["faults"] = [fault_document(fault, translate) for fault in error.faults]
    refusals = getattr(error, "refusals", ())
    if refusals:
        found["refusals"] = [{"case": each.number, **document(each.error, translate)} for each in refusals]
    return found


def fault_document(fault: Fault, translate: Translate) -> dict[str, Any]:
    return {
        "file": fault.file, "line": fault.line, "column": fault.column, "code": fault.code,
        "severity": fault.severity, "message": told(fault.words, translate), "advice": told(fault.advised, translate),
    }  # fmt: skip

"""
Why something is not allowed: a reason is given once, by the guard that knows it.

``decide`` raises the first reason that it meets; ``offered`` collects all of them. Neither knows a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from engine.errors import ActionNotAllowedError, CaseError, GuardRefusedError, PermissionDeniedError, Words

#: Kinds that mean: not here, or not now. Whoever asks and whatever he hands in.
_NOT_NOW = frozenset(
    {
        "ended",
        "voice",
        "list",
        "claimed",
        "answered",
        "seats",
        "turn",
        "awaited",
        "times",
        "target",
        "clock",
        "place",
        "urged",
        "signer",
        "held",
        "acted",
        "nothing",
        "proposal",
        "parent",
    }
)
#: Kinds that only say what is to be handed in with the action.
NEEDS = frozenset({"facts", "papers", "opinion", "minutes", "proof", "document"})
#: Kinds that come of a rule's verdict, and so tell of the facts that it reads: facts and papers are asked for by rules.
OF_RULES = frozenset({"rule", "unknown", "broken", "facts", "papers"})


_NO_WORDS = Words("")


@dataclass(frozen=True, slots=True)
class Reason:
    """
    One reason against an action.

    Attributes:
        kind: ``post`` (he holds none that may), one of ``ended voice list claimed answered seats turn awaited times
            target clock place urged signer held acted nothing proposal parent`` (not here or not now), or a guard:
            ``recusal separation objection notice rule unknown broken wait quorum tally erased``, and the
            :data:`NEEDS`.
        words: What is wrong, for the actor.
        rule, clause: The rule that says so, and on what it rests.
        missing: Keys of the facts and papers that are not there.
    """

    kind: str
    words: Words
    rule: str = ""
    clause: str = ""
    advised: Words = _NO_WORDS
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return str(self.words)

    @property
    def advice(self) -> str:
        return str(self.advised)

    def error(self, case: UUID | None) -> CaseError:
        """This reason, to be raised."""
        if self.kind == "post":
            return PermissionDeniedError(case, self.words, kind=self.kind, advice=self.advised)
        if self.kind in _NOT_NOW:
            return ActionNotAllowedError(case, self.words, kind=self.kind, advice=self.advised)
        if self.kind in ("unknown", "broken"):
            return UnknownRuleError(case, self)
        return GuardRefusedError(
            case, self.words, kind=self.kind, rule=self.rule or self.kind, clause=self.clause, missing=self.missing,
            advice=self.advised,
        )  # fmt: skip


class UnknownRuleError(GuardRefusedError):
    """A rule can say neither yes nor no: a fact is missing and a guess would decide, or the rule is broken."""

    def __init__(self, case_id: UUID | None, reason: Reason) -> None:
        super().__init__(
            case_id, reason.words, kind=reason.kind, rule=reason.rule, clause=reason.clause, missing=reason.missing,
            advice=reason.advised,
        )  # fmt: skip
        self.why = reason


def reason(
    kind: str,
    template: str,
    *,
    rule: str = "",
    clause: str = "",
    advice: str = "",
    missing: Iterable[str] = (),
    **parameters: object,
) -> Reason:
    """A reason in words of the catalogs: *template* and *advice* with their ``{names}``."""
    return Reason(kind, Words(template, parameters), rule, clause, Words(advice, parameters), tuple(missing))


def require(case: UUID | None, *against: Iterable[Reason]) -> None:
    """Raise the first of the reasons *against*, if there is any."""
    for reasons in against:
        for each in reasons:
            raise each.error(case)

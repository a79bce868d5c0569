"""
Facts: what a value of each declared type may be, how it is stored, and what rules see of it.

Stored values are JSON: money is integer 分, a date is ``YYYY-MM-DD``, a share is a decimal as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from engine.cases import Secret
from engine.errors import N_, InputError, Words
from engine.workflow import Fact, Workflow

#: Longest text that a fact or note may hold, in characters.
LONGEST_TEXT = 2000
#: Most items of a list or rows of a table, and how many characters they may have in all, written out.
MOST_ITEMS = 500
_LONGEST_LIST = 40_000


class _UnfitError(Exception):
    """A value is not of its type; says what is wanted."""

    def __init__(self, wanted: str, **parameters: object) -> None:
        super().__init__(wanted)
        self.wanted = Words(wanted, parameters)


def choices_of(fact: Fact) -> str:
    """The words that *fact* allows with their titles, for people to choose from."""
    titles = fact.options
    return ", ".join(f"{word} {titles[word]}" if word in titles else word for word in fact.choices)


def _text(fact: Fact, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _UnfitError(N_("a text of at most {limit} characters"), limit=LONGEST_TEXT)
    return value


def _whole(fact: Fact, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 53:
        raise _UnfitError(N_("a whole number") if fact.kind == "number" else N_("an amount of money"))
    unit = 100 if fact.kind == "yuan" else 1  # Bounds are written in yuan, values are kept in 分.
    if fact.at_least is not None and value < fact.at_least * unit:
        raise _UnfitError(N_("{bound} or more"), bound=fact.at_least)
    if isinstance(fact.at_most, int) and value > fact.at_most * unit:
        raise _UnfitError(N_("{bound} or less"), bound=fact.at_most)
    return value


def _share(fact: Fact, value: Any) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal(-1)
    if number.is_nan() or not 0 <= number <= 1:
        raise _UnfitError(N_("a share between 0 and 1"))
    return str(number)


def _date(fact: Fact, value: Any) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(str(value))).isoformat()[:10]
    except ValueError:
        raise _UnfitError(N_("a date as YYYY-MM-DD")) from None


def _yes_no(fact: Fact, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _UnfitError(N_("yes or no"))
    return value


def _one(fact: Fact, value: Any) -> str:
    if value not in fact.choices:
        raise _UnfitError(N_("one of {choices}"), choices=choices_of(fact))
    return str(value)


def _several(fact: Fact, value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else _list(fact, value)
    if any(part not in fact.choices for part in values):
        raise _UnfitError(N_("some of {choices}"), choices=choices_of(fact))
    return [choice for choice in fact.choices if choice in values]


def _list(fact: Fact, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise _UnfitError(N_("a list"))
    values = list(islice(value, MOST_ITEMS + 1))
    if len(values) > MOST_ITEMS or len(str(values)) > _LONGEST_LIST:
        raise _UnfitError(N_("a list of at most {items} items, {limit} characters in all"),
                          items=MOST_ITEMS, limit=_LONGEST_LIST)  # fmt: skip
    return values


_CLEAN: Mapping[str, Callable[[Fact, Any], Any]] = {
    "text": _text, "person": _text, "number": _whole, "yuan": _whole, "share": _share, "date": _date,
    "yes_no": _yes_no, "one": _one, "many": _several, "list": _list, "table": _list,
}  # fmt: skip


def clean(name: str, fact: Fact, value: Any) -> Any:
    """
    *value* as it is stored for *fact*; a sensitive one wrapped, so that it is sealed before it is written.

    Raises:
        InputError: It is not of the declared type; says which field and what is asked for.
    """
    try:
        stored = _CLEAN[fact.kind](fact, value)
    except _UnfitError as error:
        raise InputError(
            N_("{title} ({name}) must be {wanted}"), field=name, title=fact.title, name=name, wanted=error.wanted
        ) from None
    return Secret(stored) if is_sealed(fact) else stored


def is_sealed(fact: Fact) -> bool:
    """Whether its values are kept as ciphertext: what is declared secret, and free text, which may name anybody."""
    return bool(fact.secret) or fact.kind in ("text", "table")


def copied(workflow: Workflow, target: str, value: str | int) -> str:
    """The fact of the case whose value an action's ``set`` writes to *target*; empty where *value* is the value."""
    source, written = workflow.facts.get(str(value)), workflow.facts.get(target.rpartition(".")[2])
    if source is None or source.of != "case" or (written is not None and value in written.choices):
        return ""
    return str(value)


def fits(fact: Fact, value: str | int) -> bool:
    """Whether *value*, as an action's ``set`` writes it, is one of *fact*."""
    if fact.kind in ("one", "many"):
        return value in fact.choices
    if fact.kind in ("date", "yes_no"):
        return value in {"date": ("today",), "yes_no": ("yes", "no")}[fact.kind]
    return isinstance(value, int) == (fact.kind in ("number", "yuan"))


def plain(fact: Fact, stored: Any) -> Any:
    """A stored value as rules read it: dates as dates, shares as Decimal, lists as tuples."""
    value = stored.value if isinstance(stored, Secret) else stored
    if fact.kind == "date":
        return date.fromisoformat(value)
    if fact.kind == "share":
        return Decimal(value)
    return tuple(value) if isinstance(value, list) else value


#: Kinds of facts by which cases can be ordered.
ORDERED = frozenset({"number", "yuan", "share", "date", "yes_no", "one"})


def comparable(fact: Fact, value: Any) -> int | str:
    """*value*, as rules read it, by which cases can be ordered: JSON, and of one type for all values of *fact*."""
    if fact.kind == "one":
        return fact.choices.index(value)
    if fact.kind == "share":
        return int(value * 10**9)
    return value.isoformat() if isinstance(value, date) else int(value)


def is_missing(stored: Any) -> bool:
    """Whether a stored fact cannot be read: never written, or its household's key is gone."""
    return stored is None or (isinstance(stored, Secret) and stored.is_lost)

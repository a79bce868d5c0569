"""
Who holds which post where: a snapshot of a county's staff.

Definitions name posts, never persons. A post is held at a division (12 digits) from a day to a day. What a person may
see and do follows from the divisions of his posts (:func:`engine.divisions.contains`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from engine.divisions import contains
from engine.errors import N_, InputError

#: Stand in the log where a person's key would, and are nobody's.
RESERVED = frozenset({"minutes"})
_KEY = re.compile(r"[^\W_][\w.-]{0,39}")


def is_key(text: str) -> bool:
    """Whether *text* may be a person's key: letters or digits of any script; then dots, dashes, underscores too."""
    return _KEY.fullmatch(text) is not None and text not in RESERVED


def require_key(text: str) -> str:
    """*text*, if it may be a person's key; else raises InputError."""
    if not is_key(text):
        raise InputError(
            N_("{person} cannot be a person's key"), field="PERSON", person=text,
            advice=N_("use at most 40 letters, digits, dots, dashes and underscores, such as zhang.san"),
        )  # fmt: skip
    return text


@dataclass(frozen=True, slots=True)
class Holding:
    """
    A post held: ``level.role`` at a division, from a day, to a day (both included; None: open).

    ``behalf`` is the key of whom a deputy stands for in it; empty for one's own.
    """

    post: str
    division: str
    from_date: date
    to_date: date | None = None
    behalf: str = ""

    def on(self, day: date) -> bool:
        return self.from_date <= day and (self.to_date is None or day <= self.to_date)


@dataclass(frozen=True, slots=True)
class Person:
    """
    An officer.

    Attributes:
        key: What people type after ``--as``; never reused.
        relatives: Ids of households that are his own or his near relatives', as declared (I18).
    """

    key: str
    name: str
    active: bool = True
    posts: tuple[Holding, ...] = ()
    relatives: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Deputy:
    """
    Who acts in another's post for a time: *person* for *principal*, in ``held.post`` at ``held.division``.

    He may do what the principal may at that moment, no more and no longer: it ends with the principal's own holding,
    and nobody is a deputy's deputy (I17).
    """

    person: str
    principal: str
    held: Holding


@dataclass(frozen=True, slots=True)
class Staff:
    """
    Everybody who may act in a county, as of one revision of its register of people.

    A command is decided with one revision and stored only if it is still the same (I17, I20).
    """

    revision: int = 0
    people: Mapping[str, Person] = field(default_factory=dict)
    deputies: tuple[Deputy, ...] = ()
    _holders: dict[tuple[str, str], tuple[tuple[str, Holding], ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of(cls, people: Iterable[Person], revision: int = 0, deputies: Iterable[Deputy] = ()) -> Staff:
        byname = {person.key: person for person in people}
        holders: dict[tuple[str, str], list[tuple[str, Holding]]] = {}
        for person in byname.values():
            for holding in person.posts:
                holders.setdefault((holding.post, holding.division), []).append((person.key, holding))
        return cls(revision, byname, tuple(deputies), {place: tuple(held) for place, held in holders.items()})

    def holders(self, post: str, division: str, day: date) -> tuple[str, ...]:
        """Keys of the active persons who hold *post* at exactly *division* on *day*, sorted."""
        held = self._holders.get((post, division), ())
        return tuple(sorted(key for key, holding in held if holding.on(day) and self.people[key].active))

    def own_posts(self, key: str, day: date) -> tuple[Holding, ...]:
        """The posts that the person holds himself on *day*; none if he is not active."""
        person = self.people.get(key)
        return tuple(h for h in person.posts if h.on(day)) if person is not None and person.active else ()

    def posts(self, key: str, day: date) -> tuple[Holding, ...]:
        """The posts in which the person may act on *day*: his own first, then those where he is somebody's deputy."""
        own = self.own_posts(key, day)
        if not self.deputies or key not in self.people or not self.people[key].active:
            return own
        lent = tuple(
            replace(deputy.held, behalf=deputy.principal)
            for deputy in self.deputies
            if deputy.person == key and deputy.held.on(day) and self._holds(deputy.principal, deputy.held, day)
        )
        return own + lent

    def _holds(self, key: str, held: Holding, day: date) -> bool:
        """Whether the person himself holds that post there on *day*."""
        return any((own.post, own.division) == (held.post, held.division) for own in self.own_posts(key, day))

    def sees(self, key: str, code: str, day: date) -> bool:
        """Whether the division *code* lies in the scope of one of the person's posts."""
        return any(contains(holding.division, code) for holding in self.posts(key, day))


def sees(case: Mapping[str, Any], staff: Staff, person: str, day: date) -> bool:
    """Whether a case (its section *case*) is in the person's scope: by its home, or by another of its places."""
    places = [str(case[name]) for name in case if name.startswith("at:")]
    return any(staff.sees(person, code, day) for code in (str(case.get("division", "")), *places) if code)

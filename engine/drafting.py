"""
A decision in the making: the case's record as it changes, and what follows from that.

A draft lives inside one call of ``decide``. It is the only thing in the core that changes, and nobody else sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from engine.calendar import Calendar
from engine.cases import (
    Case,
    Change,
    Command,
    Decision,
    Event,
    Followup,
    Message,
    RegisterWrite,
    Secret,
    command_digest,
    digest_of,
    fold,
)
from engine.compiling import Procedure
from engine.divisions import Level, ancestor, level_of
from engine.errors import N_, InputError
from engine.facts import clean, is_missing, plain
from engine.parameters import line_of
from engine.people import Staff
from engine.reasons import Reason, reason
from engine.rules import RuleScope, Verdict
from engine.watching import changeable
from engine.workflow import Fact

#: Sections of which only the last change in an event matters. The others keep each: a row comes from every one.
_NET = frozenset({"case", "facts", "papers", "visits", "asks", "items", "clocks", "timers", "acts", "passed", "times"})
_READ_BY_RULES = frozenset({"facts", "passed", "tasks"})
_EMPTY: Mapping[str, Any] = MappingProxyType({})
#: Who is told of what nobody may see to.
SUPERVISOR = "county.supervisor"


@dataclass(frozen=True, slots=True)
class World:
    """
    What a decision needs to know beside its case, as of one moment.

    Attributes:
        members: Member key → plain facts of that member of the household, from the register.
        is_erased: The household's key was erased: nothing more can be sealed for it.
        history: Everything that happened to the case, oldest first, for commands that look back; else empty.
        register: Household, person or village → what the register knows of that one of the case: name → stored value.
        parts: The divisions below the case's home, 12 digits each.
        last: Of a case to be opened: the facts of the last case of its kind, as stored.
    """

    calendar: Calendar
    staff: Staff
    members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_erased: bool = False
    history: tuple[Event, ...] = ()
    register: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    last: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()


class Draft:
    """
    One decision in the making.

    Attributes:
        asked_at: The instant that was handed in.
        now: The event's instant: never before the case's last (I10), whole milliseconds.
        today: The legal day: in the calendar's zone.
        held: The posts in which the person may act today, each with its division → whose deputy he is there, or empty.
        body: What people read back of the event.
    """

    def __init__(self, procedure: Procedure, case: Case, command: Command, now: datetime, world: World) -> None:
        self.asked_at = now
        now = max(now, case.at)
        self.procedure = procedure
        self.before = case
        self.command = command
        self.now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self.world = world
        self.today = world.calendar.local_date(self.now)
        #: One's own come first, and win over the same post held for another.
        self.held: dict[tuple[str, str], str] = {}
        for each in world.staff.posts(command.person, self.today):
            self.held.setdefault((each.post, each.division), each.behalf)
        self.body: dict[str, Any] = {}
        self.messages: list[Message] = []
        self.register: list[RegisterWrite] = []
        self.followups: list[Followup] = []
        self.post = ""
        self.behalf = ""
        #: Whether the case is on its way out of its stage.
        self.is_leaving = False
        #: The record as it is now; sections that this draft changed are copies of its own.
        self._sections: dict[str, Mapping[str, Any]] = dict(case.sections)
        self._own: set[str] = set()
        self._changes: list[Change] = []
        self._net: dict[tuple[str, str], int] = {}
        self._scope: RuleScope | None = None
        #: What rules read of the register: part of the event, so that the log alone explains the verdict.
        self._read: dict[str, Any] = {}

    # --- the record ---

    @property
    def seq(self) -> int:
        """The number that this event will have."""
        return self.before.seq + 1

    @property
    def note(self) -> str:
        """What the asker says in words; blanks are no words."""
        return self.command.note.strip()

    def section(self, name: str) -> Mapping[str, Any]:
        return self._sections.get(name, _EMPTY)

    def get(self, section: str, key: str, default: Any = None) -> Any:
        return self._sections.get(section, _EMPTY).get(key, default)

    def value(self, name: str, default: Any = "") -> Any:
        """A value of the section *case*."""
        return self._sections.get("case", _EMPTY).get(name, default)

    @property
    def stage(self) -> str:
        return str(self.value("stage"))

    @property
    def entry(self) -> int:
        return int(self.value("entry", 0))

    def register_of(self, of: str) -> str:
        """Whose record a fact *of* a village or person of this case stands in; empty for the household's own."""
        return registered_as(of, self.division_at(""), str(self.value("subject")))

    def forget_scope(self) -> None:
        """What rules may read has changed."""
        self._scope = None

    def put(self, section: str, key: str, value: Any) -> None:
        if section not in self._own:
            self._own.add(section)
            self._sections[section] = changeable(self._sections.get(section, _EMPTY))
        target: MutableMapping[str, Any] = self._sections[section]  # type: ignore[assignment]
        if value is None:
            if key not in target:
                return
            del target[key]
        elif target.get(key) == value and not isinstance(value, Secret):
            return
        else:
            target[key] = value
        if section in _READ_BY_RULES:
            self._scope = None
        end = len(self._changes)
        place = self._net.setdefault((section, key), end) if section in _NET else end
        if place < end:
            self._changes[place] = (section, key, value)
        else:
            self._changes.append((section, key, value))

    def drop(self, section: str, key: str) -> None:
        self.put(section, key, None)

    def clear(self, section: str) -> None:
        """Forget a whole section: its key ``""`` is dropped."""
        if self.section(section):
            self._own.add(section)
            self._sections[section] = {}
            self._changes = [change for change in self._changes if change[0] != section]
            self._net = {(s, k): i for i, (s, k, _) in enumerate(self._changes) if s in _NET}
            if self.before.section(section):
                self._changes.append((section, "", None))

    def serial(self) -> str:
        """The next number of the case's own: items, timers and notices are numbered from 1."""
        number = int(self.value("next", 1))
        self.put("case", "next", number + 1)
        return str(number)

    def has_changed(self, *sections: str) -> bool:
        """Whether anything was written to one of *sections*."""
        return any(section in sections for section, _, _ in self._changes)

    def saved(self) -> Callable[[], None]:
        """
        The draft as it is now; the function goes back to it.

        What comes of itself, without anybody asking, may turn out to be impossible when half of it is done.
        """
        body = {name: copy(value) for name, value in self.body.items()}
        post, behalf, is_leaving = self.post, self.behalf, self.is_leaving
        followed = list(self.messages), list(self.register), list(self.followups)
        own = {name: changeable(self._sections[name]) for name in self._own}
        sections, changes, net, read = dict(self._sections), list(self._changes), dict(self._net), dict(self._read)

        def restore() -> None:
            self.body, self.post, self.behalf, self.is_leaving = body, post, behalf, is_leaving
            self.messages, self.register, self.followups = followed
            self._sections, self._own = {**sections, **own}, set(own)
            self._changes, self._net, self._read, self._scope = changes, net, read, None

        return restore

    # --- rules and facts ---

    @property
    def scope(self) -> RuleScope:
        """What rules may read now."""
        if self._scope is None:
            self._scope = rule_scope(self)
        return self._scope

    def verdict(self, ref: str) -> Verdict:
        verdict = self.procedure.rules.verdict(ref, self.scope)
        for rule in verdict.rules:
            for name in rule.inputs:
                self._note_read(name)
        return verdict

    def _note_read(self, name: str) -> None:
        """Remember that a rule read *name*, if it comes from the register: a fact of its, or ``members[0].age``."""
        fact = self.procedure.registered.get(name)
        if fact is not None:
            self._read[f"{fact.of}.{name}"] = self.registered(name, fact)
        elif name.startswith("members["):
            number, _, field_ = name.removeprefix("members[").partition("].")
            member = self.value("members")[int(number)]
            known = self.world.members.get(member, {})
            if field_ in known and self.get("facts", f"{field_}/{member}") is None:
                self._read[f"{field_}/{member}"] = known[field_]

    def registered(self, name: str, fact: Fact) -> Any:
        """
        What the register knows of the case's household, person or village, as stored; None if nothing.

        A yes/no that nobody has set is no: only actions set it, and the register knows them all.
        """
        own = [write.value for write in self.register if (write.of, write.name) == (fact.of, name)]
        if own or fact.of not in self.world.register:
            return own[-1] if own else None
        return self.world.register[fact.of].get(name, False if fact.kind == "yes_no" else None)

    def holds(self, refs: tuple[str, ...]) -> bool:
        """
        Whether all of *refs* hold.

        Raises:
            UnknownRuleError: One is unknown: a fact is missing, and a guess would decide.
        """
        return all(self.known(ref) for ref in refs)

    def holds_of(self, ref: str, member: str) -> bool:
        """Whether the rule of members *ref* holds of *member*. Raises as :meth:`holds`."""
        place = list(self.value("members", ())).index(member)
        verdict = self.procedure.rules.verdict(f"any {ref}", replace(self.scope, members=[self.scope.members[place]]))
        for rule in verdict.rules:
            for name in rule.inputs:
                self._note_read(name.replace("members[0]", f"members[{place}]"))
        if verdict.truth is None:
            raise self.unknown(verdict).error(self.before.id)
        return verdict.truth

    def known(self, ref: str) -> bool:
        verdict = self.verdict(ref)
        if verdict.truth is None:
            raise self.unknown(verdict).error(self.before.id)
        return verdict.truth

    def unknown(self, verdict: Verdict) -> Reason:
        """Why *verdict* is neither yes nor no."""
        facts = self.procedure.workflow.facts
        first = verdict.rules[0]
        if verdict.broken:
            return reason(
                "broken", N_("rule {ref} cannot be evaluated: {broken}"), rule=verdict.ref, clause=first.clause,
                ref=verdict.ref, broken=verdict.broken,
            )  # fmt: skip
        names = [f"{facts[name].title} ({name})" if name in facts else name for name in verdict.missing]
        is_itself = verdict.missing == (first.id,)
        return reason(
            "unknown",
            N_("not filled in yet: {names}")
            if is_itself
            else N_("“{title}” cannot be judged while facts are missing: {names}"),
            rule=verdict.ref, clause=first.clause, missing=verdict.missing, title=first.title, names=", ".join(names),
            advice=N_("fill in the missing facts where they belong: --fact NAME=VALUE"),
        )  # fmt: skip

    def parameter(self, text: str, day: date | None = None) -> str:
        """*text*, with the parameter's value for this case for ``$name``; raises UnknownRuleError as :meth:`holds`."""
        head, dollar, name = text.partition("$")
        return f"{head}{self.value_of(name, day)}" if dollar else text

    def value_of(self, name: str, day: date | None = None) -> Any:
        """
        The value of the parameter *name* for this case, as of the day on which it was opened, or of *day*.

        Raises:
            UnknownRuleError: Which line of its table holds depends on a fact that is missing.
        """
        param = self.procedure.workflow.params[name]
        if not param.by:
            return param.value
        if day is None:
            day = self.world.calendar.local_date(self.before.opened_at) if self.before.seq else self.today
        value, missing = line_of(param, day, str(self.value("division")), self.scope.facts)
        if missing:
            fact = self.procedure.workflow.facts[missing]
            raise reason(
                "unknown", N_("“{title}” cannot be judged while facts are missing: {names}"), rule=name,
                advice=N_("fill in the missing facts where they belong: --fact NAME=VALUE"), missing=(missing,),
                title=param.title, names=f"{fact.title} ({missing})",
            ).error(self.before.id)  # fmt: skip
        return value

    # --- what follows ---

    def tell(self, event: str, post: str, division: str, **data: str) -> None:
        """A message for a post's inbox, once."""
        message = Message(event, post, division, data)
        if message not in self.messages:
            self.messages.append(message)

    def place_of(self, post: str) -> tuple[str, str]:
        """The post's name and the 12-digit division at which it is held for this case: ``level.role[@place]``."""
        name, _, place = post.partition("@")
        return name, seat_division(name, self.division_at(place))

    def division_at(self, place: str) -> str:
        """The division (12 digits) of one of the case's places; its home, if it has no such place of its own."""
        return str((place and self.value(f"at:{place}")) or self.value("division"))

    @property
    def places(self) -> tuple[str, ...]:
        """The case's home, then the other divisions where it lies."""
        section = self.section("case")
        others = (str(value) for name, value in section.items() if name.startswith("at:"))
        return tuple(dict.fromkeys((str(section.get("division", "")), *others)))

    def holders(self, post: str) -> tuple[str, ...]:
        name, division = self.place_of(post)
        return self.world.staff.holders(name, division, self.today)

    def finish(self, kind: str) -> Decision:
        """The decision: the event with its net changes, and the case folded by it."""
        command = self.command
        if self.note:
            self.body["note"] = Secret(self.note)
        if self._read:
            self.body["read"] = Secret(self._read)
        if self.messages:
            self.body["told"] = digest_of(self.messages)
        event = Event(
            county=self.before.county,
            case=self.before.id,
            seq=self.seq,
            at=self.now,
            kind=kind,
            command=command.id,
            asked=command_digest(command),
            actor=command.person,
            post=self.post,
            behalf=self.behalf,
            version=self.procedure.version,
            body=self.body,
            changes=tuple(self._net_changes()),
        )
        return Decision(
            event, fold(self.before, event), tuple(self.messages), tuple(self.register), tuple(self.followups)
        )

    def _net_changes(self) -> Iterator[Change]:
        for section, key, value in self._changes:
            vanished = value is None and key and section in _NET and key not in self.before.section(section)
            if not vanished:
                yield section, key, value


def rule_scope(draft: Draft) -> RuleScope:
    """What rules may read of a case: its facts, members, parameters, what it passed, results, and the day."""
    workflow = draft.procedure.workflow
    facts: dict[str, Any] = {}
    of_member: dict[str, dict[str, Any]] = {key: {} for key in draft.value("members", ())}
    for key, stored in draft.section("facts").items():
        name, _, member = key.partition("/")
        value = stored["v"]
        if is_missing(value):
            continue
        if member:
            of_member.setdefault(member, {})[name] = plain(workflow.facts[name], value)
        else:
            facts[name] = plain(workflow.facts[name], value)
    for name, fact in draft.procedure.registered.items():
        value = draft.registered(name, fact)
        if value is not None:
            with suppress(InputError):  # Another procedure knows it as something else: here it is not known.
                facts[name] = plain(fact, clean(name, fact, value))
    members = [{**draft.world.members.get(key, {}), **own} for key, own in of_member.items()]
    tasks = draft.section("tasks").items()
    results = {name: task.get("r", "waived") for name, task in tasks if task["st"] in ("done", "waived")}
    opened = draft.world.calendar.local_date(draft.before.opened_at) if draft.before.seq else draft.today
    return RuleScope(
        facts=facts,
        members=members,
        params=draft.procedure.rules.params(opened, str(draft.value("division")), facts),
        passed=tuple(draft.section("passed")),
        today=draft.today,
        results=results,
    )


def registered_as(of: str, home: str, subject: str) -> str:
    """
    The key under which the register keeps what is known of a case's village or person; empty for its household, and
    where the case has none.
    """
    if of == "village":
        return home if level_of(home) == Level.VILLAGE else ""
    return subject if of == "person" else ""


@lru_cache(maxsize=4096)
def seat_division(post: str, home: str) -> str:
    """
    The division at which *post* (``level.role``) is held for a case at *home*: the one of that level above it.

    Groups keep their posts at the village, bodies outside government at the county.
    """
    word = post.partition(".")[0]
    level = {"group": Level.VILLAGE, "outside": Level.COUNTY}.get(word)
    level = level or Level(word)
    if level_of(home).digits < level.digits:
        return home
    return ancestor(home, level)

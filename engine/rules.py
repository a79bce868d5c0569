"""
Rules: CEL over the facts that a definition declares, with a third truth for what is not known.

An expression is checked against the declared types when a definition is checked (:meth:`RuleBook.compile`), and
compiled when it is first needed, once for all threads. CEL and protobuf cost 0.2 s to import and are imported then.

What a rule sees, by the type that the definition gives: text, person and ``one of`` are strings; number and yuan are
integers, yuan in 分 (so a rule names no amount of money: amounts are parameters); a share is a double (a quotient of
two integers equals the decimal that is its value); a date, and ``today``, is a day number, so that a difference is
days; ``many of`` and ``list of`` are lists of strings; a table is not seen. Parameters are ``k.name``: number, yuan,
share and date. ``members`` are records of member facts, ``passed`` is what the case has passed ("stage/panel").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from engine.errors import N_, DefinitionError, Fault, Words, worded
from engine.expressions import Expression, scan
from engine.loading import Definition
from engine.parameters import leaves, line_of
from engine.workflow import Param

#: What every member of a household has besides the facts of the definition: by name, the type of a fact.
MEMBER_FACTS: Mapping[str, str] = MappingProxyType({"age": "number", "gender": "text", "relation": "text"})

Kind = Literal["string", "int", "yuan", "double", "day", "bool", "list"]
_KINDS: Mapping[str, Kind] = {
    "text": "string", "person": "string", "one": "string", "number": "int", "yuan": "yuan", "share": "double",
    "date": "day", "yes_no": "bool", "many": "list", "list": "list",
}  # fmt: skip
#: Words that CEL or this module keeps for itself: nothing that a rule names may be called so.
RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"package", "namespace", "null", "return", "true", "var", "void", "while", "k", "members", "passed", "today"}
)
_MISSING = ("UNKNOWN: No value with name", "NOT_FOUND: Key not found")
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")


@dataclass(frozen=True, slots=True)
class RuleScope:
    """
    What rules may read of a case.

    Args:
        facts: By name; str, int, Decimal, bool, date or tuple of str. A fact that is not known is absent.
        members: The household's members, in the same way.
        params: By name, as :meth:`RuleBook.params` gives them.
        passed: What the case has passed.
        today: The legal day.
        results: Of tasks that are over, by task.
    """

    facts: Mapping[str, Any]
    members: Sequence[Mapping[str, Any]]
    params: Mapping[str, Any]
    passed: Sequence[str]
    today: date
    results: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """
    What one rule said and why.

    Attributes:
        truth: ``None`` is unknown or broken, never false.
        inputs: What it read and knew: facts, ``k.name``, other rules, ``members[0].age``.
        missing: Facts (``k.name``, tasks) that it lacks.
        broken: Why it could not be evaluated at all: an incident, never "unknown".
    """

    id: str
    title: str
    clause: str
    truth: bool | None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reference to a rule comes to, and every rule that had a part in it, those asked for first."""

    truth: bool | None
    ref: str
    rules: tuple[RuleResult, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """All that is missing for an answer; nothing if there is one."""
        names = (name for rule in self.rules if rule.truth is None for name in rule.missing)
        return tuple(dict.fromkeys(names)) if self.truth is None else ()

    @property
    def broken(self) -> str:
        """Why there can be no answer, if one of the rules cannot be evaluated."""
        return next((rule.broken for rule in self.rules if rule.broken), "") if self.truth is None else ""


@dataclass(frozen=True, slots=True)
class _Formula:
    """An expression of the definition: the text of a rule or of a computed fact."""

    id: str
    path: tuple[str, str, str]
    text: str
    kind: Kind
    of_member: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The value of a name, or what is missing for it, or why it is broken."""

    value: Any = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    broken: str = ""


#: What an expression writes where it may have a value without one of the facts that it names.
_CHOOSING = ("||", "&&", "?", ".exists", ".all(", ".filter", "has(")


class RuleBook:
    """
    The rules and computed facts of one definition; shared by its cases and by threads.

    Making one does no work. :meth:`compile` makes one of which everything has been checked: for a definition that
    is checked or deployed. A stored definition was checked once, and compiles what it needs when it needs it.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.workflow = definition.workflow
        self._scanned: dict[str, Expression] = {}
        self._compiled: dict[str, Any] = {}

    @classmethod
    def compile(cls, definition: Definition) -> RuleBook:
        """
        The rules of *definition*, each checked against the declared facts.

        Raises:
            DefinitionError: With every fault found, at its place inside the text of the rule.
        """
        book = cls(definition)
        if faults := list(book._name_faults()):
            raise DefinitionError(faults)  # What a name means is not clear: no rule can be judged.
        faults = list(book._param_faults())
        for formula in book._formulas.values():
            faults.extend(book._formula_faults(formula))
        faults.extend(book._cycle_faults())
        if faults:
            raise DefinitionError(faults)
        return book

    # --- asking ---

    def verdict(self, ref: str, scope: RuleScope) -> Verdict:
        """
        Whether *ref* holds: a rule, a group, a yes/no fact, ``not x``, ``any x`` or ``all x`` of the members, or
        ``task.result``.

        Raises:
            DefinitionError: *ref* is none of these; :meth:`unusable` says why.
        """
        if why := self.unusable(ref):
            raise DefinitionError([self.definition.fault((), why, code="rule-ref")])
        word, _, rest = ref.rpartition(" ")
        run = _Run(self, scope)
        if "." in rest:
            results = [self._task_result(rest, scope)]
            truth = results[0].truth
        elif word in ("any", "all"):
            truth, results = run.of_members(rest, is_any=word == "any")
        else:
            truth, results = run.of_case(rest)
        if word == "not" and truth is not None:
            truth = not truth
        return Verdict(truth, ref, tuple(results))

    def truths(self, refs: Iterable[str], scope: RuleScope) -> tuple[bool | None, ...]:
        """Whether each of *refs* holds, without an account of why: of rules, groups and facts that can be asked so."""
        run = _Run(self, scope)
        found = []
        for ref in refs:
            word, _, name = ref.rpartition(" ")
            truth = run.of_members(name, is_any=word == "any")[0] if word in ("any", "all") else run.outcome(name).value
            found.append(not truth if word == "not" and truth is not None else truth)
        return tuple(found)

    def computed(self, scope: RuleScope) -> dict[str, Any]:
        """
        The values of the computed facts of the case; those not known are absent.

        A broken one is absent too: a rule that reads it is broken in turn and says why.
        """
        run = _Run(self, scope)
        found = (
            (name, run.outcome(name)) for name, f in self._formulas.items() if f.path[0] == "facts" and not f.of_member
        )
        return {name: outcome.value for name, outcome in found if outcome.value is not None}

    def params(self, day: date, home: str = "", facts: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """
        The parameters that rules may read, as they stood on *day* for a case with these *facts* whose home is *home*:
        yuan in 分, a share as Decimal, a date as date.

        One that is unset, or whose table has no line for the case, is absent.
        """
        found = {}
        for name, param in self.workflow.params.items():
            if param.type in _KINDS:
                value, _ = line_of(param, day, home, facts)
                if value not in ("unset", "none") and not isinstance(value, (dict, tuple)):
                    found[name] = _param_value(param, value)
        return found

    def unusable(self, ref: str) -> str | Words:
        """Why *ref* cannot be used as a rule; nothing if it can. Whether a task has that result is not looked at."""
        word, _, name = ref.rpartition(" ")
        if "." in name:
            task = name.partition(".")[0]
            return "" if task in self.workflow.tasks else worded(N_("there is no task `{task}`"), task=task)
        case, member = name in self._truths[False], name in self._truths[True]
        if word in ("any", "all") and not member:
            return (
                worded(N_("`{name}` is not a rule of one member (`of: member`)"), name=name)
                if case
                else worded(N_("there is no member rule `{name}`"), name=name)
            )
        if word not in ("any", "all") and not case:
            if member:
                return worded(N_("`{name}` is a rule of one member: say `any {name}` or `all {name}`"), name=name)
            near = get_close_matches(name, self._truths[False], 1)
            if near:
                told = N_("there is no rule, group or yes/no fact `{name}`, but `{near}`")
                return worded(told, name=name, near=near[0])
            return worded(N_("there is no rule, group or yes/no fact `{name}`"), name=name)
        return ""

    def _task_result(self, ref: str, scope: RuleScope) -> RuleResult:
        task, _, wanted = ref.partition(".")
        result = scope.results.get(task)
        truth = None if result is None else result == wanted
        inputs = {} if result is None else {task: result}
        clause = self.definition.clause("tasks", task)
        return RuleResult(ref, self.workflow.tasks[task].title, clause, truth, inputs, () if inputs else (task,))

    def facts_read(self, ref: str) -> tuple[frozenset[str], bool]:
        """
        The facts that *ref* reads, those of its rules and computed facts included, and whether it is unknown without
        any one of them: not so where an expression chooses or says "or".
        """
        name = ref.rpartition(" ")[2]
        found: set[str] = set()
        certain = name not in self._groups
        queue = [*self._groups.get(name, (name,))]
        for each in queue:
            formula = self._formulas.get(each)
            if formula is None:
                found |= {each} & self.workflow.facts.keys()
                continue
            expression = self._scan(formula)
            certain = certain and not any(word in formula.text for word in _CHOOSING)
            read = [
                rule for used in (*expression.names, *expression.fields) for rule in self._groups.get(used, (used,))
            ]
            queue.extend(used for used in read if used not in queue)
        return frozenset(found), certain

    def expressions_of(self, ref: str) -> tuple[Expression, ...]:
        """The expressions that *ref* comes to: of its rules, and of the rules and computed facts that those read."""
        name = ref.rpartition(" ")[2]
        queue = [each for each in self._groups.get(name, (name,)) if each in self._formulas]
        for each in queue:
            queue.extend(part for part in self._needs(each) if part not in queue)
        return tuple(self._scan(self._formulas[each]) for each in queue)

    def param_values(self, name: str) -> tuple[Any, ...]:
        """Every value that the parameter *name* has somewhere, as rules read it; none that is undecided."""
        param = self.workflow.params[name]
        values = (value for _, value in leaves(param.value) if value not in ("unset", "none"))
        return tuple(dict.fromkeys(_param_value(param, value) for value in values))

    @cached_property
    def read(self) -> frozenset[str]:
        """Every name that some expression reads, and every field of a member."""
        expressions = [self._scan(formula) for formula in self._formulas.values()]
        return frozenset(name for each in expressions for name in (*each.names, *each.fields))

    # --- what the definition declares ---

    @cached_property
    def _formulas(self) -> dict[str, _Formula]:
        found = {
            name: _Formula(name, ("rules", name, "if"), rule.if_, "bool", rule.of == "member")
            for name, rule in self.workflow.rules.items()
        }
        for name, fact in self.workflow.facts.items():
            if fact.is_ and fact.kind in _KINDS:
                found[name] = _Formula(name, ("facts", name, "is"), fact.is_, _KINDS[fact.kind], fact.of == "member")
        return found

    @cached_property
    def _groups(self) -> dict[str, tuple[str, ...]]:
        groups: dict[str, list[str]] = {}
        for name, rule in self.workflow.rules.items():
            if rule.group:
                groups.setdefault(rule.group, []).append(name)
        return {group: tuple(rules) for group, rules in groups.items()}

    @cached_property
    def _names(self) -> Mapping[bool, Mapping[str, Kind]]:
        """What an expression may name, by whether it is about one member."""
        case: dict[str, Kind] = {}
        member: dict[str, Kind] = {name: _KINDS[kind] for name, kind in MEMBER_FACTS.items()}
        for name, fact in self.workflow.facts.items():
            if fact.kind in _KINDS:
                (member if fact.of == "member" else case)[name] = _KINDS[fact.kind]
        for name, rule in self.workflow.rules.items():
            target = member if rule.of == "member" else case
            target[name] = "bool"
            if rule.group:
                target[rule.group] = "bool"
        for name, param in self.workflow.params.items():
            if param.type in _KINDS:
                case[f"k.{name}"] = _KINDS[param.type]
        return {False: case, True: {**case, **member}}

    @cached_property
    def _member_fields(self) -> Mapping[str, Kind]:
        """What a record of ``members`` has."""
        own = {name: _KINDS[f.kind] for name, f in self.workflow.facts.items() if f.of == "member" and f.kind in _KINDS}
        return {name: _KINDS[kind] for name, kind in MEMBER_FACTS.items()} | own

    @cached_property
    def _truths(self) -> Mapping[bool, frozenset[str]]:
        """What can be asked whether it holds, of the case and of a member."""
        member = {name for name, rule in self.workflow.rules.items() if rule.of == "member"}
        member |= {group for group, rules in self._groups.items() if rules[0] in member}
        member |= {name for name, kind in self._member_fields.items() if kind == "bool"}
        case = {name for name, kind in self._names[False].items() if kind == "bool" and "." not in name}
        return {False: frozenset(case - member), True: frozenset(member)}

    def _scan(self, formula: _Formula) -> Expression:
        found = self._scanned.get(formula.id)
        if found is None:
            found = self._scanned[formula.id] = scan(formula.text)
        return found

    @cached_property
    def _cel(self) -> Any:
        from engine.celtypes import Environments  # CEL and protobuf are loaded here, and not before

        return Environments(self._names[False], self._names[True], self._member_fields)

    def _program(self, formula: _Formula) -> Any:
        program = self._compiled.get(formula.id)
        if program is None:
            program = self._compiled[formula.id] = self._cel.compile(formula.text, formula.of_member)
        return program

    # --- checking ---

    def _name_faults(self) -> Iterator[Fault]:
        taken: dict[str, str] = {}
        for section, names in (("facts", self.workflow.facts), ("rules", self.workflow.rules)):
            for name in names:
                path = (section, name)
                if name in RESERVED:
                    yield self.definition.fault(
                        path, worded(N_("`{name}` is a word that rules keep for themselves"), name=name), code="name"
                    )
                elif name in taken:
                    yield self.definition.fault(
                        path,
                        worded(
                            N_("`{name}` is a {kind} already"),
                            name=name,
                            kind=Words(_SECTIONS[taken[name]]),
                        ),
                        N_("take another name"),
                        "name",
                    )
                elif name in MEMBER_FACTS:
                    message = worded(N_("`{name}` is known of every member already"), name=name)
                    yield self.definition.fault(path, message, N_("take another name"), "name")
                taken.setdefault(name, section)
        for group, rules in self._groups.items():
            if group in taken or group in RESERVED:
                at = ("rules", rules[0], "group")
                yield self.definition.fault(
                    at, worded(N_("`{group}` is no name for a group: it is taken"), group=group), code="name"
                )
            for rule in rules:
                if self.workflow.rules[rule].of != self.workflow.rules[rules[0]].of:
                    message = worded(
                        N_("the group `{group}` mixes rules of the case and rules of a member"), group=group
                    )
                    yield self.definition.fault(("rules", rule, "group"), message, N_("make two groups"), "group")

    def _param_faults(self) -> Iterator[Fault]:
        for name, param in self.workflow.params.items():
            for keys, value in leaves(param.value):
                if param.type in _KINDS and value not in ("unset", "none") and not isinstance(value, (dict, tuple)):
                    try:
                        _param_value(param, value)
                    except ValueError as error:
                        path = ["params", name, "value", *keys]
                        yield self.definition.fault(
                            path,
                            worded(N_("`{value}` is not {kind}"), value=value, kind=Words(error.args[0])),
                            code="value",
                        )

    def _formula_faults(self, formula: _Formula) -> list[Fault]:
        expression = self._scan(formula)
        faults = [self._fault(formula, p.line, p.column, p.message, p.advice) for p in expression.problems]
        faults.extend(self._naming_faults(formula, expression))
        if faults:
            return faults
        faults.extend(self._literal_faults(formula, expression))
        try:
            kind = self._cel.kind(formula.text, formula.of_member)
        except RuntimeError as error:
            return [*faults, *self._cel_faults(formula, str(error))]
        wanted = {"yuan": "int", "day": "int"}.get(formula.kind, formula.kind)
        if kind != wanted:
            faults.append(
                self._fault(
                    formula,
                    1,
                    1,
                    worded(
                        N_("gives {kind}, and must give {wanted}"), kind=_kind_told(kind), wanted=_kind_told(wanted)
                    ),
                )
            )
        return faults

    def _naming_faults(self, formula: _Formula, expression: Expression) -> Iterator[Fault]:
        names = self._names[formula.of_member]
        for name, place in expression.names.items():
            if name not in names and name not in ("members", "passed", "today"):
                yield self._fault(
                    formula, *place, worded(N_("`{name}` is not known here"), name=name), self._advice(name, names)
                )
        for name, place in expression.bound.items():
            if name in names or name in RESERVED:
                yield self._fault(
                    formula,
                    *place,
                    worded(N_("`{name}` stands for something else already"), name=name),
                    N_("take another letter"),
                )

    def _advice(self, name: str, names: Iterable[str]) -> str | Words:
        if name in self._member_fields:
            return worded(
                N_("a fact of members: write members.exists(m, m.{name}), or make the rule `of: member`"), name=name
            )
        if name.startswith("k.") and name[2:] in self.workflow.params:
            return worded(N_("a parameter of type {type} is not for rules"), type=self.workflow.params[name[2:]].type)
        if name in self.workflow.params:
            return worded(N_("write k.{name}"), name=name)
        if name in self.workflow.facts:
            return worded(N_("a fact of type {type} is not for rules"), type=self.workflow.facts[name].type)
        near = get_close_matches(name, names, 1)
        return (
            worded(N_("did you mean `{name}`?"), name=near[0])
            if near
            else N_("declare it as a fact, rule or parameter")
        )

    def _literal_faults(self, formula: _Formula, expression: Expression) -> Iterator[Fault]:
        names = {**self._member_fields, **self._names[formula.of_member]}
        advice: str | Words
        for found in expression.comparisons:
            fact = self.workflow.facts.get(found.name)
            if found.is_text and fact is not None and fact.choices and found.literal not in fact.choices:
                near = get_close_matches(found.literal, fact.choices, 1)
                advice = (
                    worded(N_("did you mean `{name}`?"), name=near[0])
                    if near
                    else worded(N_("one of: {names}"), names=", ".join(fact.choices))
                )
                message = worded(N_("`{name}` is never `{literal}`"), name=found.name, literal=found.literal)
                yield self._fault(formula, found.line, found.column, message, advice)
            elif found.is_text and found.name == "passed":
                stage = found.literal.partition("/")[0]
                if stage not in self.workflow.stages and stage not in self.workflow.tasks:
                    yield self._fault(
                        formula,
                        found.line,
                        found.column,
                        worded(N_("there is no stage or task `{stage}` to pass"), stage=stage),
                    )
            elif not found.is_text and names.get(found.name) == "yuan" and found.literal != "0":
                message = worded(N_("`{name}` is compared with a bare number"), name=found.name)
                advice = N_("rules count money in 分: name the amount as a parameter of type yuan")
                yield self._fault(formula, found.line, found.column, message, advice)

    def _cel_faults(self, formula: _Formula, text: str) -> list[Fault]:
        found = _ERROR.findall(text) or [("1", "1", text.splitlines()[0])]
        places: dict[tuple[int, int], tuple[str | Words, str | Words]] = {}
        for line, column, message in found:
            place = (max(int(line), 1), max(int(column), 1))
            places.setdefault(place, self._reworded(message.removesuffix(" [INVALID_ARGUMENT]")))
        return [self._fault(formula, *place, *words) for place, words in places.items()]

    def _reworded(self, message: str) -> tuple[str | Words, str | Words]:
        advice: str | Words
        if match := re.match(r"undefined field '(\w+)'", message):
            near = get_close_matches(match[1], self._member_fields, 1)
            advice = (
                worded(N_("did you mean `{name}`?"), name=near[0])
                if near
                else worded(N_("members have: {names}"), names=", ".join(self._member_fields))
            )
            return worded(N_("members have no `{name}`"), name=match[1]), advice
        if match := re.match(r"found no matching overload for '@?_?([^_']+)_?' applied to '\((.*)\)'", message):
            advice = N_("write double(x) around the whole number") if "double" in match[2] and "int" in match[2] else ""
            return worded(N_("`{sign}` cannot be applied to ({kinds})"), sign=match[1], kinds=match[2]), advice
        if message.startswith("Syntax error: "):
            words = message.removeprefix("Syntax error: ").partition(" expecting {")[0]
            return worded(N_("not readable as a rule: {said}"), said=words), N_(
                "look for a missing sign, name or bracket"
            )
        return Words("{said}", {"said": message}), ""

    def _cycle_faults(self) -> Iterator[Fault]:
        done: set[str] = set()

        def visit(name: str, above: tuple[str, ...]) -> Iterator[Fault]:
            if name in above:
                round_ = " → ".join((*above[above.index(name) :], name))
                message = worded(N_("`{name}` depends on itself: {round}"), name=name, round=round_)
                yield self.definition.fault(self._formulas[above[-1]].path, message, code="cycle")
            elif name not in done:
                for other in self._needs(name):
                    yield from visit(other, (*above, name))
                done.add(name)

        for name in self._formulas:
            yield from visit(name, ())

    def _needs(self, name: str) -> list[str]:
        """The formulas that *name* reads; a group stands for its rules, a field of a member for its computed fact."""
        expression = self._scan(self._formulas[name])
        read = [rule for used in expression.names for rule in self._groups.get(used, (used,))]
        return [used for used in (*read, *expression.fields) if used in self._formulas]

    def _fault(
        self, formula: _Formula, line: int, column: int, message: str | Words, advice: str | Words = ""
    ) -> Fault:
        """*message* at a place inside the text of *formula*: its own place in the file, and on from there."""
        at = self.definition.origin(*formula.path)
        return Fault(at.file, at.line + line - 1, at.column + column - 1, message, advice, "rule")


#: What stands under a name already.
_SECTIONS = {"facts": N_("fact"), "rules": N_("rule")}
_KINDS_TOLD = {
    "bool": N_("true or false"), "int": N_("a whole number"), "double": N_("a fraction"), "string": N_("text"),
    "list": N_("a list"), "number": N_("a whole number"),
}  # fmt: skip


class _Run:
    """One verdict: every name evaluated at most once."""

    def __init__(self, book: RuleBook, scope: RuleScope) -> None:
        self.book = book
        self.scope = scope
        self._known: dict[tuple[str, int], _Outcome] = {}

    def of_case(self, name: str) -> tuple[bool | None, list[RuleResult]]:
        """Whether a rule, group or fact of the case holds, and what had a part in it."""
        asked = self.book._groups.get(name, (name,))
        results = {rule: self._result(rule, self.outcome(rule)) for rule in asked}
        for rule in list(results):
            self._add_parts(rule, results)
        return _any(results[rule].truth for rule in asked), list(results.values())

    def of_members(self, name: str, *, is_any: bool) -> tuple[bool | None, list[RuleResult]]:
        """Whether a rule, group or fact holds of any member, or of all; vacuously if there is none."""
        asked = self.book._groups.get(name, (name,))
        truths = [_any(self.outcome(rule, number).value for rule in asked) for number in range(len(self.scope.members))]
        results = []
        for rule in asked:
            found = [self.outcome(rule, number) for number in range(len(self.scope.members))]
            inputs = {key: value for outcome in found for key, value in outcome.inputs.items()}
            missing = dict.fromkeys(name for outcome in found for name in outcome.missing)
            broken = next((outcome.broken for outcome in found if outcome.broken), "")
            values = [outcome.value for outcome in found]
            truth = _any(values) if is_any else _all(values)
            results.append(self._result(rule, _Outcome(truth, inputs, tuple(missing), broken)))
        return (_any(truths) if is_any else _all(truths)), results

    def outcome(self, name: str, member: int = -1) -> _Outcome:
        """The value of a fact, rule or group, for the case (-1) or one member."""
        if member >= 0 and name not in self.book._member_fields and name in self.book._names[False]:
            member = -1
        found = self._known.get((name, member))
        if found is None:
            found = self._known[name, member] = self._find(name, member)
        return found

    def _find(self, name: str, member: int) -> _Outcome:
        if name in self.book._groups:
            return self._group(name, member)
        if name in self.book._formulas:
            return self._evaluate(self.book._formulas[name], member)
        given = self.scope.facts if member < 0 else self.scope.members[member]
        key = name
        if name.startswith("k."):
            given, key = self.scope.params, name[2:]
        value = given.get(key)
        shown = name if member < 0 else f"members[{member}].{name}"
        if value is not None:
            return _Outcome(value, {shown: value})
        param = self.book.workflow.params.get(key) if key != name else None
        facts = self.scope.facts
        lacking = tuple(by for by in param.by if by in self.book.workflow.facts and by not in facts) if param else ()
        return _Outcome(missing=lacking or (name,))

    def _group(self, name: str, member: int) -> _Outcome:
        found = [self.outcome(rule, member) for rule in self.book._groups[name]]
        truth = _any(outcome.value for outcome in found)
        if truth is not None:
            return _Outcome(truth, {name: truth})
        missing = dict.fromkeys(name for outcome in found if outcome.value is None for name in outcome.missing)
        return _Outcome(
            missing=tuple(missing), broken=next((outcome.broken for outcome in found if outcome.broken), "")
        )

    def _evaluate(self, formula: _Formula, member: int) -> _Outcome:
        expression = self.book._scan(formula)
        kinds = self.book._names[formula.of_member]
        data: dict[str, Any] = {}
        inputs: dict[str, Any] = {}
        missing: list[str] = []
        broken = ""
        for name in expression.names:
            if name == "members":
                data[name], broken = self._records(expression.fields, inputs, missing, broken)
                continue
            if name == "today" or name == "passed":
                value: Any = self.scope.today if name == "today" else tuple(self.scope.passed)
                data[name] = _to_cel("day" if name == "today" else "list", value)
                inputs[name] = value
                continue
            found = self.outcome(name, member)
            missing.extend(found.missing)
            broken = broken or found.broken
            if found.value is not None:
                broken = _put(data, name, kinds[name], found.value) or broken
                computed = name in self.book._formulas or name in self.book._groups
                inputs.update({name: found.value} if computed else found.inputs)
        value, why = _evaluated(self.book._program(formula), data, formula.kind)
        if why is None:
            return _Outcome(value, inputs)
        if why.startswith(_MISSING) and missing and not broken:
            return _Outcome(None, inputs, tuple(dict.fromkeys(missing)))
        return _Outcome(None, inputs, tuple(dict.fromkeys(missing)), broken or why)

    def _records(
        self, fields: Iterable[str], inputs: dict[str, Any], missing: list[str], broken: str
    ) -> tuple[list[dict[str, Any]], str]:
        """The members with those of their facts that *fields* names."""
        records = []
        for number in range(len(self.scope.members)):
            record: dict[str, Any] = {}
            for name in fields:
                found = self.outcome(name, number)
                missing.extend(found.missing)
                broken = broken or found.broken
                if found.value is not None:
                    broken = _put(record, name, self.book._member_fields[name], found.value) or broken
                    inputs[f"members[{number}].{name}"] = found.value
            records.append(record)
        return records, broken

    def _add_parts(self, rule: str, results: dict[str, RuleResult]) -> None:
        """The rules that *rule* reads, so that a verdict explains itself to the end."""
        if rule not in self.book._formulas:
            return
        for part in self.book._needs(rule):
            formula = self.book._formulas[part]
            if part not in results and not formula.of_member and formula.path[0] == "rules":
                results[part] = self._result(part, self.outcome(part))
                self._add_parts(part, results)

    def _result(self, name: str, outcome: _Outcome) -> RuleResult:
        workflow, clause = self.book.workflow, self.book.definition.clause
        section = "rules" if name in workflow.rules else "facts"
        named = workflow.rules.get(name) or workflow.facts.get(name)
        title = named.title if named is not None else name
        missing = outcome.missing if outcome.value is None else ()
        broken = outcome.broken if outcome.value is None else ""
        return RuleResult(name, title, clause(section, name), outcome.value, outcome.inputs, missing, broken)


def _any(truths: Iterable[bool | None]) -> bool | None:
    found = list(truths)
    return True if True in found else None if None in found else False


def _all(truths: Iterable[bool | None]) -> bool | None:
    found = list(truths)
    return False if False in found else None if None in found else True


def _evaluated(program: Any, data: Mapping[str, Any], kind: Kind) -> tuple[Any, str | None]:
    """The value, or why there is none."""
    try:
        result = program.eval(data=data)
        value = result.plain_value()
        if result.type().name() == "ERROR":
            return None, str(value)
        return _from_cel(kind, value), None
    except (RuntimeError, ValueError, OverflowError) as error:  # The budget of iterations; a day number out of range.
        return None, str(error) or type(error).__name__


def _put(data: dict[str, Any], name: str, kind: Kind, value: Any) -> str:
    try:
        data[name] = _to_cel(kind, value)
    except TypeError as error:
        return f"{name}: {error}"
    return ""


def _to_cel(kind: Kind, value: Any) -> Any:
    if kind in ("int", "yuan") and type(value) is int and -(1 << 63) <= value < 1 << 63:
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "string" and isinstance(value, str):
        return value
    if kind == "double" and isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        return float(value)
    if kind == "day" and isinstance(value, date) and not isinstance(value, datetime):
        return value.toordinal()
    if kind == "list" and isinstance(value, (tuple, list)):
        return [str(part) for part in value]
    raise TypeError(f"{type(value).__name__} where {kind} is declared")


def _from_cel(kind: Kind, value: Any) -> Any:
    if kind == "double":
        return Decimal(str(value))
    if kind == "day":
        return date.fromordinal(value)
    return tuple(value) if kind == "list" else value


def _kind_told(kind: str) -> Words:
    """What a kind of value is called by those who write rules, if it has a name for them."""
    return Words(_KINDS_TOLD.get(kind, "{kind}"), {"kind": kind})


def _param_value(param: Param, value: str | int | Decimal) -> Any:
    """
    A parameter's value as rules see it.

    Raises:
        ValueError: It does not fit the type; says what would.
    """
    number = Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None
    if param.type == "date":
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            raise ValueError(N_("a date such as 2021-01-01")) from None
    if param.type == "share":
        if number is None or not 0 <= number <= 1:
            raise ValueError(N_("a share between 0 and 1"))
        return number
    if param.type == "yuan":
        if number is None or number * 100 != int(number * 100):
            raise ValueError(N_("an amount in yuan, with 分 at most"))
        return int(number * 100)
    if number is None or number != int(number):
        raise ValueError(N_("a whole number"))
    return int(number)

"""
What rules can say together: the truths that values of their facts give them, found by trying values.

Rules that read no fact in common are told apart; of those that do, every combination of telling values is tried (both
sides of each number that stands in them or in a parameter, every word, both answers) as far as that is few enough.
What was found is possible. That nothing else is possible is known only where a family of rules is ``whole``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, combinations, islice, product
from math import gcd, prod
from typing import Any

from engine.loading import Definition
from engine.rules import MEMBER_FACTS, RuleBook, RuleScope
from engine.workflow import Fact

#: So many combinations of values are tried of one family of rules, and no more of a larger one.
TRIED = 2_000
_TODAY = date(2026, 6, 30)
_NUMBER = re.compile(r"(?<![\w.'\"])\d+(?:\.\d+)?")
#: Signs of an expression whose truth turns at more points than the numbers that stand in it.
_RECKONED = re.compile(r"[-+*/%]|size\(|\.map\(|\.exists_one\(|contains\(|startsWith\(|endsWith\(")
#: Of these, those that move the point at which it turns away from the numbers.
_MULTIPLIED = re.compile(r"[*/%]|\.map\(|contains\(|startsWith\(|endsWith\(")
#: What is tried for a parameter that no pack has decided yet: several, since two of them may bound a span.
_UNDECIDED: Mapping[str, tuple[Any, ...]] = {
    "number": (3, 12, 48), "yuan": (10_000, 100_000, 1_000_000), "share": (Decimal("0.2"), Decimal("0.5")),
    "date": (_TODAY - timedelta(30), _TODAY),
}  # fmt: skip

#: Truths of the rules of a family, in their order; ``None`` where a fact that is optional is missing.
Truths = tuple[bool | None, ...]


@dataclass(frozen=True)
class Family:
    """
    Rules that share facts.

    Attributes:
        rules: As they are asked, without ``not``.
        reads: What each of them reads, itself or through other rules; ``today`` and ``passed`` among them.
        found: The truths that some values give them.
        whole: Whether there can be no others.
        telling: Whether no others are likely: every combination was tried of values on both sides of each comparison,
            though some reckon with more.
    """

    rules: tuple[str, ...]
    reads: tuple[frozenset[str], ...]
    found: frozenset[Truths]
    whole: bool
    telling: bool

    @property
    def facts(self) -> frozenset[str]:
        """What any of them reads."""
        return frozenset().union(*self.reads)


def plain(ref: str) -> str:
    """What *ref* asks about, without ``not``."""
    return ref.removeprefix("not ")


def families(definition: Definition, book: RuleBook, refs: Iterable[str]) -> tuple[Family, ...]:
    """What the rules *refs* can say together."""
    reads = {ref: _read_by(definition, book, ref) for ref in dict.fromkeys(plain(ref) for ref in refs)}
    groups: list[list[str]] = []
    for ref, names in reads.items():
        joined = [group for group in groups if any(reads[each] & names for each in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([*(each for group in joined for each in group), ref])
    return tuple(
        family
        for rules in groups
        for family in _families(definition, book, tuple(rules), tuple(reads[rule] for rule in rules))
    )


def _read_by(definition: Definition, book: RuleBook, ref: str) -> frozenset[str]:
    name = ref.rpartition(" ")[2]
    if "." in name:
        return frozenset({f"{name.partition('.')[0]}."})  # The result of a task, told apart from a fact of that name.
    facts, _ = book.facts_read(ref)
    words = {
        word for expression in book.expressions_of(ref) for word in expression.names if word in ("today", "passed")
    }
    return frozenset({*facts, *words} or {ref})


def _families(
    definition: Definition, book: RuleBook, rules: tuple[str, ...], reads: tuple[frozenset[str], ...]
) -> Sequence[Family]:
    if any("." in rule.rpartition(" ")[2] for rule in rules):
        return [_of_results(rules, reads)]
    tried = _Tried(definition, book, rules, frozenset().union(*reads))
    found: set[Truths] = set()
    for scope in tried.scopes():
        truths = book.truths(rules, scope)
        if None not in truths or len(scope.facts) < len(tried.case):  # Else it was divided by nothing.
            found.add(truths)
        if len(found) == (3 if tried.optional else 2) ** len(rules):
            break
    if not found:  # Anything may be so: told of each rule for itself, since all together would be 2 to their number.
        return [
            Family((rule,), (read,), frozenset({(True,), (False,)}), False, False)
            for rule, read in zip(rules, reads, strict=True)
        ]
    return [Family(rules, reads, frozenset(found), tried.whole, tried.telling)]


def _of_results(rules: tuple[str, ...], reads: tuple[frozenset[str], ...]) -> Family:
    """A task comes to one of its results, or to another than those asked about."""
    found = {tuple(each == rule for each in rules) for rule in rules} | {(False,) * len(rules)}
    return Family(rules, reads, frozenset(found), False, True)


class _Tried:
    """The values that are tried for the facts and parameters of some rules."""

    def __init__(self, definition: Definition, book: RuleBook, rules: Sequence[str], names: frozenset[str]) -> None:
        expressions = [expression for rule in rules for expression in book.expressions_of(rule)]
        self.text = "\n".join(expression.text for expression in expressions)
        read = {name for expression in expressions for name in expression.names}
        facts = definition.workflow.facts
        given = [name for name in names if name in facts and not facts[name].is_]
        self.types = {name[2:]: definition.workflow.params[name[2:]].type for name in sorted(read) if name[:2] == "k."}
        self.params = {name: book.param_values(name) or _UNDECIDED[kind] for name, kind in self.types.items()}
        self.optional = any(facts[name].optional for name in given)
        self.case = {
            name: (*self._values(facts[name]), *([None] if facts[name].optional else ()))
            for name in sorted(given)
            if facts[name].of != "member"
        }
        members = {name: self._values(facts[name]) for name in sorted(given) if facts[name].of == "member"}
        fields = {field for expression in expressions for field in (*expression.fields, *expression.names)}
        for name, kind in MEMBER_FACTS.items():
            if name in fields and name not in facts:
                members[name] = self._values(Fact(title=name, type=kind))
        self.members = self._households(
            members, members or "members" in read or any(r[:4] in ("any ", "all ") for r in rules)
        )
        self.passed = self._passed() if "passed" in names else ((),)
        self.days = self._days() if "today" in names else (_TODAY,)
        axes = (*self.case.values(), *self.params.values(), self.members, self.passed, self.days)
        self.size = prod(len(values) for values in axes)
        dated = any(facts[name].kind in ("date", "text", "person", "list", "table") for name in given)
        signs = re.sub(r"'[^']*'|\"[^\"]*\"", "''", self.text)
        decided = all(book.param_values(name) for name in self.params)
        self.telling = self.size <= TRIED and decided and _MULTIPLIED.search(signs) is None
        reckons = dated or _RECKONED.search(signs) is not None or {"today", "passed"} & names or len(members) > 1
        self.whole = self.size <= TRIED and not reckons

    def scopes(self) -> Iterator[RuleScope]:
        """Cases that differ in what the rules read: all if they are few, else some from all over."""
        axes: list[Sequence[Any]] = [*self.case.values(), *self.params.values(), self.members, self.passed, self.days]
        for number in _scattered(self.size):
            values = []
            for axis in axes:
                number, place = divmod(number, len(axis))
                values.append(axis[place])
            case = dict(zip(self.case, values, strict=False))
            case = {name: value for name, value in case.items() if value is not None}
            params = dict(zip(self.params, values[len(self.case) :], strict=False))
            yield RuleScope(case, values[-3], params, values[-2], values[-1])

    def _values(self, fact: Fact) -> tuple[Any, ...]:
        if fact.kind == "yes_no":
            return True, False
        if fact.kind == "one":  # Other procedures may write other words into the register.
            return fact.choices if fact.of in ("case", "member") else (*fact.choices, "其他")
        if fact.kind == "many":
            named = [word for word in fact.choices if f"'{word}'" in self.text or f'"{word}"' in self.text]
            other = [word for word in fact.choices if word not in named][:1]
            return tuple(_some([*named, *other]))
        if fact.kind == "list":
            return (), ("a",), ("a", "b")
        if fact.kind == "date":
            return tuple(_TODAY + timedelta(days=int(days)) for days in self._around("date", Decimal(1), signed=True))
        if fact.kind in ("number", "yuan", "share"):
            scale = 100 if fact.kind == "yuan" else 1
            low = fact.at_least * scale if fact.at_least is not None else None
            high = fact.at_most * scale if isinstance(fact.at_most, int) else None
            near = self._around(fact.kind, Decimal("0.01") if fact.kind == "share" else Decimal(1))
            inside = [v for v in near if (low is None or v >= low) and (high is None or v <= high)]
            return tuple(v if fact.kind == "share" else int(v) for v in inside) or (low or high or 0,)
        words = re.findall(r"'([^']*)'|\"([^\"]*)\"", self.text)
        return (*dict.fromkeys("".join(pair) for pair in words), "其他")

    def _around(self, kind: str, step: Decimal, *, signed: bool = False) -> list[Decimal]:
        """Both sides of every number with which one of that *kind* may be compared, far below and far above."""
        points = {Decimal(number) for number in _NUMBER.findall(self.text)} or {Decimal(0)}
        for name, values in self.params.items():
            if self.types[name] == kind:
                points |= {Decimal((v - _TODAY).days if isinstance(v, date) else v) for v in values}
        points |= {-point for point in points} if signed else set()
        near = {point + shift for point in points for shift in (-step, Decimal(0), step)}
        far = max(abs(point) for point in points) * (1 if signed else 10_000) + 1_000
        return sorted(near | {-far, far})

    def _households(
        self, members: Mapping[str, Sequence[Any]], asked: object
    ) -> tuple[tuple[Mapping[str, Any], ...], ...]:
        if not asked:
            return ((),)
        singles: list[dict[str, Any]] = [
            dict(zip(members, values, strict=True)) for values in product(*members.values())
        ]
        if len(singles) > 64:
            singles = [singles[number] for number in islice(_scattered(len(singles)), 64)]
        pairs = combinations(singles, 2) if len(singles) <= 16 else ()
        return ((), *((single,) for single in singles), *pairs)

    def _days(self) -> tuple[date, ...]:
        """A day, and those about each day that a parameter names: dates of a case are tried from the first."""
        named = [value for name, values in self.params.items() if self.types[name] == "date" for value in values]
        return (_TODAY, *dict.fromkeys(day + timedelta(days=shift) for day in named for shift in (-1, 0, 1)))

    def _passed(self) -> tuple[tuple[str, ...], ...]:
        words = ["".join(pair) for pair in re.findall(r"'([^']*)'|\"([^\"]*)\"", self.text)]
        return tuple(tuple(some) for some in _some(words[:6]))


def _scattered(size: int) -> Iterator[int]:
    """The numbers below *size*, far apart one after the other; of many, the first so many."""
    stride = round(size * 0.618) or 1
    while gcd(stride, size) > 1:
        stride += 1
    for number in range(min(size, TRIED)):
        yield number * stride % size


def _some(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every choice of some of a few *words*; of many, none, each, every two, and all."""
    if len(words) <= 6:
        yield from chain.from_iterable(combinations(words, number) for number in range(len(words) + 1))
    else:
        yield from ((), *((word,) for word in words), *combinations(words, 2), tuple(words))

"""
What the text of an expression shows before CEL sees it: the names it uses, and what is refused in it.

CEL's own runtime names only the first missing fact and bounds neither length nor nesting the way R11 asks; so the
words of a text are looked at once here. Types and grammar stay CEL's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import N_, Words, worded

MAX_LENGTH = 1000
MAX_DEPTH = 20

_WORDS = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<number>(?:\d+\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_LITERALS = frozenset({"true", "false", "null", "in"})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_REFUSED = {
    "matches": (N_("a search by pattern"), N_("give the fact `one of` or `many of` and compare words")),
    "dyn": (N_("a value without a type"), N_("give the fact the type that it has")),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something refused, at a place (line and column from 1) inside the text."""

    line: int
    column: int
    message: str | Words
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A name compared with, or searched for, a literal: ``kind == 'a'``, ``'a' in kinds``, ``m.age < 16``."""

    name: str
    literal: str
    is_text: bool
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Expression:
    """
    A text and what it shows.

    Attributes:
        names: Free names, a parameter as ``k.name``, each with its first place; not functions, not bound variables.
        fields: Names read from a record: ``m.age`` gives ``age``.
        bound: The variables of its comprehensions.
        comparisons: With literals, where the two stand side by side.
        problems: What is refused in it.
    """

    text: str
    names: dict[str, tuple[int, int]]
    fields: tuple[str, ...]
    bound: dict[str, tuple[int, int]]
    comparisons: tuple[Comparison, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str
    line: int
    column: int


_NOTHING = _Word("end", "", 0, 0)


def scan(text: str) -> Expression:
    """Look at *text* word by word."""
    if len(text) > MAX_LENGTH:
        problem = Problem(
            1,
            1,
            worded(N_("longer than {most} characters"), most=f"{MAX_LENGTH:,}"),
            N_("give its parts names of their own"),
        )
        return Expression(text, {}, (), {}, (), (problem,))
    return _Scan([word for word in _words(text) if word.kind != "space"]).expression(text)


def _words(text: str) -> Iterator[_Word]:
    line, start = 1, 0
    for match in _WORDS.finditer(text):
        yield _Word(match.lastgroup or "", match[0], line, match.start() - start + 1)
        if breaks := match[0].count("\n"):
            line += breaks
            start = match.start() + match[0].rindex("\n") + 1


class _Scan:
    def __init__(self, words: list[_Word]) -> None:
        self.words = words
        self.names: dict[str, tuple[int, int]] = {}
        self.fields: dict[str, None] = {}
        self.bound: dict[str, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        # The open brackets: what each binds if it belongs to a comprehension, else nothing.
        self.open: list[str | None] = []

    def expression(self, text: str) -> Expression:
        prefixes = choices = 0
        for number, word in enumerate(self.words):
            is_prefix = word.text in ("!", "-") and (number == 0 or self._at(number - 1).kind == "sign")
            prefixes = prefixes + 1 if is_prefix else 0
            if word.kind == "name":
                self._name(number, word)
            elif word.text in ("(", "[", "{"):
                self.open.append(self._binds(number))
            elif word.text in (")", "]", "}") and self.open:
                self.open.pop()
            choices += word.text == "?"
            if len(self.open) + prefixes + choices > MAX_DEPTH:
                self._refuse(
                    word,
                    worded(N_("nested more than {most} deep"), most=MAX_DEPTH),
                    N_("give its parts names of their own"),
                )
                break
        found = tuple(self._comparisons())
        return Expression(text, self.names, tuple(self.fields), self.bound, found, tuple(self.problems))

    def _at(self, number: int) -> _Word:
        return self.words[number] if 0 <= number < len(self.words) else _NOTHING

    def _refuse(self, word: _Word, message: str | Words, advice: str) -> None:
        self.problems.append(Problem(word.line, word.column, message, advice))

    def _name(self, number: int, word: _Word) -> None:
        before, after = self._at(number - 1).text, self._at(number + 1)
        place = (word.line, word.column)
        if after.kind == "string" and after.line == word.line and after.column == word.column + len(word.text):
            self._refuse(word, N_("a text with a prefix"), N_("write plain text in quotes"))
        elif after.text == "(":
            if word.text in _REFUSED:
                self._refuse(word, *_REFUSED[word.text])
            if before == "." and word.text in _MACROS and any(self.open):
                self._refuse(
                    word, N_("a comprehension inside another"), N_("give the inner one a rule or fact of its own")
                )
        elif before == ".":
            owner = self._at(number - 2)
            if owner.text == "k" and self._at(number - 3).text != "." and "k" not in self.open:
                self.names.setdefault(f"k.{word.text}", (owner.line, owner.column))
            else:
                self.fields.setdefault(word.text)
        elif word.text not in _LITERALS and word.text not in self.open and not (word.text == "k" and after.text == "."):
            self.names.setdefault(word.text, place)

    def _binds(self, number: int) -> str | None:
        """What the bracket at *number* binds: the variable of ``.exists(m, ...)`` and its like."""
        macro, variable = self._at(number - 1), self._at(number + 1)
        if macro.text not in _MACROS or self._at(number - 2).text != ".":
            return None
        if variable.kind == "name" and self._at(number + 2).text == ",":
            self.bound.setdefault(variable.text, (variable.line, variable.column))
            return variable.text
        return None

    def _comparisons(self) -> Iterator[Comparison]:
        for number, word in enumerate(self.words):
            left, right = self._at(number - 1), self._at(number + 1)
            if word.text == "in" and left.kind == "string":
                yield from self._compared(self._read(number + 1), left)
            elif word.text in _COMPARISONS and right.kind in ("string", "number"):
                yield from self._compared(left, right)
            elif word.text in _COMPARISONS and left.kind in ("string", "number"):
                yield from self._compared(self._read(number + 1), left)

    def _read(self, number: int) -> _Word:
        """The last name of the chain that begins at *number*: the ``age`` of ``m.age``."""
        while self._at(number + 1).text == "." and self._at(number + 2).kind == "name":
            number += 2
        return self._at(number) if self._at(number + 1).text != "(" else _NOTHING

    def _compared(self, name: _Word, literal: _Word) -> Iterator[Comparison]:
        if name.kind == "name":
            is_text = literal.kind == "string"
            shown = literal.text.strip("'\"") if is_text else literal.text
            yield Comparison(name.text, shown, is_text, literal.line, literal.column)

"""
YAML read safely, with the place of every value (R11).

The text is walked as a stream of parser events and never composed or constructed: nothing in it can name a type, refer
to another part of itself, or nest so deeply that the parser's own recursion fails. What a plain word means is decided
here and not by YAML 1.1: ``no``, ``on``, ``12:30``, ``007`` and ``2021-01-01`` stay text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from engine.errors import N_, Fault, Words, worded

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_EVENTS = 100_000

#: What a value may be once it is read.
Scalar = str | int | Decimal | bool | None
Path = tuple[str, ...]

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})\.\d{1,12}")
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
#: What YAML calls not printable. NUL is why it is looked for here: the parser takes it for the end of the text.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}
#: Keys whose text is an expression: the columns of an error inside it must be those of the file.
_EXPRESSIONS = frozenset({"if", "is"})


@dataclass(frozen=True, slots=True)
class Source:
    """
    One definition file.

    Args:
        name: What errors call it, usually its path.
        text: All of it.
        pack: The code of the pack it belongs to; a base and a fragment have none.
    """

    name: str
    text: str
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """
    A value and where it is written.

    ``line`` and ``column`` (from 1) are where the text of a scalar begins, after the quote or the ``|`` and its
    indentation, so that a place inside the text can be added to them; for a map or list they are where its key stands.
    ``clause`` is the nearest one above in the same file.
    """

    value: Scalar | dict[str, Node] | list[Node]
    source: Source
    line: int
    column: int
    key: tuple[int, int]
    clause: str = ""

    def fault(self, message: str | Words, advice: str | Words = "", code: str = "") -> Fault:
        """*message* about this value, at its place."""
        return Fault(self.source.name, self.line, self.column, message, advice, code)

    def fault_at_key(self, message: str | Words, advice: str | Words = "", code: str = "") -> Fault:
        """*message* about the key under which this value stands."""
        return Fault(self.source.name, *self.key, message, advice, code)

    @property
    def map(self) -> dict[str, Node]:
        """The entries of a map; nothing for a scalar or a list."""
        return self.value if isinstance(self.value, dict) else {}

    def text(self, key: str) -> str:
        """The text under *key* of a map, or nothing."""
        child = self.map.get(key)
        return child.value if child is not None and isinstance(child.value, str) else ""


#: What libyaml says of the mistakes that people make, for the catalogs.
_YAML_SAYS = (
    N_("mapping values are not allowed in this context"),
    N_("block sequence entries are not allowed in this context"),
    N_("mapping keys are not allowed in this context"),
    N_("did not find expected key"),
    N_("did not find expected '-' indicator"),
    N_("did not find expected ',' or '}'"),
    N_("did not find expected ',' or ']'"),
    N_("did not find expected node content"),
    N_("did not find expected <document start>"),
    N_("did not find expected alphabetic or numeric character"),
    N_("did not find expected whitespace or line break"),
    N_("did not find expected comment or line break"),
    N_("did not find expected hexdecimal number"),
    N_("could not find expected ':'"),
    N_("found unexpected end of stream"),
    N_("found unexpected ':'"),
    N_("found unexpected document indicator"),
    N_("found character that cannot start any token"),
    N_("found a tab character that violates indentation"),
    N_("found a tab character where an indentation space is expected"),
    N_("found unknown escape character"),
    N_("found an indentation indicator equal to 0"),
    N_("found undefined tag handle"),
    N_("found incompatible YAML document"),
    N_("control characters are not allowed"),
)


class _StopReadingError(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def read(source: Source, report: Callable[[Fault], None]) -> Node | None:
    """
    The tree of *source*: a map at the top.

    Every fault found goes to *report*. What makes the rest unreadable (size, depth, syntax, an alias) gives ``None``;
    a duplicate key and its like are reported and reading goes on.
    """
    try:
        return _Reader(source, report).document()
    except _StopReadingError as stop:
        report(stop.fault)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = worded(N_("not readable as YAML: {problem}"), problem=_yaml_problem(error))
        report(Fault(source.name, *place, message, _syntax_advice(error), "yaml"))
    return None


def plain(node: Node) -> Any:
    """The value of *node* without its places: dict, list, str, int, Decimal, bool or None."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """*node* and everything below it, each with its path; the elements of a list are numbered from ``"0"``."""
    yield path, node
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from walk(child, (*path, key))
    elif isinstance(node.value, list):
        for number, child in enumerate(node.value):
            yield from walk(child, (*path, str(number)))


def _yaml_problem(error: yaml.MarkedYAMLError) -> Words:
    """What the parser says; what it says of most mistakes is in the catalogs, the rest stays in its own words."""
    said = error.problem or error.context or ""
    return Words(said) if said in _YAML_SAYS else Words("{said}", {"said": said})


def _syntax_advice(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    if "cannot start any token" in problem or "tab character" in problem:
        return N_("indent with spaces, and put text that begins with a sign in quotes")
    if "expected" in problem:
        return N_("look for a missing bracket, comma, colon or indentation just before this place")
    return ""


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


class _Reader:
    def __init__(self, source: Source, report: Callable[[Fault], None]) -> None:
        self.source = source
        self.report = report
        self.count = 0
        self.lines: list[str] = []

    def document(self) -> Node:
        text = self.source.text
        if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            message = worded(N_("larger than {most} KiB"), most=MAX_BYTES // 1024)
            raise _StopReadingError(
                Fault(self.source.name, 1, 1, message, N_("split it: a base, fragments, packs"), "size")
            )
        if found := _UNPRINTABLE.search(text):
            before = _BREAK.split(text[: found.start()])
            place = (len(before), len(before[-1]) + 1)
            message = worded(N_("a character that a definition may not hold (U+{code})"), code=f"{ord(found[0]):04X}")
            raise _StopReadingError(Fault(self.source.name, *place, message, "", "yaml"))
        events = self._checked(yaml.parse(text, Loader=yaml.CSafeLoader))
        next(events)  # the start of the stream
        first = next(events)
        if isinstance(first, yaml.StreamEndEvent):
            raise _StopReadingError(Fault(self.source.name, 1, 1, N_("nothing is written here"), "", "empty"))
        root = self._node(next(events), events, 1, (1, 1), "")
        next(events)  # the end of the document
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._stop(after, N_("a second document begins"), N_("one file holds one definition"), "yaml")
        if not isinstance(root.value, dict):
            raise _StopReadingError(
                root.fault(N_("a definition is a map of keys"), N_("begin with `workflow:`"), "shape")
            )
        return root

    def _checked(self, events: Iterator[Any]) -> Iterator[Any]:
        for event in events:
            self.count += 1
            if self.count > MAX_EVENTS:
                raise self._stop(event, worded(N_("more than {most} values"), most=f"{MAX_EVENTS:,}"), "", "size")
            if isinstance(event, yaml.AliasEvent):
                raise self._stop(
                    event,
                    worded(N_("an alias (*{anchor})"), anchor=event.anchor),
                    N_("write it out, or make it a fragment"),
                    "alias",
                )
            if getattr(event, "anchor", None):
                raise self._stop(
                    event,
                    worded(N_("an anchor (&{anchor})"), anchor=event.anchor),
                    N_("write it out, or make it a fragment"),
                    "alias",
                )
            if getattr(event, "tag", None):
                raise self._stop(event, worded(N_("a tag ({tag})"), tag=event.tag), N_("write the plain value"), "tag")
            if getattr(event, "tags", None):
                raise self._stop(event, N_("a tag directive"), N_("write plain values"), "tag")
            yield event

    def _stop(self, event: Any, message: str | Words, advice: str, code: str) -> _StopReadingError:
        return _StopReadingError(Fault(self.source.name, *_place(event), message, advice, code))

    def _node(self, event: Any, events: Iterator[Any], depth: int, key: tuple[int, int], name: str) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            line, column = self._text_place(event, name)
            return Node(self._scalar(event), self.source, line, column, key)
        if depth > MAX_DEPTH:
            raise self._stop(event, worded(N_("nested more than {most} deep"), most=MAX_DEPTH), "", "depth")
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                place = _place(event)
                items.append(self._node(event, events, depth + 1, place, ""))
            return Node(items, self.source, *key, key)
        return self._map(events, depth, key)

    def _map(self, events: Iterator[Any], depth: int, key: tuple[int, int]) -> Node:
        entries: dict[str, Node] = {}
        message: str | Words
        advice: str | Words
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                advice = N_("put text that begins with a bracket in quotes")
                raise self._stop(event, N_("a key that is not a plain word"), advice, "key")
            place = _place(event)
            child = self._node(next(events), events, depth + 1, place, event.value)
            if event.value in entries:
                advice = worded(N_("first at line {line}; keep one"), line=entries[event.value].key[0])
                self.report(
                    child.fault_at_key(worded(N_("`{key}` is written twice"), key=event.value), advice, "duplicate")
                )
                continue
            if child.value is None:
                message, advice = (
                    worded(N_("`{key}` is empty"), key=event.value),
                    N_("write a value, or leave the key out"),
                )
                self.report(child.fault_at_key(message, advice, "empty"))
                continue
            entries[event.value] = child
        return Node(entries, self.source, *key, key)

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        if event.style:  # quoted, or a block: text whatever it looks like
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        return text

    def _text_place(self, event: Any, name: str) -> tuple[int, int]:
        line, column = _place(event)
        is_folded = event.style == ">" or (event.style != "|" and event.end_mark.line > event.start_mark.line)
        if name in _EXPRESSIONS and is_folded:
            advice = N_("write it on one line, or after `|`, so that errors in it can be placed")
            self.report(Fault(self.source.name, line, column, N_("an expression in folded text"), advice, "folded"))
        if event.style in ("'", '"'):
            return line, column + 1
        if event.style == "|":
            return line + 1, self._indentation(line, event.value) + 1
        return line, column

    def _indentation(self, line: int, text: str) -> int:
        """How far the block of *text* that begins below *line* is indented in the file."""
        self.lines = self.lines or _BREAK.split(self.source.text)
        written = next((row for row in text.split("\n") if row.strip()), "")
        for row in self.lines[line:]:
            if row.strip():
                return (len(row) - len(row.lstrip(" "))) - (len(written) - len(written.lstrip(" ")))
        return 0


def inherit(node: Node, clause: str = "") -> Node:
    """*node* with the nearest clause above it, in its own file, on every value."""
    value = node.value
    clause = node.text("clause") or clause
    if isinstance(value, dict):
        value = {key: inherit(child, clause) for key, child in value.items()}
    elif isinstance(value, list):
        value = [inherit(child, clause) for child in value]
    return Node(value, node.source, node.line, node.column, node.key, clause)

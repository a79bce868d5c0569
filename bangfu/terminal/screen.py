"""
Where a command's answer goes: one JSON document, or tables and lines for people.

rich is loaded with the first line for people. Colours mean something: red is late, yellow is soon, green is done,
dim is for reference only; `NO_COLOR` and pipes get none.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bangfu.masking import masked_numbers
from engine.calendar import Calendar
from engine.cases import Secret, iso

if TYPE_CHECKING:
    from gettext import NullTranslations

    from rich.console import Console, RenderableType
    from rich.text import Text

LATE, SOON, DONE, QUIET, HEAD = "bold red", "yellow", "green", "dim", "bold cyan"
#: A deadline this near is shown as soon.
NEAR = timedelta(days=2)
#: Characters that move the cursor, clear the screen or name the window: shown as what they are not.
_CONTROLS = {point: "\ufffd" for point in (*range(32), *range(127, 160)) if chr(point) not in "\t\n"}
#: What is written where output goes to a file or another program.
PIPED_WIDTH = 100
#: Brackets and quotes that no line ends with, what no line begins with, and what may stand on a line alone.
_OPENING, _CLOSING, _WIDE = "（《“‘「【〔", "。，、；：）》”’」】〕！？…·", "\u2e80-\u9fff\uf900-\uffef"
#: What stays on one line: a character of Chinese or a word or key of other letters, with the marks that go with it.
_PIECE = re.compile(
    rf"[{_OPENING}]*(?:[^\s{_OPENING}{_CLOSING}{_WIDE}]+|(?![{_OPENING}{_CLOSING}])[{_WIDE}])?[{_CLOSING}]*\s*"
)


class Screen:
    """
    Args:
        as_json: Documents on standard output; people's lines are left out.
        words: The reader's catalog.
    """

    def __init__(self, as_json: bool, words: NullTranslations) -> None:
        self.as_json = as_json
        self.words = words
        self.practice = False

    @cached_property
    def out(self) -> Console:
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        return _console(sys.stderr)

    def document(self, content: Mapping[str, Any]) -> None:
        """Write *content* as the one JSON document of this command."""
        whole = {"practice": self.practice, **content}
        # JSON is UTF-8. Where the output is something else, ASCII alone is the same in both, and no character is lost.
        as_ascii = (sys.stdout.encoding or "utf-8").lower().replace("-", "") != "utf8"
        sys.stdout.write(json.dumps(plain(whole), ensure_ascii=as_ascii, indent=1) + "\n")

    def print(self, *parts: RenderableType) -> None:
        """Lines and tables for people; `[markup]` in text is rich's."""
        for part in parts:
            self.out.print(part, highlight=False, soft_wrap=isinstance(part, str))

    def warn(self, text: str, style: str = SOON) -> None:
        """A line beside the answer, on standard error; that often ends in a log, so no numbers of people (I32)."""
        from rich.text import Text

        self.err.print(Text(masked_numbers(text), style=style), highlight=False, soft_wrap=True)


def _console(stream: Any) -> Console:
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else PIPED_WIDTH, emoji=False)


def plain(value: Any) -> Any:
    """*value* as JSON: instants in UTC, ids as text, records as maps; a secret is never opened here."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (UUID, Path)):
        return str(value)
    if isinstance(value, Secret):
        return MASKED
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(part) for part in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


#: What stands for a value that the reader may not see.
MASKED = "••••"


def table(
    headings: Sequence[str], rows: Iterable[Sequence[Any]], *, narrow: Sequence[int] = (), title: str = ""
) -> Any:
    """
    A table that reads well at 100 columns.

    Args:
        rows: Text with rich's markup, or rich's own.
        narrow: Columns (from 0) that are never wrapped.
    """
    from rich import box
    from rich.table import Table

    found = Table(box=box.SIMPLE_HEAD, header_style=HEAD, title=title or None, title_justify="left", pad_edge=False)
    for number, heading in enumerate(headings):
        found.add_column(heading, no_wrap=number in narrow, overflow="fold")
    for row in rows:
        found.add_row(
            *(prose(each) if isinstance(each, str) and no not in narrow else each for no, each in enumerate(row))
        )
    return found


def prose(markup: str) -> Text:
    """A text of rich's that is wrapped as :func:`line_cuts` says: rich alone breaks keys, and begins lines with 。"""
    from rich.text import Text

    return _wrapping()().append_text(Text.from_markup(markup, emoji=False))


@cache
def _wrapping() -> type[Text]:
    from rich.text import Text

    class Wrapping(Text):
        def wrap(self, console: Any, width: int, **how: Any) -> Any:
            if how.get("no_wrap"):
                return super().wrap(console, width, **how)
            lines = [
                part for line in self.split(allow_blank=True) for part in line.divide(line_cuts(line.plain, width))
            ]
            for line in lines:
                line.rstrip()
            return Text("\n").join(lines).wrap(console, width, **how)

    return Wrapping


def line_cuts(text: str, width: int) -> list[int]:
    """
    Where *text* is cut into lines of *width* cells: at blanks, after 、 and between Chinese characters; never inside a
    word or key that fits on a line, before 。 or after （.
    """
    from rich.cells import cell_len, chop_cells

    cuts, at, used = [], 0, 0
    for piece in _PIECE.findall(text):
        if used and used + cell_len(piece.rstrip()) > width:
            cuts.append(at)
            used = 0
        parts = chop_cells(piece, width) if cell_len(piece.rstrip()) > width else [piece]
        for number, part in enumerate(parts):
            if number:
                cuts.append(at)
                used = 0
            at += len(part)
            used += cell_len(part)
    return cuts


def escape(text: object) -> str:
    """*text* with nothing in it that rich would take for markup, or a terminal for a command (a note can hold both)."""
    from rich.markup import escape as escaped

    return escaped(str(text).translate(_CONTROLS))


def styled(style: str, text: str) -> str:
    """*text* as markup in that style; a translated text stands outside every f-string, where the extractor sees it."""
    return f"[{style}]{escape(text)}[/]"


class Times:
    """How instants and days are written for people: by the clock on the wall."""

    def __init__(self, calendar: Calendar, now: datetime, words: NullTranslations) -> None:
        self.calendar = calendar
        self.now = now
        self.words = words
        self._ = words.gettext

    def instant(self, at: datetime | None) -> str:
        """``2026-03-02 09:30``; empty for None."""
        return "" if at is None else f"{self.calendar.local(at):%Y-%m-%d %H:%M}"

    def day_of(self, at: datetime) -> date:
        """The legal day that ends with, or holds, the due instant *at*: 24:00 belongs to the day before."""
        return self.calendar.local_date(at - timedelta(microseconds=1))

    def due(self, at: datetime | None) -> str:
        """A due instant as its day, coloured; the hour too where it is not the day's end."""
        if at is None:
            return ""
        text = self.due_plain(at)
        if at <= self.now:
            return f"[{LATE}]{text}[/]"
        return f"[{SOON}]{text}[/]" if at - self.now <= NEAR else text

    def due_plain(self, at: datetime) -> str:
        """A due instant as its day; the hour too where it is not the day's end."""
        local = self.calendar.local(at)
        if (local.hour, local.minute) == (0, 0):
            return self.short(self.day_of(at))
        return f"{self.short(local.date())} {local:%H:%M}"

    def short(self, day: date) -> str:
        """``03-02``; with its year unless that is this one."""
        return f"{day:%m-%d}" if day.year == self.calendar.local_date(self.now).year else day.isoformat()

    def left(self, at: datetime | None) -> str:
        """How far a due instant is: in whole days, or hours on the last one."""
        if at is None:
            return ""
        words = self.span(at - self.now)
        return styled(LATE, self._("late by {time}").format(time=words)) if at <= self.now else words

    def span(self, time: timedelta) -> str:
        """A stretch of time, forwards or back, in whole days, or hours where it is less than one."""
        days, hours = divmod(int(abs(time).total_seconds() // 3600), 24)
        if days:
            return self._("{n} d").format(n=days)
        return self._("{n} h").format(n=hours) if hours else self._("less than 1 h")

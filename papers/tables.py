"""
A sheet with titled columns, read into typed rows: every row present is either accepted or has a problem (I35).

Nothing is repaired that could have been destroyed: a number of a person that the spreadsheet program keeps as a
quantity is refused with advice, whatever its digits look like (R10, M15).
"""

from __future__ import annotations

import difflib
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from engine.identity import (
    NumberError,
    check_disability_number,
    check_id_number,
    check_phone,
    mask_id,
    mask_name,
    mask_phone,
    normal_name,
)
from papers.problems import InputFileError, Problem, column_letter
from papers.sheets import Cell, Lost, Row, Sheet

Value = str | int | date

_HEADER_WITHIN = 10  # rows in which the titles are looked for, below a title of the sheet or a note
_TEXT_LIMIT = 2_000
_NAME_LIMIT = 50
_FEN_LIMIT = 10**11
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?|(\d{4})(\d{2})(\d{2})")


class UnfitError(Exception):
    """A cell's value does not fit its column; the reason is a key of REASONS."""

    def __init__(self, reason: str, **parameters: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.parameters = parameters


@dataclass(frozen=True, slots=True)
class Kind:
    """How the cells of a column are read, and how one that could not be is shown to the officer who mends it."""

    read: Callable[[Cell, date], Value]
    show: Callable[[str], str]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a sheet.

    Args:
        code: The field's name; values are found under it.
        title: As printed on the form, or ours: the header.
        kind: One of the kinds below.
        mandatory: Without it a row is refused, and without the column all are.
        is_ours: The form does not print it.
        note: What the one who fills it in should know, in Chinese.
    """

    code: str
    title: str
    kind: Kind
    mandatory: bool = False
    is_ours: bool = False
    note: str = ""


@dataclass(slots=True)
class TableRow:
    """A data row; `values` holds what could be read, also of a row that is refused. Absent cells have no key."""

    number: int
    values: Mapping[str, Value]
    is_accepted: bool


@dataclass(slots=True)
class Table:
    """A sheet as read; more problems are added when rows are compared. `columns` are those found, and where."""

    sheet: str
    known: Sequence[Column]
    columns: Mapping[str, tuple[Column, int]]
    rows: list[TableRow]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, row: TableRow, code: str, reason: str, /, **parameters: str) -> None:
        """Say that a row which was read does not fit other rows or values; *code* names the field, or is empty."""
        column = next((column for column in self.known if column.code == code), None)
        title = column.title if column is not None else ""
        shown = column.kind.show(str(row.values[code])) if column is not None and code in row.values else ""
        letter = column_letter(self.columns[code][1]) if code in self.columns else ""
        self.problems.append(Problem(self.sheet, row.number, letter, title, shown, reason, parameters))
        row.is_accepted = False


def read_table(sheet: Sheet, title: str, columns: Sequence[Column], today: date, source: str) -> Table:
    """
    Read a sheet.

    Args:
        sheet: Its first rows may be a heading; the titles stand in one row of the first ten.
        title: What problems call the sheet.
        columns: Those known; others are reported with their nearest match and not read.
        today: The legal day, for what may not lie in the future.
        source: The file's name, for the error.

    Raises:
        InputFileError: No row with titles was found.
    """
    known = {_title_key(column.title): column for column in columns}
    position = _header_position(sheet, known)
    if position is None:
        raise InputFileError("header_missing", source)
    header, data = sheet.rows[position], sheet.rows[position + 1 :]
    table = Table(title, columns, _columns(header, known), [])
    table.problems.extend(_header_problems(title, header, data, known))
    is_whole = all(column.code in table.columns for column in columns if column.mandatory)
    places = [(column, table.columns[column.code][1]) for column in columns if column.code in table.columns]
    for row in data:
        values, problems = _read_row(table, sheet, row, places, today)
        # Without a mandatory column every row lacks the same: said once, at the titles.
        table.problems.extend(problems if is_whole else ())
        table.rows.append(TableRow(row.number, values, is_whole and not problems))
    return table


# ------------------------------------------------------------------------------------------------------------- titles


def _title_key(text: str) -> str:
    """Titles are one whatever their width, blanks, mandatory mark and final bracket (a unit, a hint)."""
    key = "".join(unicodedata.normalize("NFKC", text).split()).strip("*")
    return re.sub(r"\([^()]*\)$", "", key)


def _header_position(sheet: Sheet, known: Mapping[str, Column]) -> int | None:
    def matches(row: Row) -> int:
        return sum(isinstance(cell, str) and _title_key(cell) in known for cell in row.cells)

    counts = [matches(row) for row in sheet.rows[:_HEADER_WITHIN]]
    return counts.index(max(counts)) if max(counts, default=0) >= 2 else None


def _columns(header: Row, known: Mapping[str, Column]) -> dict[str, tuple[Column, int]]:
    found: dict[str, tuple[Column, int]] = {}
    for index, cell in enumerate(header.cells):
        column = known.get(_title_key(cell)) if isinstance(cell, str) else None
        if column is not None:
            found.setdefault(column.code, (column, index))
    return found


def _header_problems(sheet: str, header: Row, data: Iterable[Row], known: Mapping[str, Column]) -> Iterable[Problem]:
    titles = [_title_key(cell) if isinstance(cell, str) else "" for cell in header.cells]
    free = [column.title for key, column in known.items() if key not in titles]
    unknown = [title for title in titles if title and title not in known]

    def problem(index: int | None, reason: str, title: str, nearest: str = "") -> Problem:
        letter = "" if index is None else column_letter(index)
        return Problem(sheet, header.number, letter, title, "", reason, {"title": title, "nearest": nearest})

    for key, column in known.items():
        if column.mandatory and key not in titles:
            yield problem(None, "column_missing", column.title, "、".join(difflib.get_close_matches(key, unknown)))
    for index, title in enumerate(titles):
        if title in known and titles.index(title) < index:
            yield problem(index, "column_twice", known[title].title)
        elif title and title not in known:
            yield problem(
                index, "column_unknown", title[:40], "、".join(difflib.get_close_matches(title, free, 1, 0.4))
            )
    used = {index for row in data for index, cell in enumerate(row.cells) if cell is not None}
    for index in sorted(used):
        if index >= len(titles) or not titles[index]:
            yield problem(index, "column_untitled", "")


# --------------------------------------------------------------------------------------------------------------- rows


def _read_row(
    table: Table, sheet: Sheet, row: Row, places: Iterable[tuple[Column, int]], today: date
) -> tuple[dict[str, Value], list[Problem]]:
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    cells = row.cells
    for column, index in places:
        cell = cells[index] if index < len(cells) else None
        if cell is None and not column.mandatory:
            continue
        try:
            value = _read_cell(column, cell, today)
            if value != "":
                values[column.code] = value
            elif column.mandatory:
                raise UnfitError("merged" if sheet.is_merged_away(row.number, index) else "missing")
        except UnfitError as unfit:
            shown = _shown(column, cell)
            letter = column_letter(index)
            problems.append(
                Problem(table.sheet, row.number, letter, column.title, shown, unfit.reason, unfit.parameters)
            )
    return values, problems


def _read_cell(column: Column, cell: Cell, today: date) -> Value:
    if isinstance(cell, Lost):
        raise UnfitError("cell_" + cell.why)
    if cell is None or (isinstance(cell, str) and not plain_text(cell)):
        return ""
    return column.kind.read(cell, today)


def _shown(column: Column, cell: Cell) -> str:
    if cell is None or isinstance(cell, Lost):
        return ""
    return column.kind.show(plain_text(str(cell) if not isinstance(cell, float) else f"{cell:.15g}"))[:40]


# -------------------------------------------------------------------------------------------------------------- kinds


def plain_text(text: str) -> str:
    """Without blanks at its ends and without characters that cannot be seen, which copying brings along."""
    if text.isprintable():  # No character of the kinds that are looked for, nor a blank but the plain one.
        return unicodedata.normalize("NFC", text).strip()
    return "".join(point for point in unicodedata.normalize("NFC", text) if unicodedata.category(point) != "Cf").strip()


def _typed(cell: Cell) -> str:
    """What a person typed, as text."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 10**15 else repr(cell)
    text = plain_text(str(cell))
    if text.isprintable() and "\ufffd" not in text:
        return text
    # Private use, unassigned, surrogate and control characters, and the mark that a damaged one leaves behind.
    if any(
        point == "\ufffd" or (unicodedata.category(point) in ("Co", "Cs", "Cc") and point not in "\t\r\n")
        for point in text
    ):
        raise UnfitError("text_odd")
    return text


def _text(cell: Cell, today: date) -> str:
    text = _typed(cell)
    if len(text) > _TEXT_LIMIT:
        raise UnfitError("text_too_long", limit=str(_TEXT_LIMIT))
    return sys.intern(text)  # A roster says the same of many households; each text is kept once.


def _name(cell: Cell, today: date) -> str:
    name = normal_name(_typed(cell))
    if name.isalpha() and len(name) <= _NAME_LIMIT:
        return name
    letters = [point for point in name if unicodedata.category(point)[0] == "L"]
    odd = [point for point in name if unicodedata.category(point)[0] not in "LM" and point not in "·-'"]
    if odd or not letters or len(name) > _NAME_LIMIT:
        raise UnfitError("name_odd")
    return name


def _number(check: Callable[[str, date], str]) -> Callable[[Cell, date], str]:
    def read(cell: Cell, today: date) -> str:
        if not isinstance(cell, str):
            raise UnfitError("stored_as_number")
        try:
            return check(_typed(cell), today)
        except NumberError as error:
            raise UnfitError(error.reason) from None

    return read


def _code(cell: Cell, today: date) -> str:
    # Twelve digits without a leading zero survive as a quantity: every double holds them exactly.
    return "".join(unicodedata.normalize("NFKC", _typed(cell)).split())


def _fen(cell: Cell, today: date) -> int:
    if isinstance(cell, float) and cell.is_integer() and 0 <= cell <= _FEN_LIMIT // 100:
        return int(cell) * 100
    text = _typed(cell) if not isinstance(cell, float) else repr(cell)
    text = "".join(unicodedata.normalize("NFKC", text).split()).removeprefix("¥").removesuffix("元").replace(",", "")
    try:
        yuan = Decimal(text)
    except InvalidOperation:
        raise UnfitError("yuan_shape") from None
    if not yuan.is_finite() or isinstance(cell, (bool, date)):
        raise UnfitError("yuan_shape")
    if not 0 <= yuan <= _FEN_LIMIT // 100:  # before it is multiplied: 9E999999 times 100 is more than Decimal holds
        raise UnfitError("yuan_range")
    # A monthly average is often a quotient; the paper knows no more than 分.
    return int((yuan * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _count(cell: Cell, today: date) -> int:
    text = unicodedata.normalize("NFKC", _typed(cell)).removesuffix("岁")
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 150:
        raise UnfitError("count_shape")
    return int(text)


def _date(cell: Cell, today: date) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    match = _DATE.fullmatch("".join(unicodedata.normalize("NFKC", _typed(cell)).split()))
    if match is None:
        raise UnfitError("date_shape")
    try:
        year, month, day = (int(part) for part in match.groups() if part)
        return date(year, month, day)
    except ValueError:
        raise UnfitError("date_shape") from None


def _first_characters(text: str) -> str:
    return text if len(text) <= 2 else text[:2] + "…"


TEXT = Kind(_text, _first_characters)
NAME = Kind(_name, mask_name)
ID_NUMBER = Kind(_number(lambda text, today: check_id_number(text, today).number), mask_id)
CARD = Kind(_number(lambda text, today: check_disability_number(text, today).number), mask_id)
PHONE = Kind(_number(lambda text, today: check_phone(text)), mask_phone)
CODE = Kind(_code, str)
YUAN = Kind(_fen, str)
COUNT = Kind(_count, str)
DATE = Kind(_date, str)


def choice(values: Mapping[str, Value], also: Mapping[str, Value] | None = None) -> Kind:
    """A kind with a closed list: titles as printed to values, and *also* other spellings that people use."""
    spellings = {**values, **(also or {})}

    def read(cell: Cell, today: date) -> Value:
        text = "".join(unicodedata.normalize("NFKC", _typed(cell)).split())
        if text not in spellings:
            raise UnfitError("choice", choices="、".join(values))
        return spellings[text]

    titles = {str(value): title for title, value in values.items()}
    return Kind(read, lambda text: titles.get(text, text), choices=tuple(values))

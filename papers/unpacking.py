"""
The child process that opens files from outside (R10). It is run as a script, alone: it imports nothing of ours.

It reads a workbook or CSV file from standard input and writes JSON lines: a sheet's name and merged ranges, then its
rows that hold anything, each with its number and its cells from column A. The last line says that all was written;
``{"refused": code}`` ends an attempt. A crash, a limit that is hit or a last line that is missing is for the parent
to tell (papers/sheets.py).
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineWorkbook

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 60
FILE_BYTES = 50 * 2**20
UNPACKED_BYTES = 200 * 2**20
ROWS = 200_000
# What calamine lays out in memory is the rectangle around all values: two cells in far corners would fill the machine.
CELLS = 8_000_000
ENTRIES = 10_000
CELL_CHARACTERS = 32_767  # Excel's own limit
OUTPUT_BYTES = 100 * 2**20

Cell = str | float | bool | dict[str, str] | None


class RefusedError(Exception):
    """The file is not read; the code is one of papers.problems.REASONS."""


def main() -> int:
    _limit_this_process()
    data = sys.stdin.buffer.read(FILE_BYTES + 1)
    out = _Output()
    last: dict[str, Any]
    try:
        if len(data) > FILE_BYTES:
            raise RefusedError("file_too_big")
        for line in _lines(data):
            out.write(line)
        last = {"done": True}
    except RefusedError as refused:
        last = {"refused": str(refused)}
    except MemoryError:
        return 3
    sys.stdout.buffer.write(json.dumps(last).encode() + b"\n")
    sys.stdout.buffer.flush()
    return 0


def _limit_this_process() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's time limit and the checks below remain.
        return
    for kind, limit in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):  # macOS knows the address space limit and refuses it.
            continue


class _Output:
    """A small file can name one long text in every cell: what comes out is bounded too."""

    def __init__(self) -> None:
        self._left = OUTPUT_BYTES
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def write(self, line: dict[str, Any]) -> None:
        text = self._encode(line).encode() + b"\n"
        self._left -= len(text)
        if self._left < 0:
            raise RefusedError("file_too_big")
        sys.stdout.buffer.write(text)


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    if data.startswith(b"PK\x03\x04"):
        return _workbook_lines(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise RefusedError("file_legacy")
    return _csv_lines(data)


# ---------------------------------------------------------------------------------------------------------------- CSV


def _csv_lines(data: bytes) -> Iterator[dict[str, Any]]:
    text = _decoded(data)
    csv.field_size_limit(CELL_CHARACTERS)
    first_line = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",\t;", key=first_line.count)
    yield {"sheet": "", "merged": []}
    rows = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
            if any(cell.strip() for cell in cells):
                rows += 1
                if rows > ROWS:
                    raise RefusedError("file_too_many_rows")
                yield {"row": number, "cells": [cell if cell.strip() else None for cell in cells]}
    except csv.Error:
        raise RefusedError("file_unreadable") from None


def _decoded(data: bytes) -> str:
    if b"\0" in data:
        raise RefusedError("file_unreadable")
    # GB18030 reads nearly anything, so it comes last; Excel in Chinese still writes it.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RefusedError("file_encoding")


# --------------------------------------------------------------------------------------------------------------- xlsx


@dataclass
class _Scan:
    """
    What a sheet's own XML holds, counted cell by cell: nothing that the file declares about itself is believed.

    Coordinates count from 0. `lost` are cells whose value the reader cannot give: errors, and formulas never computed.
    """

    rows: set[int] = field(default_factory=set)
    lost: dict[tuple[int, int], str] = field(default_factory=dict)
    last_column: int = 0


def _workbook_lines(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        parts = _unpacked_xml(data)
        paths = _sheet_paths(parts)
        blanks = _blank_strings(parts.get("xl/sharedStrings.xml", b""))
        scans = {name: _scan(parts[path], blanks) for name, path in paths.items()}
        del parts
        if sum(len(scan.rows) for scan in scans.values()) > ROWS:
            raise RefusedError("file_too_many_rows")
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name, scan in scans.items():
            yield from _sheet_lines(workbook, name, scan)
    # The libraries raise their own errors of many bases on broken input; here, alone with the file, one answer does.
    except (RefusedError, MemoryError):
        raise
    except Exception:
        raise RefusedError("file_unreadable") from None


def _unpacked_xml(data: bytes) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    left = UNPACKED_BYTES
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = {entry.filename for entry in entries}
        if len(entries) > ENTRIES or len(names) < len(entries):
            raise RefusedError("file_unreadable")
        if "xl/workbook.xml" not in names:
            raise RefusedError("file_not_a_workbook")
        for entry in entries:
            wanted = entry.filename.startswith("xl/") and entry.filename.endswith((".xml", ".rels"))
            pieces: list[bytes] = []
            with archive.open(entry) as stream:
                while piece := stream.read(1 << 16):
                    left -= len(piece)
                    if left < 0:
                        raise RefusedError("file_too_big")
                    if wanted:
                        pieces.append(piece)
            if wanted:
                parts[entry.filename] = b"".join(pieces)
    return parts


def _sheet_paths(parts: dict[str, bytes]) -> dict[str, str]:
    targets: dict[str, str] = {}
    names: dict[str, str] = {}

    def relationship(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            targets[attributes["Id"]] = str(PurePosixPath("/xl", attributes["Target"])).lstrip("/")

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            names[attributes["name"]] = next(value for key, value in attributes.items() if key.endswith(":id"))

    _parse(parts["xl/_rels/workbook.xml.rels"], relationship)
    _parse(parts["xl/workbook.xml"], sheet)
    return {name: targets[key] for name, key in names.items() if key in targets}


def _blank_strings(xml: bytes) -> set[int]:
    blank: set[int] = set()
    count = 0
    texts: list[str] = []
    phonetic = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal phonetic
        if tag == "si":
            texts.clear()
        phonetic = phonetic or tag == "rPh"

    def end(tag: str) -> None:
        nonlocal count, phonetic
        if tag == "si":
            if not "".join(texts).strip():
                blank.add(count)
            count += 1
        elif tag == "rPh":
            phonetic = False

    def characters(text: str) -> None:
        if not phonetic:
            texts.append(text)

    if xml:
        _parse(xml, start, end, characters)
    return blank


def _scan(xml: bytes, blanks: set[int]) -> _Scan:
    scan = _Scan()
    row = column = -1
    kind = name = ""
    text: list[str] = []
    has_formula = has_value = inside = False
    columns: dict[str, int] = {}  # those met so far, by their letters

    # Called some times for every cell. Tags come as written; those with a prefix, which few programs write, once more.
    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, kind, name, has_formula, has_value, inside
        if tag == "c":
            if "r" not in attributes:
                column += 1
            elif (following := columns.get(attributes["r"].removesuffix(name), -1)) > column:
                column = following
            else:
                column = place(attributes["r"])
            kind, has_formula, has_value = attributes.get("t", "n"), False, False
            text.clear()
        elif tag == "v" or tag == "t":
            has_value = inside = True
        elif tag == "row":
            following = int(attributes["r"]) - 1 if "r" in attributes else row + 1
            if following <= row:
                raise RefusedError("file_disordered")
            row, column, name = following, -1, str(following + 1)
        elif tag == "f":
            has_formula = True
        elif ":" in tag:
            start(tag.rpartition(":")[2], attributes)

    def place(reference: str) -> int:
        following = _column(reference, row)
        if following <= column:
            raise RefusedError("file_disordered")
        if (letters := reference.removesuffix(name)).isalpha():
            columns[letters] = following
        return following

    def end(tag: str) -> None:
        nonlocal inside
        if tag == "v" or tag == "t":
            inside = False
        elif tag == "c":
            value = "".join(text).strip()
            if kind == "e" and value:
                scan.lost[row, column] = "error"
            elif has_formula and (not has_value or (not value and kind != "str")):
                scan.lost[row, column] = "formula"
            elif not value or (kind == "s" and int(value) in blanks):
                return
            if column > scan.last_column:
                scan.last_column = column
            if row not in scan.rows:
                scan.rows.add(row)
                if len(scan.rows) > ROWS:
                    raise RefusedError("file_too_many_rows")
        elif ":" in tag:
            end(tag.rpartition(":")[2])

    def characters(piece: str) -> None:
        if inside:
            text.append(piece)

    _parse(xml, start, end, characters, as_written=True)
    if scan.rows and (max(scan.rows) + 1) * (scan.last_column + 1) > CELLS:
        raise RefusedError("file_too_spread")
    return scan


def _column(reference: str, row: int) -> int:
    match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", reference)
    if match is None or int(match[2]) != row + 1:
        raise RefusedError("file_disordered")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _parse(
    xml: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    characters: Callable[[str], None] | None = None,
    as_written: bool = False,
) -> None:
    """Have the handlers called with each tag, without its prefix unless *as_written*."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    if not as_written:
        parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
        if end is not None:
            parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    if characters is not None:
        parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(xml, True)


def _refuse_doctype(*_: object) -> None:
    # No spreadsheet program writes one; entities that multiply do need one.
    raise RefusedError("file_unreadable")


def _sheet_lines(workbook: CalamineWorkbook, name: str, scan: _Scan) -> Iterator[dict[str, Any]]:
    sheet = workbook.get_sheet_by_name(name)
    merged = [[top, left, bottom, right] for (top, left), (bottom, right) in sheet.merged_cell_ranges or []]
    yield {"sheet": name, "merged": merged}
    # Rows come from the first of the sheet, but columns from the first that is used.
    offset = sheet.start[1] if sheet.start else 0
    lost: dict[int, dict[int, str]] = {}
    for (row, column), why in scan.lost.items():
        lost.setdefault(row, {})[column] = why
    given = set()
    for number, values in enumerate(sheet.iter_rows()):
        cells: list[Cell] = [None] * offset + [_cell(value) for value in values]
        if number in lost or cells.count(None) < len(cells):
            given.add(number)
            yield {"row": number + 1, "cells": _with_lost(cells, lost.pop(number, {}))}
    for number, columns in sorted(lost.items()):  # rows beyond the last value hold nothing else
        given.add(number)
        yield {"row": number + 1, "cells": _with_lost([], columns)}
    if given != scan.rows:
        raise RefusedError("file_rows_disagree")


def _with_lost(cells: list[Cell], lost: dict[int, str]) -> list[Cell]:
    cells.extend([None] * (max(lost, default=-1) + 1 - len(cells)))
    for column, why in lost.items():
        cells[column] = {"lost": why}
    return cells


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        if len(value) > CELL_CHARACTERS:
            raise RefusedError("file_too_big")
        return value if value.strip() else None
    if isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, date):  # a datetime too: no column of ours asks the time of day
        return {"date": value.isoformat()[:10]}
    return str(value)


if __name__ == "__main__":
    sys.exit(main())

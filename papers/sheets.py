"""Read spreadsheets that come from outside, xlsx or CSV, into plain cells; never in this process (R10)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Literal

from papers.problems import InputFileError

_CHILD = Path(__file__).with_name("unpacking.py")
_FILE_BYTES = 50 * 2**20
_SECONDS = 60
_OUT_OF_MEMORY = 3  # the child's own exit status
_LIMITS = ("SIGXCPU", "SIGKILL", "SIGABRT", "SIGSEGV")  # how a process ends that met one; not every platform has all


@dataclass(frozen=True, slots=True)
class Lost:
    """A cell that shows something, but holds no value: an Excel error, or a formula that was never computed."""

    why: Literal["error", "formula"]


Cell = str | float | bool | date | Lost | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds something: `number` as the spreadsheet shows it, from 1; `cells` from column A."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        return self.cells[column] if column < len(self.cells) else None


@dataclass(frozen=True)
class Sheet:
    """`rows` are those physically present with a value, in order; `name` is empty for CSV."""

    name: str
    rows: tuple[Row, ...]
    merged: tuple[tuple[int, int, int, int], ...]

    def is_merged_away(self, row: int, column: int) -> bool:
        """Whether the cell (row from 1, column from 0) lies in a merged range and does not hold its value."""
        ranges = self._merged_over.get(column)
        if ranges is None:
            ranges = self._merged_over[column] = sorted(each for each in self.merged if each[1] <= column <= each[3])
        # Ranges do not overlap, so that the last of those that begin no lower is the only one that can hold the cell.
        place = bisect_right(ranges, row - 1, key=itemgetter(0)) - 1
        if place < 0:
            return False
        top, left, bottom, _ = ranges[place]
        return row - 1 <= bottom and (row - 1, column) != (top, left)

    @cached_property
    def _merged_over(self) -> dict[int, list[tuple[int, int, int, int]]]:
        """Column → the merged ranges over it, from the top, once it was asked for: there may be thousands of them."""
        return {}


def read_sheets(path: Path) -> list[Sheet]:
    """
    Read every sheet of a workbook, at least one, or a CSV file (UTF-8 or GB18030) as a sheet without a name.

    What the file is, its first bytes say, not its name. A child process with 512 MB and 60 s opens it; any bytes at
    all end in sheets or in the error (I36).

    Raises:
        InputFileError: The file cannot be read, or is larger than anything an office would send.
    """
    try:
        if path.stat().st_size > _FILE_BYTES:
            raise InputFileError("file_too_big", path.name)
        file = path.open("rb")
    except OSError as error:
        raise InputFileError("file_missing", path.name) from error
    with file:
        return _unpacked(file, path.name)


def _unpacked(file: BinaryIO, source: str) -> list[Sheet]:
    # Isolated (-I): neither the environment nor the current folder can put a module of its own in the way.
    command = [sys.executable, "-I", str(_CHILD)]
    is_late = threading.Event()
    with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None

        def end() -> None:
            is_late.set()
            child.kill()

        timer = threading.Timer(_SECONDS, end)
        timer.start()
        try:
            found, last = _sheets(child.stdout)
        except BaseException:
            child.kill()
            raise
        finally:
            child.wait()
            timer.cancel()
    if is_late.is_set() or child.returncode == _OUT_OF_MEMORY or -child.returncode in _signals():
        raise InputFileError("file_too_heavy", source)
    if child.returncode != 0:
        raise InputFileError("file_unreadable", source)
    if "refused" in last:
        raise InputFileError(last["refused"], source)
    if "done" not in last:
        raise InputFileError("file_unreadable", source)
    if not found:
        raise InputFileError("file_not_a_workbook", source)
    return found


def _signals() -> set[int]:
    return {getattr(signal, name) for name in _LIMITS if hasattr(signal, name)}


def _sheets(lines: Iterable[bytes]) -> tuple[list[Sheet], Mapping[str, Any]]:
    """What the child wrote, line by line as it comes: the sheets, and its last line; empty if that lacks or is half."""
    found: list[tuple[dict[str, Any], list[Row]]] = []
    last: Mapping[str, Any] = {}
    for line in lines:
        if not line.endswith(b"\n"):
            continue
        record = json.loads(line)
        if "row" in record:
            found[-1][1].append(Row(record["row"], _cells(record["cells"])))
        elif "sheet" in record:
            found.append((record, []))
        else:
            last = record
    if "done" not in last:
        return [], last
    return [
        Sheet(head["sheet"], tuple(rows), tuple((a, b, c, d) for a, b, c, d in head["merged"])) for head, rows in found
    ], last


def _cells(values: list[Any]) -> tuple[Cell, ...]:
    return tuple(values) if dict not in map(type, values) else tuple(_cell(value) for value in values)


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return Lost(value["lost"]) if "lost" in value else date.fromisoformat(value["date"])
    return value

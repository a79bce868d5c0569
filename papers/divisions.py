"""Read the division tree from CSV: china-division's files, or any with the columns ``code`` and ``name``."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from engine.divisions import Division, division, prefix
from engine.errors import N_, InputError

_FILES = ("provinces.csv", "cities.csv", "areas.csv", "streets.csv", "villages.csv")


def read_divisions(path: Path, inside: str) -> list[Division]:
    """
    Read the divisions inside *inside*, and those above it.

    The national table has 660,000 rows; a county is some two hundred of them. Rows outside it are passed
    over unread, so a mistake elsewhere in the file does not matter.

    Args:
        path: A folder with china-division's five files, or one file. UTF-8.
        inside: The digits that the wanted codes begin with: 2, 4, 6, 9 or 12.

    Returns:
        By code, so that every parent comes before its children.

    Raises:
        InputError: `source` is ``file:line``, `field` the column.
    """
    if len(inside) not in (2, 4, 6, 9, 12) or not (inside.isascii() and inside.isdigit()):
        raise InputError(N_("A prefix of division codes has 2, 4, 6, 9 or 12 digits"), field="prefix")
    found: dict[str, Division] = {}
    for file in [path / name for name in _FILES] if path.is_dir() else [path]:
        for line, place in _divisions(file, inside):
            # A city without counties appears on two levels under one name (东莞市), and is one division.
            if found.setdefault(place.code, place).name != place.name:
                raise InputError(
                    N_("The code {code} already belongs to {name}"),
                    source=f"{file.name}:{line}",
                    field="name",
                    code=place.code,
                    name=found[place.code].name,
                )
    if not any(code.startswith(inside) for code in found):
        raise InputError(N_("No division begins with {inside}"), source=path.name, field="code", inside=inside)
    for place in found.values():
        if place.parent is not None and place.parent not in found:
            raise InputError(
                N_("{code} {name} lies in {parent}, which is not there"),
                source=path.name,
                field="code",
                advice=N_("Give the folder with all of {files}"),
                files=", ".join(_FILES),
                code=place.code,
                name=place.name,
                parent=place.parent,
            )
    return sorted(found.values(), key=lambda place: place.code)


def _divisions(file: Path, inside: str) -> Iterator[tuple[int, Division]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            for column in ("code", "name"):
                if column not in (rows.fieldnames or ()):
                    raise InputError(
                        N_("There is no column {column}"), source=f"{file.name}:1", field=column, column=column
                    )
            for row in rows:
                code = row["code"] or ""
                if code.startswith(inside) or _may_hold(code, inside):
                    yield rows.line_num, _division(file, rows.line_num, code, row["name"])
    except OSError as error:
        raise InputError(
            N_("The file cannot be read: {strerror}"), source=file.name, strerror=error.strerror
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(N_("The file is not CSV in UTF-8"), source=file.name) from error


def _may_hold(code: str, inside: str) -> bool:
    if len(code) == 12 and code.strip("0123456789") == "" and code.strip("0"):
        return inside.startswith(prefix(code))
    return inside.startswith(code)


def _division(file: Path, line: int, code: str, name: str | None) -> Division:
    try:
        return division(code, (name or "").strip())
    except InputError as error:
        raise InputError(error.words, source=f"{file.name}:{line}", field=error.field) from error

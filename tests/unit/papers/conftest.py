"""Files as offices send them, made on the spot: nobody in them exists (identity numbers of county 430899)."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from engine.divisions import division
from papers.roster import HOUSEHOLD_COLUMNS, HOUSEHOLDS, MEMBER_COLUMNS, MEMBERS

VILLAGE = "430822213213"


@pytest.fixture
def today():
    return date(2026, 1, 15)


@pytest.fixture
def divisions():
    names = {
        "43": "湖南省",
        "4308": "张家界市",
        "430822": "桑植县",
        "430822213": "洪家关白族乡",
        VILLAGE: "洪家关村民委员会",
        "430822213202": "龙头村民委员会",
        "430822213001": "禾家山居委会",
        "430822213212": "禾家山村委会",
    }
    return [division(code, name) for code, name in names.items()]


def _workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write(number, column, value)
    return path


@pytest.fixture
def make_workbook(tmp_path):
    """Write sheets of rows as a workbook."""
    return lambda sheets, name="file.xlsx": _workbook(tmp_path / name, sheets)


def _rows(columns, records):
    titles = {column.title: column.code for column in columns}
    return [list(titles), *[[record.get(title) for title in titles] for record in records]]


@pytest.fixture
def make_roster(make_workbook):
    """Write a roster; each record maps titles to cells."""

    def make(households, members=(), name="roster.xlsx"):
        sheets = {HOUSEHOLDS: _rows(HOUSEHOLD_COLUMNS, households), MEMBERS: _rows(MEMBER_COLUMNS, members)}
        return make_workbook(sheets, name)

    return make


@pytest.fixture
def edit_part():
    """Change the text of a part inside a workbook, as a broken or hostile program would."""

    def edit(path: Path, part: str, change) -> Path:
        source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for entry in source.namelist():
                text = source.read(entry)
                target.writestr(entry, change(text.decode()).encode() if entry == part else text)
        return path

    return edit

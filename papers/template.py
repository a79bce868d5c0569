"""The roster as a workbook: empty, for villages to fill in, or filled from households (papers.roster reads both)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from engine.divisions import Division, Level
from papers.problems import new_workbook
from papers.roster import HOUSEHOLD_COLUMNS, HOUSEHOLDS, MEMBER_COLUMNS, MEMBERS, RosterHousehold, RosterMember
from papers.tables import CARD, CODE, COUNT, DATE, ID_NUMBER, PHONE, TEXT, YUAN, Column, Kind, Value

_NOTES = "填写说明"
_VILLAGES = "村名录"
_LAST_ROW = 20_000  # to where the cells are prepared

_RULES = (
    "《登记表》一户一行，《家庭成员》一人一行，用“户主身份证号”对应；第一行的栏目名不要改动，列的先后可以调整。",
    "深蓝栏目必填；浅蓝栏目为表上所印，可空；浅黄栏目为本系统所加（身份证号、村代码等）。",
    "村代码填 12 位代码；不填代码的，“乡镇”和“村”两栏都要填。",
    "身份证号、残疾证号、电话一律按文本录入。显示成 4.30802E+17 的号码已被改坏，必须对照证件重新录入。",
    "金额以元为单位，只写数字。日期写作 2026-01-31。不要合并单元格。",
    "一户中有一行出错，该户整户退回；改好后整份文件重新导入即可，已导入的户不会重复。",
    "本表含个人信息，只在工作范围内使用，用后删除。",
)
_SOURCE = (
    "来源：张家界市残疾人联合会 2020 年“连村帮户扶贫工程”方案附件 3《帮扶贫困残疾人家庭登记表》及其填表说明。"
    "原表一户一张，这里改为一户一行。"
)
_HOW = {
    ID_NUMBER: "18 位，文本",
    CARD: "20 位以上，文本",
    PHONE: "手机 11 位，或区号加号码，文本",
    CODE: "12 位代码，文本",
    YUAN: "元，数字",
    COUNT: "整数",
    DATE: "日期，如 2026-01-31",
}
_WIDTHS = {ID_NUMBER: 21, CARD: 24, PHONE: 15, CODE: 15, COUNT: 8, DATE: 12}


def write_template(target: Path | BinaryIO, divisions: Iterable[Division] = ()) -> None:
    """
    Write an empty roster: titles, cells formatted as text where digits must survive, lists to choose from, notes.

    Args:
        target: A path, or a file open for binary writing.
        divisions: When given, their villages are listed with their codes on a sheet of their own.

    Raises:
        InputError: The file cannot be written.
    """
    _write(target, (), divisions)


def write_roster(
    target: Path | BinaryIO, households: Iterable[RosterHousehold], divisions: Iterable[Division] = ()
) -> None:
    """
    Write households into the same workbook that `write_template` leaves empty; `read_roster` gives them back.

    With *divisions*, townships and villages are written by name too.
    """
    _write(target, households, divisions)


def _write(target: Path | BinaryIO, households: Iterable[RosterHousehold], divisions: Iterable[Division]) -> None:
    with new_workbook(target) as book:
        styles = _styles(book)
        household_sheet = _data_sheet(book, styles, HOUSEHOLDS, HOUSEHOLD_COLUMNS, frozen=5)
        member_sheet = _data_sheet(book, styles, MEMBERS, MEMBER_COLUMNS, frozen=2)
        places = {place.code: place for place in divisions}
        member_row = 1
        for row, household in enumerate(households, 1):
            values = _household_values(household) | _place_names(household.village, places)
            _write_row(household_sheet, row, HOUSEHOLD_COLUMNS, values, styles)
            for member in household.members:
                _write_row(member_sheet, member_row, MEMBER_COLUMNS, _member_values(household, member), styles)
                member_row += 1
        _notes_sheet(book, styles)
        if places:
            _village_sheet(book, styles, places)


def _styles(book: Any) -> dict[str, Any]:
    font = {"font_name": "宋体", "font_size": 11}
    head = {**font, "bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "border": 1}
    cell = {**font, "valign": "vcenter"}
    return {
        "mandatory": book.add_format({**head, "bg_color": "#1F4E79", "font_color": "#FFFFFF"}),
        "printed": book.add_format({**head, "bg_color": "#DDEBF7"}),
        "ours": book.add_format({**head, "bg_color": "#FFF2CC"}),
        "text": book.add_format({**cell, "num_format": "@"}),
        "yuan": book.add_format({**cell, "num_format": "0.00"}),
        "count": book.add_format({**cell, "num_format": "0"}),
        "date": book.add_format({**cell, "num_format": "yyyy-mm-dd", "align": "center"}),
        "title": book.add_format({**font, "bold": True, "font_size": 16}),
        "paragraph": book.add_format({**font, "text_wrap": True, "valign": "top"}),
        "grid": book.add_format({**font, "text_wrap": True, "valign": "vcenter", "border": 1}),
    }


def _data_sheet(book: Any, styles: Mapping[str, Any], name: str, columns: Sequence[Column], frozen: int) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, frozen)
    sheet.set_row(0, 36)
    for index, column in enumerate(columns):
        width = _WIDTHS.get(column.kind, max(16 if column.kind is TEXT else 11, min(26, 2 * len(column.title) + 2)))
        sheet.set_column(index, index, width, _cell_style(styles, column))
        sheet.write_string(0, index, column.title, _title_style(styles, column))
        sheet.data_validation(1, index, _LAST_ROW, index, _validation(column))
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1 + len(columns) // 16, 0)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0, frozen - 1)
    return sheet


def _title_style(styles: Mapping[str, Any], column: Column) -> Any:
    return styles["mandatory" if column.mandatory else "ours" if column.is_ours else "printed"]


def _cell_style(styles: Mapping[str, Any], column: Column) -> Any:
    return styles[{YUAN: "yuan", COUNT: "count", DATE: "date"}.get(column.kind, "text")]


def _validation(column: Column) -> dict[str, Any]:
    """What the spreadsheet program checks while typing, and the hint it shows; the reader checks everything again."""
    rules: dict[Kind, dict[str, Any]] = {
        ID_NUMBER: {"validate": "length", "criteria": "==", "value": 18},
        CARD: {"validate": "length", "criteria": "between", "minimum": 20, "maximum": 23},
        CODE: {"validate": "length", "criteria": "==", "value": 12},
        YUAN: {"validate": "decimal", "criteria": ">=", "value": 0},
        COUNT: {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 150},
        DATE: {"validate": "date", "criteria": ">=", "value": date(1900, 1, 1)},
    }
    rule = rules.get(column.kind, {"validate": "any"})
    if column.kind.choices:
        rule = {"validate": "list", "source": list(column.kind.choices)}
    hint = _hint(column)
    shown = {"input_title": column.title[:32], "input_message": hint[:255]} if hint else {}
    return {**rule, **shown, "error_title": "请检查", "error_message": (hint or column.title)[:255]}


def _hint(column: Column) -> str:
    how = "从列表中选择：" + "、".join(column.kind.choices) if column.kind.choices else _HOW.get(column.kind, "")
    return "；".join(part for part in (how, column.note) if part)


def _write_row(sheet: Any, row: int, columns: Sequence[Column], values: Mapping[str, Value], styles: Any) -> None:
    for index, column in enumerate(columns):
        if (value := values.get(column.code, "")) == "":
            continue
        style = _cell_style(styles, column)
        if isinstance(value, date):
            sheet.write_datetime(row, index, value, style)
        elif column.kind is YUAN:
            sheet.write_number(row, index, int(value) / 100, style)
        elif column.kind is COUNT:
            sheet.write_number(row, index, int(value), style)
        else:
            sheet.write_string(row, index, column.kind.show(str(value)) if column.kind.choices else str(value), style)


def _household_values(household: RosterHousehold) -> dict[str, Value]:
    values: dict[str, Value] = {
        "village.code": household.village,
        "householder.name": household.householder,
        "householder.id_number": household.id_number,
        "householder.phone": household.phone,
        "cover.address": household.address,
        **{f"household.{name}": value for name, value in household.statuses.items()},
        **household.fields,
    }
    if (person := household.disabled_person) is not None:
        values |= {
            "disabled_person.name": person.name,
            "disabled_person.sex": person.sex or "",
            "disabled_person.birth_date": person.birth_date or "",
            "disabled_person.kind": person.kind,
            "disabled_person.grade": person.grade or "",
            "disabled_person.card": person.card,
            "disabled_person.phone": person.phone,
        }
    return values


def _member_values(household: RosterHousehold, member: RosterMember) -> dict[str, Value]:
    own: dict[str, Value] = {
        "householder.id_number": household.id_number,
        "name": member.name,
        "id_number": member.id_number,
    }
    return {**own, **member.fields}


def _notes_sheet(book: Any, styles: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(_NOTES)
    sheet.hide_gridlines(2)
    for index, width in enumerate((10, 38, 7, 9, 92)):
        sheet.set_column(index, index, width)
    sheet.set_row(0, 30)
    sheet.merge_range(0, 0, 0, 4, "登记表填写说明", styles["title"])
    for row, text in enumerate([f"{number}. {rule}" for number, rule in enumerate(_RULES, 1)] + [_SOURCE], 1):
        sheet.set_row(row, 20)
        sheet.merge_range(row, 0, row, 4, text, styles["paragraph"])
    row = len(_RULES) + 3
    for index, title in enumerate(("工作表", "栏目", "必填", "出处", "填法")):
        sheet.write_string(row, index, title, styles["printed"])
    for name, columns in ((HOUSEHOLDS, HOUSEHOLD_COLUMNS), (MEMBERS, MEMBER_COLUMNS)):
        for column in columns:
            row += 1
            sheet.set_row(row, 18)
            cells = (
                name,
                column.title,
                "必填" if column.mandatory else "",
                "本系统" if column.is_ours else "附件 3",
                _hint(column),
            )
            for index, text in enumerate(cells):
                style = _title_style(styles, column) if index == 1 else styles["grid"]
                sheet.write_string(row, index, text, style)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _village_sheet(book: Any, styles: Mapping[str, Any], places: Mapping[str, Division]) -> None:
    sheet = book.add_worksheet(_VILLAGES)
    for index, (title, width) in enumerate((("村代码", 16), ("乡镇", 22), ("村", 30))):
        sheet.set_column(index, index, width, styles["text"])
        sheet.write_string(0, index, title, styles["printed"])
    sheet.freeze_panes(1, 0)
    villages = sorted(code for code, place in places.items() if place.level is Level.VILLAGE)
    for row, code in enumerate(villages, 1):
        for index, text in enumerate((code, *_place_names(code, places).values())):
            sheet.write_string(row, index, str(text), styles["text"])


def _place_names(village: str, places: Mapping[str, Division]) -> dict[str, Value]:
    """The names of a village that is known and of its township, by the codes of their columns."""
    place = places.get(village)
    township = places.get(place.parent or "") if place is not None else None
    if place is None or township is None:
        return {}
    return {"village.township": township.name, "village.name": place.name}

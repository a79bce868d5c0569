"""
The roster: households of 000 附件3 (F-02), a row each on sheet 《登记表》, their members on sheet 《家庭成员》.

The form is one sheet of paper per household; here its printed titles head the columns. What a list needs beyond the
form (identity numbers, the village's code) are columns of ours, marked so in the template.

A household is taken whole or not at all: without a member whose row is wrong, its income per head would be a
different one, and nobody would notice. So a row is refused with the rows it belongs to, and told why.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from engine.divisions import Division, Level
from engine.identity import Sex, check_disability_number
from papers.problems import InputFileError, Problem, in_order
from papers.sheets import Sheet, read_sheets
from papers.tables import (
    CARD,
    CODE,
    COUNT,
    DATE,
    ID_NUMBER,
    NAME,
    PHONE,
    TEXT,
    YUAN,
    Column,
    Table,
    TableRow,
    Value,
    choice,
    read_table,
)

HOUSEHOLDS = "登记表"
MEMBERS = "家庭成员"

_SEXES: Mapping[str, Sex] = {"male": "male", "female": "female"}
SEX = choice({"男": "male", "女": "female"})
DISABILITY_KIND = choice(
    {
        "视力残疾": "vision",
        "听力残疾": "hearing",
        "言语残疾": "speech",
        "肢体残疾": "physical",
        "智力残疾": "intellectual",
        "精神残疾": "mental",
        "多重残疾": "multiple",
    },
    also={
        "视力": "vision",
        "听力": "hearing",
        "言语": "speech",
        "肢体": "physical",
        "智力": "intellectual",
        "精神": "mental",
        "多重": "multiple",
    },
)
DISABILITY_GRADE = choice(
    {"一级": 1, "二级": 2, "三级": 3, "四级": 4},
    also={spelling: grade for grade in (1, 2, 3, 4) for spelling in (str(grade), f"{grade}级")},
)

#: As the definitions call what a household's record knows. Whoever was cleared out is not in a roster.
MONITORING = choice({"监测帮扶中": "active", "跟踪关注": "tracked", "已标注风险消除": "marked_eliminated"})
_STATUS = "household."

HOUSEHOLD_COLUMNS: Sequence[Column] = (
    Column("village.code", "村代码", CODE, is_ours=True, note="国家统计局统计用区划代码；填写乡镇和村名时可空"),
    Column("village.township", "乡镇", TEXT, is_ours=True, note="填写村代码时可空"),
    Column("village.name", "村", TEXT, is_ours=True, note="填写村代码时可空"),
    Column("householder.name", "户主姓名", NAME, mandatory=True),
    Column("householder.id_number", "户主身份证号", ID_NUMBER, mandatory=True, is_ours=True, note="一户一行"),
    Column("householder.phone", "户主联系电话", PHONE),
    Column("cover.address", "家庭地址", TEXT),
    Column("disabled_person.name", "残疾人姓名", NAME, note="无残疾人的家庭可空"),
    Column("disabled_person.sex", "性别", SEX, note="残疾人性别，应与残疾证号一致"),
    Column("disabled_person.birth_date", "出生日期", DATE, note="残疾人出生日期，应与残疾证号一致"),
    Column("disabled_person.kind", "残疾类别", DISABILITY_KIND, note="应与残疾证号第 19 位一致"),
    Column("disabled_person.grade", "残疾等级", DISABILITY_GRADE, note="应与残疾证号第 20 位一致"),
    Column("disabled_person.card", "残疾证号", CARD, note="补办的证后有字母和数字；未办证的可空"),
    Column("disabled_person.occupation", "从事行业", TEXT),
    Column("disabled_person.phone", "联系电话", PHONE, note="残疾人联系电话"),
    Column("social.pension", "养老保险", TEXT),
    Column("social.medical", "医疗保险", TEXT),
    Column("social.dibao", "低保", TEXT),
    Column("social.relief_past_year", "近一年内的救济、救助(现金或实物)", TEXT),
    Column("social.insurance_history", "参保人员、自缴部分、近三年报销及领取", TEXT, note="填表说明要求，表上无此栏"),
    Column("housing", "住房情况", TEXT, note="面积、居住人口、结构和等级、来源、无障碍"),
    Column("land", "土地情况", TEXT, note="种类、耕种面积、收入"),
    Column("income.per_capita", "家庭成员年人均收入(元)", YUAN),
    Column("income.sources", "收入来源", TEXT, note="家庭收入来源"),
    Column("income.personal", "残疾人个人年收入(元)", YUAN),
    Column("income.personal_source", "残疾人个人收入来源", TEXT, note="表上印作“收入来源”，为与家庭的区分而加字"),
    Column("expense.education", "教育支出(元)", YUAN, note="表上在“支出”下印作“教育”，以下四栏同"),
    Column("expense.medical", "医疗支出(元)", YUAN),
    Column("expense.housing", "住房支出(元)", YUAN),
    Column("expense.daily", "日常生活开支(元)", YUAN),
    Column("expense.other", "其它支出(元)", YUAN),
    Column("difficulties", "主要困难和问题", TEXT),
    Column("dpf_pair.0.name", "残联结对干部一姓名", NAME, note="以下由残联结对干部负责填写"),
    Column("dpf_pair.0.unit", "残联结对干部一单位", TEXT),
    Column("dpf_pair.0.phone", "残联结对干部一联系电话", PHONE),
    Column("dpf_pair.1.name", "残联结对干部二姓名", NAME),
    Column("dpf_pair.1.unit", "残联结对干部二单位", TEXT),
    Column("dpf_pair.1.phone", "残联结对干部二联系电话", PHONE),
    Column("measures", "帮扶措施", TEXT),
    Column("results", "帮扶成效", TEXT),
    Column(
        "household.monitoring", "监测状态", MONITORING, is_ours=True, note="使用本系统前已纳入监测的户填写，其他户空"
    ),
    Column("household.monitored_since", "纳入监测日期", DATE, is_ours=True, note="填写监测状态的必填"),
    Column("remark", "备注", TEXT, is_ours=True),
)

MEMBER_COLUMNS: Sequence[Column] = (
    Column("householder.id_number", "户主身份证号", ID_NUMBER, mandatory=True, is_ours=True, note="同《登记表》"),
    Column("name", "姓名", NAME, mandatory=True),
    # Members are in principle those of the police register (004 篇九 A(二)), and who is registered has a number.
    Column("id_number", "身份证号", ID_NUMBER, mandatory=True, is_ours=True),
    Column("relation", "与残疾人关系", TEXT),
    Column("age", "年龄", COUNT, note="填表说明要求，表上无此栏"),
    Column("education", "受教育程度", TEXT, note="填表说明要求，表上无此栏"),
    Column("employment", "就业从业状况", TEXT, note="填表说明要求，表上无此栏"),
    Column("workplace", "工作单位", TEXT),
    Column("position", "岗位", TEXT),
    Column("monthly_income", "月均收入(元)", YUAN),
    Column("remark", "备注(健康、联系电话等情况)", TEXT),
)


@dataclass(frozen=True, slots=True)
class RosterMember:
    """A row of 《家庭成员》. `fields` holds the columns filled in, by code; amounts in 分."""

    row: int
    name: str
    id_number: str
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DisabledPerson:
    """
    The disabled person of a household. Empty and None: not filled in.

    What the card's number says (`id_number`, `sex`, `birth_date`, `kind`, `grade`) is here even if its column is empty.
    """

    name: str
    card: str = ""
    id_number: str = ""
    kind: str = ""
    grade: int | None = None
    sex: Sex | None = None
    birth_date: date | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class RosterHousehold:
    """
    A row of 《登记表》 with its members.

    `village` is the 12-digit code; numbers are normalised, so that equal ones are equal text; `statuses` is what its
    record is to know from before, by the names of definitions; `fields` holds all other columns that were filled in,
    by their code in HOUSEHOLD_COLUMNS, amounts in 分.
    """

    row: int
    village: str
    householder: str
    id_number: str
    phone: str = ""
    address: str = ""
    disabled_person: DisabledPerson | None = None
    members: tuple[RosterMember, ...] = ()
    statuses: Mapping[str, Value] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)

    @property
    def id_numbers(self) -> tuple[str, ...]:
        """The identity numbers of everybody in it, the householder's first, each once."""
        disabled = self.disabled_person.id_number if self.disabled_person else ""
        return tuple(
            dict.fromkeys(filter(None, (self.id_number, disabled, *(member.id_number for member in self.members))))
        )


@dataclass(frozen=True, slots=True)
class Roster:
    """
    What a file holds: `rows_accepted` + `rows_rejected` is always `rows_present`, the rows below the titles that hold
    anything, on both sheets (I35). Every rejected row has a problem, its own or the one of its column titles.
    """

    households: tuple[RosterHousehold, ...]
    problems: tuple[Problem, ...]
    rows_present: int
    rows_rejected: int

    @property
    def rows_accepted(self) -> int:
        return len(self.households) + sum(len(household.members) for household in self.households)


def read_roster(path: Path, today: date, divisions: Iterable[Division], members: Path | None = None) -> Roster:
    """
    Read a roster from a workbook with both sheets, or from one or two CSV files.

    Only the file is looked at: whether a household is already known, the office asks by its identity numbers.

    Args:
        path: The workbook, or the CSV file of households.
        today: The legal day; births after it are refused.
        divisions: The places known; villages are among them.
        members: The CSV file of members, when *path* is one of households.

    Raises:
        InputFileError: A file cannot be read at all, a sheet or the row of titles is missing.
    """
    household_sheet, member_sheet = _sheets(path, members)
    households = read_table(household_sheet, HOUSEHOLDS, HOUSEHOLD_COLUMNS, today, path.name)
    people = (
        read_table(member_sheet, MEMBERS, MEMBER_COLUMNS, today, (members or path).name)
        if member_sheet is not None
        else Table(MEMBERS, MEMBER_COLUMNS, {}, [])
    )
    del household_sheet, member_sheet  # A hundred thousand rows of cells are not needed beside what was read in them.
    villages = _Villages(divisions)
    places = {row.number: _village(households, row, villages) for row in households.rows}
    for row in households.rows:
        _check_card(households, row, today)
        _check_statuses(households, row, today)
    by_key = _check_persons(households, people)
    _reject_together(households, people, by_key)

    taken = [row for row in households.rows if row.is_accepted]
    of_household: dict[str, list[RosterMember]] = {_key(row): [] for row in taken}
    for row in people.rows:
        if row.is_accepted:
            of_household[_key(row)].append(_member(row))
    rows = [*households.rows, *people.rows]
    return Roster(
        households=tuple(_household(row, places[row.number], of_household[_key(row)], today) for row in taken),
        problems=in_order(households.problems) + in_order(people.problems),
        rows_present=len(rows),
        rows_rejected=sum(not row.is_accepted for row in rows),
    )


def _sheets(path: Path, members: Path | None) -> tuple[Sheet, Sheet | None]:
    sheets = {"".join(sheet.name.split()): sheet for sheet in read_sheets(path)}
    if "" in sheets:
        return sheets[""], read_sheets(members)[0] if members else None
    for title in (HOUSEHOLDS, MEMBERS):
        if title not in sheets:
            raise InputFileError("sheet_missing", path.name, title=title, found="、".join(sheets))
    return sheets[HOUSEHOLDS], sheets[MEMBERS]


def _key(row: TableRow) -> str:
    return str(row.values.get("householder.id_number", ""))


# ------------------------------------------------------------------------------------------------------------- places

#: So many different misspelt villages are compared with all others, some milliseconds each.
_LOOKED_FOR = 500
_COMMUNITY = re.compile(r"(社区居民委员会|社区居委会|居民委员会|居委会|社区)$")
_VILLAGE = re.compile(r"(村民委员会|村委会|村)$")


class _Villages:
    """The villages by code, and by the names people write: 郝坪村 is what the table calls 郝坪村委会."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        places = {place.code: place for place in divisions}
        self.by_code = {code: place for code, place in places.items() if place.level is Level.VILLAGE}
        self._township = {code: places[place.parent].name for code, place in self.by_code.items() if place.parent}
        self._titles = {self._township.get(code, "") + place.name: code for code, place in self.by_code.items()}
        self._nearest: dict[str, str] = {}
        self._by_names: dict[tuple[str, str], list[str]] = {}
        for code, place in self.by_code.items():
            for key in _village_keys(place.name):
                self._by_names.setdefault((self._township.get(code, ""), key), []).append(code)

    def named(self, township: str, village: str) -> list[str]:
        """The codes that the two names may mean, from the most exact reading that has any."""
        for key in _village_keys(village):
            if codes := self._by_names.get((township, key)):
                return codes
        return []

    def title(self, code: str) -> str:
        return f"{self._township.get(code, '')}{self.by_code[code].name} {code}"

    def nearest(self, township: str, village: str) -> str:
        """The two that are written most like it; none once so many were looked for that the file is another place's."""
        wanted = township + village
        if wanted not in self._nearest:
            if len(self._nearest) >= _LOOKED_FOR:
                return ""
            near = difflib.get_close_matches(wanted, self._titles, 2)
            self._nearest[wanted] = "、".join(self.title(self._titles[title]) for title in near)
        return self._nearest[wanted]


def _village_keys(name: str) -> tuple[str, ...]:
    """From the full name to the bare one: as written, with its kind (村 or 社区) in one spelling, without it."""
    name = "".join(name.split())
    for pattern, kind in ((_COMMUNITY, "社区"), (_VILLAGE, "村")):
        if pattern.search(name) and (core := pattern.sub("", name)):
            return tuple(dict.fromkeys((name, core + kind, core)))
    return (name,)


def _village(table: Table, row: TableRow, villages: _Villages) -> str:
    """The code of the row's village; where it has none, the row is refused and the code is empty."""
    code, township, name = (str(row.values.get(f"village.{part}", "")) for part in ("code", "township", "name"))
    if code and code not in villages.by_code:
        table.refuse(row, "village.code", "village_unknown", nearest="")
        return ""
    meant = villages.named(township, name) if township and name else []
    if code:
        if township and name and code not in meant:
            table.refuse(row, "village.code", "village_differs", nearest=villages.title(code))
        return code
    if not (township and name):
        table.refuse(row, "village.code", "missing")
    elif not meant:
        table.refuse(row, "village.name", "village_unknown", nearest=villages.nearest(township, name))
    elif len(meant) > 1:
        table.refuse(row, "village.name", "village_ambiguous", nearest="、".join(map(villages.title, meant)))
    else:
        return meant[0]
    return ""


# --------------------------------------------------------------------------------------------- rows against each other


def _check_card(table: Table, row: TableRow, today: date) -> None:
    """What is written beside a card's number must be what the number says; who has a card or kind has a name."""
    written = {code: value for code, value in row.values.items() if code.startswith("disabled_person.")}
    if written and "disabled_person.name" not in written:
        table.refuse(row, "disabled_person.name", "missing")
    if "disabled_person.card" not in written:
        return
    card = check_disability_number(str(written["disabled_person.card"]), today)
    says: dict[str, Value] = {
        "disabled_person.kind": card.kind,
        "disabled_person.grade": card.grade,
        "disabled_person.sex": card.holder.sex,
        "disabled_person.birth_date": card.holder.birth_date,
    }
    for code, value in says.items():
        if written.get(code, value) != value:
            table.refuse(row, code, "card_differs")


def _check_statuses(table: Table, row: TableRow, today: date) -> None:
    """A status is had since a day that has come, and a day is that of a status."""
    codes = ("household.monitoring", "household.monitored_since")
    written = [code for code in codes if code in row.values]
    if len(written) == 1:
        (lacking,) = set(codes) - set(written)
        table.refuse(row, lacking, "missing")
    since = row.values.get("household.monitored_since")
    if isinstance(since, date) and since > today:
        table.refuse(row, "household.monitored_since", "date_future")


@dataclass(frozen=True, slots=True)
class _Seen:
    sheet: str
    row: int
    household: str
    name: str


class _Persons:
    """Who was met on which row: one household a person, one name a number. The first row stands."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def meet(self, table: Table, row: TableRow, code: str, name_code: str) -> None:
        number = str(row.values.get(code, ""))[:18]  # a card's number begins with its holder's
        if not number:
            return
        here = _Seen(table.sheet, row.number, _key(row), str(row.values.get(name_code, "")))
        first = self._seen.setdefault(number, here)
        if first.household != here.household:
            table.refuse(row, code, "person_twice", sheet=first.sheet, row=str(first.row))
        elif first.name and here.name and first.name != here.name:
            table.refuse(row, name_code, "name_differs", sheet=first.sheet, row=str(first.row))


def _check_persons(households: Table, people: Table) -> dict[str, TableRow]:
    """
    Refuse later rows of a householder, of a member, and of anybody who is already in another household.

    Returns:
        The household rows by householder's number.
    """
    by_key: dict[str, TableRow] = {}
    persons = _Persons()
    for row in households.rows:
        first = by_key.setdefault(_key(row), row)
        if first is row:
            persons.meet(households, row, "householder.id_number", "householder.name")
        elif _key(row):
            households.refuse(row, "householder.id_number", "household_twice", row=str(first.number))
    by_key.pop("", None)
    for row in by_key.values():
        persons.meet(households, row, "disabled_person.card", "disabled_person.name")
    listed: dict[str, int] = {}
    for row in people.rows:
        number = str(row.values.get("id_number", ""))
        if _key(row) and _key(row) not in by_key:
            people.refuse(row, "householder.id_number", "household_missing")
        elif number and listed.setdefault(number, row.number) != row.number:
            people.refuse(row, "id_number", "person_twice", sheet=MEMBERS, row=str(listed[number]))
        else:
            persons.meet(people, row, "id_number", "name")
    return by_key


def _reject_together(households: Table, people: Table, by_key: Mapping[str, TableRow]) -> None:
    """Refuse a household with a member's row that was refused, and the members of a household that was."""
    for row in people.rows:
        home = by_key.get(_key(row))
        if not row.is_accepted and home is not None and home.is_accepted:
            households.refuse(home, "", "member_rejected", row=str(row.number), sheet=MEMBERS)
    for row in people.rows:
        home = by_key.get(_key(row))
        if row.is_accepted and (home is None or not home.is_accepted):
            people.refuse(row, "", "household_rejected")


# ------------------------------------------------------------------------------------------------------------- results

_OWN_ATTRIBUTES = frozenset(
    {"householder.name", "householder.id_number", "householder.phone", "cover.address"}
    | {f"disabled_person.{part}" for part in ("name", "sex", "birth_date", "kind", "grade", "card", "phone")}
    | {"village.code", "village.township", "village.name"}
)


def _household(row: TableRow, village: str, members: Sequence[RosterMember], today: date) -> RosterHousehold:
    return RosterHousehold(
        row=row.number,
        village=village,
        householder=_written(row, "householder.name"),
        id_number=_key(row),
        phone=_written(row, "householder.phone"),
        address=_written(row, "cover.address"),
        disabled_person=_disabled_person(row, today),
        members=tuple(members),
        statuses={code.removeprefix(_STATUS): value for code, value in row.values.items() if code.startswith(_STATUS)},
        fields={
            code: value
            for code, value in row.values.items()
            if code not in _OWN_ATTRIBUTES and not code.startswith(_STATUS)
        },
    )


def _disabled_person(row: TableRow, today: date) -> DisabledPerson | None:
    if "disabled_person.name" not in row.values:
        return None
    name, phone = _written(row, "disabled_person.name"), _written(row, "disabled_person.phone")
    if "disabled_person.card" in row.values:
        card = check_disability_number(_written(row, "disabled_person.card"), today)
        return DisabledPerson(
            name=name,
            card=card.number,
            id_number=card.holder.number,
            kind=card.kind,
            grade=card.grade,
            sex=card.holder.sex,
            birth_date=card.holder.birth_date,
            phone=phone,
        )
    grade, birth_date = row.values.get("disabled_person.grade"), row.values.get("disabled_person.birth_date")
    return DisabledPerson(
        name=name,
        kind=_written(row, "disabled_person.kind"),
        grade=grade if isinstance(grade, int) else None,
        sex=_SEXES.get(_written(row, "disabled_person.sex")),
        birth_date=birth_date if isinstance(birth_date, date) else None,
        phone=phone,
    )


def _member(row: TableRow) -> RosterMember:
    named = ("householder.id_number", "name", "id_number")
    fields = {code: value for code, value in row.values.items() if code not in named}
    return RosterMember(row.number, _written(row, "name"), _written(row, "id_number"), fields)


def _written(row: TableRow, code: str) -> str:
    return str(row.values.get(code, ""))

"""
Synthetic households for demonstrations and tests: nobody in them exists.

Their identity numbers are formally valid, so that every check is exercised, but begin with 430899: no edition of the
county codes (GB/T 2260) that we know of has given this code to a county, so no resident can hold such a number.
Telephones begin with 1700000, names are put together by chance, and every row says 合成数据. Places are real.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from engine.identity import check_digit, check_disability_number, check_id_number
from papers.roster import DisabledPerson, RosterHousehold, RosterMember
from papers.tables import Value

MARK = "合成数据"
AREA = "430899"

# One village for each unit of 000 附件1, which names no villages: the choice is ours. The city's own federation
# (市残联) has no district of its own; its village lies in 永定区, in another township than the district's.
DEMO_VILLAGES: Mapping[str, str] = {
    "市残联": "430802102203",  # 永定区教字垭镇龙洞湖村
    "永定区": "430802103206",  # 永定区天门山镇王姓垭村
    "武陵源": "430811201203",  # 武陵源区协合乡协合村
    "慈利县": "430821107220",  # 慈利县江垭镇江垭村
    "桑植县": "430822213213",  # 桑植县洪家关白族乡洪家关村
}

_SURNAMES = "向覃田张李王刘陈杨黄周吴朱彭谷钟龚熊唐罗"
_MALE = "伟强军平勇明华建国志文武成林海山德贵清云"
_FEMALE = "芳英秀梅兰桂珍玉凤霞红丽春菊莲琴香娥翠月"
# What a member does and earns in a month, in yuan from-to.
_WORK = (
    ("务农", "", 200, 900),
    ("外地务工", "外地企业", 2200, 4200),
    ("本地零工", "", 600, 1600),
    ("乡村公益性岗位", "村委会", 600, 800),
    ("无劳动能力", "", 0, 0),
)
_DIFFICULTIES = (
    "因病支出较大，缺少劳动力",
    "家庭主要劳动力残疾，收入不稳定",
    "子女上学支出较大",
    "住房漏雨，无力修缮",
    "产业规模小，受灾后减收",
)
_DIBAO = ("", "", "", "B类", "C类")
_PAIRS_OF_DAY_AND_SEQUENCE = 365 * 499
_MEMBERS_AT_MOST = 8
HOUSEHOLDS_AT_MOST = _PAIRS_OF_DAY_AND_SEQUENCE // _MEMBERS_AT_MOST

# How the member of a row (first letter) stands to the disabled person (second): householder, spouse, child, parent.
_RELATIONS: Mapping[str, str] = {
    "SH": "配偶",
    "CH": "子女",
    "PH": "父母",
    "HS": "配偶",
    "CS": "子女",
    "PS": "配偶的父母",
    "HC": "父母",
    "SC": "父母",
    "CC": "兄弟姐妹",
    "PC": "祖父母",
    "HP": "子女",
    "SP": "子女的配偶",
    "CP": "孙子女",
}


def synthetic_households(seed: int, villages: Sequence[str], count: int, today: date) -> list[RosterHousehold]:
    """
    Make *count* households, given to the *villages* (12-digit codes) in turn; rows are those of `write_roster`.

    The same arguments always give the same households, and a larger count begins with the same ones. No number
    appears twice.

    Args:
        seed: Another seed gives other people.
        villages: At least one.
        count: At most HOUSEHOLDS_AT_MOST: beyond, identity numbers would repeat.
        today: The legal day from which ages are counted.
    """
    if count > HOUSEHOLDS_AT_MOST:
        raise ValueError(f"At most {HOUSEHOLDS_AT_MOST} households have identity numbers of their own")
    households: list[RosterHousehold] = []
    next_row = 2
    for number in range(count):
        household = _Maker(seed, number, today).household(villages[number % len(villages)])
        rows = range(next_row, next_row + len(household.members))
        members = tuple(replace(member, row=row) for member, row in zip(household.members, rows, strict=True))
        next_row = rows.stop
        households.append(replace(household, row=number + 2, members=members))
    return households


class _Maker:
    """Makes one household, from chance of its own, so that it does not depend on the others."""

    def __init__(self, seed: int, number: int, today: date) -> None:
        self._chance = random.Random(f"{seed}/{number}")
        self._first_pair = random.Random(seed).randrange(_PAIRS_OF_DAY_AND_SEQUENCE) + number * _MEMBERS_AT_MOST
        self._today = today
        self._people = 0

    def household(self, village: str) -> RosterHousehold:
        chance = self._chance
        surname, age = chance.choice(_SURNAMES), chance.randint(34, 72)
        is_man = chance.random() < 0.8
        people = {"H0": self._person(surname, is_man, age)}
        if chance.random() < 0.75:
            people["S0"] = self._person(chance.choice(_SURNAMES), not is_man, max(22, age + chance.randint(-5, 4)))
        for child in range(chance.choice((0, 0, 1, 1, 2, 3))):
            people[f"C{child}"] = self._person(surname, chance.random() < 0.5, max(1, age - chance.randint(24, 34)))
        if age < 58 and chance.random() < 0.4:
            people["P0"] = self._person(surname, chance.random() < 0.5, age + chance.randint(20, 28))
        disabled = chance.choice(sorted(people)) if chance.random() < 0.75 else None
        householder = people["H0"]
        return RosterHousehold(
            row=0,
            village=village,
            householder=householder.name,
            id_number=householder.id_number,
            phone=self._phone(),
            address=f"{chance.randint(1, 12)}组{chance.randint(1, 99)}号",
            disabled_person=self._disabled(people[disabled]) if disabled else None,
            members=tuple(self._related(person, role, disabled) for role, person in people.items()),
            fields=self._fields(list(people.values()), disabled is not None),
        )

    def _person(self, surname: str, is_man: bool, age: int) -> RosterMember:
        chance = self._chance
        name = surname + "".join(chance.sample(_MALE if is_man else _FEMALE, chance.choice((1, 2, 2))))
        number = self._id_number(self._today.year - age, is_man)
        born = check_id_number(number, self._today).birth_date
        years = self._today.year - born.year - ((self._today.month, self._today.day) < (born.month, born.day))
        fields: dict[str, Value] = {"age": years, "remark": MARK}
        if years < 16:
            fields |= {"education": "学龄前" if years < 6 else "义务教育在读", "monthly_income": 0}
        else:
            work, place, least, most = chance.choice(_WORK if years < 65 else _WORK[-1:] + _WORK[:1])
            income = chance.randint(least, most)
            fields |= {"education": chance.choice(("小学", "初中", "初中", "高中")), "employment": work}
            fields |= {"monthly_income": income // 10 * 10 * 100} | ({"workplace": place} if place else {})
        return RosterMember(0, name, number, fields)

    def _id_number(self, birth_year: int, is_man: bool) -> str:
        pair = (self._first_pair + self._people) % _PAIRS_OF_DAY_AND_SEQUENCE
        self._people += 1
        # Scattered, so that neighbours on the list do not look alike; 7919 divides no part of the number of pairs.
        day, sequence = divmod(pair * 7919 % _PAIRS_OF_DAY_AND_SEQUENCE, 499)
        born = date(birth_year, 1, 1) + timedelta(days=day)
        body = f"{AREA}{born:%Y%m%d}{sequence * 2 + (1 if is_man else 2):03d}"
        return body + check_digit(body)

    def _phone(self) -> str:
        return f"1700000{self._chance.randrange(10_000):04d}"

    def _disabled(self, person: RosterMember) -> DisabledPerson:
        card = f"{person.id_number}{self._chance.choice('1234566')}{self._chance.choice('12234')}"
        number = check_disability_number(card, self._today)
        return DisabledPerson(
            name=person.name,
            card=number.number,
            id_number=number.holder.number,
            kind=number.kind,
            grade=number.grade,
            sex=number.holder.sex,
            birth_date=number.holder.birth_date,
            phone=self._phone(),
        )

    def _related(self, person: RosterMember, role: str, disabled: str | None) -> RosterMember:
        if disabled is None:
            return person
        relation = "本人" if role == disabled else _RELATIONS[role[0] + disabled[0]]
        return replace(person, fields={**person.fields, "relation": relation})

    def _fields(self, people: Sequence[RosterMember], has_disabled: bool) -> dict[str, Value]:
        chance = self._chance
        dibao = chance.choice(_DIBAO)
        earned = 12 * sum(income for person in people if isinstance(income := person.fields["monthly_income"], int))
        transfers = chance.randint(1_200, 3_600) * 100 * (2 if dibao else 1)
        fields: dict[str, Value] = {
            "social.pension": "城乡居民基本养老保险",
            "social.medical": "城乡居民基本医疗保险",
            "housing": f"{chance.choice((60, 80, 90, 100, 120))}平方米，{chance.choice(('砖混', '砖木', '木'))}结构",
            "land": f"田{chance.randint(0, 30) / 10}亩，山林{chance.randint(0, 80) / 10}亩",
            "income.per_capita": (earned + transfers) // len(people),
            "income.sources": "务工、务农、转移性收入" if earned else "转移性收入",
            "expense.education": chance.choice((0, 0, 1_500, 4_800)) * 100,
            "expense.medical": chance.choice((400, 1_200, 3_500, 12_000)) * 100,
            "expense.daily": len(people) * chance.randint(2_400, 4_200) * 100,
            "difficulties": chance.choice(_DIFFICULTIES),
            "remark": MARK,
        }
        if dibao:
            fields["social.dibao"] = dibao
        if has_disabled:
            fields["income.personal"] = chance.choice((0, 960, 2_400, 6_000)) * 100
        return fields

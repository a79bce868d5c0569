"""
The demonstration's plan, as data: five villages, when each of their posts sees to its work, and what becomes of whom.

Officers of the story do what their open work asks of them. The plan says on which day (`Village.days`), and what a
household's own way differs in from the usual one (`WAYS`). Whatever the plan does not say goes the usual way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Literal
from uuid import UUID

from engine.errors import N_

YEAR = 2026
#: Clues are found from the first day on; identification is told up to its last day, with some households still on their
#: way; what follows for those who were listed is told to the last day of all.
FIRST_DAY, IDENTIFIED, LAST_DAY = date(YEAR, 1, 15), date(YEAR, 3, 6), date(YEAR, 6, 26)
#: When offices have closed.
EVENING = time(18)
WORKFLOW, OBJECTION, PACK = "identification", "objection", "hn_demo"
POSTING = "square"


# --- What is answered -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """
    One answer to one question.

    Attributes:
        action: The answer, by its name in the definition.
        note: The opinion in words, as an officer writes it.
        to: The visited stage to go back to.
        facts: Facts that differ from `FACTS`.
        holder: Which holder of the post answers, from 0.
        without: Which holder of a seat in a panel is recused and leaves the room; the next one takes the seat.
        refused: The rule that must refuse this answer; the next answer is then given on the same day.
    """

    action: str
    note: str = ""
    to: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    holder: int = 0
    without: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Interlude:
    """Something that comes from outside while a notice hangs, so many days after it was posted."""

    what: Literal["object", "withdraw"]
    after_days: int
    note: str


@dataclass(frozen=True, slots=True)
class Way:
    """
    What becomes of a household.

    Attributes:
        title: For the story.
        weight: How often it happens beyond the households that the plan names, of 100.
        answers: By question, in turn; those after the last are the usual one.
        opens: The post that opens the case, where it matters.
        found: Another day than the village's.
        relative: The post whose first holder has declared the household as a relative's.
    """

    title: str
    weight: int = 0
    answers: Mapping[str, tuple[Say, ...]] = field(default_factory=dict)
    interlude: Interlude | None = None
    verdict: Say | None = None
    opens: str = ""
    found: date | None = None
    relative: str = ""


#: The usual answer to every question.
USUAL: Mapping[str, Say] = {
    "apply": Say("submit"),
    "household_check": Say("confirmed"),
    "deliberate": Say("pass"),
    "village_submit": Say("submit"),
    "township_review": Say("pass"),
    "county_review": Say("list"),
    "system_entry": Say("enter"),
    "compare": Say("done"),
    "explain": Say("done"),
    "verify": Say("dismissed", note="经村“两委”入户走访、邻里核对，所反映的情况不影响认定，异议不成立。"),
}

WAYS: Mapping[str, Way] = {
    "listed": Way(N_("listed as planned"), 62),
    "unsigned": Way(
        N_("the letter of authority was not signed at first"),
        3,
        {"apply": (Say("submit", facts={"consents": False}, refused="consents"), Say("submit"))},
    ),
    "unwilling": Way(
        N_("does not wish to apply"),
        4,
        {"apply": (Say("unwilling", note="户主表示子女已返乡务工，暂不愿申请；政策已讲明，今后可随时申请。"),)},
    ),
    "unconfirmed": Way(
        N_("the home check finds no risk"),
        5,
        {
            "household_check": (
                Say("unconfirmed", note="务工收入稳定，医疗费用已由医保报销大部，入户核实未发现致贫风险。"),
            )
        },
    ),
    "voted_down": Way(
        N_("the village assembly does not agree"),
        3,
        {"deliberate": (Say("fail", note="评议认为该户经营收入好转，不符合监测条件。"),)},
    ),
    "withdrawn": Way(
        N_("withdraws while the notice hangs"),
        2,
        interlude=Interlude("withdraw", 2, "家中有人外出务工，收入有保障，自愿撤回申请。"),
    ),
    "objection_dismissed": Way(
        N_("an objection is verified and dismissed"),
        2,
        interlude=Interlude("object", 3, "反映该户在县城有住房，请核实。"),
    ),
    "objection_upheld": Way(
        N_("an objection is verified and upheld"),
        2,
        interlude=Interlude("object", 4, "反映该户长期经营货运车辆，收入较高，请核实。"),
        verdict=Say("upheld", note="经核实，该户名下有营运货车两辆并雇工经营，异议成立。"),
    ),
    "returned": Way(
        N_("sent back by the township to a stage it has visited"),
        4,
        {
            "township_review": (
                Say("return", note="收入测算表缺少务工工资凭证，请重新入户核实。", to="household_check"),
            )
        },
    ),
    "township_refuses": Way(
        N_("the township's leaders do not agree"),
        1,
        {
            # Both leaders must agree, so the first no decides.
            "township_review": (Say("fail", note="与民政部门低收入台账比对，家庭收入明显高于参考线。"),)
        },
    ),
    "corrected": Way(
        N_("corrected by the township and sent straight back to the county"),
        2,
        {"county_review": (Say("correct", note="审批表上风险类型与采集表不一致，请乡镇更正后直送。"),)},
    ),
    "negative_overridden": Way(
        N_("on the negative list, but heard by the village as a special case"),
        2,
        {
            "household_check": (Say("confirmed", facts={"negative_items": ["costly_assets"]}),),
            "deliberate": (
                Say("pass", note="车辆系残疾人代步车改装，评议一致认定为特殊情况。", facts={"special_case": True}),
            ),
        },
    ),
    "negative_stands": Way(
        N_("on the negative list, and not a special case"),
        2,
        {
            "household_check": (Say("confirmed", facts={"negative_items": ["wage_or_company"]}),),
            "deliberate": (Say("pass", note="评议提请县级比对审定。", facts={"special_case": False}),),
            "county_review": (
                Say("list", refused="clean_or_heard"),
                Say("refuse", note="户主有稳定工资性收入，属负面清单情形，评议未认定为特殊情况。"),
            ),
        },
    ),
    "department_hit": Way(
        N_("a department's data show what the household did not"),
        2,
        {
            "deliberate": (Say("pass", facts={"special_case": False}),),
            "compare_deposits": (Say("done", facts={"deposit_hit/1": True}),),
            "county_review": (
                Say("list", refused="clean_or_heard"),
                Say("refuse", note="存款比对命中负面清单，不符合监测条件。"),
            ),
        },
    ),
    "own_clue": Way(
        N_("who reported the clue may not list the household"),
        2,
        {"county_review": (Say("list", refused="separation"), Say("list", holder=1))},
        opens="county.bureau",
    ),
    "relative": Way(
        N_("an officer has declared the household as a relative's"),
        2,
        {
            "household_check": (
                Say("confirmed", refused="recusal"),
                Say("confirmed", without="village.liaison"),
            ),
            "deliberate": (Say("pass", holder=1, without="village.liaison"),),
        },
        relative="village.liaison",
    ),
    "newcomer": Way(N_("a clue after the festival"), 2, found=date(YEAR, 3, 4)),
}


# --- Where and when ---------------------------------------------------------------------------------------------------


def _days(text: str) -> tuple[date, ...]:
    """``1-19 1-20`` → dates of the year."""
    return tuple(date(YEAR, *map(int, part.split("-"))) for part in text.split())


#: What the keys of the city's officers begin with.
PREFECTURE = "zhangjiajie"


@dataclass(frozen=True, slots=True)
class Village:
    """
    A village, its township and county.

    Attributes:
        unit: The unit of 000 附件1 that helps it.
        keys: What the keys of its officers begin with: village, township, county.
        days: Question (or question/post) → the days on which it is seen to; after the last, the next working day.
        ways: Of its first households; the others' are drawn by weight.
    """

    unit: str
    keys: tuple[str, str, str]
    days: Mapping[str, tuple[date, ...]]
    ways: tuple[str, ...]


def _timetable(**days: str) -> Mapping[str, tuple[date, ...]]:
    leaders = _days(days.pop("leaders"))
    found = {name: _days(text) for name, text in days.items()}
    return found | {"township_review/township.secretary": leaders[:1], "township_review/township.mayor": leaders[1:]}


# fmt: off
#: By 12-digit code, those of `papers.synthetic.DEMO_VILLAGES` in another order: by when their clues are found.
VILLAGES: Mapping[str, Village] = {
    # In time throughout, before the festival.
    "430802103206": Village(
        "永定区",
        ("wangxingya-cun", "tianmenshan-zhen", "yongding"),
        _timetable(
            opens="1-15", apply="1-16", household_check="1-19 1-20 1-21", deliberate="1-22",
            village_publicity="1-23 2-2", village_submit="2-2", leaders="2-4 2-5", compare="2-6", compare_payroll="2-9",
            county_review="2-10", system_entry="2-11",
        ),
        ("listed", "own_clue", "returned", "unwilling", "unsigned"),
    ),
    # The township's leaders let their five working days go by.
    "430821107220": Village(
        "慈利县",
        ("jiangya-cun", "jiangya-zhen", "cili"),
        _timetable(
            opens="1-16", apply="1-19", household_check="1-20 1-21 1-22", deliberate="1-26",
            village_publicity="1-27 2-4", village_submit="2-4", leaders="2-25 2-26", compare="2-27",
            county_review="3-2", system_entry="3-3",
        ),
        ("objection_dismissed", "newcomer", "voted_down", "listed", "township_refuses"),
    ),
    # Listed on the last day of the whole limit, a Saturday that is worked.
    "430802102203": Village(
        "市残联",
        ("longdonghu-cun", "jiaoziya-zhen", "yongding"),
        _timetable(
            opens="1-19", apply="1-20", household_check="1-21 1-22 1-23", deliberate="1-27",
            village_publicity="1-28 2-5", village_submit="2-5", leaders="2-9 2-10", compare="2-11 2-12",
            county_review="2-14", system_entry="2-24",
        ),
        ("negative_overridden", "listed", "department_hit", "withdrawn", "corrected"),
    ),
    # The notice hangs over the festival.
    "430811201203": Village(
        "武陵源",
        ("xiehe-cun", "xiehe-xiang", "wulingyuan"),
        _timetable(
            opens="1-20", apply="1-21", household_check="1-22 1-23 1-26", deliberate="2-10",
            village_publicity="2-11 2-24", village_submit="2-24", leaders="2-25 2-26", compare="2-27",
            county_review="2-28", system_entry="3-2",
        ),
        ("corrected", "objection_upheld", "returned", "listed", "withdrawn"),
    ),
    # The township's two leaders sign on either side of the festival; in time all the same.
    "430822213213": Village(
        "桑植县",
        ("hongjiaguan-cun", "hongjiaguan-xiang", "sangzhi"),
        _timetable(
            opens="1-22", apply="1-23", household_check="1-26 1-27 1-28", deliberate="2-3",
            village_publicity="2-4 2-12", village_submit="2-13", leaders="2-14 2-24", compare="2-25",
            county_review="2-26", system_entry="2-27",
        ),
        ("negative_stands", "relative", "unconfirmed", "listed", "objection_dismissed"),
    ),
}
# fmt: on

#: The unit whose village posts its notice over the festival: one of its households' stories is told whole.
FESTIVAL_UNIT = "武陵源"

#: When in the day (local time) each kind of work is done; by question, or its first word.
HOURS: Mapping[str, time] = {
    "opens": time(9, 30),
    "village_publicity": time(8, 40),
    "withdraw": time(9, 10),
    "apply": time(10, 20),
    "object": time(10, 40),
    "village_submit": time(11),
    "verify": time(11, 20),
    "household_check": time(14),
    "compare": time(14, 20),
    "township_review": time(15),
    "county_review": time(15, 40),
    "system_entry": time(16, 30),
    "explain": time(17),
    "deliberate": time(19, 30),
    "survey": time(9, 50),
    "propose": time(10),
    "approve": time(15, 20),
    "plan": time(16),
    "cards": time(16, 20),
    "mark": time(16, 40),
    "help": time(16, 50),
    "sign": time(15, 30),
    "pairs": time(10, 30),
    "report": time(11, 30),
    "close": time(15, 10),
}

#: Posts with more than one holder: seats of a panel, and somebody to act where the first may not.
HOLDERS: Mapping[str, int] = {
    "village.committee": 2,
    "village.liaison": 2,
    "township.cadre": 2,
    "county.bureau": 2,
    "county.federation": 2,
}


@dataclass(frozen=True, slots=True)
class Chapter:
    """
    One procedure of the story.

    Attributes:
        opens: Village → the day on which its cases are opened; by *post*, through *channel*.
        usual: The usual answer to every question.
        place: Where its notices hang.
        most: At most so many households of each village.
        days: Question → the day before which nobody sees to it.
    """

    workflow: str
    usual: Mapping[str, Say]
    ways: Mapping[str, Way]
    place: str
    opens: Mapping[str, date] = field(default_factory=dict)
    channel: str = ""
    post: str = ""
    most: int = 0
    days: Mapping[str, date] = field(default_factory=dict)

    def chosen(self, households: Sequence[Any], income: Callable[[Any], int]) -> list[Any]:
        """Whose cases are told, of those of a village that were listed; for pairing the poorest first."""
        ordered = sorted(households, key=income) if self is PAIRING else households
        return list(ordered[: self.most])


IDENTIFICATION = Chapter(WORKFLOW, USUAL, WAYS, POSTING)

#: Households with less income than the line of 000 are paired; of each village the poorest.
PAIRING = Chapter(
    "pair_household",
    {
        "survey": Say("registered"),
        "deliberate": Say("proposed"),
        "approve": Say("approve"),
        "plan": Say("adopt"),
        "cards": Say("handed"),
    },
    {
        "paired": Way(N_("paired with a helper")),
        "above_line": Way(
            N_("above the line: nobody is paired"),
            answers={
                "survey": (
                    Say("registered", refused="below_line"),
                    Say("unfit", note="年人均收入不低于贫困线，不属于结对对象；政策已讲明。"),
                )
            },
        ),
        "hard_case": Way(
            N_("a hard case goes to a leader"),
            answers={
                "survey": (Say("registered", facts={"hard_case": ["severe"]}),),
                "plan": (Say("adopt", refused="led_if_hard"), Say("adopt", facts={"helper_leads": True})),
            },
        ),
    },
    "board",
    dict.fromkeys(VILLAGES, date(YEAR, 3, 9)),
    "surveyed",
    "village.branch",
    6,
)

#: The village itself is chosen, surveyed, approved, and agreed with; the report waits until its households are decided.
#: Its term is not over when the story ends.
VILLAGE = Chapter(
    "pair_village",
    {
        "survey": Say("submit"),
        "approve": Say("approve", holder=1),
        "sign": Say("signed"),
        "pairs": Say("done"),
        "report": Say("submit"),
    },
    {
        "helped": Way(N_("helped by the federation")),
        "miscounted": Way(
            N_("the village counted too few"),
            answers={
                "survey": (Say("submit", facts={"poor_disabled": 8}), Say("submit")),
                "approve": (
                    Say("approve", holder=1, refused="village_fits"),
                    Say("return", note="持证残疾人数与残联台账不符，请核对后重报。", holder=1),
                    Say("approve", holder=1),
                ),
            },
        ),
    },
    "board",
    dict.fromkeys(VILLAGES, date(YEAR, 3, 9)),
    "chosen",
    "county.federation",
    days={"pairs": date(YEAR, 4, 13), "report": date(YEAR, 4, 15), "close": date(YEAR + 1, 3, 31)},
)
#: What the federation counts when its village's households are decided: fact → the end of their cases.
COUNTED: Mapping[str, str] = {"households_paired": "paired", "households_refused": "explained"}

_KEPT = "继续落实帮扶措施，按程序再议。"
#: Three months after it was listed a household may be proposed; the village whose township was late proposes too early.
ELIMINATION = Chapter(
    "risk_elimination",
    {
        "propose": Say("propose"),
        "household_check": Say("confirmed"),
        "deliberate": Say("pass"),
        "village_submit": Say("submit"),
        "township_review": Say("pass"),
        "county_review": Say("eliminate"),
        "mark": Say("marked"),
    },
    {
        "eliminated": Way(N_("the risk is eliminated")),
        "on_its_way": Way(N_("proposed in time, still on its way"), found=date(YEAR, 6, 9)),
        "too_early": Way(
            N_("proposed before three months are over"),
            answers={"propose": (Say("propose", refused="monitored"), Say("keep", note="监测未满3个月。" + _KEPT))},
        ),
        "low_income": Way(
            N_("income is too low to be marked"),
            answers={
                "propose": (
                    Say("propose", facts={"income_pc": 480_000}, refused="not blockers"),
                    Say("keep", note="人均纯收入低于5000元。" + _KEPT),
                )
            },
        ),
        "key_review": Way(
            N_("a key review comes first"),
            answers={
                "household_check": (Say("confirmed", facts={"in_dibao": True}),),
                "county_review": (
                    Say("eliminate", facts={"key_reviewed": False}, refused="key_review_done"),
                    Say("eliminate", facts={"key_reviewed": True}),
                ),
            },
        ),
        "no_labour": Way(
            N_("nobody in it can work"),
            answers={
                "propose": (
                    Say("propose", facts={"whole_no_labour": True}, refused="not blockers"),
                    Say("keep", note="整户无劳动能力，落实兜底保障后暂不标注。" + _KEPT),
                )
            },
        ),
        "unsigned_check": Way(
            N_("the household does not sign"),
            answers={
                "household_check": (
                    Say("confirmed", facts={"household_signed": False}, refused="both_signed"),
                    Say("unconfirmed", note="农户认为医疗支出仍未稳定，未签字；继续监测帮扶。"),
                )
            },
        ),
    },
    POSTING,
    dict.fromkeys(VILLAGES, date(YEAR, 6, 1)),
    "reviewed",
    "village.committee",
    12,
)


#: What follows for those who were listed, and for their villages.
ONWARD = (VILLAGE, PAIRING, ELIMINATION)


def way_onward(chapter: Chapter, place: int, income_pc: int, listed: date) -> str:
    """The way in a later chapter of a village's household number *place* among those that were listed."""
    if chapter is PAIRING:
        return "above_line" if income_pc >= 400_000 else ("hard_case" if place % 3 == 2 else "paired")
    if listed >= date(YEAR, 3, 1):
        return "on_its_way" if place % 2 else "too_early"
    others = ("eliminated", "low_income", "eliminated", "key_review", "no_labour", "eliminated", "unsigned_check")
    return others[place % len(others)]


def days_of(village: Village, ask: str, post: str) -> Sequence[date]:
    """The days on which *post* of the village's case sees to *ask*; none: as soon as it can."""
    names = (f"{ask}/{post}", ask, ask.partition("_")[0])
    return next((village.days[name] for name in names if name in village.days), ())


def is_spread(ask: str) -> bool:
    """Whether the cases of a village are seen to on several days in turn, not all on the first."""
    return ask == "household_check" or ask.startswith("compare")


def hour_of(ask: str) -> time:
    return HOURS[ask] if ask in HOURS else HOURS[ask.partition("_")[0]]


def usual(ask: str, answers: Mapping[str, Say] = USUAL) -> Say:
    return answers[ask] if ask in answers else answers[ask.partition("_")[0]]


# --- Who --------------------------------------------------------------------------------------------------------------


def way_of(village: Village, number: int, seed: int) -> str:
    """The way of the village's household *number*, from 0: the plan's own, later ones drawn by weight."""
    if number < len(village.ways):
        return village.ways[number]
    chance = random.Random(f"{seed}/{village.unit}/{number}")
    return chance.choices(list(WAYS), [way.weight for way in WAYS.values()])[0]


@dataclass(frozen=True, slots=True)
class Household:
    """
    A household as far as its forms are filled in from it. ``income_pc`` in 分.

    A village that is helped as a whole stands here by its name alone; its ``id`` is empty.
    """

    id: str
    name: str
    income_pc: int
    chance: random.Random

    @property
    def uuid(self) -> UUID | None:
        return UUID(self.id) if self.id else None


Fill = Callable[[Household, date], Any]

#: What is written into each fact, in its stored form; facts of members get it for each of them.
FACTS: Mapping[str, Fill] = {
    "found_on": lambda home, day: day,
    "grounds": lambda home, day: "",
    "consents": lambda home, day: True,
    "visited_on": lambda home, day: day,
    "income_pc": lambda home, day: home.income_pc,
    "property": lambda home, day: "住房一处，无商品房、无小汽车",
    "production": lambda home, day: home.chance.choice(("种植水稻、油菜", "养殖土鸡", "茶园两亩", "以务工为主")),
    "methods": lambda home, day: ["ask", "look", "calculate", "verify"],
    "members_basis": lambda home, day: "hukou",
    "household_kind": lambda home, day: "ordinary",
    "category": lambda home, day: "edge" if home.income_pc < 650_000 else "sudden_hardship",
    "risks": lambda home, day: [
        home.chance.choice(("illness", "education", "disability", "natural_disaster", "unstable_employment"))
    ],
    "income_stable": lambda home, day: False,
    "heavy_spending": lambda home, day: home.income_pc >= 650_000,
    "serious_hardship": lambda home, day: home.income_pc >= 650_000,
    "whole_no_labour": lambda home, day: False,
    "negative_items": lambda home, day: ["none"],
    "months_away": lambda home, day: 0,
    "deposit_hit": lambda home, day: False,
    "vehicle_hit": lambda home, day: False,
    "house_hit": lambda home, day: False,
    "company_hit": lambda home, day: False,
    "pay_hit": lambda home, day: False,
    "finding": lambda home, day: "入户走访、查看房屋和车辆登记、询问邻里。",
    "surveyed_on": lambda home, day: day,
    "is_disabled": lambda home, day: True,
    "disability_kinds": lambda home, day: ["physical"],
    "registered_poor": lambda home, day: False,
    "hard_case": lambda home, day: [],
    "housing": lambda home, day: "砖房，无安全隐患",
    "security": lambda home, day: "全户参加城乡居民医保和养老保险",
    "difficulties": lambda home, day: "缺技术、缺就业门路",
    "measures": lambda home, day: home.chance.choice(("公益性岗位一个", "产业奖补，养鸡一百羽", "技能培训，推荐就业")),
    "helper": lambda home, day: "演示帮扶人",
    "helper_unit": lambda home, day: "县残联(演示)",
    "helper_leads": lambda home, day: False,
    "term_from": lambda home, day: day,
    "term_to": lambda home, day: date(day.year + 1, day.month, day.day),
    "agreement_signed": lambda home, day: True,
    "village_contact": lambda home, day: "演示联系人",
    "geography": lambda home, day: "距县城三十公里，通村公路已硬化",
    "total_households": lambda home, day: 420,
    "total_persons": lambda home, day: 1380,
    "disabled_households": lambda home, day: 46,
    "disabled_persons": lambda home, day: 58,
    "poor_disabled": lambda home, day: 14,
    "weak_and_poor": lambda home, day: False,
    "resident_help": lambda home, day: False,
    "plan": lambda home, day: "技能培训两期，扶持种养，改造无障碍设施",
    "liaison_a": lambda home, day: "演示联络员甲",
    "liaison_b": lambda home, day: "演示联络员乙",
    "funds_federation": lambda home, day: 5_000_000,
    "funds_others": lambda home, day: 2_000_000,
    "helped": lambda home, day: 30,
    "progress": lambda home, day: "已开展技能培训一期，发放鸡苗六百羽",
    "card_kept": lambda home, day: True,
    "tracking": lambda home, day: "每月走访，帮扶措施落实到位。",
    "lost_capacity": lambda home, day: False,
    "weak_stability": lambda home, day: False,
    "income_unstable": lambda home, day: False,
    "spending_uncontrolled": lambda home, day: False,
    "checked_on": lambda home, day: day,
    "one_exceed": lambda home, day: True,
    "food_and_clothing": lambda home, day: True,
    "guarantees": lambda home, day: True,
    "drinking_water": lambda home, day: True,
    "measures_effective": lambda home, day: True,
    "spending_solved": lambda home, day: True,
    "natural": lambda home, day: False,
    "risk_kinds": lambda home, day: 1,
    "in_tekun": lambda home, day: False,
    "in_dibao": lambda home, day: False,
    "team_signed": lambda home, day: True,
    "household_signed": lambda home, day: True,
    "minutes_signed": lambda home, day: True,
    "field_verification": lambda home, day: "not_needed",
    "consultation": lambda home, day: "会同民政、医保、住建等部门会商，意见一致。",
}
#: In elimination, months later: what has become better.
LATER: Mapping[str, Fill] = {
    "income_pc": lambda home, day: max(home.income_pc, 500_000) + 150_000,
    "income_stable": lambda home, day: True,
}

#: Departments and others that report a clue, and how often clues come in which way.
CHANNELS: Mapping[str, int] = {"village.cadre": 62, "household": 22, "county.medical_insurance": 9, "county.housing": 7}

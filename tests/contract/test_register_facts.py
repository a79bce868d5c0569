"""What cases set of households, villages and persons, and what later cases know of it, on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from bangfu.definitions import StoredDefinitions
from bangfu.library import Library
from engine.cases import Act, Case, OpenCase
from engine.errors import GuardRefusedError, InputError
from engine.identity import check_digit
from engine.ids import derived_id
from engine.loading import Source, load
from engine.office import Office
from engine.people import Holding
from storage.database import Database
from storage.intake import Intake, NewHousehold, NewMember, Version
from storage.store import SqlStore
from tests.property.county import Chance, Time

COUNTY, VILLAGE = "430822", "430822213213"
AID = """
workflow: aid
title: 样例
subject: household
clause: 样例
posts: {village.cadre: 村干部}
facts:
  aided: {title: 已救助, type: yes_no, of: household}
  poor: {title: 贫困村, type: yes_no, of: village}
  need: {title: 需求, type: text, in: check, prefill: last, secret: yes}
rules:
  old: {title: 有老人, if: "members.exists(m, m.age >= 60)"}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages:
  check:
    title: 核实
    by: village.cadre
    actions:
      aid:
        title: 救助
        to: next
        means: record
        needs: [not aided, not poor, old]
        set: {household.aided: "yes", village.poor: "yes"}
      drop: {title: 撤回, to: next, means: withdraw}
ends: {done: {title: 完, outcome: closed}}
"""
YEARLY = """
workflow: yearly
title: 样例
subject: household
clause: 样例
posts: {village.cadre: 村干部}
facts: {households: {title: 户, type: list of household, in: opens}}
opens: {yearly: {title: 年度, by: village.cadre, for_each: households, to: check}}
stages: {check: {title: 核实, by: village.cadre, actions: {done: {title: 完, to: next}}}}
ends: {done: {title: 完, outcome: closed}}
"""
REVIEW = """
workflow: review
title: 样例
subject: village
clause: 样例
posts: {village.cadre: 村干部}
facts: {households: {title: 户, type: list of household, in: opens}}
opens: {begun: {title: 开始, by: village.cadre, to: check}}
stages: {check: {title: 核实, by: village.cadre, actions: {done: {title: 完, to: next, means: record}}}}
tasks: {visits: {title: 走访, case: {workflow: plain, for_each: households, tally: {done: all}}, opens: begun}}
ends: {done: {title: 完, outcome: closed}}
"""
PLAIN = """
workflow: plain
title: 样例
subject: household
clause: 样例
posts: {village.cadre: 村干部}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages: {check: {title: 核实, by: village.cadre, actions: {done: {title: 完, to: next}}}}
ends: {done: {title: 完, outcome: closed}}
"""


class CountingStore(SqlStore):
    """A store that notes what it is asked beside the case."""

    asked: list[str]

    def __getattribute__(self, name: str) -> Any:
        if name in ("register", "people", "last"):
            self.asked.append(name)
        return super().__getattribute__(name)


class Desk:
    def __init__(self, database: Database) -> None:
        self.database, self.time, self.intake = database, Time(), Intake(database, Chance())
        for text in (AID, PLAIN, YEARLY, REVIEW):
            made = load([Source("test.yaml", text)])
            name = made.workflow.workflow
            self.intake.add_version(
                Version(made.hash, name, "", made.canonical, made.origins_text(), date(2020, 1, 1), self.time.now())
            )
        self.intake.put_person("li", "测试李")
        self.intake.put_posts([("li", Holding("village.cadre", VILLAGE, date(2020, 1, 1)))])
        self.store = CountingStore(database)
        self.store.asked = []
        calendar = Library().calendar()
        definitions = StoredDefinitions(self.intake, lambda: calendar.local_date(self.time.now()))
        self.office = Office(self.store, definitions, lambda county: calendar, self.time, Chance())

    def household(self, born: str) -> UUID:
        number = f"430822{born}001"
        members = [NewMember("测试户主", "户主", number + check_digit(number))]
        return self.intake.add_households(COUNTY, [NewHousehold(VILLAGE, "测试户", members)], self.time.now())[0]

    def open(self, home: UUID, workflow: str = "aid") -> Case:
        command = OpenCase(
            id=self.office.new_id(), person="li", channel="applied", subject=home.hex, division=VILLAGE, members=("1",)
        )
        return self.office.open(COUNTY, workflow, command).case

    def act(self, case: Case, action: str, **facts: Any) -> Case:
        command = Act(id=self.office.new_id(), person="li", action=action, facts=facts)
        return self.office.ask(COUNTY, case.id, command).case


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_what_one_case_sets_of_a_household_another_reads(desk: Desk) -> None:
    home = desk.household("19500101")
    first = desk.open(home)
    desk.act(first, "aid", need="粮")
    again = desk.open(home)
    with pytest.raises(GuardRefusedError, match=r"已救助|贫困村|有老人"):
        desk.act(again, "aid")


def test_what_one_case_sets_of_a_village_cases_of_its_other_households_read(desk: Desk) -> None:
    desk.act(desk.open(desk.household("19500101")), "aid", need="粮")
    with pytest.raises(GuardRefusedError, match=r"已救助|贫困村|有老人"):
        desk.act(desk.open(desk.household("19500102")), "aid", need="粮")


def test_the_age_of_members_comes_of_their_id_numbers_and_stands_in_the_event_as_ciphertext(desk: Desk) -> None:
    with pytest.raises(GuardRefusedError, match=r"已救助|贫困村|有老人"):
        desk.act(desk.open(desk.household("20000101")), "aid", need="粮")
    case = desk.act(desk.open(desk.household("19660127")), "drop")
    case = desk.open(desk.household("19660126"))
    desk.act(case, "aid", need="粮")
    event = list(desk.store.events(COUNTY, case.id))[-1]
    assert event.body["read"].value == {"household.aided": False, "village.poor": False, "age/1": 60}
    assert event.body["read"].token


def test_a_fact_begins_as_it_stood_in_the_households_last_case(desk: Desk) -> None:
    home = desk.household("19500101")
    desk.act(desk.open(home), "drop", need="旧")
    desk.act(desk.open(home), "drop", need="新")
    assert desk.open(home).section("facts")["need"]["v"].value == "新"
    assert "need" not in desk.open(desk.household("19500102")).section("facts")


def test_what_no_rule_reads_is_not_looked_up(desk: Desk) -> None:
    home = desk.household("19500101")
    desk.act(desk.open(home, "plain"), "done")
    assert desk.store.asked == []
    case = desk.open(home)
    desk.store.asked.clear()
    desk.act(case, "drop")
    assert set(desk.store.asked) == {"register", "people"}


def test_a_case_for_each_household_is_where_the_household_is_and_ends_the_task_with_the_last(desk: Desk) -> None:
    homes = [desk.household("19500101"), desk.household("19500102")]
    command = OpenCase(
        id=desk.office.new_id(), person="li", channel="begun", subject="", division=VILLAGE,
        facts={"households": [home.hex for home in homes]},
    )  # fmt: skip
    parent = desk.office.open(COUNTY, "review", command).case
    children = [desk.store.load(COUNTY, UUID(child)).case for child in parent.section("links")]
    assert {(case.subject, case.division, tuple(case.get("members"))) for case in children} == {
        (home.hex, VILLAGE, ("1",)) for home in homes
    }
    for case in children:
        assert desk.store.load(COUNTY, parent.id).case.section("tasks")["visits"]["st"] == "open"
        desk.act(case, "done")
    assert desk.store.load(COUNTY, parent.id).case.section("tasks")["visits"]["r"] == "done"


def test_a_channel_opens_a_case_for_each_household_once(desk: Desk) -> None:
    homes = [desk.household("19500101"), desk.household("19500102")]
    command = OpenCase(
        id=desk.office.new_id(), person="li", channel="yearly", subject="", division=VILLAGE,
        facts={"households": [home.hex for home in homes]},
    )  # fmt: skip
    case_id = desk.office.new_id()
    first = desk.office.open(COUNTY, "yearly", command, case_id)
    second = desk.store.load(COUNTY, derived_id(case_id, homes[1].hex)).case
    assert [(case.subject, case.division) for case in (first.case, second)] == [(h.hex, VILLAGE) for h in homes]
    assert desk.office.open(COUNTY, "yearly", command, case_id).repeated


def test_a_household_that_is_not_there_is_named(desk: Desk) -> None:
    command = OpenCase(
        id=desk.office.new_id(), person="li", channel="yearly", subject="", division=VILLAGE,
        facts={"households": [UUID(int=5).hex]},
    )  # fmt: skip
    with pytest.raises(InputError, match="there is no household"):
        desk.office.open(COUNTY, "yearly", command)

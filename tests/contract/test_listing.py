"""Lists on every database: one act, one outcome per case, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from bangfu.definitions import StoredDefinitions
from bangfu.timesource import ManualTime
from engine.calendar import Calendar
from engine.cases import Act, OpenCase
from engine.errors import ActionNotAllowedError, InputError, NotFoundError
from engine.listing import decide_list, open_list
from engine.loading import Source, load
from engine.office import ListRefusedError, Office
from engine.people import Holding
from engine.ports import ListRow
from storage.database import Database
from storage.intake import Intake, Version
from storage.register import SqlRegister
from storage.store import SqlStore

COUNTY, VILLAGE, OTHER, TOWNSHIP = "430822", "430822100201", "430822100202", "430822100000"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TEXT = """\
workflow: aid
title: 救助
subject: person
clause: 第一条
opens:
  asked: {title: 申请, by: village.cadre, to: deliberate}
stages:
  deliberate:
    title: 评议
    by: village.committee
    list: village
    actions:
      pass: {to: next}
      fail: {to: refused, means: refuse, opinion: yes}
  review:
    title: 审核
    by: township.cadre
    actions: {agree: {to: next, means: grant}, return: {to: deliberate, means: back}}
anywhere:
  withdraw: {to: withdrawn, means: withdraw, by: village.cadre, from: deliberate}
ends:
  withdrawn: {title: 已撤回, outcome: withdrawn}
  granted: {title: 已救助, outcome: granted}
  refused: {title: 不予救助, outcome: refused}
"""


@dataclass
class Bench:
    office: Office
    register: SqlRegister
    opened: int = 0

    def open(self, division: str = VILLAGE) -> UUID:
        self.opened += 1
        command = OpenCase(
            id=UUID(int=self.opened), person="cadre", channel="asked", subject=f"s{self.opened}", division=division
        )
        return self.office.open(COUNTY, "aid", command).case.id

    def list(self, stage: str = "deliberate", division: str = VILLAGE, list_id: UUID | None = None) -> ListRow:
        return open_list(self.office, self.register, COUNTY, "committee", "aid", stage, division, list_id)

    def decide(self, list_id: UUID, **acts: Act | None) -> None:
        cases = {UUID(name[1:]): act for name, act in acts.items()}
        decide_list(self.office, self.register, COUNTY, "committee", list_id, cases)

    def act(self, case: UUID, action: str = "pass", note: str = "", person: str = "committee") -> Act:
        return Act(id=self.office.new_id(), person=person, action=action, note=note)

    def stage(self, case: UUID) -> str:
        return self.office.store.load(COUNTY, case).case.stage


def named(case: UUID) -> str:
    return f"_{case.hex}"


@pytest.fixture
def bench(database: Database) -> Bench:
    intake = Intake(database)
    definition = load([Source("aid.yaml", TEXT)])
    intake.add_version(
        Version(definition.hash, "aid", "", definition.canonical, definition.origins_text(), date(2026, 1, 1), NOW)
    )
    posts = {
        "cadre": [("village.cadre", VILLAGE), ("village.cadre", OTHER)],
        "committee": [("village.committee", VILLAGE)],
        "township": [("township.cadre", TOWNSHIP)],
        "stranger": [("village.committee", OTHER)],
    }
    for person, held in posts.items():
        intake.put_person(person, person)
        intake.put_posts([(person, Holding(post, place, date(2026, 1, 1))) for post, place in held])
    calendar = Calendar.of([])
    time = ManualTime(NOW)
    chance = iter(range(1, 10_000))
    office = Office(
        SqlStore(database), StoredDefinitions(intake, lambda: NOW.date()), lambda county: calendar, time,
        lambda count: next(chance).to_bytes(count, "big"),
    )  # fmt: skip
    return Bench(office, SqlRegister(database))


def test_a_list_takes_what_stands_there_and_a_later_case_waits_for_the_next(bench: Bench) -> None:
    first, second, elsewhere = bench.open(), bench.open(), bench.open(OTHER)
    listed = bench.list()
    assert [case for case, _, outcome in listed.items if not outcome] == [first, second]
    assert (listed.status, listed.stage, listed.division, listed.by) == ("open", "deliberate", VILLAGE, "committee")
    with pytest.raises(ActionNotAllowedError, match="no case waits"):
        bench.list()
    late = bench.open()
    assert [case for case, *_ in bench.list().items] == [late]
    assert bench.stage(elsewhere) == "deliberate"


def test_the_same_list_asked_twice_is_made_once(bench: Bench) -> None:
    first = bench.open()
    one = bench.list(list_id=UUID(int=77))
    bench.open()
    assert bench.list(list_id=UUID(int=77)) == one
    assert [case for case, *_ in one.items] == [first]


def test_one_act_gives_each_case_its_own_outcome(bench: Bench) -> None:
    first, second = bench.open(), bench.open()
    listed = bench.list()
    acts = {named(first): bench.act(first), named(second): bench.act(second, "fail", note="不符合条件")}
    bench.decide(listed.id, **acts)
    assert (bench.stage(first), bench.stage(second)) == ("review", "refused")
    decided = bench.register.list(bench.office.scope(COUNTY, "committee"), listed.id)
    assert (decided.status, [outcome for *_, outcome in decided.items]) == ("decided", ["pass", "fail"])


def test_a_list_is_decided_wholly_or_not_at_all_and_every_refusal_has_its_reason(bench: Bench) -> None:
    first, second = bench.open(), bench.open()
    listed = bench.list()
    with pytest.raises(ListRefusedError) as refused:
        bench.decide(listed.id, **{named(first): bench.act(first), named(second): bench.act(second, "fail")})
    assert [each.case for each in refused.value.refusals] == [second]
    assert (bench.stage(first), bench.stage(second)) == ("deliberate", "deliberate")
    assert bench.register.list(bench.office.scope(COUNTY, "committee"), listed.id).status == "open"


def test_no_case_of_a_list_is_passed_over_in_silence(bench: Bench) -> None:
    first, second, stranger = bench.open(), bench.open(), bench.open(OTHER)
    listed = bench.list()
    with pytest.raises(InputError, match="without one: 430822-2026-000002"):
        bench.decide(listed.id, **{named(first): bench.act(first)})
    acts = {named(case): bench.act(case) for case in (first, second, stranger)}
    with pytest.raises(InputError, match="not on this list"):
        bench.decide(listed.id, **acts)
    bench.decide(listed.id, **{named(first): bench.act(first), named(second): None})
    assert (bench.stage(first), bench.stage(second)) == ("review", "deliberate")
    bench.decide(listed.id, **{named(second): bench.act(second)})
    assert bench.stage(second) == "review"


def test_a_case_that_was_returned_stands_on_no_list_and_enters_the_next(bench: Bench) -> None:
    first, second = bench.open(), bench.open()
    listed = bench.list()
    bench.decide(listed.id, **{named(first): bench.act(first), named(second): None})
    back = replace(bench.act(first, "return", note="请复核", person="township"))
    bench.office.ask(COUNTY, first, back)
    again = bench.list()
    assert [case for case, *_ in again.items] == [first]
    bench.decide(listed.id, **{named(second): bench.act(second)})


def test_a_case_that_leaves_its_list_alone_is_not_shown_as_undecided(bench: Bench) -> None:
    first, second = bench.open(), bench.open()
    listed = bench.list()
    scope = bench.office.scope(COUNTY, "committee")
    bench.office.ask(COUNTY, first, bench.act(first, "withdraw", person="cadre"))
    (row,) = bench.register.lists(scope)
    assert {case: outcome for case, _, outcome in row.items} == {first: "withdraw", second: ""}
    bench.office.ask(COUNTY, second, bench.act(second, "withdraw", person="cadre"))
    assert bench.register.lists(scope) == []
    row = bench.register.list(scope, listed.id)
    assert (row.status, [outcome for *_, outcome in row.items]) == ("decided", ["withdraw", "withdraw"])


def test_lists_are_made_for_divisions_of_the_level_that_the_definition_says(bench: Bench) -> None:
    case = bench.open()
    with pytest.raises(ActionNotAllowedError):
        open_list(bench.office, bench.register, COUNTY, "township", "aid", "deliberate", TOWNSHIP)
    bench.decide(bench.list().id, **{named(case): bench.act(case)})
    with pytest.raises(ActionNotAllowedError):
        bench.list("review")


def test_I19_a_list_of_another_village_does_not_exist(bench: Bench) -> None:
    case = bench.open()
    listed = bench.list()
    with pytest.raises(NotFoundError):
        decide_list(bench.office, bench.register, COUNTY, "stranger", listed.id, {case: bench.act(case)})

"""A household's own record on every kind of database: members come and go, statuses keep their history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from bangfu.definitions import StoredDefinitions
from bangfu.library import Library
from bangfu.timesource import ManualTime
from engine.cases import Act, CarryOn, OpenCase
from engine.errors import GuardRefusedError, InputError, NotFoundError, PermissionDeniedError
from engine.households import AddMember, HouseholdCommand, RemoveMembers, SplitOff
from engine.ids import uuid7
from engine.loading import Source, load
from engine.office import Office
from engine.people import Holding
from engine.ports import HouseholdFile
from storage.checks import check
from storage.database import Database
from storage.intake import Intake, NewHousehold, NewMember, Version
from storage.register import SqlRegister
from storage.store import SqlStore

COUNTY, VILLAGE, OTHER = "430822", "430822103201", "430822213213"
SINCE = date(2020, 1, 1)
#: Synthetic; the digits only have the right form.
FIRST, SECOND = "430822199001011233", "430822199202024565"
AID = """
workflow: aid
title: 救助
subject: household
clause: 第一条
facts: {helped_since: {title: 救助日期, type: date, of: household}}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages:
  check: {title: 核实, by: township.cadre, actions: {pass: {title: 通过, to: next}}}
  decide:
    title: 审定
    by: county.bureau
    actions:
      grant: {title: 同意, to: next, means: grant, set: {household.helped_since: today}}
      refuse: {title: 不同意, to: refused, means: refuse}
ends:
  helped: {title: 已救助, outcome: granted}
  refused: {title: 未救助, outcome: refused}
"""


class Village:
    """One household of two, and officers, on one database."""

    def __init__(self, database: Database, time_source: ManualTime) -> None:
        self.database, self.time = database, time_source
        self.intake, self.store = Intake(database), SqlStore(database)
        definition = load([Source("aid.yaml", AID)])
        self.intake.add_version(
            Version(
                hash=definition.hash, workflow="aid", pack="", canonical=definition.canonical,
                origins=definition.origins_text(), from_date=SINCE, deployed_at=time_source.now(),
            )
        )  # fmt: skip
        posts = {
            "cadre": ("village.cadre", VILLAGE), "town": ("township.cadre", "430822103000"),
            "bureau": ("county.bureau", "430822000000"), "stranger": ("village.cadre", OTHER),
        }  # fmt: skip
        for key, (post, division) in posts.items():
            self.intake.put_person(key, key)
            self.intake.put_posts([(key, Holding(post, division, SINCE))])
        members = [NewMember("演甲", "本人", FIRST), NewMember("演乙", "配偶", SECOND)]
        (self.home,) = self.intake.add_households(
            COUNTY, [NewHousehold(VILLAGE, "演甲", members, place="三组")], time_source.now()
        )
        calendar = Library().calendar()
        self.calendars = [calendar]
        self._count = 0
        definitions = StoredDefinitions(self.intake, lambda: calendar.local_date(time_source.now()))
        self.office = Office(self.store, definitions, lambda county: calendar, time_source, self._chance)
        self.register = SqlRegister(database)

    def _chance(self, size: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(size, "big")

    def new_id(self) -> UUID:
        return uuid7(self.time.now(), self._chance(10))

    def do(self, kind: Any, by: str = "cadre", **more: Any) -> Any:
        more.setdefault("on", date(2026, 3, 1))
        more.setdefault("why", "派出所户籍通知")
        more.setdefault("id", self.new_id())
        more.setdefault("household", self.home)
        command: HouseholdCommand = kind(person=by, **more)
        return self.office.update_household(COUNTY, command)

    def open(self) -> UUID:
        members = tuple(sorted(self.store.fresh(COUNTY, self.home.hex).members, key=int))
        command = OpenCase(
            id=self.new_id(), person="cadre", channel="applied", subject=self.home.hex, division=VILLAGE,
            members=members,
        )  # fmt: skip
        return self.office.open(COUNTY, "aid", command).case.id

    def act(self, by: str, case: UUID, action: str, **more: Any) -> Any:
        return self.office.ask(COUNTY, case, Act(id=self.new_id(), person=by, action=action, **more)).case

    def file(self, by: str = "cadre", household: UUID | None = None) -> HouseholdFile:
        return self.register.household_file(self.office.scope(COUNTY, by), household or self.home)


@pytest.fixture
def village(database: Database, time_source: ManualTime) -> Iterator[Village]:
    found = Village(database, time_source)
    yield found
    assert check(database, time_source.now(), calendars=found.calendars) == []


# --- members ----------------------------------------------------------------------------------------------------------


def test_somebody_born_or_moved_in_lives_there_and_the_history_says_who_when_and_why(village: Village) -> None:
    village.do(AddMember, how="born", name="演丙", relation="子")
    village.do(AddMember, "town", how="moved_in", name="演丁", relation="母", id_number="430822195503035678")
    found = village.file()
    assert [(each.key, each.name, each.left_at) for each in found.members][2:] == [
        ("3", "演丙", None),
        ("4", "演丁", None),
    ]
    assert [(each.kind, each.actor, each.post, each.what, each.why) for each in found.history] == [
        ("born", "cadre", f"village.cadre@{VILLAGE}", {"members": ["3"], "on": "2026-03-01"}, "派出所户籍通知"),
        ("moved_in", "town", "township.cadre@430822103000", {"members": ["4"], "on": "2026-03-01"}, "派出所户籍通知"),
    ]
    assert village.intake.find(COUNTY, ["430822195503035678"]) == {"430822195503035678": (village.home, 4)}


@pytest.mark.parametrize("how", ["died", "moved_out"])
def test_who_died_or_moved_away_is_kept_and_lives_there_no_more(village: Village, how: str) -> None:
    state = village.do(RemoveMembers, how=how, members=("2",))
    assert state.living == ("1",)
    assert village.file().members[1].left_at == village.time.now()
    assert len(village.file().household.members) == 1
    assert village.intake.find(COUNTY, [SECOND]) == {}


def test_the_householder_goes_only_with_somebody_to_follow_him(village: Village) -> None:
    with pytest.raises(InputError, match="who follows"):
        village.do(RemoveMembers, how="died", members=("1",))
    village.do(RemoveMembers, how="died", members=("1",), head="2")
    found = village.file()
    assert found.household.name == "演乙"
    assert found.history[-1].what["head"] == "2"


def test_a_household_splits_and_each_keeps_its_own(village: Village) -> None:
    new = village.new_id()
    village.do(SplitOff, members=("2",), new=new)
    old, own = village.file(), village.file(household=new)
    assert [each.name for each in own.members] == ["演乙"]
    assert own.household.name == "演乙"
    assert own.household.division == old.household.division
    assert own.members[0].id_number == old.members[1].id_number != ""
    assert (old.history[-1].kind, old.history[-1].what["other"]) == ("split_off", new.hex)
    assert (own.history[-1].kind, own.history[-1].what["other"]) == ("founded", village.home.hex)
    assert village.intake.find(COUNTY, [SECOND]) == {SECOND: (new, 1)}
    village.intake.erase_key(COUNTY, village.home)
    assert village.file(household=new).history[-1].why == "派出所户籍通知"


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        (RemoveMembers, {"how": "died", "members": ("9",)}, InputError),
        (RemoveMembers, {"how": "died", "members": ()}, InputError),
        (RemoveMembers, {"how": "died", "members": ("2",), "on": date(2026, 3, 3)}, InputError),
        (RemoveMembers, {"how": "died", "members": ("2",), "why": " "}, InputError),
        (RemoveMembers, {"how": "died", "members": ("1",), "head": "1"}, InputError),
        (SplitOff, {"members": ("1", "2"), "new": UUID(int=1)}, InputError),
        (AddMember, {"how": "born", "name": "", "relation": ""}, InputError),
        (AddMember, {"how": "moved_in", "name": "演戊", "relation": "", "id_number": FIRST}, InputError),
        (AddMember, {"how": "born", "name": "演戊", "relation": "", "by": "bureau"}, PermissionDeniedError),
        (AddMember, {"how": "born", "name": "演戊", "relation": "", "by": "nobody"}, PermissionDeniedError),
        (AddMember, {"how": "born", "name": "演戊", "relation": "", "by": "stranger"}, NotFoundError),
        (AddMember, {"how": "born", "name": "演戊", "relation": "", "household": UUID(int=9)}, NotFoundError),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    village: Village, kind: Any, more: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        village.do(kind, **more)
    assert village.file().history == ()
    assert len(village.file().members) == 2


def test_who_has_declared_the_household_as_a_relatives_does_not_keep_its_record(village: Village) -> None:
    village.intake.declare_relatives([("cadre", village.home)], village.time.now())
    with pytest.raises(PermissionDeniedError):
        village.do(RemoveMembers, how="died", members=("2",))


def test_the_same_command_twice_changes_the_record_once(village: Village) -> None:
    more: dict[str, Any] = {"id": village.new_id(), "how": "born", "name": "演丙", "relation": "子"}
    assert village.do(AddMember, **more).living == village.do(AddMember, **more).living == ("1", "2", "3")


def test_what_was_written_of_a_household_cannot_be_changed_or_taken_away(village: Village) -> None:
    village.do(RemoveMembers, how="died", members=("2",))
    for sql in ("UPDATE household_event SET kind = 'born'", "DELETE FROM household_event"):
        with pytest.raises(Exception), village.database.transaction() as connection:  # noqa: B017
            connection.execute(sql)
    assert village.file().history[0].kind == "died"


# --- what its cases hear ----------------------------------------------------------------------------------------------


def test_an_open_case_is_told_in_the_same_transaction_and_held_back_until_somebody_answers(village: Village) -> None:
    case = village.open()
    village.do(RemoveMembers, how="died", members=("2",))
    event = village.office.history(COUNTY, case, "town")[-1]
    assert (event.kind, event.body["change"], event.body["members"], event.body["by"]) == (
        "concerned",
        "died",
        ["2"],
        "cadre",
    )
    (row,) = village.register.queue(village.office.scope(COUNTY, "town"), village.time.now())
    assert row.has_concern
    with pytest.raises(GuardRefusedError):
        village.act("town", case, "pass")
    answer = CarryOn(id=village.new_id(), person="town", note="其余成员仍需救助", follow=True)
    assert village.office.ask(COUNTY, case, answer).case.get("members") == ["1"]
    assert village.act("town", case, "pass").stage == "decide"
    (row,) = village.register.queue(village.office.scope(COUNTY, "bureau"), village.time.now())
    assert not row.has_concern


def test_a_household_that_is_gone_is_granted_nothing(village: Village) -> None:
    case = village.open()
    village.do(RemoveMembers, how="moved_out", members=("1", "2"))
    village.office.ask(COUNTY, case, CarryOn(id=village.new_id(), person="town", note="报县局处理"))
    village.act("town", case, "pass")
    with pytest.raises(GuardRefusedError):
        village.act("bureau", case, "grant")
    assert village.act("bureau", case, "refuse", note="全户已迁出").stage == "refused"


def test_a_case_opened_meanwhile_is_told_as_well(village: Village) -> None:
    read = village.store.household

    def while_another_opens(county: str, household: UUID) -> Any:
        state = read(county, household)
        if not opened:
            opened.append(village.open())
        return state

    opened: list[UUID] = []
    village.store.household = while_another_opens  # type: ignore[method-assign]
    village.do(RemoveMembers, how="died", members=("2",))
    assert village.store.load(COUNTY, opened[0]).case.section("concerns")


def test_a_case_is_not_opened_with_members_who_have_just_left(village: Village) -> None:
    """Whatever was decided before the members changed is decided again, on the members of now."""
    commit = village.store.commit

    def while_somebody_dies(*given: Any) -> Any:
        if not died:
            died.append(True)
            village.do(RemoveMembers, how="died", members=("2",))
        return commit(*given)

    died: list[bool] = []
    village.store.commit = while_somebody_dies  # type: ignore[method-assign, assignment]
    with pytest.raises(InputError, match="as registered: 1"):
        village.open()
    assert village.file().cases == ()


# --- statuses ---------------------------------------------------------------------------------------------------------


def grant(village: Village) -> str:
    case = village.open()
    village.act("town", case, "pass")
    return str(village.act("bureau", case, "grant").number)


def test_a_status_says_since_when_and_by_which_case_and_keeps_its_history(village: Village) -> None:
    first = grant(village)
    village.time.advance(timedelta(days=30))
    second = grant(village)
    found = village.file()
    assert [(each.kind, each.case, each.what, each.actor) for each in found.history] == [
        ("status", first, {"helped_since": "2026-03-02"}, "bureau"),
        ("status", second, {"helped_since": "2026-04-01"}, "bureau"),
    ]
    status = found.household.statuses["helped_since"]
    assert (status["v"], status["case"]) == ("2026-04-01", second)
    assert [each.number for each in found.cases] == [second, first]


def test_words_and_numbers_of_a_household_are_stored_as_ciphertext(village: Village) -> None:
    village.do(AddMember, how="moved_in", name="演丁", relation="母", id_number="430822195503035678", why="母亲来同住")
    with village.database.connection() as connection:
        texts = connection.execute("SELECT text FROM household_event").fetchall()
        numbers = connection.execute("SELECT id_no FROM member").fetchall()
    assert "母亲来同住" not in str(texts)
    assert "430822195503035678" not in str(numbers)
    village.intake.erase_key(COUNTY, village.home)
    assert village.file().history[-1].why is None

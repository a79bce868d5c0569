"""The register's contract, on every database: who sees what, in which order, and at what cost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.cases import Case, Change, Decision, Event, Message, fold, iso
from engine.divisions import Level, contains
from engine.errors import CaseNotFoundError, NotFoundError
from engine.people import Holding
from engine.ports import CaseRow, Scope
from storage.checks import check
from storage.database import Database
from storage.intake import Intake, NewHousehold, NewMember
from storage.register import SqlRegister
from storage.store import SqlStore

NOW = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
COUNTY, OTHER = "430822", "430821"
SEAT = "430822000000"
PREFECTURE = "430800000000"
TOWNSHIP_A, TOWNSHIP_B = "430822100000", "430822101000"
#: The second is the first's neighbour in code, so that a range too wide by one would show it.
VILLAGES = ("430822100201", "430822100202", "430822100999", "430822101001", "430821103205")


def reader(*posts: tuple[str, str], county: str = COUNTY, person: str = "wang") -> Scope:
    return Scope(county, person, posts)


CADRE = reader(("village.cadre", VILLAGES[0]))
BUREAU = reader(("county.bureau", SEAT))


@dataclass
class World:
    """A database with cases made of what their events say, and what was put in."""

    database: Database
    store: SqlStore
    register: SqlRegister
    intake: Intake
    cases: dict[UUID, Case] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)

    def household(self, division: str, name: str, *members: tuple[str, str], phone: str = "") -> UUID:
        people = [
            NewMember(each, "户主" if not place else "成员", number) for place, (each, number) in enumerate(members)
        ]
        new = NewHousehold(division=division, name=name, members=people, phone=phone, source="test")
        return self.intake.add_households(division[:6], [new], NOW)[0]

    def open(
        self,
        division: str,
        *,
        stage: str = "check",
        items: Iterable[tuple[str, str]] = (),
        due: datetime | None = None,
        household: UUID | None = None,
        workflow: str = "identification",
        at: datetime = NOW - timedelta(days=20),
        tell: Iterable[tuple[str, str]] = (),
        claimed: str = "",
    ) -> UUID:
        """Open a case standing in *stage*; *items* and *tell* are (post, division)."""
        county = division[:6]
        serial = self.serials[county] = self.serials.get(county, 0) + 1
        case = Case(county, UUID(int=(int(county) << 32) + serial))
        changes: list[Change] = [
            ("case", name, value)
            for name, value in {
                "number": f"{county}-2026-{serial:06d}", "workflow": workflow,
                "subject": household.hex if household else f"s{serial}",
                "division": division, "opened": iso(at), "status": "open", "stage": stage, "entry": 1,
            }.items()
        ]  # fmt: skip
        changes.append(("asks", stage, {"n": 1}))
        for number, (post, place) in enumerate(items, 1):
            changes.append(("items", str(number), {"q": stage, "p": post, "d": place, "by": claimed}))
        if due is not None:
            changes.append(("clocks", stage, self.clock(at, due)))
        self.act(case, "opened", at, *changes, tell=tell)
        return case.id

    def clock(self, at: datetime, due: datetime, **more: Any) -> dict[str, Any]:
        day = due.date().isoformat()
        return {"for": "5 workday", "at": iso(at), "due": iso(due), "day": day, "cal": "x", **more}

    def act(
        self, case: Case | UUID, kind: str, at: datetime, *changes: Change, tell: Iterable[tuple[str, str]] = (),
        body: dict[str, Any] | None = None, post: str = "", person: str = "li",
    ) -> None:  # fmt: skip
        before = self.cases[case] if isinstance(case, UUID) else case
        decided = self.event(before, kind, at, *changes, body=body, post=post, person=person)
        messages = tuple(Message("asked", post, place, {"ask": before.stage}) for post, place in tell)
        self.store.commit([replace(decided, messages=messages)], self.store.staff_revision(before.county))
        self.cases[before.id] = self.store.load(before.county, before.id).case

    def event(
        self, before: Case, kind: str, at: datetime, *changes: Change, body: dict[str, Any] | None = None,
        post: str = "", person: str = "li",
    ) -> Decision:  # fmt: skip
        """What happened to a case, to be committed."""
        command = UUID(int=before.id.int + ((before.seq + 1) << 96))
        event = Event(
            county=before.county, case=before.id, seq=before.seq + 1, at=at, kind=kind, command=command, asked=b"",
            actor=person, post=post, body=body or {}, changes=changes,
        )  # fmt: skip
        return Decision(event, fold(before, event))

    def end(self, case: UUID, at: datetime, outcome: str = "granted") -> None:
        stage = self.cases[case].stage
        items: list[Change] = [("items", number, None) for number in self.cases[case].section("items")]
        self.act(
            case, "acted", at, ("clocks", stage, None), ("asks", stage, None), *items,
            ("case", "stage", "listed"), ("case", "end", "listed"), ("case", "outcome", outcome),
            ("case", "status", "closed"),
        )  # fmt: skip

    def enlist(self, list_id: UUID, *cases: UUID, division: str) -> None:
        for case in cases:
            stage = self.cases[case].stage
            ask = self.cases[case].section("asks")[stage]
            self.act(
                case, "listed", NOW, ("asks", stage, {**ask, "l": list_id.hex}),
                body={"list": list_id.hex, "ask": stage, "at": division}, post=f"village.committee@{division}",
            )  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    intake = Intake(database)
    intake.put_person("wang", "王某")
    intake.put_posts([("wang", Holding("village.cadre", VILLAGES[0], NOW.date()))])
    return World(database, SqlStore(database), SqlRegister(database), intake)


# --- I19 --------------------------------------------------------------------------------------------------------------


def numbers(rows: Iterable[CaseRow]) -> set[str]:
    return {row.number for row in rows}


def populated(world: World) -> None:
    """In every village: two open cases (one late), an ended one, a household, messages, and a list."""
    for place, village in enumerate(VILLAGES):
        township, seat = village[:9] + "000", village[:6] + "000000"
        home = world.household(village, f"张{place}", (f"张{place}", f"43082219800101{place:03d}X"))
        offices = [("village.cadre", village), ("township.cadre", township), ("county.bureau", seat)]
        late = world.open(village, items=offices, due=NOW - timedelta(days=place + 1), household=home, tell=offices)
        early = world.open(village, items=offices, due=NOW + timedelta(days=place + 1), tell=offices)
        over = world.open(village, due=NOW - timedelta(days=3))
        world.end(over, NOW - timedelta(days=1))
        world.enlist(UUID(int=place + 1), late, early, division=village)


def some_scopes(count: int) -> Iterator[Scope]:
    chance = random.Random(19)
    places = [
        *VILLAGES, TOWNSHIP_A, TOWNSHIP_B, SEAT, "430821000000", PREFECTURE, "430000000000", "430822100203",
        "431022100201",
    ]  # fmt: skip
    for _ in range(count):
        held = [
            (chance.choice(("village.cadre", "township.cadre", "county.bureau")), chance.choice(places))
            for _ in range(chance.randint(0, 3))
        ]
        yield Scope(chance.choice((COUNTY, COUNTY, OTHER)), "wang", tuple(dict.fromkeys(held)))


def test_I19_every_method_gives_all_that_lies_in_scope_and_nothing_else(world: World) -> None:
    populated(world)
    register = world.register
    names = {home: register.household(reader(("county.bureau", village[:6] + "000000"), county=village[:6]), home).name
             for village, home in homes_of(world)}  # fmt: skip
    for scope in some_scopes(40):
        seen = {
            case.number: case
            for case in world.cases.values()
            if case.county == scope.county and any(contains(place, case.division) for _, place in scope.posts)
        }
        running = {number for number, case in seen.items() if case.status == "open"}
        late = {
            number for number in running
            if any(clock["due"] <= iso(NOW) for clock in seen[number].section("clocks").values())
        }  # fmt: skip
        mine = {
            (number, item["p"], item["d"])
            for number in running
            for item in seen[number].section("items").values()
            if (item["p"], item["d"]) in scope.posts
        }
        assert {(row.number, row.post, row.division) for row in register.queue(scope, NOW)} == mine
        assert {(row.number, row.post, row.division) for row in register.inbox(scope)} == mine
        assert {row.number for row in register.queue(scope, NOW, late_only=True)} == {n for n, *_ in mine} & late
        assert {row.case.number for row in register.overdue(scope, NOW)} == late
        villages = {row.division: row.late for row in register.board(scope, NOW, Level.VILLAGE) if row.late}
        assert villages == Counter(seen[number].division for number in late)
        for level in Level:
            board = register.board(scope, NOW, level)
            assert sum(row.open for row in board) == len(running)
            assert sum(row.late for row in board) == len(late)
            assert sum(row.ended for row in board) == len(seen) - len(running)
            assert all(any(contains(place, row.division) for _, place in scope.posts) for row in board)
        assert {row.number for row in register.clocks(scope, NOW)} == set(seen)
        for wide in (SEAT, TOWNSHIP_A, VILLAGES[2]):
            inside = {number for number in running if contains(wide, seen[number].division)}
            assert numbers(register.cases_in(scope, "identification", "check", wide)) == inside
        assert {item[1] for row in register.lists(scope) for item in row.items} == running
        at_home = {home for village, home in homes_of(world) if sees(scope, village)}
        assert {row.id for row in register.households(scope, "张")} == at_home
        for case in world.cases.values():
            found = case.number in seen
            assert numbers(register.find(scope, case.number)) == ({case.number} if found else set())
            if found:
                assert register.case_by_number(scope, case.number).id == case.id
            else:
                with pytest.raises(CaseNotFoundError):
                    register.case_by_number(scope, case.number)
        for place, (village, home) in enumerate(homes_of(world)):
            found = home in at_home
            assert [row.id for row in register.households(scope, f"43082219800101{place:03d}X")] == [home] * found
            assert len(register.find(scope, names[home])) == found
            if found:
                assert register.household(scope, home).division == village
                assert register.list(scope, UUID(int=place + 1)).division == village
            else:
                with pytest.raises(NotFoundError):
                    register.household(scope, home)
                with pytest.raises(NotFoundError):
                    register.list(scope, UUID(int=place + 1))


def sees(scope: Scope, village: str) -> bool:
    return scope.county == village[:6] and any(contains(place, village) for _, place in scope.posts)


def homes_of(world: World) -> Sequence[tuple[str, UUID]]:
    """Every village's household, in the order of VILLAGES."""
    found = []
    for case in world.cases.values():
        subject = case.subject
        if len(subject) == 32:
            found.append((case.division, UUID(subject)))
    return found


def test_I19_a_list_shows_of_its_cases_those_in_scope(world: World) -> None:
    one, two = (world.open(village, items=[]) for village in VILLAGES[:2])
    world.enlist(UUID(int=9), one, two, division=VILLAGES[0])
    whole = [number for _, number, _ in world.register.list(BUREAU, UUID(int=9)).items]
    assert whole == ["430822-2026-000001", "430822-2026-000002"]
    assert [number for _, number, _ in world.register.list(CADRE, UUID(int=9)).items] == whole[:1]


def test_I19_nobody_marks_as_read_what_he_cannot_see(world: World) -> None:
    world.open(VILLAGES[1], tell=[("village.cadre", VILLAGES[1])])
    owner = reader(("village.cadre", VILLAGES[1]), person="zhao")
    rows = world.register.inbox(owner)
    assert len(rows) == 1
    assert world.register.mark_read(CADRE, rows, NOW) == 0
    assert world.register.mark_read(reader(), rows, NOW) == 0
    assert world.register.mark_read(owner, rows, NOW) == 1


# --- the queue --------------------------------------------------------------------------------------------------------


def test_a_queue_begins_with_what_is_due_first_and_ends_with_what_has_no_limit(world: World) -> None:
    post = ("village.cadre", VILLAGES[0])
    for days in (3, None, -1, 5, None, 7):
        case = world.open(VILLAGES[0], items=[post], due=None if days is None else NOW + timedelta(days=days))
    # Another limit of the case is not that of what is asked; its own may be moved.
    world.act(case, "acted", NOW, ("clocks", "whole", world.clock(NOW, NOW - timedelta(days=3))))
    world.act(case, "clock_extended", NOW, ("clocks", "check", world.clock(NOW, NOW + timedelta(days=1))))
    rows = world.register.queue(CADRE, NOW)
    assert [row.due_at and (row.due_at - NOW).days for row in rows] == [-1, 1, 3, 5, None, None]
    assert [row.is_late for row in rows] == [True, False, False, False, False, False]


def test_pages_of_a_queue_join_without_gap_or_repetition(world: World) -> None:
    posts = (("village.cadre", VILLAGES[0]), ("village.liaison", VILLAGES[0]))
    scope = reader(*posts)
    for number in range(7):
        due = None if number % 3 == 0 else NOW + timedelta(days=number // 2)
        world.open(VILLAGES[0], items=posts, due=due)
    whole = world.register.queue(scope, NOW)
    assert len(whole) == 14
    pages: list[Any] = []
    page = world.register.queue(scope, NOW, limit=4)
    while page:
        pages += page
        page = world.register.queue(scope, NOW, limit=4, after=page[-1].key)
    assert pages == list(whole)


def test_a_row_of_the_queue_tells_what_an_officer_decides_by(world: World) -> None:
    home = world.household(VILLAGES[0], "张某", ("张某", "430822198001010014"))
    world.open(VILLAGES[0], items=[("village.cadre", VILLAGES[0])], household=home, due=NOW, claimed="wang")
    (row,) = world.register.queue(CADRE, NOW)
    assert (row.number, row.household, row.ask, row.claimed_by) == ("430822-2026-000001", "张某", "check", "wang")
    assert (row.due_at, row.is_late, row.opened_at) == (NOW, True, NOW - timedelta(days=20))


# --- finding ----------------------------------------------------------------------------------------------------------


def test_a_case_is_found_by_its_number_or_what_people_say_of_it(world: World) -> None:
    for _ in range(12):
        world.open(VILLAGES[0])
    for text in ("430822-2026-000012", "2026-12", "12", "000012", " 0012 ", "\uff11\uff12"):
        assert numbers(world.register.find(CADRE, text)) == {"430822-2026-000012"}, text
    for text in ("430822-2026-12", "2025-12", "2", "13", "", "李"):
        assert "430822-2026-000012" not in numbers(world.register.find(CADRE, text)), text


def test_a_case_is_found_by_the_name_or_id_number_of_anybody_in_the_household(world: World) -> None:
    home = world.household(
        VILLAGES[0], "张三丰", ("张三丰", "430822195001010013"), ("王小花", "43082219550202002X"), phone="13800000000"
    )
    other = world.household(VILLAGES[0], "张弓", ("张弓", ""))
    first = world.open(VILLAGES[0], household=home)
    world.end(first, NOW - timedelta(days=2))
    world.open(VILLAGES[0], household=home, at=NOW - timedelta(days=1))
    world.open(VILLAGES[0], household=other, at=NOW - timedelta(days=3))
    register = world.register
    own = ["430822-2026-000002", "430822-2026-000001"]
    for text in ("张三丰", "张三", "王小", "430822195001010013", "43082219550202002x"):
        assert [row.number for row in register.find(CADRE, text)] == own, text
    assert [row.number for row in register.find(CADRE, "张")] == [own[0], "430822-2026-000003", own[1]]
    assert register.find(CADRE, "三丰") == []
    assert register.find(CADRE, "张%") == []
    (row,) = register.households(CADRE, "王小花")
    assert row.members == (("张三丰", "户主", "4308************13"), ("王小花", "成员", "4308************2X"))
    assert (row.id_number, row.phone) == ("4308************13", "138****0000")


def test_a_household_is_found_by_who_died_or_moved_away(world: World) -> None:
    home = world.household(VILLAGES[0], "张三丰", ("张三丰", ""), ("王小花", ""))
    world.open(VILLAGES[0], household=home)
    with world.database.transaction() as connection:
        connection.execute("UPDATE member SET left_at = 1 WHERE name = '王小花'")
    register = world.register
    assert [row.id for row in register.households(CADRE, "王小花")] == [home]
    assert [row.number for row in register.find(CADRE, "王小花")] == ["430822-2026-000001"]


def test_of_a_household_whose_key_is_erased_the_numbers_are_gone(world: World) -> None:
    home = world.household(VILLAGES[0], "张某", ("张某", "430822198001010014"), phone="13800000000")
    world.intake.erase_key(COUNTY, home)
    row = world.register.household(CADRE, home)
    assert (row.name, row.id_number, row.phone) == ("张某", "", "")


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_message_is_read_by_each_for_himself_and_the_newest_comes_first(world: World) -> None:
    post = ("village.cadre", VILLAGES[0])
    for days in (3, 1, 2):
        world.open(VILLAGES[0], tell=[post], at=NOW - timedelta(days=days))
    colleague = reader(post, person="zhao")
    rows = world.register.inbox(CADRE)
    assert [(NOW - row.at).days for row in rows] == [1, 2, 3]
    assert (rows[0].event, dict(rows[0].data), rows[0].is_read) == ("asked", {"ask": ""}, False)
    assert world.register.mark_read(CADRE, rows[:2], NOW) == 2
    assert world.register.mark_read(CADRE, rows[:2], NOW) == 0
    assert [(NOW - row.at).days for row in world.register.inbox(CADRE)] == [3]
    assert [row.is_read for row in world.register.inbox(CADRE, unread_only=False)] == [True, True, False]
    assert len(world.register.inbox(colleague)) == 3
    assert len(world.register.inbox(colleague, limit=2)) == 2


# --- lateness and totals ----------------------------------------------------------------------------------------------


def test_the_overdue_list_says_whose_clock_and_who_has_work(world: World) -> None:
    offices = [("village.cadre", VILLAGES[0]), ("township.cadre", TOWNSHIP_A)]
    world.open(VILLAGES[0], items=offices, due=NOW - timedelta(days=2))
    world.open(VILLAGES[1], items=[], due=NOW - timedelta(days=4))
    world.open(VILLAGES[1], items=[], due=NOW + timedelta(milliseconds=1))
    rows = world.register.overdue(BUREAU, NOW)
    assert [(row.case.number[-1], row.clock, (NOW - row.due_at).days) for row in rows] == [
        ("2", "check", 4), ("1", "check", 2)
    ]  # fmt: skip
    assert rows[1].posts == (f"township.cadre@{TOWNSHIP_A}", f"village.cadre@{VILLAGES[0]}")
    assert [row.case.number for row in world.register.overdue(BUREAU, NOW, limit=1)] == [rows[0].case.number]


def test_the_board_counts_by_division_stage_and_outcome(world: World) -> None:
    world.open(VILLAGES[0], due=NOW - timedelta(days=1))
    world.open(VILLAGES[1], due=NOW + timedelta(days=1))
    world.open(VILLAGES[3], stage="review")
    in_time, late = (world.open(VILLAGES[0], due=NOW - timedelta(days=3)) for _ in range(2))
    world.end(in_time, NOW - timedelta(days=4))
    world.end(late, NOW - timedelta(days=2), "refused")
    rows = {
        (row.division, row.stage, row.outcome): (row.open, row.late, row.ended, row.ended_late)
        for row in world.register.board(BUREAU, NOW)
    }
    assert rows == {
        (TOWNSHIP_A, "check", ""): (2, 1, 0, 0),
        (TOWNSHIP_A, "listed", "granted"): (0, 0, 1, 0),
        (TOWNSHIP_A, "listed", "refused"): (0, 0, 1, 1),
        (TOWNSHIP_B, "review", ""): (1, 0, 0, 0),
    }
    (row,) = [row for row in world.register.board(CADRE, NOW) if row.open]
    assert (row.division, row.open) == (VILLAGES[0], 1)


def test_totals_are_the_same_before_and_after_they_are_added_up(world: World) -> None:
    days = timedelta(days=1)
    cases = [world.open(village, due=NOW + place * days) for place, village in enumerate(VILLAGES[:4], -1)]
    world.end(cases[0], NOW)
    for later in range(5):
        now = NOW + later * days
        before = world.register.board(BUREAU, now, Level.VILLAGE)
        assert sum(row.late for row in before) == min(later + 1, 3) - (later > 2)
        world.store.add_up(now)
        assert world.register.board(BUREAU, now, Level.VILLAGE) == before
        assert check(world.database, now) == []
        if later == 2:  # What was added up as late is late no more.
            world.end(cases[1], now, "refused")
    rows = {(row.division, row.stage, row.outcome): (row.late, row.ended, row.ended_late) for row in before}
    assert rows == {
        (VILLAGES[0], "listed", "granted"): (0, 1, 1),
        (VILLAGES[1], "listed", "refused"): (0, 1, 1),
        (VILLAGES[2], "check", ""): (1, 0, 0),
        (VILLAGES[3], "check", ""): (1, 0, 0),
    }
    with world.database.connection() as connection:
        (left,) = connection.execute("SELECT count(*) FROM tally WHERE due_at > 0 OR no > 0").fetchone()
    assert left == 0


def test_clocks_tell_which_limits_were_missed(world: World) -> None:
    missed, kept, runs = (world.open(VILLAGES[0], due=NOW - timedelta(days=3)) for _ in range(3))
    world.end(missed, NOW - timedelta(days=3))
    world.end(kept, NOW - timedelta(days=3, milliseconds=1))
    wait = world.clock(NOW - timedelta(days=9), NOW - timedelta(days=2), k="wait")
    stopped = world.clock(NOW, NOW - timedelta(days=2), stops=[[iso(NOW - timedelta(days=4)), None, "by_hand", ""]])
    world.act(runs, "acted", NOW, ("clocks", "notice.wait", wait), ("clocks", "whole", stopped))
    rows = world.register.clocks(CADRE, NOW)
    assert {(row.case, row.clock, row.kind, row.status, row.is_late) for row in rows} == {
        (missed, "check", "limit", "ended", True),
        (kept, "check", "limit", "ended", False),
        (runs, "check", "limit", "running", True),
        (runs, "notice.wait", "wait", "running", False),
        (runs, "whole", "limit", "stopped", False),
    }
    assert [(row.case, row.clock) for row in world.register.clocks(CADRE, NOW, late_only=True)] == [
        (missed, "check"), (runs, "check")
    ]  # fmt: skip


def test_a_limit_that_ends_while_it_is_stopped_counts_until_it_was_stopped(world: World) -> None:
    due = NOW - timedelta(days=3)
    kept, missed, both = (world.open(VILLAGES[0], due=due) for _ in range(3))
    for case, days in ((kept, 4), (missed, 2), (both, 4)):
        since = NOW - timedelta(days=days)
        stopped = world.clock(since, due, stops=[[iso(since), None, "by_hand", ""]])
        # The last is stopped and ended by one commit.
        if case != both:
            world.act(case, "stopped", since, ("clocks", "check", stopped))
            world.end(case, NOW)
    before = world.cases[both]
    stop = world.event(before, "stopped", NOW, ("clocks", "check", stopped))
    end = world.event(stop.case, "acted", NOW, ("clocks", "check", None), ("case", "status", "closed"))
    world.store.commit([stop, end], world.store.staff_revision(COUNTY))
    assert {row.case: (row.status, row.is_late) for row in world.register.clocks(CADRE, NOW)} == {
        kept: ("ended", False), missed: ("ended", True), both: ("ended", False)
    }  # fmt: skip
    assert [row.case for row in world.register.clocks(CADRE, NOW, late_only=True)] == [missed]
    assert sum(row.ended_late for row in world.register.board(CADRE, NOW)) == 1
    assert world.register.overdue(CADRE, NOW) == []


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_list_is_open_until_its_act_and_keeps_each_outcome(world: World) -> None:
    first, second = (world.open(VILLAGES[0]) for _ in range(2))
    world.enlist(UUID(int=5), first, second, division=VILLAGES[0])
    (row,) = world.register.lists(CADRE)
    assert (row.id, row.workflow, row.stage, row.division, row.status, row.by) == (
        UUID(int=5), "identification", "check", VILLAGES[0], "open", "li"
    )  # fmt: skip
    assert [outcome for *_, outcome in row.items] == ["", ""]
    world.act(first, "acted", NOW, ("asks", "check", None), body={"list": UUID(int=5).hex, "action": "pass"})
    assert world.register.lists(CADRE) == []
    row = world.register.list(CADRE, UUID(int=5))
    assert (row.status, [outcome for *_, outcome in row.items]) == ("decided", ["pass", ""])


# --- cost -------------------------------------------------------------------------------------------------------------


class Recorder:
    """A driver's connection that remembers what it is asked."""

    def __init__(self, connection: Any, asked: list[tuple[str, Sequence[Any]]]) -> None:
        self._connection = connection
        self._asked = asked

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        self._asked.append((sql, values))
        return self._connection.execute(sql, values)


def asked_by(world: World, monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []
    connect = world.database.connection

    @contextmanager
    def recording() -> Iterator[Recorder]:
        with connect() as connection:
            yield Recorder(connection, asked)

    with monkeypatch.context() as patch:
        patch.setattr(world.database, "connection", recording)
        call()
    return asked


def plan(world: World, sql: str, values: Sequence[Any]) -> str:
    """How the database would carry it out, if its tables were too large to be read through."""
    with world.database.connection() as connection:
        if not world.database.is_postgres:
            return "\n".join(str(row[-1]) for row in connection.execute("EXPLAIN QUERY PLAN " + sql, values))
        connection.execute("ANALYZE household, member, cases")
        connection.execute("SET enable_seqscan = off")
        try:
            return "\n".join(str(row[0]) for row in connection.execute("EXPLAIN " + sql, values))
        finally:
            connection.execute("RESET enable_seqscan")


def test_a_page_of_the_queue_is_one_statement(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [("village.cadre", VILLAGES[0]), ("village.liaison", VILLAGES[0]), ("township.cadre", TOWNSHIP_A)]
    for _ in range(5):
        world.open(VILLAGES[0], items=posts, due=NOW)
    assert len(asked_by(world, monkeypatch, lambda: world.register.queue(reader(*posts), NOW))) == 1


SERVED: dict[str, tuple[str, Callable[[SqlRegister], object]]] = {
    "queue": ("ix_work_item_queue", lambda register: register.queue(BUREAU, NOW)),
    "overdue": ("ix_cases_due", lambda register: register.overdue(BUREAU, NOW)),
    "board": ("pk_tally", lambda register: register.board(BUREAU, NOW)),
    "cases of a stage": ("ix_cases_running", lambda register: register.cases_in(BUREAU, "w", "s", VILLAGES[0])),
    "inbox": ("ix_outbox_post", lambda register: register.inbox(BUREAU)),
    "number": ("uq_cases_number", lambda register: register.find(BUREAU, "12")),
    "ID number": ("uq_member_id_index", lambda register: register.households(BUREAU, "43082219800101001X")),
    "name": ("ix_household_county_name", lambda register: register.households(BUREAU, "张")),
    "cases by name": ("ix_cases_household", lambda register: register.find(BUREAU, "张")),
    "member's name": ("ix_member_county_name", lambda register: register.households(BUREAU, "张")),
}


@pytest.mark.parametrize("query", SERVED)
def test_a_query_is_served_by_its_index(world: World, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    index, call = SERVED[query]
    homes = [
        NewHousehold(division=VILLAGES[0], name=f"{each}某", members=[NewMember(f"{each}某", "户主")])
        for each in range(99)
    ]
    world.intake.add_households(COUNTY, homes, NOW)
    for number in range(30 if query == "cases of a stage" else 0):
        world.open(VILLAGES[number % 4], stage="s")
    # Of names that nobody has today, those of former members are asked for next.
    (sql, values), *_ = asked_by(world, monkeypatch, lambda: call(world.register))
    # SQLite keeps such a table in its primary key, which it does not call by name.
    found = plan(world, sql, values).replace("t USING PRIMARY KEY (county=? AND due_at<?)", "pk_tally")
    assert index in found
    assert "SCAN w" not in found
    if query == "queue":
        assert "TEMP B-TREE" not in found
        assert "Sort" not in found
    assert "SCAN c" not in found


@pytest.mark.parametrize("typed", ["買·大", " 買 ・大", "買•\u200b大"])
def test_a_name_is_found_however_its_dots_and_blanks_are_typed(world: World, typed: str) -> None:
    home = world.household(VILLAGES[0], "買·大", ("買·大", "430822198001010014"))
    assert [row.id for row in world.register.households(CADRE, typed)] == [home]

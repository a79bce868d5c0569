"""The store's contract, on every database: what is written is all there or not at all, and only on what was read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from engine.cases import Case, Decision, Event, Message, RegisterWrite, Secret, fold, iso, link_hash, replay
from engine.errors import (
    BangfuError,
    CaseNotFoundError,
    CommandReusedError,
    ConflictError,
    GuardRefusedError,
    InputError,
    NotFoundError,
    StorageError,
)
from engine.households import AddMember, HouseholdUpdate
from engine.people import Deputy, Holding
from storage.checks import check
from storage.database import Database
from storage.intake import NewHousehold, NewMember, NewStatuses
from storage.store import SqlStore
from tests.databases import KEY
from tests.desk import COUNTY, ID_NUMBER, ILLNESS, NOW, VERSION, VILLAGE, Desk, clock, command_id, decision, item

#: What is about the definition is checked where there are definitions.
_STORED = ("I1", "I2", "I4", "I9", "I10", "I23", "I25")


def violations(desk: Desk, *never: str, now: datetime = NOW + timedelta(days=9)) -> list[str]:
    found = check(desk.database, now, never=never)
    return [str(each) for each in found if each.invariant in _STORED]


# --- a case and its log -----------------------------------------------------------------------------------------------


def test_what_was_committed_is_loaded(desk: Desk) -> None:
    made = desk.opening()
    (event,) = desk.store.commit([made], desk.revision)
    loaded = desk.store.load(COUNTY, made.case.id)
    assert loaded.case.record() == made.case.record()
    assert (loaded.case.seq, loaded.case.head, loaded.case.at) == (1, event.hash, event.at)
    assert loaded.staff_revision == desk.revision
    assert loaded.members == {"1": {"age": 40}}
    assert loaded.case.section("facts")["illness"]["v"].value == ILLNESS


def test_a_case_that_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(CaseNotFoundError):
        desk.store.load(COUNTY, UUID(int=404))


def test_I1_events_are_numbered_and_each_brings_all_its_rows(desk: Desk) -> None:
    case = desk.open()
    for _ in range(5):
        case = desk.move(case)
    assert [event.seq for event in desk.store.events(COUNTY, case.id)] == [1, 2, 3, 4, 5, 6]
    assert desk.rows("SELECT seq FROM cases") == [(6,)]
    assert len(desk.rows("SELECT 1 FROM response")) == 5
    assert violations(desk) == []


def test_I2_the_log_folded_is_the_record(desk: Desk) -> None:
    case = desk.open()
    for _ in range(4):
        case = desk.move(case)
    assert replay(COUNTY, case.id, desk.store.events(COUNTY, case.id)).record() == case.record()
    assert violations(desk) == []


def test_events_come_back_as_they_were_sealed(desk: Desk) -> None:
    made = desk.opening()
    (sealed,) = desk.store.commit([made], desk.revision)
    (read,) = desk.store.events(COUNTY, made.case.id)
    assert read == replace(sealed, body=read.body, changes=read.changes)
    assert read.text() == sealed.text()
    assert read.version == VERSION
    assert desk.store.event_of(COUNTY, made.event.command) == read
    assert desk.store.event_of(COUNTY, UUID(int=404)) is None


def test_several_decisions_on_one_case_are_one_commit(desk: Desk) -> None:
    first = desk.opening()
    second = desk.moving(first.case)
    third = desk.moving(second.case)
    events = desk.store.commit([first, second, third], desk.revision)
    assert [event.seq for event in events] == [1, 2, 3]
    assert desk.load(first.case.id).record() == third.case.record()
    assert desk.rows("SELECT name, entry FROM clock WHERE ended_at IS NOT NULL ORDER BY entry") == [
        ("check", 1), ("review", 2),
    ]  # fmt: skip
    assert desk.rows("SELECT name, entry FROM clock WHERE ended_at IS NULL") == [("check", 3)]
    assert desk.rows("SELECT status FROM timer ORDER BY no") == [("cancelled",), ("cancelled",), ("pending",)]
    assert desk.rows("SELECT no FROM work_item") == [(202,)]
    assert violations(desk) == []


def test_decisions_on_several_cases_are_all_written_or_none(desk: Desk) -> None:
    first = desk.open()
    other = desk.open(desk.new_household(""))
    stale = desk.moving(other)
    other = desk.move(other)
    with pytest.raises(ConflictError):
        desk.store.commit([desk.moving(first), stale], desk.revision)
    assert desk.load(first.id).seq == 1
    desk.store.commit([desk.moving(first), desk.moving(other)], desk.revision)
    assert (desk.load(first.id).seq, desk.load(other.id).seq) == (2, 3)
    assert violations(desk) == []


def test_cases_that_are_written_together_have_all_their_rows(desk: Desk) -> None:
    cases = [desk.open(desk.new_household("")) for _ in range(3)]
    told = (Message("told", "village.cadre", VILLAGE, {"action": "pass"}),)
    sets = (RegisterWrite("household", "monitored", True), RegisterWrite("village", "visited", True, VILLAGE))
    made = [
        desk.moving(cases[0], register=sets),
        desk.moving(cases[1], messages=told, register=sets),
        desk.moving(cases[2]),
        desk.opening(desk.new_household("")),
    ]
    desk.store.commit(made, desk.revision)
    assert [desk.load(case.id).stage for case in cases] == ["review"] * 3
    timers = desk.rows("SELECT status FROM timer WHERE case_id = ? ORDER BY no", desk.stored_id(cases[2].id))
    assert timers == [("cancelled",), ("pending",)]
    assert violations(desk) == []


def test_of_cases_that_are_written_together_none_is_if_one_has_changed(desk: Desk) -> None:
    cases = [desk.open(desk.new_household("")) for _ in range(3)]
    made = [desk.moving(case) for case in cases]
    desk.move(cases[1])
    with pytest.raises(ConflictError):
        desk.store.commit(made, desk.revision)
    assert [desk.load(case.id).seq for case in cases] == [1, 2, 1]


def test_cases_are_read_together_but_for_those_that_cannot_be(desk: Desk) -> None:
    case = desk.open()
    assert desk.store.load_all(COUNTY, [case.id, UUID(int=7)]) == {case.id: desk.store.load(COUNTY, case.id)}
    assert desk.store.load_all(COUNTY, []) == {}


def test_a_case_and_its_child_are_opened_together(desk: Desk) -> None:
    parent = desk.opening()
    child = desk.opening(case=UUID(int=1), serial=2, parent=parent.case.id)
    waiting = decision(parent.case, "acted", [("links", child.case.id.hex, {"w": "aid", "q": "check", "k": "child"})])
    desk.store.commit([parent, waiting, child], desk.revision)
    assert desk.store.next_serial(COUNTY, 2026) == 3
    told = decision(
        desk.load(parent.case.id), "child_ended", [("links", child.case.id.hex, None)], body={"outcome": "upheld"}
    )
    desk.store.commit([told], desk.revision)
    assert desk.rows("SELECT kind, ask, outcome FROM case_link") == [("child", "check", "upheld")]
    assert violations(desk) == []


# --- who was faster ---------------------------------------------------------------------------------------------------


def test_I4_a_decision_on_what_has_changed_is_not_written(desk: Desk) -> None:
    case = desk.open()
    mine, yours = desk.moving(case), desk.moving(case)
    desk.store.commit([mine], desk.revision)
    with pytest.raises(ConflictError):
        desk.store.commit([yours], desk.revision)
    assert desk.load(case.id).record() == mine.case.record()
    assert len(desk.rows("SELECT 1 FROM case_event")) == 2


def test_I4_of_many_decisions_at_once_one_succeeds(desk: Desk) -> None:
    case = desk.open()
    for _ in range(10):
        made = [desk.moving(case) for _ in range(8)]
        acts = [partial(desk.store.commit, [each], desk.revision) for each in made]
        outcomes = _at_once(8, *acts)
        case = desk.load(case.id)
        assert sorted(outcomes) == ["ConflictError"] * 7 + ["done"]
    assert desk.load(case.id).seq == 11
    assert violations(desk) == []


def test_I4_of_many_openings_at_once_each_number_is_given_once(desk: Desk) -> None:
    homes = [desk.new_household("") for _ in range(6)]

    def opened(home: UUID) -> Callable[[], None]:
        def act() -> None:
            for _ in range(40):
                try:
                    desk.open(home, case=UUID(int=home.int ^ 1))
                    return
                except ConflictError:
                    continue
            raise AssertionError("never got a number")

        return act

    assert _at_once(6, *[opened(home) for home in homes]) == ["done"] * 6
    numbers = [number for (number,) in desk.rows("SELECT number FROM cases ORDER BY number")]
    assert numbers == [f"{COUNTY}-2026-{serial:06d}" for serial in range(1, 7)]


def _at_once(count: int, *acts: Callable[[], Any]) -> list[str]:
    gate = threading.Barrier(count)
    outcomes: list[str] = []

    def run(act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            act()
            outcomes.append("done")
        except BangfuError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(acts[number % len(acts)],)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_I17_a_decision_made_with_another_staff_is_not_written(desk: Desk) -> None:
    case = desk.open()
    made, revision = desk.moving(case), desk.revision
    desk.intake.put_person("li", "测试李", active=False)
    with pytest.raises(ConflictError):
        desk.store.commit([made], revision)
    with pytest.raises(ConflictError):
        desk.store.commit([desk.opening(desk.new_household(""))], revision)
    assert desk.load(case.id).seq == 1
    assert desk.store.next_serial(COUNTY, 2026) == 2


def _revoke(desk: Desk) -> None:
    ended = Holding("village.cadre", VILLAGE, date(2026, 1, 1), date(2026, 2, 1))
    desk.intake.put_posts([("li", ended)])


def _add_member(desk: Desk) -> None:
    """To another household: it changes what decisions are made from as much as the staff does."""
    state = desk.store.household(COUNTY, desk.new_household(""))
    command = AddMember(
        id=command_id(), person="li", household=state.id, on=date(2026, 3, 1), why="测试", how="born", name="测试孩",
        relation="子",
    )  # fmt: skip
    told = HouseholdUpdate(state, command, "born", NOW, f"village.cadre@{VILLAGE}", ("2",))
    desk.store.update_household(told, [])


def _seq_after(change: Callable[[Desk], None], desk: Desk, case: Case) -> int:
    """The seq of *case* as soon as *change* is acknowledged."""
    change(desk)
    return desk.load(case.id).seq


class Aside:
    """Something done in a thread of its own, and what came of it."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._result: Any = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._result = self._act()
        except BangfuError as error:
            self._result = error

    def result(self) -> Any:
        self.thread.join()
        return self._result


def _wait_for_locks(desk: Desk, aside: Aside, waiting: int) -> None:
    """Until *aside* is done, or so many wait for locks; a file does not say who waits for it."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while desk.database.is_postgres and aside.thread.is_alive() and desk.rows(sql) != [(waiting,)]:
        aside.thread.join(0.005)


@pytest.mark.parametrize("change", [_revoke, _add_member])
def test_I17_nothing_that_waits_for_its_case_is_written_after_the_staff_has_changed(
    desk: Desk, change: Callable[[Desk], None]
) -> None:
    case = desk.open()
    made, revision = desk.moving(case), desk.revision
    with desk.database.transaction() as elsewhere:
        elsewhere.execute("UPDATE cases SET seq = seq")
        decided = Aside(partial(desk.store.commit, [made], revision))
        _wait_for_locks(desk, decided, waiting=1)
        revoked = Aside(partial(_seq_after, change, desk, case))
        _wait_for_locks(desk, revoked, waiting=2)
    decided.result()
    assert desk.load(case.id).seq == revoked.result(), "it was stored after the revocation had been acknowledged"


@pytest.mark.parametrize("change", [_revoke, _add_member])
def test_I17_a_decision_that_comes_while_the_staff_changes_waits_and_is_made_anew(
    desk: Desk, change: Callable[[Desk], None]
) -> None:
    case = desk.open()
    made, revision = desk.moving(case), desk.revision
    with desk.database.transaction() as elsewhere:
        elsewhere.execute("UPDATE meta SET value = value WHERE key = 'revision'")
        revoked = Aside(partial(_seq_after, change, desk, case))
        _wait_for_locks(desk, revoked, waiting=1)
        decided = Aside(partial(desk.store.commit, [made], revision))
        _wait_for_locks(desk, decided, waiting=2)
    outcome = decided.result()
    assert desk.load(case.id).seq == revoked.result(), "it was stored after the revocation had been acknowledged"
    if desk.database.is_postgres:  # On SQLite either of those who wait may be the next to write.
        assert isinstance(outcome, ConflictError)


def test_I5_a_command_is_carried_out_once(desk: Desk) -> None:
    case = desk.open()
    command = command_id()
    desk.move(case, command=command)
    later = desk.load(case.id)
    with pytest.raises(ConflictError):
        desk.store.commit([desk.moving(later, command=command)], desk.revision)
    with pytest.raises(CommandReusedError):
        desk.store.commit([desk.moving(later, command=command, asked=b"something else")], desk.revision)
    assert desk.load(case.id).seq == 2


def test_a_second_open_case_of_a_kind_is_refused_for_one_household(desk: Desk) -> None:
    first = desk.open()
    with pytest.raises(GuardRefusedError, match=first.number):
        desk.store.commit([desk.opening(case=UUID(int=9))], desk.revision)
    assert desk.store.next_serial(COUNTY, 2026) == 2
    desk.open(case=UUID(int=10), workflow="other")
    desk.open(case=UUID(int=11), parent=first.id)
    ended = decision(first, "acted", [("case", "status", "closed"), ("case", "end", "listed")])
    desk.store.commit([ended], desk.revision)
    desk.open(case=UUID(int=12))


def test_who_has_left_is_not_brought_back_by_being_entered_again(desk: Desk) -> None:
    desk.intake.put_person("li", "测试李", active=False)
    desk.intake.put_person("li", "测试李二")
    person = desk.store.staff(COUNTY).people["li"]
    assert (person.name, person.active) == ("测试李二", False)
    desk.intake.put_person("li", "测试李二", active=True)
    assert desk.store.staff(COUNTY).people["li"].active


def test_serials_begin_anew_with_each_year_and_county(desk: Desk) -> None:
    desk.open()
    assert desk.store.next_serial(COUNTY, 2026) == 2
    assert desk.store.next_serial(COUNTY, 2027) == 1
    assert desk.store.next_serial("430821", 2026) == 1
    with pytest.raises(ConflictError):
        desk.store.commit([desk.opening(desk.new_household(""), serial=7)], desk.revision)


# --- the rows that follow ---------------------------------------------------------------------------------------------


def test_I9_a_timer_leaves_pending_once_as_what_it_did(desk: Desk) -> None:
    case = desk.open()
    assert [due.number for due in desk.store.due_timers(NOW + timedelta(days=8), 10)] == ["1"]
    assert desk.store.due_timers(NOW + timedelta(days=7) - timedelta(milliseconds=1), 10) == []
    changes = [("timers", "1", None), ("timers", "3", {"c": "check", "k": "late", "r": 1, "at": iso(NOW)})]
    fired = decision(case, "fired", changes, at=NOW + timedelta(days=7), body={"timer": "1"})
    desk.store.commit([fired], desk.revision)
    assert desk.rows("SELECT no, status FROM timer ORDER BY no") == [(1, "fired"), (3, "pending")]
    left = decision(desk.load(case.id), "acted", [("timers", "3", None)], at=NOW + timedelta(days=8))
    desk.store.commit([left], desk.revision)
    assert desk.rows("SELECT status FROM timer WHERE no = 3") == [("cancelled",)]
    assert desk.store.due_timers(NOW + timedelta(days=100), 10) == []
    assert violations(desk) == []


def test_I2_totals_that_were_added_up_before_the_clock_was_put_back_are_right(desk: Desk) -> None:
    desk.open()
    desk.open(desk.new_household(""), workflow="other")
    for late in (8, 7, 9):
        desk.store.add_up(NOW + timedelta(days=late))
    for now in (NOW, NOW + timedelta(days=8, hours=12), NOW + timedelta(days=30)):
        assert violations(desk, now=now) == []
    with desk.database.transaction() as connection:
        connection.execute("UPDATE tally SET late = late + 1 WHERE workflow = 'aid' AND late > 0")
    (told,) = violations(desk, now=NOW)
    assert "totals" in told


def test_totals_take_no_more_room_however_often_they_are_added_up(desk: Desk) -> None:
    size = "pg_relation_size('tally')" if desk.database.is_postgres else "count(*)"
    case, sizes = desk.open(), []
    for _ in range(30):
        for _ in range(4):
            case = desk.move(case)
        desk.store.add_up(NOW + timedelta(days=365))
        sizes.append(desk.rows(f"SELECT {size} FROM tally LIMIT 1"))
    assert sizes[-1] == sizes[3], sizes
    assert violations(desk) == []


def test_what_a_household_was_from_before_is_known_to_decisions_and_never_overwritten(desk: Desk) -> None:
    listed, revision = desk.new_household(""), desk.revision
    made = desk.opening(listed)
    entries = [
        NewStatuses(home, {"monitoring": "active", "monitored_since": "2024-03-01"}, f"roster x:{row}")
        for row, home in enumerate((desk.household, listed, desk.household, UUID(int=7)), 2)
    ]
    assert desk.intake.enter_statuses(COUNTY, entries, "li", NOW) == 2
    with pytest.raises(ConflictError):
        desk.store.commit([made], revision)
    case = desk.open(listed)
    known = {"monitoring": "active", "monitored_since": "2024-03-01"}
    assert desk.store.load(COUNTY, case.id).register == known
    eliminated = RegisterWrite("household", "monitoring", "marked_eliminated")
    desk.store.commit([desk.moving(case, register=(eliminated,))], desk.revision)
    revision = desk.revision
    assert desk.intake.enter_statuses(COUNTY, entries, "li", NOW) == 0
    assert desk.revision == revision, "nothing has to be decided anew"
    assert desk.store.load(COUNTY, case.id).register == {**known, "monitoring": "marked_eliminated"}
    kinds = desk.rows("SELECT seq, kind FROM household_event WHERE household = ? ORDER BY seq", desk.stored_id(listed))
    assert kinds == [(1, "entered"), (2, "status")]
    assert violations(desk) == []


def test_due_timers_come_in_due_order_page_by_page(desk: Desk) -> None:
    for number in range(1, 6):
        made = desk.opening(desk.new_household(""), case=UUID(int=number))
        due = {"c": "check", "k": "due", "r": 0, "at": iso(NOW + timedelta(hours=10 - number // 2))}
        changes = tuple(("timers", key, due) if section == "timers" else (section, key, value)
                        for section, key, value in made.event.changes)  # fmt: skip
        event = replace(made.event, changes=changes)
        desk.store.commit([Decision(event, fold(Case(COUNTY, event.case), event))], desk.revision)
    first = desk.store.due_timers(NOW + timedelta(days=1), 3)
    rest = desk.store.due_timers(NOW + timedelta(days=1), 3, (first[-1].due_at, first[-1].case))
    assert [due.case.int for due in (*first, *rest)] == [4, 5, 2, 3, 1]
    assert first[0].due_at == NOW + timedelta(hours=8)


def test_a_stopped_clock_is_not_due(desk: Desk) -> None:
    case = desk.open()
    due = NOW + timedelta(days=7)
    assert desk.rows("SELECT due_at FROM cases") == desk.rows("SELECT due_at FROM timer")
    stopped = clock(stops=[[iso(NOW), None, "supplement", ""]])
    desk.store.commit([decision(case, "stopped", [("clocks", "check", stopped)])], desk.revision)
    assert desk.rows("SELECT due_at FROM cases") == [(None,)]
    assert desk.rows("SELECT stopped_at FROM clock") == [(int(NOW.timestamp() * 1000),)]
    wait = {**clock(days=3), "k": "wait"}
    again = [("clocks", "check", clock()), ("clocks", "check.wait", wait)]
    desk.store.commit([decision(desk.load(case.id), "resumed", again)], desk.revision)
    millis = int(due.timestamp() * 1000)
    assert desk.rows("SELECT due_at FROM cases") == [(millis,)]
    assert desk.rows("SELECT stopped_at FROM clock WHERE name = 'check'") == [(None,)]


def test_a_signers_work_says_so_and_for_whom_and_so_does_what_was_entrusted(desk: Desk) -> None:
    case = desk.open()
    ask = {"n": 1, "g": {"zhao": {"w": "after", "by": "li", "p": f"village.cadre@{VILLAGE}"}}}
    signs, entrusted = item("check", by="zhao", g="after"), item("check", by="wu", of=item("check", by="li"))
    changes = [("asks", "check", ask), ("items", "3", signs), ("items", "4", entrusted)]
    desk.store.commit([decision(case, "acted", changes)], desk.revision)
    found = desk.rows("SELECT no, claimed_by, signs, given_by FROM work_item ORDER BY no")
    assert found == [(2, "", "", ""), (3, "zhao", "after", "li"), (4, "wu", "", "li")]
    assert violations(desk) == []


def test_a_clock_started_anew_ends_the_one_before(desk: Desk) -> None:
    case = desk.open()
    desk.store.commit([decision(case, "acted", [("clocks", "check", clock(n=2))])], desk.revision)
    assert desk.rows("SELECT entry, ended_at IS NULL FROM clock ORDER BY entry") == [(1, False), (2, True)]
    assert violations(desk) == []


def test_a_work_item_is_claimed_and_done(desk: Desk) -> None:
    case = desk.open()
    desk.store.commit([decision(case, "claimed", [("items", "2", item("check", by="li"))])], desk.revision)
    assert desk.rows("SELECT no, claimed_by, opened_at FROM work_item") == [(2, "li", int(NOW.timestamp() * 1000))]
    desk.move(desk.load(case.id))
    assert desk.rows("SELECT ask, claimed_by FROM work_item") == [("review", "")]


def test_messages_are_written_with_what_caused_them(desk: Desk) -> None:
    case = desk.open()
    told = tuple(Message("told", "village.cadre", VILLAGE, {"to": name}) for name in ("a", "b"))
    desk.store.commit([desk.moving(case, messages=told)], desk.revision)
    assert desk.rows("SELECT seq, no, event FROM outbox ORDER BY seq, no") == [
        (1, 0, "asked"), (2, 0, "told"), (2, 1, "told"),
    ]  # fmt: skip


def test_a_list_is_made_by_its_first_case_and_decided_with_its_act(desk: Desk) -> None:
    cases = [desk.open(desk.new_household(""), case=UUID(int=number)) for number in (1, 2)]
    township = f"{VILLAGE[:9]}000"
    body = {"list": UUID(int=77).hex, "at": township}
    desk.store.commit([decision(case, "listed", [], body=body) for case in cases], desk.revision)
    assert desk.rows("SELECT workflow, stage, division, decided_at FROM list") == [("aid", "check", township, None)]
    acts = [desk.moving(desk.load(case.id)) for case in cases]
    acts = [replace(act, event=replace(act.event, body={**act.event.body, "list": UUID(int=77).hex})) for act in acts]
    desk.store.commit(acts, desk.revision)
    assert desk.rows("SELECT outcome FROM list_item") == [("pass",), ("pass",)]
    assert desk.rows("SELECT count(decided_at) FROM list") == [(1,)]


def test_what_a_case_sets_of_its_household_is_kept_there(desk: Desk) -> None:
    case = desk.open()
    for name, value in (("monitored", "2026-03-02"), ("risk", ["illness"]), ("monitored", "2026-04-01")):
        write = (RegisterWrite("household", name, value),)
        desk.store.commit([desk.moving(desk.load(case.id), register=write)], desk.revision)
    (found,) = desk.rows("SELECT statuses FROM household")
    statuses = found[0] if desk.database.is_postgres else json.loads(found[0])
    assert {name: status["v"] for name, status in statuses.items()} == {"monitored": "2026-04-01", "risk": ["illness"]}
    assert statuses["risk"]["case"] == case.number


def test_the_log_cannot_be_changed(desk: Desk) -> None:
    desk.open()
    for sql in ("UPDATE case_event SET actor = 'other'", "DELETE FROM case_event"):
        with pytest.raises(StorageError), desk.database.transaction() as connection:
            connection.execute(sql)
    assert violations(desk) == []


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_I25_secrets_are_stored_as_ciphertext_only(desk: Desk) -> None:
    case = desk.move(desk.open())
    assert violations(desk, ILLNESS, "opinion") == []
    everything = str(desk.rows("SELECT id_no, name FROM member")) + str(desk.rows("SELECT phone, name FROM household"))
    assert "测试户" in everything
    assert ID_NUMBER not in everything
    assert "13800000000" not in everything
    assert "***" in repr(case.section("facts")["illness"])


def test_I25_without_the_household_key_the_chain_still_holds_and_nothing_opens(desk: Desk) -> None:
    case = desk.move(desk.open())
    desk.intake.erase_key(COUNTY, desk.household)
    store = SqlStore(desk.database)
    events = list(store.events(COUNTY, case.id))
    assert events[0].body["note"] == Secret(None, events[0].body["note"].token)
    assert store.load(COUNTY, case.id).case.section("facts")["illness"]["v"].value is None
    previous = b""
    for event in events:
        assert link_hash(event, previous, event.text()) == event.hash
        previous = event.hash
    assert store.load(COUNTY, case.id).case.record() == case.record()
    assert violations(desk) == []
    store.commit([desk.moving(desk.load(case.id))], desk.revision)
    with pytest.raises(StorageError, match="erased"):
        store.commit([decision(desk.load(case.id), "commented", [], body={"note": Secret("late")})], desk.revision)


def test_a_case_without_a_household_is_sealed_under_its_county(desk: Desk) -> None:
    made = desk.opening(UUID(int=5))
    desk.store.commit([made], desk.revision)
    assert desk.rows("SELECT household FROM cases") == [(None,)]
    assert SqlStore(desk.database).load(COUNTY, made.case.id).case.section("facts")["illness"]["v"].value == ILLNESS


# --- people, households, definitions ----------------------------------------------------------------------------------


def test_the_staff_is_read_anew_when_it_has_changed(desk: Desk) -> None:
    before = desk.store.staff(COUNTY)
    assert desk.store.staff(COUNTY) is before
    assert before.holders("village.cadre", VILLAGE, date(2026, 3, 2)) == ("li",)
    desk.intake.put_person("wu", "测试吴")
    desk.intake.put_posts([("wu", Holding("prefecture.office", "430800000000", date(2026, 1, 1), date(2026, 6, 30)))])
    desk.intake.declare_relatives([("li", desk.household)], NOW)
    after = desk.store.staff(COUNTY)
    assert after.revision == before.revision + 3
    assert after.people["li"].relatives == {desk.household.hex}
    assert after.people["wu"].posts[0].to_date == date(2026, 6, 30)
    assert "wu" in desk.store.staff("430821").people
    assert "li" not in desk.store.staff("430821").people


def test_I17_a_deputy_changes_the_staff_and_acts_while_both_are_in_the_county(desk: Desk) -> None:
    desk.intake.put_person("wu", "测试吴")
    desk.intake.put_posts([("wu", Holding("village.clerk", VILLAGE, date(2026, 1, 1)))])
    before = desk.store.staff(COUNTY)
    lent = Holding("village.cadre", VILLAGE, date(2026, 3, 1), date(2026, 3, 31))
    desk.intake.put_deputy(Deputy("wu", "li", lent))
    after = desk.store.staff(COUNTY)
    assert after.revision == before.revision + 1
    assert after.deputies == (Deputy("wu", "li", lent),)
    assert [(held.post, held.behalf) for held in after.posts("wu", date(2026, 3, 31))] == [
        ("village.clerk", ""), ("village.cadre", "li"),
    ]  # fmt: skip
    assert len(after.posts("wu", date(2026, 4, 1))) == 1
    assert desk.store.staff("430821").deputies == ()
    desk.intake.put_deputy(Deputy("wu", "li", replace(lent, to_date=date(2026, 3, 2))))
    assert len(desk.store.staff(COUNTY).posts("wu", date(2026, 3, 3))) == 1


def test_nobody_is_entered_in_two_households(desk: Desk) -> None:
    with pytest.raises(InputError):
        desk.new_household("", ID_NUMBER)
    assert len(desk.rows("SELECT 1 FROM household")) == 1
    assert desk.intake.find(COUNTY, [ID_NUMBER, "430822199001011241"]) == {ID_NUMBER: (desk.household, 1)}
    assert desk.intake.find("430821", [ID_NUMBER]) == {}


def test_a_fresh_case_knows_its_household(desk: Desk) -> None:
    home = desk.new_household("", "430822199001011241")
    fresh = desk.store.fresh(COUNTY, home.hex)
    assert fresh.members == {"1": {"age": 40}, "2": {"age": 4}}
    assert (fresh.case.seq, fresh.staff_revision) == (0, desk.revision)
    assert desk.store.fresh(COUNTY, "").members == {}
    assert desk.store.fresh(COUNTY, UUID(int=404).hex).members == {}


def test_a_definition_is_stored_once(desk: Desk) -> None:
    stored = desk.intake.version(VERSION)
    desk.intake.add_version(replace(stored, canonical="{}"))
    assert desk.intake.version(VERSION) == stored
    assert desk.intake.in_force("aid", stored.from_date) == VERSION
    assert desk.intake.in_force("aid", stored.from_date - timedelta(days=1)) == ""
    with pytest.raises(NotFoundError):
        desk.intake.version("0" * 64)


def test_a_definition_that_is_not_stored_cannot_decide(desk: Desk) -> None:
    made = desk.opening()
    with pytest.raises(StorageError, match="not stored"):
        desk.store.commit([replace(made, event=replace(made.event, version="0" * 64))], desk.revision)


def test_two_programs_see_each_other(desk: Desk, database_url: str) -> None:
    case = desk.open()
    other = Database.open(database_url, KEY)
    try:
        assert SqlStore(other).load(COUNTY, case.id).case.record() == case.record()
        desk.move(case)
        assert SqlStore(other).load(COUNTY, case.id).case.seq == 2
    finally:
        other.close()


def test_many_households_are_entered_at_once(desk: Desk) -> None:
    new = [NewHousehold(VILLAGE, f"测试{n}", [NewMember("测试", "户主", f"{n:018d}")]) for n in range(700)]
    ids = desk.intake.add_households(COUNTY, new, NOW)
    assert len(set(ids)) == 700
    assert desk.intake.find(COUNTY, ["0" * 18, f"{49:018d}"]) == {"0" * 18: (ids[0], 1), f"{49:018d}": (ids[49], 1)}
    every = desk.intake.find(COUNTY, [f"{n:018d}" for n in range(800)])
    assert every == {f"{n:018d}": (id_, 1) for n, id_ in enumerate(ids)}


def test_an_event_belongs_to_its_county(desk: Desk) -> None:
    made = desk.opening()
    desk.store.commit([made], desk.revision)
    assert desk.store.event_of("430821", made.event.command) is None
    assert list(desk.store.events("430821", made.case.id)) == []
    assert isinstance(desk.store.event_of(COUNTY, made.event.command), Event)

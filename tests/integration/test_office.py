"""The office over a real database of each kind: several at work at once, processes that die, clocks, ids used again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bangfu.library import Library
from engine.cases import Act, Comment, Decision, Event
from engine.errors import (
    BusyError,
    CaseNotFoundError,
    CommandReusedError,
    ConflictError,
    InputError,
    PermissionDeniedError,
    StaleCaseError,
    StorageError,
    UnavailableError,
)
from engine.people import Holding
from engine.ports import Loaded
from storage.checks import check
from storage.register import SqlRegister
from tests.property.county import CANARIES, COUNTY, SINCE, VILLAGE, County, CrashError, Fault
from tests.property.guide import NOTE, Guide, bring_on, bring_to, open_case, opening
from tests.property.oracle import legal_day
from tests.property.sites import Site

Step = Callable[[County], object]


def require_nothing_wrong(county: County) -> None:
    assert check(county.database, county.time.now(), calendars=county.calendars, never=CANARIES) == []


def hanging(county: County, workflow: str, stage: str, home: int = 0) -> UUID:
    """A case whose notice hangs, in every place, since now."""
    case = open_case(county, workflow, home=home)
    bring_to(county, case, stage)
    while not county.case(case).section("clocks").get(f"{stage}.wait"):
        bring_on(county, case)
    return case


# --- all or nothing ---------------------------------------------------------------------------------------------------


def _opens(county: County) -> Step:
    command, case = opening(county, "identification", 0), county.new_id()
    return lambda county: county.office.open(COUNTY, "identification", command, case)


def _submits(county: County) -> Step:
    """It moves the case, opens a task and starts a clock over several stages."""
    case = open_case(county, "board")
    command = Guide(county, county.case(case)).forward()[0]
    return lambda county: county.ask(case, command)


def _objects(county: County) -> Step:
    """It opens another case, and stops the notice."""
    case = hanging(county, "board", "show")
    command = Guide(county, county.case(case)).objections()[0]
    return lambda county: county.ask(case, command)


def _is_swept(county: County) -> Step:
    """Its notice ends, by a timer."""
    hanging(county, "board", "show")
    county.time.move(timedelta(days=30))
    return lambda county: county.office.sweep()


@pytest.mark.parametrize("prepare", [_opens, _submits, _objects, _is_swept])
def test_I6_a_command_is_there_wholly_or_not_at_all_wherever_the_process_dies(
    site: Site, prepare: Callable[[County], Step]
) -> None:
    county = County(site.fresh(), site.homes, [Library().calendar()])
    step = prepare(county)
    now = county.time.at
    county.close()
    ready = site.over(county.url)
    done, hits = None, 0
    for place in range(200):
        again = County(ready.fresh(), site.homes, [Library().calendar()])
        again.time.move(now - again.time.at)
        seen = [again.everything()]
        again.database.fault = fault = Fault(place // 2, after=bool(place % 2))
        try:
            step(again)
        except CrashError:
            hits += 1
        again.restart()
        seen.append(again.everything())
        require_nothing_wrong(again)
        if prepare is not _is_swept:  # A sweep is many commands; each is a whole.
            counts = [len(each["case_event"]) for each in seen]
            done = done or (counts[1] - counts[0]) or None
            assert seen[1] == seen[0] or counts[1] - counts[0] == done
        step(again)
        require_nothing_wrong(again)
        last = again.everything()
        step(again)
        assert again.everything() == last
        again.close()
        ready.clear(again.url)
        if not fault.hit:
            break
    site.clear(county.url)
    assert hits >= 4


def test_I6_a_commit_whose_answer_is_lost_is_found_by_its_id(county: County) -> None:
    case = open_case(county, "board")
    command = Guide(county, county.case(case)).forward()[0]
    for place in range(40):
        county.database.fault = Fault(place, after=True, lost=True)
        with suppress(StorageError):
            county.ask(case, command)
        county.database.fault = None
        if county.case(case).stage != "draft":
            break
    assert county.ask(case, command).repeated
    assert county.case(case).seq == 2
    require_nothing_wrong(county)


# --- one id, one command ----------------------------------------------------------------------------------------------


def test_I5_the_same_id_gives_the_same_answer_and_another_content_is_refused(county: County) -> None:
    case, other = open_case(county, "board"), open_case(county, "board", home=2)
    command = Guide(county, county.case(case)).forward()[0]
    first = county.ask(case, command)
    before = county.everything()
    again = county.ask(case, command)
    assert again.repeated
    assert (again.event.seq, again.event.hash, again.case.seq) == (first.event.seq, first.event.hash, first.case.seq)
    with pytest.raises(CommandReusedError):
        county.ask(case, replace(command, note=f"{NOTE}!"))
    with pytest.raises(CommandReusedError):
        county.ask(other, Comment(id=command.id, person="clerk", note=NOTE))
    assert county.everything() == before


def test_I5_an_id_used_on_another_case_between_decision_and_commit_is_refused(county: County) -> None:
    """The last line is the unique index on commands' ids (R2)."""
    case, other = open_case(county, "board"), open_case(county, "board", home=2)
    command = Guide(county, county.case(case)).forward()[0]
    rival = county.rival()
    county.store.meddle = lambda: rival.ask(other, Comment(id=command.id, person="clerk", note=NOTE))
    with pytest.raises(CommandReusedError):
        county.ask(case, command)
    rival.close()
    assert county.case(case).seq == 1
    require_nothing_wrong(county)


# --- one winner -------------------------------------------------------------------------------------------------------


def test_I4_of_two_officers_at_once_one_decides_and_the_other_is_told_who_did(county: County) -> None:
    case = open_case(county, "board")
    bring_to(county, case, "decide")
    mine, his = (
        Act(id=county.new_id(), person=person, action="refuse", note=NOTE) for person in ("bureau", "bureau_two")
    )
    rival = county.rival()
    county.store.meddle = lambda: rival.ask(case, his)
    with pytest.raises(StaleCaseError) as told:
        county.ask(case, mine)
    rival.close()
    assert (told.value.by, told.value.did) == ("bureau_two", "refuse")
    assert county.case(case).get("outcome") == "refused"
    require_nothing_wrong(county)


def test_who_decides_on_an_old_page_is_told_who_acted_since_and_what_he_did(county: County) -> None:
    case = open_case(county, "board")
    bring_to(county, case, "decide")
    seen = county.case(case).seq
    mine = Act(id=county.new_id(), person="bureau", action="refuse", note=NOTE, seen=seen)
    county.ask(case, Act(id=county.new_id(), person="bureau_two", action="return", note=NOTE, to="hear"))
    bring_to(county, case, "decide")
    came = county.case(case).seq
    county.ask(case, Comment(id=county.new_id(), person="clerk", note=NOTE))
    with pytest.raises(StaleCaseError) as told:
        county.ask(case, mine)
    last = list(county.store.events(COUNTY, case))[came - 1]
    assert (told.value.seq, told.value.by) == (came, last.actor)
    assert told.value.did == last.body["action"]
    require_nothing_wrong(county)


def test_I4_a_decision_on_a_case_that_has_moved_on_is_found_by_comparison(county: County) -> None:
    """The unique index on events would stop it too; it is the last line, not the first (R2)."""
    case = open_case(county, "board")
    command = Guide(county, county.case(case)).forward()[0]
    rival = county.rival()
    errors: list[Exception] = []
    commit = county.store.commit

    def noting(decisions: Sequence[Decision], revision: int) -> tuple[Event, ...]:
        try:
            return commit(decisions, revision)
        except ConflictError as error:
            errors.append(error)
            raise

    county.store.meddle = lambda: rival.ask(case, Comment(id=county.new_id(), person="clerk", note=NOTE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(county.store, "commit", noting)
        county.ask(case, command)
    rival.close()
    assert [error.__cause__ for error in errors] == [None]
    assert [event.kind for event in county.store.events(COUNTY, case)] == ["opened", "commented", "acted"]


def test_I9_two_sweeps_at_once_fire_each_timer_once(county: County) -> None:
    case = hanging(county, "board", "show")
    county.time.move(timedelta(days=30))
    rival = county.rival()
    others: list[int] = []
    county.store.meddle = lambda: others.append(rival.office.sweep().fired)
    mine = county.office.sweep().fired
    rival.close()
    fired = [event for event in county.store.events(COUNTY, case) if event.kind == "fired"]
    assert len(fired) == mine + others[0] == len({event.body["timer"] for event in fired})
    assert county.case(case).stage == "compile"
    require_nothing_wrong(county)


def test_I16_whoever_is_reminded_is_told_once_of_each_rung_however_many_sweep(county: County) -> None:
    case = open_case(county, "board")
    bring_to(county, case, "hear")
    county.time.move(timedelta(days=40))
    rival = county.rival()
    county.store.meddle = lambda: rival.office.sweep().failed
    for _ in range(2):
        county.office.sweep()
    rival.close()
    sql = "SELECT seq, event, post, division FROM outbox WHERE event IN ('deadline_near', 'overdue', 'escalated')"
    timers = {event.seq: event.body["timer"] for event in county.store.events(COUNTY, case) if event.kind == "fired"}
    told = [(timers[seq], *rung) for seq, *rung in county.database.read(sql)]
    assert {event for _, event, *_ in told} == {"deadline_near", "overdue", "escalated"}
    assert len(told) == len(set(told))


def test_I9_leaving_a_stage_cancels_its_timers(county: County) -> None:
    case = open_case(county, "board")
    before = dict(county.case(case).section("timers"))
    assert {timer["c"] for timer in before.values()} >= {"draft", "patience"}
    bring_on(county, case)
    assert not before.keys() & county.case(case).section("timers").keys()
    county.time.move(timedelta(days=40))
    county.office.sweep()
    assert not [e for e in county.store.events(COUNTY, case) if e.kind == "fired" and e.body["timer"] in before]
    require_nothing_wrong(county)


def test_I10_no_timer_fires_before_its_instant_and_no_event_before_the_last(county: County) -> None:
    case = open_case(county, "board")
    (timer, *_) = county.store.due_timers(county.time.now() + timedelta(days=60), 1)
    county.time.move(timer.due_at - county.time.now() - timedelta(milliseconds=1))
    assert county.office.sweep().fired == 0
    county.time.move(timedelta(milliseconds=1))
    assert county.office.sweep().fired == 1
    county.time.move(-timedelta(hours=5))
    bring_on(county, case)
    events = list(county.store.events(COUNTY, case))
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert events[-1].at == timer.due_at


# --- who --------------------------------------------------------------------------------------------------------------


def test_I17_who_loses_his_post_between_decision_and_commit_decides_nothing(county: County) -> None:
    case = open_case(county, "board")
    command = replace(Guide(county, county.case(case)).forward()[0], person="cadre")
    before = county.case(case)
    yesterday = legal_day(county.time.now()) - timedelta(days=1)
    ended = [("cadre", Holding("village.cadre", VILLAGE, SINCE, yesterday))]
    county.store.meddle = lambda: county.intake.put_posts(ended)
    with pytest.raises((PermissionDeniedError, LookupError)):
        county.ask(case, command)
    assert county.case(case) == before


def test_I20_a_revocation_binds_every_request_that_starts_after_it(county: County) -> None:
    case = open_case(county, "board")
    command = replace(Guide(county, county.case(case)).forward()[0], person="cadre")
    register = SqlRegister(county.database)
    assert register.queue(county.office.scope(COUNTY, "cadre"), county.time.now())
    yesterday = legal_day(county.time.now()) - timedelta(days=1)
    county.intake.put_posts([("cadre", Holding("village.cadre", VILLAGE, SINCE, yesterday))])
    for request in (
        lambda: county.ask(case, command),
        lambda: county.office.case(COUNTY, case, "cadre"),
        lambda: county.office.history(COUNTY, case, "cadre"),
        lambda: county.office.offered(COUNTY, case, "cadre"),
    ):
        with pytest.raises(CaseNotFoundError):
            request()
    with pytest.raises(PermissionDeniedError):
        county.office.scope(COUNTY, "cadre")


def test_only_a_case_hands_facts_or_a_parent_to_another(county: County) -> None:
    """Else whoever opens a case could answer for the departments, or pass by his scope and post."""
    command, case = opening(county, "identification", 0), county.new_id()
    for forged in (
        replace(command, carried={"vehicle_hit/1": False}),
        replace(command, person="stranger", parent=(case, "verify")),
    ):
        with pytest.raises(PermissionDeniedError):
            county.office.open(COUNTY, "identification", forged, case)


def test_one_timer_that_fails_holds_up_no_other_whatever_it_fails_by(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt, sound = hanging(county, "board", "show"), hanging(county, "board", "show", home=2)
    loaded = county.store._loaded

    def fails(place: str, row: Sequence[Any]) -> Loaded:
        if spoilt in (row[0], UUID(bytes=row[0]) if isinstance(row[0], bytes) else None):
            raise RecursionError("a mistake of ours")
        return loaded(place, row)

    county.time.move(timedelta(days=30))
    with monkeypatch.context() as patch:
        patch.setattr(county.store, "_loaded", fails)
        swept = county.office.sweep()
    assert {timer.case for timer, _ in swept.failed} == {spoilt}
    assert county.case(spoilt).stage == "show"
    assert county.case(sound).stage != "show"


def test_timers_are_stored_together_and_by_halves_if_they_cannot_be(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is in the way of one case, again and again: with it fail those stored with it, no others."""
    cases = [hanging(county, "board", "show", home=home) for home in (0, 2)]
    county.time.move(timedelta(days=30))
    commit, stored, tries = county.store.commit, list[int](), list[int]()

    def fails(decisions: Sequence[Decision], revision: int) -> tuple[Event, ...]:
        tries.append(len(decisions))
        if len(decisions) > 1 and cases[0] in {decision.case.id for decision in decisions}:
            raise ConflictError()
        stored.append(len(decisions))
        return commit(decisions, revision)

    with monkeypatch.context() as patch:
        patch.setattr(county.store, "commit", fails)
        swept = county.office.sweep()
    assert tries[0] == sum(stored)
    assert tries[1] == tries[0] // 2
    assert (swept.fired, swept.failed) == (sum(stored), ())
    assert "show" not in {county.case(case).stage for case in cases}


def test_F23_a_database_that_fails_ends_the_sweep_and_is_not_asked_for_every_timer(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [hanging(county, "board", "show"), hanging(county, "board", "show", home=2)]
    county.time.move(timedelta(days=30))
    due = county.store.due_timers(county.time.now(), 100)
    asked = []

    def full(decisions: Sequence[Decision], revision: int) -> tuple[Event, ...]:
        asked.append(decisions)
        driver: Any = county.database.engine.dialect.dbapi
        raise county.database.translated(driver.OperationalError("database or disk is full"))

    monkeypatch.setattr(county.store, "commit", full)
    with pytest.raises(UnavailableError):
        county.office.sweep()
    assert len(asked) == 1 < len(due)
    monkeypatch.undo()
    assert county.store.due_timers(county.time.now(), 100) == due
    assert not county.office.sweep().failed
    assert {county.case(case).stage for case in cases} == {"compile"}
    require_nothing_wrong(county)


def test_F13_a_timer_that_finds_the_database_locked_has_failed_and_stays_due(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, sound = hanging(county, "board", "show"), hanging(county, "board", "show", home=2)
    county.time.move(timedelta(days=30))
    commit = county.store.commit

    def busy(decisions: Sequence[Decision], revision: int) -> tuple[Event, ...]:
        if locked in {decision.event.case for decision in decisions}:
            raise BusyError
        return commit(decisions, revision)

    monkeypatch.setattr(county.store, "commit", busy)
    due = county.store.due_timers(county.time.now(), 100)
    mine = [timer for timer in due if timer.case == locked]
    swept = county.office.sweep()
    assert [timer for timer, _ in swept.failed] == mine
    assert {str(text) for _, text in swept.failed} == {"The database was busy with another change."}
    assert [timer for timer in county.store.due_timers(county.time.now(), 100) if timer.case == locked] == mine
    fired = [event for event in county.store.events(COUNTY, sound) if event.kind == "fired"]
    assert swept.fired == len(fired) > 0
    assert swept.oldest_due == mine[0].due_at


def test_a_text_of_one_case_that_was_changed_holds_up_no_other(county: County) -> None:
    spoilt, sound = hanging(county, "board", "show"), hanging(county, "board", "show", home=2)
    with county.database.transaction() as connection:
        here = spoilt if county.database.is_postgres else spoilt.bytes
        connection.execute(county.database.sql("UPDATE cases SET record = ? WHERE id = ?"), (b"x", here))
    county.time.move(timedelta(days=30))
    assert {timer.case for timer, _ in county.office.sweep().failed} == {spoilt}
    assert county.case(sound).stage == "compile"


def test_I5_the_same_act_on_several_cases_gives_the_same_answers(county: County) -> None:
    cases = [open_case(county, "board"), open_case(county, "board", home=2)]
    acts = {case: Guide(county, county.case(case)).forward()[0] for case in cases}
    first = county.office.decide_list(COUNTY, acts)
    before = county.everything()
    again = county.office.decide_list(COUNTY, acts)
    assert all(receipt.repeated for receipt in again)
    assert [receipt.event.hash for receipt in again] == [receipt.event.hash for receipt in first]
    assert county.everything() == before
    with pytest.raises(CommandReusedError):
        county.office.decide_list(COUNTY, {case: replace(act, note=f"{NOTE}!") for case, act in acts.items()})


# --- posts that become vacant -----------------------------------------------------------------------------------------


def test_the_sweep_gives_work_of_a_vacant_post_to_its_stand_in_on_the_day(county: County) -> None:
    """The warden's post ends with a day; from the next sweep on his work lies in the committee's queue."""
    today = legal_day(county.time.now())
    place = ("village.warden", VILLAGE)
    county.intake.put_posts([("cadre_two", Holding(*place, SINCE, today))])
    case = open_case(county, "yard")
    bring_to(county, case, "show")
    register = SqlRegister(county.database)

    def queue(person: str) -> list[str]:
        rows = register.queue(county.office.scope(COUNTY, person), county.time.now())
        return [row.ask for row in rows if row.case == case]

    assert ("show" in queue("cadre_two"), "show" in queue("committee")) == (True, False)
    county.office.sweep()
    assert "show" not in queue("committee")
    county.time.move(timedelta(days=1))
    county.office.sweep()
    assert ("show" in queue("cadre_two"), "show" in queue("committee")) == (False, True)
    assert [event.kind for event in county.store.events(COUNTY, case)].count("readdressed") == 1
    county.office.sweep()
    require_nothing_wrong(county)


def test_I7_the_sweep_gives_work_to_the_stand_in_when_all_holders_have_become_relatives(
    county: County,
) -> None:
    """What the only warden has declared binds him from the next sweep on; another household's work stays with him."""
    county.intake.put_posts([("cadre_two", Holding("village.warden", VILLAGE, SINCE, None))])
    case, other = open_case(county, "yard"), open_case(county, "yard", home=2)
    bring_to(county, case, "show")
    bring_to(county, other, "show")
    county.office.sweep()
    home = UUID(county.store.load(COUNTY, case).case.subject)
    county.intake.declare_relatives([("cadre_two", home)], county.time.now())
    county.office.sweep()
    register = SqlRegister(county.database)
    left = [row.case for row in register.queue(county.office.scope(COUNTY, "cadre_two"), county.time.now())]
    given = [row.case for row in register.queue(county.office.scope(COUNTY, "committee"), county.time.now())]
    assert other in left
    assert case not in left
    assert case in given
    require_nothing_wrong(county)


@pytest.mark.parametrize("left", [0, 1])
def test_a_case_of_a_household_is_about_all_its_members(county: County, left: int) -> None:
    """Whoever is left out would be compared by no department, and a rule about members holds of nobody."""
    command, case = opening(county, "identification", 0), county.new_id()
    assert len(command.members) > left
    with pytest.raises(InputError, match="all members"):
        county.office.open(COUNTY, "identification", replace(command, members=command.members[:left]), case)

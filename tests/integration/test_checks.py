"""
The function that checks invariants finds what it is for: each violation is seeded in a sound database, and told by id.

Whoever changes a database by hand is an administrator; triggers that would stop him are taken away first (F58).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bangfu.library import Library
from engine.cases import Case, Change, Decision, Event, fold
from storage.checks import Violation, check
from tests.property.county import CANARIES, COUNTY, VILLAGE, County
from tests.property.guide import bring_on, bring_to, open_case
from tests.property.sites import Site


@pytest.fixture
def sound(sqlite_site: Site) -> Iterator[County]:
    """One case that was listed, one whose notice hangs, one that has just been opened."""
    county = County(sqlite_site.fresh(), sqlite_site.homes, [Library().calendar()])
    bring_to(county, open_case(county, "identification"), "listed")
    waiting = open_case(county, "board", home=2)
    bring_to(county, waiting, "show")
    while bring_on(county, waiting):
        pass
    open_case(county, "board")
    assert found(county) == []
    for change in ("changed", "deleted"):
        execute(county, f"DROP TRIGGER case_event_not_{change}")
        execute(county, f"DROP TRIGGER workflow_version_not_{change}")
    yield county
    county.close()
    sqlite_site.clear(county.url)


def found(county: County) -> list[Violation]:
    return check(county.database, county.time.now(), calendars=county.calendars, never=CANARIES)


def execute(county: County, sql: str, *values: Any) -> int:
    with county.database.transaction() as connection:
        return int(connection.execute(sql, values).rowcount)


LISTED, WAITING, OPENED = (f"{COUNTY}-2026-{number:06d}" for number in (1, 2, 3))
_IN = "WHERE case_id = (SELECT id FROM cases WHERE number = '{number}')"

#: What is done to the database, to which case, and which invariants say so.
SEEDS = {
    "an event is lost": ("DELETE FROM case_event {of} AND seq = 2", LISTED, {"I1"}),
    "the last event is lost": (
        "DELETE FROM case_event {of} AND seq = (SELECT max(seq) FROM case_event {of})", WAITING, {"I1"},
    ),
    "the record is another case's": (
        "UPDATE cases SET record = (SELECT record FROM cases WHERE number = '{other}') WHERE number = '{number}'",
        WAITING, {"I2"},
    ),
    "the stage was moved by hand": ("UPDATE cases SET stage = 'listed' WHERE number = '{number}'", WAITING, {"I2"}),
    "a deadline was moved by hand": (
        "UPDATE clock SET due_at = due_at + 86400000 {of} AND ended_at IS NULL", WAITING, {"I2"},
    ),
    "work was forgotten": ("DELETE FROM work_item {of}", OPENED, {"I2"}),
    "a notice was over by hand": ("UPDATE notice SET over_at = posted_at {of}", WAITING, {"I2"}),
    "a task was done by hand": ("UPDATE task SET status = 'open' {of}", LISTED, {"I2"}),
    "a timer is called fired": ("UPDATE timer SET status = 'fired' {of} AND status = 'pending'", WAITING, {"I2", "I9"}),
    "a timer that fired is called pending": (
        "UPDATE timer SET status = 'pending' {of} AND status = 'fired'", LISTED, {"I2", "I9"},
    ),
    "somebody else did it": ("UPDATE case_event SET actor = 'leader' {of} AND seq = 2", LISTED, {"I17", "I23"}),
    "it was done earlier": ("UPDATE case_event SET at = at - 86400000 {of} AND seq = 3", LISTED, {"I2", "I10", "I23"}),
    "another definition decided": ("UPDATE case_event SET version = NULL {of} AND seq = 2", LISTED, {"I23"}),
    "something else was asked": ("UPDATE case_event SET asked = zeroblob(16) {of} AND seq = 2", LISTED, {"I23"}),
    "the head is another": ("UPDATE cases SET head = zeroblob(32) WHERE number = '{number}'", LISTED, {"I23"}),
    "a text cannot be read": ("UPDATE case_event SET text = x'0102' {of} AND seq = 2", LISTED, {"I23"}),
    "a relative took part": (
        "INSERT INTO relative SELECT 'cadre', household, 0 FROM cases WHERE number = '{number}'", LISTED, {"I18"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_a_violation_is_found_and_told_by_its_invariant(sound: County, seed: str) -> None:
    sql, number, invariants = SEEDS[seed]
    other = OPENED if number == WAITING else WAITING
    assert execute(sound, sql.format(of=_IN.format(number=number), number=number, other=other))
    told = found(sound)
    assert {violation.invariant for violation in told} == invariants, told
    assert {violation.case for violation in told} == {number}


@pytest.mark.parametrize("change", ["open = open + 1", "late = late - 1"])
def test_a_total_changed_by_hand_is_found(sound: County, change: str) -> None:
    assert execute(sound, f"UPDATE tally SET {change} WHERE due_at = (SELECT max(due_at) FROM tally)")
    assert {violation.invariant for violation in found(sound)} == {"I2"}


def test_a_definition_changed_by_hand_is_found(sound: County) -> None:
    execute(
        sound, "UPDATE workflow_version SET canonical = replace(canonical, '3 day', '1 day') WHERE workflow = 'board'"
    )
    assert "I29" in {violation.invariant for violation in found(sound)}


def rows(county: County, sql: str) -> list[Any]:
    with county.database.connection() as connection:
        return list(connection.execute(sql).fetchall())


# --- histories forged as a whole: hashes, record and rows agree, and yet it may not have happened so ----------------


def forge(county: County, number: str, *changes: Change, kind: str = "acted", actor: str = "", **more: Any) -> None:
    """Have the store write an event that no command would cause."""
    ((stored,),) = rows(county, f"SELECT id FROM cases WHERE number = '{number}'")
    case = county.case(UUID(bytes=stored))
    at = case.at + more.pop("later", timedelta(0))
    post = more.pop("post", "")
    event = Event(
        county=COUNTY, case=case.id, seq=case.seq + 1, at=at, kind=kind, command=county.new_id(), asked=bytes(16),
        actor=actor, post=post, version=case.version, body=more, changes=changes,
    )  # fmt: skip
    county.store.commit([Decision(event, fold(case, event))], county.store.staff_revision(COUNTY))


def waiting(county: County) -> Case:
    ((stored,),) = rows(county, f"SELECT id FROM cases WHERE number = '{WAITING}'")
    return county.case(UUID(bytes=stored))


def leave(county: County, action: str, target: str, means: str, **more: Any) -> None:
    move = {"from": "show", "action": action, "to": target, "means": means, **more}
    forge(county, WAITING, ("case", "stage", target), **move)


def _leaves_early(county: County) -> None:
    leave(county, "ended", "compile", "pass")


def _is_over_early(county: County) -> None:
    posting = waiting(county).section("notices")["show"]
    forge(county, WAITING, ("notices", "show", {**posting, "over": "2026-01-26T16:00:00Z"}), kind="fired", timer="99")


def _goes_where_no_edge_leads(county: County) -> None:
    leave(county, "list", "file", "record")


def _passes_an_objection(county: County) -> None:
    link = {"w": "objection", "q": "show", "n": 3, "k": "objection", "s": 9}
    forge(county, WAITING, ("links", "0" * 32, link), kind="objected", objection="0" * 32)
    leave(county, "ended", "compile", "pass")


def _shortens_a_deadline(county: County) -> None:
    clock = waiting(county).section("clocks")["show.wait"]
    forge(county, WAITING, ("clocks", "show.wait", {**clock, "due": "2026-01-28T16:00:00Z"}))


def _sets_a_timer_for_nothing(county: County) -> None:
    forge(county, WAITING, ("timers", "99", {"c": "decide", "k": "due", "r": 0, "at": "2026-03-01T16:00:00Z"}))


def _fires_early(county: County) -> None:
    number, timer = next(iter(waiting(county).section("timers").items()))
    forge(county, WAITING, ("timers", number, None), kind="fired", timer=number, clock=timer["c"])


def _happens_before_the_last(county: County) -> None:
    forge(county, WAITING, kind="commented", later=timedelta(hours=-1))


def _leaves_nobody(county: County) -> None:
    case = waiting(county)
    forge(county, WAITING, *((part, key, None) for part in ("clocks", "timers", "items") for key in case.section(part)))


def _goes_on_after_the_end(county: County) -> None:
    forge(county, LISTED, ("facts", "found_on", {"v": "2026-01-01", "s": 99}))


def _keeps_work_after_the_end(county: County) -> None:
    move = {"from": "draft", "action": "withdraw", "to": "withdrawn", "means": "withdraw"}
    forge(county, OPENED, ("case", "stage", "withdrawn"), ("case", "status", "closed"), **move)


def _decides_what_he_prepared(county: County) -> None:
    move = {"from": "show", "ask": "decide", "action": "list", "means": "grant"}
    forge(county, WAITING, actor="cadre", post=f"village.cadre@{VILLAGE}", **move)


def _writes_a_secret_openly(county: County) -> None:
    forge(county, WAITING, ("facts", "asked", {"v": 100, "s": 1}))


def _writes_a_note_openly(county: County) -> None:
    forge(county, WAITING, kind="commented", note="seen at home")


def _writes_a_name_openly(county: County) -> None:
    forge(county, WAITING, ("papers", "letter", {"d": "ab" * 32, "f": f"{CANARIES[0]}.pdf", "s": 1}))


def test_what_was_done_before_a_household_was_declared_a_relatives_stays_lawful(sound: County) -> None:
    sound.intake.declare_relatives([("cadre", UUID(waiting(sound).subject))], sound.time.now())
    assert found(sound) == []
    forge(sound, WAITING, kind="proved", actor="cadre", later=sound.time.now() - waiting(sound).at + timedelta(hours=1))
    assert {violation.invariant for violation in found(sound)} == {"I18"}


FORGERIES: dict[str, list[Callable[[County], None]]] = {
    "I3": [_goes_where_no_edge_leads],
    "I7": [_leaves_nobody, _keeps_work_after_the_end],
    "I8": [_goes_on_after_the_end],
    "I9": [_sets_a_timer_for_nothing],
    "I10": [_fires_early, _happens_before_the_last],
    "I12": [_leaves_early, _is_over_early],
    "I13": [_passes_an_objection],
    "I14": [_shortens_a_deadline],
    "I18": [_decides_what_he_prepared],
    "I25": [_writes_a_secret_openly, _writes_a_note_openly, _writes_a_name_openly],
}


@pytest.mark.parametrize(
    ("invariant", "act"), [(invariant, act) for invariant, acts in FORGERIES.items() for act in acts]
)
def test_what_may_not_have_happened_is_found_though_hashes_and_rows_agree(
    sound: County, invariant: str, act: Callable[[County], None]
) -> None:
    act(sound)
    told = found(sound)
    assert invariant in {violation.invariant for violation in told}, told
    assert not {violation.invariant for violation in told} & {"I1", "I2", "I23"}, told

"""Taking back, correcting and reopening over a real database: rows follow the log, and its indexes say no in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from engine.cases import Act, Case, Confirm, Propose, Withdraw
from engine.errors import ActionNotAllowedError, GuardRefusedError, StaleCaseError
from storage.checks import check
from tests.property.county import CANARIES, COUNTY, County
from tests.property.guide import NOTE, Guide, bring_on, open_case


def require_nothing_wrong(county: County) -> None:
    assert check(county.database, county.time.now(), calendars=county.calendars, never=CANARIES) == []


def withdraw(county: County, case: UUID, person: str) -> Case:
    return county.ask(case, Withdraw(id=county.new_id(), person=person)).case


def ended(county: County) -> UUID:
    """A case of the first household that its household has withdrawn."""
    case = open_case(county, "board")
    bring_on(county, case)
    county.ask(case, Act(id=county.new_id(), person="cadre", action="withdraw", note=NOTE))
    assert county.case(case).status != "open"
    return case


def reopen(county: County, case: UUID) -> Case:
    county.ask(case, Propose(id=county.new_id(), person="cadre", what="reopen", note=NOTE))
    return county.ask(case, Confirm(id=county.new_id(), person="bureau", what="reopen")).case


def rows(county: County, sql: str, case: UUID) -> list[Any]:
    with county.database.connection() as connection:
        mark = "%s" if county.database.is_postgres else "?"
        stored = case if county.database.is_postgres else case.bytes
        return [tuple(row) for row in connection.execute(sql.replace("?", mark), (stored,)).fetchall()]


def test_what_is_taken_back_leaves_the_rows_that_were_there_before(county: County) -> None:
    case = open_case(county, "board")
    clocks = "SELECT name, due_at, ended_at FROM clock WHERE case_id = ? AND ended_at IS NULL ORDER BY name"
    work = "SELECT ask, post, division, claimed_by FROM work_item WHERE case_id = ? ORDER BY ask, post"
    before = rows(county, clocks, case), rows(county, work, case)
    command = bring_on(county, case)
    assert command is not None
    assert (rows(county, clocks, case), rows(county, work, case)) != before
    withdraw(county, case, command.person)
    assert (rows(county, clocks, case), rows(county, work, case)) == before
    require_nothing_wrong(county)


def test_everything_on_the_way_can_be_taken_back_or_says_why_not(county: County) -> None:
    case = open_case(county, "identification")
    taken_back = 0
    for _ in range(6):
        command = bring_on(county, case)
        if command is None:
            break
        try:
            withdraw(county, case, command.person)
        except ActionNotAllowedError:
            continue
        taken_back += 1
        again = next(each for each in Guide(county, county.case(case)).forward() if type(each) is type(command))
        county.ask(case, again)
    require_nothing_wrong(county)
    assert taken_back


def test_C15_taking_back_and_going_on_race_and_one_is_told(county: County) -> None:
    case = open_case(county, "board")
    command = bring_on(county, case)
    assert command is not None
    rival = county.rival()
    guide = Guide(county, county.case(case))
    county.store.meddle = lambda: rival.ask(case, guide.forward()[0])
    with pytest.raises((StaleCaseError, ActionNotAllowedError)):
        withdraw(county, case, command.person)
    rival.close()
    require_nothing_wrong(county)


def test_I8_a_closed_case_is_reopened_by_two_with_its_rows(county: County) -> None:
    case = ended(county)
    stage = reopen(county, case).stage
    assert rows(county, "SELECT stage, status, outcome, ending FROM cases WHERE id = ?", case) == [
        (stage, "open", "", ""),
    ]  # fmt: skip
    require_nothing_wrong(county)


def test_a_case_is_not_reopened_beside_another_that_is_open(county: County) -> None:
    case = ended(county)
    open_case(county, "board")
    with pytest.raises(GuardRefusedError, match="still open"):
        reopen(county, case)


def test_I25_nothing_is_reopened_or_corrected_whose_key_was_erased(county: County) -> None:
    case = ended(county)
    county.intake.erase_key(COUNTY, UUID(county.case(case).subject))
    assert {
        (each.action, each.allowed) for each in county.office.offered(COUNTY, case, "cadre") if each.kind == "propose"
    } <= {("correct", False), ("reopen", False)}
    with pytest.raises(GuardRefusedError, match="erased"):
        reopen(county, case)

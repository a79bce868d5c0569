"""Who opens what was handed in, and what of it a case names."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from engine.cases import Attach, Case, ReadPaper
from engine.errors import CaseNotFoundError, InputError, PermissionDeniedError
from engine.people import Staff
from engine.reading import documents
from tests.harness import OTHER_VILLAGE, PAPER, Runner, person

DEFINITION = """\
workflow: sample
clause: 第一条
opens: {come: {title: 来访, by: village.cadre, to: check}}
places: {square: 村务公开栏}
papers: {scan: {title: 扫描件, in: check}}
stages:
  check: {title: 核实, by: village.cadre, limit: 7 day, actions: {pass: {to: show}}}
  show:
    title: 公示
    notice: {by: village.cadre, places: [square], wait: 7 day, proof: [start, end]}
    actions: {ended: {to: next}}
ends: {done: {title: 办结, outcome: granted}}
"""
STAFF = Staff.of(
    [
        person("cadre", "village.cadre"),
        person("leader", "county.leader"),
        person("neighbour", f"village.cadre@{OTHER_VILLAGE}"),
    ]
)


@pytest.fixture
def runner() -> Runner:
    runner = Runner.of(DEFINITION, staff=STAFF)
    runner.open("cadre")
    runner.do(Attach, "cadre", paper="scan", document=PAPER)
    return runner


def test_I21_whoever_opens_a_paper_is_in_the_log_and_nothing_else_changes(runner: Runner) -> None:
    before = runner.case.record()
    runner.do(ReadPaper, "cadre", paper="scan")
    event = runner.last()
    assert (event.kind, event.actor, event.body["paper"]) == ("read", "cadre", "scan")
    assert PAPER.digest.startswith(event.body["document"])
    assert event.changes == ()
    assert runner.case.record() == before


def test_I19_a_paper_is_for_those_who_have_a_part_in_the_case(runner: Runner) -> None:
    with pytest.raises(PermissionDeniedError):
        runner.do(ReadPaper, "leader", paper="scan")
    with pytest.raises(CaseNotFoundError):
        runner.do(ReadPaper, "neighbour", paper="scan")


def test_a_document_that_the_case_does_not_name_is_not_opened(runner: Runner) -> None:
    with pytest.raises(InputError):
        runner.do(ReadPaper, "cadre", paper="nope")


def test_photos_of_a_posting_are_documents_of_their_place(runner: Runner) -> None:
    runner.act("cadre", "pass")
    runner.post("cadre")
    assert documents(runner.case) == {"scan": PAPER.digest, "show/square": PAPER.digest}
    runner.until(runner.due("show.wait") + timedelta(hours=1))
    runner.prove("cadre")
    assert documents(runner.case)["show/square/end"] == PAPER.digest


def test_what_a_running_clock_was_stopped_and_lengthened_by_is_a_document() -> None:
    ledger = {
        "stops": [["2026-03-02T01:00:00Z", None, "hand", "ab" * 32], ["2026-03-03T01:00:00Z", None, "excluded:x", ""]],
        "ext": [["3 day", "granted", "cd" * 32, "li"], ["1 day", "settled", "a calendar", ""]],
    }

    case = Case("430822", UUID(int=1), sections={"clocks": {"check": ledger}})
    assert documents(case) == {"check/1": "ab" * 32, "check/+1": "cd" * 32}

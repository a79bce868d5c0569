"""
What becomes of a household after it was listed, from a roster of those monitored before bangfu was used, as typed.

Its risk is eliminated; looked back at, the mark is rolled back by the province, or a new risk has it identified again;
who was taken in wrongly is cleared out. Each is a procedure with its answers, and ends where the next one begins.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from papers.template import write_roster
from tests.acceptance.terminal import CHECKED, HOUSEHOLDS, MEETING, Terminal

PROVINCE = "430000000000"
HOME = HOUSEHOLDS[0].id_number
PRESENT = ("--present", "township.cadre=1", "--present", "village.cadre=1", "--votes", "confirmed=2")


def facts(**values: object) -> tuple[str, ...]:
    return tuple(word for name, value in values.items() for word in ("--fact", f"{name}={value}"))


#: What keeps a household on the rolls: nothing of it; and what the visit finds when the risk is gone.
WILLING = facts(
    tracking="每月走访", income_pc=9000, whole_no_labour="否", lost_capacity="否", weak_stability="否",
    income_unstable="否", spending_uncontrolled="否",
)  # fmt: skip
SOLVED = facts(
    checked_on="2026-03-02", income_pc=9000, one_exceed="是", food_and_clothing="是", guarantees="是",
    drinking_water="是", measures="公益性岗位", measures_effective="是", income_stable="是", spending_solved="是",
    natural="否", risk_kinds=1, in_tekun="否", in_dibao="否", team_signed="是", household_signed="是",
)  # fmt: skip
STANDS = {
    "visited_on": "2026-03-10", "income_pc": 9000, "guarantees_kept": "是", "stably_solved": "是",
    "whole_no_labour": "否", "new_risk": "否", "measures_months": 12,
}  # fmt: skip


@pytest.fixture
def terminal(terminal: Terminal) -> Terminal:
    """The office with the province's bureau, and a roster that says that a household was monitored before."""
    terminal.ask("person", "add", "province", "测试员")
    terminal.ask("post", "add", "province", "province.bureau", PROVINCE, "--from", "2026-01-01")
    before: dict[str, str | int | date] = {"monitoring": "active", "monitored_since": date(2025, 6, 1)}
    roster = terminal.folder / "before.xlsx"
    write_roster(roster, [replace(HOUSEHOLDS[0], statuses=before), *HOUSEHOLDS[1:]])
    assert terminal.ask("import", "roster", str(roster), person="county.bureau")["monitored"] == 1
    return terminal


def record(terminal: Terminal) -> dict[str, Any]:
    """The household's statuses, with the procedure that wrote each; empty for the roster."""
    shown = terminal.ask("household", "show", HOME, person="county.bureau")
    procedures = {each["number"]: each["workflow"] for each in shown["cases"]}
    return {name: (each["v"], procedures.get(each.get("case", ""), "")) for name, each in shown["statuses"].items()}


def opened(terminal: Terminal, workflow: str, channel: str, person: str) -> str:
    case = terminal.ask("open", workflow, "--household", HOME, "--channel", channel, person=person)["case"]
    return str(case["number"])


def eliminated(terminal: Terminal) -> None:
    papers = [word for paper in ("annex4", "annex5") for word in ("--paper", f"{paper}={terminal.photo}")]
    proof, committee = ("--proof", terminal.photo), "village.committee"
    number = opened(terminal, "risk_elimination", "reviewed", committee)
    terminal.ask("act", number, "propose", *WILLING, person=committee)
    terminal.ask("act", number, "confirmed", *SOLVED, *PRESENT, *papers, person="township.cadre")
    terminal.ask("act", number, "pass", *MEETING, *facts(minutes_signed="是"), person=committee)
    terminal.ask("notice", "post", number, *proof, person=committee)
    terminal.ask("time", "advance", "8d")
    terminal.ask("notice", "proof", number, *proof, person=committee)
    terminal.ask("act", number, "submit", person=committee)
    for leader in ("township.secretary", "township.mayor"):
        terminal.ask("act", number, "pass", *facts(field_verification="不需要"), person=leader)
    terminal.ask("act", number, "eliminate", *facts(consultation="意见一致"), person="county.bureau")
    terminal.ask("act", number, "marked", person="county.bureau")


def looked_back(terminal: Terminal, **found: object) -> str:
    number = opened(terminal, "look_back", "screened", "township.cadre")
    terminal.ask("act", number, "checked", *facts(**{**STANDS, **found}), person="township.cadre")
    return number


def successor(terminal: Terminal, workflow: str) -> str:
    cases = terminal.ask("household", "show", HOME, person="county.bureau")["cases"]
    (number,) = [each["number"] for each in cases if each["workflow"] == workflow]
    return str(number)


def applied_for(terminal: Terminal, number: str, reason: str) -> None:
    """The county verifies and applies, the province agrees and carries it out."""
    found = facts(reason=reason, finding="已入户", verified="是")
    terminal.ask("act", number, "confirmed", *found, person="county.bureau")
    terminal.ask("act", number, "submit", person="county.leader")
    assert terminal.refused("act", number, "approve", person="county.bureau")["code"] == 5
    terminal.ask("act", number, "approve", person="province")
    terminal.ask("act", number, "executed", person="province")


def test_a_household_monitored_before_is_eliminated_and_rolled_back_when_it_does_not_last(terminal: Terminal) -> None:
    assert record(terminal)["monitoring"] == ("active", "")
    eliminated(terminal)
    assert record(terminal)["monitoring"] == ("marked_eliminated", "risk_elimination")
    number = looked_back(terminal, whole_no_labour="是")
    refused = terminal.type("act", number, "stands", person="county.bureau", lang="zh")
    assert (refused.code, "风险稳定消除" in refused.err) == (6, True)
    terminal.ask("act", number, "roll_back", "--note", "整户无劳动能力", person="county.bureau")
    assert terminal.ask("show", number, person="county.bureau")["case"]["outcome"] == "referred"
    applied_for(terminal, successor(terminal, "rollback"), "整户无劳动能力")
    found = record(terminal)
    assert (found["monitoring"], found["monitored_since"]) == (("active", "rollback"), ("2026-03-10", "rollback"))
    again = opened(terminal, "risk_elimination", "reviewed", "village.committee")
    early = terminal.refused("act", again, "propose", *WILLING, person="village.committee")
    assert (early["code"], "2026-06-10" in early["message"]) == (6, True), "its three months begin anew"


def test_a_new_risk_after_elimination_is_identified_again(terminal: Terminal) -> None:
    eliminated(terminal)
    number = looked_back(terminal, new_risk="是", found_on="2026-03-09")
    terminal.ask("act", number, "identify_again", person="county.bureau")
    again = successor(terminal, "identification")
    case = terminal.ask("show", again, person="village.cadre")
    assert (case["case"]["stage"], case["facts"]["found_on"]) == ("apply", "2026-03-09")
    terminal.ask("act", again, "submit", "--fact", "consents=yes", person="village.cadre")
    terminal.ask("act", again, "confirmed", *CHECKED, person="township.cadre")
    assert record(terminal)["monitoring"] == ("marked_eliminated", "risk_elimination"), "until it is listed again"


def test_who_was_taken_in_wrongly_is_cleared_out_by_the_province(terminal: Terminal) -> None:
    number = opened(terminal, "clear_out", "found", "county.bureau")
    applied_for(terminal, number, "识别时未比对出财政供养人员")
    assert record(terminal)["monitoring"] == ("cleared_out", "clear_out")
    eliminating = opened(terminal, "risk_elimination", "reviewed", "village.committee")
    refused = terminal.refused("act", eliminating, "propose", *WILLING, person="village.committee")
    assert (refused["code"], refused.get("rule", "is_monitored")) == (6, "is_monitored")


def test_what_a_reopened_case_had_made_of_the_household_stays_in_its_record_and_both_say_so(terminal: Terminal) -> None:
    eliminated(terminal)
    number = successor(terminal, "risk_elimination")
    terminal.ask("propose", "reopen", number, "--note", "标注日期有误", person="village.committee")
    refused = terminal.type("confirm", number, "reopen", person="village.committee", lang="zh")
    assert (refused.code, "县乡村振兴局" in refused.err) == (5, True)
    terminal.ask("confirm", number, "reopen", person="county.bureau")
    assert record(terminal)["monitoring"] == ("marked_eliminated", "risk_elimination")
    story = terminal.type("show", number, person="county.bureau", lang="zh").out
    assert "农户记录中原结果暂不变" in story
    assert "监测状态 已标注风险消除" in story
    terminal.ask("time", "advance", "1d")
    terminal.ask("act", number, "marked", person="county.bureau")
    dates = [
        each["what"]["eliminated_on"]
        for each in terminal.ask("household", "history", HOME, person="county.bureau")["history"]
        if "eliminated_on" in each["what"]
    ]
    assert sorted(dates) == ["2026-03-10", "2026-03-11"]
    assert record(terminal)["eliminated_on"][0] == "2026-03-11"

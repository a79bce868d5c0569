"""Taking one's last act back while nobody acted since: everything is as it was, and no number comes back."""

from __future__ import annotations

from typing import Any

import pytest

from engine.cases import (
    AddSigner,
    Attach,
    Case,
    Claim,
    Comment,
    Copy,
    Enlist,
    PostNotice,
    Sign,
    Urge,
    Withdraw,
)
from engine.errors import ActionNotAllowedError, PermissionDeniedError, StaleCaseError
from engine.offering import offered
from tests.harness import PAPER, Runner, person, staff_for, with_staff, workflow

LINE = """\
workflow: line
title: 样例
subject: household
posts: {village.cadre: 干部, township.office: 乡镇, county.bureau: 县局}
facts:
  ready: {title: 备齐, type: yes_no, in: check, optional: yes}
  words: {title: 说明, type: text, in: check, optional: yes}
papers:
  form: {title: 表, in: check, optional: yes}
  sheet: {title: 单, in: decide, optional: yes}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
ladder: {remind: [-1 workday], late: {+1 workday: county.bureau}}
stages:
  check:
    title: 审核
    by: township.office
    limit: 5 workday
    actions: {pass: {title: 同意, to: next, set: {household.status: monitored}}, on: {to: next}}
  decide:
    title: 审批
    by: county.bureau
    limit: 3 workday
    list: county
    actions: {grant: {to: next, means: grant}, back: {to: check, means: back}, refuse: {to: no, means: refuse}}
tasks:
  visit: {title: 走访, by: village.cadre, opens: check.on, limit: 2 workday}
clocks:
  total: {title: 全程, limit: 20 workday, from: applied, except: decide}
ends:
  listed: {title: 纳入, outcome: granted}
  no: {title: 不予, outcome: refused}
"""

PANEL = """\
workflow: panel
title: 样例
posts: {village.cadre: 干部, township.office: 乡镇, township.leader: 乡镇领导, county.bureau: 县局}
opens: {applied: {title: 申请, by: village.cadre, to: sign}}
stages:
  sign:
    title: 会签
    limit: 3 workday
    panel: {seats: {township.office: 2, township.leader: 1}, ORDER, tally: {pass: all, refuse: otherwise}}
    actions: {pass: {to: next}, refuse: {to: no, means: refuse}}
  decide: {title: 审批, by: county.bureau, actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}}}
ends: {listed: {title: 纳入, outcome: granted}, no: {title: 不予, outcome: refused}}
"""


def a_line(**more: Any) -> Runner:
    procedure = workflow(LINE)
    runner = Runner.of(procedure, staff=with_staff(staff_for(procedure), person("law", "county.law")), **more)
    runner.open("village.cadre")
    return runner


def a_panel(order: bool = False) -> Runner:
    runner = Runner.of(PANEL.replace("ORDER", "order: yes" if order else "quorum: all"))
    runner.open("village.cadre")
    return runner


def state(case: Case) -> dict[str, Any]:
    """The record without the numbers that never come back."""
    sections = {name: dict(part) for name, part in case.sections.items() if part}
    for name in ("items", "timers"):
        sections[name] = sorted(map(str, sections.get(name, {}).values()))  # type: ignore[assignment]
    for name in ("next", "entry", "back"):
        sections["case"].pop(name, None)
    return sections


def test_everything_is_as_it_was_and_clocks_go_on_as_if_never_left() -> None:
    runner = a_line()
    runner.wait(days=1)
    before, due = state(runner.case), runner.due("check")
    numbers = set(runner.case.section("timers")) | set(runner.case.section("items"))
    runner.act("township.office", "on", ready=True, words="走访过", papers={"form": PAPER})
    runner.wait(hours=5)
    runner.do(Withdraw, "township.office")
    assert state(runner.case) == before
    assert runner.due("check") == due
    assert runner.told("work_gone") == ["village.cadre", "county.bureau"]
    assert not numbers & (set(runner.case.section("timers")) | set(runner.case.section("items"))), "I9"


def test_C1_withdrawing_gives_no_fresh_limit_and_keeps_its_reminders() -> None:
    runner = a_line()
    due = runner.due("check")
    for _ in range(3):
        runner.act("township.office", "on")
        runner.wait(days=1)
        runner.do(Withdraw, "township.office")
        assert runner.due("check") == due
    runner.until(due)
    assert runner.told("deadline_near"), "the reminder is there after all"
    assert runner.told("overdue") == ["township.office"]


def test_F08_a_page_from_before_the_taking_back_answers_nothing() -> None:
    runner = a_line()
    runner.staff = with_staff(runner.staff, person("all", "township.office", "county.bureau"))
    runner.act("township.office", "on")
    seen = runner.case.seq
    runner.do(Withdraw, "township.office")
    with pytest.raises(StaleCaseError):
        runner.act("all", "on", seen=seen)


def test_what_became_due_in_the_meantime_is_due_at_once() -> None:
    runner = a_line()
    runner.act("township.office", "on")
    runner.wait(days=12)
    runner.do(Withdraw, "township.office")
    assert "overdue" in {message.event for message in runner.messages}
    assert {event.body["clock"] for event in runner.wait()} >= {"check"}


def test_a_clock_that_did_not_count_the_next_stage_counts_the_time_there() -> None:
    runner = a_line()
    due = runner.due("total")
    runner.act("township.office", "on")
    runner.wait(days=2)
    runner.do(Withdraw, "township.office")
    assert runner.due("total") == due
    assert "stops" not in runner.case.section("clocks")["total"]


def test_acts_beside_do_not_hinder() -> None:
    runner = a_line()
    runner.act("township.office", "on")
    runner.do(Comment, "county.bureau", note="已阅")
    runner.do(Copy, "county.bureau", to=("village.cadre",))
    runner.do(Urge, "township.office")
    runner.wait(days=1, hours=2)
    runner.do(Attach, "township.office", paper="form", document=PAPER)
    runner.do(Withdraw, "township.office")
    assert runner.stage == "check"
    assert "form" in runner.case.section("papers")


@pytest.mark.parametrize(
    ("kind", "more", "why"),
    [
        (Claim, {}, "taken up the work"),
        (Attach, {"paper": "sheet", "document": PAPER}, "asked for now"),
        (Enlist, {"list": Runner.of(LINE).new_id()}, "on a list"),
        (AddSigner, {"signer": "law", "when": "before"}, "asked for a signer"),
    ],
)
def test_what_others_did_since_hinders_and_says_so(kind: Any, more: dict[str, Any], why: str) -> None:
    runner = a_line()
    runner.act("township.office", "on")
    runner.do(kind, "county.bureau", **more)
    with pytest.raises(ActionNotAllowedError, match=why):
        runner.do(Withdraw, "township.office")


def test_an_answer_hinders_and_then_its_giver_may_withdraw_and_then_the_first() -> None:
    runner = a_line()
    before = state(runner.case)
    runner.act("township.office", "on")
    runner.act("county.bureau", "back")
    with pytest.raises(ActionNotAllowedError, match=r"county.bureau has answered since"):
        runner.do(Withdraw, "township.office")
    runner.do(Withdraw, "county.bureau")
    assert runner.stage == "decide"
    runner.do(Withdraw, "township.office")
    assert state(runner.case) == before


def test_nothing_is_withdrawn_twice_nor_by_another_nor_without_the_post() -> None:
    runner = a_line()
    runner.act("township.office", "on")
    with pytest.raises(ActionNotAllowedError, match="nothing here"):
        runner.do(Withdraw, "township.office2")
    staff = runner.staff
    runner.staff = with_staff(staff, person("township.office", "township.other"))
    with pytest.raises(PermissionDeniedError):
        runner.do(Withdraw, "township.office")
    runner.staff = staff
    runner.do(Withdraw, "township.office")
    with pytest.raises(ActionNotAllowedError, match="nothing here"):
        runner.do(Withdraw, "township.office")
    runner.act("township.office2", "on")
    assert runner.stage == "decide"


def test_what_left_the_case_stays_done() -> None:
    runner = a_line()
    runner.act("township.office", "pass")
    with pytest.raises(ActionNotAllowedError, match="household's record"):
        runner.do(Withdraw, "township.office")
    runner.act("county.bureau", "refuse")
    with pytest.raises(ActionNotAllowedError, match="has ended"):
        runner.do(Withdraw, "county.bureau")


def test_a_listed_act_stays_with_its_list() -> None:
    runner = a_line()
    runner.act("township.office", "on")
    listed = runner.new_id()
    runner.do(Enlist, "county.bureau", list=listed)
    runner.act("county.bureau", "back", list=listed)
    with pytest.raises(ActionNotAllowedError, match="with its list"):
        runner.do(Withdraw, "county.bureau")


def test_I18_a_withdrawn_answer_is_no_act() -> None:
    runner = a_line()
    runner.staff = with_staff(runner.staff, person("both", "township.office", "county.bureau"))
    runner.act("both", "on")
    runner.do(Withdraw, "both")
    runner.act("township.office", "on")
    runner.act("both", "grant")
    assert runner.case.get("outcome") == "granted"


def test_what_was_opened_by_it_is_gone_and_opens_anew_under_a_new_number() -> None:
    runner = a_line()
    runner.act("township.office", "on")
    number = runner.case.section("tasks")["visit"]["n"]
    runner.do(Withdraw, "township.office")
    assert "visit" not in runner.case.section("tasks")
    runner.act("township.office", "on")
    assert runner.case.section("tasks")["visit"]["n"] > number
    assert runner.items("visit") == ["village.cadre"]


ASIDE = """\
workflow: aside
title: 样例
posts: {village.cadre: 干部, township.office: 乡镇}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages:
  check: {title: 审核, by: township.office, actions: {pass: {to: next}, back: {to: apply, means: back}}}
  apply: {title: 补正, by: village.cadre, aside: yes, actions: {pass: {to: check}}}
tasks: {visit: {title: 走访, by: village.cadre, opens: check.entered, awaited_by: check}}
ends: {listed: {title: 纳入, outcome: granted}}
"""


def test_C2_a_return_that_was_taken_back_cancels_the_open_tasks_when_it_is_repeated() -> None:
    runner = Runner.of(ASIDE)
    runner.open("village.cadre")
    runner.act("township.office", "back")
    runner.do(Withdraw, "township.office")
    runner.act("township.office", "back")
    assert set(runner.case.section("asks")) == {"apply"}
    assert runner.case.section("tasks")["visit"]["st"] == "cancelled"


def test_C5_a_stage_that_was_entered_by_what_is_taken_back_was_not_visited() -> None:
    runner = Runner.of(LINE.replace("back: {to: check, means: back}", "back: {to: visited, means: back}"))
    runner.open("village.cadre")
    runner.act("township.office", "on")
    assert runner.stage == "decide"
    runner.do(Withdraw, "township.office")
    assert "decide" not in runner.case.section("visits")
    runner.act("township.office2", "on")
    found = offered(runner.procedure, runner.case, "county.bureau", runner.now, runner.world)
    assert [each.choices for each in found if each.action == "back"] == [("check",)]


# --- votes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [False, True])
def test_C7_a_vote_is_withdrawn_while_the_panel_is_open_and_no_seat_is_lost(order: bool) -> None:
    runner = a_panel(order)
    before = runner.items("sign")
    runner.act("township.office", "pass" if order else "refuse")
    if not order:
        runner.act("township.office2", "pass")
    runner.do(Withdraw, "township.office")
    assert "township.office" not in {key.partition("/")[2] for key in runner.case.section("answers")}
    if order:
        assert runner.items("sign") == before
    runner.act("township.office", "pass")
    if order:
        runner.act("township.office2", "pass")
    runner.act("township.leader", "pass")
    assert runner.stage == "decide"


@pytest.mark.parametrize("order", [False, True])
def test_C7_a_vote_is_withdrawn_after_one_before_it_was(order: bool) -> None:
    runner = a_panel(order)
    before = runner.items("sign")
    for who in ("township.office", "township.office2"):
        runner.act(who, "pass")
    for who in ("township.office", "township.office2"):
        runner.do(Withdraw, who)
    assert (runner.items("sign"), runner.case.section("answers")) == (before, {})
    assert "sign" not in runner.case.section("acts")


def test_C7_in_order_a_vote_goes_back_while_nobody_of_a_later_seat_has_answered() -> None:
    runner = a_panel(order=True)
    runner.act("township.office", "pass")
    runner.act("township.office2", "pass")
    assert runner.items("sign") == ["township.leader"]
    runner.do(Withdraw, "township.office")
    assert runner.items("sign") == ["township.office"]
    runner.act("township.office", "pass")
    runner.do(Claim, "township.leader")
    with pytest.raises(ActionNotAllowedError, match="taken up"):
        runner.do(Withdraw, "township.office2")


def test_the_vote_that_settled_a_panel_is_withdrawn_with_what_it_brought_about() -> None:
    runner = a_panel()
    runner.act("township.office", "pass")
    runner.act("township.office2", "pass")
    before = state(runner.case)
    runner.act("township.leader", "pass")
    assert runner.stage == "decide"
    runner.do(Withdraw, "township.leader")
    assert state(runner.case) == before
    with pytest.raises(ActionNotAllowedError, match="already answered"):
        runner.act("township.office", "pass")


def test_a_held_answer_is_withdrawn_until_somebody_signed_it() -> None:
    runner = a_line()
    runner.do(AddSigner, "township.office", signer="law", when="after")
    before = state(runner.case)
    runner.act("township.office", "on")
    runner.do(Withdraw, "township.office")
    assert state(runner.case) == before
    runner.act("township.office", "on")
    runner.do(Sign, "law", answer="agree")
    with pytest.raises(ActionNotAllowedError, match="law has signed since"):
        runner.do(Withdraw, "township.office")
    runner.do(Withdraw, "law")
    assert runner.items("check") == ["county.law"]


# --- notices ----------------------------------------------------------------------------------------------------------

NOTICE = """\
workflow: notice
title: 样例
posts: {village.cadre: 干部, township.office: 乡镇, county.bureau: 县局}
places: {square: 广场}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages:
  check: {title: 审核, by: township.office, actions: {pass: {to: next}}}
  shown:
    title: 公示
    notice: {by: village.cadre, places: [square], wait: 7 day, proof: [start]}
    actions: {ended: {to: next, means: grant}, back: {to: check, means: back, by: township.office}}
  file: {title: 归档, by: county.bureau, actions: {filed: {to: next, means: record}}}
ends: {listed: {title: 纳入, outcome: granted}}
"""


def test_I12_a_posted_notice_hinders_and_one_that_was_left_must_hang_anew() -> None:
    runner = Runner.of(NOTICE)
    runner.open("village.cadre")
    runner.act("township.office", "pass")
    runner.do(Withdraw, "township.office")
    runner.act("township.office", "pass")
    runner.do(PostNotice, "village.cadre", place="square", at=runner.now, proof=PAPER)
    with pytest.raises(ActionNotAllowedError, match="posted a notice"):
        runner.do(Withdraw, "township.office")
    runner.act("township.office", "back")
    with pytest.raises(ActionNotAllowedError, match="must hang anew"):
        runner.do(Withdraw, "township.office")


def test_it_is_offered_only_to_whom_it_means_something() -> None:
    runner = a_line()
    runner.act("township.office", "on")

    def kinds(who: str) -> dict[str, bool]:
        found = offered(runner.procedure, runner.case, who, runner.now, runner.world)
        return {each.kind: each.allowed for each in found if each.kind == "withdraw"}

    assert kinds("township.office") == {"withdraw": True}
    assert kinds("county.bureau") == {}
    runner.do(Claim, "county.bureau")
    assert kinds("township.office") == {"withdraw": False}

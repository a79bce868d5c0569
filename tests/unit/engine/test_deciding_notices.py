"""Notices hang their whole period, whatever anybody does; objections hold back every step towards approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from engine.cases import (
    Attach,
    Case,
    Comment,
    FireTimer,
    Minutes,
    Object,
    PostNotice,
    SettleClocks,
    TakeDownNotice,
    instant,
    iso,
)
from engine.errors import ActionNotAllowedError, BangfuError, GuardRefusedError, InputError
from engine.people import Staff
from tests.harness import MONDAY, PAPER, Runner, calendar, shipped

NOTICE = """
workflow: notice
opens: {found: {by: village.cadre, to: apply}}
places: {square: 广场, office: 村委会}
facts: {hidden: {title: 不公示, type: yes_no, in: opens}}
papers: {poster: {title: 公示表, in: publicity, optional: yes}}
stages:
  apply: {title: 申请, by: village.cadre, actions: {submit: {to: next}}}
  publicity:
    title: 公示
    notice:
      {by: village.committee, places: [square], wait: 7 day, roll: yes, shows: [group], proof: [start],
      objection: objection}
    actions:
      ended: {to: next}
      upheld: {to: apply, means: back}
      error: {to: apply, means: back, by: village.committee}
      skip: {to: review, means: pass, by: county.bureau}
      aside: {to: review, means: record, by: county.bureau}
  review:
    title: 审核
    by: township.cadre
    actions: {pass: {to: next}, refuse: {to: refused, means: refuse}, back: {to: visited, means: back}}
  decide:
    title: 审定
    by: county.bureau
    actions: {grant: {to: next, means: grant}, refuse: {to: refused, means: refuse}, back: {to: visited, means: back}}
  file: {title: 归档, by: county.leader, actions: {filed: {to: granted}}}
anywhere:
  withdraw: {to: withdrawn, means: withdraw, by: [household, village.cadre]}
  jump: {to: decide, means: refer, by: county.bureau, from: [publicity, review]}
ends:
  granted: {title: 纳入, outcome: granted}
  refused: {title: 不纳入, outcome: refused}
  withdrawn: {title: 撤回, outcome: withdrawn}
"""
OBJECTION = """
workflow: objection
subject: case
opens: {lodged: {by: parent, to: verify}}
facts: {grounds: {title: 理由, type: text, in: opens}}
stages:
  verify:
    title: 核查
    by: township.mayor
    limit: 5 workday
    actions:
      {upheld: {to: upheld, tell: [objector, household, village.cadre]}, dismissed: {to: dismissed, means: refuse}}
ends: {upheld: {title: 成立, outcome: upheld}, dismissed: {title: 不成立, outcome: dismissed}}
"""
#: Posted on Monday, March 2nd: the last day is the 9th, a Monday, which ends at 24:00 in Shanghai.
LEGAL_END = datetime(2026, 3, 9, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def posted(text: str = NOTICE, post: bool = True) -> Runner:
    runner = Runner.of(text, OBJECTION)
    runner.open("village.cadre", facts={"hidden": False})
    runner.act("village.cadre", "submit")
    if post:
        runner.post("village.committee")
    return runner


def to_review(runner: Runner) -> Runner:
    runner.until(LEGAL_END)
    assert runner.stage == "review"
    return runner


# --- I12 --------------------------------------------------------------------------------------------------------------


def test_I12_the_notice_ends_at_24_00_of_its_last_day() -> None:
    runner = posted()
    assert runner.timers() == {"publicity.wait": LEGAL_END}
    assert runner.until(LEGAL_END - SECOND) == []
    (fired,) = runner.until(LEGAL_END)
    assert runner.stage == "review"
    assert (fired.kind, fired.body["result"], fired.actor) == ("fired", "ended", "")


#: Everything that anybody could try on a posted notice.
ATTEMPTS: dict[str, Callable[[Runner], object]] = {
    f"{by} {action}": lambda r, by=by, action=action: r.act(by, action, note="急")
    for by in ("village.committee", "village.cadre", "township.cadre", "county.bureau", "county.leader")
    for action in ("ended", "upheld", "skip", "aside", "jump", "pass", "grant", "submit", "error", "withdraw")
} | {
    "post": lambda r: r.post("village.committee", at=MONDAY),
    "post elsewhere": lambda r: r.post("village.committee", "office"),
    "prove": lambda r: r.prove("village.committee"),
    "take down": lambda r: r.do(TakeDownNotice, "village.committee", place="square", note="贴错"),
    "attach": lambda r: r.do(Attach, "village.committee", paper="poster", document=PAPER),
    "comment": lambda r: r.do(Comment, "county.bureau", note="可以了"),
    "object": lambda r: r.lodge("village.committee", facts={"grounds": "x"}),
    "settle": lambda r: r.ask(SettleClocks(id=r.new_id())),
    "fire": lambda r: r.ask(FireTimer(id=r.new_id(), timer=next(iter(r.case.section("timers"))))),
}


@pytest.mark.parametrize("moment", [MONDAY, MONDAY + timedelta(days=3), LEGAL_END - SECOND], ids=iso)
@pytest.mark.parametrize("name", ATTEMPTS)
def test_I12_notice_never_closes_early(name: str, moment: datetime) -> None:
    runner = posted()
    runner.until(moment)
    try:
        ATTEMPTS[name](runner)
    except BangfuError:
        assert (runner.stage, runner.timers()) == ("publicity", {"publicity.wait": LEGAL_END})
        return
    assert runner.stage in ("publicity", "apply", "withdrawn"), "towards approval nobody leaves it"
    if runner.stage == "publicity":
        assert runner.timers().get("publicity.wait") in (LEGAL_END, None)
    else:
        assert "publicity.wait" not in runner.timers()
        assert runner.case.section("notices")["publicity"]["left"] == iso(runner.now)


@pytest.mark.parametrize("action", ["skip", "aside", "jump"])
def test_I12_neither_by_meaning_nor_by_target(action: str) -> None:
    with pytest.raises(GuardRefusedError, match="must hang until its legal end"):
        posted().act("county.bureau", action)


def test_I12_a_return_and_another_posting_is_a_full_period() -> None:
    runner = posted()
    runner.until(MONDAY + timedelta(days=5))
    runner.act("village.committee", "error")
    assert not runner.timers()
    runner.act("village.cadre", "submit")
    with pytest.raises(InputError, match="before the case came to this stage"):
        runner.post("village.committee", at=MONDAY)
    runner.post("village.committee")
    assert runner.timers() == {"publicity.wait": datetime(2026, 3, 16, 16, tzinfo=UTC)}, "the 14th is a Saturday"


def test_I12_taken_down_it_never_counted() -> None:
    runner = posted()
    runner.until(MONDAY + timedelta(days=5))
    with pytest.raises(InputError, match="say why"):
        runner.do(TakeDownNotice, "village.committee", place="square")
    runner.do(TakeDownNotice, "village.committee", place="square", note="内容有误")
    assert runner.items("publicity") == ["village.committee"]
    runner.until(LEGAL_END + SECOND)
    assert runner.stage == "publicity"
    runner.post("village.committee")
    assert runner.timers()["publicity.wait"] == datetime(2026, 3, 17, 16, tzinfo=UTC)


def test_I12_every_place_hangs_the_whole_period() -> None:
    runner = posted(NOTICE.replace("places: [square]", "places: [square, office]"))
    assert not runner.timers()
    with pytest.raises(ActionNotAllowedError, match="already hangs"):
        runner.post("village.committee")
    runner.now += timedelta(days=2)
    runner.post("village.committee", "office")
    assert runner.timers()["publicity.wait"] == LEGAL_END + timedelta(days=2)
    runner.do(TakeDownNotice, "village.committee", place="square", note="破损")
    assert not runner.timers()


def test_I12_a_posting_recorded_later_counts_from_when_it_hung() -> None:
    runner = posted(post=False)
    runner.now += timedelta(days=2)
    for wrong in (runner.now + SECOND, MONDAY - SECOND):
        with pytest.raises(InputError, match="cannot have been posted"):
            runner.post("village.committee", at=wrong)
    runner.post("village.committee", at=MONDAY + timedelta(hours=1))
    assert runner.timers()["publicity.wait"] == LEGAL_END


def test_I12_a_clock_put_back_fires_nothing_early() -> None:
    runner = posted()
    runner.until(LEGAL_END - SECOND)
    runner.do(Comment, "village.cadre", note="最后一秒")
    runner.now = MONDAY
    (timer,) = runner.case.section("timers")
    with pytest.raises(ActionNotAllowedError, match="not due before"):
        runner.ask(FireTimer(id=runner.new_id(), timer=timer))
    runner.do(Comment, "village.cadre", note="钟慢了")
    assert runner.case.at == LEGAL_END - SECOND, "I10: the times of events never decrease"


def test_I14_an_amended_calendar_never_shortens_a_notice() -> None:
    runner = posted()
    with pytest.raises(ActionNotAllowedError, match="no deadline"):
        runner.ask(SettleClocks(id=runner.new_id()))
    runner.calendar = calendar(date(2026, 3, 9))
    runner.ask(SettleClocks(id=runner.new_id()))
    assert runner.timers()["publicity.wait"] == LEGAL_END + timedelta(days=1)
    runner.calendar = calendar()
    runner.ask(SettleClocks(id=runner.new_id()))  # what was given is given: the ledger says that it was kept
    with pytest.raises(ActionNotAllowedError, match="no deadline"):
        runner.ask(SettleClocks(id=runner.new_id()))
    assert runner.timers()["publicity.wait"] == LEGAL_END + timedelta(days=1)


# --- proofs, waivers --------------------------------------------------------------------------------------------------


def test_a_posting_is_proved_at_its_start_and_its_end() -> None:
    runner = posted(NOTICE.replace("proof: [start]", "proof: [start, end]"), post=False)
    with pytest.raises(GuardRefusedError, match="proved by a photo"):
        runner.do(PostNotice, "village.committee", place="square", at=runner.now)
    with pytest.raises(ActionNotAllowedError, match="nothing hangs"):
        runner.prove("village.committee")
    runner.post("village.committee")
    assert not runner.items("publicity")
    with pytest.raises(ActionNotAllowedError, match="not over yet"):
        runner.prove("village.committee")
    runner.until(LEGAL_END)
    assert (runner.stage, runner.items("publicity")) == ("publicity", ["village.committee"])
    runner.prove("village.committee")
    assert runner.stage == "review"


def test_a_notice_without_a_wait_is_done_when_posted() -> None:
    runner = posted(NOTICE.replace("wait: 7 day", "wait: none"))
    assert runner.stage == "review"


def test_a_notice_from_which_all_are_left_out_is_waived() -> None:
    text = NOTICE.replace("proof: [start],", "proof: [start], leave_out: hidden,")
    runner = Runner.of(text, OBJECTION)
    runner.open("village.cadre", facts={"hidden": True})
    runner.act("village.cadre", "submit")
    assert (runner.stage, runner.last().body["waived"]) == ("review", "publicity")


def test_a_notice_may_hang_beside_the_case() -> None:
    text = NOTICE + (
        "tasks:\n  announce: {title: 公告, notice: {by: village.committee, wait: 3 day, proof: [end]}, "
        "opens: apply.submit, "
        "awaited_by: review}\n"
        "  hidden_one: {title: 公告, notice: {by: village.committee, wait: 3 day, leave_out: hidden}, "
        "opens: apply.submit}\n"
    )
    runner = Runner.of(text, OBJECTION)
    runner.open("village.cadre", facts={"hidden": True})
    runner.act("village.cadre", "submit")
    assert runner.case.section("tasks")["hidden_one"]["st"] == "done"
    with pytest.raises(ActionNotAllowedError, match="answer of the notice, not of a person"):
        runner.act("village.committee", "done", on="announce")
    runner.post("village.committee", "board", on="announce")
    runner.wait(days=4)
    runner.prove("village.committee", "board", on="announce")
    task = runner.case.section("tasks")["announce"]
    assert (task["st"], task["r"]) == ("done", "ended")
    with pytest.raises(ActionNotAllowedError, match="not being asked"):
        runner.post("village.committee", "board", on="announce")


def test_a_parameter_may_name_the_places() -> None:
    text = NOTICE.replace("places: [square]", "places: [$where]")
    text += "params: {where: {title: 地点, type: places, value: [square, office]}}\n"
    runner = posted(text, post=False)
    with pytest.raises(InputError, match="places of this notice: square, office"):
        runner.post("village.committee", "hall")


def test_a_proof_is_asked_for_only_where_the_definition_says() -> None:
    runner = posted(NOTICE.replace("proof: [start],", ""), post=False)
    runner.do(PostNotice, "village.committee", place="square", at=runner.now)
    assert "proof" not in runner.case.section("notices")["publicity"]["places"]["square"]
    with pytest.raises(ActionNotAllowedError, match="nothing hangs at office"):
        runner.do(TakeDownNotice, "village.committee", place="office", note="x")


def test_only_a_notice_is_posted() -> None:
    runner = Runner.of(NOTICE, OBJECTION)
    runner.open("village.cadre", facts={"hidden": False})
    with pytest.raises(ActionNotAllowedError, match=r"申请 \(apply\) is not a notice"):
        runner.post("village.committee")


def test_an_awaited_task_holds_back_the_end_of_a_notice() -> None:
    runner = posted(
        NOTICE + "tasks: {check: {title: 核, by: village.cadre, opens: apply.submit, awaited_by: publicity}}\n"
    )
    runner.until(LEGAL_END)
    assert runner.stage == "publicity"
    runner.act("village.cadre", "done", on="check")
    assert runner.stage == "review"


# --- I13 --------------------------------------------------------------------------------------------------------------


class TestObjections:
    def test_I13_an_open_objection_holds_the_notice_open(self) -> None:
        runner = posted()
        child = runner.lodge("village.cadre", facts={"grounds": "有车"})
        assert (child.subject, child.get("household"), child.stage) == (child.subject, runner.case.subject, "verify")
        runner.until(LEGAL_END)
        assert runner.stage == "publicity"
        runner.act("township.mayor", "dismissed", case=child.id)
        assert runner.stage == "review"

    def test_I13_each_objection_is_answered_by_itself(self) -> None:
        runner = posted()
        first, second = (runner.lodge("village.cadre", facts={"grounds": "x"}) for _ in range(2))
        runner.until(LEGAL_END)
        runner.act("township.mayor", "dismissed", case=first.id)
        assert runner.stage == "publicity"
        runner.act("township.mayor", "dismissed", case=second.id)
        assert runner.stage == "review"

    def test_an_upheld_objection_takes_the_notice_down(self) -> None:
        runner = posted()
        child = runner.lodge("village.cadre", facts={"grounds": "有车"})
        runner.act("township.mayor", "upheld", case=child.id)
        assert (runner.stage, runner.timers()) == ("apply", {})
        assert runner.told("told") == ["village.cadre"], "the household and who objected have no inbox"

    def test_F10_received_in_the_last_second_it_counts_although_the_notice_was_left(self) -> None:
        runner = to_review(posted())
        child = runner.lodge("village.cadre", received_at=LEGAL_END - SECOND, facts={"grounds": "有车"})
        for attempt in (lambda: runner.act("township.cadre", "pass"), lambda: runner.act("county.bureau", "jump")):
            with pytest.raises(GuardRefusedError, match="objection is being verified"):
                attempt()
        runner.act("township.cadre", "back", to="apply")
        runner.act("township.mayor", "dismissed", case=child.id)
        assert runner.stage == "apply"

    def test_F10_upheld_late_it_brings_the_case_back_from_wherever_it_is(self) -> None:
        runner = to_review(posted())
        runner.act("township.cadre", "pass")
        child = runner.lodge("village.cadre", received_at=LEGAL_END - SECOND, facts={"grounds": "有车"})
        runner.act("township.mayor", "upheld", case=child.id)
        assert runner.stage == "apply"
        assert runner.last().body["action"] == "upheld"

    def test_F10_received_after_the_legal_end_it_is_too_late(self) -> None:
        runner = to_review(posted())
        with pytest.raises(ActionNotAllowedError, match="period for objections is over"):
            runner.lodge("village.cadre", received_at=LEGAL_END, facts={"grounds": "x"})

    def test_F10_the_legal_end_counts_even_before_the_sweep_has_come(self) -> None:
        runner = posted()
        runner.now = LEGAL_END + timedelta(hours=5)
        with pytest.raises(ActionNotAllowedError, match="period for objections is over"):
            runner.lodge("village.cadre", facts={"grounds": "x"})
        runner.lodge("village.cadre", received_at=LEGAL_END - SECOND, facts={"grounds": "x"})
        runner.until(runner.now)
        assert runner.stage == "publicity"

    def test_granted_on_the_strength_of_the_notice_it_is_too_late(self) -> None:
        runner = to_review(posted())
        runner.act("township.cadre", "pass")
        runner.act("county.bureau", "grant")
        with pytest.raises(ActionNotAllowedError, match="period for objections is over"):
            runner.lodge("village.cadre", received_at=LEGAL_END - SECOND, facts={"grounds": "x"})

    def test_a_notice_after_the_grant_takes_objections(self) -> None:
        runner = Runner.of(NOTICE.replace("submit: {to: next}", "submit: {to: next, means: grant}"), OBJECTION)
        runner.open("village.cadre", facts={"hidden": False})
        runner.act("village.cadre2", "submit")
        runner.post("village.committee")
        runner.lodge("village.cadre", facts={"grounds": "x"})
        assert runner.children()[0].stage == "verify"

    def test_an_objection_to_what_was_taken_back_still_counts_until_it_left(self) -> None:
        runner = posted()
        runner.now += timedelta(days=1)
        runner.act("village.committee", "error")
        with pytest.raises(ActionNotAllowedError, match="period for objections is over"):
            runner.lodge("village.cadre", facts={"grounds": "x"})
        runner.lodge("village.cadre", received_at=runner.now - SECOND, facts={"grounds": "x"})

    def test_what_is_refused(self) -> None:
        runner = posted(post=False)
        with pytest.raises(ActionNotAllowedError, match="no notice of this case is posted"):
            runner.lodge("village.cadre", facts={"grounds": "x"})
        runner.post("village.committee")
        with pytest.raises(InputError, match="in the future"):
            runner.lodge("village.cadre", received_at=runner.now + SECOND, facts={"grounds": "x"})
        with pytest.raises(InputError, match="ground is not asked for here"):
            runner.lodge("village.cadre", facts={"ground": "x"})
        with pytest.raises(GuardRefusedError, match="grounds"):
            runner.lodge("village.cadre")
        silent = posted(NOTICE.replace("objection: objection}", "}"))
        with pytest.raises(ActionNotAllowedError, match="takes no objections"):
            silent.lodge("village.cadre", facts={"grounds": "x"})

    def test_an_objection_to_an_ended_case_still_has_to_be_answered(self) -> None:
        runner = posted()
        child = runner.lodge("village.cadre", facts={"grounds": "x"})
        runner.act("village.cadre", "withdraw")
        assert runner.case.status == "ended"
        with pytest.raises(ActionNotAllowedError, match="no notice"):
            runner.lodge("village.cadre", facts={"grounds": "y"})
        runner.act("township.mayor", "upheld", case=child.id)
        assert (runner.case.status, runner.case.get("outcome")) == ("closed", "withdrawn")

    def test_I25_what_an_objector_says_is_sealed(self) -> None:
        runner = posted()
        child = runner.lodge("village.cadre", facts={"grounds": "有车"}, note="电话记录")
        for event in (*runner.events[runner.case.id], *runner.events[child.id]):
            assert "有车" not in event.text().replace("sealed:", "") or '"x":' in event.text()
        grounds = child.section("facts")["grounds"]["v"]
        assert grounds.value == "有车"
        assert grounds.token


class TestStoppedWait:
    STOPPING = NOTICE.replace("objection: objection}", "objection: objection, on_objection: stop}")

    def test_the_wait_stands_still_while_an_objection_is_verified(self) -> None:
        runner = posted(self.STOPPING)
        runner.now += timedelta(days=2)
        first, second = (runner.lodge("village.cadre", facts={"grounds": "x"}) for _ in range(2))
        assert "publicity.wait" not in runner.timers()
        runner.now += timedelta(days=3)
        runner.act("township.mayor", "dismissed", case=first.id)
        assert "publicity.wait" not in runner.timers()
        runner.act("township.mayor", "dismissed", case=second.id)
        ends = runner.timers()["publicity.wait"]
        assert ends > LEGAL_END
        assert runner.until(ends - SECOND) == []
        runner.until(ends)
        assert runner.stage == "review"

    def test_who_objects_while_it_stands_still_is_in_time(self) -> None:
        runner = posted(self.STOPPING)
        runner.lodge("village.cadre", facts={"grounds": "x"})
        runner.now = LEGAL_END + timedelta(days=1)
        runner.lodge("village.cadre", facts={"grounds": "y"})

    def test_posted_again_it_still_stands_still(self) -> None:
        runner = posted(self.STOPPING)
        child = runner.lodge("village.cadre", facts={"grounds": "x"})
        runner.do(TakeDownNotice, "village.committee", place="square", note="内容有误")
        runner.now += timedelta(days=1)
        runner.post("village.committee")
        assert "publicity.wait" not in runner.timers()
        runner.now += timedelta(days=1)
        runner.act("township.mayor", "dismissed", case=child.id)
        assert runner.timers()["publicity.wait"] > LEGAL_END

    def test_a_posting_recorded_later_stood_still_from_when_it_hung(self) -> None:
        """Two days must not count that passed with an objection open, before the last place was recorded."""
        runner = posted(self.STOPPING.replace("places: [square]", "places: [square, office]"))
        child = runner.lodge("village.cadre", facts={"grounds": "x"})
        runner.now += timedelta(days=3)
        runner.post("village.committee", "office", at=MONDAY + timedelta(days=1))
        runner.act("township.mayor", "dismissed", case=child.id)
        assert runner.timers()["publicity.wait"] == datetime(2026, 3, 12, 16, tzinfo=UTC)


def test_an_open_objection_holds_back_another_cases_answer() -> None:
    text = NOTICE.replace(
        "    by: township.cadre\n    actions: "
        "{pass: {to: next}, refuse: {to: refused, means: refuse}, back: {to: visited, means: back}}",
        "    case: {workflow: other}\n    actions: {approved: {to: next}, no: {to: refused, means: refuse}}",
    )
    other = OBJECTION.replace("workflow: objection", "workflow: other").replace(
        "facts: {grounds: {title: 理由, type: text, in: opens}}\n", ""
    )
    other = other.replace(
        "upheld: {to: upheld, tell: [objector, household, village.cadre]}, dismissed: {to: dismissed, means: refuse}",
        "yes: {to: approved}, no: {to: no, means: refuse}",
    )
    other = (
        other.partition("ends:")[0]
        + "ends: {approved: {title: 可, outcome: granted}, no: {title: 否, outcome: refused}}\n"
    )
    runner = Runner.of(text, OBJECTION, other)
    runner.open("village.cadre", facts={"hidden": False})
    runner.act("village.cadre", "submit")
    runner.post("village.committee")
    to_review(runner)
    late = runner.lodge("village.cadre", received_at=LEGAL_END - SECOND, facts={"grounds": "x"})
    (asked,) = runner.children("other")
    runner.act("township.mayor", "yes", case=asked.id)
    assert runner.stage == "review"
    runner.act("township.mayor", "dismissed", case=late.id)
    assert runner.stage == "decide"


def test_objections_come_from_people_in_scope_only() -> None:
    runner = posted()
    command = Object(
        id=runner.new_id(), person="township.mayor", objector="o", received_at=runner.now, child=runner.new_id(),
        facts={"grounds": "x"},
    )  # fmt: skip
    decision = runner.attempt(command)
    assert decision.event.post == "township.mayor@430822213000"
    assert instant(decision.event.body["received"]) == runner.now


def test_I12_a_notice_taken_down_hangs_again_from_then_on_and_no_earlier() -> None:
    runner = posted()
    runner.now = MONDAY + timedelta(days=6)
    runner.do(TakeDownNotice, "village.committee", place="square", note="贴错")
    with pytest.raises(InputError, match="before it was taken down"):
        runner.post("village.committee", at=MONDAY)
    runner.post("village.committee", at=runner.now)
    assert runner.due("publicity.wait") == LEGAL_END + timedelta(days=7)  # The 15th is a Sunday: it ends on the 16th.


ANNOUNCE = """
workflow: announce
title: 样例
places: {square: 广场}
opens: {found: {by: village.cadre, to: decide}}
stages:
  decide: {title: 审定, by: county.bureau, actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}}}
tasks:
  announce:
    title: 公告
    notice: {by: village.cadre, places: [square], wait: 5 day, objection: objection, on_objection: stop}
    opens: {OPENS}
    awaited_by: {AWAITED}
  recheck: {title: 复核, by: county.bureau, opens: announce.upheld}
ends: {done: {title: 完, outcome: granted}, no: {title: 否, outcome: refused}}
"""


class TestNoticesBesideTheCase:
    """A notice that is a task takes objections too: the case stays where it is, the task has the result."""

    def announced(self, opens: str = "found", awaited: str = "decide") -> Runner:
        text = ANNOUNCE.replace("{OPENS}", opens).replace("{AWAITED}", awaited)
        runner = Runner.of(text, shipped("objection"), staff=None)
        runner.open("village.cadre")
        return runner

    def uphold(self, runner: Runner, objection: Case, result: str = "upheld") -> None:
        both = Minutes({"village.branch": 1, "village.committee": 1}, {result: 2})
        runner.act("village.branch", result, case=objection.id, minutes=both, note="查实", finding="属实")

    def test_upheld_is_the_tasks_result_and_the_case_may_go_on(self) -> None:
        runner = self.announced()
        runner.post("village.cadre", on="announce")
        objection = runner.lodge("village.cadre", on="announce", facts={"grounds": "不符"})
        with pytest.raises(GuardRefusedError, match="being verified"):
            runner.act("county.bureau", "grant")
        self.uphold(runner, objection)
        assert runner.case.section("tasks")["announce"]["r"] == "upheld"
        assert runner.case.section("tasks")["recheck"]["st"] == "open"
        assert runner.stage == "decide"
        runner.act("county.bureau", "refuse")

    def test_the_wait_stands_still_and_runs_on_when_it_is_dismissed(self) -> None:
        runner = self.announced()
        runner.post("village.cadre", on="announce")
        due = runner.due("announce.wait")
        objection = runner.lodge("village.cadre", facts={"grounds": "不符"})
        runner.wait(days=10)
        assert runner.case.section("tasks")["announce"]["st"] == "open"
        self.uphold(runner, objection, "dismissed")
        assert runner.due("announce.wait") > due
        runner.wait(days=10)
        assert runner.case.section("tasks")["announce"]["r"] == "ended"

    def test_what_hangs_after_the_end_is_objected_to_as_well(self) -> None:
        runner = self.announced("done", "[]")
        runner.act("county.bureau", "grant")
        runner.post("village.cadre", on="announce")
        objection = runner.lodge("village.cadre", facts={"grounds": "不符"})
        self.uphold(runner, objection)
        assert (runner.case.status, runner.case.section("tasks")["announce"]["r"]) == ("ended", "upheld")

    def test_one_received_in_time_is_upheld_though_the_task_was_done(self) -> None:
        runner = self.announced()
        runner.post("village.cadre", on="announce")
        received = runner.now + timedelta(days=1)
        runner.wait(days=10)
        assert runner.case.section("tasks")["announce"]["r"] == "ended"
        objection = runner.lodge("village.cadre", received_at=received, facts={"grounds": "不符"})
        self.uphold(runner, objection)
        assert runner.case.section("tasks")["announce"]["r"] == "upheld"
        assert runner.case.section("tasks")["recheck"]["st"] == "open"


def test_who_hangs_a_notice_may_be_a_parameter_and_stood_in_for() -> None:
    text = NOTICE.replace("{by: village.committee, places", "{by: $poster, places")
    text += "params: {poster: {title: 张榜人, type: post, value: village.committee}}\n"
    text += "posts: {village.committee: {title: 村委会, else: village.cadre}}\n"
    runner = Runner.of(text, OBJECTION)
    runner.open("village.cadre", facts={"hidden": False})
    runner.act("village.cadre", "submit")
    assert {item.get("f", item["p"]) for item in runner.case.section("items").values()} == {"village.committee"}
    runner.post("village.committee")
    gone = [each for key, each in runner.staff.people.items() if not key.startswith("village.committee")]
    runner.staff = Staff.of(gone)
    runner.lodge("village.cadre", facts={"grounds": "样例"})
    assert [each.post for each in runner.messages if each.event == "objection_lodged"] == ["village.cadre"]

"""What comes of itself, by time or by another case, waits while a guard speaks against it or a fact is missing."""

from __future__ import annotations

from engine.cases import Attach
from tests.harness import PAPER, Runner, refused_by

HEAD = """
workflow: aid
title: 样例
places: {square: 广场}
opens: {applied: {by: village.cadre, to: next}}
rules: {rich: {title: 富, if: income > 5}, poor: {title: 不富, if: "!rich"}}
facts:
  income: {title: 收入, type: number, in: [publicity, review], optional: yes}
ends: {listed: {title: 纳入, outcome: granted}, out: {title: 不纳入, outcome: refused}}
"""
REVIEW = """
  review:
    title: 审定
    by: township.mayor
    actions: {note: {to: stay, means: record}, yes: {to: listed, means: grant}, no: {to: out, means: refuse}}
"""
NOTICE = """
stages:
  publicity:
    title: 公示
    notice: {by: village.cadre, wait: 7 day, places: [square]}
    actions: {ended: {to: next}, note: {to: stay, means: record, by: village.cadre}}
"""


def posted(*more: str, notice: str = NOTICE) -> Runner:
    runner = Runner.of("".join([HEAD, notice, REVIEW, *more]))
    runner.open("village.cadre")
    runner.post("village.cadre")
    return runner


class TestAtADueInstant:
    """F39: a timer whose effect nobody can say yet does what can be said, once, and is no poison."""

    TASK = (
        "clocks: {soon: {title: 限期, limit: 3 day, from: review.entered, until: review.left}}\n"
        "tasks: {chase: {title: 督办, by: county.leader, opens: soon.due, when: [rich]}}\n"
    )

    def late(self, more: str) -> Runner:
        runner = Runner.of("".join([HEAD, "stages:", REVIEW, more]))
        runner.open("village.cadre")
        runner.wait(days=4)
        return runner

    def test_F39_a_limit_is_late_though_a_fact_is_missing_that_says_what_follows(self) -> None:
        runner = self.late(self.TASK)
        event = next(each for each in runner.events[runner.case.id] if each.kind == "fired")
        assert (event.body["withheld"], event.body["missing"]) == ("unknown", ["income"])
        assert runner.case.section("clocks")["soon"]["late"]
        assert runner.told("overdue") == ["township.mayor"]
        assert not runner.pending()

    def test_F39_it_is_tried_again_once_when_the_fact_comes_in(self) -> None:
        runner = self.late(self.TASK)
        runner.act("township.mayor", "note", income=9)
        assert runner.items("chase") == []
        runner.wait(minutes=1)
        assert runner.items("chase") == ["county.leader"]
        assert runner.told("overdue") == ["township.mayor"]
        runner.act("township.mayor", "note", income=10)
        assert not runner.pending()

    def test_F39_reminders_and_escalations_go_on_meanwhile_each_once(self) -> None:
        text = self.TASK.replace("until: review.left", "until: review.left, late: {2 day: county.leader}")
        runner = self.late(text)
        runner.act("township.mayor", "note", income=9)
        runner.wait(minutes=1)
        runner.wait(days=10)
        assert runner.told("escalated") == ["county.leader"]
        assert not runner.timers()

    def test_F39_one_that_is_withheld_twice_waits_for_the_second_fact_too(self) -> None:
        runner = self.late(self.TASK.replace("when: [rich]", "when: [rich, poor]"))
        runner.act("township.mayor", "note", income=1)
        runner.wait(minutes=1)
        assert runner.case.section("tasks")["chase"]["st"] == "waived"

    def test_what_was_withheld_is_forgotten_with_its_clock(self) -> None:
        runner = self.late(self.TASK)
        runner.act("township.mayor", "no")
        assert runner.case.status == "closed"
        assert not [name for name in runner.case.section("case") if name.startswith("withheld")]

    def test_what_a_clock_does_waits_for_its_own_rules(self) -> None:
        runner = self.late(
            "clocks:\n  soon: {title: 限期, limit: 3 day, from: review.entered, until: review.left, "
            "then: {title: 逾期, to: out, means: lapse, needs: [poor]}}\n"
        )
        assert runner.stage == "review"
        runner.act("township.mayor", "note", income=9)
        runner.wait(minutes=1)
        assert (runner.stage, runner.last().body["withheld"]) == ("review", "rule")
        runner.act("township.mayor", "note", income=1)
        runner.wait(minutes=1)
        assert runner.stage == "out"

    def test_an_escalation_to_nobody_knows_whom_reaches_the_supervisor(self) -> None:
        value = "{below 5: county.leader, else: county.bureau}"
        param = f"params: {{who: {{title: 谁, type: post, by: income, value: {value}}}}}\n"
        runner = self.late(self.TASK.replace("until: review.left", "until: review.left, late: {2 day: $who}") + param)
        runner.wait(days=3)
        assert runner.told("escalated") == ["county.supervisor"]


class TestANotice:
    def test_I12_a_wait_until_its_end_is_never_cut_short(self) -> None:
        runner = posted("clocks: {cool: {title: 冷静期, wait: 30 day, from: opened, until: publicity.ended}}\n")
        runner.wait(days=9)
        assert runner.stage == "publicity"
        assert runner.last().body["withheld"] == "wait"
        runner.wait(days=30)
        assert runner.stage == "review"

    def test_it_waits_for_the_facts_and_papers_that_are_asked_for_in_it(self) -> None:
        text = HEAD.replace("optional: yes}", "optional: yes}\n  looked: {title: 已看, type: yes_no, in: publicity}")
        runner = Runner.of(text + NOTICE + REVIEW + "papers: {photo: {title: 照片, in: publicity.ended}}\n")
        runner.open("village.cadre")
        runner.post("village.cadre")
        runner.wait(days=9)
        assert (runner.stage, runner.last().body["missing"]) == ("publicity", ["looked"])
        runner.act("village.cadre", "note", looked=True)
        assert runner.stage == "publicity"
        runner.do(Attach, "village.cadre", paper="photo", document=PAPER)
        assert runner.stage == "review"

    def test_it_waits_for_the_fact_by_which_its_way_is_chosen(self) -> None:
        choice = "ended: {to: [{to: out, when: [rich]}, {to: next}]}"
        runner = posted(notice=NOTICE.replace("ended: {to: next}", choice))
        runner.wait(days=9)
        assert (runner.stage, runner.last().body["missing"]) == ("publicity", ["income"])
        runner.act("village.cadre", "note", income=1)
        assert runner.stage == "review"

    def test_one_beside_the_case_waits_for_what_is_asked_for_in_it(self) -> None:
        runner = Runner.of(
            HEAD + "stages:" + REVIEW + "papers: {photo: {title: 照片, in: show}}\n"
            "tasks: {show: {title: 公示, opens: opened, awaited_by: review,\n"
            "  notice: {by: village.cadre, wait: 7 day, places: [square]}}}\n"
        )
        runner.open("village.cadre")
        runner.post("village.cadre", on="show")
        runner.wait(days=9)
        assert runner.case.section("tasks")["show"]["st"] == "open"
        runner.do(Attach, "village.cadre", paper="photo", document=PAPER)
        assert runner.case.section("tasks")["show"]["st"] == "done"


class TestAnotherCase:
    OTHER = """
workflow: sub
title: 样例
opens: {lodged: {by: parent, to: verify}}
stages: {verify: {title: 查, by: village.cadre, actions: {good: {to: good}}}}
ends: {good: {title: 好, outcome: closed}}
"""
    TEXT = (
        HEAD.replace("[publicity, review]", "[ask, review]")
        + """
stages:
  ask:
    title: 问
    case: {workflow: sub}
    actions: {good: {to: [{to: out, when: [rich]}, {to: next}]}, note: {to: stay, means: record, by: village.cadre}}
"""
    )

    def test_what_this_case_lacks_does_not_keep_the_other_from_ending(self) -> None:
        runner = Runner.of(self.TEXT + REVIEW, self.OTHER)
        runner.open("village.cadre", workflow="aid")
        (other,) = runner.children()
        runner.act("village.cadre", "good", case=other.id)
        assert (runner.stage, runner.last().body["missing"]) == ("ask", ["income"])
        runner.act("village.cadre", "note", income=1)
        assert runner.stage == "review"

    def test_a_person_is_still_told_what_his_own_act_lacks(self) -> None:
        review = REVIEW.replace("yes: {to: listed,", "yes: {to: listed, needs: [poor],")
        runner = Runner.of("".join([HEAD, "stages:", review]))
        runner.open("village.cadre")
        with refused_by("poor"):
            runner.act("township.mayor", "yes")

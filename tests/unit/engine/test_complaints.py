"""
What users of other engines complain of (C1-C5, C15, C18), each on the same three shapes of a question.

Serial: one post answers. Parallel: the question awaits two tasks. Countersigned: a panel of three answers by majority.
What only one shape can have is tested where that shape is: thresholds (C6) in test_deciding_panels.py, signers (C7) in
test_signing.py and tests/property/test_verbs.py, kept results of tasks (C2) in test_deciding_tasks.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from engine.errors import ActionNotAllowedError, PermissionDeniedError, StaleCaseError
from engine.offering import offered
from engine.people import Deputy, Holding, Staff
from tests.harness import DAY_ONE, TOWNSHIP, Runner, person, workflow

TEXT = """
workflow: complaints
ladder: {{remind: [-1 workday], late: {{+1 workday: county.bureau}}}}
opens: {{found: {{by: village.cadre, to: apply}}}}
stages:
  apply: {{title: 申请, by: village.cadre, actions: {{submit: {{to: next}}}}}}
  check:
    title: 审核
    {voice}
    limit: 3 workday
    actions:
      pass: {{to: next}}
      fail: {{to: refused, means: refuse}}
      applicant: {{to: apply, means: back, by: township.secretary}}
  review: {{title: 复核, by: township.secretary, actions: {{pass: {{to: next}}}}}}
  decide:
    title: 审定
    by: county.bureau
    actions:
      grant: {{to: next, means: grant}}
      refuse: {{to: refused, means: refuse}}
      choose: {{to: visited, means: back}}
      previous: {{to: previous, means: back}}
      straight: {{to: check, means: back, then: straight}}
  special: {{title: 专题会议, aside: yes, by: county.bureau, actions: {{pass: {{to: decide}}}}}}
{more}
ends: {{granted: {{title: 纳入, outcome: granted}}, refused: {{title: 不纳入, outcome: refused}}}}
"""
_SERIAL = "by: township.office"
_PANEL = """panel:
      seats: {township.office: 2, township.leader: 1}
      tally: {pass: over 1/2 of entitled, fail: otherwise}"""
_TASKS = """
tasks:
  visit: {title: 走访, by: village.cadre, limit: 3 workday, opens: check.entered, awaited_by: check}
  compare: {title: 比对, by: township.leader, limit: 3 workday, opens: check.entered, awaited_by: check}
"""
PEOPLE = [
    person("cadre", "village.cadre"), person("an", "township.office"), person("bo", "township.office"),
    person("lei", "township.leader"), person("sec", "township.secretary"), person("co", "county.bureau"),
    person("dep", "township.clerk"),
]  # fmt: skip
DEPUTY = Deputy("dep", "an", Holding("township.office", TOWNSHIP, DAY_ONE))
Answer = tuple[str, str, str]


@dataclass(frozen=True)
class Shape:
    """
    A question of one shape.

    Attributes:
        asked: The posts that have work when it is asked, in all of its questions.
        answers: What passes it: who, what, on which task.
        reminded: Who is reminded of it.
    """

    voice: str
    asked: Sequence[str]
    answers: Sequence[Answer]
    reminded: Sequence[str]
    more: str = ""
    questions: Sequence[str] = field(default=("check",))

    def opened(self) -> Runner:
        """A case that stands in the question."""
        procedure = workflow(TEXT.format(voice=self.voice, more=self.more))
        runner = Runner.of(procedure, staff=Staff.of(PEOPLE, 0, [DEPUTY]))
        runner.open("cadre")
        runner.act("cadre", "submit")
        return runner

    def passed(self, runner: Runner) -> None:
        for who, what, on in self.answers:
            runner.act(who, what, on)

    def work(self, runner: Runner) -> list[str]:
        return sorted(post for ask in self.questions for post in runner.items(ask))

    def to_decide(self) -> Runner:
        runner = self.opened()
        self.passed(runner)
        runner.act("sec", "pass")
        return runner


SHAPES = {
    "serial": Shape(_SERIAL, ["township.office"], [("an", "pass", "")], ["township.office"]),
    "parallel": Shape(
        _SERIAL,
        ["township.leader", "township.office", "village.cadre"],
        [("cadre", "done", "visit"), ("lei", "done", "compare"), ("an", "pass", "")],
        ["township.leader", "village.cadre"],
        _TASKS,
        ("check", "visit", "compare"),
    ),
    "countersigned": Shape(
        _PANEL,
        ["township.leader", "township.office", "township.office"],
        [("an", "pass", ""), ("lei", "pass", "")],
        ["township.leader", "township.office"],
    ),
}


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Shape:
    return SHAPES[request.param]


def test_C1_reminders_are_there_again_after_a_return(shape: Shape) -> None:
    runner = shape.opened()
    first = runner.timers()
    runner.wait(days=1)
    runner.act("sec", "applicant")
    assert runner.timers() == {}, "nothing of it runs while it is sent back"
    runner.act("cadre", "submit")
    again = runner.timers()
    assert again.keys() == first.keys()
    assert all(again[clock] > at for clock, at in first.items())
    runner.wait(days=30)
    assert sorted(set(runner.told("deadline_near"))) == shape.reminded


def test_C1_reminders_are_there_again_when_it_is_asked_a_second_time(shape: Shape) -> None:
    runner = shape.to_decide()
    runner.act("co", "choose", to="check")
    runner.wait(days=30)
    assert sorted(set(runner.told("deadline_near"))) == shape.reminded


def test_C2_it_is_sent_back_from_the_middle_and_nothing_of_it_stays_open(shape: Shape) -> None:
    for done in range(len(shape.answers)):
        runner = shape.opened()
        for who, what, on in shape.answers[:done]:
            runner.act(who, what, on)
        runner.act("sec", "applicant")
        assert (runner.stage, shape.work(runner), runner.items("apply")) == ("apply", [], ["village.cadre"])
        assert not [task for task in runner.case.section("tasks").values() if task["st"] == "open"]
        runner.act("cadre", "submit")
        assert shape.work(runner) == shape.asked, "answers that were given before the return count no more"


@pytest.mark.parametrize("action", ["choose", "straight"])
def test_C3_a_return_to_it_gives_everybody_his_work_again(shape: Shape, action: str) -> None:
    runner = shape.to_decide()
    runner.act("co", action, to="check" if action == "choose" else "")
    assert (runner.stage, shape.work(runner)) == ("check", shape.asked)
    shape.passed(runner)
    assert runner.stage == ("review" if action == "choose" else "decide")


def test_C4_back_to_the_one_before_to_a_chosen_one_to_the_applicant_or_straight(shape: Shape) -> None:
    stages = []
    for action, to in (("previous", ""), ("choose", "check"), ("choose", "apply"), ("straight", "")):
        runner = shape.to_decide()
        runner.act("co", action, to=to)
        way = [runner.stage]
        while runner.stage != "decide":
            if runner.stage == "check":
                shape.passed(runner)
            else:
                runner.act(*{"apply": ("cadre", "submit"), "review": ("sec", "pass")}[runner.stage])
            way.append(runner.stage)
        stages.append(way)
    assert stages == [
        ["review", "decide"],
        ["check", "review", "decide"],
        ["apply", "check", "review", "decide"],
        ["check", "decide"],
    ]


def test_C5_what_can_be_chosen_was_visited(shape: Shape) -> None:
    runner = shape.to_decide()

    def choices() -> tuple[str, ...]:
        offers = offered(runner.procedure, runner.case, "co", runner.now, runner.world)
        return next(each.choices for each in offers if each.action == "choose")

    assert choices() == ("review", "check", "apply")
    runner.act("co", "choose", to="apply")
    runner.act("cadre", "submit")
    with pytest.raises(ActionNotAllowedError):
        runner.act("co", "choose", to="special")


def test_C15_it_is_joined_once_and_who_comes_after_is_told(shape: Shape) -> None:
    runner = shape.opened()
    seen = runner.case.seq
    shape.passed(runner)
    entered = [event for event in runner.events[runner.case.id] if ("case", "stage", "review") in event.changes]
    assert (runner.stage, len(entered)) == ("review", 1)
    with pytest.raises(StaleCaseError):  # Who was faster and what he did, the office says (T06).
        runner.act("bo", "pass", seen=seen)
    for who, what, on in shape.answers:
        with pytest.raises((ActionNotAllowedError, PermissionDeniedError)):
            runner.act(who, what, on)


def test_C18_a_deputy_answers_in_anothers_name_and_the_question_is_done_with(shape: Shape) -> None:
    runner = shape.opened()
    for who, what, on in shape.answers:
        runner.act("dep" if who == "an" else who, what, on)
    assert runner.stage == "review"
    (given,) = [event for event in runner.events[runner.case.id] if event.actor == "dep"]
    assert (given.behalf, given.post) == ("an", f"township.office@{TOWNSHIP}")


def test_C18_a_deputy_whose_time_is_over_answers_nothing(shape: Shape) -> None:
    runner = shape.opened()
    over = Deputy("dep", "an", Holding("township.office", TOWNSHIP, DAY_ONE, (runner.now - timedelta(days=1)).date()))
    runner.staff = Staff.of(PEOPLE, 0, [over])
    with pytest.raises(PermissionDeniedError):
        runner.act("dep", "pass")
    shape.passed(runner)
    assert runner.stage == "review"

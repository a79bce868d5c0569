"""Panels: thresholds for pass and reject, quorum, abstentions, order, minutes, the body that steps in, silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from engine.cases import Claim, Minutes, Release
from engine.errors import ActionNotAllowedError, GuardRefusedError, InputError
from tests.harness import MONDAY, Runner, person, staff_for, with_staff, workflow

SIGN = """
workflow: sign
opens: {found: {by: village.cadre, to: sign}}
stages:
  sign:
    title: 会签
    limit: 3 workday
    panel: {PANEL}
    actions: {pass: {to: next}, fail: {to: refused, means: refuse}, back: {to: again, means: back, by: county.leader}}
  file: {title: 归档, by: county.leader, actions: {filed: {to: next}, back: {to: sign, means: back}}}
ends: {done: {title: 完, outcome: granted}, refused: {title: 否, outcome: refused}}
"""
FIVE = "seats: {village.cadre: 2, township.cadre: 2, county.bureau: 1}"


def sign(panel: str, **more: str) -> Runner:
    text = SIGN.replace("{PANEL}", "{" + panel + "}")
    runner = Runner.of(text + "\n".join(more.values()))
    runner.open("village.cadre")
    return runner


def votes(runner: Runner, **given: str) -> str:
    """Answers of `village_cadre`, `village_cadre2` …, in this order; the stage after them."""
    for who, answer in given.items():
        runner.act(who.replace("_", ".", 1), answer)
    return runner.stage


class TestThresholds:
    @pytest.mark.parametrize(
        ("tally", "given", "outcome"),
        [
            ("pass: 1/2 of entitled, fail: otherwise", "pass fail pass pass", "file"),
            ("pass: 1/2 of entitled, fail: otherwise", "fail fail fail", "refused"),
            ("fail: any, pass: all", "pass pass fail", "refused"),
            ("fail: any, pass: all", "pass pass pass pass pass", "file"),
            ("fail: '2', pass: otherwise", "fail pass fail", "refused"),
            ("fail: '2', pass: otherwise", "fail pass pass pass", "sign"),
            ("fail: '2', pass: otherwise", "fail pass pass pass pass", "file"),
            ("pass: over 1/2 of present, fail: otherwise", "pass pass pass", "file"),
            ("pass: over 1/2 of present, fail: otherwise", "pass abstain pass abstain pass", "file"),
            ("pass: over 1/2 of present, fail: otherwise", "pass abstain pass abstain fail", "refused"),
            ("pass: 2/3 of entitled, fail: otherwise", "pass pass abstain abstain", "refused"),
        ],
    )
    def test_C6_thresholds_for_pass_and_for_reject(self, tally: str, given: str, outcome: str) -> None:
        runner = sign(f"{FIVE}, quorum: 1, tally: {{{tally}}}")
        members = ["village.cadre", "village.cadre2", "township.cadre", "township.cadre2", "county.bureau"]
        for who, answer in zip(members, given.split(), strict=False):
            runner.act(who, answer)
        assert runner.stage == outcome

    def test_it_is_decided_as_soon_as_nothing_else_is_possible(self) -> None:
        runner = sign(f"{FIVE}, quorum: 3, tally: {{pass: over 1/2 of entitled, fail: otherwise}}")
        assert votes(runner, village_cadre="pass", village_cadre2="pass") == "sign"
        assert votes(runner, county_bureau="pass") == "file"

    def test_nothing_is_decided_without_a_quorum_however_clear_it_is(self) -> None:
        runner = sign(f"{FIVE}, quorum: 4, tally: {{fail: any, pass: all}}")
        assert votes(runner, village_cadre="fail") == "sign"
        assert votes(runner, village_cadre2="pass", township_cadre="pass", township_cadre2="pass") == "refused"

    def test_a_quorum_of_those_who_came_may_be_closed(self) -> None:
        runner = sign(f"{FIVE}, quorum: 1/2 of entitled, tally: {{pass: over 1/2 of present, fail: otherwise}}")
        votes(runner, village_cadre="pass")
        with pytest.raises(GuardRefusedError, match="2 have answered, 3 must take part"):
            runner.act("village.cadre2", "pass", close=True)
        votes(runner, village_cadre2="fail")
        runner.act("county.bureau", "pass", close=True)
        assert runner.stage == "file"

    @pytest.mark.parametrize(
        ("quorum", "needed"), [("all", 5), ("'2'", 2), ("2/3 of entitled", 4), ("over 2/5 of entitled", 3)]
    )
    def test_a_quorum_may_be_a_number_a_share_or_all(self, quorum: str, needed: int) -> None:
        runner = sign(f"{FIVE}, quorum: {quorum}, tally: {{fail: any, pass: all}}")
        members = ["village.cadre", "village.cadre2", "township.cadre", "township.cadre2", "county.bureau"]
        for number, who in enumerate(members[:needed], start=1):
            assert runner.stage == "sign", number
            runner.act(who, "fail")
        assert runner.stage == "refused"

    def test_answers_that_reach_no_result_are_refused_and_kept_open(self) -> None:
        runner = sign("seats: {village.cadre: 2}, tally: {pass: '2', fail: '2'}")
        votes(runner, village_cadre="pass")
        with pytest.raises(GuardRefusedError, match="no result"):
            runner.act("village.cadre2", "fail")
        assert runner.stage == "sign"

    def test_what_was_passed_can_be_asked_by_rules(self) -> None:
        runner = sign("seats: {village.cadre: 1}, tally: {pass: all, fail: otherwise}")
        votes(runner, village_cadre="pass")
        assert set(runner.case.section("passed")) == {"sign"}


class TestSeats:
    def test_C3_a_return_makes_the_work_of_every_seat_anew(self) -> None:
        runner = sign(f"{FIVE}, tally: {{pass: all, fail: any}}")
        everybody = ["county.bureau", "township.cadre", "township.cadre", "village.cadre", "village.cadre"]
        assert runner.items("sign") == everybody
        members = ("village.cadre", "village.cadre2", "township.cadre", "township.cadre2", "county.bureau")
        for who in members:
            runner.act(who, "pass")
        assert runner.stage == "file"
        runner.act("county.leader", "back")
        assert runner.items("sign") == everybody
        assert not runner.case.section("answers")
        for who in members:
            runner.act(who, "pass")
        assert runner.stage == "file"

    def test_C3_a_return_in_the_middle_forgets_the_answers_given(self) -> None:
        runner = sign(f"{FIVE}, tally: {{pass: all, fail: any}}")
        votes(runner, village_cadre="pass", township_cadre="pass")
        assert len(runner.items("sign")) == 3
        runner.act("county.leader", "back")
        assert len(runner.items("sign")) == 5
        assert votes(runner, village_cadre="pass") == "sign"

    def test_answers_to_one_question_are_not_those_to_another(self) -> None:
        task = (
            "tasks: {hear: {title: 听, panel: {seats: {county.bureau: 2}, tally: {yes: all, no: any}}, opens: found}}\n"
        )
        runner = sign("seats: {village.cadre: 2}, tally: {pass: all, fail: any}", task=task.replace("yes:", "fine:"))
        runner.act("county.bureau", "fine", on="hear")
        votes(runner, village_cadre="pass", village_cadre2="pass")
        assert runner.stage == "file"
        assert list(runner.case.section("answers")) == ["hear#0/county.bureau"]

    def test_nobody_answers_twice_and_no_post_beyond_its_seats(self) -> None:
        runner = sign("seats: {village.cadre: 1, county.bureau: 1}, tally: {pass: all, fail: any}")
        votes(runner, village_cadre="pass")
        for who, why in (("village.cadre", "already answered"), ("village.cadre2", "1 seats of village.cadre")):
            with pytest.raises(ActionNotAllowedError, match=why):
                runner.act(who, "pass")

    def test_all_holders_of_a_post_may_be_entitled(self) -> None:
        runner = sign("seats: {village.cadre: all}, tally: {pass: all, fail: any}")
        assert runner.items("sign") == ["village.cadre", "village.cadre"]
        assert votes(runner, village_cadre="pass") == "sign"
        assert votes(runner, village_cadre2="pass") == "file"

    def test_they_answer_in_order_and_are_asked_in_turn(self) -> None:
        runner = sign(
            "seats: {village.cadre: 1, county.bureau: 1, township.cadre: 2}, order: yes, tally: {pass: all, fail: any}"
        )
        assert runner.items("sign") == ["village.cadre"]
        with pytest.raises(ActionNotAllowedError, match=r"turn of village.cadre"):
            runner.act("township.cadre", "pass")
        votes(runner, village_cadre="pass")
        assert runner.items("sign") == ["county.bureau"]
        votes(runner, county_bureau="pass")
        assert runner.items("sign") == ["township.cadre", "township.cadre"]
        assert votes(runner, township_cadre="pass", township_cadre2="pass") == "file"

    def test_a_claim_holds_one_seat_only(self) -> None:
        runner = sign("seats: {village.cadre: 2}, tally: {pass: all, fail: any}")
        runner.do(Claim, "village.cadre")
        votes(runner, village_cadre2="pass")
        assert [item.get("by") for item in runner.case.section("items").values()] == ["village.cadre"]
        assert votes(runner, village_cadre="pass") == "file"

    def test_a_stand_in_takes_the_seat_that_nobody_holds(self) -> None:
        text = SIGN.replace("{PANEL}", "{seats: {village.team: 1, county.bureau: 1}, tally: {pass: all, fail: any}}")
        text += "posts: {village.team: {title: 工作队, else: township.cadre}}\n"
        procedure = workflow(text)
        staff = staff_for(procedure)
        vacant = with_staff(staff, person("village.team"), person("village.team2"))
        runner = Runner.of(procedure, staff=vacant)
        runner.open("village.cadre")
        assert runner.items("sign") == ["county.bureau", "township.cadre"]
        runner.staff = staff  # somebody is appointed; who was asked as a stand-in may still answer
        runner.act("township.cadre", "pass")
        assert runner.last().post == "township.cadre@430822213000"
        with pytest.raises(ActionNotAllowedError, match=r"seats of village.team"):
            runner.act("village.team", "pass")


MEETING = (
    "seats: {village.committee: 2, village.party_member: 3}, recorded: minutes, quorum: over 1/2 of entitled, "
    "tally: {pass: over 1/2 of present, fail: otherwise}"
)


def minutes(present: int, votes: Mapping[str, int]) -> Minutes:
    return Minutes({"village.committee": 2, "village.party_member": present - 2}, votes)


class TestMinutes:
    def test_the_result_is_counted_from_the_votes(self) -> None:
        runner = sign(MEETING)
        assert runner.items("sign") == ["village.committee", "village.party_member"]
        runner.act("village.committee", "pass", minutes=minutes(4, {"pass": 3, "abstain": 1}))
        assert runner.stage == "file"
        assert runner.last().body["votes"] == {"pass": 3, "abstain": 1}

    def test_who_does_not_vote_abstains(self) -> None:
        runner = sign(MEETING)
        with pytest.raises(InputError, match="the votes give fail, not pass"):
            runner.act("village.committee", "pass", minutes=minutes(4, {"pass": 2}))
        runner.act("village.committee", "fail", minutes=minutes(4, {"pass": 2}))
        assert runner.stage == "refused"

    @pytest.mark.parametrize(
        ("given", "error", "why"),
        [
            (None, GuardRefusedError, "its minutes are needed"),
            (Minutes({"village.committee": 2}, {"pass": 2}), GuardRefusedError, "2 present, 3 needed"),
            (Minutes({"village.clerk": 4}, {"pass": 2}), InputError, "village.clerk has no seat"),
            (Minutes({"village.committee": 9}, {"pass": 9}), InputError, "9 present of village.committee, which has"),
            (minutes(4, {"pass": 3, "fail": 2}), InputError, "5 votes of 4 present"),
            (minutes(4, {"perhaps": 3}), InputError, "no answer perhaps"),
            (minutes(4, {"pass": 4, "fail": -1}), InputError, "less than not at all"),
        ],
    )
    def test_minutes_that_do_not_add_up_are_refused(
        self, given: Minutes | None, error: type[Exception], why: str
    ) -> None:
        with pytest.raises(error, match=why):
            sign(MEETING).act("village.committee", "pass", minutes=given)

    def test_without_a_quorum_of_its_own_every_seat_must_be_filled(self) -> None:
        runner = sign(MEETING.replace("quorum: over 1/2 of entitled, ", ""))
        with pytest.raises(GuardRefusedError, match=r"village.party_member: 2 present, 3 needed"):
            runner.act("village.committee", "pass", minutes=minutes(4, {"pass": 4}))
        runner.act("village.committee", "pass", minutes=minutes(5, {"pass": 4}))
        assert runner.stage == "file"

    def test_a_meeting_has_no_single_votes(self) -> None:
        with pytest.raises(ActionNotAllowedError, match="not abstain"):
            sign(MEETING).act("village.committee", "abstain", minutes=minutes(5, {}))


REPRESENTATIVES = "panels: {smaller: {title: 代表, seats: {county.bureau: 2}, tally: {pass: all, fail: otherwise}}}\n"


class TestFallback:
    def test_without_a_quorum_the_other_body_is_asked_for_a_reason(self) -> None:
        runner = sign(MEETING + ", else: {use: smaller, reason: yes}", panels=REPRESENTATIVES)
        with pytest.raises(GuardRefusedError, match="why the panel has no quorum"):
            runner.act("village.committee", "fallback")
        with pytest.raises(GuardRefusedError, match="there is a quorum"):
            runner.act("village.committee", "fallback", minutes=minutes(4, {}), note="无")
        runner.act("village.committee", "fallback", minutes=Minutes({"village.committee": 2}, {}), note="到会不足")
        assert runner.stage == "sign"
        assert runner.items("sign") == ["county.bureau", "county.bureau"]
        assert runner.last().body["fallback"] == "smaller"
        with pytest.raises(ActionNotAllowedError, match="offers pass"):
            runner.act("village.committee", "abstained")
        votes(runner, county_bureau="pass", county_bureau2="pass")
        assert runner.stage == "file"
        assert set(runner.case.section("passed")) == {"sign/smaller"}

    def test_members_who_answered_are_forgotten_when_the_other_body_is_asked(self) -> None:
        runner = sign(
            f"{FIVE}, quorum: 2, tally: {{pass: all, fail: any}}, else: {{use: smaller}}", panels=REPRESENTATIVES
        )
        votes(runner, village_cadre="pass")
        runner.act("village.cadre2", "fallback")
        assert not runner.case.section("answers")
        votes(runner, county_bureau="pass")
        with pytest.raises(ActionNotAllowedError, match="not fallback"):
            runner.act("county.bureau2", "fallback")

    def test_a_panel_with_a_quorum_is_not_passed_over(self) -> None:
        runner = sign(
            f"{FIVE}, quorum: 2, tally: {{pass: all, fail: otherwise}}, else: {{use: smaller}}", panels=REPRESENTATIVES
        )
        votes(runner, village_cadre="pass", village_cadre2="pass")
        with pytest.raises(GuardRefusedError, match="there is a quorum"):
            runner.act("county.bureau", "fallback")


CONSULT = """
workflow: consult
opens: {found: {by: village.cadre, to: decide}}
panels:
  offices:
    title: 征求意见
    seats: {township.cadre: 1, county.bureau: 1}
    tally: {agreed: all, reserved: otherwise}
    silence: {after: 5 workday, counts_as: agreed, clause: 样例}
stages:
  decide: {title: 审定, by: county.leader, actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}}}
tasks:
  consult: {title: 征求意见, panel: offices, opens: decide.entered, awaited_by: decide}
ends: {granted: {title: 纳入, outcome: granted}, no: {title: 否, outcome: refused}}
"""


class TestSilence:
    def test_a_consulted_bodys_silence_is_recorded_as_silence(self) -> None:
        runner = Runner.of(CONSULT)
        runner.open("village.cadre")
        assert runner.timers() == {"consult.silence": MONDAY.replace(hour=16) + timedelta(days=7)}
        runner.act("township.cadre", "agreed", on="consult")
        (fired,) = runner.wait(days=8)
        assert fired.body["silent"] == {"county.bureau": 1}
        answers = [value for section, key, value in fired.changes if section == "answers" and value]
        assert answers == [{"a": "agreed", "p": "county.bureau", "silent": True}]
        assert runner.case.section("tasks")["consult"] == {"st": "done", "n": 1, "r": "agreed", "s": fired.seq}
        assert runner.stage == "decide", "silence decides nothing: the leader does"

    def test_one_objecting_answer_outweighs_the_others_silence(self) -> None:
        runner = Runner.of(CONSULT)
        runner.open("village.cadre")
        runner.act("township.cadre", "reserved", on="consult")
        runner.wait(days=8)
        assert runner.case.section("tasks")["consult"]["r"] == "reserved"
        assert not runner.timers()

    def test_silence_that_reaches_no_threshold_counts_for_nothing(self) -> None:
        runner = Runner.of(CONSULT.replace("reserved: otherwise", "reserved: '2'"))
        runner.open("village.cadre")
        runner.act("township.cadre", "reserved", on="consult")
        (fired,) = runner.wait(days=8)
        assert fired.body["withheld"] == "tally"
        assert runner.case.section("tasks")["consult"]["st"] == "open"
        runner.act("county.bureau", "reserved", on="consult")
        assert runner.case.section("tasks")["consult"]["r"] == "reserved"

    def test_the_body_that_steps_in_is_not_silent_in_the_others_time(self) -> None:
        more = "    quorum: 2\n    else: {use: boss, reason: yes}\n    silence:"
        boss = "  boss: {title: 代, seats: {county.leader: 1}, tally: {agreed: all, reserved: otherwise}}\nstages:"
        runner = Runner.of(CONSULT.replace("    silence:", more).replace("stages:", boss))
        runner.open("village.cadre")
        runner.act("township.cadre", "fallback", on="consult", note="不够法定人数")
        assert runner.wait(days=8) == []
        runner.act("county.leader", "reserved", on="consult")
        assert runner.case.section("tasks")["consult"]["r"] == "reserved"

    def test_on_a_stage_silence_waits_for_what_the_action_asks_for(self) -> None:
        panel = "seats: {county.bureau: 1}, tally: {pass: all, fail: otherwise}, "
        panel += "silence: {after: 2 workday, counts_as: pass}"
        runner = sign(panel)
        runner.wait(days=3)
        assert runner.stage == "file"
        text = SIGN.replace("{PANEL}", "{" + panel + "}").replace("pass: {to: next}", "pass: {to: next, opinion: yes}")
        runner = Runner.of(text)
        runner.open("village.cadre")
        (fired, *_) = runner.wait(days=3)
        assert (runner.stage, fired.body["withheld"]) == ("sign", "opinion")
        runner.act("county.bureau", "pass", note="同意")
        assert runner.stage == "file"


def test_the_panel_may_be_chosen_by_rules() -> None:
    runner = Runner.of(
        """
workflow: choose
opens: {found: {by: village.cadre, to: meet}}
facts: {hard: {title: 难, type: yes_no, in: opens}}
panels:
  big: {title: 大, seats: {county.bureau: 2}, tally: {pass: all, fail: otherwise}}
  small: {title: 小, seats: {village.cadre: 1}, tally: {pass: all, fail: otherwise}}
stages:
  meet: {title: 会, panel: [{when: hard, use: big}, {use: small}], actions: {pass: {to: done}, fail: {to: done}}}
ends: {done: {title: 完, outcome: closed}}
"""
    )
    assert runner.open("village.cadre", facts={"hard": True}).section("asks")["meet"]["p"] == "big"
    other = runner.open("village.cadre", facts={"hard": False}, subject=UUID(int=8).hex)
    assert other.section("asks")["meet"]["p"] == "small"


def test_a_claimed_item_can_be_given_back() -> None:
    runner = sign("seats: {village.cadre: 1}, tally: {pass: all, fail: any}")
    runner.do(Claim, "village.cadre")
    with pytest.raises(ActionNotAllowedError, match=r"village.cadre has claimed this"):
        runner.act("village.cadre2", "pass")
    with pytest.raises(ActionNotAllowedError, match="have not claimed"):
        runner.do(Release, "village.cadre2")
    runner.do(Release, "village.cadre")
    runner.act("village.cadre2", "pass")
    assert runner.stage == "file"


class TestEarlyStop:
    PANEL = "seats: {township.secretary: 1, township.mayor: 1}, tally: {pass: all of entitled, fail: otherwise}"

    def leaders(self) -> Runner:
        text = SIGN.replace("{PANEL}", "{" + self.PANEL + "}").replace("means: refuse", "means: refuse, opinion: yes")
        runner = Runner.of(text)
        runner.open("village.cadre")
        return runner

    def test_without_a_quorum_the_first_no_decides_where_all_must_agree(self) -> None:
        runner = self.leaders()
        runner.act("township.secretary", "fail", note="材料不实")
        assert runner.stage == "refused"

    def test_whoever_says_no_says_why(self) -> None:
        with pytest.raises(GuardRefusedError, match="needs an opinion"):
            self.leaders().act("township.secretary", "fail")

    def test_whoever_settles_a_no_that_others_gave_words_for_needs_none(self) -> None:
        text = SIGN.replace("{PANEL}", "{" + FIVE + ", quorum: 3, tally: {pass: all of entitled, fail: otherwise}}")
        runner = Runner.of(text.replace("means: refuse", "means: refuse, opinion: yes"))
        runner.open("village.cadre")
        runner.act("village.cadre", "fail", note="材料不实")
        runner.act("village.cadre2", "pass")
        runner.act("township.cadre", "pass")
        assert runner.stage == "refused"

    def test_a_no_that_comes_of_abstentions_needs_words_of_whoever_settles_it(self) -> None:
        runner = self.leaders()
        with pytest.raises(GuardRefusedError, match="needs an opinion"):
            runner.act("township.mayor", "abstain")
        runner.act("township.mayor", "abstain", note="回避")
        assert runner.stage == "refused"


class TestSilenceOfTheBodyAsked:
    TEXT = """
workflow: consult
title: 样例
facts: {{far: {{title: 远, type: yes_no, in: opens}}}}
panels:
  near: {{seats: {{county.bureau: 1}}, recorded: minutes, tally: {{agreed: all, reserved: otherwise}},
    silence: {{after: 2 workday, counts_as: agreed}}, else: {{use: others}}}}
  others: {{title: 他部门, seats: {{county.other: 1}}, tally: {{agreed: all, reserved: otherwise}},
    silence: {{after: 10 workday, counts_as: reserved}}}}
opens: {{found: {{by: village.cadre, to: wait}}}}
stages: {{wait: {{title: 等, by: village.cadre, actions: {{go: {{to: next}}}}}}}}
tasks: {{hear: {{title: 征求意见, panel: {PANEL}, opens: found, awaited_by: wait}}}}
ends: {{done: {{title: 完, outcome: closed}}}}
"""

    def consult(self, panel: str, far: bool) -> Runner:
        runner = Runner.of(self.TEXT.format(PANEL=panel))
        runner.open("village.cadre", facts={"far": far})
        return runner

    CHOICE = "[{when: far, use: others}, {use: near}]"

    @pytest.mark.parametrize(("far", "days", "result"), [(False, 2, "agreed"), (True, 14, "reserved")])
    def test_of_a_choice_only_the_silence_of_the_body_chosen_counts(self, far: bool, days: int, result: str) -> None:
        runner = self.consult(self.CHOICE, far)
        assert len(runner.timers()) == 1
        runner.wait(days=days - 1)
        assert runner.case.section("tasks")["hear"]["st"] == "open"
        runner.wait(days=1.9)
        assert runner.case.section("tasks")["hear"]["r"] == result

    def test_a_body_that_steps_in_has_its_own_time(self) -> None:
        runner = self.consult("near", far=False)
        runner.act("county.bureau", "fallback", on="hear")
        assert list(runner.timers()) == ["hear.silence.others"]
        runner.wait(days=4)
        assert runner.case.section("tasks")["hear"]["st"] == "open"
        runner.wait(days=12)
        assert runner.case.section("tasks")["hear"]["r"] == "reserved"


class TestBodiesOfARegister:
    ROLL = (
        "seats: {village.committee: 1}, roll: register, recorded: minutes, quorum: over 1/2 of entitled, "
        "tally: {pass: 2/3 of present, fail: otherwise}"
    )

    def meet(self, came: int, passed: int, entitled: int = 90) -> Runner:
        runner = sign(self.ROLL)
        minutes = Minutes({"roll": came}, {"pass": passed, "fail": came - passed}, entitled=entitled)
        runner.act("village.committee", "pass" if passed * 3 >= came * 2 else "fail", minutes=minutes)
        return runner

    @pytest.mark.parametrize(("passed", "stage"), [(40, "file"), (39, "refused")])
    def test_is_counted_in_its_minutes(self, passed: int, stage: str) -> None:
        runner = self.meet(60, passed)
        assert runner.stage == stage
        assert runner.last().body["entitled"] == 90

    def test_needs_its_quorum_of_those_on_the_register(self) -> None:
        with pytest.raises(GuardRefusedError, match="45 present, 46 needed"):
            self.meet(45, 45)

    def test_has_no_more_present_than_its_register_has(self) -> None:
        with pytest.raises(InputError, match="100 present of 90"):
            self.meet(100, 100)

    def test_is_asked_by_who_calls_it(self) -> None:
        assert sign(self.ROLL).items("sign") == ["village.committee"]

"""Who may: posts at the right division, stand-ins, scope, claims, recusal, separation of duties, stale pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.cases import (
    SYSTEM,
    Act,
    AddSigner,
    Attach,
    ChildEnded,
    Claim,
    Comment,
    Copy,
    Enlist,
    ExtendClock,
    FireTimer,
    Minutes,
    OpenCase,
    PostNotice,
    Readdress,
    Release,
    SettleClocks,
)
from engine.errors import (
    ActionNotAllowedError,
    CaseNotFoundError,
    GuardRefusedError,
    InputError,
    PermissionDeniedError,
    StaleCaseError,
)
from engine.people import Holding, Person, Staff
from engine.seeing import reads_secrets
from tests.harness import (
    DAY_ONE,
    HOUSEHOLD,
    OTHER_VILLAGE,
    PAPER,
    TOWNSHIP,
    VILLAGE,
    WHOLE,
    Runner,
    person,
    with_staff,
)

PEOPLE = """
workflow: people
opens:
  applied: {by: [household, anyone], to: apply}
  found: {by: [village.cadre, township.cadre, county.bureau], to: apply}
places: {living: 居住地, square: 广场}
posts: {village.team: {title: 工作队, else: village.liaison}, village.liaison: {title: 驻村干部, else: township.cadre}}
facts: {ok: {title: 可, type: yes_no, in: check}}
stages:
  apply:
    title: 申请
    by: [village.cadre, village.team]
    actions: {submit: {to: next}, ours: {to: stay, means: record, by: township.secretary}}
  meet:
    title: 评议
    panel:
      {seats: {village.cadre: 1, township.cadre: 1}, recorded: minutes, quorum: 1,
      tally: {pass: over 1/2 of present, fail: otherwise}}
    actions: {pass: {to: next}, fail: {to: no, means: refuse}}
  check:
    title: 审核
    by: [township.cadre, township.mayor]
    limit: 5 workday
    actions: {pass: {to: next}, back: {to: apply, means: back}}
  live: {title: 居住地核实, by: township.cadre@living, actions: {seen: {to: next}}}
  decide:
    title: 审定
    by: county.bureau
    list: county
    actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}}
  enter: {title: 录入, by: township.cadre, actions: {entered: {to: done}}}
tasks: {data: {title: 比对, by: county.police, opens: check.pass}}
ends: {done: {title: 完, outcome: granted}, no: {title: 否, outcome: refused}}
"""


def people(*more: Person, by: str = "village.cadre", channel: str = "found", **opening: Any) -> Runner:
    runner = Runner.of(PEOPLE)
    runner.staff = with_staff(runner.staff, *more)
    runner.open(by, channel, **opening)
    return runner


def meeting(persons: tuple[str, ...] = (), recused: tuple[str, ...] = ()) -> Minutes:
    return Minutes({"village.cadre": 1, "township.cadre": 1}, {"pass": 2}, persons, recused)


def to_check(runner: Runner) -> Runner:
    runner.act("village.cadre2", "submit")
    runner.act("village.cadre2", "pass", minutes=meeting())
    return runner


def to_decide(runner: Runner) -> Runner:
    to_check(runner).act("township.cadre", "pass", ok=True)
    runner.act("township.cadre2", "seen")
    return runner


class TestPosts:
    def test_I17_only_a_holder_at_the_cases_own_division_may_act(self) -> None:
        elsewhere = person("elsewhere", f"village.cadre@{OTHER_VILLAGE}", f"county.bureau@{WHOLE}")
        runner = people(elsewhere)
        with pytest.raises(PermissionDeniedError, match=r"only village.cadre \(village.cadre\), 工作队"):
            runner.act("elsewhere", "submit")

    def test_I17_a_post_counts_from_its_first_day_to_its_last(self) -> None:
        today = date(2026, 3, 2)
        spans = {
            "last": (DAY_ONE, today), "first": (today, None), "gone": (DAY_ONE, today - timedelta(days=1)),
            "not_yet": (today + timedelta(days=1), None),
        }  # fmt: skip
        more = [Person(key, key, True, (Holding("village.cadre", VILLAGE, *span),)) for key, span in spans.items()]
        runner = people(*more)
        for key in ("gone", "not_yet"):
            with pytest.raises(CaseNotFoundError):
                runner.act(key, "submit")
        for key in ("last", "first"):
            people(*more).act(key, "submit")

    def test_I17_who_is_not_active_holds_nothing(self) -> None:
        runner = people(person("away", "village.cadre", active=False))
        with pytest.raises(CaseNotFoundError):
            runner.act("away", "submit")

    def test_I19_out_of_scope_there_is_no_case(self) -> None:
        runner = people(person("neighbour", f"village.cadre@{OTHER_VILLAGE}"))
        for command in (
            Comment(id=runner.new_id(), person="neighbour", note="x"),
            Claim(id=runner.new_id(), person="who"),
        ):
            with pytest.raises(CaseNotFoundError):
                runner.ask(command)
        with pytest.raises(CaseNotFoundError):
            runner.open("village.cadre", "found", division=OTHER_VILLAGE)

    def test_words_are_written_in_a_post_from_which_the_case_is_seen(self) -> None:
        runner = people(person("two", f"village.cadre@{OTHER_VILLAGE}", "township.mayor"))
        runner.do(Comment, "two", note="看过")
        assert runner.last().post == f"township.mayor@{TOWNSHIP}"

    def test_he_acts_in_the_post_that_he_names(self) -> None:
        both = person("both", "village.cadre", "village.team")
        runner = people(both)
        with pytest.raises(PermissionDeniedError):
            runner.act("both", "submit", post="township.mayor")
        runner.act("both", "submit", post="village.team")
        assert runner.last().post == f"village.team@{VILLAGE}"

    def test_a_post_that_nobody_holds_is_stood_in_for_step_by_step(self) -> None:
        runner = people()
        keep = {
            key: each
            for key, each in runner.staff.people.items()
            if not key.startswith(("village.team", "village.liaison"))
        }
        runner = Runner.of(PEOPLE, staff=Staff.of(keep.values()))
        runner.open("village.cadre", "found")
        assert runner.items("apply") == ["township.cadre", "village.cadre"]
        runner.act("township.cadre", "submit")
        assert runner.last().post == f"township.cadre@{TOWNSHIP}"

    def test_while_somebody_holds_it_nobody_stands_in(self) -> None:
        with pytest.raises(PermissionDeniedError):
            people().act("village.liaison", "submit")

    def test_work_for_a_post_without_anybody_is_told_to_the_supervisor(self) -> None:
        runner = people()
        runner.staff = Staff.of(
            each for key, each in runner.staff.people.items() if not key.startswith("township.mayor")
        )
        to_check(runner)
        (told,) = [message for message in runner.messages if message.event == "post_vacant"]
        assert (told.post, told.division, told.data["vacant"]) == ("county.supervisor", WHOLE, "township.mayor")

    def test_what_the_household_does_is_recorded_by_the_village_or_township(self) -> None:
        runner = people(by="village.cadre", channel="applied")
        assert (runner.last().post, runner.last().body["for"]) == (f"village.cadre@{VILLAGE}", "household")
        with pytest.raises(PermissionDeniedError):
            people(by="county.bureau", channel="applied")

    def test_only_a_parent_opens_a_parents_channel(self) -> None:
        text = PEOPLE.replace("applied: {by: [household, anyone]", "applied: {by: parent")
        runner = Runner.of(text)
        with pytest.raises(PermissionDeniedError, match="only the case that opened it"):
            runner.open("village.cadre", "applied")

    @pytest.mark.parametrize(("big", "post"), [(True, "county.bureau"), (False, "township.cadre")])
    def test_who_decides_may_depend_on_the_case_and_be_delegated(self, big: bool, post: str) -> None:
        runner = Runner.of(
            """
workflow: choose
opens: {found: {by: village.cadre, to: decide}}
params: {office: {title: 受托机关, type: post, value: township.cadre}}
facts: {big: {title: 大, type: yes_no, in: opens}}
stages:
  decide:
    title: 审定
    by: [{when: big, use: county.bureau}, {use: $office}]
    actions: {grant: {to: done, means: grant}, ask: {to: wait, means: defer}}
  wait: {title: 等, case: {workflow: choose}, actions: {done: {to: decide}}}
ends: {done: {title: 完, outcome: granted}}
"""
        )
        runner.open("village.cadre", "found", facts={"big": big})
        assert runner.items("decide") == [post]
        other = {"county.bureau": "township.cadre", "township.cadre": "county.bureau"}[post]
        with pytest.raises(PermissionDeniedError):
            runner.act(other, "grant")
        runner.act(post, "grant")

    def test_an_action_may_have_a_post_of_its_own(self) -> None:
        runner = people()
        runner.do(Claim, "village.cadre")
        runner.act("township.secretary", "ours")
        with pytest.raises(PermissionDeniedError, match=r"township.secretary"):
            runner.act("village.cadre", "ours")

    def test_another_place_has_its_own_officers(self) -> None:
        other = "430822202000"
        runner = people(person("other", f"township.cadre@{other}"), places={"living": "430822202201"})
        to_check(runner).act("township.cadre", "pass", ok=True)
        assert runner.case.section("items")[max(runner.case.section("items"), key=int)]["d"] == other
        with pytest.raises(PermissionDeniedError):
            runner.act("township.cadre2", "seen")
        runner.act("other", "seen")

    def test_a_case_of_a_whole_county_has_its_posts_there(self) -> None:
        text = """
workflow: whole
title: 全县
subject: county
opens: {found: {by: county.bureau, to: plan}}
stages: {plan: {title: 计划, by: [county.bureau, village.cadre, household], actions: {made: {to: done}}}}
ends: {done: {title: 完, outcome: closed}}
"""
        runner = Runner.of(text)
        runner.open("county.bureau", "found", division=WHOLE)
        assert {item["d"] for item in runner.case.section("items").values()} == {WHOLE}
        runner.staff = with_staff(runner.staff, person("leader", "county.leader"))
        runner.act("leader", "made", post="county.leader")
        assert runner.last().body["for"] == "household"

    @pytest.mark.parametrize("actor", [SYSTEM])
    def test_the_system_gives_no_answers(self, actor: str) -> None:
        runner = people()
        for command in (
            Act(id=runner.new_id(), person=actor, action="submit"),
            Comment(id=runner.new_id(), person=actor, note="x"),
            Claim(id=runner.new_id(), person=actor),
        ):
            with pytest.raises(PermissionDeniedError, match=r"only bangfu itself|bangfu"):
                runner.ask(command)

    def test_no_person_does_what_only_the_system_does(self) -> None:
        runner = to_check(people())
        (timer,) = runner.case.section("timers")
        for command in (
            FireTimer(id=runner.new_id(), person="county.bureau", timer=timer),
            ChildEnded(id=runner.new_id(), person="county.bureau", child=UUID(int=1), end="done", outcome="granted"),
        ):
            with pytest.raises(PermissionDeniedError, match="only bangfu itself"):
                runner.ask(command)


class TestClaims:
    def test_what_one_has_claimed_no_other_answers(self) -> None:
        runner = people()
        runner.do(Claim, "village.cadre")
        with pytest.raises(ActionNotAllowedError, match=r"village.cadre has claimed this"):
            runner.act("village.cadre2", "submit")
        with pytest.raises(ActionNotAllowedError, match=r"village.cadre has claimed this"):
            runner.do(Claim, "village.cadre2")
        runner.do(Claim, "village.cadre")
        runner.act("village.cadre", "submit")

    def test_another_posts_item_is_its_own(self) -> None:
        runner = people()
        runner.do(Claim, "village.cadre")
        runner.act("village.team", "submit")

    def test_who_stands_in_claims_the_item_that_is_there(self) -> None:
        runner = people()
        staff = runner.staff
        vacant = Staff.of(each for key, each in staff.people.items() if not key.startswith("village.team"))
        runner = Runner.of(PEOPLE, staff=vacant)
        runner.open("village.cadre", "found")
        runner.staff = staff
        runner.do(Claim, "village.liaison")
        (item,) = [item for item in runner.case.section("items").values() if item.get("by")]
        assert item == {
            "q": "apply",
            "p": "village.liaison",
            "d": VILLAGE,
            "by": "village.liaison",
            "f": "village.team",
        }
        runner.do(Release, "village.liaison")
        runner.do(Claim, "village.team")
        assert [item.get("by") for item in runner.case.section("items").values() if item["p"] == "village.liaison"] == [
            "village.team"
        ]

    def test_there_must_be_work_and_it_must_be_ones_own(self) -> None:
        runner = people()
        with pytest.raises(PermissionDeniedError):
            runner.do(Claim, "county.bureau")
        with pytest.raises(ActionNotAllowedError, match="not being asked"):
            runner.do(Claim, "village.cadre", on="data")


class TestRelatives:
    def kin(self, *posts: str) -> Person:
        return person("kin", *posts, relatives=[HOUSEHOLD])

    def test_I18_nobody_decides_about_his_relatives(self) -> None:
        runner = people(self.kin("village.cadre"))
        for attempt in (lambda: runner.act("kin", "submit"), lambda: runner.do(Claim, "kin")):
            with pytest.raises(GuardRefusedError, match="relative") as refused:
                attempt()
            assert refused.value.rule == "recusal"

    def test_I18_nor_among_those_whom_the_minutes_name(self) -> None:
        runner = people(self.kin("village.cadre"))
        runner.act("village.cadre2", "submit")
        with pytest.raises(GuardRefusedError, match="kin has declared"):
            runner.act("village.cadre2", "pass", minutes=meeting(("village.cadre2", "kin")))
        runner.act("village.cadre2", "pass", minutes=meeting(("village.cadre2", "kin"), ("kin",)))
        assert runner.case.section("acts")["meet"] == ["village.cadre2"]

    def test_I18_an_objection_about_the_household_is_not_verified_by_its_relatives(self) -> None:
        runner = people(self.kin("village.cadre"), subject="o1", household=HOUSEHOLD)
        with pytest.raises(GuardRefusedError, match="kin has declared"):
            runner.act("kin", "submit")

    def test_words_are_free(self) -> None:
        runner = people(self.kin("village.cadre"))
        runner.do(Comment, "kin", note="已申报亲属关系")

    @pytest.mark.parametrize("channel", ["found", "applied"])
    def test_I18_nor_do_they_open_its_case_while_another_officer_could(self, channel: str) -> None:
        with pytest.raises(GuardRefusedError, match="kin has declared") as refused:
            people(self.kin("village.cadre"), by="kin", channel=channel)
        assert refused.value.rule == "recusal"

    @pytest.mark.parametrize("channel", ["found", "applied"])
    def test_nobody_is_turned_away_because_his_only_officers_are_relatives(self, channel: str) -> None:
        runner = Runner.of(PEOPLE, staff=Staff.of([self.kin("village.cadre")]))
        assert runner.open("kin", channel).stage == "apply"

    def test_I18_nor_do_they_hand_in_its_papers(self) -> None:
        runner = Runner.of(PEOPLE + PAPERS)
        runner.staff = with_staff(runner.staff, self.kin("village.cadre"))
        runner.open("village.cadre", "found")
        with pytest.raises(GuardRefusedError, match="kin has declared"):
            runner.do(Attach, "kin", paper="form", document=PAPER)


PAPERS = "papers: {form: {title: 申请书, in: apply, optional: yes}}\n"


class TestPapers:
    """Papers come from those who have a part in the case."""

    def test_who_has_none_hands_in_nothing(self) -> None:
        runner = Runner.of(PEOPLE + PAPERS)
        elsewhere = person("elsewhere", f"village.cadre@{OTHER_VILLAGE}"), person("vet", "township.vet")
        runner.staff = with_staff(runner.staff, *elsewhere)
        runner.open("village.cadre", "found")
        with pytest.raises(PermissionDeniedError, match="those who have a part in the case"):
            runner.do(Attach, "vet", paper="form", document=PAPER)

    @pytest.mark.parametrize(("who", "post"), [("village.cadre", VILLAGE), ("township.mayor", TOWNSHIP)])
    def test_who_answers_the_question_or_has_another_post_of_the_procedure_does(self, who: str, post: str) -> None:
        runner = Runner.of(PEOPLE + PAPERS)
        runner.open("village.cadre", "found")
        runner.do(Attach, who, paper="form", document=PAPER)
        assert runner.last().post == f"{who}@{post}"

    def test_who_records_what_the_household_does_brings_its_papers(self) -> None:
        text = PEOPLE.replace("by: [village.cadre, village.team]", "by: household")
        runner = Runner.of(text + PAPERS)
        runner.staff = with_staff(runner.staff, person("clerk", "village.clerk"))
        runner.open("village.cadre", "found")
        runner.do(Attach, "clerk", paper="form", document=PAPER)
        assert runner.last().kind == "attached"


class TestSeparation:
    def test_I18_who_checked_does_not_decide_whatever_posts_he_holds(self) -> None:
        both = person("both", "township.cadre", "county.bureau")
        runner = people(both)
        to_check(runner).act("both", "pass", ok=True)
        runner.act("township.cadre", "seen")
        with pytest.raises(GuardRefusedError, match=r"already acted here .审核") as refused:
            runner.act("both", "grant")
        assert refused.value.rule == "separation"
        with pytest.raises(GuardRefusedError, match="already acted"):
            runner.act("both", "refuse")
        runner.act("county.bureau", "grant")

    def test_I18_above_the_village_one_person_answers_one_question(self) -> None:
        runner = to_check(people())
        runner.act("township.cadre", "pass", ok=True)
        with pytest.raises(GuardRefusedError, match="already acted"):
            runner.act("township.cadre", "seen")
        runner.staff = with_staff(runner.staff, person("township.cadre", "township.cadre", "county.police"))
        with pytest.raises(GuardRefusedError, match="already acted"):
            runner.act("township.cadre", "done", on="data")

    def test_I18_in_the_village_the_same_few_people_prepare_a_case(self) -> None:
        runner = people()
        runner.act("village.cadre", "submit")
        runner.act("village.cadre", "pass", minutes=meeting(("village.cadre", "township.cadre")))
        assert runner.stage == "check"

    def test_I18_village_people_in_minutes_recorded_by_the_township_are_no_judges(self) -> None:
        runner = people()
        runner.act("village.cadre", "submit")
        runner.act("township.cadre", "pass", minutes=meeting(("village.cadre", "township.cadre")))
        assert runner.case.section("acts")["meet"] == ["township.cadre", "village.cadre"]
        with pytest.raises(GuardRefusedError, match=r"township.cadre already acted"):
            runner.act("township.cadre", "pass", ok=True)
        runner.act("township.mayor", "pass", ok=True)

    def test_I18_a_visitor_without_a_seat_judges_nothing(self) -> None:
        runner = people(by="township.cadre")
        runner.act("village.cadre", "submit")
        runner.act("village.cadre", "pass", minutes=meeting(("village.cadre", "county.police")))
        assert runner.stage == "check"

    def test_I18_who_opened_a_case_never_grants_it(self) -> None:
        runner = to_decide(people(by="county.bureau"))
        with pytest.raises(GuardRefusedError, match=r"county.bureau already acted here .the opening."):
            runner.act("county.bureau", "grant")
        runner.act("county.bureau2", "grant")

    def test_I18_who_opened_it_may_check_it(self) -> None:
        runner = to_check(people(by="township.cadre"))
        runner.act("township.cadre", "pass", ok=True)

    def test_I18_the_same_question_may_be_answered_again_by_the_same_person(self) -> None:
        runner = to_check(people())
        runner.act("township.cadre", "back")
        to_check(runner).act("township.cadre", "pass", ok=True)

    def test_I18_after_the_grant_it_has_done_its_work(self) -> None:
        runner = to_decide(people())
        runner.act("county.bureau", "grant")
        runner.act("township.cadre", "entered")
        assert runner.case.get("outcome") == "granted"


class TestStale:
    def test_a_page_is_stale_when_the_case_has_moved(self) -> None:
        runner = to_check(people())
        seen = runner.case.seq
        runner.act("township.cadre", "back")
        to_check(runner)
        with pytest.raises(StaleCaseError, match="moved on"):
            runner.act("township.mayor", "pass", ok=True, seen=seen)
        runner.act("township.mayor", "pass", ok=True, seen=runner.case.seq)

    def test_a_page_is_stale_when_what_is_decided_on_has_changed(self) -> None:
        runner = to_decide(people())
        seen = runner.case.seq
        runner.act("county.police", "done", on="data")
        with pytest.raises(StaleCaseError):
            runner.act("county.bureau", "grant", seen=seen)

    def test_words_reminders_and_claims_make_no_page_stale(self) -> None:
        runner = to_check(people())
        seen = runner.case.seq
        runner.do(Comment, "village.cadre", note="补充说明")
        runner.do(Claim, "township.cadre")
        runner.wait(days=20)
        assert runner.case.seq > seen + 2
        runner.act("township.cadre", "pass", ok=True, seen=seen)

    def test_what_others_did_beside_it_makes_a_tasks_page_not_stale(self) -> None:
        runner = to_check(people())
        runner.act("township.cadre", "pass", ok=True)
        seen = runner.case.seq
        runner.act("township.cadre2", "seen")
        runner.act("county.police", "done", on="data", seen=seen)

    def test_a_question_that_was_answered_meanwhile_is_stale(self) -> None:
        runner = to_decide(people())
        seen = runner.case.seq
        runner.act("county.police", "done", on="data")
        with pytest.raises(StaleCaseError):
            runner.act("county.police2", "done", on="data", seen=seen)
        with pytest.raises(ActionNotAllowedError, match="not being asked"):
            runner.act("county.police2", "done", on="data")


class TestLists:
    def test_a_case_on_a_list_is_decided_with_its_list(self) -> None:
        runner = to_decide(people())
        mine, other = UUID(int=77), UUID(int=78)
        runner.do(Enlist, "county.bureau", list=mine)
        body = runner.last().body
        assert (body["list"], body["at"]) == (mine.hex, WHOLE)
        for wrong, why in ((None, "is on a list"), (other, "another list")):
            with pytest.raises(ActionNotAllowedError, match=why):
                runner.act("county.bureau", "grant", list=wrong)
        runner.act("county.bureau", "grant", list=mine)
        assert runner.last().body["list"] == mine.hex

    def test_a_vote_that_settles_nothing_is_no_outcome_of_the_list(self) -> None:
        panel = "panel: {seats: {county.bureau: 2}, tally: {grant: all, refuse: otherwise}}"
        runner = Runner.of(PEOPLE.replace("    by: county.bureau\n    list: county", f"    {panel}\n    list: county"))
        runner.open("village.cadre", "found")
        to_decide(runner).do(Enlist, "county.bureau", list=UUID(int=77))
        runner.act("county.bureau", "grant", list=UUID(int=77))
        assert "list" not in runner.last().body
        runner.act("county.bureau2", "grant", list=UUID(int=77))
        assert (runner.last().body["list"], runner.last().body["action"]) == (UUID(int=77).hex, "grant")

    def test_no_list_is_named_where_there_is_none(self) -> None:
        runner = to_decide(people())
        with pytest.raises(ActionNotAllowedError, match="another list"):
            runner.act("county.bureau", "grant", list=UUID(int=77))

    def test_who_answers_puts_it_on_a_list_and_once(self) -> None:
        runner = to_decide(people())
        with pytest.raises(PermissionDeniedError):
            runner.do(Enlist, "township.cadre", list=UUID(int=77))
        runner.do(Enlist, "county.bureau", list=UUID(int=77))
        with pytest.raises(ActionNotAllowedError, match="on a list already"):
            runner.do(Enlist, "county.bureau", list=UUID(int=78))

    def test_a_stage_that_is_not_handled_in_lists(self) -> None:
        with pytest.raises(ActionNotAllowedError, match="申请 is not handled in lists"):
            people().do(Enlist, "village.cadre", list=UUID(int=77))

    def test_taken_back_alone_it_leaves_the_list(self) -> None:
        text = PEOPLE + "anywhere: {withdraw: {to: no, means: withdraw, by: village.cadre, from: decide}}\n"
        runner = Runner.of(text)
        runner.open("village.cadre", "found")
        to_decide(runner)
        runner.do(Enlist, "county.bureau", list=UUID(int=77))
        with pytest.raises(ActionNotAllowedError, match="not withdraw"):
            people().act("village.cadre", "withdraw")
        runner.act("village.cadre", "withdraw")
        assert runner.last().body["unlisted"] == UUID(int=77).hex


def test_commands_that_the_system_gives_for_all() -> None:
    runner = people()
    with pytest.raises(ActionNotAllowedError, match="no deadline"):
        runner.ask(SettleClocks(id=runner.new_id()))
    for kind in (ExtendClock, PostNotice, OpenCase):
        assert kind.__dataclass_fields__["person"].default == SYSTEM


@pytest.mark.parametrize("value", ["nan", "sNaN", "-NaN", "inf", "2", "x", None])
def test_what_is_no_share_is_refused(value: object) -> None:
    text = "workflow: aid\ntitle: 样例\nfacts: {part: {title: 份额, type: share, in: opens}}\n"
    text += "opens: {found: {by: village.cadre, to: look}}\n"
    text += "stages: {look: {title: 看, by: village.cadre, actions: {yes: {to: next}}}}\n"
    text += "ends: {done: {title: 完, outcome: closed}}\n"
    with pytest.raises(InputError, match="a share between 0 and 1"):
        Runner.of(text).open("village.cadre", facts={"part": value})


@pytest.mark.parametrize("value", [["x"] * 501, ["x" * 1000] * 100, (str(n) for n in range(10**9))])
def test_a_list_has_an_end(value: object) -> None:
    text = "workflow: aid\ntitle: 样例\nfacts: {homes: {title: 户, type: list of household, in: opens}}\n"
    text += "opens: {found: {by: village.cadre, to: look}}\n"
    text += "stages: {look: {title: 看, by: village.cadre, actions: {yes: {to: next}}}}\n"
    text += "ends: {done: {title: 完, outcome: closed}}\n"
    with pytest.raises(InputError, match="a list of at most 500 items"):
        Runner.of(text).open("village.cadre", facts={"homes": value})


@pytest.mark.parametrize("more", [{"note": "\ud800"}, {"facts": {"who": "\ud800"}}])
def test_half_a_character_is_bad_input_and_no_failure(more: dict[str, Any]) -> None:
    text = "workflow: aid\ntitle: 样例\nfacts: {who: {title: 谁, type: person, in: opens, optional: yes}}\n"
    text += "opens: {found: {by: village.cadre, to: look}}\n"
    text += "stages: {look: {title: 看, by: village.cadre, actions: {yes: {to: next}}}}\n"
    text += "ends: {done: {title: 完, outcome: closed}}\n"
    with pytest.raises(InputError, match="no character"):
        Runner.of(text).open("village.cadre", **more)


class TestVacancies:
    """A post that becomes vacant while work is open there (C14): the work finds who stands in for it."""

    def vacant(self, *left: str) -> Runner:
        runner = people(person("liaison", "village.liaison"))
        runner.open("village.cadre", "found")
        assert "village.team" in runner.items("apply")
        keep = [each for each in runner.staff.people.values() if not any(h.post in left for h in each.posts)]
        runner.staff = Staff.of(keep)
        return runner

    def test_open_work_goes_to_the_stand_in_who_is_told(self) -> None:
        runner = self.vacant("village.team")
        runner.ask(Readdress(id=runner.new_id()))
        assert runner.items("apply") == ["village.cadre", "village.liaison"]
        assert runner.told("asked")[-1] == "village.liaison"
        runner.do(Claim, "liaison")
        runner.act("liaison", "submit")
        assert runner.last().post == f"village.liaison@{VILLAGE}"

    def test_a_stand_in_that_is_vacant_too_passes_it_on(self) -> None:
        runner = self.vacant("village.team")
        runner.ask(Readdress(id=runner.new_id()))
        runner.staff = Staff.of(each for key, each in runner.staff.people.items() if "liaison" not in key)
        runner.ask(Readdress(id=runner.new_id()))
        assert runner.items("apply") == ["township.cadre", "village.cadre"]
        assert {item.get("f") for item in runner.case.section("items").values()} == {None, "village.team"}

    def test_what_nobody_stands_in_for_is_told_to_the_supervisor_once(self) -> None:
        runner = self.vacant("village.team", "village.liaison", "township.cadre")
        runner.ask(Readdress(id=runner.new_id()))
        assert runner.told("post_vacant") == ["county.supervisor"]
        with pytest.raises(ActionNotAllowedError, match="no open work"):
            runner.ask(Readdress(id=runner.new_id()))

    def test_I7_a_holder_who_is_a_relative_counts_as_none_for_who_stands_in(self) -> None:
        relatives = [person(key, "village.team", relatives=[HOUSEHOLD]) for key in ("village.team", "village.team2")]
        runner = people(person("liaison", "village.liaison"), *relatives)
        assert runner.items("apply") == ["village.cadre", "village.liaison"]
        runner.act("liaison", "submit")
        assert runner.last().post == f"village.liaison@{VILLAGE}"

    def test_I7_a_holder_who_declares_a_relative_later_passes_the_work_on(self) -> None:
        runner = people(person("liaison", "village.liaison"))
        relatives = [person(key, "village.team", relatives=[HOUSEHOLD]) for key in ("village.team", "village.team2")]
        runner.staff = with_staff(runner.staff, *relatives)
        runner.ask(Readdress(id=runner.new_id()))
        assert runner.items("apply") == ["village.cadre", "village.liaison"]

    def test_I7_the_supervisor_learns_that_every_holder_is_a_relative(self) -> None:
        text = "workflow: aid\ntitle: 样例\nopens: {found: {by: village.cadre, to: look}}\n"
        text += "stages: {look: {title: 看, by: township.mayor, actions: {yes: {to: next}}}}\n"
        text += "ends: {done: {title: 完, outcome: closed}}\n"
        boss = person("boss", "township.mayor", relatives=[HOUSEHOLD])
        runner = Runner.of(text, staff=Staff.of([person("cadre", "village.cadre"), boss]))
        runner.open("cadre")
        assert runner.told("post_vacant") == ["county.supervisor"]

    def test_what_a_signer_is_asked_is_never_made_work_of_his_post(self) -> None:
        runner = to_check(people(person("signer", "village.team")))
        runner.do(AddSigner, "township.cadre", signer="signer", when="before")
        runner.staff = Staff.of(
            each for each in runner.staff.people.values() if "village.team" not in {held.post for held in each.posts}
        )
        runner.ask(Readdress(id=runner.new_id()))
        assert [item["by"] for item in runner.case.section("items").values() if "g" in item] == ["signer"]

    def test_nothing_is_passed_on_while_the_post_is_held(self) -> None:
        runner = people()
        runner.open("village.cadre", "found")
        with pytest.raises(ActionNotAllowedError, match="no open work"):
            runner.ask(Readdress(id=runner.new_id()))
        with pytest.raises(PermissionDeniedError, match="only bangfu itself"):
            runner.do(Readdress, "village.cadre")

    def test_what_somebody_claimed_in_a_post_that_he_left_is_free_again(self) -> None:
        runner = to_check(people())
        runner.do(Claim, "township.cadre")
        for _ in range(2):
            if len(runner.items("check")) > 1:
                runner.do(Claim, "township.mayor")
        with pytest.raises(ActionNotAllowedError, match="has claimed this"):
            runner.act("township.cadre2", "pass", ok=True)
        runner.staff = Staff.of(each for key, each in runner.staff.people.items() if key != "township.cadre")
        runner.act("township.cadre2", "pass", ok=True)


class TestOtherPlaces:
    TEXT = """\
workflow: aid
title: 样例
places: {living: 居住地}
facts: {ill: {title: 病情, type: text, in: opens, secret: yes, optional: yes}}
opens: {found: {by: village.cadre, to: look}}
panels:
  away:
    title: 居住地
    seats: {village.cadre@living: 1}
    tally: {pass: all, fail: otherwise}
    else: {use: boss}
  boss: {title: 乡镇, seats: {township.mayor: 1}, tally: {pass: all, fail: otherwise}}
stages: {look: {title: 看, panel: away, actions: {pass: {to: next}, fail: {to: no, means: refuse}}}}
ends: {done: {title: 完, outcome: closed}, no: {title: 否, outcome: refused}}
"""

    def opened(self) -> Runner:
        people = person("home", "village.cadre"), person("away", f"village.cadre@{OTHER_VILLAGE}")
        runner = Runner.of(self.TEXT, staff=Staff.of([*people, person("boss", "township.mayor")]))
        runner.open("home", places={"living": OTHER_VILLAGE})
        return runner

    def test_who_must_decide_may_read_what_he_decides_by(self) -> None:
        runner = self.opened()
        for key in ("away", "boss"):
            assert reads_secrets(runner.procedure.workflow, runner.case, runner.staff, key, DAY_ONE), key
        runner.act("away", "pass")
        assert runner.stage == "done"

    def test_who_has_the_case_by_its_other_place_acts_in_the_post_that_he_holds_there(self) -> None:
        runner = self.opened()
        runner.do(Comment, "away", note="已见面")
        assert runner.last().post == f"village.cadre@{OTHER_VILLAGE}"
        runner.do(Copy, "home", to=("away",))
        runner.do(Comment, "home", note="知悉")
        assert runner.last().post == f"village.cadre@{VILLAGE}"

    @pytest.mark.parametrize("code", ["garbage", "430822", "110101001001", "4308221032xx"])
    @pytest.mark.parametrize("where", ["places", "division"])
    def test_a_place_is_a_division_of_the_county(self, where: str, code: str) -> None:
        staff = Staff.of([person("home", f"village.cadre@{code}", "county.leader", "village.cadre")])
        runner = Runner.of(self.TEXT, staff=staff)
        given = {"division": code} if where == "division" else {"places": {"living": code}}
        with pytest.raises(InputError, match="outside the county"):
            runner.open("home", **given)


def test_I18_what_was_granted_and_sent_back_is_judged_again_by_others() -> None:
    text = """\
workflow: aid
title: 样例
opens: {found: {by: village.cadre, to: look}}
stages:
  look: {title: 审核, by: township.mayor, actions: {pass: {to: next}}}
  decide: {title: 审定, by: township.mayor, actions: {grant: {to: next, means: grant}, no: {to: no, means: refuse}}}
  enter: {title: 录入, by: township.cadre, actions: {entered: {to: next}, back: {to: look, means: back}}}
ends: {listed: {title: 纳入, outcome: granted}, no: {title: 否, outcome: refused}}
"""
    runner = Runner.of(text)
    runner.open("village.cadre")
    runner.act("township.mayor", "pass")
    runner.act("township.mayor2", "grant")
    runner.act("township.cadre", "back")
    assert not runner.case.get("granted")
    runner.act("township.mayor", "pass")
    with pytest.raises(GuardRefusedError, match="already acted here"):
        runner.act("township.mayor", "grant")

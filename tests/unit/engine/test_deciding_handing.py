"""Who has the work: assigned, handed on, entrusted, held by a deputy; urged and copied (C4, C18)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from engine.cases import Act, AddSigner, Assign, Claim, Copy, Delegate, Enlist, Release, Sign, Transfer, Urge, Withdraw
from engine.errors import ActionNotAllowedError, CaseNotFoundError, GuardRefusedError, InputError, PermissionDeniedError
from engine.offering import offered
from engine.people import Deputy, Holding, Person, Staff
from tests.harness import DAY_ONE, HOUSEHOLD, OTHER_VILLAGE, TOWNSHIP, WHOLE, Runner, person, with_staff

HANDED = """
workflow: handed
opens: {found: {by: village.cadre, to: check}}
posts: {township.cadre: {title: 乡镇干部, else: township.secretary}}
stages:
  check:
    title: 审核
    by: township.cadre
    limit: 5 workday
    actions: {pass: {to: next}, back: {to: again, means: back}}
  again: {title: 重报, aside: yes, by: village.cadre, actions: {pass: {to: check}}}
  sign:
    title: 会签
    panel: {seats: {township.secretary: 1, township.mayor: 1}, tally: {pass: all, fail: otherwise}}
    actions: {pass: {to: next}, fail: {to: no, means: refuse}}
  decide:
    title: 审定
    by: county.bureau
    list: county
    actions: {grant: {to: done, means: grant}, refuse: {to: no, means: refuse}}
ends: {done: {title: 完, outcome: granted}, no: {title: 否, outcome: refused}}
"""
TODAY = date(2026, 3, 2)


def handed(*more: Person) -> Runner:
    runner = Runner.of(HANDED)
    runner.staff = with_staff(runner.staff, *more)
    runner.open("village.cadre")
    return runner


def lend(runner: Runner, deputy: str, principal: str, post: str, division: str, *span: date) -> Runner:
    first, last = span or (DAY_ONE, TODAY + timedelta(days=30))
    held = Holding(post, division, first, last)
    runner.staff = Staff.of(runner.staff.people.values(), 0, [*runner.staff.deputies, Deputy(deputy, principal, held)])
    return runner


def holder(runner: Runner) -> dict[str, Any]:
    return next(iter(runner.case.section("items").values()))


class TestAssign:
    def test_a_superior_office_gives_work_to_a_holder_of_its_post(self) -> None:
        runner = handed(person("county.head", "county.supervisor"))
        due = runner.due("check")
        runner.do(Assign, "county.head", to="township.cadre2")
        assert holder(runner)["by"] == "township.cadre2"
        assert runner.due("check") == due, "the limit runs on"
        assert runner.told("assigned") == ["township.cadre"]
        with pytest.raises(ActionNotAllowedError, match=r"township.cadre2 has claimed this"):
            runner.act("township.cadre", "pass")
        runner.act("township.cadre2", "pass")

    def test_a_superior_takes_work_away_a_fellow_does_not(self) -> None:
        runner = handed(person("county.head", "county.supervisor"))
        runner.do(Claim, "township.cadre")
        with pytest.raises(PermissionDeniedError, match="only a holder of the post or an office above"):
            runner.do(Assign, "township.cadre2", to="township.cadre2", holder="township.cadre")
        with pytest.raises(InputError, match="say whose"):
            runner.do(Assign, "county.head", to="township.cadre2")
        runner.do(Assign, "county.head", to="township.cadre2", holder="township.cadre")
        assert holder(runner)["by"] == "township.cadre2"

    def test_only_holders_who_are_no_relatives_get_work(self) -> None:
        aunt = replace(person("aunt", "township.cadre"), relatives=frozenset({HOUSEHOLD}))
        runner = handed(aunt)
        for key in ("township.mayor", "aunt", "nobody"):
            with pytest.raises(InputError, match="cannot be handed"):
                runner.do(Assign, "township.cadre", to=key)

    def test_a_stranger_assigns_nothing(self) -> None:
        with pytest.raises(PermissionDeniedError):
            handed().do(Assign, "village.cadre", to="township.cadre")


class TestTransfer:
    def test_the_work_is_the_others_and_he_is_told(self) -> None:
        runner = handed()
        runner.do(Claim, "township.cadre")
        runner.do(Transfer, "township.cadre", to="township.cadre2")
        assert holder(runner) == {"q": "check", "p": "township.cadre", "d": TOWNSHIP, "by": "township.cadre2"}
        assert runner.told("transferred") == ["township.cadre"]
        assert runner.last().kind == "transferred"
        runner.act("township.cadre2", "pass")
        assert runner.last().behalf == ""

    def test_to_the_post_that_stands_in_for_it(self) -> None:
        runner = handed()
        runner.do(Transfer, "township.cadre", to="township.secretary")
        assert holder(runner)["f"] == "township.cadre"
        runner.act("township.secretary", "pass")
        assert runner.stage == "sign"

    def test_to_nobody_else_and_not_anothers_work(self) -> None:
        runner = handed()
        runner.do(Claim, "township.cadre")
        with pytest.raises(ActionNotAllowedError, match=r"township.cadre has claimed"):
            runner.do(Transfer, "township.cadre2", to="township.cadre2")
        with pytest.raises(InputError, match=r"to township.cadre2, township.secretary"):
            runner.do(Transfer, "township.cadre", to="village.cadre")

    def test_a_seat_keeps_its_place_in_the_tally(self) -> None:
        runner = handed(person("second", "township.mayor"))
        runner.act("township.cadre", "pass")
        runner.do(Transfer, "township.mayor", to="second")
        runner.act("township.secretary", "pass")
        with pytest.raises(ActionNotAllowedError, match="second has claimed"):
            runner.act("township.mayor", "pass")
        runner.act("second", "pass")
        assert runner.stage == "decide"

    def test_what_is_on_a_list_is_decided_with_it(self) -> None:
        runner = handed()
        runner.act("township.cadre", "pass")
        for key in ("township.secretary", "township.mayor"):
            runner.act(key, "pass")
        runner.do(Enlist, "county.bureau", list=runner.new_id())
        for kind in (Transfer, Delegate, Assign):
            with pytest.raises(ActionNotAllowedError, match="on a list"):
                runner.do(kind, "county.bureau", to="county.bureau2")


class TestDelegate:
    def entrusted(self) -> Runner:
        runner = handed(person("clerk", "township.clerk"), person("clerk2", "township.clerk"))
        runner.do(Delegate, "township.cadre", to="clerk")
        return runner

    def test_C18_the_other_answers_in_the_givers_name_and_both_are_in_the_log(self) -> None:
        runner = self.entrusted()
        assert runner.told("entrusted") == ["township.clerk"]
        runner.act("clerk", "pass")
        assert (runner.last().actor, runner.last().behalf) == ("clerk", "township.cadre")
        assert runner.last().post == f"township.clerk@{TOWNSHIP}"
        assert runner.case.section("acts")["check"] == ["clerk", "township.cadre"]

    def test_only_he_may_and_he_hands_it_no_further(self) -> None:
        runner = self.entrusted()
        with pytest.raises((PermissionDeniedError, ActionNotAllowedError)):
            runner.act("clerk2", "pass")
        with pytest.raises(ActionNotAllowedError, match="clerk has claimed"):
            runner.act("township.cadre2", "pass")
        for kind in (Delegate, Transfer):
            with pytest.raises((PermissionDeniedError, ActionNotAllowedError)):
                runner.do(kind, "clerk", to="clerk2")

    @pytest.mark.parametrize("by", ["clerk", "township.cadre"])
    def test_it_goes_back_to_the_giver(self, by: str) -> None:
        runner = self.entrusted()
        runner.do(Release, by)
        assert holder(runner) == {"q": "check", "p": "township.cadre", "d": TOWNSHIP, "by": "township.cadre"}
        with pytest.raises(PermissionDeniedError):
            runner.act("clerk", "pass")
        runner.act("township.cadre", "pass")

    def test_I17_it_ends_when_the_giver_loses_his_post(self) -> None:
        runner = self.entrusted()
        runner.staff = with_staff(runner.staff, person("township.cadre"))
        with pytest.raises(PermissionDeniedError):
            runner.act("clerk", "pass")
        runner.do(Release, "township.cadre2")
        assert holder(runner) == {"q": "check", "p": "township.cadre", "d": TOWNSHIP}

    def test_I18_neither_may_be_a_relative_or_have_prepared_what_is_judged(self) -> None:
        runner = handed(replace(person("clerk", "township.clerk"), relatives=frozenset({HOUSEHOLD})))
        with pytest.raises(InputError, match="cannot be handed to clerk"):
            runner.do(Delegate, "township.cadre", to="clerk")
        runner = self.entrusted()
        runner.act("clerk", "pass")
        runner.staff = with_staff(runner.staff, person("township.cadre", "township.cadre", "township.mayor"))
        with pytest.raises(GuardRefusedError, match=r"township.cadre already acted"):
            runner.act("township.cadre", "pass")

    def test_one_person_has_one_voice_in_a_panel(self) -> None:
        runner = handed()
        runner.act("township.cadre", "pass")
        runner.do(Delegate, "township.mayor", to="township.secretary")
        runner.act("township.secretary", "pass", post="township.secretary")
        assert (holder(runner)["p"], holder(runner)["by"]) == ("township.mayor", "township.mayor"), "it is his again"
        with pytest.raises(ActionNotAllowedError, match=r"township.mayor has claimed"):
            runner.act("township.secretary", "pass")
        runner.act("township.mayor", "pass")
        assert runner.stage == "decide"

    def test_a_trustee_with_a_seat_of_his_own_claims_that(self) -> None:
        runner = handed()
        runner.act("township.cadre", "pass")
        runner.do(Delegate, "township.secretary", to="township.mayor")
        runner.do(Claim, "township.mayor")
        claimed = [item.get("f", item["p"]) for item in runner.case.section("items").values() if "by" in item]
        assert sorted(claimed) == ["township.mayor", "township.secretary"]


class TestDeputies:
    """C18: nobody can act while I am away."""

    def lent(self, *span: date) -> Runner:
        return lend(
            handed(person("stand", "village.group_head")), "stand", "township.cadre", "township.cadre", TOWNSHIP, *span
        )

    def test_C18_a_deputy_acts_and_sees_for_the_other(self) -> None:
        runner = self.lent()
        runner.act("stand", "pass")
        assert (runner.last().actor, runner.last().post, runner.last().behalf) == (
            "stand", f"township.cadre@{TOWNSHIP}", "township.cadre",
        )  # fmt: skip

    @pytest.mark.parametrize(
        "span",
        [
            (TODAY - timedelta(days=9), TODAY - timedelta(days=1)),
            (TODAY + timedelta(days=1), TODAY + timedelta(days=9)),
        ],
    )
    def test_I17_from_its_first_day_to_its_last(self, span: tuple[date, date]) -> None:
        with pytest.raises(PermissionDeniedError):
            self.lent(*span).act("stand", "pass")

    def test_I17_no_more_than_the_principal_may_at_that_moment(self) -> None:
        runner = self.lent()
        runner.staff = Staff.of(
            {**runner.staff.people, "township.cadre": person("township.cadre")}.values(), 0, runner.staff.deputies
        )
        with pytest.raises(PermissionDeniedError):
            runner.act("stand", "pass")

    def test_I17_a_deputy_has_no_deputy(self) -> None:
        runner = lend(self.lent(), "village.cadre", "stand", "township.cadre", TOWNSHIP)
        with pytest.raises(PermissionDeniedError):
            runner.act("village.cadre", "pass")

    def test_I19_he_sees_the_others_divisions_and_no_others(self) -> None:
        runner = handed(person("stand", f"village.cadre@{OTHER_VILLAGE}"))
        with pytest.raises(CaseNotFoundError):
            runner.act("stand", "pass")
        lend(runner, "stand", "township.cadre", "township.cadre", TOWNSHIP).act("stand", "pass")

    def test_I18_the_principals_relatives_are_his_too(self) -> None:
        runner = self.lent()
        cadre = replace(person("township.cadre", "township.cadre"), relatives=frozenset({HOUSEHOLD}))
        runner.staff = Staff.of({**runner.staff.people, cadre.key: cadre}.values(), 0, runner.staff.deputies)
        with pytest.raises(GuardRefusedError, match=r"township.cadre has declared"):
            runner.act("stand", "pass")

    def test_a_panel_counts_one_answer_for_the_principal(self) -> None:
        runner = lend(
            handed(person("stand", "village.group_head")), "stand", "township.mayor", "township.mayor", TOWNSHIP
        )
        runner.act("township.cadre", "pass")
        runner.act("stand", "pass")
        assert "sign#2/township.mayor" in runner.case.section("answers")
        with pytest.raises(ActionNotAllowedError, match=r"township.mayor has already answered"):
            runner.act("township.mayor", "pass")
        runner.act("township.secretary", "pass")
        assert runner.stage == "decide"

    @pytest.mark.parametrize(
        ("by", "command", "more"),
        [("township.cadre", Claim, {}), ("township.cadre2", Claim, {}),
         ("township.cadre", Transfer, {"to": "township.cadre2"}),
         ("township.cadre", Assign, {"to": "township.cadre2"})],
    )  # fmt: skip
    def test_C18_what_a_deputy_took_up_is_free_when_he_is_one_no_more(self, by: str, command: Any, more: Any) -> None:
        runner = self.lent()
        runner.do(Claim, "stand")
        runner.staff = Staff.of(runner.staff.people.values())
        runner.do(command, by, **more)
        assert holder(runner)["by"] == more.get("to", by)


COUNTERSIGNED = """
workflow: countersigned
opens: {found: {by: village.cadre, to: sign}}
stages:
  sign:
    title: 会签
    panel: {seats: {township.office: 2, township.mayor: 1}, ORDER tally: {pass: all, fail: otherwise}}
    actions: {pass: {to: next}, fail: {to: no, means: refuse}}
ends: {done: {title: 完, outcome: granted}, no: {title: 否, outcome: refused}}
"""


JOINED = """
workflow: joined
opens: {found: {by: village.cadre, to: check}}
stages:
  check:
    title: 审核
    by: township.office
    limit: 5 day
    actions: {pass: {to: next}, back: {to: apply, means: back}}
  apply: {title: 补正, aside: yes, by: village.cadre, actions: {pass: {to: check}}}
tasks:
  visit: {title: 走访, by: village.cadre, opens: check.entered, awaited_by: check}
  compare: {title: 比对, by: township.clerk, opens: check.entered, awaited_by: check}
ends: {done: {title: 完, outcome: granted}}
"""


class TestPanels:
    """C7: who has answered in a panel has no more work in it."""

    def panel(self, order: str = "", *more: Person) -> Runner:
        runner = Runner.of(COUNTERSIGNED.replace("ORDER", order))
        runner.staff = with_staff(runner.staff, *more)
        runner.open("village.cadre")
        return runner

    @pytest.mark.parametrize(
        ("kind", "more"), [(Claim, {}), (Transfer, {"to": "township.office2"}), (Delegate, {"to": "township.mayor"})]
    )
    def test_C7_who_has_answered_takes_and_hands_on_no_other_seats_work(self, kind: Any, more: Any) -> None:
        runner = self.panel()
        runner.act("township.office", "pass")
        with pytest.raises(ActionNotAllowedError, match="already answered"):
            runner.do(kind, "township.office", **more)

    def test_C7_no_work_is_handed_to_who_has_answered(self) -> None:
        runner = self.panel("", person("head", "county.supervisor"))
        runner.act("township.office", "pass")
        for kind, by in ((Assign, "head"), (Assign, "township.office2"), (Transfer, "township.office2")):
            with pytest.raises(InputError, match=r"nobody else can take this work|cannot be handed"):
                runner.do(kind, by, to="township.office")
        runner.act("township.mayor", "pass")
        with pytest.raises(InputError, match="cannot be handed"):
            runner.do(Delegate, "township.office2", to="township.mayor")

    def test_C7_in_order_nobody_takes_up_the_work_of_whose_turn_it_is(self) -> None:
        with pytest.raises(ActionNotAllowedError, match="turn"):
            self.panel("order: yes,").do(Claim, "township.mayor")

    def test_C7_C18_a_deputys_answer_closes_what_his_principal_had_taken_up(self) -> None:
        runner = self.panel("", person("stand", "township.clerk"))
        lend(runner, "stand", "township.office", "township.office", TOWNSHIP)
        runner.do(Claim, "township.office")
        runner.act("stand", "pass")
        runner.act("township.office2", "pass")

    def test_C7_who_answers_what_he_had_entrusted_leaves_the_other_seat_its_work(self) -> None:
        runner = self.panel("order: yes,")
        runner.do(Delegate, "township.office", to="township.mayor")
        runner.act("township.office", "pass")
        assert "of" not in holder(runner)
        runner.act("township.office2", "pass")

    def test_C7_who_has_answered_keeps_no_other_seats_work_from_its_post(self) -> None:
        runner = self.panel("", person("stand", "township.clerk"), person("clerk", "township.clerk"))
        lend(runner, "stand", "township.office", "township.office", TOWNSHIP)
        runner.do(Claim, "stand")
        runner.do(Delegate, "township.office", to="clerk")
        runner.act("stand", "pass", post="township.office")
        assert runner.items("sign") == ["township.mayor", "township.office"]
        assert not [item for item in runner.case.section("items").values() if {"by", "of"} & set(item)]
        runner.act("township.office2", "pass")
        runner.do(Withdraw, "stand")
        assert runner.items("sign") == ["township.mayor", "township.office"]

    def test_C6_thresholds_count_the_seats_whoever_answers_in_them(self) -> None:
        runner = self.panel("", person("stand", "township.clerk"))
        lend(runner, "stand", "township.mayor", "township.mayor", TOWNSHIP)
        runner.do(Transfer, "township.office", to="township.office2")
        runner.do(Delegate, "township.office2", to="stand")
        assert runner.case.section("asks")["sign"]["e"] == {"township.office": 2, "township.mayor": 1}
        runner.act("stand", "pass", post="township.mayor")
        runner.act("township.office", "pass")
        runner.do(Release, "township.office2")
        runner.act("township.office2", "fail")
        assert runner.case.get("outcome") == "refused"

    def test_C3_a_return_makes_the_work_of_every_seat_anew_whoever_had_it(self) -> None:
        decide = "  decide: {title: 审, by: county.bureau, actions: {grant: {to: next}, back: {to: sign, means: back}}}"
        text = COUNTERSIGNED.replace("ORDER", "").replace("ends:", f"{decide}\nends:")
        runner = Runner.of(text)
        runner.staff = with_staff(runner.staff, person("law", "county.law"))
        runner.open("village.cadre")
        runner.do(AddSigner, "township.office", signer="law", when="before")
        runner.do(Sign, "law", answer="agree")
        runner.do(Delegate, "township.office", to="township.mayor2")
        runner.do(Transfer, "township.mayor", to="township.mayor2")
        for who in ("township.mayor2", "township.office", "township.office2"):
            runner.act(who, "pass")
        runner.act("county.bureau", "back")
        assert runner.items("sign") == ["township.mayor", "township.office", "township.office"]
        assert not [item for item in runner.case.section("items").values() if {"by", "of", "g"} & set(item)]
        assert "g" not in runner.case.section("asks")["sign"]
        for who in ("township.office", "township.office2", "township.mayor"):
            runner.act(who, "pass")
        assert runner.stage == "decide"


class TestTasks:
    def test_C2_C15_handed_on_tasks_are_cancelled_by_a_return_and_join_once_after_it(self) -> None:
        runner = Runner.of(JOINED)
        runner.open("village.cadre")
        runner.do(Transfer, "village.cadre", to="village.cadre2", on="visit")
        runner.do(Delegate, "township.clerk", to="township.office", on="compare")
        runner.act("township.office2", "back")
        assert not [item for item in runner.case.section("items").values() if item["q"] in ("visit", "compare")]
        runner.act("village.cadre", "pass")
        for who, task in (("village.cadre", "visit"), ("township.clerk", "compare")):
            runner.act(who, "done", on=task)
            with pytest.raises(ActionNotAllowedError, match="not being asked"):
                runner.act(who, "done", on=task)
        events = runner.events[runner.case.id]
        begun = [event for event in events for change in event.changes if change[:2] == ("clocks", "check")]
        assert len(begun) == 1, "the limit starts when both are done, once"
        runner.act("township.office2", "pass")


class TestUrgeAndCopy:
    def test_whoever_has_work_is_urged_once_a_day(self) -> None:
        runner = handed()
        runner.do(Urge, "village.cadre", note="等米下锅")
        assert runner.told("urged") == ["township.cadre"]
        with pytest.raises(ActionNotAllowedError, match="urged today"):
            runner.do(Urge, "village.cadre")
        runner.wait(days=1)
        runner.do(Urge, "village.cadre")

    def test_those_who_sign_an_answer_that_is_held_are_urged(self) -> None:
        runner = handed(person("law", "county.law"))
        runner.do(AddSigner, "township.cadre", signer="law", when="after")
        runner.act("township.cadre", "pass")
        assert any(
            (each.kind, each.allowed) == ("urge", True)
            for each in offered(runner.procedure, runner.case, "village.cadre", runner.now, runner.world)
        )
        runner.do(Urge, "village.cadre")
        assert runner.told("urged") == ["county.law"]

    def test_an_urge_makes_no_page_stale_and_answers_nothing(self) -> None:
        runner = handed()
        seen = runner.case.seq
        runner.do(Urge, "village.cadre")
        runner.act("township.cadre", "pass", seen=seen)

    def test_a_copy_reaches_posts_and_persons_who_may_see_the_case(self) -> None:
        runner = handed(person("far", f"village.cadre@{OTHER_VILLAGE}"))
        runner.do(Copy, "township.cadre", to=("township.cadre", "county.bureau2"))
        assert runner.told("copied") == ["township.cadre", "county.bureau"]
        for stranger in ("far", "nobody"):
            with pytest.raises(InputError, match="may not see"):
                runner.do(Copy, "township.cadre", to=(stranger,))


class TestOffered:
    def offers(self, runner: Runner, by: str) -> dict[str, tuple[str, ...]]:
        found = offered(runner.procedure, runner.case, by, runner.now, runner.world)
        kinds = ("assign", "transfer", "delegate", "release", "urge", "copy")
        return {each.kind: each.choices for each in found if each.kind in kinds and each.allowed}

    def test_what_is_offered_is_what_decide_allows_with_those_who_can_take_it(self) -> None:
        runner = handed(person("clerk", "township.clerk"))
        found = self.offers(runner, "township.cadre")
        assert found["assign"] == ("township.cadre2",)
        assert found["transfer"] == ("township.cadre2", "township.secretary", "township.secretary2")
        assert "clerk" in found["delegate"]
        assert "township.cadre2" not in found["delegate"]
        for kind, command in (("assign", Assign), ("transfer", Transfer), ("delegate", Delegate)):
            for key in found[kind]:
                runner.attempt(command(id=runner.new_id(), person="township.cadre", to=key))
        assert set(self.offers(runner, "village.cadre")) == {"urge", "copy"}

    def test_what_was_entrusted_can_be_given_back_by_both(self) -> None:
        runner = handed(person("clerk", "township.clerk"))
        runner.do(Delegate, "township.cadre", to="clerk")
        assert "release" in self.offers(runner, "clerk")
        assert "release" in self.offers(runner, "township.cadre")
        assert not {"transfer", "delegate", "assign"} & set(self.offers(runner, "clerk"))


def test_a_whole_countys_head_is_above_a_township() -> None:
    runner = handed(person("head", f"county.supervisor@{WHOLE}"))
    runner.do(Assign, "head", to="township.cadre")
    runner.ask(Act(id=runner.new_id(), person="township.cadre", action="pass"))

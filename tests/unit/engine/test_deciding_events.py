"""What an event says, and what it is worth: opening, facts and papers, the chain, the digest, one whole shipped way."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cases import (
    Act,
    Attach,
    Case,
    Comment,
    Document,
    Event,
    Minutes,
    Object,
    OpenCase,
    Secret,
    canonical,
    command_digest,
    fold,
    iso,
    link_hash,
    replay,
)
from engine.errors import ActionNotAllowedError, GuardRefusedError, InputError
from tests.harness import COUNTY, HOUSEHOLD, MONDAY, PAPER, VILLAGE, Runner, shipped

#: What a record may hold.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)

FORMS = """
workflow: forms
opens: {found: {by: village.cadre, to: apply}, other: {by: village.cadre, to: [{when: rich, to: decide}, {to: apply}]}}
params: {line: {title: 线, type: yuan, value: 100}}
facts:
  found_on: {title: 发现日, type: date, in: opens}
  rich: {title: 富, type: yes_no, in: other}
  name: {title: 姓名, type: text, in: apply, optional: yes}
  income: {title: 收入, type: yuan, in: apply, secret: yes}
  share: {title: 比例, type: share, in: apply, optional: yes}
  risks: {title: 风险, type: "many of fire, flood", in: apply, optional: yes}
  car: {title: 有车, type: yes_no, in: apply}
  house: {title: 房, type: one of, options: {own: 自有, rent: 租}, in: apply, optional: yes}
  plate: {title: 车数, type: number, in: apply, when: car}
  hit: {title: 命中, type: yes_no, of: member, in: decide}
  why: {title: 理由, type: text, in: decide.refuse}
  said: {title: 撤回理由, type: text, in: withdraw}
  again: {title: 复核, type: yes_no, in: decide, fresh: yes}
  done_on: {title: 办结日, type: date}
  flag: {title: 标记, type: yes_no}
rules:
  below: {title: 低于线, if: income < k.line, clause: 样例第三条}
  clean: {title: 无命中, if: "!members.exists(m, m.hit)"}
  broken: {title: 坏, if: "1 / (income - income) > 0"}
papers:
  form: {title: 申请表, in: apply}
  photo: {title: 照片, in: decide, when: car, kind: photo}
  seal: {title: 盖章件, in: decide, fresh: yes}
  letter: {title: 决定书, in: decide.refuse}
  made: {title: 台账, in: apply, made_by: system}
stages:
  apply:
    title: 申请
    by: village.cadre
    actions: {submit: {to: next, needs: [below]}, odd: {to: next, needs: [broken]}}
  decide:
    title: 审定
    by: county.bureau
    actions:
      grant:
        {to: next, means: grant, needs: clean,
        set: {household.since: today, household.poor: "yes", done_on: today, flag: "yes"}}
      refuse: {to: no, means: refuse}
      back: {to: apply, means: back}
anywhere: {withdraw: {to: gone, means: withdraw, by: [household]}}
ends: {yes_: {title: 可, outcome: granted}, no: {title: 否, outcome: refused}, gone: {title: 撤, outcome: withdrawn}}
"""
APPLIED: dict[str, Any] = {"income": 5000, "car": False}


def forms(**more: Any) -> Runner:
    runner = Runner.of(FORMS)
    runner.open("village.cadre", facts={"found_on": date(2026, 3, 1)}, members=("m1", "m2"), **more)
    return runner


def decided(runner: Runner, **facts: Any) -> Runner:
    runner.act("village.cadre", "submit", facts={**APPLIED, **facts}, papers={"form": PAPER})
    return runner


class TestOpening:
    def test_the_first_event_says_what_the_case_is(self) -> None:
        case = forms().case
        head = dict(case.section("case"))
        said = ("workflow", "subject", "division", "channel", "status", "stage", "members")
        assert {key: head[key] for key in said} == {
            "workflow": "forms", "subject": HOUSEHOLD, "division": VILLAGE, "channel": "found", "status": "open",
            "stage": "apply", "members": ["m1", "m2"],
        }  # fmt: skip
        assert (case.opened_at, case.number, case.entry) == (MONDAY, "430822-2026-001001", 1)
        assert "household" not in head

    def test_a_channel_may_lead_where_facts_say(self) -> None:
        runner = Runner.of(FORMS)
        runner.open("village.cadre", "other", facts={"found_on": "2026-03-01", "rich": True})
        assert (runner.stage, runner.last().body["to"]) == ("decide", "decide")

    @pytest.mark.parametrize(
        ("more", "error", "why"),
        [
            ({"channel": "none"}, ActionNotAllowedError, "has no channel none; it has found, other"),
            ({"facts": {}}, GuardRefusedError, "found_on"),
            ({"facts": {"found_on": "yesterday"}}, InputError, "YYYY-MM-DD"),
            ({"facts": {"income": 3}}, InputError, "income is not asked for here; asked for: found_on 发现日"),
            ({"papers": {"form": PAPER}}, InputError, "no paper form is asked for here; asked for: –"),
            ({"division": "110101001001"}, InputError, "outside the county 430822"),
            ({"places": {"moon": VILLAGE}}, InputError, "knows no place moon"),
        ],
    )
    def test_what_cannot_be_opened(self, more: dict[str, Any], error: type[Exception], why: str) -> None:
        with pytest.raises(error, match=why):
            forms(**more) if "facts" not in more else Runner.of(FORMS).open("village.cadre", **more)

    def test_a_case_is_opened_once(self) -> None:
        runner = forms()
        with pytest.raises(ActionNotAllowedError, match="open already"):
            runner.ask(replace(_opening(runner), id=runner.new_id()))


def _opening(runner: Runner) -> OpenCase:
    return OpenCase(
        id=runner.new_id(), person="village.cadre", channel="found", subject=HOUSEHOLD, division=VILLAGE,
        facts={"found_on": "2026-03-01"},
    )  # fmt: skip


class TestForms:
    def test_a_stage_goes_forward_when_all_is_filled_in(self) -> None:
        runner = forms()
        with pytest.raises(GuardRefusedError, match=r"“低于线” cannot be judged while facts are missing: 收入"):
            runner.act("village.cadre", "submit", car=False)
        with pytest.raises(GuardRefusedError, match="申请表") as refused:
            runner.act("village.cadre", "submit", **APPLIED)
        assert refused.value.rule == "completeness"
        decided(runner)
        assert runner.stage == "decide"

    def test_a_fact_may_be_asked_for_only_if(self) -> None:
        runner = forms()
        with pytest.raises(GuardRefusedError, match="车数"):
            decided(runner, car=True)
        decided(runner, car=True, plate=1)

    def test_whether_it_is_asked_for_may_be_unknown(self) -> None:
        with pytest.raises(GuardRefusedError, match="有车"):
            forms().act("village.cadre", "submit", income=1, papers={"form": PAPER})

    def test_values_are_stored_by_type(self) -> None:
        runner = decided(forms(), name="张三", share=Decimal("0.5"), risks=["flood", "fire"])
        facts = {key: stored["v"] for key, stored in runner.case.section("facts").items()}
        assert facts["found_on"] == "2026-03-01"
        assert (facts["share"], facts["risks"], facts["car"]) == ("0.5", ["fire", "flood"], False)
        assert isinstance(facts["name"], Secret)
        assert isinstance(facts["income"], Secret)
        assert "张三" not in repr(facts)

    @pytest.mark.parametrize(
        ("key", "value", "why"),
        [
            ("hit", True, "not asked for here"),
            ("none", 1, "not asked for here"),
            ("income", "5", "money"),
            ("income", True, "money"),
            ("share", "2", "between 0 and 1"),
            ("share", "x", "between 0 and 1"),
            ("risks", ["war"], "some of fire, flood"),
            ("risks", 5, "a list"),
            ("house", "tent", "one of own 自有, rent 租"),
            ("car", "yes", "yes or no"),
            ("name", 5, "text of at most"),
            ("name", "长" * 2001, "text of at most"),
            ("car/m1", True, "belongs to the case"),
        ],
    )
    def test_a_value_that_is_not_of_its_type(self, key: str, value: object, why: str) -> None:
        with pytest.raises(InputError, match=why) as refused:
            forms().act("village.cadre", "submit", facts={key: value})
        assert refused.value.field == key.partition("/")[0] or refused.value.field == key

    def test_a_fact_whose_key_is_gone_is_missing(self) -> None:
        """A household's key was erased: its secrets cannot be read, and no rule guesses them."""
        runner = forms()
        runner.act("village.cadre", "submit", facts=APPLIED, papers={"form": PAPER})
        runner.act("county.bureau", "back")
        income = runner.case.section("facts")["income"]
        income["v"] = Secret(None, income["v"].token)
        with pytest.raises(GuardRefusedError, match="cannot be judged while facts are missing: 收入"):
            runner.attempt(Act(id=runner.new_id(), person="village.cadre", action="submit"))

    def test_facts_of_members_are_asked_of_each(self) -> None:
        runner = decided(forms())
        with pytest.raises(InputError, match=r"hit/MEMBER with one of m1, m2"):
            runner.act("county.bureau", "grant", hit=True)
        with pytest.raises(GuardRefusedError, match="hit"):
            runner.act("county.bureau", "grant", facts={"hit/m1": False, "again": True}, papers={"seal": PAPER})
        with pytest.raises(GuardRefusedError, match="needs: 无命中") as refused:
            runner.act("county.bureau", "grant", facts={"hit/m1": False, "hit/m2": True})
        assert refused.value.rule == "clean"

    def test_what_an_action_asks_for_is_asked_for_by_no_other(self) -> None:
        runner = decided(forms())
        with pytest.raises(GuardRefusedError, match="理由"):
            runner.act("county.bureau", "refuse", papers={"letter": PAPER})
        with pytest.raises(GuardRefusedError, match="决定书"):
            runner.act("county.bureau", "refuse", why="不符")
        with pytest.raises(InputError, match="said is not asked for here"):
            runner.act("county.bureau", "refuse", said="x")
        runner.act("county.bureau", "refuse", why="不符", papers={"letter": PAPER})
        assert runner.case.get("outcome") == "refused"

    def test_an_action_of_anywhere_asks_for_its_own(self) -> None:
        runner = forms()
        with pytest.raises(GuardRefusedError, match="撤回理由"):
            runner.act("village.cadre", "withdraw")
        runner.act("village.cadre", "withdraw", said="不需要了")
        assert runner.stage == "gone"

    def test_fresh_is_asked_again_in_each_entry(self) -> None:
        runner = decided(forms())
        given = {"hit/m1": False, "hit/m2": False, "again": True}
        runner.act("county.bureau", "back")
        decided(runner)
        with pytest.raises(GuardRefusedError, match="复核"):
            runner.act("county.bureau", "grant", facts={k: v for k, v in given.items() if k != "again"})
        with pytest.raises(GuardRefusedError, match="盖章件"):
            runner.act("county.bureau", "grant", facts=given)
        runner.act("county.bureau", "grant", facts=given, papers={"seal": PAPER})

    def test_a_broken_rule_says_so_and_blocks(self) -> None:
        with pytest.raises(GuardRefusedError, match="cannot be evaluated"):
            forms().act("village.cadre", "odd", **APPLIED, papers={"form": PAPER})

    def test_an_action_sets_facts_of_the_case_and_of_the_household(self) -> None:
        runner = decided(forms())
        decision = runner.attempt(
            Act(
                id=runner.new_id(), person="county.bureau", action="grant",
                facts={"hit/m1": False, "hit/m2": False, "again": True}, papers={"seal": PAPER},
            )
        )  # fmt: skip
        assert [(each.of, each.name, each.value) for each in decision.register] == [
            ("household", "since", "2026-03-02"), ("household", "poor", True)
        ]  # fmt: skip
        assert decision.event.body["set"] == {"household.since": "2026-03-02", "household.poor": True}
        facts = decision.case.section("facts")
        assert (facts["done_on"]["v"], facts["flag"]["v"]) == ("2026-03-02", True)

    def test_a_paper_can_be_handed_in_before_it_is_asked_for_and_anew_while_it_is(self) -> None:
        runner = forms()
        for paper in ("form", "form", "seal"):
            runner.do(Attach, "village.cadre", paper=paper, document=PAPER)
        for wrong in ("seal", "made", "none"):
            with pytest.raises(InputError, match="no paper"):
                runner.do(Attach, "village.cadre", paper=wrong, document=PAPER)
        assert runner.case.section("papers")["form"] == {"d": PAPER.digest, "f": "scan.pdf", "s": 3}

    def test_words_are_needed_for_a_comment_and_have_an_end(self) -> None:
        runner = forms()
        for note, why in (("  ", "needs words"), ("长" * 2001, "at most 2000")):
            with pytest.raises(InputError, match=why):
                runner.do(Comment, "village.cadre", note=note)

    def test_only_papers_that_can_still_come_are_taken(self) -> None:
        runner = forms()
        runner.act("village.cadre", "withdraw", said="不需要了")
        with pytest.raises(InputError, match="no paper"):
            runner.do(Attach, "village.cadre", paper="form", document=PAPER)


class TestChain:
    def test_I1_the_events_of_a_case_are_numbered_without_a_gap(self) -> None:
        runner = decided(forms())
        assert [event.seq for event in runner.events[runner.case.id]] == [1, 2] == list(range(1, runner.case.seq + 1))

    def test_I2_the_record_is_what_its_events_fold_to(self) -> None:
        runner = decided(forms())
        events = runner.events[runner.case.id]
        assert replay(COUNTY, runner.case.id, events).record() == runner.case.record()

    def test_I10_an_event_is_never_earlier_than_the_one_before(self) -> None:
        runner = forms()
        runner.now -= timedelta(hours=1)
        runner.do(Comment, "village.cadre", note="钟慢了")
        assert runner.last().at == MONDAY

    @pytest.mark.parametrize(
        ("part", "other"),
        [
            ("actor", "somebody"), ("post", "county.bureau@430822000000"), ("behalf", "x"), ("version", "v2"),
            ("at", MONDAY + timedelta(milliseconds=1)), ("command", UUID(int=1)), ("asked", b"x"), ("kind", "acted"),
            ("seq", 9), ("county", "430821"), ("case", UUID(int=2)),
        ],
    )  # fmt: skip
    def test_I23_the_hash_covers_every_part_of_an_event(self, part: str, other: Any) -> None:
        """Mutant M12: a hash that omits the actor."""
        event = forms().last()
        changed: Event = replace(event, **{part: other})
        assert link_hash(changed, b"", event.text()) != link_hash(event, b"", event.text())

    def test_I23_the_hash_covers_the_text_and_the_hash_before(self) -> None:
        event = forms().last()
        assert (
            len({link_hash(event, b"", "{}"), link_hash(event, b"", event.text()), link_hash(event, b"1", "{}")}) == 3
        )

    @given(JSON)
    def test_the_text_is_what_any_writer_of_canonical_json_makes_of_it(self, value: Any) -> None:
        """What the hashes cover can be made again without our library."""
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert canonical(value) == text
        assert orjson.loads(text) == value

    def test_a_secret_is_never_written_without_its_token(self) -> None:
        with pytest.raises(TypeError, match="sealed"):
            canonical(Secret("x"))
        assert canonical({"b": (1, Secret("x", "t")), "a": None}) == '{"a":null,"b":[1,{"x":"t"}]}'
        for other in (object(), MONDAY, forms().last()):
            with pytest.raises(TypeError, match=f"{type(other).__name__} has no place"):
                canonical({"a": [other]})
        assert repr(Secret("x")) == "Secret(***)"
        assert Secret("x", "t") == Secret("x", "t") != Secret("y", "t")
        assert hash(Secret("x", "t")) == hash(Secret("y", "t"))

    def test_what_has_no_text_of_its_own_is_written_as_what_it_is(self) -> None:
        assert canonical({"m": MappingProxyType({"b": 1, "a": (2,)})}) == '{"m":{"a":[2],"b":1}}'
        runner = forms()
        assert runner.case.version == runner.procedure.version
        assert iso(datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=8)))) == "2026-03-02T01:00:00Z"

    def test_clearing_a_section_is_one_change(self) -> None:
        case = Case(COUNTY, UUID(int=1), sections={"acts": {"a": [1], "b": [2]}})
        event = forms().last()
        cleared = fold(case, replace(event, changes=(("acts", "", None), ("acts", "c", [3]), ("times", "x", None))))
        assert cleared.sections["acts"] == {"c": [3]}
        assert cleared.record() == '{"acts":{"c":[3]}}'


class TestDigest:
    """Mutant M9: a digest of a command that ignores what was asked."""

    BASE = Act(
        id=UUID(int=1), person="a", action="pass", facts={"x": 1}, papers={"p": PAPER}, note="n",
        minutes=Minutes({"village.cadre": 2}, {"pass": 2}),
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("part", "other"),
        [
            ("action", "fail"), ("facts", {"x": 2}), ("facts", {"y": 1}), ("papers", {}), ("note", "m"),
            ("person", "b"), ("post", "x.y"), ("on", "t"), ("to", "s"), ("close", True), ("list", UUID(int=9)),
            ("papers", {"p": Document("cd" * 32, "scan.pdf", 2048)}), ("minutes", None),
            ("minutes", Minutes({"village.cadre": 2}, {"pass": 1})),
        ],
    )  # fmt: skip
    def test_I5_the_digest_covers_what_was_asked(self, part: str, other: Any) -> None:
        assert command_digest(replace(self.BASE, **{part: other})) != command_digest(self.BASE)

    def test_I5_the_digest_leaves_out_what_the_asker_happened_to_see(self) -> None:
        frozen = replace(self.BASE, facts=MappingProxyType(self.BASE.facts))
        for other in (replace(self.BASE, id=UUID(int=2)), replace(self.BASE, seen=7), frozen):
            assert command_digest(other) == command_digest(self.BASE)

    def test_I5_commands_of_another_kind_differ(self) -> None:
        lodged = Object(
            id=UUID(int=1), person="a", objector="o", received_at=datetime(2026, 3, 2, tzinfo=UTC), child=UUID(int=3),
            facts={"x": date(2026, 3, 2), "s": Secret("v"), "l": ["a"]},
        )  # fmt: skip
        assert command_digest(lodged) != command_digest(Comment(id=UUID(int=1), person="a"))
        assert len(command_digest(lodged)) == 16


# --- one whole way ----------------------------------------------------------------------------------------------------

CHECKED = {
    "visited_on": date(2026, 3, 2), "income_pc": 500_000, "methods": ["ask", "look", "calculate", "verify"],
    "members_basis": "hukou", "household_kind": "ordinary", "category": "edge", "risks": ["illness"],
    "income_stable": False, "heavy_spending": False, "serious_hardship": False, "whole_no_labour": False,
    "negative_items": ["none"], "months_away": 0,
}  # fmt: skip
TEAM = Minutes({"township.cadre": 1, "village.liaison": 1}, {"confirmed": 2}, ("township.cadre", "village.liaison"))
ASSEMBLY = Minutes(
    {"village.liaison": 1, "village.committee": 2, "village.party_member": 1, "village.group_head": 1}, {"pass": 5},
    ("village.liaison",),
)  # fmt: skip
DEPARTMENTS = {
    "compare_deposits": ("county.finance_office", "deposit_hit"), "compare_vehicles": ("county.police", "vehicle_hit"),
    "compare_houses": ("county.natural_resources", "house_hit"),
    "compare_companies": ("county.market_regulation", "company_hit"),
    "compare_payroll": ("county.human_resources", "pay_hit"),
}  # fmt: skip


def test_a_household_walks_the_shipped_identification() -> None:
    runner = Runner.of(shipped("identification"), shipped("objection"))
    runner.open("village.cadre", "found", facts={"found_on": date(2026, 3, 1)}, members=("m1",))
    runner.act("village.cadre", "submit", consents=True)
    runner.act("township.cadre", "confirmed", minutes=TEAM, facts=CHECKED)
    runner.act("village.liaison", "pass", minutes=ASSEMBLY, special_case=False)
    runner.post("village.committee")
    objection = runner.lodge("village.cadre2", facts={"grounds": "听说有车"})
    both = Minutes({"village.branch": 1, "village.committee": 1}, {"dismissed": 2})
    runner.act("village.branch", "dismissed", case=objection.id, minutes=both, finding="无车", note="不成立")
    runner.wait(days=8)
    runner.prove("village.committee")
    runner.act("village.committee", "submit")
    runner.act("township.secretary", "return", to="household_check", note="请补充入户日期")
    runner.act(
        "township.cadre2",
        "confirmed",
        minutes=replace(TEAM, persons=("township.cadre2",)),
        visited_on=runner.now.date(),
    )
    runner.act("village.liaison", "pass", minutes=ASSEMBLY)
    runner.post("village.committee")
    runner.wait(days=8)
    runner.prove("village.committee")
    runner.act("village.committee", "submit")
    runner.act("township.secretary", "pass")
    runner.act("township.mayor", "pass")
    for task, (who, fact) in DEPARTMENTS.items():
        runner.act(who, "done", on=task, facts={f"{fact}/m1": False})
    runner.act("county.bureau", "list")
    assert (runner.case.get("outcome"), runner.case.get("status")) == (
        "granted",
        "ended",
    ) or runner.stage == "system_entry"
    runner.act("township.cadre", "enter")
    assert (runner.stage, runner.case.status) == ("listed", "closed")
    assert runner.children()[0].status == "closed"
    sizes = [len(event.text().encode()) for event in runner.events[runner.case.id]]
    assert max(sizes) < 3000
    assert len(runner.case.record().encode()) < 2500

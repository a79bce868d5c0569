"""What is offered is what is accepted: the same guards, every reason, and everything that must be handed in."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.asking import panel_asked
from engine.cases import (
    Act,
    AddSigner,
    Assign,
    Attach,
    Claim,
    Command,
    Comment,
    Confirm,
    Copy,
    Decline,
    Delegate,
    Enlist,
    ExtendClock,
    Minutes,
    Object,
    PostNotice,
    Propose,
    ProveNotice,
    Release,
    RemoveSigner,
    ResumeClock,
    Retract,
    Sign,
    StopClock,
    TakeDownNotice,
    Transfer,
    Urge,
    Withdraw,
)
from engine.drafting import Draft
from engine.errors import BangfuError, CaseNotFoundError, GuardRefusedError
from engine.offering import Offer, offered
from engine.workflow import Workflow
from tests.harness import HOUSEHOLD, OTHER_VILLAGE, PAPER, Runner, person, shipped, with_staff
from tests.unit.engine.test_deciding_clocks import CLOCKS, WHOLE
from tests.unit.engine.test_deciding_events import FORMS
from tests.unit.engine.test_deciding_notices import NOTICE, OBJECTION
from tests.unit.engine.test_deciding_panels import SIGN
from tests.unit.engine.test_deciding_people import PEOPLE
from tests.unit.engine.test_deciding_returns import LINE
from tests.unit.engine.test_deciding_tasks import KEEP

NOW = UUID(int=1)
SAMPLES: dict[str, list[Any]] = {
    "line": [LINE],
    "beside": [KEEP],
    "people": [PEOPLE],
    "forms": [FORMS],
    "notice": [NOTICE.replace("proof: [start]", "proof: [start, end], on_objection: stop"), OBJECTION],
    "clocks": [CLOCKS.replace("{CLOCKS}", WHOLE)],
    "sign": [
        SIGN.replace(
            "{PANEL}",
            "{seats: {village.cadre: 2, township.cadre: 1, county.bureau: 1}, order: yes, quorum: 3, "
            "tally: {pass: over 1/2 of present, fail: otherwise}, else: {use: smaller, reason: yes}}",
        )
        + "panels: {smaller: {title: 小, seats: {county.leader: 2}, tally: {pass: all, fail: otherwise}}}\n"
    ],
    "identification": [shipped("identification"), shipped("objection")],
}
#: Values with which the rules of the samples agree.
VALUES: dict[str, Any] = {
    "methods": ["ask", "look", "calculate", "verify"], "household_kind": "ordinary", "category": "edge",
    "negative_items": ["none"], "consents": True, "special_case": True, "months_away": 0, "rich": False, "income": 5,
}  # fmt: skip


def value(workflow: Workflow, key: str) -> Any:
    name = key.partition("/")[0]
    fact = workflow.facts[name]
    if name in VALUES:
        return VALUES[name]
    made_up = {"text": "x", "date": "2026-03-02", "yes_no": False, "number": 1, "yuan": 1, "share": "0.5"}
    return made_up.get(fact.kind, list(fact.choices[:1]) if fact.kind == "many" else next(iter(fact.choices), ""))


#: What is offered wherever somebody has work, or sees the case.
BESIDE = {"act", "comment", "copy", "urge", "assign", "transfer", "delegate", "propose"}


def command(runner: Runner, who: str, offer: Offer) -> Command:
    """What *offer* asks for, asked for by *who*, with all that it needs."""
    base: dict[str, Any] = {"id": runner.new_id(), "person": who}
    note = "样例" if offer.needs_note else ""
    match offer.kind:
        case "act":
            workflow = runner.procedure.workflow
            facts = {key: value(workflow, key) for key in offer.needs_facts}
            if offer.needs_facts:  # with one fact given, another may be asked for
                for place in (offer.on, f"{offer.on}.{offer.action}", offer.action):
                    for name in runner.procedure.facts_in.get(place, ()):
                        of_each = workflow.facts[name].of == "member"
                        keys = [f"{name}/{m}" for m in runner.case.get("members", ())] if of_each else [name]
                        facts |= {key: value(workflow, key) for key in keys}
            return Act(
                **base, action=offer.action, on=on(runner, offer), facts=facts, note=note,
                to=offer.choices[0] if offer.choices else "", papers=dict.fromkeys(offer.needs_papers, PAPER),
                minutes=minutes(runner, offer) if offer.needs_minutes else None,
                list=UUID(offer.list) if offer.list else None,
            )  # fmt: skip
        case "claim" | "release":
            return {"claim": Claim, "release": Release}[offer.kind](**base, on=offer.on)
        case "assign":
            to = offer.choices[0]
            posts = {(held.post, held.division) for held in runner.staff.posts(to, date(2026, 3, 2))}
            items = [item for item in runner.case.section("items").values() if item["q"] == offer.on]
            work = [item for item in items if "g" not in item and (item["p"], item["d"]) in posts]
            ways = [
                Assign(**base, on=offer.on, to=to, holder=by) for by in sorted({item.get("by", "") for item in work})
            ]
            # Which of several items the person may give away depends on his post.
            return next((way for way in ways if not isinstance(attempt(runner, way, offer), BangfuError)), ways[0])
        case "transfer" | "delegate":
            return {"transfer": Transfer, "delegate": Delegate}[offer.kind](**base, on=offer.on, to=offer.choices[0])
        case "urge":
            return Urge(**base, on=offer.on)
        case "copy":
            return Copy(**base, to=(who,))
        case "add_signer":
            ask = runner.case.section("asks")[offer.on]
            when: Any = ("before", "after")[runner.case.seq % 2]
            signer = next(key for key in (f"signer{number}" for number in range(30)) if key not in ask.get("g", ()))
            return AddSigner(**base, on=on(runner, offer), signer=signer, when=when)
        case "remove_signer":
            return RemoveSigner(**base, on=on(runner, offer), signer=offer.choices[0])
        case "sign":
            answer: Any = offer.action
            return Sign(**base, on=on(runner, offer), answer=answer, note=note)
        case "withdraw":
            return Withdraw(**base)
        case "propose" | "confirm" | "decline" | "retract":
            return by_two(runner, base, offer, note)
        case "list":
            return Enlist(**base, list=UUID(int=99))
        case "post_notice":
            proof = PAPER if offer.needs_document else None
            return PostNotice(**base, place=offer.place, at=runner.now, proof=proof, on=on(runner, offer))
        case "prove_notice":
            return ProveNotice(**base, place=offer.place, proof=PAPER, on=on(runner, offer))
        case "take_down_notice":
            return TakeDownNotice(**base, place=offer.place, note=note, on=on(runner, offer))
        case "object":
            child = runner.new_id()
            return Object(**base, objector=child.hex, received_at=runner.now, child=child, facts={"grounds": "x"})
        case "comment":
            return Comment(**base, note=note)
        case "attach":
            return Attach(**base, paper=offer.on, document=PAPER)
        case "stop_clock":
            return StopClock(**base, clock=offer.on, document=PAPER, note=note)
        case "resume_clock":
            return ResumeClock(**base, clock=offer.on)
        case _:
            return ExtendClock(**base, clock=offer.on, note=note)


def by_two(runner: Runner, base: dict[str, Any], offer: Offer, note: str) -> Command:
    what: Any = offer.action
    if offer.kind == "propose":
        facts = {offer.choices[0]: another(runner, offer.choices[0])} if offer.choices else {}
        return Propose(**base, what=what, facts=facts, note=note)
    kind = {"confirm": Confirm, "decline": Decline, "retract": Retract}[offer.kind]
    return kind(**base, what=what, note=note)


def another(runner: Runner, key: str) -> Any:
    """A value that the recorded fact does not have."""
    fact = runner.procedure.workflow.facts[key.partition("/")[0]]
    stored = runner.case.section("facts")[key]["v"]
    stored = getattr(stored, "value", stored)
    match fact.kind:
        case "yes_no":
            return not stored
        case "date":
            return (date.fromisoformat(stored) - timedelta(days=1)).isoformat()
        case "number" | "yuan":
            return stored + 1
        case "one":
            return next(word for word in fact.choices if word != stored)
        case "many":
            return [word for word in fact.choices if word not in stored][:1]
        case _:
            return f"{stored}，更正"


def on(runner: Runner, offer: Offer) -> str:
    return "" if offer.on in runner.procedure.workflow.stages else offer.on


def minutes(runner: Runner, offer: Offer) -> Minutes:
    """Everybody came, and all gave the answer that is offered."""
    draft = Draft(runner.procedure, runner.case, Comment(id=NOW), runner.now, runner.world)
    present = dict(draft.get("asks", offer.on)["e"])
    assert panel_asked(draft, offer.on).recorded == "minutes"
    return Minutes(present, {offer.action: sum(present.values())})


def offers(runner: Runner, who: str) -> tuple[Offer, ...]:
    return offered(runner.procedure, runner.case, who, runner.now, runner.world)


def offer(runner: Runner, who: str, action: str, kind: str = "act") -> Offer:
    (found,) = [
        each for each in offers(runner, who) if each.kind == kind and action in (each.action or each.on, each.place)
    ]
    return found


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("seed", range(4))
def test_what_is_offered_is_what_is_accepted(name: str, seed: int) -> None:
    chance = random.Random(f"{name}{seed}")
    runner = Runner.of(*SAMPLES[name])
    everything = [held.post for each in runner.staff.people.values() for held in each.posts]
    posts = tuple(dict.fromkeys(everything))
    signers = [person(f"signer{number}", "county.law") for number in range(30)]
    runner.staff = with_staff(
        runner.staff, person("kin", *posts, relatives=[HOUSEHOLD]), person("all", *posts), *signers
    )
    workflow = next(iter(runner.procedures.values())).workflow
    needed = [key for key, fact in workflow.facts.items() if "opens" in fact.in_ and not fact.optional]
    channel = "found" if "found" in workflow.opens else next(iter(workflow.opens))
    facts = {key: value(workflow, key) for key in needed}
    runner.open("village.cadre", channel, facts=facts, members=("m1", "m2"))
    seen: Counter[str] = Counter()
    for _ in range(30):
        accepted: list[tuple[str, Command]] = []
        asked_to_sign = [key for ask in runner.case.section("asks").values() for key in ask.get("g", ())]
        people = [key for key in sorted(runner.staff.people) if not key.startswith("signer")]
        for who in (*chance.sample(people, min(12, len(people))), *asked_to_sign):
            for each in offers(runner, who):
                asked = command(runner, who, each)
                outcome = attempt(runner, asked, each)
                assert each.allowed == (not each.reasons)
                if isinstance(outcome, BangfuError):
                    pending = isinstance(outcome, GuardRefusedError) and bool(each.needs_facts)
                    assert not each.allowed or pending, f"{who}: {each} was refused: {outcome}"
                else:
                    assert each.allowed, f"{who}: {each} was accepted"
                    leads = outcome.get("to", "")
                    assert each.to in ("", leads) or not leads or not each.needs_facts, each
                    accepted.append((who, asked))
                seen[f"{each.kind} {each.allowed}"] += 1
        moves = [(who, asked) for who, asked in accepted if not isinstance(asked, (Comment, Attach, Claim))]
        if moves and chance.random() < 0.8:
            try:
                runner.ask(chance.choice(moves)[1])
            except GuardRefusedError:
                pass  # a subcase's own opening may lack what only its workflow asks for
        else:
            runner.wait(days=chance.randint(0, 4))
        for child in runner.children("objection"):
            if child.status == "open" and chance.random() < 0.5:
                answer(runner, child.id)
        if runner.case.status == "closed":
            break
    assert seen["act True"]
    assert seen["act False"]


def attempt(runner: Runner, asked: Command, each: Offer) -> Any:
    try:
        return runner.attempt(asked).event.body
    except BangfuError as error:
        return error


def answer(runner: Runner, child: UUID) -> None:
    if "township.mayor" in runner.staff.people and runner.versions[child].workflow.stages["verify"].by:
        runner.act("township.mayor", "dismissed", case=child)
    else:
        both = Minutes({"village.branch": 1, "village.committee": 1}, {"dismissed": 2})
        runner.act("village.branch", "dismissed", case=child, minutes=both, finding="x", note="x")


# --- what an offer says -----------------------------------------------------------------------------------------------


def test_every_reason_is_told_not_only_the_first() -> None:
    text = LINE.replace(
        "grant: {to: next, means: grant}", "grant: {to: next, means: grant, needs: ready, opinion: yes}"
    )
    text += "facts: {ready: {title: 备齐, type: yes_no, in: check, optional: yes}}\n"
    text += "tasks: {data: {title: 比对, by: county.police, opens: review.pass, awaited_by: decide}}\n"
    runner = Runner.of(text)
    runner.staff = with_staff(runner.staff, person("kin", "township.cadre", "county.bureau", relatives=[HOUSEHOLD]))
    runner.open("village.cadre")
    runner.act("village.cadre", "submit")
    runner.act("village.liaison", "pass", ready=False)
    runner.act("township.cadre", "pass")
    runner.do(Claim, "county.bureau")
    found = offer(runner, "kin", "grant")
    assert [each.kind for each in found.reasons] == ["claimed", "recusal", "awaited", "rule"]
    assert (found.allowed, found.needs_note, found.to, found.title, found.means) == (
        False,
        True,
        "granted",
        "",
        "grant",
    )
    assert found.posts == ("county.bureau@430822000000",)
    (rule,) = [each for each in found.reasons if each.kind == "rule"]
    assert (rule.rule, rule.text) == ("ready", "needs: 备齐")
    (claimed,) = [each for each in found.reasons if each.kind == "claimed"]
    assert claimed.advice == "ask him to release it, or wait"
    assert [each.kind for each in offer(runner, "village.cadre", "grant").reasons][:1] == ["post"]


def test_C5_the_stages_to_choose_from_were_visited() -> None:
    runner = Runner.of(LINE)
    runner.open("village.cadre")
    runner.act("village.cadre", "submit")
    runner.act("village.liaison", "pass")
    assert offer(runner, "township.cadre", "choose").choices == ("check", "apply")
    assert offer(runner, "township.cadre", "among").choices == ("check",)
    assert offer(runner, "township.cadre", "back").to == "check"
    assert offer(runner, "township.cadre", "correct").to == "check"
    runner.act("township.cadre", "correct")
    assert offer(runner, "village.liaison", "pass").to == "review"


def test_where_there_is_nothing_to_go_back_to_it_is_said() -> None:
    runner = Runner.of(
        LINE.replace(
            "submit: {to: next}",
            "submit: {to: next}, back: {to: previous, means: back}, any: {to: visited, means: back}",
        )
    )
    runner.open("village.cadre")
    for action in ("back", "any"):
        assert "target" in [each.kind for each in offer(runner, "village.cadre", action).reasons]


def test_what_can_be_handed_in_is_needed_and_speaks_not_against() -> None:
    runner = Runner.of(FORMS)
    runner.open("village.cadre", facts={"found_on": "2026-03-01"}, members=("m1", "m2"))
    submit = offer(runner, "village.cadre", "submit")
    assert submit.allowed
    assert set(submit.needs_facts) == {"income", "car"}
    assert submit.needs_papers == ("form",) or submit.needs_papers == ()
    assert offer(runner, "village.cadre", "odd").allowed, "nobody knows yet that the rule is broken"
    runner.act("village.cadre", "submit", income=5000, car=False, papers={"form": PAPER})
    grant = offer(runner, "county.bureau", "grant")
    assert set(grant.needs_facts) == {"hit/m1", "hit/m2", "again"}
    assert grant.needs_papers == ("seal",)
    assert offer(runner, "county.bureau", "refuse").needs_papers == ("letter",)


def test_an_unknown_that_nobody_here_can_fill_in_speaks_against() -> None:
    text = LINE.replace("    actions: {pass: {to: next}, back", "    actions: {pass: {to: next, needs: later}, back")
    runner = Runner.of(text + "facts: {later: {title: 后来, type: yes_no, in: review}}\n")
    runner.open("village.cadre")
    runner.act("village.cadre", "submit")
    (why,) = offer(runner, "village.liaison", "pass").reasons
    assert (why.kind, why.missing, why.rule) == ("unknown", ("later",), "later")


def test_where_it_leads_may_depend_on_what_is_not_there_yet() -> None:
    text = LINE.replace("submit: {to: next}", "submit: {to: [{when: hard, to: decide}, {to: next}]}")
    runner = Runner.of(text + "facts: {hard: {title: 难, type: yes_no, in: apply}}\n")
    runner.open("village.cadre")
    submit = offer(runner, "village.cadre", "submit")
    assert (submit.to, submit.allowed, submit.needs_facts) == ("", True, ("hard",))


def test_answers_that_come_of_themselves_are_nobodys() -> None:
    runner = Runner.of(NOTICE, OBJECTION)
    runner.open("village.cadre", facts={"hidden": False})
    runner.act("village.cadre", "submit")
    ended = offer(runner, "village.committee", "ended")
    assert (ended.allowed, ended.posts, [each.kind for each in ended.reasons]) == (False, (), ["voice"])
    aside = offer(runner, "county.bureau", "aside")
    assert [each.kind for each in aside.reasons] == ["notice"]
    kinds = {each.kind: each.allowed for each in offers(runner, "village.committee") if each.kind not in BESIDE}
    assert kinds == {"claim": True, "post_notice": True, "attach": True}
    runner.post("village.committee")
    kinds = {each.kind: each.allowed for each in offers(runner, "village.committee") if each.kind not in BESIDE}
    assert kinds == {"take_down_notice": True, "object": True, "attach": True}


def test_a_panels_last_answer_is_held_to_what_it_would_bring_about() -> None:
    text = SIGN.replace("{PANEL}", "{seats: {village.cadre: 2}, tally: {pass: '2', fail: '2'}}")
    runner = Runner.of(
        text.replace("fail: {to: refused, means: refuse}", "fail: {to: refused, means: refuse, opinion: yes}")
    )
    runner.open("village.cadre")
    assert offer(runner, "village.cadre", "pass").allowed
    runner.act("village.cadre", "pass")
    assert [each.kind for each in offer(runner, "village.cadre", "pass").reasons] == ["answered"]
    assert offer(runner, "village.cadre2", "pass").allowed
    assert [each.kind for each in offer(runner, "village.cadre2", "fail").reasons] == ["tally"]
    assert offer(runner, "village.cadre2", "abstain").title == ""


def test_a_case_on_a_list_says_which() -> None:
    runner = Runner.of(PEOPLE)
    runner.open("village.cadre", "found")
    runner.act("village.cadre2", "submit")
    runner.act("village.cadre2", "pass", minutes=Minutes({"village.cadre": 1}, {"pass": 1}))
    runner.act("township.cadre", "pass", ok=True)
    runner.act("township.cadre2", "seen")
    assert offer(runner, "county.bureau", "decide", "list").allowed
    runner.do(Enlist, "county.bureau", list=UUID(int=5))
    grant = offer(runner, "county.bureau", "grant")
    assert (grant.allowed, grant.list) == (True, UUID(int=5).hex)
    assert "list" not in {each.kind for each in offers(runner, "county.bureau")}


def test_clocks_offer_what_their_definition_allows() -> None:
    runner = Runner.of(CLOCKS.replace("{CLOCKS}", WHOLE))
    runner.open("village.cadre", facts={"urgent": False, "found_on": "2026-03-02"})
    stop = offer(runner, "township.cadre", "whole", "stop_clock")
    assert (stop.allowed, stop.needs_note, stop.needs_document, stop.title) == (True, True, True, "全程")
    assert [each.kind for each in offer(runner, "county.bureau", "whole", "extend_clock").reasons] == ["rule"]
    runner.do(StopClock, "township.cadre", clock="whole", document=PAPER, note="大雪")
    assert not offer(runner, "township.cadre", "whole", "stop_clock").allowed
    assert offer(runner, "township.cadre", "whole", "resume_clock").allowed
    assert not offer(runner, "village.cadre", "whole", "resume_clock").allowed


def test_what_one_has_claimed_one_may_give_back() -> None:
    runner = Runner.of(LINE)
    runner.open("village.cadre")
    runner.do(Claim, "village.cadre")
    assert {each.kind for each in offers(runner, "village.cadre")} - BESIDE == {"release", "add_signer"}
    (claim,) = [each for each in offers(runner, "village.cadre2") if each.kind == "claim"]
    assert [each.kind for each in claim.reasons] == ["claimed"]


def test_a_closed_case_offers_nothing_that_would_be_taken() -> None:
    runner = Runner.of(LINE)
    runner.open("village.cadre")
    runner.act("village.cadre", "submit")
    runner.act("village.liaison", "pass")
    runner.act("township.cadre", "pass")
    runner.act("county.bureau", "refuse")
    found = {each.kind: each.allowed for each in offers(runner, "village.cadre") if each.kind != "propose"}
    assert found == {"comment": False, "copy": False}
    assert [each.allowed for each in offers(runner, "village.cadre") if each.action == "reopen"] == [True]


def test_I19_out_of_scope_nothing_is_offered() -> None:
    runner = Runner.of(LINE)
    runner.staff = with_staff(runner.staff, person("neighbour", f"village.cadre@{OTHER_VILLAGE}"))
    runner.open("village.cadre")
    with pytest.raises(CaseNotFoundError):
        offers(runner, "neighbour")


SECRET = """
workflow: aid
title: 样例
facts:
  ill: {title: 患病, type: yes_no, in: opens, secret: yes}
  room: {title: 病房, type: text, in: decide, when: [sick]}
rules:
  well: {title: 家中无重病人, if: "!ill"}
  sick: {title: 家中有重病人, if: ill}
opens: {applied: {by: village.cadre, to: decide}}
stages:
  decide:
    title: 审定
    by: township.mayor
    actions:
      grant: {title: 同意, to: next, means: grant, needs: [well]}
      refuse: {title: 不同意, to: [{to: care, when: [sick]}, {to: out}], means: refuse}
  later: {title: 录入, by: township.mayor, actions: {enter: {title: 录入, to: next}}}
clocks:
  whole:
    title: 全程
    limit: 20 workday
    from: opened
    extend: {by: township.mayor, to: 30 workday, needs: [well]}
ends:
  listed: {title: 纳入, outcome: granted}
  out: {title: 不纳入, outcome: refused}
  care: {title: 转医, outcome: refused}
"""


def test_I19_who_has_no_part_in_the_case_learns_nothing_by_what_speaks_against_an_answer() -> None:
    told = []
    for ill in (True, False):
        runner = Runner.of(SECRET)
        runner.staff = with_staff(runner.staff, person("vet", "township.vet"))
        runner.open("village.cadre", facts={"ill": ill})
        told.append(offers(runner, "vet"))
        own = {each.action: each for each in offers(runner, "township.mayor") if each.kind == "act"}
        assert own["refuse"].to == ("care" if ill else "out")
        assert bool(own["grant"].reasons) is ill
        assert ("room" in own["grant"].needs_facts) is ill
    assert told[0] == told[1]

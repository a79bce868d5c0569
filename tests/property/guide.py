"""
What somebody who knows the procedures could ask of a case now: read from the YAML and from what is open, no more.

Most of what is proposed is right, some is too early or against a rule: the office must refuse that, and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.cases import (
    Act,
    AddSigner,
    Assign,
    Attach,
    Case,
    Claim,
    Command,
    Comment,
    Confirm,
    Copy,
    Decline,
    Delegate,
    Document,
    ExtendClock,
    Minutes,
    Object,
    OpenCase,
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
from engine.errors import CaseError
from tests.property.county import COUNTY, HOME_DIVISIONS, POSTS, SECRET_MONEY, SECRET_TEXT, County
from tests.property.oracle import OWN, legal_day, read, shipped

#: The files behind the definitions that the walks use, as PyYAML reads them.
WORKFLOWS: Mapping[str, Mapping[str, Any]] = {
    "identification": shipped("identification"),
    "objection": shipped("objection"),
    **{name: read(OWN / "base" / f"{name}.yaml") for name in ("board", "yard", "measuring", "aftercare")},
}

NOTE = f"{SECRET_TEXT}：走访时所说"
PAPER = Document("ab" * 32, "scan.pdf", 2048)

#: Answers that let a case go on; anything else is made up by the type of the fact.
_VALUES: Mapping[str, Any] = {
    "consents": True,
    "methods": ["ask", "look", "calculate", "verify"],
    "members_basis": "hukou",
    "household_kind": "ordinary",
    "category": "edge",
    "risks": ["illness"],
    "negative_items": ["none"],
    "months_away": 0,
    "asked": SECRET_MONEY // 100,
    "income_pc": SECRET_MONEY,
}


@dataclass(frozen=True)
class Proposal:
    """Something to ask of a case; ``forward`` if it brings the case on."""

    command: Command
    forward: bool = True


def holders(post: str, home: str) -> list[str]:
    """Who holds *post* for a case at *home*; what the household and others do is recorded by the village."""
    level = post.partition(".")[0]
    if level in ("household", "anyone", "objector"):
        post, level = "village.cadre", "village"
    division = {"village": home, "group": home, "township": home[:9] + "000"}.get(level, f"{COUNTY}000000")
    return [person for person, posts in POSTS.items() if (post, division) in posts]


def facts_for(workflow: Mapping[str, Any], case: Case | None, places: Sequence[str], today: datetime) -> dict[str, Any]:
    """Every fact asked for in *places*."""
    found: dict[str, Any] = {}
    for name, fact in workflow.get("facts", {}).items():
        if not set(_many(fact.get("in", ()))) & set(places):
            continue
        value = _VALUES.get(name, _made_up(fact, today))
        if fact.get("of") == "member":
            found.update({f"{name}/{member}": value for member in (case.get("members", ()) if case else ())})
        else:
            found[name] = value
    return found


def _many(written: Any) -> Sequence[str]:
    """A single word where several may stand is a list of one."""
    return [written] if isinstance(written, str) else written


def _made_up(fact: Mapping[str, Any], today: datetime) -> Any:
    match str(fact["type"]).split()[0]:
        case "yes_no":
            return False
        case "date":
            return legal_day(today).isoformat()
        case "number" | "yuan":
            return 1
        case "many":
            return []
        case "one":
            return next(iter(fact["options"]))
        case _:
            return SECRET_TEXT if fact.get("secret") else "已了解"


def papers_for(workflow: Mapping[str, Any], places: Sequence[str]) -> dict[str, Document]:
    return {
        name: PAPER
        for name, paper in workflow.get("papers", {}).items()
        if not paper.get("made_by")
        and ({paper["in"]} if isinstance(paper["in"], str) else set(paper["in"])) & set(places)
    }


def opening(county: County, workflow: str, home: int, who: int = 0) -> OpenCase:
    """How a household's case begins; *who* chooses the channel and, among those who may, the person."""
    written, division, now = WORKFLOWS[workflow], HOME_DIVISIONS[home], county.time.now()
    channel = list(written["opens"])[who % len(written["opens"])]
    persons = holders(_many(written["opens"][channel]["by"])[0], division) or ["cadre"]
    places = ("opens", channel)
    return OpenCase(
        id=county.new_id(), person=persons[who % len(persons)], channel=channel, subject=county.homes[home].hex,
        division=division, note=NOTE, members=("1", "2"), facts=facts_for(written, None, places, now),
        papers=papers_for(written, places),
    )  # fmt: skip


def open_case(county: County, workflow: str, home: int = 0, who: int = 0) -> UUID:
    """Open a case of one of the county's households."""
    case_id = county.new_id()
    command = opening(county, workflow, home, who)
    county.office.open(COUNTY, workflow, command, case_id)
    return case_id


def bring_on(county: County, case_id: UUID) -> Command | None:
    """Have the first thing carried out that brings the case on and is not refused; None if everything is refused."""
    case = county.case(case_id)
    for command in Guide(county, case).forward():
        try:
            county.ask(case_id, command)
        except CaseError:
            continue
        return command
    children = (UUID(link) for link in case.section("links"))
    return next(filter(None, (bring_on(county, child) for child in children)), None)


def bring_to(county: County, case_id: UUID, stage: str) -> Case:
    """Do whatever brings the case on, and wait where nothing else helps, until it stands in *stage*."""
    for _ in range(60):
        case = county.case(case_id)
        if case.stage == stage:
            return case
        if bring_on(county, case_id) is None:
            (timer,) = county.store.due_timers(county.time.now() + timedelta(days=60), 1)
            county.time.move(max(timedelta(0), timer.due_at - county.time.now()))
            county.office.sweep()
    raise AssertionError(f"it never comes to {stage}, and stands in {case.stage}")


class Guide:
    """What can be asked of *case*, with facts and papers as they are asked for."""

    def __init__(self, county: County, case: Case) -> None:
        self.workflow = WORKFLOWS[case.workflow]
        self.case = case
        self.now = max(county.time.now(), case.at)
        self.new_id = county.new_id
        self.home = case.division

    def proposals(self) -> list[Proposal]:
        """What can be asked, what brings the case on first. Who ends it or sends it back comes later."""
        found = [*self._agreements(), *self._answers(), *self._anywhere()]
        return [each for each in found if each.forward] + [each for each in found if not each.forward]

    def forward(self) -> list[Command]:
        """What might bring the case on."""
        return [each.command for each in self.proposals() if each.forward]

    def side_steps(self) -> list[Command]:
        """What changes neither stage nor result."""
        return [*self._claims(), *self._clocks(), *self._papers()]

    def _command(self, kind: type[Command], person: str, **more: Any) -> Command:
        return kind(id=self.new_id(), person=person, note=NOTE, **more)

    # --- answers ---

    def _answers(self) -> Iterator[Proposal]:
        asks = self.case.section("asks")
        for name in sorted(asks, key=lambda name: name in self.workflow["stages"]):  # tasks first: stages wait for them
            question = self.workflow["stages"].get(name) or self.workflow["tasks"][name]
            if "notice" in question:
                yield from self._notice(name, question["notice"])
            elif "panel" in question:
                yield from self._panel(name, question["panel"])
            elif "case" in question:
                pass  # Another case answers.
            elif name in self.workflow["stages"]:
                yield from self._stage(name, question)
            else:
                yield from self._task(name, question)
            if name in self.workflow["stages"]:
                yield from self._own_actions(name, question)

    def _holders(self, post: str) -> list[str]:
        """Who holds *post*, or what the definition names where nobody does."""
        written = self.workflow.get("posts", {}).get(post, "")
        stand_in = written.get("else", "") if isinstance(written, Mapping) else ""
        return holders(post, self.home) or (self._holders(stand_in) if stand_in else [])

    def _on(self, name: str) -> str:
        return "" if name in self.workflow["stages"] else name

    def _listed(self, name: str) -> dict[str, Any]:
        on_list = self.case.section("asks")[name].get("l")
        return {"list": UUID(on_list)} if on_list else {}

    def _act(self, person: str, name: str, action: str, to: str = "", **more: Any) -> Act:
        places = (name, action)
        facts = facts_for(self.workflow, self.case, places, self.now)
        for bit, fact in enumerate(("is_large", "is_private")):  # Ways that depend on a rule: some cases each.
            if fact in facts:
                facts[fact] = bool(self.case.id.int >> bit & 1)
        command = self._command(
            Act, person, action=action, on=self._on(name), to=to, facts=facts,
            papers=papers_for(self.workflow, places), **self._listed(name), **more,
        )  # fmt: skip
        assert isinstance(command, Act)
        return command

    def _stage(self, name: str, question: Mapping[str, Any]) -> Iterator[Proposal]:
        for action, written in question["actions"].items():
            if "by" not in written:
                yield from self._taken(name, action, written, question["by"])

    def _own_actions(self, name: str, question: Mapping[str, Any]) -> Iterator[Proposal]:
        """Actions that are not the voice's answers."""
        for action, written in question["actions"].items():
            if "by" in written:
                yield from self._taken(name, action, written, written["by"])

    def _taken(self, name: str, action: str, written: Mapping[str, Any], by: Any) -> Iterator[Proposal]:
        targets = self._visited(name) if written["to"] == "visited" else [""]
        forward = written.get("means", "pass") in ("pass", "grant")
        for post in _many(by):
            for person in self._holders(post)[: 1 if written.get("means") == "withdraw" else None]:
                for target in targets:
                    yield Proposal(self._act(person, name, action, target), forward)

    def _visited(self, here: str) -> list[str]:
        return sorted(stage for stage in self.case.section("visits") if stage != here)

    def _task(self, name: str, task: Mapping[str, Any]) -> Iterator[Proposal]:
        for result in task.get("results", ("done",)):
            for post in _many(task["by"]):
                for person in self._holders(post):
                    yield Proposal(self._act(person, name, result))

    def _panel(self, name: str, written: Any) -> Iterator[Proposal]:
        chosen = self.case.section("asks")[name].get("p")
        panel = written if isinstance(written, Mapping) else self.workflow["panels"][chosen]
        answers = list(panel["tally"])
        if self.case.workflow == "objection" and self.case.id.int % 2:
            answers.reverse()
        people = [person for post in panel["seats"] for person in self._holders(post)]
        if "else" in panel:
            yield Proposal(self._act(people[0], name, "fallback"), False)
        if panel.get("recorded") == "minutes":
            yield from self._meeting(name, panel, answers, people[0])
            return
        given = self.case.section("answers")
        for answer in (*answers, "abstain"):
            for person in people:
                has = any(key.startswith(f"{name}#") and key.endswith(f"/{person}") for key in given)
                yield Proposal(self._act(person, name, answer), answer == answers[0] and not has)
                yield Proposal(self._act(person, name, answer, close=True), False)

    def _meeting(
        self, name: str, panel: Mapping[str, Any], answers: Sequence[str], secretary: str
    ) -> Iterator[Proposal]:
        seats = {post: int(number) for post, number in panel["seats"].items()}
        for answer in answers:
            minutes = Minutes(seats, {answer: sum(seats.values())})
            yield Proposal(self._act(secretary, name, answer, minutes=minutes), answer in self._good(answers))
        few = Minutes({next(iter(seats)): 1}, {answers[0]: 1})
        yield Proposal(self._act(secretary, name, answers[0], minutes=few), False)

    def _good(self, answers: Sequence[str]) -> Sequence[str]:
        """What brings the case on: the first answer of a panel, any answer to an objection."""
        return answers if self.case.workflow == "objection" else answers[:1]

    def _anywhere(self) -> Iterator[Proposal]:
        if self.case.status != "open":
            return
        for action, written in self.workflow.get("anywhere", {}).items():
            if self.case.stage in written.get("from", (self.case.stage,)):
                yield from self._taken(self.case.stage, action, written, written["by"])

    # --- notices ---

    def _notice(self, name: str, notice: Mapping[str, Any]) -> Iterator[Proposal]:
        posting = self.case.section("notices").get(name, {})
        here = posting.get("n") == self.case.section("asks")[name]["n"]
        hung = posting.get("places", {}) if here else {}
        for person in self._holders(notice["by"]):
            for place in notice["places"]:
                more = {"place": place, "on": self._on(name)}
                if place not in hung:
                    yield Proposal(self._command(PostNotice, person, at=self.now, proof=PAPER, **more))
                    earlier = self.now - timedelta(hours=30)
                    yield Proposal(self._command(PostNotice, person, at=earlier, proof=PAPER, **more), False)
                else:
                    yield Proposal(self._command(ProveNotice, person, proof=PAPER, **more), bool(posting.get("over")))
                    yield Proposal(self._command(TakeDownNotice, person, **more), False)

    def objections(self) -> list[Object]:
        """Against the notice that hangs, or that hung: received now, a day ago, an hour before now, at the very end."""
        if not self.case.section("notices"):
            return []
        name = sorted(self.case.section("notices"))[-1]
        moments = [self.now, self.now - timedelta(days=1), self.now - timedelta(hours=1)]
        end = self.legal_end(name)
        moments.append(end - timedelta(seconds=1) if end else self.now)
        stage = {"on": name} if name in self.case.section("asks") else {}
        child = self.new_id()
        found = []
        for moment in moments:
            facts = {"grounds": "情况不符", "objector_name": SECRET_TEXT, "objector_phone": SECRET_TEXT}
            command = self._command(
                Object, holders("village.cadre", self.home)[0], objector=f"objector {child.int % 3}",
                received_at=moment, child=child, facts=facts, **stage,
            )  # fmt: skip
            assert isinstance(command, Object)
            found.append(command)
        return found

    def legal_end(self, notice: str) -> datetime | None:
        """When the office says that the period of *notice* is over, or was; None: it hangs not, or stands still."""
        posting, wait = self.case.section("notices").get(notice, {}), self.case.section("clocks").get(f"{notice}.wait")
        stands_still = wait is not None and any(stop[1] is None for stop in wait.get("stops", ()))
        end = posting.get("over") or (None if wait is None or stands_still else wait["due"])
        return datetime.fromisoformat(end) if end else None

    # --- second thoughts ---

    def second_thoughts(self) -> list[Command]:
        """Signers asked, heard and taken off; acts taken back; what two persons do. Much of it must be refused."""
        return [*self._signers(), *self._by_two(), *(self._command(Withdraw, person) for person in POSTS)]

    def _signers(self) -> Iterator[Command]:
        strangers = ("market", "labour", "police", "uncle", "clerk")
        for name, ask in sorted(self.case.section("asks").items()):
            question = self.workflow["stages"].get(name) or self.workflow["tasks"][name]
            panel = question.get("panel", ())
            panel = panel if not isinstance(panel, str | list) else self.workflow["panels"][ask["p"]]
            for post in (*_many(question.get("by", ())), *(panel["seats"] if panel else ())):
                for person in self._holders(post)[:2]:
                    for number, signer in enumerate(strangers):
                        when = ("before", "after")[number % 2]
                        yield self._command(AddSigner, person, signer=signer, when=when, on=self._on(name))
            for signer, each in ask.get("g", {}).items():
                yield self._command(Sign, signer, answer="agree", on=self._on(name))
                yield self._command(Sign, signer, answer="disagree", on=self._on(name))
                yield self._command(RemoveSigner, each["by"], signer=signer, on=self._on(name))

    def _agreements(self) -> Iterator[Proposal]:
        """Where a signer is awaited the case goes on with him."""
        for name, ask in self.case.section("asks").items():
            for signer, each in ask.get("g", {}).items():
                if "a" not in each and (each["w"] == "before" or "h" in ask):
                    yield Proposal(self._command(Sign, signer, answer="agree", on=self._on(name)))

    def _by_two(self) -> Iterator[Command]:
        facts = [key for key, stored in self.case.section("facts").items() if isinstance(stored["v"], int)]
        for person in ("cadre", "clerk", "bureau", "stranger"):
            for key in facts[:2]:
                wrong = self.case.section("facts")[key]["v"]
                right = not wrong if isinstance(wrong, bool) else wrong + 1
                yield self._command(Propose, person, what="correct", facts={key: right})
            yield self._command(Propose, person, what="reopen")
        for what in self.case.section("proposals"):
            for person in POSTS:
                yield self._command(Confirm, person, what=what)
            yield self._command(Decline, "bureau", what=what)
            yield self._command(Retract, self.case.section("proposals")[what]["by"], what=what)

    # --- beside the way ---

    def _claims(self) -> Iterator[Command]:
        for name in sorted(self.case.section("asks")):
            question = self.workflow["stages"].get(name) or self.workflow["tasks"][name]
            by = question.get("by", ())
            for post in _many(by):
                for person in self._holders(post):
                    yield self._command(Claim, person, on=self._on(name))
                    yield self._command(Release, person, on=self._on(name))

    def handing(self) -> list[Command]:
        """Work is assigned, handed on and entrusted, others are urged and get copies. Much of it must be refused."""
        return [*self._handed(), *(self._command(Copy, person, to=("police", "cadre")) for person in ("clerk", "head"))]

    def _handed(self) -> Iterator[Command]:
        for name in sorted(self.case.section("asks")):
            on = self._on(name)
            items = [item for item in self.case.section("items").values() if item["q"] == name]
            posts = dict.fromkeys(item.get("f", item["p"]) for item in items)
            people = [person for post in posts for person in self._holders(post)]
            takers = [*people, "head", "mayor", "stranger"]
            for person in people:
                for to in takers:
                    yield self._command(Transfer, person, to=to, on=on)
                    yield self._command(Delegate, person, to=to, on=on)
            for person in (*people, "secretary", "leader", "market"):
                yield from (self._command(Assign, person, to=to, on=on) for to in takers)
                yield self._command(Urge, person, on=on)
            for item in items:
                if "of" in item:  # Who was entrusted answers, gives it back, and hands it no further.
                    yield self._command(Release, item["by"], on=on)
                    yield self._command(Delegate, item["by"], to="head", on=on)

    def _clocks(self) -> Iterator[Command]:
        for name, clock in self.workflow.get("clocks", {}).items():
            if "stop" in clock:
                for person in self._holders(clock["stop"]["by"]):
                    yield self._command(StopClock, person, clock=name, document=PAPER)
                    yield self._command(ResumeClock, person, clock=name)
            if "extend" in clock:
                for person in self._holders(clock["extend"]["by"]):
                    yield self._command(ExtendClock, person, clock=name, document=PAPER)

    def _papers(self) -> Iterator[Command]:
        yield self._command(Comment, "clerk")
        for name in papers_for(self.workflow, list(self.case.section("asks"))):
            yield self._command(Attach, "clerk", paper=name, document=replace(PAPER, name=f"{name}.pdf"))

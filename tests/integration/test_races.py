"""
T06: two at once, each with an office and a database connection of his own, over and over on each kind of database.

Every other time both have decided before either may commit, so that the race is one for certain; the other times they
just start together. Afterwards there is one outcome, whoever was slower knows whose it is, and nothing stored is wrong.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bangfu.library import Library
from engine.cases import Act, Case, Claim, Object, OpenCase, PostNotice
from engine.errors import ActionNotAllowedError, GuardRefusedError, PermissionDeniedError, StaleCaseError
from engine.office import ListRefusedError, Swept
from engine.people import Holding
from storage.checks import check
from storage.intake import Version
from tests.property.county import CANARIES, COUNTY, SINCE, START, TOWNSHIP, VILLAGE, Chance, County
from tests.property.oracle import legal_day
from tests.property.sites import Site

WORKFLOWS = Path(__file__).parent / "workflows"
HOMES = (0, 1, 2)
DAY = timedelta(days=1)
#: What is stored stays stored: a violation is found some races later too.
CHECK_EVERY = 40

Ask = Callable[[County], object]


@dataclass
class Race:
    """Two offices over one database, and what they were told."""

    one: County
    other: County
    told: Counter[str] = field(default_factory=Counter)

    @classmethod
    @contextmanager
    def over(cls, site: Site) -> Iterator[Race]:
        one = County(site.fresh(), site.homes, [Library().calendar()])
        definition = Library([WORKFLOWS]).definition("race")
        version = Version(
            definition.hash, "race", "", definition.canonical, definition.origins_text(), SINCE, one.time.now()
        )
        one.intake.add_version(version)
        chance = Chance()
        chance.count = 1 << 32  # Two processes do not throw the same dice.
        other = replace(one, chance=chance)
        yield cls(one, other)
        other.close()
        one.close()
        site.clear(one.url)

    # --- before the start ---

    def open(self, channel: str = "judged", home: int = 0) -> Case:
        """A new case, on the first morning."""
        self.one.time.at = START
        case = self.one.new_id()
        self.one.office.open(COUNTY, "race", self.opening(channel, home), case)
        return self.one.case(case)

    def opening(self, channel: str = "judged", home: int = 0, person: str = "cadre") -> OpenCase:
        return OpenCase(
            id=self.one.new_id(), person=person, channel=channel, subject=self.one.homes[home].hex, division=VILLAGE,
            members=("1", "2"),
        )  # fmt: skip

    def act(self, case: Case, person: str, action: str) -> Act:
        """As from a page that shows *case*."""
        return Act(id=self.one.new_id(), person=person, action=action, seen=case.seq)

    def end(self, *cases: UUID) -> None:
        """What the race left open is withdrawn."""
        for case in map(self.one.case, cases):
            if case.status == "open":
                self.one.ask(case.id, self.act(case, "cadre", "withdraw"))

    # --- off ---

    def run(self, pool: ThreadPoolExecutor, one: Ask, other: Ask, meet: bool) -> tuple[object, object]:
        """What each of two who ask at once is told; *meet*: neither commits before both have decided."""
        start, decided = threading.Barrier(2), threading.Barrier(2)

        def at_the_commit() -> None:
            with suppress(threading.BrokenBarrierError):
                decided.wait(1)

        def asked(county: County, ask: Ask) -> object:
            county.store.meddle = at_the_commit if meet else None
            start.wait()
            try:
                return ask(county)
            except Exception as error:
                if county.store.meddle is not None:  # It was refused before it came to commit: nobody need wait for it.
                    decided.abort()
                return error
            finally:
                county.store.meddle = None

        sides = [pool.submit(asked, county, ask) for county, ask in ((self.one, one), (self.other, other))]
        results = [side.result() for side in sides]
        return results[0], results[1]

    def kinds(self, case: UUID) -> list[str]:
        return [event.kind for event in self.one.store.events(COUNTY, case)]

    def require_nothing_wrong(self) -> None:
        assert check(self.one.database, self.one.time.latest, calendars=self.one.calendars, never=CANARIES) == []


def on(case: Case, act: Any) -> Ask:
    return lambda county: county.ask(case.id, act)


#: A pair: it prepares one race, and gives the two that run it and what must be so afterwards.
Verdict = Callable[[object, object], str]
Prepared = tuple[Ask, Ask, Verdict]


def decision_and_decision(race: Race, number: int) -> Prepared:
    case = race.open()
    acts = race.act(case, "clerk", "grant"), race.act(case, "clerk_two", "refuse")

    def verdict(*results: object) -> str:
        (won,) = (place for place, result in enumerate(results) if not isinstance(result, Exception))
        lost = results[1 - won]
        assert isinstance(lost, StaleCaseError), lost
        assert (lost.by, lost.did) == (acts[won].person, acts[won].action)
        assert race.one.case(case.id).get("outcome") == ("granted", "refused")[won]
        assert race.kinds(case.id) == ["opened", "acted"]
        return acts[won].action

    return on(case, acts[0]), on(case, acts[1]), verdict


def decision_and_timer(race: Race, number: int) -> Prepared:
    case = race.open()
    race.one.time.at = START + 20 * DAY
    act = race.act(case, "clerk", "grant")

    def verdict(answered: object, swept: object) -> str:
        assert isinstance(swept, Swept), swept
        assert not swept.failed
        assert swept.oldest_due is None
        now, kinds = race.one.case(case.id), race.kinds(case.id)
        assert not now.section("timers")
        assert kinds.count("fired") == swept.fired
        if isinstance(answered, Exception):
            assert isinstance(answered, StaleCaseError), answered
            assert (answered.by, answered.did) == ("", "then")
            assert "(then)" in answered.message
            assert (now.get("outcome"), kinds[-1]) == ("lapsed", "fired")
            return "timer"
        assert (now.get("outcome"), kinds[-1]) == ("granted", "acted")
        return "officer"

    return on(case, act), lambda county: county.office.sweep(), verdict


def vote_and_vote(race: Race, number: int) -> Prepared:
    """The second of two agreeing members settles; where one is against it, his answer alone does."""
    case = race.open("signed")
    answers = ("approved", "sent_back" if number % 4 > 1 else "approved")
    acts = race.act(case, "secretary", answers[0]), race.act(case, "mayor", answers[1])

    def verdict(*results: object) -> str:
        now = race.one.case(case.id)
        given = [event.actor for event in race.one.store.events(COUNTY, case.id) if event.kind != "opened"]
        late = [result for result in results if isinstance(result, Exception)]
        assert now.get("outcome") == ("granted" if answers[1] == "approved" else "refused")
        assert [act.person for act, result in zip(acts, results, strict=True) if result not in late] == sorted(
            given, key=("secretary", "mayor").index
        ), "every answer that was taken is there, once"
        if late:
            assert answers[1] == "sent_back"
            assert isinstance(late[0], StaleCaseError), late
            assert (late[0].by, late[0].did, given) == ("mayor", "sent_back", ["mayor"])
        return f"{answers[1]} {len(given)}"

    return on(case, acts[0]), on(case, acts[1]), verdict


def list_and_single(race: Race, number: int) -> Prepared:
    cases = [race.open(home=home) for home in HOMES]
    among = cases[number % len(cases)]
    together = {case.id: race.act(case, "clerk", "grant") for case in cases}

    def verdict(listed: object, single: object) -> str:
        outcomes = [race.one.case(case.id).get("outcome") for case in cases]
        kinds = [race.kinds(case.id) for case in cases]
        race.end(*(case.id for case in cases))
        if isinstance(single, Exception):
            assert isinstance(single, StaleCaseError), single
            assert (single.by, single.did) == ("clerk", "grant")
            assert outcomes == ["granted"] * len(cases)
            assert kinds == [["opened", "acted"]] * len(cases)
            return "list"
        assert isinstance(listed, ListRefusedError), listed
        (refusal,) = listed.refusals
        assert isinstance(refusal.error, StaleCaseError)
        assert (refusal.number, refusal.error.by, refusal.error.did) == (among.number, "clerk_two", "refuse")
        assert outcomes == ["refused" if case is among else "" for case in cases]
        assert [len(each) for each in kinds] == [2 if case is among else 1 for case in cases]
        return "single"

    act = race.act(among, "clerk_two", "refuse")
    return lambda county: county.office.decide_list(COUNTY, together), on(among, act), verdict


def opening_and_opening(race: Race, number: int) -> Prepared:
    """Of one kind and for one household."""
    race.one.time.at = START
    ids, serial = (race.one.new_id(), race.one.new_id()), race.one.store.next_serial(COUNTY, 2026)
    commands = race.opening(), race.opening(person="cadre_two")

    def opens(place: int) -> Ask:
        return lambda county: county.office.open(COUNTY, "race", commands[place], ids[place])

    def verdict(*results: object) -> str:
        (won,) = (place for place, result in enumerate(results) if not isinstance(result, Exception))
        lost = results[1 - won]
        assert isinstance(lost, GuardRefusedError), lost
        opened = race.one.case(ids[won])
        assert lost.rule == "one_open_case"
        assert opened.number in str(lost)
        with pytest.raises(LookupError):
            race.one.case(ids[1 - won])
        assert race.one.store.next_serial(COUNTY, 2026) == serial + 1, "no number is lost"
        race.end(opened.id)
        return commands[won].person

    return opens(0), opens(1), verdict


def decision_and_revocation(race: Race, number: int) -> Prepared:
    """A decision is stored before its decider loses the post, or not at all (I17)."""
    case = race.open()
    act = race.act(case, "clerk", "grant")
    post = Holding("township.cadre", TOWNSHIP, SINCE)
    steps: list[str] = []

    def decides(county: County) -> object:
        meet = county.store.meddle

        def at_the_commit() -> None:
            if meet is not None:
                meet()
            steps.append("commit")

        county.store.meddle = at_the_commit
        try:
            return county.ask(case.id, act)
        finally:
            steps.append("decided")

    def revokes(county: County) -> None:
        if county.store.meddle is not None:
            county.store.meddle()
        steps.append("revoke")
        county.intake.put_posts([("clerk", replace(post, to_date=legal_day(START) - DAY))])
        steps.append("revoked")

    def verdict(decided: object, revoked: object) -> str:
        assert revoked is None, revoked
        done = race.one.case(case.id).get("outcome") == "granted"
        race.one.intake.put_posts([("clerk", post)])
        race.end(case.id)
        if isinstance(decided, Exception):
            assert isinstance(decided, (PermissionDeniedError, LookupError)), decided
            assert not done
            assert steps.index("revoke") < steps.index("decided"), "he still had it"
            return "revoked"
        assert done
        assert steps.index("commit") < steps.index("revoked"), "it was gone when he came to commit"
        return "decided"

    return decides, revokes, verdict


def objection_and_end(race: Race, number: int) -> Prepared:
    """One received in time counts, whether the period's timer is fired before it is entered or after (F10, I13)."""
    case = race.open("shown")
    race.one.ask(case.id, PostNotice(id=race.one.new_id(), person="committee", place="square", at=START))
    (end,) = (timer.due_at for timer in race.one.store.due_timers(START + 5 * DAY, 1))
    race.one.time.at = end
    child = race.one.new_id()
    objection = Object(
        id=race.one.new_id(), person="cadre", objector=child.hex, received_at=end - timedelta(seconds=1), child=child,
        facts={"grounds": "情况不符"},
    )  # fmt: skip

    def verdict(lodged: object, swept: object) -> str:
        assert not isinstance(lodged, Exception), lodged
        assert isinstance(swept, Swept), swept
        assert not swept.failed
        now, kinds = race.one.case(case.id), race.kinds(case.id)
        assert kinds.count("objected") == 1
        assert race.one.case(child).status == "open"
        assert now.stage in ("show", "judge")
        if now.stage == "judge":
            with pytest.raises((ActionNotAllowedError, GuardRefusedError)):
                race.one.ask(case.id, race.act(now, "clerk", "grant"))
        race.end(case.id)
        return f"{'objected' if kinds[-1] == 'fired' else 'fired'} first, {now.stage}"

    return on(case, objection), lambda county: county.office.sweep(), verdict


def claim_and_claim(race: Race, number: int) -> Prepared:
    case = race.open()
    claims = [Claim(id=race.one.new_id(), person=person) for person in ("clerk", "clerk_two")]

    def verdict(*results: object) -> str:
        (won,) = (place for place, result in enumerate(results) if not isinstance(result, Exception))
        lost = results[1 - won]
        assert isinstance(lost, (ActionNotAllowedError, StaleCaseError)), lost
        assert claims[won].person in str(lost)
        (item,) = race.one.case(case.id).section("items").values()
        assert item["by"] == claims[won].person
        race.end(case.id)
        return claims[won].person

    return on(case, claims[0]), on(case, claims[1]), verdict


PAIRS = (
    decision_and_decision, decision_and_timer, vote_and_vote, list_and_single, opening_and_opening,
    decision_and_revocation, objection_and_end, claim_and_claim,
)  # fmt: skip


def run(site: Site, pair: Callable[[Race, int], Prepared], rounds: int) -> None:
    with Race.over(site) as race, ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            one, other, verdict = pair(race, number)
            race.told[verdict(*race.run(pool, one, other, meet=bool(number % 2)))] += 1
            if number % CHECK_EVERY == 0:
                race.require_nothing_wrong()
        race.require_nothing_wrong()
        print(pair.__name__, dict(race.told))


@pytest.mark.parametrize("pair", PAIRS)
def test_T06_of_two_at_once_one_wins_and_the_other_is_told_who(
    site: Site, pair: Callable[[Race, int], Prepared]
) -> None:
    run(site, pair, 200)


@pytest.mark.long
@pytest.mark.parametrize("pair", PAIRS)
def test_T06_for_long_of_two_at_once_one_wins_and_the_other_is_told_who(
    site: Site, pair: Callable[[Race, int], Prepared]
) -> None:
    run(site, pair, 1_000)

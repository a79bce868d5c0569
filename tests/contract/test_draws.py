"""Lists that draw and rank, through the office and on every database, as docs/examples/repair_quota.yaml has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bangfu.definitions import StoredDefinitions
from bangfu.library import Library
from bangfu.timesource import ManualTime
from engine import listing
from engine.cases import Act, OpenCase, Select, Withdraw
from engine.errors import ActionNotAllowedError, GuardRefusedError, PermissionDeniedError
from engine.listing import decide_list, open_list
from engine.loading import Source, load
from engine.office import ListRefusedError, Office
from engine.people import Holding
from engine.selecting import Candidate, Selected, select
from storage.checks import check
from storage.database import Database
from storage.intake import Intake, NewHousehold, NewMember, Version
from storage.register import SqlRegister
from storage.store import SqlStore
from tests.desk import COUNTY, NOW

WHOLE, TOWNSHIP = "430822000000", "430822103000"
VILLAGES = ("430822103201", "430822103202", "430822103203")
#: The new year, when what was carried over comes up again.
NEXT_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "docs/examples/repair_quota.yaml"


@dataclass
class Round:
    """One round of the quota: households of three villages apply, and come to the county's list."""

    database: Database
    office: Office
    register: SqlRegister
    intake: Intake
    homes: dict[UUID, str] = field(default_factory=dict)

    def apply(self, village: str, **facts: Any) -> UUID:
        new = NewHousehold(village, "测试户", [NewMember("测试", "户主")])
        (home,) = self.intake.add_households(COUNTY, [new], NOW)
        given = {"danger": "c", "income_pc": 500_000, "applied_on": "2026-02-01", "official_kin": False, **facts}
        command = OpenCase(
            id=self.office.new_id(),
            person="cadre",
            channel="applied",
            subject=home.hex,
            division=village,
            members=("1",),
        )
        case = self.office.open(COUNTY, "repair_quota", command).case.id
        self.homes[case] = village
        self.act(case, "cadre", "submit", **given)
        return case

    def act(self, case: UUID, person: str, action: str, note: str = "", **facts: Any) -> None:
        self.office.ask(
            COUNTY, case, Act(id=self.office.new_id(), person=person, action=action, note=note, facts=facts)
        )

    def make_list(self, stage: str) -> UUID:
        # Whoever sorted the cases does not judge them.
        person = "bureau" if stage == "draw" else "chief"
        return open_list(self.office, self.register, COUNTY, person, "repair_quota", stage, WHOLE).id

    def decide(self, list_id: UUID, actions: Mapping[UUID, str], person: str = "bureau") -> None:
        acts: dict[UUID, Act | None] = {
            case: Act(id=self.office.new_id(), person=person, action=action) for case, action in actions.items()
        }
        decide_list(self.office, self.register, COUNTY, person, list_id, acts)

    def fact(self, case: UUID, name: str) -> Any:
        found = self.office.store.load(COUNTY, case).case.section("facts").get(name)
        return found and found["v"]

    def stage(self, case: UUID) -> str:
        return self.office.store.load(COUNTY, case).case.stage

    def faults(self) -> list[str]:
        return [f"{each.invariant} {each.what}" for each in check(self.database, self.office.time_source.now())]


@pytest.fixture
def round_(database: Database) -> Round:
    intake = Intake(database)
    text = EXAMPLE.read_text("utf-8").replace("value: {2026: 20}", "value: {2026: 2, 2027: 1}")
    grant = "      grant: {title: 列入本轮"
    text = text.replace(grant, "      again: {title: 重新核查, to: visit, means: back}\n" + grant)
    definition = load([Source(EXAMPLE.name, text)])
    intake.add_version(
        Version(definition.hash, "repair_quota", "", definition.canonical, definition.origins_text(), NOW.date(), NOW)
    )
    posts = {"cadre": ("village.cadre", VILLAGES), "township": ("township.cadre", (TOWNSHIP,))}
    posts |= dict.fromkeys(("bureau", "chief"), ("county.bureau", (WHOLE,)))
    for person, (post, places) in posts.items():
        intake.put_person(person, person)
        intake.put_posts([(person, Holding(post, place, date(2026, 1, 1))) for place in places])
    calendar = Library().calendar()
    chance = iter(range(1, 100_000))
    office = Office(
        SqlStore(database), StoredDefinitions(intake, NOW.date), lambda county: calendar, ManualTime(NOW),
        lambda count: next(chance).to_bytes(count, "big"),
    )  # fmt: skip
    return Round(database, office, SqlRegister(database), intake)


def test_a_sample_is_drawn_when_the_list_is_made_and_leads_where_the_definition_says(round_: Round) -> None:
    cases = [round_.apply(village, official_kin=no == 0) for no, village in enumerate(VILLAGES * 3)]
    listed = round_.make_list("draw")
    drawn = {case for case in cases if round_.fact(case, "drawn")}
    assert cases[0] in drawn  # An officer's near relative always is.
    assert {round_.homes[case] for case in drawn} == set(VILLAGES)
    assert len(drawn) == 1 + 3  # And three tenths of the other eight, rounded up.
    round_.decide(listed, dict.fromkeys(cases, "sort"))
    assert {case for case in cases if round_.stage(case) == "visit"} == drawn
    assert round_.faults() == []


def test_a_quota_goes_to_the_first_and_who_is_carried_over_comes_first_in_the_next(round_: Round) -> None:
    order = [round_.apply(VILLAGES[0], danger="d", income_pc=300_000), round_.apply(VILLAGES[1], danger="d")]
    order += [round_.apply(VILLAGES[2], income_pc=100_000), round_.apply(VILLAGES[2], applied_on="2026-01-05")]
    round_.decide(round_.make_list("draw"), dict.fromkeys(order, "sort"))
    for case in order:
        if round_.stage(case) == "visit":
            round_.act(case, "township", "confirmed")
    listed = round_.make_list("allot")
    assert [round_.fact(case, "in_quota") for case in order] == [True, True, False, False]
    with pytest.raises(ListRefusedError):
        round_.decide(listed, dict.fromkeys(order, "grant"), "chief")
    round_.decide(listed, dict(zip(order, ("grant", "grant", "carry", "carry"), strict=True)), "chief")
    newcomers = [round_.apply(VILLAGES[0], danger="d", income_pc=0) for _ in range(2)]
    round_.decide(round_.make_list("draw"), dict.fromkeys(newcomers, "sort"))
    for case in newcomers:
        if round_.stage(case) == "visit":
            round_.act(case, "township", "confirmed")
    round_.office.time_source = ManualTime(NEXT_YEAR)
    assert round_.office.sweep().failed == ()
    with pytest.raises(GuardRefusedError, match="not filled in yet"):
        round_.act(order[2], "chief", "carry")  # Last year's rank says nothing of this year's quota.
    round_.make_list("allot")
    assert [round_.fact(case, "in_quota") for case in (*order[2:], *newcomers)] == [
        True,
        False,
        False,
        False,
    ]  # Next year there is money for one.
    assert round_.faults() == []


def test_whoever_comes_again_is_ranked_again_before_anything_is_granted(round_: Round) -> None:
    case = round_.apply(VILLAGES[0], danger="d")
    round_.decide(round_.make_list("draw"), {case: "sort"})
    round_.act(case, "township", "confirmed")
    round_.decide(round_.make_list("allot"), {case: "again"}, "chief")
    assert round_.stage(case) == "visit"
    round_.act(case, "township", "confirmed")
    assert round_.fact(case, "in_quota") is None
    with pytest.raises(GuardRefusedError, match="not filled in yet"):
        round_.act(case, "chief", "grant")
    round_.decide(round_.make_list("allot"), {case: "grant"}, "chief")
    assert round_.faults() == []


def test_nothing_is_added_to_a_list_that_was_drawn_and_decided(round_: Round) -> None:
    first, list_id = round_.apply(VILLAGES[0]), UUID(int=77)

    def ask() -> UUID:
        return open_list(round_.office, round_.register, COUNTY, "bureau", "repair_quota", "draw", WHOLE, list_id).id

    round_.decide(ask(), {first: "sort"})
    late = round_.apply(VILLAGES[1])
    assert ask() == list_id
    assert round_.fact(late, "drawn") is None
    assert round_.faults() == []


def test_nobody_says_himself_what_was_drawn_nor_draws_again(round_: Round) -> None:
    cases = [round_.apply(village) for village in VILLAGES]
    with pytest.raises(PermissionDeniedError, match="only bangfu itself"):
        round_.office.ask(
            COUNTY, cases[0],
            Select(id=UUID(int=5), person="bureau", on="draw", facts={"drawn": False}, chance="", among=1),
        )  # fmt: skip
    round_.make_list("draw")
    with pytest.raises(ActionNotAllowedError, match="nothing here that could be taken back"):
        round_.office.ask(COUNTY, cases[0], Withdraw(id=UUID(int=6), person="bureau"))
    with pytest.raises(ActionNotAllowedError, match="drawn or ranked since"):
        round_.office.ask(COUNTY, cases[0], Withdraw(id=UUID(int=7), person="cadre"))


def test_I23_a_draw_that_was_not_drawn_is_found(round_: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(candidates: Sequence[Candidate], chance: bytes) -> Mapping[UUID, Selected]:
        found = select(candidates, chance)
        return {case: replace(each, facts={"drawn": not each.facts["drawn"]}) for case, each in found.items()}

    monkeypatch.setattr(listing, "select", chosen)
    for village in VILLAGES:
        round_.apply(village)
    round_.make_list("draw")
    assert all(fault.startswith("I23 the list") and "says otherwise" in fault for fault in round_.faults())
    assert len(round_.faults()) == 3

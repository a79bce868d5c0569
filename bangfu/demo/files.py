"""The two files that it is filled from, as offices send them: officers and their posts, and a roster with mistakes."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from bangfu.demo import plan
from engine.divisions import Division, Level
from engine.drafting import SUPERVISOR, seat_division
from engine.identity import check_digit
from engine.workflow import Workflow
from papers.people import COLUMNS
from papers.roster import RosterHousehold
from papers.synthetic import synthetic_households
from papers.template import write_roster

_SURNAMES = "向覃田张李王刘陈杨黄周吴朱彭谷钟龚熊唐罗"
#: The second character of every officer's name: 示 as in 演示. Nobody of them exists.
_MARK = "示"
_GIVEN = "安邦达恩方国海嘉康良明宁平启仁善泰文贤义"
_SINCE = date(plan.YEAR - 1, 1, 1)
#: What households beyond the plan are in the roster for: see `_spoil`.
_MISTAKES = 3


def write_people(path: Path, workflows: Iterable[Workflow], seed: int) -> None:
    """Somebody for every post that the definitions name, in every village of the plan, its township and its county."""
    posts = {SUPERVISOR: None} | {post: None for workflow in workflows for post in workflow.posts}
    chance = random.Random(f"{seed}/officers")
    people: dict[str, str] = {}
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([column.title for column in COLUMNS])
        for key, post, division in sorted(_holders(posts)):
            name = people.setdefault(key, chance.choice(_SURNAMES) + _MARK + chance.choice(_GIVEN))
            rows.writerow([key, name, post, division, _SINCE.isoformat(), ""])


def _holders(posts: Iterable[str]) -> set[tuple[str, str, str]]:
    """Key, post and division: ``longdonghu-cun.liaison2`` is the second who holds village.liaison there."""
    return {
        (f"{_of(village)[level]}.{role}{more}", post, seat_division(post, code))
        for code, village in plan.VILLAGES.items()
        for post in posts
        for level, _, role in [post.partition(".")]
        if level in _of(village)
        for more in ("", *range(2, plan.HOLDERS.get(post, 1) + 1))
    }


def _of(village: plan.Village) -> Mapping[str, str]:
    """Level → what the keys of its officers begin with."""
    levels: tuple[str, ...] = (Level.VILLAGE, Level.TOWNSHIP, Level.COUNTY, Level.PREFECTURE)
    return dict(zip(levels, (*village.keys, plan.PREFECTURE), strict=True))


def write_demo_roster(path: Path, count: int, seed: int, divisions: Iterable[Division]) -> None:
    """*count* good households in the villages of the plan, in turn, and some with mistakes that offices make."""
    households = synthetic_households(seed, tuple(plan.VILLAGES), count + _MISTAKES, plan.FIRST_DAY)
    good, bad = households[:count], households[count:]
    write_roster(path, [*good, *_spoil(bad, good[0])], divisions)


def _spoil(households: Iterable[RosterHousehold], other: RosterHousehold) -> Iterator[RosterHousehold]:
    """A number that the spreadsheet program destroyed, a digit mistyped, somebody of another household."""
    destroyed, mistyped, doubled = households
    yield _renumbered(destroyed, f"{int(destroyed.id_number[:17]) * 10:.5E}")
    wrong = next(digit for digit in "0123456789" if digit != check_digit(mistyped.id_number[:17]))
    yield _renumbered(mistyped, mistyped.id_number[:17] + wrong)
    yield replace(doubled, members=(*doubled.members, other.members[-1]))


def _renumbered(household: RosterHousehold, number: str) -> RosterHousehold:
    members = tuple(
        replace(member, id_number=number) if member.id_number == household.id_number else member
        for member in household.members
    )
    return replace(household, id_number=number, members=members)

"""What files from outside become in the database: a roster's households, officers with their posts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.divisions import Division, county_of
from engine.errors import N_, NotFoundError
from engine.people import Holding
from storage.intake import NewHousehold, NewMember, NewStatuses

if TYPE_CHECKING:
    from pathlib import Path

    from bangfu.wiring import Bangfu
    from papers.people import People
    from papers.roster import Roster, RosterHousehold, RosterMember

#: So many households are entered in one transaction: whoever else writes waits until it ends, less than a second.
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Entered:
    """
    What became of a roster's good households.

    Attributes:
        new: Rows of the file → ids of the households entered.
        known: Rows whose people are all in the base in one household already: nothing was changed.
        growing: Rows whose householder is in the base, the others in the same household or in none: a known household
            with somebody new. Nothing was changed; births and arrivals are recorded with their day and reason.
        clashing: Rows of which somebody is in the base in another household, so that it was not entered.
        monitored: How many households' records know now what they have been from before; others knew it already.
    """

    new: Mapping[int, UUID]
    known: tuple[int, ...]
    growing: tuple[int, ...]
    clashing: tuple[int, ...]
    monitored: int


def enter_roster(
    bangfu: Bangfu, roster: Roster, path: Path, by: str = "", told: Callable[[int], object] = lambda households: None
) -> Entered:
    """
    Enter the households of *roster* that are not in the base yet; the same file again adds nothing (I35).

    They are entered some at a time, each household with its members or not at all, so that nobody else waits long for
    the database. Whatever ends it in between, the same file again adds what is missing and nothing twice.

    What households have been from before is entered afterwards, of those known as well, unless their record knows it.

    Args:
        path: The file. Its digest is kept with each household, to tell later whether it came from a given file; its
            name is not, for it may be a person's.
        by: The key of the person who says what households have been from before.
        told: Is told of how many more households it is settled what became of them.
    """
    source = f"roster {sha256(path.read_bytes()).hexdigest()[:16]}"
    by_county: dict[str, list[RosterHousehold]] = {}
    for household in roster.households:
        by_county.setdefault(county_of(household.village), []).append(household)
    parts: list[Entered] = []
    for county, households in by_county.items():
        for start in range(0, len(households), _AT_ONCE):
            some = households[start : start + _AT_ONCE]
            parts.append(_enter(bangfu, county, some, source, by))
            told(len(some))
    return Entered(
        new={row: id_ for part in parts for row, id_ in part.new.items()},
        known=tuple(row for part in parts for row in part.known),
        growing=tuple(row for part in parts for row in part.growing),
        clashing=tuple(row for part in parts for row in part.clashing),
        monitored=sum(part.monitored for part in parts),
    )


def _enter(bangfu: Bangfu, county: str, households: Sequence[RosterHousehold], source: str, by: str) -> Entered:
    """Those of one county."""
    known: list[int] = []
    growing: list[int] = []
    clashing: list[int] = []
    wanted: list[RosterHousehold] = []
    homes_of: dict[int, UUID] = {}
    found = bangfu.intake.find(county, (number for household in households for number in household.id_numbers))
    for household in households:
        homes = [found[number][0] for number in household.id_numbers if number in found]
        if not homes:
            wanted.append(household)
        elif len(set(homes)) > 1 or household.id_number not in found:
            clashing.append(household.row)
        elif len(homes) < len(household.id_numbers):
            growing.append(household.row)
        else:
            known.append(household.row)
            homes_of[household.row] = homes[0]
    ids = bangfu.intake.add_households(county, (_household(each, source) for each in wanted), bangfu.time_source.now())
    new = {household.row: id_ for household, id_ in zip(wanted, ids, strict=True)}
    homes_of |= new
    statuses = [
        NewStatuses(homes_of[each.row], _plain(each.statuses), f"{source}:{each.row}")
        for each in households
        if each.statuses and each.row in homes_of
    ]
    monitored = bangfu.intake.enter_statuses(county, statuses, by, bangfu.time_source.now())
    return Entered(new, tuple(known), tuple(growing), tuple(clashing), monitored)


def enter_people(bangfu: Bangfu, people: People) -> int:
    """Enter officers and their posts, or when a post ends anew; gives how many posts were handed in."""
    names = {holding.person: holding.name for holding in people.holdings}
    for key, name in names.items():
        bangfu.intake.put_person(key, name)
    bangfu.intake.put_posts(
        (each.person, Holding(each.post, each.division, each.start_date, each.end_date)) for each in people.holdings
    )
    return len(people.holdings)


def _household(household: RosterHousehold, source: str) -> NewHousehold:
    return NewHousehold(
        division=household.village,
        name=household.householder,
        place=household.address,
        phone=household.phone,
        members=_members(household),
        form=_form(household),
        source=f"{source}:{household.row}",
    )


def _members(household: RosterHousehold) -> Sequence[NewMember]:
    """Everybody in it, the householder first; the disabled person too, if no row of the second sheet is his."""
    rows = {member.id_number: member for member in household.members}
    disabled = household.disabled_person
    names = {member.id_number: member.name for member in household.members}
    names |= {household.id_number: household.householder}
    if disabled is not None and disabled.id_number:
        names.setdefault(disabled.id_number, disabled.name)
    return [
        NewMember(
            name=names[number],
            relation=_relation(rows.get(number)),
            id_no=number,
        )
        for number in household.id_numbers
    ]


def _relation(member: RosterMember | None) -> str:
    return str(member.fields.get("relation", "")) if member is not None else ""


def _form(household: RosterHousehold) -> dict[str, Any]:
    """What the form says beyond names and numbers, by the columns' codes; of members, by their number from 1."""
    disabled = household.disabled_person
    form: dict[str, Any] = dict(household.fields)
    if disabled is not None:
        form |= {
            "disabled_person.name": disabled.name,
            "disabled_person.card": disabled.card,
            "disabled_person.kind": disabled.kind,
            "disabled_person.grade": disabled.grade,
            "disabled_person.phone": disabled.phone,
        }
    rows = {member.id_number: member for member in household.members}
    for number, id_number in enumerate(household.id_numbers, 1):
        if id_number in rows:
            form |= {f"{number}.{code}": value for code, value in rows[id_number].fields.items()}
    return _plain({code: value for code, value in form.items() if value not in ("", None)})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """*values* as JSON keeps them."""
    return {code: value.isoformat() if isinstance(value, date) else value for code, value in values.items()}


def bundled_divisions(inside: str) -> tuple[Sequence[Division], str]:
    """
    The places that come with bangfu and begin with the digits *inside*, those above them included; and the file's name.

    Raises:
        NotFoundError: None come with it.
    """
    from papers.divisions import read_divisions

    folder = files("workflows").joinpath("divisions")
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        digits = entry.name.removesuffix(".csv")
        if digits.isdecimal() and (inside.startswith(digits) or digits.startswith(inside)):
            with as_file(entry) as path:
                return read_divisions(path, inside if len(inside) > len(digits) else digits), entry.name
    raise NotFoundError(
        N_("no places that begin with {digits} come with bangfu"),
        advice=N_("take them from a file: bangfu import divisions FILE --prefix {digits}"),
        digits=inside,
    )

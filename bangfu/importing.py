"""
Files become rows: rosters of households, officers with their posts.

All good rows go in, bad rows are told by sheet, row and column; the same file again adds nothing (I35).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from engine.divisions import county_of
from engine.people import Holding
from papers.people import People, read_people
from papers.problems import Problem, column_letter
from papers.roster import HOUSEHOLD_COLUMNS, HOUSEHOLDS, Roster, RosterHousehold, RosterMember, read_roster
from papers.tables import Value

if TYPE_CHECKING:
    from bangfu.wiring import Bangfu
    from storage.intake import NewHousehold, NewMember

#: Columns that the register keeps in plain text: nothing on health, no numbers, no amounts.
_OF_HOUSEHOLD = ("social.pension", "social.medical", "social.dibao", "housing", "land")
_OF_MEMBER = ("age", "education", "employment")
_HEAD = "户主"
_ID_COLUMN = next(place for place, each in enumerate(HOUSEHOLD_COLUMNS) if each.code == "householder.id_number")


@dataclass(frozen=True, slots=True)
class RosterImport:
    """
    What became of a roster.

    Attributes:
        roster: The file as read; its `problems` are those of the file alone.
        added: Households entered now, by the id they have from now on.
        known: How many were in the base already, and were left as they are.
        problems: All of them: the file's, and those of people who are in another household of the base.
    """

    roster: Roster
    added: Mapping[UUID, RosterHousehold]
    known: int
    problems: Sequence[Problem]


def import_roster(bangfu: Bangfu, path: Path, members: Path | None = None) -> RosterImport:
    """
    Enter the households of a roster; of several counties, each county's in one transaction.

    Args:
        path: The workbook, or the CSV file of households.
        members: The CSV file of members.

    Raises:
        InputFileError: A file cannot be read at all.
        StorageError: The counties before are in; asking again goes on from there.
    """
    roster = read_roster(path, bangfu.today, bangfu.places.inside(), members)
    added: dict[UUID, RosterHousehold] = {}
    clashes: list[Problem] = []
    known = 0
    by_county: dict[str, list[RosterHousehold]] = {}
    for household in roster.households:
        by_county.setdefault(county_of(household.village), []).append(household)
    for county, households in by_county.items():
        new = []
        base = bangfu.intake.find(county, (number for each in households for number in each.id_numbers))
        for household in households:
            homes = {base[number][0] for number in household.id_numbers if number in base}
            if not homes:
                new.append(household)
            elif household.id_number in base and len(homes) == 1:
                known += 1
            else:
                clashes.append(_clash(household))
        rows = [_new_household(each, path.name) for each in new]
        ids = bangfu.intake.add_households(county, rows, bangfu.time_source.now())
        added |= dict(zip(ids, new, strict=True))
    return RosterImport(roster, added, known, (*roster.problems, *clashes))


def import_people(bangfu: Bangfu, path: Path) -> People:
    """
    Enter officers and the posts they hold; the same file again changes nothing.

    Raises:
        InputFileError: The file cannot be read at all.
        StorageError: Nothing more of it was entered.
    """
    people = read_people(path, bangfu.today, bangfu.places.inside())
    for key, name in {each.person: each.name for each in people.holdings}.items():
        bangfu.intake.put_person(key, name)
    bangfu.intake.put_posts(
        (each.person, Holding(each.post, each.division, each.start_date, each.end_date)) for each in people.holdings
    )
    return people


def _clash(household: RosterHousehold) -> Problem:
    return Problem(
        sheet=HOUSEHOLDS,
        row=household.row,
        column=column_letter(_ID_COLUMN),
        field=HOUSEHOLD_COLUMNS[_ID_COLUMN].title,
        shown=HOUSEHOLD_COLUMNS[_ID_COLUMN].kind.show(household.id_number),
        reason="person_known",
    )


def _new_household(household: RosterHousehold, source: str) -> NewHousehold:
    from storage.intake import NewHousehold

    return NewHousehold(
        division=household.village,
        name=household.householder,
        members=[_new_member(each, household) for each in _people(household)],
        place=household.address,
        phone=household.phone,
        facts=_only(household.fields, _OF_HOUSEHOLD),
        source=f"{source}#{household.row}",
    )


def _people(household: RosterHousehold) -> list[RosterMember]:
    """Everybody in it, the householder first; those whom only the household's own row names have no fields."""
    by_number = {member.id_number: member for member in household.members}
    person = household.disabled_person
    if person is not None and person.id_number:
        by_number.setdefault(person.id_number, RosterMember(household.row, person.name, person.id_number))
    head = by_number.pop(household.id_number, RosterMember(household.row, household.householder, household.id_number))
    return [head, *by_number.values()]


def _new_member(member: RosterMember, household: RosterHousehold) -> NewMember:
    from storage.intake import NewMember

    return NewMember(
        name=member.name,
        relation=_relation(member, household),
        id_no=member.id_number,
        facts=_only(member.fields, _OF_MEMBER),
    )


def _relation(member: RosterMember, household: RosterHousehold) -> str:
    """To the householder. The form says how members stand to the disabled person; that helps if it is the same one."""
    if member.id_number == household.id_number:
        return _HEAD
    person = household.disabled_person
    is_head = person is not None and person.id_number == household.id_number
    return str(member.fields.get("relation", "")) if is_head else ""


def _only(fields: Mapping[str, Value], wanted: Iterable[str]) -> dict[str, Value]:
    return {name: fields[name] for name in wanted if name in fields}

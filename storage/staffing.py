"""
Who holds which post: read whole, as a decision and a reader's scope need it; and what keeps decisions and changes of
the staff from being stored across each other (docs/decisions/optimistic-commits.md).
"""
# ruff: noqa: S608 - what is put into texts are constants of this module.

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from engine.people import Deputy, Holding, Person, Staff
from storage.database import Database
from storage.ranges import code_range

#: A statement of PostgreSQL's sees what was there when it began, however long it then waits for its case. So whoever
#: stores a decision holds this lock together with others, whoever changes the staff holds it alone, and the revision is
#: looked at once it is held: each query of a volatile function sees what is there at that moment.
_LOCK = 17
#: Makes the function that tells whether the staff's revision is the one given, and keeps it so until the commit.
STAFF_IS_STILL = (
    "CREATE FUNCTION staff_is_still(wanted text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN"
    f" PERFORM pg_advisory_xact_lock_shared({_LOCK});"
    " RETURN EXISTS (SELECT 1 FROM meta WHERE key = 'revision' AND value = wanted); END $$"
)
#: Gives the staff its next revision.
RAISED = "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'revision'"


def hold_staff(database: Database, connection: Any) -> None:
    """
    Begin a transaction that changes the staff, or what decisions are made from as they are from it.

    It waits for decisions that are being stored; others wait until it ends, and then find another revision. SQLite has
    one writer at a time.
    """
    if database.is_postgres:
        connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")


def read_staff(database: Database, county: str) -> Staff:
    """The people and posts of a county (6 digits), and of the divisions above it, as of one revision."""
    above = (county[:2].ljust(12, "0"), county[:4].ljust(12, "0"))
    sql = database.sql(
        "SELECT (SELECT value FROM meta WHERE key = 'revision'), p.key, p.name, p.active, o.post, o.division,"
        " o.from_date, o.to_date FROM post o JOIN person p ON p.key = o.person"
        " WHERE o.division >= ? AND o.division < ? OR o.division IN (?, ?)"
    )
    rows = database.read(sql, (*code_range(county), *above))
    relatives: dict[str, set[str]] = {}
    for person, household in database.read("SELECT person, household FROM relative"):
        home = household if isinstance(household, UUID) else UUID(bytes=household)
        relatives.setdefault(person, set()).add(home.hex)
    people: dict[str, Person] = {}
    for _, key, name, active, post, division, from_date, to_date in rows:
        known = people.get(key) or Person(key, name, bool(active), (), frozenset(relatives.get(key, ())))
        holding = Holding(post, division, _day(from_date), to_date and _day(to_date))
        people[key] = replace(known, posts=(*known.posts, holding))
    revision = rows[0][0] if rows else database.meta("revision")
    lent = database.read("SELECT person, principal, post, division, from_date, to_date FROM deputy")
    deputies = [
        Deputy(person, principal, Holding(post, division, _day(from_date), _day(to_date)))
        for person, principal, post, division, from_date, to_date in lent
        if person in people and principal in people
    ]
    return Staff.of(people.values(), int(revision), deputies)


def read_people(database: Database) -> list[Person]:
    """Everybody that was entered, by key, each with the posts of all times; declared relatives are left out."""
    sql = (
        "SELECT p.key, p.name, p.active, o.post, o.division, o.from_date, o.to_date FROM person p"
        " LEFT JOIN post o ON o.person = p.key ORDER BY p.key, o.division, o.post, o.from_date"
    )
    people: dict[str, Person] = {}
    for key, name, active, post, division, from_date, to_date in database.read(sql):
        known = people.setdefault(key, Person(key, name, bool(active)))
        if post is not None:
            holding = Holding(post, division, _day(from_date), to_date and _day(to_date))
            people[key] = replace(known, posts=(*known.posts, holding))
    return list(people.values())


def _day(stored: Any) -> date:
    return stored if isinstance(stored, date) else date.fromisoformat(stored)

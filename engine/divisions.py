"""
The division tree, by its official 12-digit code: province 2 digits, prefecture 4, county 6, township 9, village 12.

A code says itself where it stands, so that scope is one comparison of prefixes (design.md §5) and needs no tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from engine.errors import N_, InputError

_DIGITS = 12


class Level(StrEnum):
    """Administrative levels, from the top (glossary §1)."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"

    @property
    def digits(self) -> int:
        """How many digits of a code name a division of this level."""
        return _LENGTHS[self]


_LENGTHS = {Level.PROVINCE: 2, Level.PREFECTURE: 4, Level.COUNTY: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12}


@dataclass(frozen=True, slots=True)
class Division:
    """
    A place of the tree.

    `code` and `parent` have 12 digits; a province has no parent. `level` is what the code says: a prefecture without
    counties (东莞, 4419) is one division, of level prefecture, and its townships are its children.
    """

    code: str
    name: str
    level: Level
    parent: str | None


def division(code: str, name: str) -> Division:
    """
    The division of a code of 2, 4, 6, 9 or 12 digits, as people and data files write them.

    Raises:
        InputError: The code is no division code, or the name is empty.
    """
    if not name:
        raise InputError(N_("A division needs a name"), field="name")
    full = full_code(code)
    return Division(full, name, level_of(full), parent_of(full))


def full_code(code: str) -> str:
    """
    Fill a code of 2, 4, 6, 9 or 12 digits up with zeros.

    Raises:
        InputError: It has another length, another character, or begins below 11.
    """
    if len(code) not in _LENGTHS.values() or not (code.isascii() and code.isdigit()) or code[:2] < "11":
        raise InputError(N_("A division code has 2, 4, 6, 9 or 12 digits and begins with 11 or more"), field="code")
    return code.ljust(_DIGITS, "0")


# A decision asks some twenty times, always about the same few places.
@lru_cache(maxsize=8192)
def level_of(code: str) -> Level:
    """The level of a 12-digit code: that of its last digits which are not all zero."""
    for level in reversed(Level):
        above = max((length for length in _LENGTHS.values() if length < level.digits), default=0)
        if code[above : level.digits].strip("0"):
            return level
    raise InputError(N_("A division code has digits other than zero"), field="code")


@lru_cache(maxsize=8192)
def prefix(code: str) -> str:
    """The digits that every division inside this one begins with."""
    return code[: level_of(code).digits]


def ancestor(code: str, level: Level) -> str:
    """
    The code, of 12 digits, of the division of *level* that holds this one; itself, when it is of that level.

    Below a prefecture without counties, the county is the prefecture.

    Raises:
        InputError: The code stands above that level.
    """
    if level_of(code).digits < level.digits:
        raise InputError(N_("The division stands above the level {level}"), field="code", level=level)
    return code[: level.digits].ljust(_DIGITS, "0")


def parent_of(code: str) -> str | None:
    """The code of the next division above, or None above a province."""
    own = level_of(code)
    higher = [level for level in Level if level.digits < own.digits]
    # Levels that a place does without repeat the code above (441900 is 4419), and are one division.
    return next((above for level in reversed(higher) if (above := ancestor(code, level)) != code), None)


def contains(scope: str, code: str) -> bool:
    """Whether *code* is *scope* or lies inside it: the one rule of scope by prefix (both of 12 digits)."""
    return code.startswith(prefix(scope))


def county_of(code: str) -> str:
    """
    The six digits of the county whose data this place belongs to.

    Raises:
        InputError: The place is larger than a county.
    """
    return ancestor(code, Level.COUNTY)[: Level.COUNTY.digits]

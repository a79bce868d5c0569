"""
A record that notes what is read of it: how :mod:`engine.sharing` knows what a decision depends on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from itertools import repeat
from typing import Any, Final

#: What is noted of a key that is not there.
ABSENT: Final = object()
#: Instead of a key: the keys that are there, in their order; and, after a key, whether it is there at all.
KEYS: Final = 0
THERE: Final = 1
#: Where something was read: section, key, and the name inside its value.
Place = tuple[str | int, ...]
#: Section, key, name.
_DEPTH = 3
_EMPTY: Final[dict[str, Any]] = {}


class Watched(MutableMapping[str, Any]):
    """
    A section that reads like the one *behind* it, or a value of it that is a map.

    It may be changed, and copied, as a dict may, and leaves what is behind it alone; what was written into it is its
    own, and reading that is not noted.

    Args:
        place: Where it is.
        notes: Place → what was found there.
    """

    __slots__ = ("_behind", "_gone", "_notes", "_own", "_place")

    def __init__(self, behind: Mapping[str, Any], place: Place, notes: dict[Place, Any]) -> None:
        self._behind = behind
        self._place = place
        self._notes = notes
        self._own: dict[str, Any] = {}
        #: Keys that were deleted; one that was written again is last.
        self._gone: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        if key in self._own:
            return self._own[key]
        if key in self._gone:
            raise KeyError(key)
        value, place = self._behind.get(key, ABSENT), (*self._place, key)
        if type(value) is dict and len(place) < _DEPTH:
            self._notes[*place, THERE] = True
            return Watched(value, place, self._notes)
        self._notes[place] = value
        if value is ABSENT:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        if key in self._own or key in self._gone:
            return key in self._own
        is_there = key in self._behind
        self._notes[*self._place, str(key), THERE] = is_there
        return is_there

    def __setitem__(self, key: str, value: Any) -> None:
        self._own[key] = value

    def __delitem__(self, key: str) -> None:
        self._own.pop(key, None)
        self._gone.add(key)

    def clear(self) -> None:
        self._own.clear()
        self._gone.update(self._keys())

    def __iter__(self) -> Iterator[str]:
        behind = self._keys()
        yield from (key for key in behind if key not in self._gone)
        yield from (key for key in self._own if key not in behind or key in self._gone)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _keys(self) -> tuple[str, ...]:
        keys = self._notes[*self._place, KEYS] = tuple(self._behind)
        return keys

    def copy(self) -> Watched:
        """A copy to be changed; what is read of it is noted as if it were read here."""
        copied = Watched(self._behind, self._place, self._notes)
        copied._own, copied._gone = dict(self._own), set(self._gone)
        return copied


def changeable(section: Mapping[str, Any]) -> MutableMapping[str, Any]:
    """A copy of *section* that may be changed."""
    return section.copy() if isinstance(section, Watched) else dict(section)


class Noted:
    """
    What was read, as a tree: sections, keys, names. Another record is compared branch by branch, the values of a branch
    all at once; one by one, a comparison would take as long as a quarter of a decision.

    Args:
        notes: As a :class:`Watched` made them.
    """

    __slots__ = ("_branches", "_keys", "_names", "_there", "_types", "_values")

    def __init__(self, notes: Mapping[Place, Any]) -> None:
        self._keys: tuple[str, ...] | None = None
        there, values, below = dict[Any, bool](), dict[Any, Any](), dict[Any, dict[Place, Any]]()
        for (key, *steps), noted in notes.items():
            if key is KEYS:
                self._keys = noted
            elif not steps:
                values[key] = noted
            elif steps == [THERE]:
                there[key] = noted
            else:
                below.setdefault(key, {})[tuple(steps)] = noted
        # A value that was read says by itself whether it is there.
        self._there = tuple(
            (key, is_there) for key, is_there in there.items() if key not in values and key not in below
        )
        self._names, self._values = tuple(values), list(values.values())
        self._types = list(map(type, self._values))
        self._branches = tuple((key, Noted(part)) for key, part in below.items())

    def are_in(self, sections: Mapping[str, Any]) -> bool:
        """Whether all that was read would be found in *sections* too; one that is not there is like an empty one."""
        return all(branch._is_in(sections.get(section, _EMPTY)) for section, branch in self._branches)

    def _is_in(self, found: Any) -> bool:
        if not isinstance(found, dict) or (self._keys is not None and tuple(found) != self._keys):
            return False
        if self._names:
            values = list(map(found.get, self._names, repeat(ABSENT)))
            # 1 is not True here, though it equals it.
            if values != self._values or list(map(type, values)) != self._types:
                return False
        for key, is_there in self._there:
            if (key in found) is not is_there:
                return False
        return all(branch._is_in(found.get(key)) for key, branch in self._branches)

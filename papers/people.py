"""Officers and the posts they hold, from a workbook's first sheet or a CSV file: a row per person and post."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from engine.divisions import Division, Level
from engine.people import is_key
from papers.problems import Problem, in_order
from papers.sheets import read_sheets
from papers.tables import CODE, DATE, NAME, TEXT, Column, Table, TableRow, read_table

COLUMNS: Sequence[Column] = (
    Column("person", "人员代码", TEXT, mandatory=True, is_ours=True, note="登录和 --as 所用，如 zhang.san"),
    Column("name", "姓名", NAME, mandatory=True, is_ours=True),
    Column("post", "岗位", TEXT, mandatory=True, is_ours=True, note="如 village.committee"),
    Column("division", "区划代码", CODE, mandatory=True, is_ours=True, note="12 位"),
    Column("start_date", "起", DATE, mandatory=True, is_ours=True),
    Column("end_date", "止", DATE, is_ours=True, note="最后一日；仍在任的留空"),
)

_POST = re.compile(r"([a-z]+)\.[a-z][a-z0-9_]{0,49}")


@dataclass(frozen=True, slots=True)
class PostHolding:
    """A person holds a post at a division, from the first day to the last (None: open), both included."""

    row: int
    person: str
    name: str
    post: str
    division: str
    start_date: date
    end_date: date | None


@dataclass(frozen=True, slots=True)
class People:
    """What a file holds; `len(holdings) + rows_rejected` is always `rows_present`."""

    holdings: tuple[PostHolding, ...]
    problems: tuple[Problem, ...]
    rows_present: int
    rows_rejected: int


def read_people(
    path: Path, today: date, divisions: Iterable[Division], known_posts: Callable[[str], Collection[str]]
) -> People:
    """
    Read officers and posts.

    Args:
        path: A workbook, of which the first sheet counts, or a CSV file.
        today: The legal day.
        divisions: The places known.
        known_posts: The posts that there are, ``level.role``, looked up for one of the file's: among them it must be.

    Raises:
        InputFileError: The file cannot be read at all, or has no row of titles.
    """
    sheet = read_sheets(path)[0]
    table = read_table(sheet, sheet.name, COLUMNS, today, path.name)
    levels = {place.code: place.level for place in divisions}
    first_rows: dict[str, TableRow] = {}
    posts: dict[tuple[object, ...], int] = {}
    for row in table.rows:
        if row.is_accepted:
            _check(table, row, levels, known_posts)
            _compare(table, row, first_rows, posts)
    return People(
        holdings=tuple(_holding(row) for row in table.rows if row.is_accepted),
        problems=in_order(table.problems),
        rows_present=len(table.rows),
        rows_rejected=sum(not row.is_accepted for row in table.rows),
    )


def _check(
    table: Table, row: TableRow, levels: dict[str, Level], known_posts: Callable[[str], Collection[str]]
) -> None:
    level = levels.get(str(row.values["division"]))
    name = str(row.values["post"])
    post = _POST.fullmatch(name)
    if not is_key(str(row.values["person"])):
        table.refuse(row, "person", "person_shape")
    if level is None:
        table.refuse(row, "division", "division_unknown")
    if post is None:
        table.refuse(row, "post", "post_shape")
    elif level is not None and post[1] != level:
        table.refuse(row, "post", "post_level")
    elif name not in (known := known_posts(name)):
        nearest = "".join(get_close_matches(name, known, 1)) or "–"
        table.refuse(row, "post", "post_unknown", post=name, nearest=nearest)
    holding = _holding(row)
    if holding.end_date is not None and holding.end_date < holding.start_date:
        table.refuse(row, "end_date", "term_ends_early")


def _compare(
    table: Table, row: TableRow, first_rows: dict[str, TableRow], posts: dict[tuple[object, ...], int]
) -> None:
    holding = _holding(row)
    first = first_rows.setdefault(holding.person, row)
    if first.values["name"] != holding.name:
        table.refuse(row, "name", "person_differs", row=str(first.number))
    key = (holding.person, holding.post, holding.division, holding.start_date)
    if posts.setdefault(key, holding.row) != holding.row:
        table.refuse(row, "post", "post_twice", row=str(posts[key]))


def _holding(row: TableRow) -> PostHolding:
    start, end = row.values["start_date"], row.values.get("end_date")
    # A mandatory date was read as one, or the row is not accepted.
    assert isinstance(start, date)
    return PostHolding(
        row=row.number,
        person=str(row.values["person"]),
        name=str(row.values["name"]),
        post=str(row.values["post"]),
        division=str(row.values["division"]),
        start_date=start,
        end_date=end if isinstance(end, date) else None,
    )

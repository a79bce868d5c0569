"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from gettext import NullTranslations

import pytest

from bangfu.terminal.derivation import amount_said
from bangfu.terminal.screen import Times, line_cuts
from bangfu.terminal.titles import behind_place
from engine.calendar import Calendar
from engine.clocks import Amount

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TIMES = Times(Calendar.of([]), NOW, NullTranslations())


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(days=2, hours=5), "2 d"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(minutes=59), "less than 1 h"),
        (timedelta(), "[bold red]late by less than 1 h[/]"),
        (timedelta(hours=-30), "[bold red]late by 1 d[/]"),
    ],
)
def test_how_far_a_deadline_is(ahead: timedelta, told: str) -> None:
    assert TIMES.left(NOW + ahead) == told


@pytest.mark.parametrize(("number", "told"), [(1, "1 working day"), (2, "2 working days"), (0, "0 working days")])
def test_one_working_day_is_no_plural(number: int, told: str) -> None:
    assert amount_said(Amount(number, "workday"), NullTranslations()) == told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 3, 5, 16, 0, tzinfo=UTC), "03-05"),
        (datetime(2026, 3, 5, 1, 30, tzinfo=UTC), "03-05 09:30"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "12-31"),
        (datetime(2027, 3, 5, 16, 0, tzinfo=UTC), "2027-03-05"),
        (datetime(2025, 3, 5, 1, 30, tzinfo=UTC), "2025-03-05 09:30"),
    ],
)
def test_a_due_day_of_another_year_has_its_year(at: datetime, told: str) -> None:
    assert TIMES.due_plain(at) == told


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("county.bureau 县、county.health 局", 20, ["county.bureau 县、", "county.health 局"]),
        ("核实属实。", 8, ["核实属", "实。"]),
        ("审核（乡镇）", 6, ["审核", "（乡", "镇）"]),
        ("abcdefghij 局", 4, ["abcd", "efgh", "ij ", "局"]),
        ("", 4, [""]),
    ],
)
def test_lines_break_beside_keys_and_marks_never_inside(text: str, width: int, lines: list[str]) -> None:
    cuts = line_cuts(text, width)
    assert [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)] == lines


@pytest.mark.parametrize(
    ("post", "place", "told"),
    [
        ("县乡村振兴局", "慈利县", "乡村振兴局"),
        ("村干部", "江垭村", "干部"),
        ("乡镇长", "江垭镇", "乡镇长"),
        ("", "", ""),
    ],
)
def test_a_place_and_a_post_share_a_word_once(post: str, place: str, told: str) -> None:
    assert behind_place(post, place) == told

"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from gettext import NullTranslations

import pytest

from bangfu.terminal.derivation import amount_said
from bangfu.terminal.screen import Times
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

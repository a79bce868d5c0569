"""What tests of the engine share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.calendar import Calendar, CalendarYear
from engine.errors import Fault
from engine.marks import Source, plain, read

FOLDER = Path(__file__).parents[3] / "workflows" / "calendars"


def _read(path: Path) -> CalendarYear:
    faults: list[Fault] = []
    node = read(Source(path.name, path.read_text(encoding="utf-8")), faults.append)
    assert node is not None, faults
    return CalendarYear.model_validate(plain(node))


@pytest.fixture(scope="session")
def notices() -> list[CalendarYear]:
    """The State Council's notices of 2020 to 2026, as shipped."""
    return [_read(path) for path in sorted(FOLDER.glob("CN-*.yaml"))]


@pytest.fixture(scope="session")
def china(notices: list[CalendarYear]) -> Calendar:
    """The calendar of 2020 to 2026."""
    return Calendar.of(notices)


@pytest.fixture(autouse=True)
def every_fault_is_told_in_chinese(watch_words: Callable[[type], None]) -> None:
    """Whatever fault a test provokes, each of its texts has a translation."""
    watch_words(Fault)

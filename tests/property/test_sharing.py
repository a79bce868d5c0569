"""
A decision that is shared is the one that the case would have had alone: every command of random walks is decided both
ways, with what was decided for other cases at hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from engine import office
from engine.calendar import Calendar, CalendarYear
from engine.cases import Decision
from engine.deciding import decide
from engine.errors import BangfuError
from engine.loading import read_as
from engine.sharing import Sharing
from tests.property.county import library
from tests.property.machine import Report, Walk
from tests.property.sites import Site

#: How many decisions are kept at hand; each is compared with every case.
_AT_HAND = 100


class Both:
    """Decides alone and alike, and wants the same of both, down to the words of a refusal."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._sharing = Sharing()

    def decide(self, *asked: Any) -> Decision:
        alone, alike = _outcome(decide, asked), _outcome(self._alike, asked)
        if isinstance(alone, BangfuError):
            assert (type(alike), str(alike)) == (type(alone), str(alone))
            raise alone
        assert alike == alone
        return alone

    def _alike(self, *asked: Any) -> Decision:
        self._sharing._patience = 1  # It is not to give up here.
        del self._sharing._known[:-_AT_HAND]
        decision = self._sharing.decide(*asked)
        self.counts[type(asked[2]).__name__] += self._sharing._patience > 1
        return decision


def _outcome(decided: Callable[..., Decision], asked: tuple[Any, ...]) -> Decision | BangfuError:
    try:
        return decided(*asked)
    except BangfuError as error:
        return error


def test_what_is_decided_alike_is_what_would_have_been_decided_alone(
    sqlite_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Both()
    monkeypatch.setattr(office, "decide", both.decide)

    class Here(Walk):
        check_every = 10
        site = sqlite_site
        report = Report()
        years = [read_as(source, CalendarYear) for source in library().calendar_files()]  # noqa: RUF012
        base_calendar = Calendar.of([read_as(source, CalendarYear) for source in library().calendar_files()])

    how = settings(max_examples=60, stateful_step_count=40, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Here, settings=how)
    print(Here.report, both.counts)
    assert both.counts["Act"] > 20
    assert both.counts["FireTimer"] > 5

"""
T04: whatever happens, every invariant holds; on a SQLite file and on PostgreSQL, over the real office and store.

The walks are in machine.py, the onlooker who knows only the YAML files in oracle.py. Each database gets its examples in
two tests, so that two processes share them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from engine.calendar import Calendar, CalendarYear
from engine.loading import read_as
from tests.property.county import library
from tests.property.machine import Report, Walk
from tests.property.sites import Site, SqliteSite, postgres

#: What a hundred walks cannot miss: without it they would prove nothing.
MUST_HAPPEN = (
    "Act", "Attach", "Claim", "Comment", "Enlist", "ExtendClock", "Object", "OpenCase", "PostNotice", "ProveNotice",
    "Release", "ResumeClock", "StopClock", "TakeDownNotice", "asked again", "clock put back", "connection lost", "died",
    "died sweeping", "fired", "overtaken", "post ended", "revoked before commit", "settled", "end:board.approved",
    "end:identification.listed", "end:objection.upheld", "end:objection.dismissed", "refused:StaleCaseError",
    "refused:GuardRefusedError", "wrong person:CaseNotFoundError", "wrong person:PermissionDeniedError",
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Each kind of database."""
    if request.param == "sqlite":
        yield SqliteSite(tmp_path)
        return
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    with postgres(tmp_path / "data") as place:
        yield place


def _walk(site: Site, examples: int, steps: int) -> Report:
    class Here(Walk):
        pass

    Here.site = site
    Here.report = Report()
    Here.years = [read_as(source, CalendarYear) for source in library().calendar_files()]
    Here.base_calendar = Calendar.of(Here.years)
    how = settings(
        max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )  # fmt: skip
    run_state_machine_as_test(Here, settings=how)
    print(Here.report)
    return Here.report


@pytest.mark.parametrize("half", [1, 2])
def test_T04_whatever_happens_every_invariant_holds(site: Site, half: int) -> None:
    report = _walk(site, examples=100, steps=50)
    assert not [what for what in MUST_HAPPEN if not report.counts[what]], report


@pytest.mark.long
def test_T04_whatever_happens_for_long_every_invariant_holds(site: Site) -> None:
    _walk(site, examples=20_000, steps=100)

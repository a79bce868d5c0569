"""
T04: whatever happens, every invariant holds; on a SQLite file and on PostgreSQL, over the real office and store.

The walks are in machine.py, the onlooker who knows only the YAML files in oracle.py.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from engine.calendar import Calendar, CalendarYear
from engine.loading import read_as
from tests.property.county import library
from tests.property.machine import Report, Walk
from tests.property.sites import Site

#: What two hundred walks cannot miss: without it they would prove nothing. The report of a run tells all that happened.
MUST_HAPPEN = (
    "Act", "Comment", "Object", "OpenCase", "PostNotice", "TakeDownNotice", "asked again", "clock put back",
    "connection lost", "died", "died sweeping", "fired", "list:Enlist", "overtaken", "revoked before commit", "settled",
    "granted", "AddSigner", "Sign", "Withdraw", "Propose", "Confirm", "deputy",
    "refused:GuardRefusedError", "refused:StaleCaseError", "wrong person:PermissionDeniedError",
)  # fmt: skip


def _walk(site: Site, examples: int, steps: int) -> Report:
    class Here(Walk):
        # A server is asked a dozen questions for each check; long walks are for what happens, not when it is found.
        check_every = 2 if site.is_file and steps <= 50 else 10

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


def test_T04_whatever_happens_every_invariant_holds(site: Site) -> None:
    report = _walk(site, examples=200, steps=50)
    assert not [what for what in MUST_HAPPEN if not report.counts[what]], report
    # Any one of these may be missed by two hundred walks; tests/property/test_verbs.py tries them all.
    assert any(report.counts[what] for what in ("Assign", "Transfer", "Delegate", "Urge", "Copy")), report


@pytest.mark.long
@pytest.mark.parametrize("half", [1, 2])
def test_T04_for_long_whatever_happens_every_invariant_holds(sqlite_site: Site, half: int) -> None:
    _walk(sqlite_site, examples=10_000, steps=100)


@pytest.mark.long
def test_T04_for_long_whatever_happens_every_invariant_holds_on_a_server(postgres_site: Site) -> None:
    _walk(postgres_site, examples=1_000, steps=100)

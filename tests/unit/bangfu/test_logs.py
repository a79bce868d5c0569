from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import PurePosixPath
from uuid import UUID

import pytest
import structlog

from bangfu import logs
from bangfu.masking import MASK
from bangfu.timesource import ManualTime

# Canaries: nobody's. The numbers have the right form and no right check digit.
CANARIES = [
    "43080219900101123X",
    "430802199001011230",
    "6222021234567890123",
    "13800138000",
    "43080219900101123041B",
    "赵金丝雀",
    "永定区金丝雀村",
]
DISGUISED = [
    "4308 0219 9001 0112 30",
    "430802 19900101 123X",
    "id43080219900101123x,",
    "6222 0212 3456 7890",
    "138-0013-8000",
    "138 0013 8000",
    "+8613800138000",
    "0086 138 0013 8000",
    "１３８００１３８０００",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(params=[io.StringIO, Terminal], ids=["json", "terminal"])
def stream(request, time_source: ManualTime) -> io.StringIO:
    stream = request.param()
    logs.configure(time_source, level="debug", stream=stream)
    return stream


@pytest.fixture
def lines(time_source: ManualTime) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(time_source, level="info", stream=stream)
    return stream


def test_an_event_is_one_json_line_with_its_keys_and_utc_time(lines):
    structlog.get_logger().info("case_moved", case=UUID(int=1), action="approve", stage="township_review", seq=3)
    assert json.loads(lines.getvalue()) == {
        "event": "case_moved", "case": str(UUID(int=1)), "action": "approve", "stage": "township_review", "seq": 3,
        "level": "info", "at": "2026-03-02T01:00:00.000+00:00",
    }  # fmt: skip


def test_a_terminal_gets_text_for_people(time_source):
    terminal = Terminal()
    logs.configure(time_source, level="info", stream=terminal)
    structlog.get_logger().info("case_moved", stage="township_review")
    assert "case_moved" in terminal.getvalue()
    assert "township_review" in terminal.getvalue()
    assert "03-02 09:00:00" in terminal.getvalue()  # By the clock on the wall, as on every other screen.
    assert not terminal.getvalue().startswith("{")


def test_levels_below_the_configured_one_are_not_written(lines):
    structlog.get_logger().debug("case_loaded")
    logging.getLogger("apscheduler").debug("Looking for jobs to run")
    assert lines.getvalue() == ""


def test_what_the_scheduler_library_does_all_the_time_is_not_told(lines):
    logging.getLogger("apscheduler.scheduler").info("Adding job tentatively -- it will be properly scheduled")
    assert lines.getvalue() == ""


def test_libraries_log_in_the_same_form(lines):
    logging.getLogger("apscheduler.scheduler").warning("Run time of job %r was missed", "tick")
    record = json.loads(lines.getvalue())
    assert record["event"] == "Run time of job 'tick' was missed"
    assert (record["level"], record["logger"]) == ("warning", "apscheduler.scheduler")
    assert record["at"] == "2026-03-02T01:00:00.000+00:00"


def test_configuring_again_replaces_and_does_not_double(lines, time_source):
    logs.configure(time_source, level="info", stream=lines)
    structlog.get_logger().info("swept")
    assert len(lines.getvalue().splitlines()) == 1


def test_plain_values_stay_readable(lines):
    class Outcome(Enum):
        LISTED = "listed"

    structlog.get_logger().info(
        "swept", due=datetime(2026, 2, 24, tzinfo=UTC), day=date(2026, 2, 24), took=timedelta(seconds=2), done=True,
        nothing=None, amount=650000, share=0.5, outcome=Outcome.LISTED, file=PurePosixPath("a/b.xlsx"), ids=(1, 2),
        number="430822-2026-000123", payload=b"12345678",
    )  # fmt: skip
    record = json.loads(lines.getvalue())
    assert {key: record[key] for key in record.keys() - {"event", "level", "at"}} == {
        "due": "2026-02-24T00:00:00+00:00", "day": "2026-02-24", "took": "0:00:02", "done": True, "nothing": None,
        "amount": 650000, "share": 0.5, "outcome": "listed", "file": "a/b.xlsx", "ids": [1, 2],
        "number": "430822-2026-000123", "payload": "<8 bytes>",
    }  # fmt: skip


def test_I32_an_object_is_logged_by_its_type_alone(lines):
    @dataclass
    class Household:
        head: str

    structlog.get_logger().info("imported", household=Household("Anonymous Canary"))
    assert json.loads(lines.getvalue())["household"] == "<Household>"


@pytest.mark.parametrize("canary", CANARIES + DISGUISED)
def test_I32_no_personal_data_reaches_a_log_wherever_it_hides(stream, canary):
    log = structlog.get_logger().bind(bound=canary)
    log.info(canary)
    log.info("imported", id_no=canary, row={"cells": [canary, (canary, {canary})], canary: 1}, cause=ValueError(canary))
    log.warning("formatted %s", canary)
    logging.getLogger("sqlalchemy.engine").warning("INSERT ... VALUES (%s)", canary)
    if canary.isascii() and canary.isdigit():
        log.info("imported", id_no=int(canary))
    try:
        hidden_in_a_local_variable = canary
        try:
            raise KeyError(hidden_in_a_local_variable)
        except KeyError as cause:
            raise ValueError(f"cannot use {canary!r}") from cause
    except ValueError:
        log.exception("import_failed")
        logging.getLogger("apscheduler").exception("Job raised an exception")
    text = stream.getvalue()
    assert canary not in text
    assert MASK in text
    digits = [character for character in canary if character.isdigit()]
    assert "".join(digits) not in text or not digits
    assert "ValueError" in text, "the traceback itself is kept"


def test_I32_names_bound_for_a_whole_task_are_masked_too(lines):
    with structlog.contextvars.bound_contextvars(actor="赵金丝雀"):
        structlog.get_logger().info("case_moved")
    assert json.loads(lines.getvalue())["actor"] == MASK

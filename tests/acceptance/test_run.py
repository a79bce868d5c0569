"""`bangfu run`, as a process of its own: what is due is done, and whoever stops it finds everything in order."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bangfu.settings import read_settings
from bangfu.wiring import open_bangfu
from tests.acceptance.terminal import LIBRARY, VILLAGE, Terminal

PROGRAM = (sys.executable, str(Path(__file__).parents[2] / "cli.py"))


@contextmanager
def running(terminal: Terminal) -> Iterator[subprocess.Popen[str]]:
    command = (*PROGRAM, "run", "--every", "1", "--json", "--database", str(terminal.database))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=terminal.folder)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def move_time(terminal: Terminal, by: timedelta) -> None:
    """As `time advance` does, but without doing what falls due."""
    with open_bangfu(read_settings({}, database=str(terminal.database))) as bangfu:
        bangfu.database.advance(by)


def eventually(is_so: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        if is_so():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    pytest.fail("it did not happen")


def kinds(terminal: Terminal, number: str) -> list[str]:
    return [each["kind"] for each in terminal.ask("show", number, person="village.cadre")["timeline"]]


def test_I11_what_is_due_is_done_until_it_is_stopped_and_the_database_is_free_again(terminal, monkeypatch):
    monkeypatch.setenv("BANGFU_LIBRARY", str(LIBRARY))
    terminal.ask("deploy", "trial", "--from", "2026-01-01")
    errand = ("open", "errand", "--division", VILLAGE)
    number = terminal.ask(*errand, person="village.cadre")["case"]["number"]
    assert terminal.ask("doctor")["health"]["last_tick"] is None

    # Two working days from Monday: a reminder on Tuesday, overdue when Wednesday ends, escalated on Thursday.
    move_time(terminal, timedelta(days=2))
    health = terminal.ask("doctor")["health"]
    reminder = datetime.fromisoformat(health["oldest_due"])
    assert reminder < datetime.fromisoformat(health["now"])
    assert kinds(terminal, number) == ["opened"]

    with running(terminal) as process:
        eventually(lambda: kinds(terminal, number) == ["opened", "fired"], process)
        # What falls due while it runs, and by another process's clock.
        move_time(terminal, timedelta(days=1))
        eventually(lambda: kinds(terminal, number) == ["opened", *3 * ["fired"]], process)
        eventually(lambda: terminal.ask("doctor")["health"]["oldest_due"] is None, process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert json.loads(out) == {"practice": True, "stopped": True}
    logged = [json.loads(line) for line in err.splitlines()]
    events = [each["event"] for each in logged]
    assert events[0] == "scheduler_started"
    assert events[-2:] == ["scheduler_stopping", "scheduler_stopped"]
    assert {each["level"] for each in logged} == {"info"}
    assert all(each["fired"] for each in logged if each["event"] == "swept"), "a sweep that finds nothing is no news"
    assert "nothing_due" not in events
    assert all(datetime.fromisoformat(each["at"]).utcoffset() == timedelta(0) for each in logged)

    health = terminal.ask("doctor")["health"]
    assert health["last_tick"] is not None
    assert not health["is_silent"]
    overdue = terminal.ask("overdue", person="village.cadre")["rows"]
    assert [each["number"] for each in overdue] == [number]
    assert "overdue" in {each["event"] for each in terminal.ask("inbox", person="village.cadre")["messages"]}
    with sqlite3.connect(terminal.database, timeout=0) as connection:
        connection.execute("BEGIN EXCLUSIVE")
    connection.close()
    assert not terminal.database.with_name("office.db-wal").exists()

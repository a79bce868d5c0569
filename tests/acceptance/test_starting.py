"""What a command loads: whoever looks into his queue waits for no rules, no tables and no spreadsheets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.terminal import Terminal

ROOT = Path(__file__).parents[2]
UNNEEDED = {
    *("engine.compiling", "engine.deciding", "engine.drafting", "engine.office", "engine.rules"),
    *("storage.creating", "storage.store", "storage.tables", "papers", "web"),
    *("alembic", "apscheduler", "cel_expr_python", "google.protobuf", "openpyxl", "psycopg", "python_calamine"),
    *("sqlalchemy.orm", "sqlmodel", "structlog", "transitions"),
}
#: A program that tells what it has loaded once the command is carried out.
_TOLD = (
    "import sys\nfrom cli import app\ntry:\n    app()\nfinally:\n"
    "    print(*(name for name in sys.modules if not name.startswith('_')), sep='\\n', file=sys.stderr)"
)


@pytest.mark.parametrize("command", [("queue",), ("queue", "--late"), ("overdue",)])
def test_looking_loads_what_shows_it_alone(terminal: Terminal, command: tuple[str, ...]) -> None:
    terminal.opened()
    options = ["--database", str(terminal.database), "--as", "village.cadre"]
    told = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", _TOLD, *command, *options], text=True, encoding="utf-8",
        capture_output=True, cwd=ROOT, check=True,
    )  # fmt: skip
    loaded = set(told.stderr.split())
    assert "engine.ports" in loaded
    assert loaded & UNNEEDED == set()

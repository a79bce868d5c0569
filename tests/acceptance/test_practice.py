"""A practice database says so everywhere and stays one; the time of a real one is nobody's to move."""

from __future__ import annotations

from datetime import datetime

import pytest

from bangfu.settings import read_settings
from bangfu.wiring import open_bangfu
from tests.acceptance.terminal import HOUSEHOLDS, Terminal

CADRE = "village.cadre"
LOOKS = [
    ("queue",),
    ("find", HOUSEHOLDS[0].id_number),
    ("show", "000001"),
    ("offered", "000001"),
    ("clock", "explain", "000001"),
    ("inbox",),
    ("overdue",),
    ("board",),
    ("list", "show"),
    ("person", "list"),
    ("post", "list"),
    ("sweep",),
    ("audit", "verify"),
    ("doctor",),
    ("upgrade",),
    ("time", "advance", "1h"),
    ("comment", "000001", "a note"),
]


@pytest.fixture
def real(tmp_path) -> Terminal:
    (tmp_path / "real").mkdir()
    made = Terminal(tmp_path / "real")
    made.ask("init", "--county", "430822", "--pack", "hn_monitor", "--from", "2026-01-01")
    return made


def set_meta(terminal: Terminal, key: str, value: str) -> None:
    """What somebody with access to the file may do."""
    with (
        open_bangfu(read_settings({}, database=str(terminal.database))) as bangfu,
        bangfu.database.transaction() as connection,
    ):
        connection.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))


def now_of(terminal: Terminal) -> datetime:
    return datetime.fromisoformat(terminal.ask("doctor")["health"]["now"])


def test_the_time_of_a_real_database_cannot_be_moved(real):
    before = now_of(real)
    error = real.refused("time", "advance", "8d")
    assert (error["kind"], error["code"]) == ("ConfigurationError", 2)
    assert "real" in error["message"]
    assert (now_of(real) - before).days == 0


def test_an_offset_written_into_a_real_database_moves_nothing(real):
    before = now_of(real)
    set_meta(real, "offset", str(8 * 24 * 60 * 60 * 1000))
    assert (now_of(real) - before).days == 0


def test_time_goes_on_and_never_back(terminal):
    before = now_of(terminal)
    for words in (("-1d",), ("--", "-1d"), ("0",)):
        assert terminal.refused("time", "advance", *words)["code"] in (2, 6)
    terminal.ask("time", "advance", "1d")
    assert (now_of(terminal) - before).days == 1


@pytest.mark.parametrize("was_practice", [True, False])
def test_what_kind_a_database_is_cannot_be_turned(request, was_practice):
    database = request.getfixturevalue("terminal" if was_practice else "real")
    set_meta(database, "practice", "0" if was_practice else "1")
    for words in (("doctor",), ("queue",), ("time", "advance", "1d")):
        error = database.refused(*words, person=CADRE)
        assert (error["kind"], error["code"]) == ("ConfigurationError", 2)
    # Nor by making it anew.
    assert database.refused("init", *([] if was_practice else ["--practice"]))["code"] == 2


def test_every_command_on_a_practice_database_says_so_first(terminal):
    terminal.opened()
    said = "Practice database, not real"
    silent = [words for words in LOOKS if said not in terminal.type(*words, person=CADRE).err.split("\n")[0]]
    assert silent == []
    assert "演练" in terminal.type("queue", person=CADRE, lang="zh").err


def test_every_document_of_a_practice_database_says_so_and_of_a_real_one_does_not(terminal, real):
    terminal.opened()
    assert all(terminal.ask(*words, person=CADRE)["practice"] is True for words in LOOKS)
    for words in (("person", "list"), ("post", "list"), ("sweep",), ("audit", "verify"), ("doctor",)):
        assert real.ask(*words)["practice"] is False
        assert "Practice" not in real.type(*words).err


def test_an_error_of_a_practice_database_says_so_too(terminal):
    assert terminal.type("--json", "show", "999999", person=CADRE).document["practice"] is True
    assert "Practice database" in terminal.type("show", "999999", person=CADRE).err

"""What is written where the console is not UTF-8, as in Windows or with an old locale."""

from __future__ import annotations

import json
import sys
from io import BytesIO, TextIOWrapper

import pytest

import cli
from bangfu.i18n import translator
from bangfu.terminal.screen import Screen, escape

RARE = "𬎆"  # a name's character that GBK does not have


def output(monkeypatch: pytest.MonkeyPatch, encoding: str) -> BytesIO:
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding=encoding, write_through=True))
    return written


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii", "utf-8"])
def test_a_document_loses_no_character_in_any_encoding(monkeypatch, encoding):
    written = output(monkeypatch, encoding)
    Screen(True, translator("zh_CN")).document({"name": RARE})
    assert json.loads(written.getvalue().decode("utf-8"))["name"] == RARE


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii"])
def test_a_console_that_lacks_a_character_shows_another(monkeypatch, encoding):
    written = output(monkeypatch, encoding)

    def main(arguments):
        Screen(False, translator("zh_CN")).print(f"✓ {RARE} ok")
        return 0

    monkeypatch.setattr(cli, "main", main)
    with pytest.raises(SystemExit) as left:
        cli.app()
    assert left.value.code == 0
    assert written.getvalue().split() == [b"?", b"?", b"ok"]


def test_no_note_or_name_commands_the_terminal_of_its_reader():
    assert escape("\x1b[2J\x9b1A\x07 line\n[bold]") == "\ufffd[2J\ufffd1A\ufffd line\n\\[bold]"

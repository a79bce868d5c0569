"""What goes wrong is told with the exit code of its kind (docs/reference/cli.md), for people and as JSON."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

import bangfu.wiring
from bangfu.settings import read_settings
from tests.acceptance.terminal import COUNTY, HOUSEHOLDS, VILLAGE, Terminal, copy_office
from tests.acceptance.test_commands import SECTIONS, unlike

CADRE, BUREAU, FINANCE = "village.cadre", "county.bureau", "county.finance_office"
NUMBER = "000001"
CONSENTS = ("--fact", "consents=yes")
HOUSEHOLD = ("--household", HOUSEHOLDS[1].id_number)
FOUND = ("--channel", "found", "--fact", "found_on=2026-03-02")


@pytest.fixture(scope="module")
def office(made_office: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """One case in its first stage. Every command here is refused, so that none changes it."""
    office = copy_office(made_office, tmp_path_factory.mktemp("refusing"))
    office.opened()
    office.ask("person", "add", "idle", "测试员")
    # A village next door, whose cadre must not see the case.
    office.ask("person", "add", "neighbour", "测试员")
    office.ask("post", "add", "neighbour", "village.cadre", "430822213202", "--from", "2026-01-01")
    return office


USAGE = [
    ("shwo",),
    ("list", "opne"),
    ("show",),
    ("act", NUMBER),
    ("show", NUMBER, "--nope"),
    ("show", NUMBER, "more"),
    ("queue", "--limit"),
    ("queue", "--limit", "many"),
    ("queue", "--limit", "0"),
    ("queue", "--as"),
]
SETTINGS = [
    ("queue", "--lang", "fr"),
    ("queue", "--key-file", "nowhere.key"),
    ("queue", "--database", "nowhere.db"),
    ("queue", "--database", "mysql://host/name"),
    ("init",),
]
NOT_FOUND = [
    ("show", "999999"),
    ("show", "430822-2026-999999"),
    ("show", str(UUID(int=1))),
    ("act", "999999", "submit"),
    ("person", "show", "nobody"),
    ("person", "relative", "nobody", HOUSEHOLDS[0].id_number),
    ("post", "add", "nobody", "village.cadre", VILLAGE),
    ("post", "end", CADRE, "county.leader", COUNTY),
    ("open", "identification", "--household", "没有这户", *FOUND),
    ("list", "open", "identification", "delibrate"),
    ("list", "show", "nope"),
    ("list", "decide", "nope", "pass"),
    ("act", NUMBER, "sumbit", *CONSENTS),
    ("act", NUMBER, "submit", "--on", "nope"),
    ("attach", NUMBER, "anex1", __file__),
    ("paper", NUMBER, "anex1", "--to", "new.pdf"),
    ("open", "identification", *HOUSEHOLD, *FOUND, "--channel", "fuond"),
    ("open", "identifcation", *HOUSEHOLD, *FOUND, "--channel", "found"),
    ("clock", "stop", NUMBER, "nope", "--document", __file__),
    ("clock", "explain", NUMBER, "nope"),
    ("deploy", "nope"),
    ("check", "nope"),
    ("workflow", "show", "nope"),
    ("workflow", "draw", "identification", "--pack", "nope"),
]
NOT_NOW = [
    ("act", NUMBER, "list"),
    ("act", NUMBER, "submit", "--seen", "0", *CONSENTS),
    ("release", NUMBER),
    ("notice", "post", NUMBER),
    ("notice", "objection", NUMBER, "--grounds", "what is objected"),
    ("notice", "answer", NUMBER, "upheld"),
]
NO_POST: list[tuple[str, ...]] = [
    (BUREAU, "act", NUMBER, "submit", *CONSENTS),
    (BUREAU, "claim", NUMBER),
    (CADRE, "act", NUMBER, "submit", *CONSENTS, "--post", "county.bureau"),
    (BUREAU, "open", "identification", *HOUSEHOLD, *FOUND),
    ("idle", "queue"),
    (CADRE, "queue", "--county", "430821"),
]
REFUSED = [
    ("act", NUMBER, "submit", "--fact", "consents=no"),
    ("open", "identification", "--household", HOUSEHOLDS[0].id_number, *FOUND),
]
BAD_INPUT = [
    ("act", NUMBER, "submit"),
    ("act", NUMBER, "submit", "--fact", "consents=perhaps"),
    ("act", NUMBER, "submit", "--fact", "consents"),
    ("act", NUMBER, "submit", "--fact", "consnts=yes"),
    ("act", NUMBER, "submit", *CONSENTS, *CONSENTS),
    ("act", NUMBER, "submit", *CONSENTS, "--id", "1"),
    ("act", NUMBER, "submit", *CONSENTS, "--paper", "annex1=nowhere.pdf"),
    ("comment", NUMBER, ""),
    ("open", "identification"),
    ("notice", "post", NUMBER, "--at", "yesterday"),
    ("notice", "objection", NUMBER, "--received", "yesterday"),
    ("import", "people", "nowhere.csv"),
    ("import", "people", __file__),
    ("import", "roster"),
    ("import", "roster", __file__),
    ("import", "roster", "--template", "nowhere/empty.xlsx"),
    ("import", "divisions", "nowhere", "--prefix", "43"),
    ("post", "add", CADRE, "county.leader", VILLAGE),
    ("post", "add", CADRE, CADRE, VILLAGE, "--from", "soon"),
    ("time", "advance", "8"),
    ("board", "--level", "street"),
    ("check", "nowhere/wrong.yaml"),
]
GROUPS: Sequence[tuple[int, Sequence[tuple[str, ...]]]] = [
    (2, USAGE),
    (2, SETTINGS),
    (3, NOT_FOUND),
    (4, NOT_NOW),
    (6, REFUSED),
    (6, BAD_INPUT),
]
TYPED = [(code, CADRE, words) for code, group in GROUPS for words in group]
TYPED += [(5, words[0], words[1:]) for words in NO_POST]
TYPED += [(3, "nobody", ("queue",)), (3, "nobody", ("show", NUMBER)), (6, "", ("queue",))]


@pytest.mark.parametrize(
    ("code", "person", "words"), TYPED, ids=[f"{code} {person} {' '.join(words)[:70]}" for code, person, words in TYPED]
)
def test_an_error_has_the_exit_code_of_its_kind(office, code, person, words):
    said = office.type("--json", *words, person=person)
    assert (said.code, said.err) == (code, "")
    error = said.document["error"]
    assert error["code"] == code
    assert error["message"]
    assert unlike(SECTIONS["An error"], error) == []
    told = office.type(*words, person=person)
    assert (told.code, told.out) == (code, "")
    assert error["message"] in told.err or "--lang" in words or "--as" in words  # Told in the language that is left.
    assert "Traceback" not in told.err


def test_no_error_changed_anything(office):
    assert office.ask("show", NUMBER, person=CADRE)["case"]["seq"] == 1
    assert office.ask("doctor")["violations"] == []


def test_a_case_out_of_scope_is_not_told_from_one_that_does_not_exist(office):
    there = office.ask("show", NUMBER, person=CADRE)["case"]
    for word in (there["number"], there["id"]):
        hidden = office.refused("show", word, person="neighbour")
        absent = word.replace(word[-3:], "999")
        assert hidden["message"].replace(word, absent) == office.refused("show", absent, person="neighbour")["message"]
        for command in (("act", word, "submit"), ("offered", word), ("comment", word, "x"), ("clock", "explain", word)):
            assert office.refused(*command, person="neighbour")["code"] == 3
    for listing in ("queue", "overdue", "board"):
        assert office.ask(listing, person="neighbour")["rows"] == []
    assert office.ask("inbox", person="neighbour")["messages"] == []
    found = office.ask("find", HOUSEHOLDS[0].id_number, person="neighbour")
    assert (found["cases"], found["households"]) == ([], [])


def test_a_household_out_of_scope_cannot_be_named(office):
    home = office.ask("find", HOUSEHOLDS[1].id_number, person=CADRE)["households"][0]
    for text in (home["id"], home["name"], HOUSEHOLDS[1].id_number):
        words = ("open", "identification", "--household", text, *FOUND)
        assert office.refused(*words, person="neighbour")["code"] == 3


def test_a_typing_mistake_is_answered_with_what_there_is(office):
    told = office.refused("act", NUMBER, "sumbit", person=CADRE)
    assert all(f"{name} " in told["message"] for name in ("submit", "unwilling", "withdraw"))
    assert told["advice"] == "did you mean submit?"
    assert "identification" in office.refused("workflow", "show", "identifcation")["advice"]
    channel = ("open", "identification", *HOUSEHOLD, "--channel", "fuond")
    told = office.refused(*channel, person=CADRE)
    assert all(f"{name} " in told["message"] for name in ("applied", "found", "warned"))
    assert told["advice"] == "did you mean found?"
    assert "'show'" in office.refused("shwo")["message"]


def test_a_command_sent_twice_is_done_once_and_with_other_content_refused(terminal):
    number, id_ = terminal.opened(), str(UUID(int=7))
    words = ("act", number, "submit", *CONSENTS, "--id", id_)
    first = terminal.ask(*words, person=CADRE)
    again = terminal.ask(*words, person=CADRE)
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert again["event"] == first["event"]
    other = terminal.refused(*words, "--note", "other", person=CADRE)
    assert (other["kind"], other["code"]) == ("CommandReusedError", 6)


def test_of_several_cases_each_is_told_and_the_first_error_decides(terminal):
    done, undone = terminal.deliberated(0), terminal.opened(1)
    said = terminal.type(
        "--json", "notice", "post", done, undone, "999999", "--proof", terminal.photo, person="village.committee"
    )
    assert said.code == 4
    document = said.document
    assert (document["done"], document["failed"]) == (1, 2)
    assert [each.get("error", {}).get("code", 0) for each in document["cases"]] == [0, 4, 3]


# --- the database and its key -----------------------------------------------------------------------------------------


def beside(terminal: Terminal, folder: Path, content: bytes) -> Terminal:
    """A file of *content* in the database's place, with the right key."""
    folder.mkdir()
    shutil.copy(terminal.folder / "office.key", folder / "office.key")
    other = Terminal(folder)
    other.database.write_bytes(content)
    return other


@pytest.mark.parametrize("command", [("queue",), ("show", NUMBER), ("doctor",), ("run",), ("upgrade",)])
def test_a_file_that_is_no_database_is_refused_by_every_command(terminal, tmp_path, command):
    whole = terminal.database.read_bytes()
    with sqlite3.connect(tmp_path / "another.db") as another:
        another.execute("CREATE TABLE notes (text TEXT)")
    another.close()
    for number, (content, codes) in enumerate(
        [
            (b"", {2}),
            (b"this is no database" * 500, {2, 7}),
            ((tmp_path / "another.db").read_bytes(), {2}),
            (whole[: len(whole) // 2], {7}),
            (whole[:8192] + b"U" * 50_000, {7}),
        ]
    ):
        other = beside(terminal, tmp_path / f"other{number}", content)
        assert other.refused(*command, person=CADRE)["code"] in codes
        if content:
            assert other.database.read_bytes() == content


@pytest.mark.parametrize("command", [("queue",), ("doctor",), ("run",), ("upgrade",)])
def test_a_mistyped_database_is_not_made(tmp_path, command):
    assert Terminal(tmp_path).refused(*command, person=CADRE)["code"] == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "mode"),
    [(b"short", 0o600), (base64.b64encode(bytes(32)), 0o600), (None, 0o644)],
    ids=["no key", "another key", "readable by others"],
)
def test_a_wrong_key_file_is_a_wrong_setting(terminal, key, mode):
    file = terminal.folder / "office.key"
    if key is not None:
        file.write_bytes(key)
    file.chmod(mode)
    error = terminal.refused("queue", person=CADRE)
    assert (error["kind"], error["code"]) == ("ConfigurationError", 2)


def test_a_variable_that_is_no_setting_is_refused(office, monkeypatch):
    monkeypatch.setenv("BANGFU_DATABSE", "x")
    error = office.refused("queue", person=CADRE)
    assert error["code"] == 2
    assert "BANGFU_DATABASE" in error["advice"]


@pytest.mark.parametrize(
    "words", [("--county", "999999"), ("--pack", "nope"), ("--pack", "hn_monitor", "--from", "soon")]
)
def test_a_database_that_cannot_be_set_up_is_not_left_behind(tmp_path, words):
    Terminal(tmp_path).refused("init", *words)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_entered_when_its_problems_cannot_be_written(terminal):
    terminal.ask("person", "add", "helper", "测试员")
    people = terminal.folder / "more.csv"
    people.write_text(
        f"人员代码,姓名,岗位,区划代码,起,止\nhelper,测试员,village.cadre,{VILLAGE},2026-01-01,\n", "utf-8"
    )
    words = ("import", "people", str(people), "--problems", str(terminal.folder / "nowhere" / "problems.xlsx"))
    assert terminal.refused(*words)["code"] == 6
    held = terminal.ask("post", "list", "--post", "village.cadre")["posts"]
    assert [each["person"] for each in held] == [CADRE]


def test_what_breaks_an_invariant_is_told_by_doctor_and_audit(terminal):
    terminal.opened()
    settings = read_settings({}, database=str(terminal.database))
    with bangfu.wiring.open_bangfu(settings) as opened, opened.database.transaction() as connection:
        connection.execute("UPDATE cases SET stage = 'deliberate'")
    for command in (("audit", "verify"), ("doctor",)):
        said = terminal.type("--json", *command)
        assert said.code == 7
        assert said.document["violations"]
        assert terminal.type(*command).code == 7


# --- what nobody foresaw ----------------------------------------------------------------------------------------------


def test_a_mistake_of_ours_is_logged_without_personal_data_and_told_in_one_line(terminal, monkeypatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("向示例 43089919700101123X 13800138000")

    monkeypatch.setattr(bangfu.wiring, "open_bangfu", broken)
    for words in (("--json", "queue"), ("queue",)):
        said = terminal.type(*words, person=CADRE)
        assert said.code == 1
        first, *rest = said.err.splitlines()
        log = json.loads(first)
        assert (log["event"], log["error"]) == ("bug", "ZeroDivisionError")
        assert "43089919700101123" not in said.out + said.err
        assert "13800138000" not in said.out + said.err
        assert "向示例" not in said.out + said.err
        assert len(rest) == ("--json" not in words)


def test_an_interrupted_command_says_nothing(terminal, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bangfu.wiring, "open_bangfu", interrupted)
    said = terminal.type("queue", person=CADRE)
    assert (said.code, said.out, said.err) == (130, "", "")

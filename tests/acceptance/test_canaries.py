"""What a household told stays where it belongs: canaries sent through the whole command line (I32, T20)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bangfu.settings import read_settings
from bangfu.wiring import open_bangfu
from engine.identity import check_digit
from storage.packing import PLAIN, Packer
from tests.acceptance.terminal import CHECKED, MEETING, OFFICERS, VILLAGE, Said, Terminal, copy_office

# Nobody's: 430899 is no county, 1700000 no subscriber, and the card has no right check digit.
ID_NUMBER = "43089919631107002" + check_digit("43089919631107002")
PHONE, BANK, HEALTH = "17000009246", "6222029876543210987", "尿毒症透析"
NAME, OBJECTOR = "金丝雀", "黄雀儿"
SENSITIVE = (ID_NUMBER, PHONE, BANK, HEALTH)
NAMES = (NAME, OBJECTOR)
TOLD = f"{NAME} {ID_NUMBER} {PHONE} {BANK} {HEALTH}"
CADRE, COMMITTEE = "village.cadre", "village.committee"


@dataclass
class Flight:
    """Canaries on their way: everything that was said, and the log as it lay before the database was closed."""

    terminal: Terminal
    number: str = ""
    done: list[tuple[tuple[str, ...], Said]] = field(default_factory=list)
    refused: list[tuple[tuple[str, ...], Said]] = field(default_factory=list)
    written_ahead: bytes = b""

    def type(self, *words: str, person: str = "", refused: bool = False) -> str:
        for options in (("--json",), ()) if refused else (("--json",),):
            said = self.terminal.type(*options, *words, person=person, lang="zh")
            assert (said.code > 1) is refused, said
            (self.refused if refused else self.done).append((words, said))
        return said.out

    def fly(self) -> Flight:
        with self._log_kept():
            self._roster()
            self._case()
            self._objection()
            self._mistakes()
        return self

    @contextmanager
    def _log_kept(self) -> Iterator[None]:
        """SQLite deletes its log when the last connection closes; until then one more reader is here."""
        with open_bangfu(read_settings({}, database=str(self.terminal.database))) as watching:
            with watching.database.connection() as connection:
                connection.execute("SELECT count(*) FROM meta").fetchall()
                yield
            self.written_ahead = self.terminal.database.with_name("office.db-wal").read_bytes()

    def _roster(self) -> None:
        folder = self.terminal.folder
        head = "村代码,户主姓名,户主身份证号,户主联系电话,主要困难和问题,备注"
        (folder / "rows.csv").write_text(f"{head}\n{VILLAGE},{NAME},{ID_NUMBER},{PHONE},{HEALTH},{TOLD}\n", "utf-8")
        head = "户主身份证号,姓名,身份证号,备注(健康、联系电话等情况)"
        (folder / "members.csv").write_text(f"{head}\n{ID_NUMBER},{NAME},{ID_NUMBER},{TOLD}\n", "utf-8")
        files = (str(folder / "rows.csv"), "--members", str(folder / "members.csv"))
        self.type("import", "roster", *files)
        assert '"known": 1' in self.type("import", "roster", *files)
        broken = f"{VILLAGE},{NAME},{ID_NUMBER[:-1]}?,{PHONE}1,{HEALTH},{TOLD}"
        (folder / "rows.csv").write_text(
            f"村代码,户主姓名,户主身份证号,户主联系电话,主要困难和问题,备注\n{broken}\n", "utf-8"
        )
        self.type("import", "roster", str(folder / "rows.csv"), refused=True)

    def _case(self) -> None:
        notes = ("--note", TOLD)
        paper = self.terminal.folder / f"{NAME}{ID_NUMBER}.jpg"
        paper.write_bytes(TOLD.encode())
        opening = ("open", "identification", "--channel", "found", "--household", ID_NUMBER)
        self.type(*opening, "--fact", "found_on=2026-03-02", "--fact", f"clue={TOLD}", *notes, person=CADRE)
        with open_bangfu(read_settings({}, database=str(self.terminal.database))) as bangfu:
            self.number = bangfu.register.find(bangfu.scope("430822", CADRE), NAME)[0].number
        number = self.number
        self.type("comment", number, TOLD, person=CADRE)
        self.type("attach", number, "annex1", str(paper), person=CADRE)
        self.type("act", number, "submit", "--fact", f"consents={TOLD}", person=CADRE, refused=True)
        self.type("act", number, "submit", "--fact", TOLD, person=CADRE, refused=True)
        self.type("act", number, "submit", "--fact", f"{TOLD}=yes", person=CADRE, refused=True)
        submitted = ("--fact", "consents=yes", "--fact", f"reasons={TOLD}", *notes)
        self.type("act", number, "submit", *submitted, person=CADRE)
        checked = (*CHECKED, "--fact", f"property={TOLD}", "--fact", f"production={TOLD}", *notes)
        self.type("act", number, "confirmed", *checked, person="township.cadre")
        self.type("act", number, "pass", *MEETING, *notes, person=COMMITTEE)
        self.type("notice", "post", number, "--proof", str(paper), person=COMMITTEE)
        self.type("notice", "take-down", number, *notes, person=COMMITTEE)
        self.type("notice", "post", number, "--proof", str(paper), person=COMMITTEE)

    def _objection(self) -> None:
        facts = ("--fact", f"objector_name={OBJECTOR}", "--fact", f"objector_phone={PHONE}")
        grounds = f"{OBJECTOR}: {TOLD}"
        lodged = ("--grounds", grounds, *facts, "--objector", f"{OBJECTOR} {PHONE}")
        self.type("notice", "objection", self.number, *lodged, person=COMMITTEE)
        minutes = ("--present", "village.branch=1", "--present", "village.committee=1", "--votes", "dismissed=2")
        answer = ("dismissed", "--note", grounds, "--fact", f"finding={grounds}", *minutes)
        self.type("notice", "answer", self.number, *answer, person="village.branch")

    def _mistakes(self) -> None:
        """What people type in the wrong place, as far as an error might repeat it."""
        number, facts = self.number, ("--fact", "found_on=2026-03-02")
        self.type("act", number, TOLD, person=COMMITTEE, refused=True)
        self.type("show", ID_NUMBER, person=CADRE, refused=True)
        self.type("open", "identification", "--household", TOLD, *facts, person=CADRE, refused=True)
        self.type(
            "open", "identification", "--household", ID_NUMBER, *facts, "--channel", "found", person=CADRE, refused=True
        )
        self.type("show", number, "--seen", BANK, person=CADRE, refused=True)
        self.type("comment", number, NAME, ID_NUMBER, PHONE, person=CADRE, refused=True)
        self.type("import", "roster", str(self.terminal.folder / f"{NAME}{ID_NUMBER}.jpg"), refused=True)

    def read(self, *words: str, person: str, lang: str = "zh") -> str:
        """What somebody is told, as JSON and on the screen."""
        told = [self.terminal.type(*words, *more, person=person, lang=lang) for more in (("--json",), ())]
        return "".join(each.out for each in told)


def found(canaries: tuple[str, ...], where: str | bytes) -> set[str]:
    """Which of *canaries* are there, in UTF-8 or UTF-16."""
    if isinstance(where, str):
        return {each for each in canaries if each in where}
    return {each for each in canaries if each.encode() in where or each.encode("utf-16-le") in where}


def leaks(said: list[tuple[tuple[str, ...], Said]], canaries: tuple[str, ...], beside: bool = False) -> list[Any]:
    """Commands whose answer, or what was said beside it, holds some of *canaries*."""
    texts = [(words, found(canaries, each.err if beside else each.out)) for words, each in said]
    return [(words, canary) for words, canary in texts if canary]


@pytest.fixture(scope="module")
def flight(made_office: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flight]:
    terminal = copy_office(made_office, tmp_path_factory.mktemp("canaries"))
    terminal.ask("person", "add", "neighbour", "测试员")
    terminal.ask("post", "add", "neighbour", "village.cadre", "430822213202", "--from", "2026-01-01")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANGFU_LOG", "debug")
        yield Flight(terminal).fly()


def test_whoever_decides_reads_what_was_told(flight):
    # Else the other tests would look for what is not there.
    told = flight.read("show", flight.number, person=CADRE)
    assert found((*SENSITIVE, NAME), told) == {*SENSITIVE, NAME}
    assert found((NAME,), flight.read("find", NAME, person=COMMITTEE)) == {NAME}


def test_nothing_said_beside_the_answers_names_anybody(flight):
    assert leaks(flight.done, (*SENSITIVE, *NAMES), beside=True) == []


def test_no_answer_to_a_command_repeats_what_was_sealed(flight):
    assert leaks(flight.done, (*SENSITIVE, OBJECTOR)) == []


def test_an_error_repeats_a_mistyped_word_but_no_number(flight):
    numbers = (ID_NUMBER, PHONE, BANK)
    assert leaks(flight.refused, numbers) == leaks(flight.refused, numbers, beside=True) == []


def test_no_file_holds_what_is_sealed(flight):
    folder = flight.terminal.folder
    files = [folder / "office.db", folder / "office.key", *(folder / "office.db.files").rglob("*")]
    contents = {path.name: path.read_bytes() for path in files if path.is_file()}
    contents["office.db-wal"] = flight.written_ahead
    assert len(contents) == 4  # One file's content was handed in, several times.
    assert len(flight.written_ahead) > 100_000
    assert {name: found((*SENSITIVE, OBJECTOR), content) for name, content in contents.items()} == {
        name: set() for name in contents
    }


def cells(database: Path) -> Iterator[tuple[str, str, Any]]:
    """Table, column and value of everything in the database; packed texts unpacked."""
    with sqlite3.connect(database) as connection:
        packers = {no: Packer(words) for no, words in connection.execute("SELECT no, words FROM workflow_version")}
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = connection.execute(f"SELECT * FROM {table}")
            columns = [each[0] for each in rows.description]
            for row in rows:
                named = dict(zip(columns, row, strict=True))
                packer = packers.get(named.get("version"), PLAIN)
                for column, value in named.items():
                    is_packed = (table, column) in (("case_event", "text"), ("cases", "record"))
                    yield table, column, packer.unpack(value) if is_packed else value
    connection.close()


def test_events_and_records_name_nobody_and_a_name_stands_in_its_column_alone(flight):
    places = {
        (table, column, canary)
        for table, column, value in cells(flight.terminal.database)
        for canary in found((*SENSITIVE, *NAMES), value if isinstance(value, bytes) else str(value))
    }
    assert places == {("household", "name", NAME), ("member", "name", NAME)}
    texts = [
        value for table, column, value in cells(flight.terminal.database) if (table, column) == ("case_event", "text")
    ]
    assert any('"dismissed"' in text for text in texts)  # They were unpacked.


def test_no_message_names_anybody(flight):
    told = {person: flight.terminal.type("inbox", "--all", "--json", person=person).out for person in OFFICERS}
    assert flight.number in told[COMMITTEE]
    assert {person: found((*SENSITIVE, *NAMES), text) for person, text in told.items()} == {key: set() for key in told}


@pytest.mark.parametrize("person", ["neighbour", "nobody"])
def test_whoever_is_out_of_scope_is_told_nothing(flight, person):
    looks = [("queue",), ("inbox", "--all"), ("overdue",), ("board",), ("show", flight.number)]
    looks += [("find", canary) for canary in (ID_NUMBER, PHONE, NAME)]
    looks += [("offered", flight.number), ("clock", "explain", flight.number, "--all")]
    told = "".join(flight.read(*words, person=person) for words in looks)
    assert found((*SENSITIVE, *NAMES), told) == set()


def test_a_supervisor_without_a_part_in_the_case_sees_that_there_is_something_and_not_what(flight):
    told = flight.read("show", flight.number, person="county.leader")
    assert "••••" in told
    assert found((*SENSITIVE, OBJECTOR), told) == set()


def test_numbers_of_a_household_are_masked_for_everybody(flight):
    told = flight.read("find", ID_NUMBER, person=CADRE)
    assert NAME in told
    assert found((ID_NUMBER, PHONE), told) == set()


def test_an_objector_is_hidden_from_supervisors(flight):
    objection = f"{flight.number[:-6]}{int(flight.number[-6:]) + 1:06d}"
    told = "".join(flight.read(*words, objection, person="county.leader") for words in (("show",), ("offered",)))
    assert objection in told
    assert found((OBJECTOR, PHONE), told) == set()

"""Every command answers `--json` with one document: the keys and types of docs/reference/json.md, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer

import cli
from bangfu.settings import read_settings
from bangfu.wiring import open_bangfu
from engine.identity import check_digit
from tests.acceptance.terminal import (
    CHECKED,
    COUNTY,
    DIVISIONS,
    HOUSEHOLDS,
    LIBRARY,
    MEETING,
    VILLAGE,
    Terminal,
    copy_office,
)

#: Nobody's number: 430899 is no county.
STRANGER = "43089919700101001" + check_digit("43089919700101001")
NEWCOMER = "43089919700102001" + check_digit("43089919700102001")
WRONG_SCENARIO = """
scenarios: identification
pack: hn_monitor
start: 2026-03-02
ways:
  refused:
    title: 未签承诺书即提交
    steps: [{open: found}, {act: submit}]
"""
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text("utf-8")
_LINK = re.compile(r"\[.+\]\(#(.+)\)")

# --- what the page says -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """A kind of document: the commands that answer with it, and its keys with their types."""

    commands: tuple[str, ...]
    keys: Mapping[str, str]


def read_page(text: str) -> Mapping[str, Section]:
    written = {part.splitlines()[0]: part for part in text.split("\n## ")[1:]}
    anchors = {title.lower().replace(" ", "-"): title for title in written}

    def keys(title: str) -> Iterator[tuple[str, str]]:
        for name, kind in re.findall(r"^\| `(.+?)` \| (.+?) \|", written[title], re.MULTILINE):
            link = _LINK.fullmatch(kind)
            if link is None:
                yield f"{name}[]" if kind == "texts" else name, kind
            else:
                yield from ((f"{name}.{inner}", each) for inner, each in keys(anchors[link[1]]))

    def commands(part: str) -> tuple[str, ...]:
        return tuple(re.findall(r"^    bangfu (.+)$", part, re.MULTILINE))

    return {title: Section(commands(part), dict(keys(title))) for title, part in written.items()}


SECTIONS = read_page(PAGE)
#: As written on the page, such as `list show LIST` → the section.
DOCUMENTED = {command: title for title, section in SECTIONS.items() for command in section.commands}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of a document with its path; of an empty list or map its own."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from leaves(part, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and value:
        for part in value:
            yield from leaves(part, f"{path}[]")
    else:
        yield path, value


def fits(value: Any, kind: str) -> bool:
    if value is None:
        return kind.endswith("?")
    match kind.removesuffix("?"):
        case "id":
            return str(UUID(value)) == value
        case "instant":
            return value.endswith("Z") and datetime.fromisoformat(value).utcoffset() == timedelta(0)
        case "day":
            return date.fromisoformat(value).isoformat() == value
        case "number":
            return type(value) is int
        case "yes or no":
            return type(value) is bool
        case "text" | "texts":
            return type(value) is str
        case _:
            raise AssertionError(f"{kind} is no type")


def unlike(section: Section, document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What stands in *document* and not on the page, or not of that type."""
    keys = {"practice": "yes or no", **section.keys}
    maps = tuple(name for name, kind in keys.items() if kind == "map")
    found = []
    for path, value in leaves(document):
        inside = any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in maps)
        is_empty = value in ([], {}) and any(name.startswith(f"{path}[") for name in keys)
        if not (inside or is_empty or (path in keys and fits(value, keys[path]))):
            found.append((path, value))
    return found


def unseen(section: Section, documents: Sequence[Mapping[str, Any]]) -> set[str]:
    """What stands on the page, and in no document."""
    seen = {path for document in documents for path, _ in leaves(document)}
    seen |= {f"{path}[]" for path in seen if section.keys.get(f"{path}[]") == "texts"}  # There may be none.
    return {
        name
        for name, kind in section.keys.items()
        if name not in seen and not (kind == "map" and any(path.startswith((f"{name}.", f"{name}[")) for path in seen))
    }


# --- what the commands say --------------------------------------------------------------------------------------------


def commands(group: Any, path: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}".strip())
        else:
            yield f"{path} {name}".strip()


COMMANDS = tuple(commands(typer.main.get_command(cli.program)))


class Story:
    """Commands typed one after the other; each one's documents, by its name on the page."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.told: dict[str, list[Any]] = {}

    def type(self, command: str, *words: str, person: str = "", named: str = "", code: int = 0) -> Any:
        said = self.terminal.type("--json", *command.split(), *words, person=person)
        assert said.code == code, said
        self.told.setdefault(named or command, []).append(said.document)
        return said.document

    def tell(self) -> dict[str, list[Any]]:
        self.set_up()
        self.first_case()
        self.lists()
        self.life()
        self.errand()
        self.look()
        return self.told

    def set_up(self) -> None:
        folder = self.terminal.folder
        (folder / "fresh").mkdir()
        fresh = Story(Terminal(folder / "fresh"))
        self.told = fresh.told
        fresh.type("init", "--practice", "--county", COUNTY[:6], "--pack", "hn_monitor", "--from", "2026-01-01")
        fresh.type("upgrade")
        fresh.type("import people", str(folder / "people.csv"))
        fresh.type("import roster", str(folder / "roster.xlsx"))
        self.type("import divisions", str(DIVISIONS), "--prefix", VILLAGE)
        self.type("deploy", "hn_monitor", "--from", "2026-02-01")
        (folder / "bad.csv").write_text(
            "人员代码,姓名,岗位,区划代码,起,止\nx,测试员,village.cadre,9,2026-01-01,\n", "utf-8"
        )
        self.type("import people", str(folder / "bad.csv"), "--problems", str(folder / "problems.xlsx"), code=6)
        known = HOUSEHOLDS[0].members[0]
        (folder / "clash.csv").write_text(
            f"村代码,户主姓名,户主身份证号\n{VILLAGE},测试户,{STRANGER}\n{VILLAGE},测试户,1\n"
            f"{VILLAGE},{HOUSEHOLDS[1].householder},{HOUSEHOLDS[1].id_number}\n",
            "utf-8",
        )
        (folder / "members.csv").write_text(
            f"户主身份证号,姓名,身份证号\n{STRANGER},{known.name},{known.id_number}\n"
            f"{HOUSEHOLDS[1].id_number},测试新人,{NEWCOMER}\n",
            "utf-8",
        )
        self.type("import roster", str(folder / "clash.csv"), "--members", str(folder / "members.csv"))
        self.type("import roster", "--template", str(folder / "empty.xlsx"), named="import roster --template")
        self.type("person add", "helper", "测试员")
        self.type("post add", "helper", "village.cadre", VILLAGE, "--from", "2026-01-01")
        self.type("post end", "helper", "village.cadre", VILLAGE, "--on", "2026-03-01")
        self.type("post list", "--post", "village.committee")
        self.type("person list")
        for key, post in (("second", "village.cadre"), ("clerk", "village.party_member")):
            self.type("person add", key, "测试员")
            self.type("post add", key, post, VILLAGE, "--from", "2026-01-01")
        self.type("person deputy", "clerk", "second", "village.cadre", VILLAGE, "--to", "2026-12-31")
        self.type("person relative", "helper", HOUSEHOLDS[2].id_number, person="village.cadre")
        assert self.type("person show", "helper")["relatives"] == 1

    def first_case(self) -> None:
        photo, cadre, committee = self.terminal.photo, "village.cadre", "village.committee"
        home = HOUSEHOLDS[0].id_number
        clue = ("--channel", "found", "--household", home, "--fact", "found_on=2026-03-02")
        opened = self.type("open", "identification", *clue, person=cadre)
        number = opened["case"]["number"]
        self.type("queue", person=cadre)
        self.type("claim", number, person=cadre)
        self.type("release", number, person=cadre)
        self.type("assign", number, "second", person=cadre)
        self.type("transfer", number, cadre, person="second")
        self.type("delegate", number, "clerk", person=cadre)
        self.type("release", number, person="clerk")
        self.type("release", number, person=cadre)
        self.type("urge", number, person=cadre)
        self.type("copy", number, "second", "village.cadre", person=cadre)
        self.type("comment", number, "a note", person=cadre)
        self.type("attach", number, "annex1", photo, person=cadre)
        copy = Path(self.terminal.photo).with_name("copy.jpg")
        self.type("paper", number, "annex1", "--to", str(copy), person=cadre)
        assert copy.read_bytes() == Path(photo).read_bytes()
        self.type("offered", number, person=cadre)
        self.type("offered", number, person="township.cadre")
        self.type("act", number, "submit", "--fact", "consents=yes", person=cadre)
        self.type("withdraw", number, person=cadre)
        self.second_thoughts(number)
        self.type("act", number, "submit", "--fact", "consents=yes", person=cadre)
        self.type("offered", number, person="township.cadre")
        self.type("act", number, "confirmed", *CHECKED, person="township.cadre")
        self.type("act", number, "pass", *MEETING, person=committee)
        self.type("notice post", number, "--proof", photo, person=committee)
        self.type("notice take-down", number, "--note", "hung wrongly", person=committee)
        self.type("notice post", number, "--proof", photo, person=committee)
        self.type("notice objection", number, "--grounds", "what is objected", person=committee)
        minutes = ("--present", "village.branch=1", "--present", "village.committee=1", "--votes", "dismissed=2")
        answer = ("dismissed", "--note", "checked", "--fact", "finding=nothing", *minutes)
        self.type("notice answer", number, *answer, person="village.branch")
        self.type("clock explain", number, person=cadre)
        self.type("time advance", "8d")
        self.type("notice proof", number, "--proof", photo, person=committee)
        self.type("show", number, person=committee)
        self.type("act", number, "submit", person=committee)
        self.type("act", number, "pass", person="township.secretary")
        self.type("act", number, "pass", person="township.mayor")
        self.type("offered", number, person="county.bureau")

    def second_thoughts(self, number: str) -> None:
        """Signers come and go at the first question, and two persons correct what was found."""
        cadre, mayor = "village.cadre", "township.mayor"
        for when in ("before", "after"):
            self.type("sign add", number, mayor, "--when", when, person=cadre)
            self.type("sign remove", number, mayor, person=cadre)
        self.type("sign add", number, mayor, person=cadre)
        self.type("sign disagree", number, "--note", "not yet", person=mayor)
        self.type("sign add", number, "township.secretary", person=cadre)
        self.type("sign agree", number, person="township.secretary")
        for verb, who in (("decline", "county.bureau"), ("retract", cadre), ("confirm", "county.bureau")):
            wrong = ("--fact", "found_on=2026-03-01", "--note", "a day too late")
            self.type("propose correct", number, *wrong, person=cadre)
            self.type("offered", number, person="county.bureau")
            self.type(verb, number, "correct", *(("--note", "why") if verb == "decline" else ()), person=who)
        self.type("show", number, person=cadre)
        ended = self.terminal.opened(1)
        self.terminal.ask("act", ended, "unwilling", "--note", "said so", person=cadre)
        self.type("propose reopen", ended, "--note", "has thought again", person=cadre)
        self.type("confirm", ended, "reopen", person="county.bureau")
        self.terminal.ask("act", ended, "unwilling", "--note", "has not", person=cadre)

    def lists(self) -> None:
        numbers = [self.terminal.opened(household) for household in (1, 2)]
        for number in numbers:
            self.terminal.ask("act", number, "submit", "--fact", "consents=yes", person="village.cadre")
            self.terminal.ask("act", number, "confirmed", *CHECKED, person="township.cadre")
        batch = ("batch new", "urge", "--case", numbers[0], "--case", numbers[1])
        made = self.type(*batch, person="village.cadre")
        self.type(
            "batch new",
            "claim",
            "--workflow",
            "identification",
            "--stage",
            "deliberate",
            "--division",
            VILLAGE,
            person="county.bureau",
        )
        self.type("batch run", made["batch"], person="village.cadre")
        self.type("batch show", str(made["batch"])[:13], person="village.cadre")
        self.type("batch list", person="village.cadre")
        committee, proof = "village.committee", ("--proof", self.terminal.photo)
        listed = self.type("list open", "identification", "deliberate", person=committee)
        self.type("list show", person=committee)
        self.type("list show", listed["list"], person=committee, named="list show LIST")
        self.type("list decide", listed["list"], "pass", *MEETING, person=committee)
        self.type("notice post", *numbers, *proof, person=committee, named="notice post CASE CASE")
        self.type("notice proof", *numbers, *proof, person=committee, named="notice proof CASE CASE", code=4)
        self.type("notice take-down", *numbers, "--note", "wet", person=committee, named="notice take-down CASE CASE")

    def life(self) -> None:
        """What happens in a household while a case of it is open."""
        cadre, home, why = "village.cadre", HOUSEHOLDS[1].id_number, ("--why", "a letter of the police")
        number = self.terminal.ask("household", "show", home, person=cadre)["cases"][0]["number"]
        born = self.type("household born", home, "测试员", "--relation", "子", *why, person=cadre)
        self.type("household moved-in", home, "测试员", "--id-number", STRANGER, *why, person=cadre)
        third, fourth = born["members"][-1], str(int(born["members"][-1]) + 1)
        self.type("household died", home, third, "--on", "2026-03-02", *why, person=cadre)
        self.type("household split", home, fourth, *why, person=cadre)
        self.type("show", number, person=cadre)
        self.type(
            "carry-on", number, "--concern", self._first_concern(number), "--note", "why", person="village.committee"
        )
        self.type("household moved-out", home, "1", "--head", "2", *why, person=cadre)
        self.type("household show", HOUSEHOLDS[1].members[1].id_number, person=cadre)
        self.type("household history", HOUSEHOLDS[1].members[1].id_number, person=cadre)

    def _first_concern(self, number: str) -> str:
        return str(self.terminal.ask("show", number, person="village.cadre")["concerns"][0]["concern"])

    def errand(self) -> None:
        cadre = "village.cadre"
        self.type("deploy", "trial", "--from", "2026-01-01")
        number = self.type("open", "errand", "--division", VILLAGE, person=cadre)["case"]["number"]
        self.type("offered", number, person=cadre)
        self.type("clock stop", number, "whole", "--document", self.terminal.photo, "--note", "why", person=cadre)
        self.type("clock explain", number, person=cadre)
        self.type("clock resume", number, "whole", person=cadre)
        self.type("clock extend", number, "whole", "--note", "why", person=cadre)
        self.type("clock explain", number, person=cadre)
        self.type("time advance", "2w")

    def look(self) -> None:
        folder = self.terminal.folder
        self.type("find", HOUSEHOLDS[0].id_number, person="village.cadre")
        self.type("queue", person="village.cadre")
        self.type("inbox", "--read", person="village.cadre")
        self.type("overdue", person="county.bureau")
        self.type("board", person="county.bureau")
        self.type("check")
        (folder / "wrong.yaml").write_text("workflow: wrong\n", "utf-8")
        self.type("check", str(folder / "wrong.yaml"), code=2)
        self.type("test", "hn_monitor")
        scenarios = folder / "scenarios"
        scenarios.mkdir()
        (scenarios / "wrong.yaml").write_text(WRONG_SCENARIO, "utf-8")
        self.type("test", str(scenarios / "wrong.yaml"), code=1)
        (scenarios / "fault.yaml").write_text(
            WRONG_SCENARIO.replace("act: submit", "act: submit, stage: nowhere"), "utf-8"
        )
        self.type("test", str(scenarios), code=2)
        self.type("workflow list")
        self.type("time show")
        self.type("workflow show", "identification", "--pack", "hn_monitor")
        for form in ("mermaid", "svg", "bpmn"):
            self.type("workflow draw", "identification", "--format", form)
        self.type("workflow draw", "identification", "--format", "bpmn", "--output", str(folder / "chart.bpmn"))
        self.type("sweep")
        self.type("audit verify")
        self.type("doctor")
        settings = read_settings({}, database=str(self.terminal.database))
        with open_bangfu(settings) as bangfu, bangfu.database.transaction() as connection:
            connection.execute("UPDATE cases SET stage = 'deliberate' WHERE workflow = 'errand'")
        self.type("audit verify", code=7)
        self.type("doctor", code=7)
        (folder / "real").mkdir()
        real = Story(Terminal(folder / "real"))
        real.type("init")
        self.told["doctor"].append(real.type("doctor"))
        (folder / "demo").mkdir()
        demo = Story(Terminal(folder / "demo"))
        demo.type("demo", "--households", "5")
        self.told |= demo.told


@pytest.fixture(scope="module")
def told(made_office: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Any]]]:
    terminal = copy_office(made_office, tmp_path_factory.mktemp("story"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANGFU_LIBRARY", str(LIBRARY))
        yield Story(terminal).tell()


# --- tests ------------------------------------------------------------------------------------------------------------


def test_the_page_names_every_command():
    assert {name for name in DOCUMENTED if name in COMMANDS} == set(COMMANDS)
    assert all(name.startswith(COMMANDS) for name in DOCUMENTED)


def test_the_story_types_every_command_of_the_page(told):
    # `run` goes on until it is stopped: test_run.py reads its document.
    assert set(told) == set(DOCUMENTED) - {"run"}


@pytest.mark.parametrize("command", sorted(set(DOCUMENTED) - {"run"}))
def test_a_document_holds_what_the_page_says_of_its_command(told, command):
    section = SECTIONS[DOCUMENTED[command]]
    assert [unlike(section, document) for document in told[command]] == [[]] * len(told[command])


def test_everything_on_the_page_occurs(told):
    documents = {
        title: [each for name in section.commands for each in told.get(name, [])]
        for title, section in SECTIONS.items()
        if section.commands and section.commands != ("run",)
    }
    missing = {(title, name) for title, each in documents.items() for name in unseen(SECTIONS[title], each)}
    # What cannot be typed: a timer that fails, a demonstration gone wrong. Errors have tests of their own.
    assert {(title, name) for title, name in missing if ".error." not in name} == {
        ("A sweep", "failed[].case"),
        ("A sweep", "failed[].timer"),
        ("A sweep", "failed[].error"),
        ("A demonstration", "violations[].invariant"),
        ("A demonstration", "violations[].case"),
        ("A demonstration", "violations[].what"),
    }

"""A terminal for tests: commands as people type them, in a practice county of one village with everybody in place."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import cli
from bangfu.settings import read_settings
from bangfu.timesource import SystemTime
from bangfu.wiring import create_bangfu
from papers.people import COLUMNS
from papers.synthetic import synthetic_households
from papers.template import write_roster

COUNTY, TOWNSHIP, VILLAGE = "430822000000", "430822213000", "430822213213"
#: A Monday morning in Zhangjiajie: the practice time at which the office is made, whatever day it really is.
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
#: The synthetic household of each number is the same in every test.
HOUSEHOLDS = synthetic_households(7, [VILLAGE], 3, date(2026, 3, 2))
DIVISIONS = Path(__file__).parents[2] / "workflows" / "divisions" / "4308.csv"
#: Definitions of these tests alone.
LIBRARY = Path(__file__).parent / "workflows"

_PLACES = {"village": VILLAGE, "township": TOWNSHIP, "county": COUNTY}
_ROLES = {
    "village": ("cadre", "liaison", "party_member", "group_head", "branch", "committee"),
    "township": ("cadre", "secretary", "mayor"),
    "county": (
        "bureau", "leader", "finance_office", "police", "natural_resources", "market_regulation", "human_resources",
    ),
}  # fmt: skip
#: Key of an officer → his post, at the one division of its level; a committee member has a colleague.
OFFICERS = {f"{level}.{role}": f"{level}.{role}" for level, roles in _ROLES.items() for role in roles} | {
    "village.committee2": "village.committee"
}

#: What minutes of a check and of an assembly say, as typed.
CHECKED = (
    "--present", "township.cadre=1", "--present", "village.cadre=1", "--votes", "confirmed=2",
    "--fact", "methods=问,看,算,核", "--fact", "category=脱贫不稳定户", "--fact", "household_kind=脱贫户",
    "--fact", "visited_on=2026-03-02", "--fact", "income_pc=4500.50", "--fact", "members_basis=公安户籍",
    "--fact", "risks=因病", "--fact", "income_stable=否", "--fact", "heavy_spending=否",
    "--fact", "serious_hardship=否", "--fact", "whole_no_labour=否",
)  # fmt: skip
MEETING = (
    "--present", "village.liaison=1", "--present", "village.committee=2", "--present", "village.party_member=1",
    "--votes", "pass=4",
)  # fmt: skip
COMPARED = {
    "finance_office": ("compare_deposits", "deposit_hit"),
    "police": ("compare_vehicles", "vehicle_hit"),
    "natural_resources": ("compare_houses", "house_hit"),
    "market_regulation": ("compare_companies", "company_hit"),
    "human_resources": ("compare_payroll", "pay_hit"),
}


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON on standard output, where nothing else may be."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Terminal:
    """A folder with a database, and somebody who types there."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "office.db"

    @property
    def photo(self) -> str:
        return str(self.folder / "photo.jpg")

    def type(self, *words: str, person: str = "", lang: str = "en") -> Said:
        """One command and its answer."""
        options = ["--database", str(self.database), "--lang", lang, *(["--as", person] if person else [])]
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            code = cli.main([*options, *words])
        return Said(code, out.getvalue(), err.getvalue())

    def ask(self, *words: str, person: str = "") -> Any:
        """The JSON document of a command that must succeed."""
        said = self.type("--json", *words, person=person)
        assert said.code == 0, said
        return said.document

    def refused(self, *words: str, person: str = "") -> Any:
        """The error of a command that must fail, as JSON."""
        said = self.type("--json", *words, person=person)
        assert said.code != 0, said
        error = said.document["error"]
        assert error["code"] == said.code
        return error

    # --- the way of a case ---

    def opened(self, household: int = 0) -> str:
        """A case of that household, just opened; its number."""
        return str(
            self.ask(
                "open", "identification", "--channel", "found", "--household", HOUSEHOLDS[household].id_number,
                "--fact", "found_on=2026-03-02", person="village.cadre",
            )["case"]["number"]
        )  # fmt: skip

    def deliberated(self, household: int = 0) -> str:
        """A case that the assembly has passed: its notice is to be posted."""
        number = self.opened(household)
        self.ask("act", number, "submit", "--fact", "consents=yes", person="village.cadre")
        self.ask("act", number, "confirmed", *CHECKED, person="township.cadre")
        self.ask("act", number, "pass", *MEETING, person="village.committee")
        return number

    def posted(self, household: int = 0) -> str:
        """A case whose notice hangs since now."""
        number = self.deliberated(household)
        self.ask("notice", "post", number, "--proof", self.photo, person="village.committee2")
        return number


def make_office(folder: Path) -> Terminal:
    """A practice database with the pack hn_monitor, real places, somebody in every post, and three households."""
    terminal = Terminal(folder)
    settings = read_settings({}, database=str(terminal.database))
    create_bangfu(settings, practice=True, offset=START - SystemTime().now()).close()
    terminal.ask("import", "divisions", str(DIVISIONS), "--prefix", COUNTY[:6])
    terminal.ask("deploy", "hn_monitor", "--from", "2026-01-01")
    people = [",".join(column.title for column in COLUMNS)]
    for key, post in OFFICERS.items():
        people.append(f"{key},测试员,{post},{_PLACES[post.partition('.')[0]]},2026-01-01,")
    (folder / "people.csv").write_text("\n".join(people), "utf-8")
    assert terminal.ask("import", "people", str(folder / "people.csv"))["rejected"] == 0
    write_roster(folder / "roster.xlsx", HOUSEHOLDS)
    assert terminal.ask("import", "roster", str(folder / "roster.xlsx"))["entered"] == len(HOUSEHOLDS)
    (folder / "photo.jpg").write_bytes(b"a photo")
    return terminal


def copy_office(office: Terminal, folder: Path) -> Terminal:
    """The same office elsewhere, for one test to change."""
    shutil.copytree(office.folder, folder, dirs_exist_ok=True)
    return Terminal(folder)

"""What setting up refuses, and that its answers tell the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.terminal import COUNTY, VILLAGE, Terminal


def test_what_would_not_be_in_force_is_not_deployed(terminal: Terminal) -> None:
    later = terminal.ask("deploy", "hn_demo", "--from", "2027-06-01")["deployed"]
    said = {each["version"]: each["from"] for each in later}
    assert "2027-06-01" in said.values()
    listed = {row["version"]: row["in_force_from"] for row in terminal.ask("workflow", "list")["workflows"]}
    assert {version: listed[version] for version in said} == said
    assert "2027-06-01" in terminal.refused("deploy", "hn_demo")["message"]


def test_a_version_in_force_is_said_to_be_so_since_its_day(terminal: Terminal) -> None:
    assert {each["from"] for each in terminal.ask("deploy", "hn_monitor")["deployed"]} == {"2026-01-01"}


def test_an_earlier_day_than_that_of_the_version_in_force_is_refused(terminal: Terminal) -> None:
    assert "2026-01-01" in terminal.refused("deploy", "hn_demo", "--from", "2025-01-01")["message"]


@pytest.mark.parametrize("option", ["--template", "--problems"])
def test_no_file_is_written_over(terminal: Terminal, option: str) -> None:
    kept = terminal.folder / "kept.xlsx"
    kept.write_bytes(b"mine")
    paths = [] if option == "--template" else [str(terminal.folder / "roster.xlsx")]
    assert terminal.refused("import", "roster", *paths, option, str(kept))["code"] == 6
    assert kept.read_bytes() == b"mine"


def test_a_post_that_no_procedure_knows_is_refused(terminal: Terminal) -> None:
    error = terminal.refused("post", "add", "village.cadre", "village.cader", VILLAGE)
    assert "village.cadre" in error["advice"]


def test_a_post_held_already_is_not_added_again(terminal: Terminal) -> None:
    assert "2026-01-01" in terminal.refused("post", "add", "village.cadre", "village.cadre", VILLAGE)["message"]


def test_a_post_does_not_end_before_it_begins(terminal: Terminal) -> None:
    terminal.refused("post", "end", "village.cadre", "village.cadre", VILLAGE, "--on", "2025-12-31")
    terminal.ask("post", "end", "village.cadre", "village.cadre", VILLAGE, "--on", "2026-01-01")


def test_nobody_holds_a_post_at_an_unknown_place(terminal: Terminal) -> None:
    assert (
        COUNTY[:6]
        in terminal.refused("post", "add", "village.cadre", "village.cadre", f"{COUNTY[:6]}999999")["message"]
    )


def test_a_list_of_people_is_held_to_the_same_posts_and_places(terminal: Terminal) -> None:
    rows = (
        "人员代码,姓名,岗位,区划代码,起,止",
        f"good,测试员,village.cadre,{VILLAGE},2026-01-01,",
        f"misspelt,测试员,village.cader,{VILLAGE},2026-01-01,",
        f"nowhere,测试员,village.cadre,{COUNTY[:6]}999999,2026-01-01,",
    )
    path = terminal.folder / "more.csv"
    path.write_text("\n".join(rows), "utf-8")
    document = terminal.ask("import", "people", str(path))
    assert (document["entered"], document["rejected"]) == (1, 2)
    found = [(each["row"], each["column"], each["reason"]) for each in document["problems"]]
    assert found == [(3, "C", "post_unknown"), (4, "D", "division_unknown")]
    assert "village.cadre" in document["problems"][0]["advice"]
    assert "misspelt" not in {each["person"] for each in terminal.ask("person", "list")["people"]}


@pytest.mark.parametrize(
    ("what", "titles"),
    [
        ("people", "人员代码,姓名,岗位,区划代码,起,止\n一,,,,,\n"),
        ("roster", "村代码,户主姓名,户主身份证号\n1,向试验,1\n"),
    ],
)
def test_a_file_of_which_no_row_can_be_taken_is_refused(terminal: Terminal, what: str, titles: str) -> None:
    path = terminal.folder / "bad.csv"
    path.write_text(titles, "utf-8")
    said = terminal.type("import", what, str(path))
    assert said.code == 6
    assert "Nothing was taken" in said.out
    said = terminal.type("--json", "import", what, str(path))
    assert (said.code, said.document["rejected"]) == (6, said.document["rows"])


def test_a_damaged_key_is_restored_and_not_made_anew(terminal: Terminal) -> None:
    (key,) = Path(terminal.folder).glob("*.key")
    key.write_text("damaged", "ascii")
    assert "init" not in terminal.refused("person", "list")["advice"]

"""`bangfu test`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cli

ROOT = Path(__file__).parents[2]
SCENARIO = """\
scenarios: identification
pack: hn_monitor
start: 2026-03-02
facts: {consents: yes}
ways:
  submitted:
    title: 提交申请
    steps: [{open: found}, {act: submit, stage: household_check}]
  refused:
    title: 未签承诺书
    facts: {consents: no}
    steps:
      - {open: found}
      - {act: submit}
      - {stage: deliberate}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which nothing was set up, with one scenario file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BANGFU_LIBRARY", raising=False)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "mine.yaml").write_text(SCENARIO, "utf-8")
    return tmp_path


def test_what_does_not_come_out_is_told_with_its_line_and_ends_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--lang", "en", "test", "scenarios/mine.yaml"]) == 1
    said = capsys.readouterr().out
    assert "scenarios/mine.yaml:14:10 act" in said
    assert "expected: it can be done" in said
    assert "found: needs: 已签署申请及承诺授权书" in said
    assert "1 failed" in said
    assert list(folder.iterdir()) == [folder / "scenarios"]


def test_officers_read_it_in_chinese(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["test", "."]) == 1
    said = capsys.readouterr().out
    assert "应为：可以办理" in said
    assert "1 种不符" in said


def test_a_pack_that_does_as_it_says_ends_with_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--json", "test", "zjj_pair"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["failed"] == 0
    assert {each["workflow"] for each in document["scenarios"]} == {
        "pair_village", "pair_household", "pair_help", "pair_project", "objection",
    }  # fmt: skip


def test_all_are_those_of_every_pack_and_of_ones_own_library(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = folder / "county" / "packs" / "hn_monitor" / "scenarios"
    own.mkdir(parents=True)
    (folder / "scenarios" / "mine.yaml").rename(own / "mine.yaml")
    monkeypatch.setenv("BANGFU_LIBRARY", "county")
    assert cli.main(["--json", "test", "--all"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["failed"] == 1
    files = {each["file"] for each in document["scenarios"]}
    assert {f"workflows/packs/{pack}/scenarios/objection.yaml" for pack in ("hn_demo", "hn_monitor")} <= files
    assert "county/packs/hn_monitor/scenarios/mine.yaml" in files


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ([], "say what is to be tried"),
        (["--all", "hn_demo"], "say what is to be tried"),
        (["nowhere/at_all.yaml"], "There is no file or folder"),
        (["no_such_pack"], "There is no pack no_such_pack"),
        (["empty"], "holds no scenario file"),
    ],
)
def test_who_names_nothing_that_can_be_played_is_told_what_to_write(
    target: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    assert cli.main(["--lang", "en", "test", *target]) in (2, 3, 6)
    assert told in capsys.readouterr().err


def test_a_file_that_cannot_be_played_keeps_no_other_from_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = SCENARIO.replace("stage: deliberate", "stage: deliberte").replace("consents: no", "consents: yes")
    (folder / "scenarios" / "misspelt.yaml").write_text(other, "utf-8")
    assert cli.main(["--lang", "en", "test", "scenarios"]) == 2
    said = capsys.readouterr().out
    assert "scenarios/mine.yaml:14:10 act" in said
    assert "scenarios/misspelt.yaml:15:10" in said
    assert "did you mean `deliberate`?" in said

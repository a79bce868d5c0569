"""Definitions are found where they are shipped, and in a deployment's own folders before that."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bangfu.library import Library
from bangfu.schema import FOLDER, schemas
from engine.errors import InputError, NotFoundError
from engine.loading import restore
from engine.rules import RuleBook

BASE = """\
workflow: visit
title: 走访
subject: household
uses: [crew]
params: {wait: {title: 时限, type: amount, value: unset}}
opens: {asked: {title: 申请, by: household, to: look}}
stages: {look: {title: 查看, by: village.cadre, limit: $wait, actions: {agree: {to: next}}}}
ends: {closed: {title: 办结, outcome: closed}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A deployment's own folder: a workflow, a fragment, and packs of a county, a township upon it, and a village."""
    files = {
        "base/visit.yaml": BASE,
        "base/other.yaml": BASE.replace("workflow: visit", "workflow: other"),
        "fragments/crew.yaml": "fragment: crew\nposts: {village.cadre: 村干部}\n",
        "packs/county/visit.yaml": "overlay: visit\npack: county\nparams: {wait: {value: 5 day}}\n",
        "packs/county/other.yaml": "overlay: other\npack: county\nparams: {wait: {value: 7 day}}\n",
        "packs/township/visit.yaml": "overlay: visit\npack: township\non: county\nparams: {wait: {value: 3 day}}\n",
        "calendars/CN-2027.yaml": "year: 2027\nsource: 测试\noff: [{title: 元旦, days: 2027-01-01}]\n",
        "calendars/flood.yaml": "title: 防汛\nkind: closure\nsource: 测试\noff: [{title: 停工, days: 2026-07-01}]\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def library(folder: Path) -> Library:
    return Library([folder])


@pytest.mark.parametrize("pack", ["", *Library().packs()])
@pytest.mark.parametrize("workflow", Library().workflows())
def test_every_shipped_definition_loads_and_its_rules_compile(workflow: str, pack: str) -> None:
    definition = Library().definition(workflow, pack)
    assert definition.workflow.workflow == workflow
    RuleBook.compile(definition)
    assert restore(definition.canonical, definition.origins_text()).origins == definition.origins


def test_origins_of_shipped_files_name_no_folder_of_this_machine() -> None:
    definition = Library().definition("identification", "hn_monitor")
    assert {origin.file for origin in definition.origins.values()} == {
        "workflows/base/identification.yaml",
        "workflows/fragments/posts.yaml",
        "workflows/packs/hn_monitor/identification.yaml",
    }


def test_a_definition_is_read_once(library: Library) -> None:
    assert library.definition("visit", "township") is library.definition("visit", "township")


def test_own_folders_come_before_what_is_shipped(library: Library) -> None:
    assert {"visit", "other", "identification"} <= set(library.workflows())
    assert {"county", "township", "hn_monitor"} <= set(library.packs())
    assert library.definition("identification", "hn_monitor") == Library().definition("identification", "hn_monitor")


def test_a_pack_stands_on_the_packs_below(library: Library) -> None:
    waits = {
        pack: library.definition("visit", pack).workflow.params["wait"].value for pack in ("", "county", "township")
    }
    assert waits == {"": "unset", "county": "5 day", "township": "3 day"}


def test_a_pack_leaves_a_workflow_it_does_not_name_as_the_pack_below_has_it(library: Library) -> None:
    assert library.definition("other", "township") == library.definition("other", "county")


def test_what_is_not_there_is_said_with_what_is(library: Library) -> None:
    with pytest.raises(NotFoundError, match="no workflow walk") as caught:
        library.definition("walk")
    assert "visit" in caught.value.advice
    with pytest.raises(NotFoundError, match="no pack nowhere") as caught:
        library.definition("visit", "nowhere")
    assert "county" in caught.value.advice


def test_packs_may_not_stand_on_each_other_or_on_nothing(folder: Path) -> None:
    county = folder / "packs" / "county" / "visit.yaml"
    county.write_text("overlay: visit\npack: county\non: township\n", encoding="utf-8")
    with pytest.raises(NotFoundError, match="township on county on township stands on itself"):
        Library([folder]).definition("visit", "township")
    county.write_text("overlay: visit\npack: county\non: province\n", encoding="utf-8")
    with pytest.raises(NotFoundError, match="county on province is not there"):
        Library([folder]).definition("visit", "county")


def test_a_file_is_loaded_on_what_lies_beneath_it(library: Library, folder: Path) -> None:
    ((loaded,), _) = library.load_path(folder / "packs" / "township" / "visit.yaml")
    assert loaded == library.definition("visit", "township")
    ((loaded,), _) = library.load_path(folder / "base" / "visit.yaml")
    assert loaded == library.definition("visit")
    assert loaded.origin("title").file == str(folder / "base" / "visit.yaml")


def test_a_packs_folder_is_loaded_whole(library: Library, folder: Path) -> None:
    loaded, faults = library.load_path(folder / "packs" / "county")
    assert not faults
    assert [definition.workflow.workflow for definition in loaded] == ["other", "visit"]


def test_the_faults_of_all_files_of_a_pack_are_said_together(library: Library, folder: Path) -> None:
    for name in ("visit", "other"):
        (folder / "packs" / "county" / f"{name}.yaml").write_text(f"overlay: {name}\npack: county\nfoo: 1\n", "utf-8")
    _, faults = library.load_path(folder / "packs" / "county")
    assert [(Path(fault.file).name, fault.line) for fault in faults] == [("other.yaml", 3), ("visit.yaml", 3)]


def test_one_wrong_file_keeps_no_other_from_being_read(folder: Path) -> None:
    (folder / "packs" / "county" / "visit.yaml").write_bytes(b"overlay: visit\npack: county\ntitle: \xb4\xf3\n")
    (folder / "base" / "broken.yaml").write_text("workflow: [", "utf-8")
    library = Library([folder])
    loaded, faults = library.load_path(folder)
    assert [(each.workflow.workflow, each.workflow.pack) for each in loaded] == [
        ("other", ""), ("visit", ""), ("other", "county"),
    ]  # fmt: skip
    assert {(Path(each.file).name, each.code) for each in faults} == {("visit.yaml", "yaml"), ("broken.yaml", "yaml")}
    own, faults = library.load_pack("county")
    assert list(own) == ["other"]
    assert [each.message for each in faults] == ["not UTF-8 text"]
    assert list(library.load_pack("hn_monitor")[0]) == list(Library().load_pack("hn_monitor")[0])
    assert "broken" not in library.load_pack("")[0]


def test_a_pack_says_what_it_and_those_below_name(library: Library) -> None:
    assert list(library.load_pack("township")[0]) == ["other", "visit"]
    assert library.load_pack("township")[0]["other"].workflow.pack == "county"
    with pytest.raises(NotFoundError, match="no pack nowhere"):
        library.load_pack("nowhere")


def test_files_that_lie_beside_each_other_know_each_other(folder: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "a.yaml").write_text("overlay: visit\npack: county\nparams: {wait: {value: 9 day}}\n", "utf-8")
    (loose / "b.yaml").write_text(BASE, "utf-8")
    (loose / "c.yaml").write_text("fragment: crew\nposts: {village.cadre: 干部}\n", "utf-8")
    ((loaded,), _) = Library().beside(loose / "a.yaml").load_path(loose / "a.yaml")
    assert (loaded.workflow.params["wait"].value, loaded.workflow.posts["village.cadre"].title) == ("9 day", "干部")
    for inside in (folder, folder / "packs", folder / "packs" / "county", folder / "base" / "visit.yaml"):
        assert "township" in Library().beside(inside).packs()


def test_a_path_without_a_definition_is_refused(library: Library, folder: Path) -> None:
    for path in (folder / "nothing.yaml", folder / "packs", folder / "fragments" / "crew.yaml"):
        with pytest.raises(InputError):
            library.load_path(path)
    (folder / "lost.yaml").write_text("overlay: lost\npack: county\n", encoding="utf-8")
    _, (fault,) = library.load_path(folder / "lost.yaml")
    assert "no workflow lost" in fault.message


def test_a_file_that_is_no_text_or_too_large_is_a_fault_of_that_file(library: Library, folder: Path) -> None:
    path = folder / "odd.yaml"
    path.write_bytes(b"workflow: x\ntitle: \xb4\xf3\n")
    assert "odd.yaml:2:1: not UTF-8" in str(library.load_path(path)[1][0])
    path.write_bytes("字".encode() * 100_000)
    assert "larger than 256 KiB" in str(library.load_path(path)[1][0])


def test_the_calendar_has_the_shipped_years_and_ones_own(library: Library) -> None:
    calendar = library.calendar()
    assert calendar.day(date(2027, 1, 1)).source == "测试"
    assert calendar.day(date(2026, 7, 1)).title == "停工"
    assert calendar.day(date(2026, 10, 10)).is_working
    assert calendar.is_provisional(date(2028, 1, 3))
    assert [source.name for source in Library().calendar_files()][-1] == "workflows/calendars/CN-2026.yaml"


def test_the_schemas_beside_the_definitions_are_current() -> None:
    for file, text in schemas().items():
        assert file.read_text(encoding="utf-8") == text, "run `python -m bangfu.schema`"


def test_every_shipped_file_names_its_schema_for_editors() -> None:
    for folder in ("base", "packs", "fragments"):
        for path in (FOLDER.parent / folder).rglob("*.yaml"):
            kind = "scenarios" if path.parent.name == "scenarios" else "workflow"
            first = path.read_text(encoding="utf-8").partition("\n")[0]
            prefix, _, target = first.partition("$schema=")
            assert prefix == "# yaml-language-server: ", path
            assert (path.parent / target).resolve() == FOLDER / f"{kind}.schema.json"

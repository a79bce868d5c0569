"""A pack changes a base, entry by entry, and is held to what it may change."""

# The tables of messages are read by the line, however long.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DefinitionError, Fault
from engine.loading import Definition, Source, load
from engine.marks import Node, inherit, plain, read
from engine.overlays import REMOVE, upon
from engine.rules import RuleBook

SAMPLES = Path(__file__).parent / "samples"
POSTS = {"posts": Source("posts.yaml", (SAMPLES / "posts.yaml").read_text(encoding="utf-8"))}
BASE = Source("base.yaml", (SAMPLES / "identification.yaml").read_text(encoding="utf-8"))
HEADER = "overlay: identification\npack: p\n"
REST = "title: 补充, by: village.cadre, actions: {done: {to: next}}"


def _load(*overlays: str) -> Definition:
    sources = [Source(f"pack{number}.yaml", text, f"p{number}") for number, text in enumerate(overlays, 1)]
    return load([BASE, *sources], POSTS)


def _pack(text: str, header: str = HEADER) -> Definition:
    return load([BASE, Source("pack.yaml", header + text, "p")], POSTS)


def _faults(text: str, header: str = HEADER) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        _pack(text, header)
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture(scope="module")
def ls_county() -> Definition:
    return _pack((SAMPLES / "ls_county.yaml").read_text(encoding="utf-8"), "")


# --- merging ---


def test_the_second_countys_overlay_loads_onto_the_first_ones_base(ls_county: Definition) -> None:
    workflow = ls_county.workflow
    assert workflow.main_line == (
        "apply", "household_check", "deliberate", "village_publicity", "township_review", "township_publicity",
        "county_review",
    )  # fmt: skip
    assert workflow.params["publicity"].value == "5 day"
    assert workflow.params["publicity"].title == "村内公示期"
    assert list(workflow.panels["home_team"].seats) == ["township.cadre", "village.work_team"]
    assert workflow.tasks["compare"].opens == ("township_publicity.ended",)
    assert workflow.tasks["compare"].awaited_by == ("county_review",)
    assert workflow.stages["county_review"].actions["list"].needs == ("clean_or_heard",)
    assert (workflow.pack, workflow.area, workflow.subject) == ("ls_county", "130126", "household")
    RuleBook.compile(ls_county)


def test_a_pack_adds_to_what_a_short_form_leaves_out(ls_county: Definition) -> None:
    post = ls_county.workflow.posts["village.liaison"]
    assert (post.title, post.else_) == ("驻村干部", "township.liaison")
    drawn = (
        _pack("stages: {deliberate: {list: {draw: {share: 0.1, sets: drawn}}}}\n").workflow.stages["deliberate"].list_
    )
    assert drawn is not None
    assert drawn.per == "village"


def test_lists_and_single_values_are_replaced() -> None:
    workflow = _pack("opens: {applied: {by: [village.cadre]}}\nplaces: {square: 村委会}\n").workflow
    assert workflow.opens["applied"].by == ("village.cadre",)
    assert workflow.places == {"square": "村委会"}


def test_another_voice_takes_the_place_of_the_first() -> None:
    stage = _pack("stages: {household_check: {by: village.cadre}}\n").workflow.stages["household_check"]
    assert (stage.voice, stage.panel) == ("by", None)
    stage = _pack("stages: {county_review: {panel: leaders}}\n").workflow.stages["county_review"]
    assert (stage.voice, stage.by) == ("panel", None)
    task = _pack("tasks: {compare: {by: county.bureau}}\n").workflow.tasks["compare"]
    assert (task.voice, task.panel) == ("by", None)


def test_two_voices_in_one_pack_are_two_voices() -> None:
    text = "stages: {household_check: {by: village.cadre, case: {workflow: objection}}}\n"
    assert _faults(text) == ["base.yaml:32:3: needs exactly one voice of by, panel, notice, case; found by, case"]


def test_a_pack_upon_a_pack_has_the_last_word() -> None:
    county = HEADER.replace("p\n", "p1\n") + "params: {publicity: {value: 5 day}}\nquestions: [甲]\n"
    township = HEADER.replace("p\n", "p2\n") + "on: p1\nclause: 乡镇规定\nparams: {publicity: {value: 9 day}}\n"
    definition = _load(county, township)
    assert (definition.workflow.params["publicity"].value, definition.workflow.pack) == ("9 day", "p2")
    assert definition.workflow.questions in (("甲",), ["甲"])
    origin = definition.origin("params", "publicity", "value")
    assert (origin.file, origin.pack, origin.clause) == ("pack2.yaml", "p2", "乡镇规定")
    assert _load(county).workflow.on == ""


def test_a_pack_does_not_lend_its_clause_to_what_it_did_not_write(ls_county: Definition) -> None:
    assert ls_county.clause("params", "publicity", "value") == "004 篇十二 B(四)"
    assert ls_county.clause("params", "publicity", "title") == "004 篇九 A(五)"
    assert ls_county.clause("rules", "hit_house") == "004 篇十二 B(三)3"
    assert _pack("params: {publicity: {value: 5 day}}\n").clause("params", "publicity", "value") == ""


@given(st.sampled_from(["", "clause: 某规定\n", "stages: {}\n", "facts: {}\nstages: {apply: {}}\n"]))
def test_an_overlay_that_says_nothing_changes_nothing(text: str) -> None:
    base, with_pack = load([BASE], POSTS).workflow, _pack(text).workflow
    header = {"pack": "", "clause": base.clause}
    assert with_pack.model_copy(update=header) == base


_names = st.sampled_from(["a", "b", "c"])
_trees = st.recursive(
    st.integers(0, 9),
    lambda below: st.dictionaries(_names, below, max_size=3) | st.lists(below, max_size=2),
    max_leaves=8,
)
_maps = st.dictionaries(_names, _trees, max_size=3)


def _node(value: object, name: str = "x") -> Node:
    tree = read(Source(name, str({"overlay": "x", "pack": "p", "tree": value})), lambda fault: pytest.fail(str(fault)))
    assert tree is not None
    return inherit(tree)


def _laid(lower: Node, upper: Node, faults: list[Fault] | None = None) -> object:
    found: list[Fault] = []
    merged = plain(upon(lower, upper, found.append))["tree"]
    assert bool(found) == bool(faults)
    return merged


@given(_maps)
def test_laying_a_map_on_itself_gives_it_back(value: dict[str, object]) -> None:
    assert _laid(_node(value), _node(value)) == value


@given(_maps, _maps)
def test_laying_twice_is_laying_once(lower: dict[str, object], upper: dict[str, object]) -> None:
    once = _laid(_node(lower), _node(upper))
    assert _laid(_node(once), _node(upper)) == once


@given(_maps, _maps)
def test_each_entry_comes_from_one_layer_or_from_both(lower: dict[str, object], upper: dict[str, object]) -> None:
    merged = _laid(_node(lower), _node(upper))
    assert isinstance(merged, dict)
    assert set(merged) == set(lower) | set(upper)
    assert all(merged[key] == lower[key] for key in set(lower) - set(upper))
    assert all(merged[key] == upper[key] for key in upper if not isinstance(upper[key], dict))


@given(_maps.filter(bool))
def test_what_is_removed_is_gone(value: dict[str, object]) -> None:
    gone = dict.fromkeys(value, REMOVE)
    assert _laid(_node(value), _node(gone)) == {}


# --- the line of stages ---


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("stages: {extra: {after: apply, " + REST + "}}", "apply extra household_check"),
        ("stages: {extra: {before: apply, " + REST + "}}", "extra apply household_check"),
        ("stages: {deliberate: {before: household_check}}", "apply deliberate household_check"),
        ("stages: {apply: {after: household_check}}", "household_check apply deliberate"),
        ("stages: {household_check: remove}", "apply deliberate village_publicity"),
        ("stages: {household_check: {aside: yes}}", "apply deliberate village_publicity"),
        (f"stages: {{b: {{after: a, {REST}}}, a: {{before: apply, {REST}}}}}", "a b apply household_check"),
        (f"stages: {{a: {{after: apply, {REST}}}, b: {{after: apply, {REST}}}}}", "apply a b household_check"),
        (f"stages: {{a: {{before: apply, {REST}}}, b: {{before: apply, {REST}}}}}", "a b apply household_check"),
    ],
)  # fmt: skip
def test_a_pack_adds_moves_and_removes_stages(text: str, line: str) -> None:
    assert " ".join(_pack(text).workflow.main_line).startswith(line)


def test_a_stage_aside_needs_no_place() -> None:
    workflow = _pack(
        "stages: {extra: {aside: yes, title: 补充, by: village.cadre, actions: {done: {to: apply}}}}"
    ).workflow
    assert "extra" in workflow.stages
    assert "extra" not in workflow.main_line


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("title: 补充", "pack.yaml:3:10: the new stage `extra` has no place in the line (say `after: <stage>`, `before: <stage>` or `aside: yes`)"),
        ("after: nowhere", "pack.yaml:3:25: there is no other stage `nowhere` with a place"),
        ("after: extra", "pack.yaml:3:25: there is no other stage `extra` with a place"),
        ("after: apply, before: apply", "pack.yaml:3:18: both `after` and `before` (one place is enough)"),
    ],
)  # fmt: skip
def test_a_stage_without_a_place_is_refused(stage: str, said: str) -> None:
    assert any(fault.startswith(said) for fault in _faults(f"stages: {{extra: {{{stage}}}}}\n"))


def test_a_place_is_not_for_a_base() -> None:
    text = BASE.text.replace("{title: 提交申请,", "{title: 提交申请, after: deliberate,")
    with pytest.raises(DefinitionError, match=r"base.yaml:31:24: `after` is not a key here"):
        load([Source("base.yaml", text)], POSTS)


# --- what a pack may not do ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workflow: other\n", "pack.yaml:3:1: a pack cannot give `workflow` (the workflow it changes is named by `overlay`)"),
        ("subject: person\n", "pack.yaml:3:1: a pack cannot give `subject` (a pack cannot change whom the procedure is about)"),
        ("facts: {consents: {type: text}}\n", "pack.yaml:3:26: a pack cannot change a type: `consents` is `yes_no` (base.yaml:13) (add another one under a new name)"),
        ("params: {publicity: {type: number}}\n", "pack.yaml:3:28: a pack cannot change a type: `publicity` is `amount` (base.yaml:9) (add another one under a new name)"),
        ("params: {publicity: {value: 2 day}}\n", "pack.yaml:3:29: `2 day` is beyond what a pack may set: `publicity` is at least 3 day (base.yaml:9)"),
        ("params: {publicity: {value: 11 day}}\n", "pack.yaml:3:29: `11 day` is beyond what a pack may set: `publicity` is at most 10 day (base.yaml:9)"),
        ("params: {publicity: {value: 5 workday}}\n", "pack.yaml:3:29: `5 workday` cannot be compared: `publicity` is at least 3 day (base.yaml:9) (use the same unit)"),
        ("params: {publicity: {value: none}}\n", "pack.yaml:3:29: `none` cannot be compared: `publicity` is at least 3 day (base.yaml:9) (use the same unit)"),
        ("params: {publicity: {at_least: 1 day}}\n", "pack.yaml:3:32: `1 day` is beyond what a pack may set: `publicity` is at least 3 day (base.yaml:9)"),
        ("params: {publicity: {at_most: remove}}\n", "pack.yaml:3:31: a pack cannot remove `at_most` of `publicity`"),
        ("stages: {village_publicity: remove}\n", "pack.yaml:3:29: `village_publicity` is a must (base.yaml:36) and is removed without a clause (add `clause:` with the text that allows it)"),
        ("tasks: {compare: {must: remove}}\n", "pack.yaml:3:25: `compare` is a must (base.yaml:49) and is removed without a clause (add `clause:` with the text that allows it)"),
        ("rules: {hit_pai: remove}\n", "pack.yaml:3:18: there is no `hit_pai` to remove here (there is: below_line, hit_pay)"),
        ("rules: {hit_pay: {group: remove, clause: remove, of: remove}}\n", "pack.yaml:3:54: there is no `of` to remove here (there is: title, group, if, clause)"),
        ("stages: {apply: {titel: 申请}}\n", "pack.yaml:3:18: `titel` is not a key here (did you mean `title`?)"),
        ("panels: {leaders: {tally: {pass: most}}}\n", "pack.yaml:3:34: `most` is not a threshold (write `all of entitled`, `over 1/2 of present`, `any`, `2` or `otherwise`)"),
        ("on: nowhere\n", "pack.yaml:3:5: this pack was laid on the base (`on` names the pack below)"),
    ],
)  # fmt: skip
def test_what_a_pack_may_not_do_is_said_at_its_line(text: str, said: str) -> None:
    assert said in _faults(text)


@pytest.mark.parametrize("value", ["3 day", "10 day", "unset"])
def test_a_value_within_its_bounds_may_be_set(value: str) -> None:
    assert _pack(f"params: {{publicity: {{value: {value}}}}}\n").workflow.params["publicity"].value == value


def test_bounds_hold_for_numbers_dates_and_every_line_of_a_table() -> None:
    params = (
        "params:\n"
        "  line: {title: 线, type: yuan, by: [year], value: unset, at_least: 5000}\n"
        "  since: {title: 起, type: date, value: unset, at_most: 2026-01-01}\n"
    )
    base = Source("base.yaml", BASE.text.replace("params:\n", params))
    pack = HEADER + "params: {line: {value: {2025: 6000, 2026: 4000}}, since: {value: 2026-01-02}}\n"
    with pytest.raises(DefinitionError) as caught:
        load([base, Source("pack.yaml", pack, "p")], POSTS)
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(3, 43), (3, 66)]


def test_a_must_may_be_removed_with_a_clause() -> None:
    workflow = _pack("clause: 某规定第三条\nstages: {village_publicity: {must: remove}}\n").workflow
    assert workflow.stages["village_publicity"].must is None
    workflow = _pack("tasks: {compare: {must: remove, clause: 某规定第三条}}\n").workflow
    assert workflow.tasks["compare"].must is None


def test_nothing_can_be_removed_from_nothing() -> None:
    text = BASE.text.replace("uses: [posts]\n", "").replace("{title: 已纳入, outcome: granted}", REMOVE)
    with pytest.raises(DefinitionError, match=r"base.yaml:50:16: there is no `listed` to remove here"):
        load([Source("base.yaml", text)], POSTS)


def test_a_base_may_remove_what_a_fragment_brought() -> None:
    text = BASE.text + "posts: {village.liaison: remove}\n"
    assert list(load([Source("base.yaml", text)], POSTS).workflow.posts) == ["village.cadre"]


def test_a_base_has_the_last_word_over_its_fragment() -> None:
    text = BASE.text + "posts: {village.liaison: 包村干部}\n"
    definition = load([Source("base.yaml", text)], POSTS)
    assert definition.workflow.posts["village.liaison"].title == "包村干部"
    assert definition.workflow.clause == "004 篇九 A(五)"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("pack: p\n", "pack.yaml:1:1: an overlay begins with `overlay:` and `pack:`"),
        ("overlay: identification\n", "pack.yaml:1:1: an overlay begins with `overlay:` and `pack:`"),
        ("overlay: elimination\npack: p\n", "pack.yaml:1:10: an overlay of `elimination` was laid on `identification`"),
    ],
)
def test_an_overlay_says_of_what_and_for_whom(header: str, said: str) -> None:
    assert said in _faults("", header)


def test_a_pack_is_laid_on_the_pack_that_it_names() -> None:
    first, second = HEADER.replace("p\n", "p1\n"), HEADER.replace("p\n", "p2\n")
    with pytest.raises(DefinitionError, match=r"pack2.yaml:1:1: this pack was laid on `p1`"):
        _load(first, second)
    assert _load(first, second + "on: p1\n").workflow.on == "p1"


def test_a_fragment_says_its_name() -> None:
    wrong = {"posts": Source("posts.yaml", "posts: {village.cadre: 村干部}\n")}
    with pytest.raises(DefinitionError, match=r"posts.yaml:1:1: this is not the fragment `posts`"):
        load([BASE], wrong)

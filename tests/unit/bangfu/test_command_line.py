"""What the command line says to people: whom and what it does not know, what is offered, whose move it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

import cli
from bangfu.timesource import SystemTime
from engine.identity import check_digit

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "docs" / "tutorial"
CASE = "000001"
TODAY = SystemTime().now().astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Bangfu = Callable[..., Said]


def _walk(*commands: str) -> None:
    for command in commands:
        assert cli.main(command.split()) == 0, command


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice database with the tutorial's officers, its household, and a case that asks for its application."""
    place = tmp_path_factory.mktemp("opened") / "a.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANGFU_DATABASE", str(place))
        patch.setenv("BANGFU_LANG", "en")
        _walk(
            "init --practice --pack hn_demo --county 430822",
            f"import people {TUTORIAL / 'people.csv'}",
            f"--as cadre import roster {TUTORIAL / 'roster.xlsx'}",
            f"--as cadre open identification --household 吴明成 --channel found --fact found_on={TODAY}",
        )
    return place


@pytest.fixture
def bangfu(opened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bangfu:
    """Type a command on a database of one's own; English unless said."""
    for file in opened.parent.iterdir():
        (shutil.copytree if file.is_dir() else shutil.copy)(file, tmp_path / file.name)
    monkeypatch.setenv("BANGFU_DATABASE", str(tmp_path / "a.db"))
    monkeypatch.setenv("BANGFU_LANG", "en")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()

    def typed(*words: str) -> Said:
        code = cli.main(words)
        return Said(code, *capsys.readouterr())

    return typed


# --- who --------------------------------------------------------------------------------------------------------------


def another_county(bangfu: Bangfu, folder: Path) -> None:
    places = folder / "places.csv"
    rows = ("430000000000,湖南省", "430800000000,张家界市", "430821000000,慈利县", "430821107000,江垭镇")
    places.write_text("\n".join(("code,name", *rows, "430821107220,江垭村")), "utf-8")
    assert bangfu("import", "divisions", str(places), "--prefix", "430821").code == 0
    assert bangfu("person", "add", "li", "测试李").code == 0
    assert bangfu("post", "add", "li", "village.cadre", "430821107220").code == 0


def test_somebody_unknown_is_told_so_and_how_to_list_people(bangfu: Bangfu, tmp_path: Path) -> None:
    said = bangfu("--as", "cadr", "queue")
    assert (said.code, "there is no person cadr here" in said.err) == (3, True)
    assert "did you mean cadre? bangfu person list" in said.err
    another_county(bangfu, tmp_path)
    said = bangfu("--as", "nobody", "queue")
    assert (said.code, "there is no person nobody here" in said.err, "--county" in said.err) == (3, True, False)
    said = bangfu("queue")
    assert (said.code, "--as PERSON" in said.err, "bangfu person list" in said.err) == (6, True, True)


def test_people_and_posts_of_all_counties_are_listed_for_whoever_serves_none(bangfu: Bangfu, tmp_path: Path) -> None:
    another_county(bangfu, tmp_path)
    assert bangfu("person", "add", "idle", "测试闲").code == 0
    listed = [each["person"] for each in bangfu("--json", "person", "list").document["people"]]
    assert {"cadre", "li", "idle"} <= set(listed)
    listed = [each["person"] for each in bangfu("--json", "--as", "nobody", "post", "list").document["posts"]]
    assert {"cadre", "li"} <= set(listed)
    own = [each["person"] for each in bangfu("--json", "--as", "li", "person", "list").document["people"]]
    assert (own, "cadre" in own) == (["idle", "li"], False)


def test_posts_are_listed_by_their_titles_as_well(bangfu: Bangfu) -> None:
    assert bangfu("person", "add", "guest", "测试客").code == 0
    assert bangfu("post", "add", "guest", "village.disability_commissioner", "430822103201").code == 0
    posts = {each["post"]: each["post_title"] for each in bangfu("--json", "post", "list").document["posts"]}
    assert posts["village.cadre"] != "village.cadre"
    assert posts["village.disability_commissioner"] == "残疾人专职委员"
    for words in (("post", "list"), ("person", "list"), ("person", "show", "cadre")):
        shown = bangfu(*words).out
        assert posts["village.cadre"] in shown
        assert "village.cadre" in shown


def test_who_was_monitored_before_bangfu_was_used_can_be_proposed_for_elimination(
    bangfu: Bangfu, tmp_path: Path
) -> None:
    roster = tmp_path / "before.csv"
    number = "43089919700101001"
    row = ("430822213213", "测试甲", number + check_digit(number), "监测帮扶中", "2024-03-01")
    roster.write_text("村代码,户主姓名,户主身份证号,监测状态,纳入监测日期\n" + ",".join(row), "utf-8")
    said = bangfu("import", "roster", str(roster))
    assert (said.code, "--as PERSON" in said.err) == (6, True), "it stands in somebody's name"
    assert bangfu("--json", "--as", "cadre", "import", "roster", str(roster)).document["monitored"] == 1
    shown = bangfu("--as", "cadre", "household", "show", "测试甲").out
    assert "监测状态: 监测帮扶中" in shown
    (entry,) = bangfu("--json", "--as", "cadre", "household", "history", "测试甲").document["history"]
    assert (entry["kind"], entry["by"], entry["case"]) == ("entered", "cadre", "")
    assert (entry["what"], entry["source"][-2:]) == ({"monitoring": "active", "monitored_since": "2024-03-01"}, ":2")
    opened = bangfu(
        "--json", "--as", "committee", "open", "risk_elimination", "--household", "测试甲", "--channel", "reviewed"
    )
    assert opened.code == 0, opened.err
    assert bangfu("audit", "verify").code == 0


# --- what is not known ------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_named(bangfu: Bangfu) -> None:
    said = bangfu("--database", str(ROOT / "README.md"), "--as", "cadre", "queue")
    assert (said.code, "README.md is not a bangfu database" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("act", CASE, "nonsense"), "there is no answer nonsense here; there are: submit 提交申请、unwilling"),
        (("act", CASE, "submitt"), "did you mean submit?"),
        (("act", CASE, "done", "--on", "comparison"), "there is no task comparison; there are: explain 政策解释"),
        (("act", CASE, "withdraw", "--to", "aply"), "did you mean apply?"),
        (("open", "identification", "--household", "吴明成", "--channel", "xxx"), "there are: applied 农户申报"),
        (
            ("open", "nosuch", "--household", "吴明成"),
            "nosuch is not in force here; in force: clear_out、department_clue、identification",
        ),
        (("open", "identificaton", "--household", "吴明成"), "did you mean identification?"),
        (("clock", "explain", CASE, "hole"), "did you mean whole?"),
        (("attach", CASE, "annex", "a.db"), "did you mean annex"),
        (("list", "open", "identification", "deliberat"), "did you mean deliberate?"),
    ],
)
def test_a_mistyped_name_is_answered_with_what_there_is(bangfu: Bangfu, typed: tuple[str, ...], told: str) -> None:
    said = bangfu("--as", "cadre", *typed)
    assert (said.code, told in said.err) == (3, True), said.err


def test_an_answer_of_another_stage_is_refused_as_not_for_now(bangfu: Bangfu) -> None:
    assert bangfu("--as", "cadre", "act", CASE, "confirmed").code == 4


def test_a_wrong_stretch_of_time_names_the_argument_as_help_does(bangfu: Bangfu) -> None:
    said = bangfu("time", "advance", "soon")
    assert (said.code, "TIME: write how far" in said.err) == (6, True)


# --- what is offered and what is refused ------------------------------------------------------------------------------


def test_what_is_missing_is_said_once(bangfu: Bangfu) -> None:
    said = bangfu("--as", "cadre", "act", CASE, "submit")
    assert (said.code, said.err.count("已签署申请及承诺授权书")) == (6, 1)
    assert "--fact NAME=VALUE" in said.err
    said = bangfu("--as", "cadre", "act", CASE, "submit", "--fact", "consents=no")
    assert (said.code, "needs: 已签署申请及承诺授权书\n" in said.err) == (6, True)


def test_everything_offered_says_what_it_is(bangfu: Bangfu) -> None:
    lines = bangfu("--as", "cadre", "offered", CASE).out.splitlines()
    assert "comment  write a note into the case's history" in lines
    assert "claim  take up as your own: 提交申请" in lines


def test_minutes_say_of_which_posts_and_which_answers(bangfu: Bangfu) -> None:
    assert bangfu("--as", "cadre", "act", CASE, "submit", "--fact", "consents=yes").code == 0
    text = "".join(bangfu("--as", "town", "offered", CASE).out.split())
    assert "POST:township.cadre乡镇干部、village.liaison" in text
    assert "ANSWER:confirmed核实属实、unconfirmed核实不符" in text


# --- whose move -------------------------------------------------------------------------------------------------------


def to_publicity(bangfu: Bangfu, after: str) -> None:
    """The notice hangs since today, so long after the meeting."""
    walk = (ROOT / "README.md").read_text("utf-8").partition("```bash\n")[2]
    steps = [line for line in walk.splitlines() if line.startswith("bangfu --as ") and f" {CASE} " in line]
    for line in steps:
        if " notice post " in line:
            assert bangfu("time", "advance", after).code == 0
        if " offered " not in line:
            words = line.replace("$(date +%F)", TODAY).replace("docs/tutorial", str(TUTORIAL)).split()[1:]
            assert bangfu(*words).code == 0, line
        if " notice post " in line:
            return


def test_what_is_late_and_waits_for_no_officer_says_what_it_waits_for(bangfu: Bangfu) -> None:
    to_publicity(bangfu, after="60d")
    (row,) = bangfu("--json", "--as", "town", "overdue").document["rows"]
    (text,) = row["waiting_on"]
    assert (row["posts"], text.startswith("posted through ")) == ([], True)
    assert "posted" in bangfu("--as", "town", "overdue").out
    assert bangfu("--as", "cadre", "notice", "objection", row["number"], "--grounds", "测试").code == 0
    assert "an objection is being verified" in bangfu("--as", "town", "show", row["number"]).out


def rows_of(bangfu: Bangfu, person: str) -> list[Any]:
    rows: list[Any] = bangfu("--json", "--as", person, "queue").document["rows"]
    return rows


def test_who_is_asked_to_sign_sees_in_his_queue_that_it_is_a_signature_and_for_whom(bangfu: Bangfu) -> None:
    def says(person: str, text: str) -> bool:
        return text in bangfu("--lang", "zh", "--as", person, "queue").out

    assert bangfu("--as", "cadre", "sign", "add", CASE, "mayor").code == 0
    (row,) = rows_of(bangfu, "mayor")
    assert (row["signs"], row["given_by"], says("mayor", "前加签，村干部 请")) == ("before", "cadre", True)
    assert [(row["signs"], row["given_by"]) for row in rows_of(bangfu, "cadre")] == [("", "")]
    stands = bangfu("--as", "cadre", "sign", "add", CASE, "secretary", "--when", "after").out
    assert "to be signed by 乡镇长 乡镇长 (mayor)" in stands, "it is not the village's move until he was heard"
    assert "with 村干部" not in stands
    assert "with 村干部" in bangfu("--as", "mayor", "sign", "agree", CASE).out
    held = bangfu("--as", "cadre", "act", CASE, "submit", "--fact", "consents=yes").out
    assert "to be signed by 乡镇党委书记 乡镇书记 (secretary)" in held
    assert (rows_of(bangfu, "secretary")[0]["signs"], says("secretary", "后加签，村干部 请")) == ("after", True)
    offered = bangfu("--as", "secretary", "offered", CASE).out
    assert "agree as a signer: 提交申请" in offered
    assert "answered by 村干部 (cadre): “提交申请”" in offered


def test_signers_are_asked_and_acts_taken_back_in_a_batch(bangfu: Bangfu) -> None:
    def batch(*words: str) -> dict[str, int]:
        made = bangfu("--json", "--as", "cadre", "batch", "new", *words, "--case", CASE).document["batch"]
        totals: dict[str, int] = bangfu("--json", "--as", "cadre", "batch", "run", made).document["totals"]
        return totals

    one = {"selected": 1, "done": 1, "refused": 0, "left": 0}
    assert batch("sign-add", "mayor") == one
    assert rows_of(bangfu, "mayor")[0]["signs"] == "before"
    assert batch("sign-remove", "mayor") == one
    assert batch("sign-add", "mayor", "--when", "after") == one
    assert bangfu("--as", "cadre", "act", CASE, "submit", "--fact", "consents=yes").code == 0
    assert rows_of(bangfu, "mayor")[0]["signs"] == "after"
    assert batch("withdraw") == one
    assert batch("withdraw") == {"selected": 1, "done": 0, "refused": 1, "left": 0}
    said = bangfu("--as", "cadre", "batch", "new", "sign", "--case", CASE)
    assert (said.code, "it can act, claim" in said.err) == (6, True)


def test_who_was_entrusted_sees_in_his_queue_by_whom(bangfu: Bangfu) -> None:
    assert bangfu("--as", "cadre", "delegate", CASE, "party").code == 0
    (row,) = rows_of(bangfu, "party")
    assert (row["signs"], row["given_by"], row["claimed_by"]) == ("", "cadre", "party")
    assert "村干部 委派" in bangfu("--lang", "zh", "--as", "party", "queue").out


def test_a_second_person_sees_what_he_is_to_confirm_and_everybody_whose_move_it_is(bangfu: Bangfu) -> None:
    before = f"{int(TODAY[:4]) - 1}{TODAY[4:]}".replace("02-29", "02-28")
    wrong = ("propose", "correct", CASE, "--fact", f"found_on={before}", "--note", "笔误")
    assert "correction proposed, to be confirmed by 县乡村振兴局" in bangfu("--as", "cadre", *wrong).out
    offered = bangfu("--as", "bureau", "offered", CASE).out
    assert f"线索发现日: {TODAY} → {before}" in offered
    assert "proposed by 村干部 (cadre)" in offered
    assert f"线索发现日 → {before}" in bangfu("--as", "bureau", "show", CASE).out
    assert bangfu("--as", "bureau", "confirm", CASE, "correct").code == 0
    assert f"线索发现日: {TODAY} → {before}" in bangfu("--as", "bureau", "show", CASE).out
    assert bangfu("--as", "cadre", "act", CASE, "unwilling", "--note", "不愿").code == 0
    reopening = bangfu("--as", "cadre", "propose", "reopen", CASE, "--note", "又愿意").out
    assert "reopening proposed, to be confirmed by 县乡村振兴局" in reopening
    assert "goes on from: 提交申请" in bangfu("--as", "bureau", "offered", CASE).out
    said = bangfu("--lang", "zh", "--as", "cadre", "confirm", CASE, "reopen")
    assert (said.code, "仅本案所属区划的县乡村振兴局" in said.err) == (5, True)
    assert bangfu("--as", "bureau", "confirm", CASE, "reopen").code == 0


def test_a_message_about_work_that_is_done_is_shown_on_demand_alone(bangfu: Bangfu) -> None:
    def told(*options: str) -> list[tuple[str, bool]]:
        rows = bangfu("--json", "--as", "cadre", "inbox", *options).document["messages"]
        return [(row["data"].get("ask", ""), row["settled"]) for row in rows if row["event"] == "asked"]

    assert told() == [("apply", False)]
    assert bangfu("--as", "cadre", "act", CASE, "submit", "--fact", "consents=yes").code == 0
    assert told() == [("household_check", False)]
    assert told("--all") == [("household_check", False), ("apply", True)]
    assert bangfu("--as", "cadre", "inbox", "--read").code == 0
    assert (told(), len(told("--all"))) == ([], 2)
    assert "(settled)" in bangfu("--as", "cadre", "inbox", "--all").out


# --- procedures, time and help ----------------------------------------------------------------------------------------


def test_a_procedure_is_a_page_with_its_stages_in_order_and_their_sources(bangfu: Bangfu) -> None:
    page = bangfu("workflow", "show", "identification", "--pack", "hn_demo").out
    stages = ("1  提交申请 apply", "2  入户核实 household_check", "3  评议 deliberate", "8  录入系统 system_entry")
    places = [page.index(stage) for stage in stages]
    assert places == sorted(places)
    check = " ".join(page[places[1] : places[2]].split())
    assert "入户调查核实组: 乡镇干部 1" in check
    assert "quorum 2；核实属实 all of those present、核实不符 otherwise" in check
    assert "8 working days 自定(演示,不是任何县的规定) · packs/hn_demo/identification.yaml:" in check
    assert "核实属实 confirmed → 评议" in check
    values = bangfu("workflow", "show", "identification", "--pack", "hn_demo", "--values").out
    assert "stages.apply.title" in "".join(values.split())


def test_shipped_procedures_are_listed_with_what_is_in_force(bangfu: Bangfu) -> None:
    rows = bangfu("--json", "workflow", "list").document["workflows"]
    in_force = {(row["workflow"], row["pack"]) for row in rows if row["in_force_from"]}
    assert {("identification", "hn_demo"), ("objection", "hn_demo")} <= in_force
    assert ("identification", "") in {(row["workflow"], row["pack"]) for row in rows} - in_force
    assert bangfu("--database", "none.db", "workflow", "list").code == 0


def test_practice_time_is_shown_with_how_far_ahead_it_is(bangfu: Bangfu) -> None:
    assert bangfu("time", "advance", "3d").code == 0
    assert bangfu("--json", "time", "show").document["ahead_seconds"] == 3 * 24 * 3600
    assert "3 d ahead of real time" in bangfu("time", "show").out


@pytest.mark.parametrize(
    ("typed", "zh", "en"),
    [
        (("nosuch",), "没有命令 nosuch", "there is no command nosuch"),
        (("shw",), "没有命令 shw；是不是 'show'？", "there is no command shw; did you mean 'show'?"),
        (("time",), "请写明命令", "say which command"),
        (("time", "advance", "1d", "x"), "多余的参数：x", "too many arguments: x"),
        (("queue", "--limit", "x"), "须为整数", "a whole number is wanted"),
        (("queue", "--limit", "0"), "至少为 1", "at least 1 is wanted"),
    ],
)
def test_a_mistyped_command_is_told_in_one_language(bangfu: Bangfu, typed: tuple[str, ...], zh: str, en: str) -> None:
    said = bangfu("--lang", "zh", *typed)
    assert (said.code, zh in said.err) == (2, True), said.err
    said = bangfu("--lang", "en", *typed)
    assert (said.code, en in said.err) == (2, True), said.err


def test_help_without_arguments_is_in_the_readers_language(bangfu: Bangfu) -> None:
    for typed in ((), ("time",), ("time", "--help")):
        said = bangfu("--lang", "zh", *typed)
        text = said.out + said.err
        assert not [word for word in ("Options", "Commands", "OPTIONS", "Usage", "<bool>") if word in text]
    assert "Commands" in bangfu("--lang", "en", "time").out


def test_a_command_that_is_missing_is_told_as_json_where_json_is_wanted(bangfu: Bangfu) -> None:
    for typed in ((), ("time",)):
        said = bangfu("--json", *typed)
        assert (said.code, said.document["error"]["kind"]) == (2, "UsageError")
    assert bangfu().code == 0


def test_everything_is_checked_by_name_too_and_not_beside_one_pack(bangfu: Bangfu) -> None:
    said = bangfu("check", "hn_demo", "--all")
    assert (said.code, "hn_demo is named, and everything is meant" in said.err + said.out) == (6, True)
    checked = bangfu("--json", "check", "--all").document
    assert (checked["errors"], {"base", "hn_demo", "zjj_pair"} <= set(checked["checked"])) == (0, True)

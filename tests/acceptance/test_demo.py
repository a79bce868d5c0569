"""`bangfu demo`, in process: every way of its plan is gone, and what is left behind is sound."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest

from bangfu.demo import plan
from bangfu.demo.running import Result, free_place, remove_practice, run
from bangfu.entering import enter_roster
from bangfu.i18n import translator
from bangfu.settings import Settings, read_settings
from bangfu.terminal.screen import Screen
from bangfu.wiring import Bangfu, create_bangfu, open_bangfu
from cli import main
from engine.cases import replay
from engine.errors import ConfigurationError
from papers.roster import read_roster

HOUSEHOLDS = 25  # as many as the plan names: each of its ways once at least


@dataclass(frozen=True)
class Played:
    result: Result
    told: str
    settings: Settings


def settings_in(folder: Path) -> Settings:
    return read_settings({}, database=str(folder / "demo" / "bangfu-demo.db"))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    settings = settings_in(tmp_path_factory.mktemp("demo"))
    with redirect_stdout(StringIO()) as told:
        result = run(settings, Screen(False, translator("zh_CN")), HOUSEHOLDS)
    return Played(result, told.getvalue(), settings)


@contextmanager
def opened(played: Played) -> Iterator[Bangfu]:
    with open_bangfu(played.settings) as bangfu:
        yield bangfu


def cases_of(bangfu: Bangfu) -> set[tuple[str, UUID]]:
    now = bangfu.time_source.now()
    return {
        (county, clock.case)
        for county, keys in counties().items()
        for clock in bangfu.register.clocks(bangfu.office.scope(county, f"{keys[2]}.leader"), now)
    }


def counties() -> dict[str, tuple[str, str, str]]:
    return {code[:6]: village.keys for code, village in plan.VILLAGES.items()}


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_every_day_of_the_timetables_is_one_on_which_offices_work(played):
    with opened(played) as bangfu:
        days = {day for village in plan.VILLAGES.values() for days in village.days.values() for day in days}
        assert not [day for day in days if not bangfu.calendar.day(day).is_working]


def test_the_plan_names_each_of_its_ways():
    assert {way for village in plan.VILLAGES.values() for way in village.ways} == set(plan.WAYS)


# --- what becomes of the households -----------------------------------------------------------------------------------


def test_every_way_is_gone_to_its_end(played):
    assert set(played.result.ways) == set(plan.WAYS)


def test_households_come_to_every_end(played):
    assert set(played.result.ends) == {"listed", "explained", "not_willing", "withdrawn"}
    assert sum(played.result.ends.values()) == HOUSEHOLDS


def test_those_who_were_listed_are_paired_and_some_eliminated_after_three_months_others_blocked_with_reasons(played):
    assert set(played.result.later["pair_household"]) == {"paired", "explained"}
    assert set(played.result.later["risk_elimination"]) == {"eliminated", "kept", "open"}
    for text in (
        "监测未满3个月",
        "人均纯收入低于5000元",
        "004 篇九 C(二)5",
        "结对帮扶贫困残疾人家庭",
        "已标注风险消除",
    ):
        assert text in played.told


def test_each_village_is_agreed_with_and_reported_on_when_its_households_are_decided(played):
    assert played.result.later["pair_village"] == {"open": len(plan.VILLAGES)}
    paired = 0
    with opened(played) as bangfu:
        for county, id_ in cases_of(bangfu):
            case = bangfu.store.load(county, id_).case
            if case.workflow == "pair_village":
                assert case.stage == "close", "its term is not over"
                paired += case.section("facts")["households_paired"]["v"]
    assert paired == played.result.later["pair_household"]["paired"]
    for text in ("报市残联就业中心", "持证残疾人数与残联台账不符"):
        assert text in played.told


def test_a_households_record_says_which_cases_made_it_what_it_is(played):
    with opened(played) as bangfu:
        scope = bangfu.office.scope("430802", "yongding.leader")
        files = [
            bangfu.register.household_file(scope, row.id)
            for surname in "向覃田张李王刘陈杨黄周吴朱彭谷钟龚熊唐罗"
            for row in bangfu.register.households(scope, surname)
        ]
        histories = [[entry.what for entry in each.history] for each in files]
        since = [what["monitored_since"] for history in histories for what in history if "monitored_since" in what]
        assert min(since) == "2026-02-10"
        assert {"monitoring": "marked_eliminated", "eliminated_on": "2026-06-22"} in [w for h in histories for w in h]


def test_the_office_refuses_what_it_must(played):
    later = {"below_line", "monitored", "not blockers", "key_review_done", "village_fits"}
    assert set(played.result.refused) == {"consents", "recusal", "separation", "clean_or_heard", *later}


def test_a_late_township_is_reminded_marked_and_reported(played):
    assert {"remind", "due", "late", "over"} <= set(played.result.fired)
    assert played.result.late > 0
    with opened(played) as bangfu:
        scope = bangfu.office.scope("430821", "cili.leader")
        late = bangfu.register.clocks(scope, bangfu.time_source.now(), late_only=True)
        assert "township_review" in {clock.clock for clock in late}
        told = bangfu.register.inbox(scope, limit=100)
        assert "escalated" in {message.event for message in told}


def test_bad_rows_of_the_roster_are_told_and_the_same_file_again_adds_nothing(played):
    assert played.result.rejected > 0
    assert played.result.entered_again == 0
    with opened(played) as bangfu:
        file = played.settings.database_file
        assert file is not None
        path = file.with_name("bangfu-demo-roster.xlsx")
        roster = read_roster(path, bangfu.today, bangfu.places.inside("4308"))
        assert {"number_destroyed", "id_check_digit", "person_twice"} <= {each.reason for each in roster.problems}
        entered = enter_roster(bangfu, roster, path)
        assert not entered.new
        assert len(entered.known) == HOUSEHOLDS


# --- what is left behind ----------------------------------------------------------------------------------------------


def test_no_invariant_is_violated(played):
    assert played.result.violations == []


def test_every_case_is_what_its_events_make_of_it(played):
    with opened(played) as bangfu:
        found: Counter[str] = Counter()
        for county, id_ in cases_of(bangfu):
            case = bangfu.store.load(county, id_).case
            assert replay(county, id_, bangfu.store.events(county, id_)).record() == case.record()
            found[case.workflow] += 1
        assert found["identification"] == HOUSEHOLDS
        assert found["objection"] == 3
        assert found["pair_help"] == played.result.later["pair_household"]["paired"]
        assert found["risk_elimination"] == sum(played.result.later["risk_elimination"].values())


def test_its_time_goes_on_from_the_evening_on_which_the_story_stops(played):
    with opened(played) as bangfu:
        assert bangfu.practice
        evening = bangfu.calendar.at(plan.LAST_DAY, plan.EVENING)
        assert timedelta(0) <= bangfu.time_source.now() - evening < timedelta(days=1)


def test_the_person_named_at_the_end_has_work(played):
    person = played.result.commands[0].split(" --as ")[1].split()[0]
    county = next(code for code, keys in counties().items() if person.startswith(keys))
    with opened(played) as bangfu:
        assert bangfu.register.queue(bangfu.office.scope(county, person), bangfu.time_source.now())


def test_the_commands_named_at_the_end_work(played, capsys):
    for command in played.result.commands:
        program, *arguments = shlex.split(command)
        assert program == "bangfu"
        assert main(arguments) == 0
        assert capsys.readouterr().out


# --- how it is told ---------------------------------------------------------------------------------------------------


def test_the_story_names_days_officers_refusals_and_the_commands_to_try(played):
    for text in (
        "2026-02-14 周六 · 调休上班",
        "春节放假",
        "乡镇党委书记",
        "回避",
        "004 篇八 D",
        *played.result.commands,
    ):
        assert text in played.told


def test_the_same_seed_tells_the_same_story(played, tmp_path, capsys):
    again = run(settings_in(tmp_path), Screen(False, translator("zh_CN")), HOUSEHOLDS)
    told = capsys.readouterr().out
    assert again.ends == played.result.ends
    place = str(played.settings.database_file.parent.parent)  # Where it lies decides where lines break.
    assert "".join(told.split()).replace(str(tmp_path), "") == "".join(played.told.split()).replace(place, "")


def test_five_households_are_enough(tmp_path, capsys):
    result = run(settings_in(tmp_path), Screen(True, translator("en")), 5)
    assert result.violations == []
    assert sum(result.ends.values()) == 5
    assert capsys.readouterr().out == ""


# --- where it is kept -------------------------------------------------------------------------------------------------


def test_an_earlier_demonstration_is_kept_beside_a_new_one(tmp_path):
    place = tmp_path / "bangfu-demo.db"
    assert free_place(place) == place
    place.touch()
    assert free_place(place) == tmp_path / "bangfu-demo-2.db"


def test_only_a_practice_database_is_replaced(tmp_path):
    settings = read_settings({}, database=str(tmp_path / "real.db"))
    create_bangfu(settings, practice=False).close()
    with pytest.raises(ConfigurationError):
        remove_practice(settings)
    practice = read_settings({}, database=str(tmp_path / "practice.db"))
    create_bangfu(practice, practice=True).close()
    remove_practice(practice)
    assert not (tmp_path / "practice.db").exists()
    assert (tmp_path / "real.db").exists()


def test_replacing_a_demonstration_leaves_a_key_that_a_real_database_is_under(tmp_path):
    environment = {"BANGFU_KEY_FILE": str(tmp_path / "master.key")}
    real = read_settings(environment, database=str(tmp_path / "real.db"))
    create_bangfu(real, practice=False).close()
    practice = read_settings(environment, database=str(tmp_path / "practice.db"))
    create_bangfu(practice, practice=True).close()
    remove_practice(practice)
    create_bangfu(practice, practice=True).close()
    open_bangfu(real).close()

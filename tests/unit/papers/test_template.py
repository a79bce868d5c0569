import zipfile
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

import workflows
from papers.divisions import read_divisions
from papers.problems import Problem, write_problems
from papers.roster import HOUSEHOLD_COLUMNS, HOUSEHOLDS, MEMBER_COLUMNS, MEMBERS, RosterHousehold, read_roster
from papers.synthetic import DEMO_VILLAGES, synthetic_households
from papers.template import write_roster, write_template

DIVISIONS = Path(workflows.__file__).parent / "divisions" / "4308.csv"


@pytest.fixture(scope="module")
def zhangjiajie():
    return read_divisions(DIVISIONS, "4308")


def test_the_empty_template_is_a_roster_without_rows(tmp_path, today, zhangjiajie):
    write_template(tmp_path / "template.xlsx", zhangjiajie)
    roster = read_roster(tmp_path / "template.xlsx", today, zhangjiajie)
    assert (roster.households, roster.problems, roster.rows_present) == ((), (), 0)


def test_the_templates_first_rows_are_the_titles_and_every_column_is_explained(tmp_path):
    write_template(tmp_path / "template.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "template.xlsx")
    assert book.sheet_names == [HOUSEHOLDS, MEMBERS, "填写说明"]
    notes = {(str(row[0]), str(row[1])) for row in book.get_sheet_by_name("填写说明").to_python()}
    for name, columns in ((HOUSEHOLDS, HOUSEHOLD_COLUMNS), (MEMBERS, MEMBER_COLUMNS)):
        assert book.get_sheet_by_name(name).to_python()[0] == [column.title for column in columns]
        assert {(name, column.title) for column in columns} <= notes


def test_the_templates_villages_are_those_of_the_county(tmp_path, zhangjiajie):
    write_template(tmp_path / "template.xlsx", zhangjiajie)
    rows = CalamineWorkbook.from_path(tmp_path / "template.xlsx").get_sheet_by_name("村名录").to_python()
    assert len(rows) == 1 + 1018
    assert ["430822213213", "洪家关白族乡", "洪家关村民委员会"] in rows


def test_households_written_and_read_are_the_same(tmp_path, today, zhangjiajie):
    households = synthetic_households(7, list(DEMO_VILLAGES.values()), 60, today)
    write_roster(tmp_path / "roster.xlsx", households, zhangjiajie)
    roster = read_roster(tmp_path / "roster.xlsx", today, zhangjiajie)
    assert roster.problems == ()
    assert list(roster.households) == households
    titles, first = CalamineWorkbook.from_path(tmp_path / "roster.xlsx").get_sheet_by_name(HOUSEHOLDS).to_python()[:2]
    named = dict(zip(titles, first, strict=True))
    assert (named["乡镇"], named["村"]) == ("教字垭镇", "龙洞湖村委会")


def formulas_in(path):
    with zipfile.ZipFile(path) as book:
        return [
            name for name in book.namelist() if name.startswith("xl/worksheets/sheet") and b"<f>" in book.read(name)
        ]


HOSTILE = '=HYPERLINK("http://example.invalid","x")'


def test_what_people_wrote_is_never_a_formula(tmp_path):
    write_roster(tmp_path / "roster.xlsx", [RosterHousehold(2, "1", HOSTILE, "1", address=HOSTILE)])
    problems = [Problem(HOSTILE, 2, "A", HOSTILE, HOSTILE, "choice", {"choices": HOSTILE})]
    write_problems(tmp_path / "problems.xlsx", problems)
    assert formulas_in(tmp_path / "roster.xlsx") == []
    assert formulas_in(tmp_path / "problems.xlsx") == []
    cells = CalamineWorkbook.from_path(tmp_path / "problems.xlsx").get_sheet_by_index(0).to_python()[1]
    assert cells[0] == HOSTILE


def test_the_report_speaks_the_language_of_the_translator(tmp_path):
    write_problems(
        tmp_path / "problems.xlsx", [Problem("登记表", 3, "B", "村", "", "missing")], lambda text: f"<{text}>"
    )
    titles, row = CalamineWorkbook.from_path(tmp_path / "problems.xlsx").get_sheet_by_index(0).to_python()
    assert titles[0] == "<Sheet>"
    assert row == ["登记表", "3", "B", "村", "", "<The value is missing>", "<Fill it in>"]


def test_synthetic_people_are_marked_and_can_be_nobody(today):
    households = synthetic_households(7, list(DEMO_VILLAGES.values()), 200, today)
    numbers = [number for household in households for number in household.id_numbers]
    assert all(number.startswith("430899") for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert all("合成数据" in str(household.fields["remark"]) for household in households)


def test_synthetic_households_are_the_same_for_the_same_seed(today):
    villages = list(DEMO_VILLAGES.values())
    assert synthetic_households(7, villages, 20, today) == synthetic_households(7, villages, 30, today)[:20]
    assert synthetic_households(7, villages, 20, today) != synthetic_households(8, villages, 20, today)
    assert synthetic_households(7, villages, 20, date(2028, 2, 29))


def test_no_more_synthetic_people_are_made_than_have_numbers(today):
    with pytest.raises(ValueError):
        synthetic_households(7, ["430822213213"], 10**6, today)


def test_the_demos_villages_are_real_and_one_for_each_unit(zhangjiajie):
    names = {place.code: place.name for place in zhangjiajie}
    assert list(DEMO_VILLAGES) == ["市残联", "永定区", "武陵源", "慈利县", "桑植县"]
    assert [names[code[:6] + "000000"] for code in DEMO_VILLAGES.values()] == [
        "永定区",
        "永定区",
        "武陵源区",
        "慈利县",
        "桑植县",
    ]
    assert len({code[:9] for code in DEMO_VILLAGES.values() if code in names}) == 5

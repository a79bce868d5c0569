from datetime import date

import pytest

from papers.people import COLUMNS, PostHolding, read_people
from papers.problems import InputFileError

VILLAGE = "430822213213"
POSTS = frozenset({"village.committee", "village.cadre", "township.reviewer"})
OFFICER = {
    "人员代码": "tan.cun",
    "姓名": "覃村",
    "岗位": "village.committee",
    "区划代码": VILLAGE,
    "起": date(2025, 1, 1),
}


def known_posts(_wanted):
    return POSTS


@pytest.fixture
def read(tmp_path, today, divisions):
    def read(*rows):
        titles = [column.title for column in COLUMNS]
        lines = [titles, *[[str(row.get(title, "")) for title in titles] for row in rows]]
        path = tmp_path / "people.csv"
        path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")
        people = read_people(path, today, divisions, known_posts)
        assert len(people.holdings) + people.rows_rejected == people.rows_present == len(rows)
        return people

    return read


def test_a_row_is_a_person_in_a_post(read):
    people = read(OFFICER, {**OFFICER, "岗位": "township.reviewer", "区划代码": "430822213000", "止": "2026/12/31"})
    assert people.problems == ()
    assert people.holdings == (
        PostHolding(2, "tan.cun", "覃村", "village.committee", VILLAGE, date(2025, 1, 1), None),
        PostHolding(3, "tan.cun", "覃村", "township.reviewer", "430822213000", date(2025, 1, 1), date(2026, 12, 31)),
    )


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"人员代码": ""}, "人员代码", "missing"),
        ({"人员代码": "minutes"}, "人员代码", "person_shape"),
        ({"人员代码": "village.cadre:1"}, "人员代码", "person_shape"),
        ({"岗位": "committee"}, "岗位", "post_shape"),
        ({"岗位": "township.reviewer"}, "岗位", "post_level"),
        ({"岗位": "village.comittee"}, "岗位", "post_unknown"),
        ({"区划代码": "430822213999"}, "区划代码", "division_unknown"),
        ({"起": "昨天"}, "起", "date_shape"),
        ({"止": "2024-12-31"}, "止", "term_ends_early"),
    ],
    ids=str,
)
def test_a_wrong_row_is_refused_and_the_others_come_in(read, changes, field, reason):
    people = read({**OFFICER, "人员代码": "other"}, {**OFFICER, **changes})
    assert [(problem.row, problem.field, problem.reason) for problem in people.problems] == [(3, field, reason)]
    assert [holding.row for holding in people.holdings] == [2]


def test_a_person_has_one_name_and_a_post_once(read):
    people = read(OFFICER, {**OFFICER, "姓名": "别人", "起": "2026-01-01"}, OFFICER)
    assert [(problem.row, problem.reason) for problem in people.problems] == [(3, "person_differs"), (4, "post_twice")]


def test_a_workbook_serves_as_well(make_workbook, today, divisions):
    path = make_workbook({"人员": [[column.title for column in COLUMNS], [*map(str, OFFICER.values())]]})
    assert len(read_people(path, today, divisions, known_posts).holdings) == 1


def test_what_is_no_list_of_people_is_refused(tmp_path, today, divisions):
    for content in (b"", b"\x00", "甲,乙\n1,2\n".encode()):
        (tmp_path / "people.csv").write_bytes(content)
        with pytest.raises(InputFileError):
            read_people(tmp_path / "people.csv", today, divisions, known_posts)


def test_a_misspelt_post_is_told_with_its_cell_and_the_nearest_one(read):
    (problem,) = read(OFFICER, {**OFFICER, "人员代码": "other", "岗位": "village.comittee"}).problems
    assert (problem.row, problem.column, problem.parameters["nearest"]) == (3, "C", "village.committee")


def test_problems_come_by_row_and_column(read):
    people = read(
        {**OFFICER, "岗位": "committee"}, {**OFFICER, "起": ""}, {**OFFICER, "人员代码": "minutes", "止": "2024-12-31"}
    )
    assert [(problem.row, problem.column) for problem in people.problems] == [(2, "C"), (3, "E"), (4, "A"), (4, "F")]

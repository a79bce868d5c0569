import csv
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.identity import check_digit
from papers.problems import REASONS, InputFileError
from papers.roster import HOUSEHOLD_COLUMNS, HOUSEHOLDS, MEMBER_COLUMNS, MEMBERS, DisabledPerson, read_roster

VILLAGE = "430822213213"
SHEET1 = "xl/worksheets/sheet1.xml"


def id_number(serial, born="19700101"):
    body = f"430899{born}{serial:03d}"
    return body + check_digit(body)


HEAD, WIFE, OTHER = id_number(1), id_number(2), id_number(3)


def household(**changes):
    record = {"村代码": VILLAGE, "户主姓名": "向试验", "户主身份证号": HEAD, "家庭地址": "1组1号"}
    return {key: value for key, value in {**record, **changes}.items() if value is not None}


def member(**changes):
    record = {"户主身份证号": HEAD, "姓名": "覃试验", "身份证号": WIFE, "月均收入(元)": 800}
    return {key: value for key, value in {**record, **changes}.items() if value is not None}


@pytest.fixture
def read(make_roster, today, divisions):
    def read(households, members=()):
        roster = read_roster(make_roster(households, members), today, divisions)
        assert roster.rows_accepted + roster.rows_rejected == roster.rows_present
        return roster

    return read


def reasons(roster):
    return [(problem.sheet, problem.row, problem.field, problem.reason) for problem in roster.problems]


def test_a_household_comes_with_its_members_and_amounts_in_fen(read):
    roster = read(
        [household(**{"家庭成员年人均收入(元)": 4000.5, "收入来源": "务农", "户主联系电话": "138 0000 0000"})],
        [member(年龄=56), member(姓名="向小试", 身份证号=OTHER, 与残疾人关系="子女")],
    )
    assert reasons(roster) == []
    (taken,) = roster.households
    assert (taken.row, taken.village, taken.householder, taken.id_number) == (2, VILLAGE, "向试验", HEAD)
    assert (taken.phone, taken.address, taken.disabled_person) == ("13800000000", "1组1号", None)
    assert taken.fields == {"income.per_capita": 400_050, "income.sources": "务农"}
    assert [(one.row, one.name, one.fields) for one in taken.members] == [
        (2, "覃试验", {"age": 56, "monthly_income": 80_000}),
        (3, "向小试", {"relation": "子女", "monthly_income": 80_000}),
    ]
    assert taken.id_numbers == (HEAD, WIFE, OTHER)


def test_what_a_household_has_been_from_before_comes_with_it(read):
    (taken,) = read([household(监测状态="监测帮扶中", 纳入监测日期="2024年3月1日")]).households
    assert (taken.statuses, taken.fields) == ({"monitoring": "active", "monitored_since": date(2024, 3, 1)}, {})


@pytest.mark.parametrize(
    ("written", "field", "reason"),
    [
        ({"监测状态": "监测帮扶中"}, "纳入监测日期", "missing"),
        ({"纳入监测日期": "2024-03-01"}, "监测状态", "missing"),
        ({"监测状态": "监测帮扶中", "纳入监测日期": "2999-03-01"}, "纳入监测日期", "date_future"),
        ({"监测状态": "已清退", "纳入监测日期": "2024-03-01"}, "监测状态", "choice"),
    ],
)
def test_a_status_is_had_since_a_day_that_has_come(read, written, field, reason):
    roster = read([household(**written)])
    assert (HOUSEHOLDS, 2, field, reason) in reasons(roster)
    assert roster.households == ()


def test_the_cards_number_says_what_its_columns_leave_out(read):
    roster = read(
        [
            household(残疾人姓名="覃试验", 残疾证号=WIFE + "42"),
            household(户主身份证号=OTHER, 残疾人姓名="甲", 残疾类别="视力"),
        ]
    )
    assert roster.households[0].disabled_person == DisabledPerson(
        name="覃试验",
        card=WIFE + "42",
        id_number=WIFE,
        kind="physical",
        grade=2,
        sex="female",
        birth_date=date(1970, 1, 1),
    )
    assert roster.households[0].id_numbers == (HEAD, WIFE)
    assert roster.households[1].disabled_person == DisabledPerson(name="甲", kind="vision")


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("户主身份证号", 430899197001010018, "stored_as_number"),
        ("户主身份证号", 4.30899e17, "stored_as_number"),
        ("户主身份证号", "4.30899E+17", "number_destroyed"),
        ("残疾证号", 43089919700101001842, "stored_as_number"),
        ("户主联系电话", 13800000000, "stored_as_number"),
        ("户主联系电话", "1.38E+10", "number_destroyed"),
    ],
    ids=["identity", "rounded identity", "identity in E notation", "card", "telephone", "telephone in E notation"],
)
def test_M15_numbers_that_excel_keeps_as_quantities_are_refused_never_repaired(read, column, value, reason):
    roster = read([household(**{"残疾人姓名": "甲", column: value})])
    assert roster.households == ()
    assert reasons(roster) == [(HOUSEHOLDS, 2, column, reason)]
    assert "type the number again" in roster.problems[0].advice()


def test_M15_a_members_number_kept_as_a_quantity_is_refused_too(read):
    roster = read([household()], [member(身份证号=float(WIFE[:17]))])
    assert reasons(roster) == [(HOUSEHOLDS, 2, "", "member_rejected"), (MEMBERS, 2, "身份证号", "stored_as_number")]


def test_M14_rows_are_counted_as_present_whatever_the_dimension_says(make_roster, edit_part, today, divisions):
    rows = [household(户主身份证号=id_number(number)) for number in range(1, 40)]
    path = edit_part(
        make_roster(rows), SHEET1, lambda xml: xml.replace('<dimension ref="A1', '<dimension ref="A1:A3" x="')
    )
    roster = read_roster(path, today, divisions)
    assert (roster.rows_present, roster.rows_accepted) == (39, 39)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"户主姓名": None}, "户主姓名", "missing"),
        ({"户主姓名": "\u200b"}, "户主姓名", "missing"),
        ({"户主姓名": "向1"}, "户主姓名", "name_odd"),
        ({"户主姓名": "向(长子)"}, "户主姓名", "name_odd"),
        ({"户主姓名": "向\ue123"}, "户主姓名", "text_odd"),
        ({"户主姓名": "向\ufffd"}, "户主姓名", "text_odd"),
        ({"户主姓名": 12}, "户主姓名", "name_odd"),
        ({"户主身份证号": None}, "户主身份证号", "missing"),
        ({"户主身份证号": HEAD[:-1]}, "户主身份证号", "id_shape"),
        (
            {"户主身份证号": HEAD[:-1] + str((int(HEAD[-1].replace("X", "0")) + 1) % 10)},
            "户主身份证号",
            "id_check_digit",
        ),
        ({"村代码": None}, "村代码", "missing"),
        ({"村代码": "430822213999"}, "村代码", "village_unknown"),
        ({"村代码": "430822213"}, "村代码", "village_unknown"),
        ({"村代码": None, "乡镇": "洪家关白族乡", "村": "红家关村"}, "村", "village_unknown"),
        ({"村代码": None, "乡镇": "洪家关白族乡", "村": "禾家山"}, "村", "village_ambiguous"),
        ({"乡镇": "洪家关白族乡", "村": "龙头村"}, "村代码", "village_differs"),
        ({"残疾证号": WIFE + "42"}, "残疾人姓名", "missing"),
        ({"残疾人姓名": "甲", "残疾证号": WIFE}, "残疾证号", "card_shape"),
        ({"残疾人姓名": "甲", "残疾证号": WIFE + "92"}, "残疾证号", "card_kind"),
        ({"残疾人姓名": "甲", "残疾证号": WIFE + "42", "残疾类别": "视力残疾"}, "残疾类别", "card_differs"),
        ({"残疾人姓名": "甲", "残疾证号": WIFE + "42", "残疾等级": "1"}, "残疾等级", "card_differs"),
        ({"残疾人姓名": "甲", "残疾证号": WIFE + "42", "性别": "男"}, "性别", "card_differs"),
        ({"残疾人姓名": "甲", "残疾证号": WIFE + "42", "出生日期": "1970年1月2日"}, "出生日期", "card_differs"),
        ({"残疾人姓名": "乙", "残疾证号": HEAD + "42"}, "残疾人姓名", "name_differs"),
        ({"残疾人姓名": "甲", "残疾类别": "残疾"}, "残疾类别", "choice"),
        ({"残疾人姓名": "甲", "出生日期": "1970-02-30"}, "出生日期", "date_shape"),
        ({"残疾人姓名": "甲", "出生日期": 25569}, "出生日期", "date_shape"),
        ({"教育支出(元)": "约三千"}, "教育支出(元)", "yuan_shape"),
        ({"教育支出(元)": "0.3万元"}, "教育支出(元)", "yuan_shape"),
        ({"教育支出(元)": "1E+999"}, "教育支出(元)", "yuan_range"),
        ({"教育支出(元)": "9E999999"}, "教育支出(元)", "yuan_range"),
        ({"教育支出(元)": "NaN"}, "教育支出(元)", "yuan_shape"),
        ({"教育支出(元)": -1}, "教育支出(元)", "yuan_range"),
        ({"主要困难和问题": "难" * 2001}, "主要困难和问题", "text_too_long"),
    ],
    ids=str,
)
def test_a_wrong_cell_refuses_its_row_with_a_reason(read, changes, field, reason):
    roster = read([household(**changes), household(户主身份证号=OTHER)])
    assert reasons(roster) == [(HOUSEHOLDS, 2, field, reason)]
    assert [taken.id_number for taken in roster.households] == [OTHER]


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("4,000", 400_000), ("￥4000.50元", 400_050), (4166.666666666667, 416_667), (0.285, 29), (0, 0), ("１２", 1200)],
)
def test_amounts_are_read_in_yuan_and_kept_in_fen(read, typed, fen):
    assert read([household(**{"医疗支出(元)": typed})]).households[0].fields == {"expense.medical": fen}


@pytest.mark.parametrize("written", ["向 试验", "向　试验", " 向试验\u200b", "向试验"])
def test_one_name_has_one_spelling(read, written):
    assert read([household(户主姓名=written)]).households[0].householder == "向试验"


@pytest.mark.parametrize("name", ["𬎆三", "葛\U000e0100三", "阿依古丽·买买提", "阿依古丽•买买提"])
def test_rare_and_long_names_are_names(read, name):
    assert read([household(户主姓名=name)]).households[0].householder == name.replace("•", "·")


@pytest.mark.parametrize(
    ("township", "village", "code"),
    [
        ("洪家关白族乡", "洪家关村民委员会", VILLAGE),
        ("洪家关白族乡", "洪家关村", VILLAGE),
        ("洪家关白族乡", "洪家关村委会", VILLAGE),
        ("洪家关白族乡", "洪家关", None),
        ("洪家关白族乡", "禾家山村", "430822213212"),
        ("洪家关白族乡", "禾家山社区", "430822213001"),
    ],
)
def test_a_village_is_known_by_the_names_people_write(read, township, village, code):
    roster = read([household(村代码=None, 乡镇=township, 村=village)])
    assert [taken.village for taken in roster.households] == [code or VILLAGE]


def test_a_village_code_kept_as_a_quantity_is_exact(read):
    assert read([household(村代码=int(VILLAGE))]).households[0].village == VILLAGE


def test_an_unknown_village_is_told_with_the_nearest(read):
    roster = read([household(村代码=None, 乡镇="洪家关白族乡", 村="红家关村民委员会")])
    assert VILLAGE in roster.problems[0].advice()


# ------------------------------------------------------------------------------------------------- rows and each other


def test_a_householder_has_one_row(read):
    roster = read([household(), household(户主身份证号=HEAD.lower(), 户主姓名="向又试")], [member()])
    assert reasons(roster) == [(HOUSEHOLDS, 3, "户主身份证号", "household_twice")]
    assert [len(taken.members) for taken in roster.households] == [1]


def test_a_person_belongs_to_one_household(read):
    roster = read([household(), household(户主身份证号=OTHER)], [member(), member(户主身份证号=OTHER)])
    assert [taken.id_number for taken in roster.households] == [HEAD]
    assert reasons(roster) == [(HOUSEHOLDS, 3, "", "member_rejected"), (MEMBERS, 3, "身份证号", "person_twice")]
    assert "row 2" in roster.problems[1].text()


def test_a_householder_is_no_member_of_another_household(read):
    roster = read([household(), household(户主身份证号=OTHER)], [member(身份证号=OTHER)])
    assert [taken.id_number for taken in roster.households] == [OTHER]
    assert (MEMBERS, 2, "身份证号", "person_twice") in reasons(roster)


def test_a_disabled_person_belongs_to_one_household(read):
    card = {"残疾人姓名": "覃试验", "残疾证号": WIFE + "42"}
    roster = read([household(**card), household(户主身份证号=OTHER, **card)])
    assert reasons(roster) == [(HOUSEHOLDS, 3, "残疾证号", "person_twice")]


def test_the_householder_may_be_listed_among_the_members_once(read):
    own = member(姓名="向试验", 身份证号=HEAD)
    assert reasons(read([household()], [own, member()])) == []
    assert (MEMBERS, 3, "身份证号", "person_twice") in reasons(read([household()], [own, own]))


def test_one_number_has_one_name(read):
    roster = read([household()], [member(姓名="别人", 身份证号=HEAD)])
    assert (MEMBERS, 2, "姓名", "name_differs") in reasons(roster)


def test_a_household_is_taken_whole_or_not_at_all(read):
    roster = read(
        [household(), household(户主身份证号=OTHER)],
        [
            member(),
            member(姓名="向小试", 身份证号=id_number(4), 年龄="两岁"),
            member(户主身份证号=OTHER, 身份证号=id_number(5)),
        ],
    )
    assert [taken.id_number for taken in roster.households] == [OTHER]
    assert reasons(roster) == [
        (HOUSEHOLDS, 2, "", "member_rejected"),
        (MEMBERS, 2, "", "household_rejected"),
        (MEMBERS, 3, "年龄", "count_shape"),
    ]
    assert (roster.rows_present, roster.rows_accepted, roster.rows_rejected) == (5, 2, 3)


def test_a_member_without_household_is_told(read):
    roster = read([household()], [member(户主身份证号=OTHER)])
    assert reasons(roster) == [(MEMBERS, 2, "户主身份证号", "household_missing")]
    assert len(roster.households) == 1


def test_the_same_file_gives_the_same_roster(make_roster, today, divisions):
    path = make_roster([household(), household(户主身份证号=None)], [member()])
    assert read_roster(path, today, divisions) == read_roster(path, today, divisions)


# ------------------------------------------------------------------------------------------------- sheets and columns


def test_empty_rows_do_not_count_and_row_numbers_are_the_spreadsheets(make_workbook, today, divisions):
    titles = ["户主姓名", "户主身份证号", "村代码"]
    path = make_workbook(
        {
            HOUSEHOLDS: [["2026年登记表"], [], titles, [], ["向试验", HEAD, VILLAGE], ["  "], ["向又试", "x", VILLAGE]],
            MEMBERS: [["户主身份证号", "姓名", "身份证号"]],
            "别的": [["随便", "写的"]],
        }
    )
    roster = read_roster(path, today, divisions)
    assert [taken.row for taken in roster.households] == [5]
    assert [(problem.row, problem.column) for problem in roster.problems] == [(7, "B")]
    assert roster.rows_present == 2


def test_titles_may_be_written_a_little_differently_and_in_any_order(make_workbook, today, divisions):
    titles = ["户主身份证号*", "家庭成员年人均收入（元）", "户主\n姓名", "村 代码", "教育支出"]
    path = make_workbook(
        {HOUSEHOLDS: [titles, [HEAD, 4000, "向试验", VILLAGE, 10]], MEMBERS: [["户主身份证号", "姓名", "身份证号"]]}
    )
    roster = read_roster(path, today, divisions)
    assert roster.problems == ()
    assert roster.households[0].fields == {"income.per_capita": 400_000, "expense.education": 1000}


def test_an_unknown_column_is_told_with_its_nearest_and_the_rows_come_in(make_workbook, today, divisions):
    titles = ["户主姓名", "户主身份证号", "村代码", "家庭住址", "户主姓名", None]
    path = make_workbook(
        {
            HOUSEHOLDS: [titles, ["向试验", HEAD, VILLAGE, "1组", "向试验", "无题"]],
            MEMBERS: [["户主身份证号", "姓名", "身份证号"]],
        }
    )
    roster = read_roster(path, today, divisions)
    assert [(problem.row, problem.column, problem.reason) for problem in roster.problems] == [
        (1, "D", "column_unknown"),
        (1, "E", "column_twice"),
        (1, "F", "column_untitled"),
    ]
    assert "家庭地址" in roster.problems[0].advice()
    assert roster.rows_accepted == 1


def test_without_a_mandatory_column_no_row_is_taken_and_that_is_said_once(make_workbook, today, divisions):
    path = make_workbook(
        {
            HOUSEHOLDS: [["户主姓名", "户主身份号", "村代码"], ["向试验", HEAD, VILLAGE], ["向又试", OTHER, VILLAGE]],
            MEMBERS: [["户主身份证号", "姓名", "身份证号"]],
        }
    )
    roster = read_roster(path, today, divisions)
    assert [(problem.row, problem.reason) for problem in roster.problems] == [
        (1, "column_missing"),
        (1, "column_unknown"),
    ]
    assert "户主身份号" in roster.problems[0].advice()
    assert (roster.rows_present, roster.rows_rejected) == (2, 2)


def test_a_workbook_without_its_sheets_or_titles_is_refused(make_workbook, today, divisions):
    for sheets, reason in (
        ({"Sheet1": [["户主姓名", "户主身份证号"]]}, "sheet_missing"),
        ({HOUSEHOLDS: [["户主姓名", "户主身份证号"]]}, "sheet_missing"),
        ({HOUSEHOLDS: [], MEMBERS: []}, "header_missing"),
        ({HOUSEHOLDS: [["甲", "乙"], [1, 2]], MEMBERS: []}, "header_missing"),
    ):
        with pytest.raises(InputFileError) as refused:
            read_roster(make_workbook(sheets), today, divisions)
        assert refused.value.reason == reason


def test_cells_that_hold_no_value_are_told(make_roster, edit_part, today, divisions):
    path = make_roster([household(**{"医疗支出(元)": "=1/0", "教育支出(元)": 1234567})])

    def break_cells(xml):
        return xml.replace("<v>1234567</v>", "<f>A1</f>")

    path = edit_part(path, SHEET1, break_cells)
    roster = read_roster(path, today, divisions)
    assert (HOUSEHOLDS, 2, "教育支出(元)", "cell_formula") in reasons(roster)
    assert (HOUSEHOLDS, 2, "医疗支出(元)", "yuan_shape") in reasons(roster)  # text that looks like a formula is text


def test_merged_cells_are_named_as_the_cause(make_roster, edit_part, today, divisions):
    path = make_roster([household(), household(户主身份证号=OTHER, 户主姓名=None)])
    column = "ABCDEFG"[[one.title for one in HOUSEHOLD_COLUMNS].index("户主姓名")]
    merge = f'</sheetData><mergeCells count="1"><mergeCell ref="{column}2:{column}3"/></mergeCells>'
    edit_part(path, SHEET1, lambda xml: xml.replace("</sheetData>", merge))
    roster = read_roster(path, today, divisions)
    assert reasons(roster) == [(HOUSEHOLDS, 3, "户主姓名", "merged")]


def csv_file(path, columns, records, encoding="utf-8"):
    titles = [column.title for column in columns]
    with path.open("w", encoding=encoding, newline="") as target:
        writer = csv.DictWriter(target, titles)
        writer.writeheader()
        writer.writerows(records)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_files_give_the_same_roster_as_a_workbook(tmp_path, make_roster, today, divisions, encoding):
    households, members = [household(**{"教育支出(元)": "12.5"})], [member()]
    one = csv_file(tmp_path / "h.csv", HOUSEHOLD_COLUMNS, households, encoding)
    two = csv_file(tmp_path / "m.csv", MEMBER_COLUMNS, members, encoding)
    assert read_roster(one, today, divisions, two) == read_roster(make_roster(households, members), today, divisions)
    assert read_roster(one, today, divisions).households[0].members == ()


def test_csv_under_a_workbooks_name_is_read_for_what_it_is(tmp_path, today, divisions):
    path = csv_file(tmp_path / "roster.xlsx", HOUSEHOLD_COLUMNS, [household(), household(户主身份证号="4.30899E+17")])
    roster = read_roster(path, today, divisions)
    assert (roster.rows_accepted, roster.rows_rejected) == (1, 1)


def test_problems_show_no_number_name_or_text_in_full(read):
    wrong = id_number(9)[:-1] + "A"
    roster = read([household(户主身份证号=wrong, 户主姓名="向(某)", 户主联系电话="1380000000", 村代码="430822213999")])
    shown = " ".join(problem.shown + problem.text() + problem.advice() for problem in roster.problems)
    assert len(roster.problems) == 4
    for secret in (wrong, wrong[6:14], "1380000000", "向(某)"):
        assert secret not in shown


ODD_CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([HEAD, WIFE, OTHER, VILLAGE, "向试验", HEAD + "42", "男", "一级", "2026-01-01", True]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(ODD_CELLS, max_size=len(HOUSEHOLD_COLUMNS)), max_size=6),
    st.lists(st.lists(ODD_CELLS, max_size=len(MEMBER_COLUMNS)), max_size=6),
)
def test_I35_accepted_and_rejected_rows_are_those_present(today, divisions, tmp_path, monkeypatch, households, members):
    from papers.sheets import Row, Sheet

    def sheet(name, columns, rows):
        cells = [tuple(float(c) if type(c) is int else c for c in row) for row in rows]
        numbered = [Row(number, row) for number, row in enumerate(cells, 2) if any(c is not None for c in row)]
        return Sheet(name, (Row(1, tuple(column.title for column in columns)), *numbered), ())

    sheets = [sheet(HOUSEHOLDS, HOUSEHOLD_COLUMNS, households), sheet(MEMBERS, MEMBER_COLUMNS, members)]
    monkeypatch.setattr("papers.roster.read_sheets", lambda path: sheets)
    roster = read_roster(tmp_path / "file.xlsx", today, divisions)
    assert roster.rows_present == sum(len(one.rows) - 1 for one in sheets)
    assert roster.rows_accepted + roster.rows_rejected == roster.rows_present
    refused = {(problem.sheet, problem.row) for problem in roster.problems if problem.row > 1}
    assert len(refused) == roster.rows_rejected
    assert all(problem.reason in REASONS and problem.text() and problem.advice() for problem in roster.problems)

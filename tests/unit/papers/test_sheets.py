import io
import re
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from papers import unpacking
from papers.problems import REASONS, InputFileError
from papers.sheets import Lost, read_sheets

SHEET1 = "xl/worksheets/sheet1.xml"
FAR_CORNER = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'


def reason_of(path):
    with pytest.raises(InputFileError) as refused:
        read_sheets(path)
    assert refused.value.source == path.name
    return refused.value.reason


def test_cells_keep_their_place_and_type(tmp_path):
    path = tmp_path / "file.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("一")
        sheet.write_string(2, 1, "𬎆")
        sheet.write_number(2, 3, 4000.5)
        sheet.write_boolean(4, 1, True)
        sheet.write_datetime(4, 2, date(2020, 2, 29), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_formula(5, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(9, 7, "=A1", None, "")
        sheet.write_string(12, 0, "   ")
        sheet.merge_range("B20:B22", "merged")
        book.add_worksheet("二")
    first, second = read_sheets(path)
    assert (first.name, second.name, second.rows) == ("一", "二", ())
    assert [(row.number, row.cells) for row in first.rows[:2]] == [
        (3, (None, "𬎆", None, 4000.5)),
        (5, (None, True, date(2020, 2, 29), None)),
    ]
    assert [row.number for row in first.rows] == [3, 5, 6, 10, 20]
    assert first.rows[2].cell(1) == Lost("error")
    assert first.rows[3].cell(7) == Lost("formula")
    assert first.rows[3].cell(99) is None
    assert first.is_merged_away(21, 1)
    assert not first.is_merged_away(20, 1)


def test_M14_rows_are_those_present_whatever_the_dimension_says(make_workbook, edit_part):
    rows = [["a", number] for number in range(50)]
    for declared in ("A1:B2", "A1:XFD1048576", "Z9"):
        path = edit_part(
            make_workbook({"s": rows}),
            SHEET1,
            lambda xml, d=declared: re.sub(r'(<dimension ref=)"[^"]*"', rf'\1"{d}"', xml),
        )
        assert len(read_sheets(path)[0].rows) == 50


def test_rows_and_cells_without_references_are_counted_on(make_workbook, edit_part):
    path = make_workbook({"s": [["a", "b"], ["c", "d"]]})
    edit_part(path, SHEET1, lambda xml: re.sub(r'<(row|c) r="[^"]*"', r"<\1", xml))
    assert [(row.number, row.cells) for row in read_sheets(path)[0].rows] == [(1, ("a", "b")), (2, ("c", "d"))]


def test_tags_may_have_a_prefix(make_workbook, edit_part):
    path = make_workbook({"s": [["a", "b"], ["c", 4000.5]]})

    def prefixed(xml):
        return re.sub(r"<(/?)(?=[a-z])", r"<\1x:", xml).replace("xmlns=", "xmlns:x=")

    edit_part(path, SHEET1, prefixed)
    assert [(row.number, row.cells) for row in read_sheets(path)[0].rows] == [(1, ("a", "b")), (2, ("c", 4000.5))]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda xml: xml.replace('<row r="2"', '<row r="1"'), "file_disordered"),
        (lambda xml: xml.replace('<c r="B1"', '<c r="A1"'), "file_disordered"),
        (lambda xml: xml.replace('<c r="B2"', '<c r="B7"'), "file_disordered"),
        (lambda xml: xml.replace("</sheetData>", FAR_CORNER + "</sheetData>"), "file_too_spread"),
        (lambda xml: xml[: len(xml) // 2], "file_unreadable"),
        (lambda xml: ENTITY + xml.partition("?>")[2], "file_unreadable"),
        (lambda xml: xml.replace("<v>0</v>", "<v>999999</v>"), "file_unreadable"),
        (lambda xml: "", "file_unreadable"),
    ],
    ids=["row twice", "cell twice", "cell of another row", "far corner", "half", "entity", "no such string", "empty"],
)
def test_a_sheet_that_is_broken_inside_is_refused(make_workbook, edit_part, change, reason):
    path = edit_part(make_workbook({"s": [["a", "b"], ["c", "d"]]}), SHEET1, change)
    assert reason_of(path) == reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + b"\0" * 40, "file_unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_legacy"),
        (b"%PDF-1.7\n%\0\0", "file_unreadable"),
        ("姓名\n".encode("utf-16"), "file_unreadable"),
        (b"\xff\xfe\xfd\xfc", "file_encoding"),
        (b'a,b\n1,"' + b"x" * 40_000, "file_unreadable"),
        (b"a\n" * 200_001, "file_too_many_rows"),
    ],
    ids=["zip header", "old xls", "pdf", "utf-16", "no encoding", "open quote", "many rows"],
)
def test_bytes_that_are_no_spreadsheet_are_refused(tmp_path, content, reason):
    path = tmp_path / "roster.xlsx"
    path.write_bytes(content)
    assert reason_of(path) == reason


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert reason_of(tmp_path / "none.xlsx") == "file_missing"
    assert reason_of(tmp_path) == "file_missing"


def archive(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in entries:
            target.writestr(name, text)
    return path


def test_archives_that_are_no_workbook_are_refused(tmp_path):
    assert reason_of(archive(tmp_path / "a.xlsx", [("word/document.xml", "<w/>")])) == "file_not_a_workbook"
    assert reason_of(archive(tmp_path / "b.xlsx", [("xl/workbook.xml", "<workbook/>")])) == "file_unreadable"
    assert reason_of(archive(tmp_path / "c.xlsx", [("../../etc/passwd", "x")])) == "file_not_a_workbook"


def test_a_workbook_that_holds_only_charts_is_refused(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "chart.xlsx") as book:
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=Chart1!$A$1:$A$2"})
        book.add_chartsheet().set_chart(chart)
    assert reason_of(tmp_path / "chart.xlsx") == "file_not_a_workbook"


def test_a_part_that_appears_twice_is_refused(make_workbook):
    path = make_workbook({"s": [["a"]]})
    with zipfile.ZipFile(path, "a") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr(SHEET1, "<worksheet/>")
    assert reason_of(path) == "file_unreadable"


def test_a_bomb_is_refused_while_it_is_unpacked(make_workbook):
    path = make_workbook({"s": [["a"]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as target, target.open("xl/media/bomb.png", "w") as bomb:
        for _ in range(201):
            bomb.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    assert reason_of(path) == "file_too_big"


def test_a_size_that_the_archive_understates_is_noticed(make_workbook):
    path = make_workbook({"s": [["a" * 5000]]})
    content = path.read_bytes()
    with zipfile.ZipFile(path) as source:
        true_size = source.getinfo("xl/sharedStrings.xml").file_size
    path.write_bytes(content.replace(true_size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    assert reason_of(path) == "file_unreadable"


def test_one_long_text_named_in_every_cell_is_refused(tmp_path):
    path = tmp_path / "file.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row in range(4_000):
            sheet.write_string(row, 0, "x" * 32_000)
    assert path.stat().st_size < 2**20
    assert reason_of(path) == "file_too_big"


def test_a_child_out_of_memory_is_told_as_too_heavy(make_workbook, monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    for ending in (
        "raise SystemExit(3)",
        "import os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ):
        child.write_text(ending, encoding="utf-8")
        monkeypatch.setattr("papers.sheets._CHILD", child)
        assert reason_of(make_workbook({"s": [["a"]]})) == "file_too_heavy"
    child.write_text('print(\'{"sheet": "s"}\')', encoding="utf-8")  # ended well, but not at the end
    assert reason_of(make_workbook({"s": [["a"]]})) == "file_unreadable"


def test_R10_a_child_that_does_not_end_is_ended_and_told_as_too_heavy(make_workbook, monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text('print(\'{"sheet": "s", "merged": []}\', flush=True)\nwhile True: pass', encoding="utf-8")
    monkeypatch.setattr("papers.sheets._CHILD", child)
    monkeypatch.setattr("papers.sheets._SECONDS", 0.5)
    assert reason_of(make_workbook({"s": [["a"]]})) == "file_too_heavy"


def test_half_a_line_of_a_child_that_crashed_is_not_taken(make_workbook, monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text('print(\'{"sheet": "s", "merged": []}\\n{"row": 1, "ce\', end="")', encoding="utf-8")
    monkeypatch.setattr("papers.sheets._CHILD", child)
    assert reason_of(make_workbook({"s": [["a"]]})) == "file_unreadable"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_in_the_encodings_that_offices_use(tmp_path, encoding, delimiter):
    path = tmp_path / "file.csv"
    path.write_bytes(f'姓名{delimiter}备注\r\n\r\n𬎆三{delimiter}"甲,\n乙"\r\n'.encode(encoding))
    (sheet,) = read_sheets(path)
    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ("姓名", "备注")), (3, ("𬎆三", "甲,\n乙"))]


CELLS = st.one_of(
    st.none(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=5), max_size=12))
def test_every_row_that_holds_anything_is_given_once(rows):
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("s")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write(number, column, value)
    given_rows = [line["row"] for line in unpacking._lines(target.getvalue()) if "row" in line]
    holding = [
        number
        for number, row in enumerate(rows, 1)
        if any(value is not None and not (isinstance(value, str) and not value.strip()) for value in row)
    ]
    assert given_rows == holding


@pytest.fixture(scope="module")
def valid_workbook():
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet("登记表")
        for row in range(5):
            sheet.write_row(row, 0, ["户主姓名", "𬎆", row])
    return target.getvalue()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_I36_any_damage_ends_in_rows_or_a_reason(valid_workbook, data):
    content = bytearray(valid_workbook)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    assert_rows_or_reason(
        bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    )


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_I36_any_bytes_end_in_rows_or_a_reason(content):
    assert_rows_or_reason(content)


def assert_rows_or_reason(content):
    try:
        lines = list(unpacking._lines(content))
    except unpacking.RefusedError as refused:
        lines = [{"refused": str(refused)}]
    assert "sheet" in lines[0] or lines[0]["refused"] in REASONS

from collections import Counter
from pathlib import Path

import pytest

import workflows
from engine.divisions import Level, contains
from engine.errors import InputError
from papers.divisions import read_divisions

BUNDLED = Path(workflows.__file__).parent / "divisions" / "4308.csv"

CHINA_DIVISION = {
    "provinces.csv": 'code,name\n43,"湖南省"\n44,"广东省"\n',
    "cities.csv": 'code,name,provinceCode\n4308,"张家界市",43\n4419,"东莞市",44\n',
    "areas.csv": 'code,name,cityCode,provinceCode\n430822,"桑植县",4308,43\n441900,"东莞市",4419,44\n',
    "streets.csv": (
        "code,name,areaCode,provinceCode,cityCode\n"
        '430822213,"洪家关白族乡",430822,43,4308\n441900003,"东城街道",441900,44,4419\n'
    ),
    "villages.csv": (
        "code,name,streetCode,provinceCode,cityCode,areaCode\n"
        '430822213213,"洪家关村民委员会",430822213,43,4308,430822\n441900003001,"岗贝社区",441900003,44,4419,441900\n'
    ),
}


@pytest.fixture
def folder(tmp_path):
    for name, text in CHINA_DIVISION.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_bundled_tree_is_whole():
    places = read_divisions(BUNDLED, "4308")
    assert Counter(place.level for place in places) == {
        Level.PROVINCE: 1,
        Level.PREFECTURE: 1,
        Level.COUNTY: 4,
        Level.TOWNSHIP: 74,
        Level.VILLAGE: 1018,
    }
    assert {place.name for place in places if place.level is Level.COUNTY} == {"永定区", "武陵源区", "慈利县", "桑植县"}


def test_one_county_comes_with_what_lies_above_it():
    places = read_divisions(BUNDLED, "430811")
    assert [place.name for place in places[:3]] == ["湖南省", "张家界市", "武陵源区"]
    assert all(contains("430811000000", place.code) for place in places[2:])


def test_china_divisions_own_files_are_read(folder):
    assert [(place.code, place.name, place.parent) for place in read_divisions(folder, "430822")] == [
        ("430000000000", "湖南省", None),
        ("430800000000", "张家界市", "430000000000"),
        ("430822000000", "桑植县", "430800000000"),
        ("430822213000", "洪家关白族乡", "430822000000"),
        ("430822213213", "洪家关村民委员会", "430822213000"),
    ]


def test_a_code_that_ends_in_zero_is_not_taken_for_a_shorter_one(tmp_path):
    file = tmp_path / "tree.csv"
    file.write_text("code,name\n430000000000,湖南省\n431000000000,郴州市\n431200000000,怀化市\n", encoding="utf-8")
    assert [place.name for place in read_divisions(file, "4312")] == ["湖南省", "怀化市"]


def test_a_city_without_counties_is_one_division(folder):
    assert [place.code for place in read_divisions(folder, "4419")] == [
        "440000000000",
        "441900000000",
        "441900003000",
        "441900003001",
    ]


@pytest.mark.parametrize(
    ("file", "text", "source", "field"),
    [
        ("streets.csv", "code,title\n430822213,x\n", "streets.csv:1", "name"),
        ("streets.csv", "", "streets.csv:1", "code"),
        ("streets.csv", "code,name\n430822213,\n", "streets.csv:2", "name"),
        ("streets.csv", "code,name\n430822213,甲\n\n43082221,乙\n", "streets.csv:4", "code"),
        ("streets.csv", "code,name\n430822213,甲\n430822213,乙\n", "streets.csv:3", "name"),
        ("villages.csv", "code,name\n430822299201,甲村\n", None, "code"),  # its township is missing
    ],
)
def test_mistakes_are_told_by_file_line_and_field(folder, file, text, source, field):
    (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_divisions(folder, "430822")
    assert (refused.value.source, refused.value.field) == (source or folder.name, field)


def test_what_is_no_csv_is_refused(folder):
    (folder / "cities.csv").write_bytes(b"\xff\xfe\x00PK")
    with pytest.raises(InputError):
        read_divisions(folder, "430822")
    (folder / "cities.csv").unlink()
    with pytest.raises(InputError):
        read_divisions(folder, "430822")


@pytest.mark.parametrize("prefix", ["", "4", "43082x", "999999"])
def test_a_prefix_that_is_none_is_refused(prefix):
    with pytest.raises(InputError):
        read_divisions(BUNDLED, prefix)

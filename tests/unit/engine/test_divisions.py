import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.divisions import Level, ancestor, contains, county_of, division, full_code, level_of, parent_of, prefix
from engine.errors import InputError

VILLAGE = "430822213213"
TREE = {
    Level.PROVINCE: "430000000000",
    Level.PREFECTURE: "430800000000",
    Level.COUNTY: "430822000000",
    Level.TOWNSHIP: "430822213000",
    Level.VILLAGE: VILLAGE,
}


def test_a_code_says_its_level_and_its_ancestors():
    for level, code in TREE.items():
        assert level_of(code) is level
        assert ancestor(VILLAGE, level) == code
        assert full_code(prefix(code)) == code


def test_parents_lead_to_the_province():
    path = [VILLAGE]
    while above := parent_of(path[-1]):
        path.append(above)
    assert path == list(reversed(TREE.values()))


def test_no_ancestor_lies_below():
    with pytest.raises(InputError):
        ancestor("430822000000", Level.TOWNSHIP)
    with pytest.raises(InputError):
        county_of("430800000000")


def test_the_county_is_six_digits():
    assert county_of(VILLAGE) == county_of("430822000000") == "430822"


def test_scope_is_the_prefix():
    for scope in TREE.values():
        assert contains(scope, VILLAGE)
    assert not contains(VILLAGE, "430822213000")
    assert not contains("430822213000", "430822210201")
    assert not contains("430821000000", VILLAGE)


@given(st.from_regex(r"[1-8][1-9][0-9]{10}", fullmatch=True), st.from_regex(r"[1-8][1-9][0-9]{10}", fullmatch=True))
def test_what_lies_inside_a_division_has_it_as_an_ancestor(scope, code):
    inside = level_of(code).digits >= level_of(scope).digits and ancestor(code, level_of(scope)) == scope
    assert contains(scope, code) == inside


def test_a_prefecture_without_counties_is_its_own_county():
    assert division("441900", "东莞市") == division("4419", "东莞市")
    assert parent_of("441900003000") == "441900000000"
    assert parent_of("441900000000") == "440000000000"
    assert county_of("441900003000") == "441900"


def test_a_county_directly_below_its_province_keeps_its_level():
    assert level_of(full_code("429004")) is Level.COUNTY
    assert parent_of(full_code("429004")) == "429000000000"


@pytest.mark.parametrize(
    "code", ["", "4", "43082", "4308220", "43082221321a", "4308222132130", "000000000000", "０４３０８２", "10"]
)
def test_what_is_no_code_is_refused(code):
    with pytest.raises(InputError):
        full_code(code)


def test_a_division_without_a_name_is_refused():
    with pytest.raises(InputError):
        division("430822", "")

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identity import (
    IdNumberError,
    NumberError,
    check_digit,
    check_disability_number,
    check_id_number,
    check_phone,
    mask_id,
    mask_name,
    mask_phone,
    normal_name,
)

TODAY = date(2026, 1, 15)
# GB 11643's own example, and numbers of the county 430899, which does not exist, made for these tests.
EXAMPLE = "11010519491231002X"


def made(body: str) -> str:
    return body + check_digit(body)


def test_the_standards_own_example_is_read():
    number = check_id_number(EXAMPLE, TODAY)
    assert (number.number, number.birth_date, number.sex, number.area) == (
        EXAMPLE,
        date(1949, 12, 31),
        "female",
        "110105",
    )


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "'" + EXAMPLE,
        EXAMPLE + "\u3000",
    ],
)
def test_full_width_blanks_and_a_small_x_are_put_right(typed):
    assert check_id_number(typed, TODAY).number == EXAMPLE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "id_shape"),
        ("1101051949123100", "id_shape"),
        ("110105491231002", "id_shape"),  # the fifteen digits of before 1999
        ("X10105194912310020", "id_shape"),
        ("٤٣٠٨٩٩١٩٩٠٠١٠١٠٠١٢", "id_shape"),  # digits, but not ours
        ("4.30802E+17", "number_destroyed"),
        ("4.30802e+17", "number_destroyed"),
        ("430802199001010000.0", "number_destroyed"),
        (made("10010519491231002"), "id_area"),
        (made("84010519491231002"), "id_area"),
        (made("43089919900230001"), "id_birth_date"),
        (made("43089919000229001"), "id_birth_date"),  # 1900 was no leap year
        (made("43089917000101001"), "id_birth_date"),
        (made("43089920260116001"), "id_future"),
        ("110105194912310020", "id_check_digit"),
    ],
)
def test_a_number_that_cannot_be_right_is_refused_with_its_reason(text, reason):
    with pytest.raises(IdNumberError) as refused:
        check_id_number(text, TODAY)
    assert refused.value.reason == reason


def test_one_born_today_has_a_number():
    assert check_id_number(made("43089920260115001"), TODAY).birth_date == TODAY


def test_areas_are_not_gated_by_an_old_table():
    for area in ("659012", "810000", "820000", "830000", "430899"):
        assert check_id_number(made(area + "19900101001"), TODAY).area == area


@given(
    st.text("0123456789", min_size=3, max_size=3),
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 17),
    st.integers(1, 9),
)
def test_any_single_wrong_digit_is_noticed(sequence, born, position, shift):
    number = made(f"430899{born:%Y%m%d}{sequence}")
    assert check_id_number(number, TODAY).birth_date == born
    if number[position] == "X":
        return
    wrong = number[:position] + str((int(number[position]) + shift) % 10) + number[position + 1 :]
    with pytest.raises(IdNumberError):
        check_id_number(wrong, TODAY)


@given(st.text())
def test_any_text_is_a_number_or_refused(text):
    for check in (check_id_number, check_disability_number, lambda text, today: check_phone(text)):
        with contextlib.suppress(NumberError):
            assert check(text, TODAY)


def test_an_error_does_not_carry_the_number():
    with pytest.raises(IdNumberError) as refused:
        check_id_number("110105194912310020", TODAY)
    assert "110105" not in repr(refused.value) + str(vars(refused.value))


def test_a_card_says_kind_and_grade():
    card = check_disability_number(EXAMPLE.lower() + "42", TODAY)
    assert (card.number, card.holder.number, card.kind, card.grade, card.reissue) == (
        EXAMPLE + "42",
        EXAMPLE,
        "physical",
        2,
        "",
    )
    assert check_disability_number(EXAMPLE + "71B1", TODAY).reissue == "B1"
    assert check_disability_number(EXAMPLE + "71B1", TODAY).kind == "multiple"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (EXAMPLE, "card_shape"),
        (EXAMPLE + "422", "card_shape"),
        (EXAMPLE + "02", "card_kind"),
        (EXAMPLE + "82", "card_kind"),
        (EXAMPLE + "40", "card_grade"),
        (EXAMPLE + "45", "card_grade"),
        ("110105194912310020" + "42", "id_check_digit"),
        ("1.10105E+19", "number_destroyed"),
    ],
)
def test_a_card_that_cannot_be_right_is_refused(text, reason):
    with pytest.raises(NumberError) as refused:
        check_disability_number(text, TODAY)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("13800000000", "13800000000"),
        ("138 0000 0000", "13800000000"),
        ("+86 138-0000-0000", "13800000000"),
        ("８６13800000000", "13800000000"),
        ("0744-8222222", "07448222222"),
        ("(0744)8222222", "07448222222"),
        ("010-62222222", "01062222222"),
    ],
)
def test_one_telephone_has_one_spelling(typed, digits):
    assert check_phone(typed) == digits


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("1.38E+10", "number_destroyed"),
        ("13800000000.0", "number_destroyed"),
        ("1380000000", "phone_shape"),
        ("12800000000", "phone_shape"),
        ("8222222", "phone_shape"),
        ("无", "phone_shape"),
    ],
)
def test_a_telephone_that_cannot_be_right_is_refused(typed, reason):
    with pytest.raises(NumberError) as refused:
        check_phone(typed)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),  # M18: two characters have no middle
        ("王小明", "王*明"),
        ("欧阳小明", "欧**明"),
        ("𬎆三", "𬎆*"),  # outside the basic plane, one character all the same
        ("葛\U000e0100三", "葛\U000e0100*"),  # with a variation selector
        ("阿依古丽·买买提", "阿******提"),
        ("张", "*"),
        ("", ""),
    ],
)
def test_names_are_masked_whatever_their_length_m18(name, shown):
    assert mask_name(name) == shown


@given(st.text("张三李四王五𬎆·", min_size=1, max_size=8))
def test_no_name_is_shown_whole_m18(name):
    assert "*" in mask_name(name)
    assert mask_name(name) != name


def test_masked_numbers_show_neither_birth_nor_sequence():
    assert mask_id(EXAMPLE) == "1101************2X"
    assert mask_id(EXAMPLE + "42") == "1101**************42"
    assert mask_id("12345") == "*****"
    assert mask_phone("13812345678") == "138****5678"
    assert mask_phone("8222222") == "*******"


@pytest.mark.parametrize("typed", ["买买提·艾力", " 买买提 ・艾力", "买买提•\u200b艾力", "买买提\u3000∙艾力\n"])
def test_a_name_has_one_spelling_however_it_is_typed(typed):
    assert normal_name(typed) == "买买提·艾力"

"""
The numbers people carry (identity, disability card, telephone): whether they can be right, and how they are masked.

A number that passes is well formed; whether it is *this person's* only the departments' comparison can say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import Literal

from engine.errors import InputError

Sex = Literal["male", "female"]

# By the card's digit. Six kinds are named in 004 篇十四 B(二)1; the seventh (多重残疾) is known from the card alone.
DISABILITY_KINDS: Mapping[str, str] = {
    "1": "vision",
    "2": "hearing",
    "3": "speech",
    "4": "physical",
    "5": "intellectual",
    "6": "mental",
    "7": "multiple",
}

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_ID = re.compile(r"[0-9]{17}[0-9X]")
_CARD = re.compile(r"([0-9]{17}[0-9X])([0-9])([0-9])((?:[A-Z][0-9]{0,2})?)")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}")
_DOTS = str.maketrans("•‧∙⋅・‐", "·····-")
_SPREADSHEET_NUMBER = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,3}|[0-9]+\.0+")


class NumberError(InputError):
    """
    A number cannot be right.

    `reason` is a code that the edges translate. The number itself is neither in the message nor an attribute, so
    that it cannot reach a log.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The number cannot be right: {reason}")
        self.reason = reason


class IdNumberError(NumberError):
    """An identity number cannot be right."""


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A resident identity number and what it says: `area` is the six-digit county of first registration."""

    number: str
    birth_date: date
    sex: Sex
    area: str

    def age_on(self, day: date) -> int:
        """Whole years on *day*; one more from the birthday on, on 1 March where 29 February is lacking."""
        born = self.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class DisabilityNumber:
    """A disability card number: `kind` is a value of DISABILITY_KINDS, `grade` 1 (most severe) to 4."""

    number: str
    holder: IdNumber
    kind: str
    grade: int
    reissue: str


def check_id_number(text: str, today: date) -> IdNumber:
    """
    Read an 18-digit identity number (GB 11643: area, birth date, sequence, ISO 7064 MOD 11-2 check digit).

    Full-width digits, blanks and a small x are put right. Areas are not looked up: tables of them go out of date and
    refuse people registered in counties that were renamed since.

    Args:
        text: As typed.
        today: The legal day; a birth after it is refused.

    Raises:
        IdNumberError: `reason` is number_destroyed, id_shape, id_area, id_birth_date, id_future or id_check_digit.
    """
    number = _normalised(text)
    if _SPREADSHEET_NUMBER.fullmatch(number):
        raise IdNumberError("number_destroyed")
    if not _ID.fullmatch(number):
        raise IdNumberError("id_shape")
    if not 11 <= int(number[:2]) <= 83:
        raise IdNumberError("id_area")
    try:
        birth_date = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise IdNumberError("id_birth_date") from None
    if birth_date.year < 1850:
        raise IdNumberError("id_birth_date")
    if birth_date > today:
        raise IdNumberError("id_future")
    if number[17] != check_digit(number[:17]):
        raise IdNumberError("id_check_digit")
    return IdNumber(number, birth_date, "male" if int(number[16]) % 2 else "female", number[:6])


def check_digit(first_17: str) -> str:
    """The eighteenth character that ISO 7064 MOD 11-2 gives for the first seventeen digits."""
    return _CHECK_DIGITS[sum(map(mul, map(int, first_17), _WEIGHTS)) % 11]


def check_disability_number(text: str, today: date) -> DisabilityNumber:
    """
    Read a disability card number: the holder's identity number, kind 1-7, grade 1-4 and, after a reissue, a letter
    with up to two digits.

    Raises:
        IdNumberError: The first eighteen characters are no identity number; reasons of check_id_number.
        NumberError: `reason` is number_destroyed, card_shape, card_kind or card_grade.
    """
    number = _normalised(text)
    if _SPREADSHEET_NUMBER.fullmatch(number):
        raise NumberError("number_destroyed")
    parts = _CARD.fullmatch(number)
    if parts is None:
        raise NumberError("card_shape")
    holder, kind, grade, reissue = parts.groups()
    if kind not in DISABILITY_KINDS:
        raise NumberError("card_kind")
    if grade not in "1234":
        raise NumberError("card_grade")
    return DisabilityNumber(number, check_id_number(holder, today), DISABILITY_KINDS[kind], int(grade), reissue)


def check_phone(text: str) -> str:
    """
    Read a mainland telephone number, mobile or landline with its area code.

    Returns:
        Digits only, without +86, so that one telephone has one spelling.

    Raises:
        NumberError: `reason` is number_destroyed or phone_shape.
    """
    number = _normalised(text)
    if _SPREADSHEET_NUMBER.fullmatch(number):
        raise NumberError("number_destroyed")
    digits = re.sub(r"[-()]", "", number)
    digits = re.sub(r"^(?:\+|00)?86(?=[01])", "", digits)
    if not (_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits)):
        raise NumberError("phone_shape")
    return digits


def normal_name(text: str) -> str:
    """
    A name as it is kept and looked for: without blanks and what cannot be seen, full-width letters narrow, the dots and
    dashes that keyboards write in one spelling.
    """
    visible = unicodedata.normalize("NFC", text)
    if not visible.isprintable():
        visible = "".join(point for point in visible if unicodedata.category(point) != "Cf")
    return "".join(unicodedata.normalize("NFKC", visible).split()).translate(_DOTS)


def mask_name(name: str) -> str:
    """
    A name as public notices show it: the first and last character, or of two characters the first alone (M18).

    Variation selectors and combining marks stay with their character and are never counted as one.
    """
    characters = _characters(name)
    if len(characters) <= 2:
        return "".join(characters[: len(characters) - 1]) + "*" * min(len(characters), 1)
    return characters[0] + "*" * (len(characters) - 2) + characters[-1]


def mask_id(number: str) -> str:
    """An identity or card number as lists show it: the first four and the last two characters, never the birth."""
    return _masked(number, 4, 2)


def mask_phone(number: str) -> str:
    """A telephone number as lists show it: the first three and the last four digits."""
    return _masked(number, 3, 4)


def _masked(text: str, first: int, last: int) -> str:
    # What is too short to keep its ends is not a whole number, and may be the very part that must not be seen.
    if len(text) < 10:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]


def _normalised(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).upper().lstrip("'")


def _characters(text: str) -> list[str]:
    characters: list[str] = []
    for point in unicodedata.normalize("NFC", text.strip()):
        if characters and unicodedata.category(point) in ("Mn", "Me", "Mc", "Cf"):
            characters[-1] += point
        else:
            characters.append(point)
    return characters

"""
What was wrong with a file that somebody handed in: told by sheet, row and column, with advice, and never with the
sensitive value itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import xlsxwriter

from engine.errors import InputError

Translate = Callable[[str], str]


def N_(text: str) -> str:  # noqa: N802 - gettext's own word for "translated later", which the extractor looks for
    return text


class Reason(NamedTuple):
    """English source strings of the catalogs; ``{names}`` are filled from the problem's parameters."""

    text: str
    advice: str


REASONS: Mapping[str, Reason] = {
    # The file
    "file_missing": Reason(N_("The file cannot be opened"), N_("Check the name and who may read it")),
    "file_unreadable": Reason(
        N_("The file is damaged or is no spreadsheet"),
        N_("Open it in the spreadsheet program and save it again as .xlsx"),
    ),
    "file_not_a_workbook": Reason(
        N_("The file is not an .xlsx workbook"), N_("Open it in the spreadsheet program and save it as .xlsx")
    ),
    "file_legacy": Reason(
        N_("The file is an old .xls workbook or has a password"),
        N_("Save it as .xlsx without a password"),
    ),
    "file_encoding": Reason(
        N_("The text of the file is neither UTF-8 nor GB18030"), N_("Save it as “CSV UTF-8” or as .xlsx")
    ),
    "file_too_big": Reason(N_("The file is too large"), N_("Split it by township; remove pictures and other sheets")),
    "file_too_heavy": Reason(
        N_("The file needs more memory or time than a roster should"),
        N_("Copy the rows into an empty template and split them by township"),
    ),
    "file_too_many_rows": Reason(N_("The file has more than 200,000 rows"), N_("Split it by township")),
    "file_too_spread": Reason(
        N_("Values lie too far apart in a sheet"), N_("Look for a stray value far below or to the right and delete it")
    ),
    "file_disordered": Reason(
        N_("The rows or cells of a sheet are out of order"), N_("Open it in the spreadsheet program and save it again")
    ),
    "file_rows_disagree": Reason(
        N_("Some rows of the file cannot be read with certainty"),
        N_("Copy the rows into an empty template, values only"),
    ),
    # Sheets and columns
    "sheet_missing": Reason(
        N_("There is no sheet “{title}”; there are: {found}"), N_("Name the sheets as in the template")
    ),
    "header_missing": Reason(
        N_("No row with the column titles was found"), N_("Copy the first row of the template above the data")
    ),
    "column_missing": Reason(
        N_("The column “{title}” is missing, so that no row can be taken"),
        N_("Add it, or correct its title: {nearest}"),
    ),
    "column_unknown": Reason(
        N_("The column “{title}” is not known and was not read"),
        N_("Correct its title if the data is wanted. Nearest: {nearest}"),
    ),
    "column_untitled": Reason(
        N_("The column holds values but has no title, and was not read"), N_("Give it a title of the template")
    ),
    "column_twice": Reason(
        N_("The column “{title}” appears twice; only the first was read"), N_("Delete or rename one of them")
    ),
    # Cells
    "missing": Reason(N_("The value is missing"), N_("Fill it in")),
    "merged": Reason(
        N_("The value is missing because cells are merged"), N_("Unmerge the cells and fill in every row")
    ),
    "cell_error": Reason(N_("The cell shows a calculation error"), N_("Replace the formula by its value")),
    "cell_formula": Reason(
        N_("The cell holds a formula without a result"),
        N_("Open the file, let it calculate and save it, or fill in values"),
    ),
    "stored_as_number": Reason(
        N_("The number is stored as a quantity: the spreadsheet program may have changed its digits"),
        N_("Format the column as text, then type the number again from the paper"),
    ),
    "number_destroyed": Reason(
        N_("The spreadsheet program has destroyed the number (like 4.30802E+17)"),
        N_("Format the column as text, then type the number again from the paper"),
    ),
    "text_odd": Reason(
        N_("The text contains characters that are damaged or private to one computer"),
        N_("Type it again; a rare character must be the one of the national standard GB 18030"),
    ),
    "text_too_long": Reason(N_("The text is longer than {limit} characters"), N_("Shorten it")),
    "name_odd": Reason(
        N_("A name has letters and characters only, at most 50"),
        N_("Remove digits, brackets and remarks from the name"),
    ),
    "yuan_shape": Reason(
        N_("This is no amount in yuan"), N_("Write digits only, in yuan, for example 4000 or 4000.50")
    ),
    "yuan_range": Reason(
        N_("The amount is negative or too large"), N_("Write an amount in yuan between 0 and 1,000,000,000")
    ),
    "count_shape": Reason(N_("This is no whole number between 0 and 150"), N_("Write digits only")),
    "date_shape": Reason(N_("This is no date"), N_("Write it as 2026-01-31")),
    "date_future": Reason(N_("This day is still to come"), N_("Compare it with the paper")),
    "choice": Reason(N_("The value is none of: {choices}"), N_("Choose one of them")),
    # Numbers of people (engine.identity)
    "id_shape": Reason(
        N_("An identity number has 17 digits and a last digit or X"), N_("Compare it with the identity card")
    ),
    "id_area": Reason(N_("No identity number begins like this"), N_("Compare it with the identity card")),
    "id_birth_date": Reason(
        N_("The date of birth in the number does not exist"), N_("Compare it with the identity card")
    ),
    "id_future": Reason(
        N_("The date of birth in the number is in the future"), N_("Compare it with the identity card")
    ),
    "id_check_digit": Reason(
        N_("The check digit is wrong: at least one digit is mistyped"), N_("Compare it with the identity card")
    ),
    "card_shape": Reason(
        N_("A disability card number is the identity number, kind 1-7 and grade 1-4"), N_("Compare it with the card")
    ),
    "card_kind": Reason(N_("The kind in the card number is none of 1 to 7"), N_("Compare it with the card")),
    "card_grade": Reason(N_("The grade in the card number is none of 1 to 4"), N_("Compare it with the card")),
    "card_differs": Reason(
        N_("This is not what the disability card number says"), N_("Compare both with the card and correct one")
    ),
    "phone_shape": Reason(
        N_("This is no telephone number"), N_("Write 11 digits of a mobile, or area code and number")
    ),
    # Places
    "village_unknown": Reason(
        N_("There is no such village here"), N_("Take code or names from the village list. {nearest}")
    ),
    "village_ambiguous": Reason(
        N_("Several villages have this name"), N_("Write the 12-digit village code: {nearest}")
    ),
    "village_differs": Reason(
        N_("The village code belongs to another village: {nearest}"), N_("Correct the code or the names")
    ),
    "division_unknown": Reason(
        N_("There is no division with this code"), N_("Take the code from the list of divisions")
    ),
    # Rows against each other
    "household_twice": Reason(
        N_("The householder already has row {row}"), N_("Delete one of the rows, or correct the identity number")
    ),
    "person_twice": Reason(
        N_("This person is already on sheet “{sheet}”, row {row}"),
        N_("A person belongs to one household: delete one of the rows, or correct the number"),
    ),
    "name_differs": Reason(
        N_("The same number has another name on sheet “{sheet}”, row {row}"), N_("Correct the number or the name")
    ),
    "household_missing": Reason(
        N_("No household of the file has this householder"),
        N_("Add the household, or correct the householder's number"),
    ),
    "household_rejected": Reason(
        N_("The row is in order, but its household was not taken"),
        N_("Correct the household's other rows and import again"),
    ),
    "member_rejected": Reason(
        N_("A member's row is wrong (row {row} of sheet “{sheet}”), so the household was not taken"),
        N_("Correct the member's row and import again"),
    ),
    # People in posts
    "person_shape": Reason(
        N_("This cannot be a person's key"),
        N_("use at most 40 letters, digits, dots, dashes and underscores, such as zhang.san"),
    ),
    "post_shape": Reason(
        N_("A post is written level.role, for example village.committee"), N_("Take it from the definition's posts")
    ),
    "post_level": Reason(N_("The post is not one of a division of this level"), N_("Correct the post or the code")),
    "post_unknown": Reason(
        N_("No procedure knows a post {post}"), N_("Take it from the definition's posts. Nearest: {nearest}")
    ),
    "term_ends_early": Reason(N_("The last day lies before the first"), N_("Correct one of the dates")),
    "post_twice": Reason(N_("The same post is already in row {row}"), N_("Delete one of the rows")),
    "person_differs": Reason(N_("The same person has another name in row {row}"), N_("Correct the person or the name")),
}


class InputFileError(InputError):
    """A file that somebody handed in cannot be used at all; `reason` is a key of REASONS."""

    def __init__(self, reason: str, source: str, **parameters: str) -> None:
        text, advice = REASONS[reason]
        super().__init__(text, source=source, advice=advice, **parameters)
        self.reason = reason
        self.parameters = parameters


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing wrong in a file.

    `row` counts from 1 as the spreadsheet shows it; `column` is its letter, empty for a whole row; `shown` is the
    value as an officer may see it in a list: numbers, names and free text are masked.
    """

    sheet: str
    row: int
    column: str
    field: str
    shown: str
    reason: str
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def text(self, translate: Translate = str) -> str:
        """What is wrong, in the language of *translate*."""
        return translate(REASONS[self.reason].text).format_map(self.parameters)

    def advice(self, translate: Translate = str) -> str:
        """How to mend it, in the language of *translate*."""
        return translate(REASONS[self.reason].advice).format_map(self.parameters)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those of one sheet by row and column."""
    return tuple(sorted(problems, key=lambda problem: (problem.row, len(problem.column), problem.column)))


def column_letter(index: int) -> str:
    """The letters a spreadsheet shows for a column counted from 0: A, B, ... Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@contextmanager
def new_workbook(target: Path | BinaryIO, **options: bool) -> Iterator[Any]:
    """
    A workbook that is written when the ``with`` ends. A text that begins with ``=`` is a text: nothing is a formula, a
    link or a number unless it is written as one (F41).

    Raises:
        InputError: The file cannot be written.
    """
    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        file = target.open("wb") if isinstance(target, Path) else nullcontext(target)
    except OSError as error:
        raise InputError(
            N_("The file cannot be written: {why}"), source=Path(str(target)).name,
            advice=N_("Name another file or folder"), why=error.strerror,
        ) from error  # fmt: skip
    with file as stream, xlsxwriter.Workbook(stream, {**texts, **options}) as book:
        yield book


def write_problems(target: Path | BinaryIO, problems: Iterable[Problem], translate: Translate = str) -> None:
    """
    Write the problems as a workbook, one a row; every cell is text.

    Raises:
        InputError: The file cannot be written.
    """
    titles = (
        (N_("Sheet"), 12),
        (N_("Row"), 7),
        (N_("Column"), 7),
        (N_("Field"), 22),
        (N_("Value"), 24),
        (N_("Problem"), 52),
        (N_("Advice"), 52),
    )
    with new_workbook(target, constant_memory=True) as book:
        head = book.add_format({"bold": True, "bg_color": "#D9E2F3", "border": 1, "valign": "vcenter"})
        body = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(translate(N_("Problems")))
        sheet.freeze_panes(1, 0)
        for column, (title, width) in enumerate(titles):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, translate(title), head)
        for row, problem in enumerate(problems, 1):
            cells = (
                problem.sheet,
                str(problem.row or ""),
                problem.column,
                problem.field,
                problem.shown,
                problem.text(translate),
                problem.advice(translate),
            )
            for column, text in enumerate(cells):
                sheet.write_string(row, column, text, body)

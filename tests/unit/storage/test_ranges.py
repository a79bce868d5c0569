"""Codes that begin alike are a range, in whatever order a database has its letters."""

from __future__ import annotations

import pytest

from storage.ranges import code_range


@pytest.mark.parametrize(
    ("digits", "bounds"),
    [
        ("430822", ("430822000000", "430823000000")),
        ("430899", ("430899000000", "430900000000")),
        ("4308", ("430800000000", "430900000000")),
        ("43", ("430000000000", "440000000000")),
        ("430822100999", ("430822100999", "430822101000")),
        ("99", ("990000000000", "9999999999999")),
        ("", ("000000000000", "9999999999999")),
    ],
)
def test_the_codes_that_begin_with_some_digits_are_a_range_between_digits(digits: str, bounds: tuple[str, str]) -> None:
    assert code_range(digits) == bounds
    inside = [digits.ljust(12, "0"), digits.ljust(12, "9")]
    assert all(bounds[0] <= code < bounds[1] for code in inside)
    assert not digits or not bounds[0] <= str(int(digits.ljust(12, "0")) - 1).rjust(12, "0") < bounds[1]

"""Codes that begin alike, as a range that an index serves."""

from __future__ import annotations


def code_range(digits: str) -> tuple[str, str]:
    """
    The codes of 12 digits that begin with *digits* (any number of them), as a range: from, and up to but without.

    Bounds are digits alone, which every collation of a PostgreSQL database puts in the same order.
    """
    after = str(int(digits) + 1) if digits.strip("9") else "9" * 13
    return digits.ljust(12, "0"), after.ljust(12, "0")

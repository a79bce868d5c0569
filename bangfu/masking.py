"""
What is personal in a text, masked: numbers that look like an ID, telephone, disability-card or bank number, also with
spaces and in full-width digits; in logs every Chinese character too, since there they can only be somebody's data.
"""

from __future__ import annotations

import re
import unicodedata

MASK = "***"

_NUMBERS = r"""
      (?<!\d) (?:\d[ ]?){15,21} [\dXx] (?!\d)      # bank card 16-19, ID 18, disability card 20-22, also in groups
    | (?<!\d) (?:(?:00)?86[ -]?)? 1[3-9]\d [ -]? \d{4} [ -]? \d{4} (?!\d)  # mobile telephone, also 3-4-4
"""
_WORDS = r"""
    | [\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff·]+  # a name, a place, a note
"""
_NUMBER = re.compile(_NUMBERS, re.VERBOSE)
_PERSONAL = re.compile(_NUMBERS + _WORDS, re.VERBOSE)


def masked_text(text: str) -> str:
    """*text* with numbers and names of people replaced by ``***``: what may stand in a log."""
    return _PERSONAL.sub(MASK, text if text.isascii() else unicodedata.normalize("NFKC", text))


def masked_numbers(text: str) -> str:
    """*text* with the numbers of people replaced: an error that repeats what was typed; Chinese is its language."""
    return _NUMBER.sub(MASK, text)


def is_personal(number: float) -> bool:
    """Whether *number* looks like one of a person's."""
    return _NUMBER.search(str(number)) is not None

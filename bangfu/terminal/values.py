"""
What people type, as the office wants it: facts by their declared types, amounts of time, dates and files.

Whatever cannot be read is handed on as it was typed: the fact's own check then says what is wanted, once for all edges.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from engine.calendar import Calendar
from engine.errors import N_, InputError, NotFoundError
from engine.workflow import Fact, Workflow

_YES = frozenset({"yes", "y", "true", "1", "是", "有", "对"})
_NO = frozenset({"no", "n", "false", "0", "否", "无", "不", "没有"})
#: The equals sign of either width; the colon that Chinese input methods put there, where there is none.
_EQUALS = (re.compile("[=＝]"), re.compile("[：:]"))
_BETWEEN = re.compile(r"\s*[,、;]\s*")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_AMOUNT = re.compile(r"(\d{1,5})\s*(d|天|日|h|小时|w|周)")
#: Amounts of more digits before the point are none.
_YUAN_DIGITS = 15
_UNITS = {"d": "days", "天": "days", "日": "days", "h": "hours", "小时": "hours", "w": "weeks", "周": "weeks"}


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """
    ``NAME=VALUE`` as typed, several of them; ``NAME＝VALUE`` and ``NAME：VALUE`` are the same.

    Raises:
        InputError: One has none of these signs, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        sign = next((match for each in _EQUALS if (match := each.search(text))), None)
        name = text[: sign.start()].strip() if sign else ""
        if sign is None or not name:
            raise InputError(N_("{option} is written NAME=VALUE"), field=option, option=option)
        if name in found:
            raise InputError(N_("{name} is given twice"), field=name, name=name)
        found[name] = text[sign.end() :].strip()
    return found


def counts(texts: Iterable[str], option: str) -> dict[str, int]:
    """``NAME=NUMBER``, several of them; raises InputError."""
    found = pairs(texts, option)
    for name, value in found.items():
        if not value.isdecimal():
            raise InputError(N_("{option} is written NAME=NUMBER"), field=name, option=option)
    return {name: int(value) for name, value in found.items()}


def facts(workflow: Workflow, typed: Mapping[str, str], members: Sequence[str] = ()) -> dict[str, Any]:
    """
    Facts by their declared types: ``6500`` yuan is 650,000 分, ``是`` is yes, a title stands for its option.

    A fact of members may be given for one (``NAME/MEMBER``), or for all *members* by its name alone.
    """
    found: dict[str, Any] = {}
    for key, text in typed.items():
        name, slash, _ = key.partition("/")
        fact = workflow.facts.get(name)
        value = text if fact is None else fact_value(fact, text)
        if fact is not None and fact.of == "member" and not slash and members:
            found |= {f"{name}/{member}": value for member in members}
        else:
            found[key] = value
    return found


def fact_value(fact: Fact, text: str) -> Any:
    """One value of *fact*; the text itself if it is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    match fact.kind:
        case "yuan":
            return _or_text(_fen(plain), text)
        case "number":
            return int(plain) if re.fullmatch(r"[+-]?\d{1,15}", plain) else text
        case "share":
            return _or_text(_share(plain), text)
        case "date":
            return _or_text(day(plain), text)
        case "yes_no":
            return True if plain.lower() in _YES else False if plain.lower() in _NO else text
        case "one":
            return option(fact, plain)
        case "many":
            return [option(fact, part) for part in _BETWEEN.split(plain) if part]
        case "list" | "table":
            return [part for part in _BETWEEN.split(plain) if part]
        case _:
            return text


def _or_text(value: Any, text: str) -> Any:
    return text if value is None else value


def option(fact: Fact, text: str) -> str:
    """The option that *text* names, by its id or title."""
    return next((name for name, title in fact.options.items() if text in (name, title)), text)


def _fen(text: str) -> int | None:
    try:
        yuan = Decimal(text.removesuffix("元").replace(",", ""))
    except InvalidOperation:
        return None
    # An exponent may stand for a number with a million digits, which nobody has and int() would write out.
    if not yuan.is_finite() or yuan.adjusted() > _YUAN_DIGITS:
        return None
    fen = yuan * 100
    return int(fen) if fen == fen.to_integral_value() else None


def _share(text: str) -> str | None:
    try:
        number = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        return None
    return str(number) if number.is_finite() else None


def day(text: str) -> date | None:
    """A date as people write it: 2026-03-02, 2026/3/2, 2026年3月2日; None if it is none."""
    found = _DATE.fullmatch(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def chosen(text: str, known: Mapping[str, str], unknown: str) -> str:
    """
    The one of *known* (name → title) that *text* names, by its name or title.

    Args:
        unknown: What is said if it is none of them; may name ``{text}`` and ``{known}``.

    Raises:
        NotFoundError: It is none; with those there are, and the nearest.
    """
    found = next((name for name, title in known.items() if text in (name, title)), None)
    if found is None:
        words = {word: name for name, title in known.items() for word in (name, title) if word}
        near = get_close_matches(text, words, 1)
        listed = "、".join(f"{name} {title}".strip() for name, title in known.items()) or "–"
        raise NotFoundError(
            unknown, advice=N_("did you mean {near}?") if near else "", text=text, known=listed,
            near=words[near[0]] if near else "",
        )  # fmt: skip
    return found


def wanted_day(text: str, field: str) -> date:
    """A date; raises InputError."""
    found = day(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise InputError(N_("write a date as 2026-03-02"), field=field)
    return found


def moment(text: str, calendar: Calendar, field: str) -> datetime:
    """
    ``2026-03-02 09:30`` or ``2026-03-02T09:30`` by the clock on the wall, as an instant.

    Raises:
        InputError: It is neither.
    """
    date_text, _, time_text = text.strip().replace("T", " ").partition(" ")
    try:
        moment = time.fromisoformat(time_text or "00:00")
        if moment.tzinfo is None:  # An offset would not be heeded, and hours be lost without a word.
            return calendar.at(date.fromisoformat(date_text), moment)
    except ValueError:
        pass  # It is neither; said below.
    raise InputError(N_("write an instant as “2026-03-02 09:30”"), field=field)


def duration(text: str, field: str) -> timedelta:
    """
    How far time is to be moved: ``8d``, ``12h``, ``2w``.

    Raises:
        InputError: It is written otherwise.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise InputError(N_("write how far as 8d, 12h or 2w"), field=field)
    try:
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError as error:
        raise InputError(N_("{text} is farther than any calendar goes"), field=field, text=text) from error


def identifier(text: str) -> UUID | None:
    """A UUID; None if *text* is none."""
    try:
        return UUID(text)
    except ValueError:
        return None

"""What people type, as the office wants it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bangfu.library import Library
from bangfu.terminal import values
from engine.errors import InputError
from engine.workflow import Fact

INCOME = Fact.model_validate({"title": "收入", "type": "yuan"})


@pytest.mark.parametrize(("typed", "fen"), [("6500", 650_000), ("6,500.5元", 650_050), ("6.5E3", 650_000)])
def test_yuan_are_kept_as_fen(typed, fen):
    assert values.fact_value(INCOME, typed) == fen


@pytest.mark.parametrize("typed", ["0.001", "9E999999", "1E900000", "NaN", "sNaN", "Infinity", "a lot"])
def test_what_is_no_amount_is_handed_on_as_typed(typed):
    assert values.fact_value(INCOME, typed) == typed


def test_an_instant_is_by_the_clock_on_the_wall():
    calendar = Library().calendar()
    assert values.moment("2026-03-02 09:30", calendar, "--at") == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    for text in ("2026-03-02T09:30+09:00", "2026-03-02T09:30Z", "9:30", "yesterday"):
        with pytest.raises(InputError):
            values.moment(text, calendar, "--at")


@pytest.mark.parametrize("typed", ["name=a:b=c", "name ＝ a:b=c", "name=a:b=c "])
def test_the_first_equals_sign_of_either_width_ends_the_name(typed):
    assert values.pairs([typed], "--fact") == {"name": "a:b=c"}


@pytest.mark.parametrize("typed", ["found_on：2026-03-02", "found_on:2026-03-02", "found_on＝2026-03-02"])
def test_what_chinese_input_methods_type_for_an_equals_sign_is_one(typed):
    assert values.pairs([typed], "--fact") == {"found_on": "2026-03-02"}


@pytest.mark.parametrize("typed", ["name", "=value", "：value", ""])
def test_a_pair_has_a_name_and_a_sign(typed):
    with pytest.raises(InputError):
        values.pairs([typed], "--fact")


def test_counts_take_digits_and_signs_of_either_width():
    assert values.counts(["village.cadre＝２"], "--present") == {"village.cadre": 2}


def test_a_while_that_no_calendar_knows_is_refused():
    with pytest.raises(InputError):
        values.duration("99999999999d", "TIME")

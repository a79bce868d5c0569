"""Ids say when they were made, and nothing else is equal about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from engine.ids import uuid7

NOW = datetime(2026, 3, 2, 1, 0, 0, 123_000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7_that_holds_its_millisecond() -> None:
    made = uuid7(NOW, bytes(range(10)))
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == int(NOW.timestamp() * 1000)


def test_later_ids_sort_later_and_chance_tells_equal_instants_apart() -> None:
    made = [uuid7(NOW + timedelta(milliseconds=n), bytes([255 - n]) * 10) for n in range(9)]
    assert made == sorted(made)
    assert uuid7(NOW, b"\x01" * 10) != uuid7(NOW, b"\x02" * 10)

"""What was packed is unpacked, with the words that were kept, and smaller."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.packing import PLAIN, Packer, words
from tests.desk import DEFINITION

PACKER = Packer(words(DEFINITION.canonical))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(content: str) -> None:
    text = json.dumps(content, ensure_ascii=False)
    assert PACKER.unpack(PACKER.pack(text)) == text
    assert PLAIN.unpack(PLAIN.pack(text)) == text


def test_an_event_takes_less_than_half() -> None:
    text = (
        '{"b":{"action":"pass","from":"check","means":"pass","to":"review"},"c":[["items","2",null],["asks","check",'
        'null],["case","entry",2],["case","stage","review"],["visits","review",{"from":"check","n":2}],["items","3",'
        '{"d":"430822103201","p":"village.cadre","q":"review"}]]}'
    )
    assert len(PACKER.pack(text)) < len(text) / 2


def test_the_words_of_a_definition_are_always_the_same() -> None:
    assert words(DEFINITION.canonical) == words(DEFINITION.canonical)


def test_changed_bytes_are_told() -> None:
    packed = PACKER.pack('{"b":{"action":"pass"},"c":[]}')
    with pytest.raises(ValueError):
        PACKER.unpack(packed[:1] + b"\xff" + packed[2:])

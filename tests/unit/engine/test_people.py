"""Keys that people can have."""

import pytest

from engine.errors import InputError
from engine.people import require_key


@pytest.mark.parametrize("key", ["li", "zhang.san", "覃村", "jiangya-cun.liaison", "cadre_2", "x" * 40])
def test_a_short_word_is_a_key(key):
    assert require_key(key) == key


@pytest.mark.parametrize(
    "key", ["", "minutes", "village.cadre:1", "li si", "li\n", "-li", ".li", "_", "x" * 41, "a/b", "li@home"]
)
def test_what_stands_for_another_thing_in_the_log_is_nobodys_key(key):
    with pytest.raises(InputError):
        require_key(key)

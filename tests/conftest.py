"""What every test may use. Fixtures of one package lie in its own folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings

from bangfu.i18n import translator
from bangfu.timesource import ManualTime
from engine.errors import Words

# No test depends on how fast this machine is; a failure prints what makes it happen again.
settings.register_profile("bangfu", deadline=None, print_blob=True)
settings.load_profile("bangfu")


@pytest.fixture
def time_source() -> ManualTime:
    """Time that stands still, on a Monday morning in Zhangjiajie, until a test advances it."""
    return ManualTime(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BANGFU_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def watch_words(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[type], None]]:
    """Call it with a kind of finding: of each that the test then provokes, every text must have a translation."""
    made: list[Any] = []

    def watch(kind: Any) -> None:
        born = kind.__init__

        def remember(self: Any, *args: Any, **kwargs: Any) -> None:
            born(self, *args, **kwargs)
            made.append(self)

        monkeypatch.setattr(kind, "__init__", remember)

    yield watch
    chinese = translator("zh_CN").gettext
    said = [text for found in made for text in (found.words, getattr(found, "advised", ""))]
    texts = {template for text in said for template in _templates(text)}
    assert [text for text in sorted(texts) if _says_something(text) and chinese(text) == text] == []


def _templates(text: Any) -> Iterator[str]:
    """The templates of *text* and of what is put into it."""
    if isinstance(text, Words):
        yield text.template
        for value in text.parameters.values():
            if isinstance(value, Words):
                yield from _templates(value)
    else:
        yield text


def _says_something(template: str) -> bool:
    """Whether it has words of its own, rather than only what is put into it or stands in backticks."""
    return re.search("[a-z]", re.sub(r"`[^`]*`|{\w+}", "", template)) is not None

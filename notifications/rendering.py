"""
A message is a folder: its subject and its text, in each language (``templates/<event>/<language>/``).

A text names what it is about in ``{names}``; there is none for a person or a number of his, so that no message can
hold more than a case's number and what its definition calls things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: What the texts may name.
NAMES = ("number", "ask", "clock", "rung", "action", "end", "post", "division", "vacant", "at")


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    body: str


def render(event: str, values: Mapping[str, str], language: str) -> Rendered:
    """
    The message that *event* makes.

    Args:
        values: By name, of :data:`NAMES`, in the reader's words; what is left out is empty.
        language: ``en`` or ``zh_CN``.

    Raises:
        LookupError: There is no message for such an event.
    """
    subject, body = _templates(event, language)
    words = dict.fromkeys(NAMES, "") | {name: values[name] for name in NAMES if name in values}
    return Rendered(subject.format_map(words), body.format_map(words))


def events() -> tuple[str, ...]:
    """Every event that has a message."""
    return tuple(
        sorted(entry.name for entry in files("notifications").joinpath("templates").iterdir() if entry.is_dir())
    )


@cache
def _templates(event: str, language: str) -> tuple[str, str]:
    folder = files("notifications").joinpath("templates", event, language)
    if not folder.is_dir():
        raise LookupError(f"there is no message for {event} in {language}")
    subject, body = (folder.joinpath(name).read_text("utf-8").strip() for name in ("subject.txt", "body.txt"))
    return subject, body

"""
What was handed in with a case, and who opened it.

A case names its documents by the SHA-256 of their content: papers, the photos of a posting, what stopped a clock or
lengthened it. Whoever has a part in the case may open them, and every opening is an event of its own (I21).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.cases import Case, Change, ReadPaper
from engine.drafting import Draft
from engine.errors import N_, InputError, PermissionDeniedError
from engine.seeing import has_a_part

_DIGEST = 64


def documents(case: Case) -> Mapping[str, str]:
    """
    Every document that the record names → its digest.

    A paper by its name; a posting's photos by ``stage/place`` and ``stage/place/end``; what a running clock was stopped
    or lengthened by, by ``clock/1``, ``clock/2`` … and ``clock/+1`` ….
    """
    sections = ("papers", "notices", "clocks")
    return dict(named((name, key, value) for name in sections for key, value in case.section(name).items()))


def named(changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """The documents that *changes* name, as :func:`documents` does."""
    for section, key, value in changes:
        if value is not None and section in _NAMED:
            yield from ((name, digest) for name, digest in _NAMED[section](key, value) if digest)


def _paper(key: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield key, value["d"]


def _photos(key: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for place, hung in value.get("places", {}).items():
        yield f"{key}/{place}", hung.get("proof", "")
        yield f"{key}/{place}/end", hung.get("end", "")


def _of_clock(key: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for number, (_, _, _, document) in enumerate(value.get("stops") or (), 1):
        yield f"{key}/{number}", document
    for number, (_, why, document, _) in enumerate(value.get("ext") or (), 1):
        yield f"{key}/+{number}", document if why == "granted" else ""


_NAMED = {"papers": _paper, "notices": _photos, "clocks": _of_clock}


def read_paper(draft: Draft, command: ReadPaper) -> str:
    """Somebody who has a part in the case opens one of its documents."""
    known = documents(draft.before)
    if command.paper not in known:
        raise InputError(
            N_("there is no paper {name} in this case; there are: {known}"), field="PAPER", name=command.paper,
            known=", ".join(known) or "–",
        )  # fmt: skip
    if not has_a_part(draft):
        raise PermissionDeniedError(
            draft.before.id, N_("papers are for those who have a part in the case, and no post of yours has")
        )
    draft.body.update({"paper": command.paper, "document": known[command.paper][:12]})
    return "read"

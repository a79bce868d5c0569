"""A case's story: what happened, a sentence an event, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bangfu.terminal.screen import Times
from bangfu.terminal.titles import Titles
from engine.cases import Event, instant
from engine.errors import N_

_SENTENCES: Mapping[str, str] = {
    "opened": N_("opened: {channel}"),
    "moved": N_("{stage}: {action} → {to}"),
    "stayed": N_("{stage}: {action}"),
    "answered": N_("{ask}: answered “{answer}”"),
    "done": N_("{ask}: {result}"),
    "claimed": N_("took up {ask}"),
    "released": N_("gave back {ask}"),
    "assigned": N_("assigned {ask} to {person}"),
    "transferred": N_("handed {ask} on to {person}"),
    "entrusted": N_("entrusted {ask} to {person}"),
    "urged": N_("urged: {ask}"),
    "copied": N_("copied to {copied}"),
    "held": N_("{ask}: answered “{held}”, held until it is signed"),
    "signer_added": N_("{ask}: {signer} is asked to sign, {when}"),
    "signer_removed": N_("{ask}: {signer} is not asked to sign any more"),
    "signed": N_("{ask}: {signer} signed, {signed}"),
    "withdrawn": N_("{ask}: “{undid}” taken back (event {undone})"),
    "proposed": N_("proposed: {proposal}"),
    "corrected": N_("corrected, as {by} proposed: {corrected}"),
    "reopened": N_("reopened, as {by} proposed: {stage_reopened}"),
    "declined": N_("declined what {by} proposed: {what}"),
    "retracted": N_("took a proposal back: {what}"),
    "concerned": N_("the household has changed: {change} ({members}), on {on}; recorded by {told_by}"),
    "carried_on": N_("goes on although the household has changed: {change}"),
    "commented": N_("commented"),
    "attached": N_("handed in {paper}"),
    "read": N_("opened the document: {document}"),
    "listed": N_("put on a list: {ask}"),
    "selected": N_("drawn or ranked among {among} cases of the list: {selected}"),
    "posted": N_("notice posted: {place}"),
    "proved": N_("end of the notice proved: {place}"),
    "taken_down": N_("notice taken down: {place}"),
    "objected": N_("objection received on {received}"),
    "readdressed": N_("work of a vacant post passed to who stands in for it"),
    "child_ended": N_("linked case ended: {outcome}"),
    "clock_stopped": N_("clock stopped: {clock}"),
    "clock_resumed": N_("clock runs on: {clock}, due {due}"),
    "clock_extended": N_("clock extended by {by_amount}: {clock}, due {due}"),
    "clocks_settled": N_("deadlines counted again on the calendar in force"),
    "remind": N_("reminded: {clock}"),
    "due": N_("overdue: {clock}"),
    "late": N_("escalated: {clock}"),
    "over": N_("period over: {clock}"),
    "then": N_("by time: {clock}"),
}


def sentence(event: Event, titles: Titles, times: Times, called: Callable[[str], str] = str) -> str:
    """What *event* did, in a few words; *called* says who a person of a given key is."""
    kind, words = _said(event, titles, times, called)
    text = titles._(_SENTENCES.get(kind, kind)).format_map(words)
    moved = event.body.get("to")
    if kind not in ("moved", "opened") and moved and event.body.get("action"):
        text = f"{text} → {titles.ask(moved)}"
    return text


def _said(event: Event, titles: Titles, times: Times, called: Callable[[str], str]) -> tuple[str, Mapping[str, Any]]:
    body = event.body
    ask = str(body.get("ask") or body.get("on") or body.get("from") or "")
    words: dict[str, Any] = {
        "channel": titles.action(str(body.get("channel", ""))),
        "ask": titles.ask(ask),
        "stage": titles.ask(str(body.get("from") or ask)),
        "action": titles.action(str(body.get("action", "")), str(body.get("from") or ask)),
        "to": titles.ask(str(body.get("to", ""))),
        "answer": titles.action(str(body.get("answer", "")), ask),
        "result": titles.action(str(body.get("result", "")), ask),
        "paper": titles.paper(str(body.get("paper", ""))),
        "document": titles.document(str(body.get("paper", ""))),
        "place": titles.place(str(body.get("place", ""))),
        "outcome": titles.outcome(str(body.get("outcome", ""))),
        "clock": titles.ask(str(body.get("clock", ""))),
        "change": titles.change(str(body.get("change", ""))),
        "members": "、".join(body.get("members", ())),
        "among": body.get("among", ""),
        "selected": "、".join(
            f"{titles.fact(name)} {titles.value(name, chosen)}" for name, chosen in body.get("selected", {}).items()
        ),
        "on": body.get("on", ""),
        "told_by": called(str(body.get("by", ""))),
        "person": called(str(body.get("person", ""))),
        "copied": "、".join(called(titles.post(name)) for name in body.get("to", ())) if event.kind == "copied" else "",
        "by_amount": body.get("by_amount", ""),
        "received": _instant(body.get("received"), times.instant),
        "due": _instant(body.get("due"), times.due_plain),
    }
    words |= _second_thoughts(body, ask, titles, times, called)
    if event.kind == "acted":
        if body.get("held"):
            return "held", words
        if body.get("action"):
            return ("moved" if body.get("to") else "stayed"), words
        return ("done" if body.get("result") else "answered"), words
    if event.kind == "fired":
        return str(body.get("rung", "due")), words
    return event.kind, words


def _second_thoughts(
    body: Mapping[str, Any], ask: str, titles: Titles, times: Times, called: Callable[[str], str]
) -> dict[str, Any]:
    """What signers did, and what two persons do."""
    _ = titles._
    said = {
        "before": _("before the answer"), "after": _("after the answer"), "agree": _("agrees"),
        "disagree": _("disagrees"),
    }  # fmt: skip
    what = str(body.get("what", ""))
    facts = body.get("facts") or body.get("was") or ()
    corrected = "、".join(titles.fact(key) for key in facts) if what == "correct" else ""
    stage = titles.ask(str(body.get("stage", "")))
    return {
        "held": titles.action(str(body.get("held", "")), ask), "signer": called(str(body.get("signer", ""))),
        "when": said.get(str(body.get("when", "")), ""), "signed": said.get(str(body.get("signed", "")), ""),
        "undone": body.get("undone", ""), "undid": titles.action(str(body.get("undid", "")), ask),
        "what": titles.ask(f".{what}"), "by": called(str(body.get("by", ""))), "corrected": corrected,
        "stage_reopened": stage,
        "proposal": f"{titles.ask(f'.{what}')}: {corrected or stage}",
    }  # fmt: skip


def _instant(text: Any, say: Callable[[Any], str]) -> str:
    return say(instant(text)) if text else ""


def details(event: Event, titles: Titles, may_read: bool, times: Times) -> list[str]:
    """
    What else stands in the event: votes and who was there, what a correction changed, the note; values and words as far
    as the reader may see them.
    """
    body, _ = event.body, titles._
    found = []
    if "votes" in body:
        votes = "、".join(
            f"{titles.action(name, str(body.get('ask', '')))} {count}" for name, count in body["votes"].items()
        )
        found.append(_("votes: {votes}; present: {present}").format(votes=votes, present=_total(body.get("present"))))
    if "for" in body:
        found.append(_("recorded for {whom}").format(whom=titles.post(str(body["for"]))))
    if event.kind == "proposed":
        found += _proposed(event, titles, may_read)
    if event.kind == "corrected":
        found += _corrected(event, titles, may_read, times)
    if event.kind == "reopened" and body.get("stays"):
        stays = (f"{titles.fact(name)} {titles.value(name, value)}" for name, value in _statuses(body["stays"]))
        found.append(_("in the household's record stays: {statuses}").format(statuses="、".join(stays)))
    note = body.get("note")
    if note is not None and may_read and note.value is not None:
        found.append(_("“{note}”").format(note=note.value))
    return found


def _statuses(written: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """``household.monitoring`` → its fact, and the value."""
    return ((name.rpartition(".")[2], value) for name, value in written.items())


def _proposed(event: Event, titles: Titles, may_read: bool) -> Iterator[str]:
    """The values that are proposed as the right ones."""
    for section, _, proposal in event.changes:
        if section == "proposals" and proposal is not None:
            for key, value in proposal.get("f", {}).items():
                yield f"{titles.fact(key)} → {titles.told(key, value, may_read)}"


def _corrected(event: Event, titles: Titles, may_read: bool, times: Times) -> Iterator[str]:
    """Old and new values, and the deadlines that moved by them."""
    now = {key: value["v"] for section, key, value in event.changes if section == "facts" and value is not None}
    for key, was in event.body.get("was", {}).items():
        if key in now:
            before, after = (titles.told(key, each, may_read) for each in (was, now[key]))
            yield f"{titles.fact(key)}: {before} → {after}"
    for clock, moved in event.body.get("moved", {}).items():
        days = (times.due_plain(instant(each)) for each in moved)
        yield titles._("{clock} due: {before} → {after}").format(
            clock=titles.ask(clock), **dict(zip(("before", "after"), days, strict=True))
        )


def _total(present: Any) -> int:
    return sum(present.values()) if isinstance(present, Mapping) else int(present or 0)

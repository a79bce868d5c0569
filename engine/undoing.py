"""
Taking one's last act back (撤回), while nobody acted since.

What is undone is one event: every key that it changed gets the value that it had before, so that clocks go on as if
the case had never gone on, and counts of visits and acts are what they were. Numbers never go back: work items and
timers return under fresh ones, and an entry's number is used once. What an act has carried out of the case (its end, a
linked case, a household's status, a notice that hung) cannot be undone from inside it (docs/decisions/withdrawing.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import timing
from engine.asking import drop_items, open_work, panel_asked
from engine.cases import Case, Change, Event, Withdraw, fold, replay
from engine.compiling import is_office_post
from engine.drafting import Draft
from engine.errors import N_
from engine.guards import called
from engine.reasons import Reason, reason, require

#: What may be taken back.
_TAKEN_BACK = ("acted", "signed")
#: Events that change nothing of what an act decided on or brought about.
_BESIDE = frozenset({"commented", "copied", "urged", "read", "proposed", "declined", "retracted"})
#: Why what somebody did since stands in the way.
_SINCE: Mapping[str, str] = {
    "acted": N_("{who} has answered since"),
    "signed": N_("{who} has signed since"),
    "claimed": N_("{who} has taken up the work since"),
    "attached": N_("{who} has handed in a paper since that is asked for now"),
    "assigned": N_("{who} has handed the work on since"),
    "transferred": N_("{who} has handed the work on since"),
    "entrusted": N_("{who} has handed the work on since"),
    "released": N_("{who} has given work back since"),
    "signer_added": N_("{who} has asked for a signer since"),
    "signer_removed": N_("{who} has taken a signer off since"),
    "listed": N_("{who} has put the case on a list since"),
    "selected": N_("the list has been drawn or ranked since"),
    "corrected": N_("{who} has confirmed a correction since"),
    "posted": N_("{who} has posted a notice since"),
    "carried_on": N_("{who} has decided since what follows from the change in the household"),
    "concerned": N_("the household has changed since"),
    "objected": N_("an objection has come in since"),
    "child_ended": N_("a linked case has ended since"),
    "fired": N_("a time limit has taken effect since"),
}
#: Kept under numbers of their own, or counted on: put back by their question or clock, not by their key.
_NUMBERED = frozenset({"items", "timers", "clocks"})
_NEVER_BACK = frozenset({("case", "next"), ("case", "entry")})


@dataclass(frozen=True, slots=True)
class Undoable:
    """
    The last act of a person that stands.

    Attributes:
        event: What he did.
        before, after: The record around it.
        since: What was done since and stands; of a panel's vote, only other members' votes do not matter.
    """

    event: Event
    before: Case
    after: Case
    since: tuple[Event, ...]


# --- which act --------------------------------------------------------------------------------------------------------


def standing_acts(history: Sequence[Event]) -> list[Event]:
    """The events of *history* that changed what the case stands on, without those that were taken back."""
    undone = {event.body["undone"] for event in history if event.kind == "withdrawn"}
    return [
        event
        for event in history
        if event.kind != "withdrawn" and event.seq not in undone and not _is_beside(event)
    ]  # fmt: skip


def _is_beside(event: Event) -> bool:
    if event.kind in ("fired", "clocks_settled"):
        return all(section in ("timers", "clocks") or (section, key) == ("case", "next")
                   for section, key, _ in event.changes)  # fmt: skip
    return event.kind in _BESIDE


def undoable(draft: Draft) -> Undoable | None:
    """The person's last act that stands, if he has one that can be taken back at all."""
    history = [event for event in draft.world.history if event.seq <= draft.before.seq]
    acts = standing_acts(history)
    own = [event for event in acts if event.actor == draft.command.person and event.kind in _TAKEN_BACK]
    if not own:
        return None
    event = own[-1]
    before = replay(draft.before.county, draft.before.id, history[: event.seq - 1])
    since = tuple(each for each in acts if each.seq > event.seq and not _is_neutral(draft, each, event))
    return Undoable(event, before, fold(before, event), since)


def _is_neutral(draft: Draft, since: Event, event: Event) -> bool:
    """A paper that no question asks for which the act opened changes nothing of it."""
    if since.kind != "attached":
        return False
    opened = {key for section, key, value in event.changes if section == "asks" and value is not None}
    wanted = draft.procedure.papers_in
    return not any(since.body["paper"] in names for place, names in wanted.items() if place.partition(".")[0] in opened)


# --- what speaks against it -------------------------------------------------------------------------------------------


def against_withdrawing(draft: Draft) -> Iterator[Reason]:
    """There is no act of this person to take back, somebody acted since, or it has left the case already."""
    found = undoable(draft)
    if draft.value("status") != "open":
        yield reason(
            "ended", N_("the case has ended ({stage})"), stage=draft.procedure.title(draft.stage),
            advice=N_("two persons may reopen it: bangfu propose reopen"),
        )  # fmt: skip
    elif found is None:
        yield reason("nothing", N_("you have done nothing here that could be taken back"))
    else:
        if found.since and not _are_votes(draft, found):
            yield _of_others(draft, found)
        if found.event.post and tuple(found.event.post.split("@")) not in draft.held:
            yield reason("post", N_("you do not hold the post any more in which you acted"))
        yield from _against_effects(draft, found)
        yield from _against_changes(draft, found)


def _of_others(draft: Draft, found: Undoable) -> Reason:
    last = found.since[-1]
    return reason("acted", _SINCE.get(last.kind, N_("the case has gone on since")), who=called(draft, last.actor))


def _against_effects(draft: Draft, found: Undoable) -> Iterator[Reason]:
    """What the act brought about beyond its case, or together with others."""
    event = found.event
    if "list" in event.body or "unlisted" in event.body:
        yield reason(
            "list", N_("it was decided with its list, which was one act"),
            advice=N_("send it back, or let two persons correct it"),
        )  # fmt: skip
    if any(section == "links" for section, _, _ in event.changes):
        yield reason("acted", N_("another case was opened by it"))
    if any("." in name for name in event.body.get("set", ())):
        yield reason("acted", N_("the household's record was written by it"))
    for name, ask in found.before.section("asks").items():
        posting = found.before.section("notices").get(name)
        if posting and posting["n"] == ask["n"] and name not in found.after.section("asks"):
            yield reason("acted", N_("a notice was left by it; it must hang anew"))


def _against_changes(draft: Draft, found: Undoable) -> Iterator[Reason]:
    """What the act changed was changed again: nothing can be put back without losing that."""
    if not found.since and _has_changed(draft, found) and not _are_votes(draft, found):
        yield reason("acted", N_("what it changed has changed again since"))


def _has_changed(draft: Draft, found: Undoable) -> bool:
    """Whether something that the act changed is no more as it left it: a vote before it may have been taken back."""
    return any(
        _compared(draft.get(section, key)) != _compared(found.after.section(section).get(key))
        for section, key, _ in _plain(found.event)
    )


def _compared(value: Any) -> Any:
    """That they were urged changes nothing of a question."""
    return {key: each for key, each in value.items() if key != "u"} if isinstance(value, dict) else value


def _plain(event: Event) -> Iterator[Change]:
    """What the event changed and is put back by its key."""
    return (
        change for change in event.changes
        if change[0] not in _NUMBERED and change[:2] not in _NEVER_BACK
    )  # fmt: skip


# --- a vote among others' ---------------------------------------------------------------------------------------------


def _are_votes(draft: Draft, found: Undoable) -> bool:
    """
    Whether the act was a vote in a panel that is not settled, and all that was done since are votes of others in it.

    In a panel that answers in order nobody of a later seat may have answered or taken up his work.
    """
    ask = str(found.event.body.get("ask", ""))
    if not all(_is_vote(each, ask) for each in (found.event, *found.since)) or draft.get("asks", ask) is None:
        return False
    if not panel_asked(draft, ask).order:
        return True
    seat = next(value["p"] for section, _, value in found.event.changes if section == "answers")
    voted = {value["p"] for each in found.since for section, _, value in each.changes if section == "answers"}
    taken = {item["p"] for item in draft.section("items").values() if item["q"] == ask and "by" in item}
    return voted | taken <= {seat}


def _is_vote(event: Event, ask: str) -> bool:
    given = event.body.get("answer") and event.body.get("ask") == ask
    return bool(event.kind == "acted" and given and not {"action", "result", "held", "fallback"} & event.body.keys())


def _take_vote_back(draft: Draft, found: Undoable) -> None:
    """The vote goes, its seat is asked again; what came of the votes together stays."""
    ask = str(found.event.body["ask"])
    for section, key, value in found.event.changes:
        before = found.before.section(section).get(key)
        if section in ("answers", "facts", "papers"):
            if draft.get(section, key) == found.after.section(section).get(key):
                draft.put(section, key, before)
        elif section == "acts":
            added = set(found.after.section("acts")[key]) - set(before or ())
            draft.put("acts", key, [person for person in draft.get("acts", key, ()) if person not in added] or None)
        elif section == "items" and value is None and not panel_asked(draft, ask).order:
            draft.put("items", draft.serial(), before)
    if panel_asked(draft, ask).order:
        drop_items(draft, ask)
        open_work(draft, ask)


# --- taking it back ---------------------------------------------------------------------------------------------------


def withdraw(draft: Draft, command: Withdraw) -> str:
    """The last act is undone; whoever had got work by it is told that it is gone."""
    require(draft.before.id, against_withdrawing(draft))
    found = undoable(draft)
    assert found is not None
    event = found.event
    draft.post, draft.behalf = event.post, event.behalf
    draft.body.update({"undone": event.seq, "undid": event.body.get("action") or event.body.get("answer") or ""})
    if "ask" in event.body or "on" in event.body or "from" in event.body:
        draft.body["ask"] = event.body.get("ask") or event.body.get("on") or event.body["from"]
    if found.since or _has_changed(draft, found):
        _take_vote_back(draft, found)
    else:
        _restore(draft, found)
    return "withdrawn"


def _restore(draft: Draft, found: Undoable) -> None:
    event, before = found.event, found.before
    for section, key, _ in _plain(event):
        draft.put(section, key, before.section(section).get(key))
    for ask in _asks_of(event, before):
        _restore_items(draft, ask, before)
    for clock in _clocks_of(event, before):
        timers = [timer for timer in before.section("timers").values() if timer["c"] == clock]
        timing.put_back(draft, clock, before.section("clocks").get(clock), timers)
    # Whoever still has the page before him that is gone does not answer this question unawares.
    draft.put("case", "back", draft.seq)
    if any(section == "tasks" or (section, key) == ("case", "entry") for section, key, _ in event.changes):
        draft.put("case", "entry", draft.entry + 1)


def _asks_of(event: Event, before: Case) -> list[str]:
    """The questions that were opened, closed or changed, and those whose work was."""
    found = [key for section, key, _ in event.changes if section == "asks"]
    items = [value or before.section("items")[key] for section, key, value in event.changes if section == "items"]
    return list(dict.fromkeys((*found, *(item["q"] for item in items))))


def _restore_items(draft: Draft, ask: str, before: Case) -> None:
    was = [item for item in before.section("items").values() if item["q"] == ask]
    for number, item in tuple(draft.section("items").items()):
        if item["q"] == ask:
            draft.drop("items", number)
            if item not in was and is_office_post(item["p"]):
                draft.tell("work_gone", item["p"], item["d"], ask=ask)
    for item in was:
        draft.put("items", draft.serial(), item)


def _clocks_of(event: Event, before: Case) -> list[str]:
    """The clocks that were started, ended or changed, and those whose timers were."""
    found = [key for section, key, _ in event.changes if section == "clocks"]
    timers = [value or before.section("timers")[key] for section, key, value in event.changes if section == "timers"]
    return list(dict.fromkeys((*found, *(timer["c"] for timer in timers))))

"""
Questions: how one is asked when a stage is entered or a task opened, to whom, and closed when it is over.

A stage and a task are the same thing, beside each other: an *ask* with one voice. What belongs to one entry (seats,
answers, postings, work items, its own clocks) closes with it; coming back asks anew.
"""

from __future__ import annotations

from typing import Any

from engine import timing
from engine.cases import Followup, OpenCase, Readdress, iso
from engine.compiling import is_office_post
from engine.drafting import SUPERVISOR, Draft, derived_id
from engine.errors import N_, ActionNotAllowedError
from engine.facts import is_missing, plain
from engine.guards import stand_in
from engine.workflow import CaseVoice, Choice, Panel, Voiced, When


def question(draft: Draft, name: str) -> dict[str, Any]:
    """
    The open ask of that name.

    Raises:
        ActionNotAllowedError: It is not being asked, or the case has ended.
    """
    ask = draft.get("asks", name)
    if ask is None:
        if draft.value("status") != "open":
            raise ActionNotAllowedError(draft.before.id, N_("the case has ended ({stage})"), stage=draft.stage)
        raise ActionNotAllowedError(draft.before.id, N_("{name} is not being asked now"), name=name)
    return ask  # type: ignore[no-any-return]


def open_ask(draft: Draft, name: str, number: int) -> None:
    """Ask the question *name*, for the *number*-th time: seats, work items for its posts, or a subcase."""
    asked = draft.procedure.ask(name)
    ask: dict[str, Any] = {"n": number, "s": draft.seq}
    match asked.voice:
        case "by":
            if asked.by and isinstance(asked.by[0], When):
                ask["by"] = [first_that_holds(draft, asked.by)]
        case "panel":
            named = chosen_panel(draft, asked)
            if named:
                ask["p"] = named
            ask["e"] = seats(draft, draft.procedure.panel_of(name, named))
        case "notice":
            ask["at"] = iso(draft.now)
            if asked.notice and asked.notice.leave_out and draft.holds(asked.notice.leave_out):
                ask["w"] = True
                draft.body["waived"] = name
        case _:
            assert asked.case is not None
            open_subcase(draft, name, asked.case, number)
    draft.put("asks", name, ask)
    timing.exclude(draft, name, entered=True)
    open_work(draft, name)


def close_ask(draft: Draft, name: str) -> None:
    """The question is answered, left or cancelled: items, answers, postings and its own clocks close with it."""
    ask = draft.get("asks", name)
    drop_items(draft, name)
    drop_answers(draft, name, ask)
    posting = draft.get("notices", name)
    if posting and posting["n"] == ask["n"] and not posting.get("over"):
        draft.put("notices", name, {**posting, "left": iso(draft.now)})
    for clock in draft.procedure.clocks_of.get(name, ()):
        timing.end(draft, clock)
    draft.drop("asks", name)
    timing.exclude(draft, name, entered=False)


# --- who is asked -----------------------------------------------------------------------------------------------------


def posts_asked(draft: Draft, name: str) -> tuple[str, ...]:
    """The posts that are asked in the open question *name*, in written order; none where another case answers."""
    asked = draft.procedure.ask(name)
    if asked.notice is not None:
        return (asked.notice.by,)
    if asked.panel is not None:
        return tuple(draft.procedure.parameter(post) for post in panel_asked(draft, name).seats)
    return tuple(draft.get("asks", name).get("by") or (str(post) for post in asked.by or ()))


def chosen_panel(draft: Draft, asked: Voiced) -> str:
    """The name of the panel that the definition chooses; empty if it is written in place."""
    if isinstance(asked.panel, Panel):
        return ""
    return asked.panel if isinstance(asked.panel, str) else first_that_holds(draft, asked.panel or ())


def panel_asked(draft: Draft, name: str) -> Panel:
    """The panel asked in the open question *name*."""
    return draft.procedure.panel_of(name, draft.get("asks", name).get("p", ""))


def first_that_holds(draft: Draft, choice: Choice) -> str:
    return next(line.use for line in choice if draft.holds(line.when))


def seats(draft: Draft, panel: Panel) -> dict[str, int]:
    """Post → how many of it are entitled: the number written, or for ``all`` as many as hold it now."""
    found = {}
    for post, number in panel.seats.items():
        name = draft.procedure.parameter(post)
        found[name] = max(1, len(draft.holders(name))) if number == "all" else int(number)
    return found


def seat_of(draft: Draft, name: str, person: str) -> str:
    """The seat of the open question *name* that *person* holds as ``level.role``; empty if he holds none."""
    held = {(each.post, each.division) for each in draft.world.staff.posts(person, draft.today)}
    found = (post for post in posts_asked(draft, name) if is_office_post(post) and draft.place_of(post) in held)
    return next(found, "")


# --- work -------------------------------------------------------------------------------------------------------------


def open_work(draft: Draft, name: str) -> None:
    """
    Work items for whoever is asked in *name*.

    One for each post; one for each seat where members answer for themselves, and only for the next seat if they answer
    in order.
    """
    ask, asked = draft.get("asks", name), draft.procedure.ask(name)
    if ask.get("w"):
        return
    panel = panel_asked(draft, name) if asked.panel is not None else None
    for post in posts_asked(draft, name):
        if panel is None or panel.recorded == "minutes":
            open_item(draft, name, post)
            continue
        left = ask["e"][post] - len(answers_of(draft, name, post))
        for _ in range(left):
            open_item(draft, name, post)
        if panel.order and left:
            return


def open_item(draft: Draft, ask: str, post: str) -> None:
    """Work for a post, at its division; told to it. If nobody holds it, its stand-in's, else the supervisor is told."""
    asked, post = post.partition("@")[0], stand_in(draft, post)
    if is_office_post(post):
        name, division = draft.place_of(post)
        tell(draft, "asked", post, ask=ask)
    else:
        name, division = post, str(draft.value("division"))
    item = {"q": ask, "p": name, "d": division}
    draft.put("items", draft.serial(), item if name == asked else {**item, "f": asked})


def tell(draft: Draft, event: str, post: str, **data: str) -> None:
    """
    A message for a post, or who stands in for it; if nobody does, the supervisor learns that it is vacant.

    The household and objectors have no inbox: whoever answers tells them in person.
    """
    post = stand_in(draft, post)
    if not is_office_post(post):
        return
    name, division = draft.place_of(post)
    draft.tell(event, name, division, **data)
    if not draft.holders(post):
        draft.tell("post_vacant", SUPERVISOR, division[:6] + "000000", vacant=name, at=division)


def readdress(draft: Draft, command: Readdress) -> str:
    """
    Open work of posts that became vacant goes to who stands in for them; if nobody does, the supervisor is told once.

    Raises:
        ActionNotAllowedError: Every post that has open work is held, or its vacancy known.
    """
    moved: dict[str, str] = {}
    for number, item in tuple(draft.section("items").items()):
        is_held = not is_office_post(item["p"]) or draft.world.staff.holders(item["p"], item["d"], draft.today)
        if is_held or draft.get("asks", item["q"]) is None:
            continue
        asked = item.get("f", item["p"])
        written = next((post for post in posts_asked(draft, item["q"]) if post.partition("@")[0] == asked), asked)
        post = stand_in(draft, written)
        if is_office_post(post) and draft.holders(post):
            name, division = draft.place_of(post)
            kept = {"q": item["q"], "p": name, "d": division}
            draft.put("items", number, kept if name == asked else {**kept, "f": asked})
            draft.tell("asked", name, division, ask=item["q"])
            moved[number] = post
        elif not item.get("v"):
            draft.put("items", number, {**item, "v": True})
            tell(draft, "asked", written, ask=item["q"])
            moved[number] = ""
    if not moved:
        raise ActionNotAllowedError(draft.before.id, N_("no open work of this case is at a vacant post"))
    draft.body["moved"] = moved
    return "readdressed"


def drop_items(draft: Draft, ask: str) -> None:
    """Close the work items of *ask*."""
    for number, item in tuple(draft.section("items").items()):
        if item["q"] == ask:
            draft.drop("items", number)


# --- answers ----------------------------------------------------------------------------------------------------------


def answers_of(draft: Draft, name: str, post: str = "") -> list[dict[str, Any]]:
    """The answers given to the open question *name*: all, or those of a post's holders."""
    prefix = answer_key(draft, name, "")
    own = post.partition("@")[0]
    given = (value for key, value in draft.section("answers").items() if key.startswith(prefix))
    return [value for value in given if own in ("", value["p"])]


def answer_key(draft: Draft, name: str, who: str) -> str:
    return f"{name}#{draft.get('asks', name)['n']}/{who}"


def drop_answers(draft: Draft, name: str, ask: dict[str, Any]) -> None:
    for key in tuple(draft.section("answers")):
        if key.startswith(f"{name}#{ask['n']}/"):
            draft.drop("answers", key)


# --- other cases ------------------------------------------------------------------------------------------------------


def open_subcase(draft: Draft, ask: str, voice: CaseVoice, number: int) -> None:
    """Another case answers: opened in the same transaction, by the system, with what it is handed."""
    child = derived_id(draft.before.id, ask, number)
    draft.put("links", child.hex, {"w": voice.workflow, "q": ask, "n": number, "k": "child"})
    opening = OpenCase(
        id=derived_id(draft.command.id, child), channel="", subject=str(draft.value("subject")),
        household=str(draft.value("household")), division=draft.division_at(voice.at),
        members=tuple(draft.value("members", ())), parent=(draft.before.id, ask), carried=carried(draft, voice.carries),
    )  # fmt: skip
    draft.followups.append(Followup(child, opening, voice.workflow))


def carried(draft: Draft, names: tuple[str, ...]) -> dict[str, Any]:
    """The plain values of the facts that a definition hands over: those named, or ``all``."""
    facts = draft.procedure.workflow.facts
    found = {}
    for key, stored in draft.section("facts").items():
        name = key.partition("/")[0]
        if ("all" in names or name in names) and not is_missing(stored["v"]):
            value = plain(facts[name], stored["v"])
            found[key] = list(value) if isinstance(value, tuple) else value
    return found

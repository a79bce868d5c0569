"""
Questions: how one is asked when a stage is entered or a task opened, to whom, and closed when it is over.

A stage and a task are the same thing, beside each other: an *ask* with one voice. What belongs to one entry (seats,
answers, postings, work items, its own clocks) closes with it; coming back asks anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import timing
from engine.cases import Followup, OpenCase, Readdress, iso
from engine.compiling import BOARD, is_office_post
from engine.divisions import Level, level_of, parent_of
from engine.drafting import SUPERVISOR, Draft
from engine.errors import N_, ActionNotAllowedError
from engine.facts import is_missing, plain
from engine.guards import able, is_relative, stand_in
from engine.ids import derived_id
from engine.reasons import reason
from engine.workflow import CaseVoice, Choice, Notice, Panel, Voiced, When


def question(draft: Draft, name: str) -> dict[str, Any]:
    """
    The open ask of that name.

    Raises:
        ActionNotAllowedError: It is not being asked, or the case has ended.
    """
    ask = draft.get("asks", name)
    if ask is None:
        if draft.value("status") != "open":
            end = draft.procedure.title(draft.stage)
            raise ActionNotAllowedError(draft.before.id, N_("the case has ended ({stage})"), stage=end)
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
            if asked.notice and (places := places_to_hang(draft, asked.notice)) is not None:
                ask["pl"] = places
            if asked.notice and asked.notice.leave_out and draft.holds(asked.notice.leave_out):
                ask["w"] = True
                draft.body["waived"] = name
        case _:
            assert asked.case is not None
            ask.update(open_subcases(draft, name, asked, number))
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


def places_to_hang(draft: Draft, notice: Notice) -> list[str] | None:
    """
    Where *notice* hangs in this case, where that differs from case to case: by a table, or ``place@code`` in every
    village below a home that is larger than one. None: where the definition alone says.
    """
    home = str(draft.value("division"))
    found: list[str] = []
    for place in notice.places:
        value = draft.value_of(place[1:]) if place.startswith("$") else place
        found += [value] if isinstance(value, str) else list(value)
    if notice.each == "village" and level_of(home) != Level.VILLAGE:
        villages = [code for code in draft.world.parts if level_of(code) == Level.VILLAGE]
        return [f"{place}@{code}" for code in villages for place in found or [BOARD]]
    differs = any(place.startswith("$") and draft.procedure.workflow.params[place[1:]].by for place in notice.places)
    return found if differs else None


# --- who is asked -----------------------------------------------------------------------------------------------------


def posts_asked(draft: Draft, name: str) -> tuple[str, ...]:
    """The posts that are asked in the open question *name*, in written order; none where another case answers."""
    asked = draft.procedure.ask(name)
    if asked.notice is not None:
        return (draft.parameter(asked.notice.by),)
    if asked.panel is not None:
        return tuple(draft.parameter(post) for post in panel_asked(draft, name).seats)
    return tuple(draft.parameter(str(post)) for post in draft.get("asks", name).get("by") or asked.by or ())


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
    """Post → how many of it are entitled: the number written, or for ``all`` as many as hold it now and may act."""
    found = {}
    for post, number in panel.seats.items():
        name = draft.parameter(post)
        found[name] = max(1, len(able(draft, name))) if number == "all" else int(number)
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
    """Work for a post, at its division; told to it. If nobody is there, its stand-in's, else the supervisor is told."""
    asked, post = draft.parameter(post).partition("@")[0], stand_in(draft, post)
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
    if not able(draft, post):
        _tell_vacant(draft, name, division)


def _tell_vacant(draft: Draft, post: str, division: str) -> None:
    draft.tell("post_vacant", SUPERVISOR, division[:6] + "000000", vacant=post, at=division)


def _is_manned(draft: Draft, item: Mapping[str, Any]) -> bool:
    """Whether somebody is there who may see to *item*."""
    holders = draft.world.staff.holders(item["p"], item["d"], draft.today) if is_office_post(item["p"]) else ()
    return not is_office_post(item["p"]) or any(not is_relative(draft, key) for key in holders)


def readdress(draft: Draft, command: Readdress) -> str:
    """
    Open work of posts where nobody is left who may act goes to who stands in for them; if nobody does, the supervisor
    is told once. A post is vacant, or all who hold it are relatives. What a signer is asked is nobody else's.

    Raises:
        ActionNotAllowedError: Somebody is there for all open work, or it is known that nobody is.
    """
    moved: dict[str, str] = {}
    for number, item in tuple(draft.section("items").items()):
        if _is_manned(draft, item) or draft.get("asks", item["q"]) is None:
            continue
        asked = item.get("f", item["p"])
        written = next((post for post in posts_asked(draft, item["q"]) if post.partition("@")[0] == asked), asked)
        post = stand_in(draft, written)
        if "g" not in item and is_office_post(post) and able(draft, post):
            name, division = draft.place_of(post)
            kept = {"q": item["q"], "p": name, "d": division}
            draft.put("items", number, kept if name == asked else {**kept, "f": asked})
            draft.tell("asked", name, division, ask=item["q"])
            moved[number] = post
        elif not item.get("v"):
            draft.put("items", number, {**item, "v": True})
            _tell_vacant(draft, item["p"], item["d"])
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


@dataclass(frozen=True, slots=True)
class _About:
    """Whom another case is about: what tells it from its sisters, subject, household, division (empty: its home)."""

    key: str
    subject: str
    household: str
    division: str
    members: tuple[str, ...]


def open_subcases(draft: Draft, ask: str, asked: Voiced, number: int) -> dict[str, Any]:
    """
    Another case answers, or one each for several: opened in the same transaction, by the system.

    Returns:
        What the question keeps of it: ``of``, how many cases answer together, and their ends as they come, ``c``.

    Raises:
        UnknownRuleError: For whom depends on a fact that is missing.
        GuardRefusedError: A stage would wait for nobody.
    """
    voice = asked.case
    assert voice is not None
    about = _abouts(draft, asked, voice)
    for each in about:
        child = derived_id(draft.before.id, ask, number, *([each.key] if each.key else []))
        draft.put("links", child.hex, {"w": voice.workflow, "q": ask, "n": number, "k": "child"})
        opening = OpenCase(
            id=derived_id(draft.command.id, child), channel="", subject=each.subject, household=each.household,
            division=each.division, members=each.members, parent=(draft.before.id, ask),
            carried=carried(draft, voice.carries),
        )  # fmt: skip
        draft.followups.append(Followup(child, opening, voice.workflow))
    if not about and ask in draft.procedure.workflow.stages:
        nobody = reason("for_each", N_("{title} has nobody to be asked for"), title=asked.title)
        raise nobody.error(draft.before.id)
    return {"of": len(about), "c": {}} if voice.for_each else {}


def _abouts(draft: Draft, asked: Voiced, voice: CaseVoice) -> list[_About]:
    subject, household = str(draft.value("subject")), str(draft.value("household"))
    members, home = tuple(draft.value("members", ())), draft.division_at(voice.at)
    match voice.for_each:
        case "":
            return [_About("", subject, household, home, members)]
        case "members":
            wanted = getattr(asked, "for_each", "")
            chosen = [key for key in members if not wanted or draft.holds_of(wanted, key)]
            return [_About(key, f"{household or subject}/{key}", household or subject, home, (key,)) for key in chosen]
        case "children":
            below = [code for code in draft.world.parts if parent_of(code) == home]
            return [_About(code, code, "", code, ()) for code in below]
        case fact:
            stored = draft.get("facts", fact)
            listed = [] if stored is None or is_missing(stored["v"]) else stored["v"]
            at = home if voice.at else ""
            return [_About(str(key), str(key), str(key), at, ()) for key in dict.fromkeys(listed)]


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

"""What became of a command, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bangfu.terminal.screen import DONE, QUIET, escape
from bangfu.terminal.session import Session
from bangfu.terminal.titles import Titles
from engine.cases import Case, instant

if TYPE_CHECKING:
    from engine.office import Receipt


def case_document(session: Session, case: Case) -> dict[str, Any]:
    """The keys that every answer about a case has."""
    titles = Titles(session.workflow(case.version), session._)
    return {
        "id": case.id, "county": case.county, "number": case.number, "workflow": case.workflow,
        "version": case.version, "stage": case.stage, "stage_title": titles.ask(case.stage), "status": case.status,
        "outcome": case.get("outcome"), "division": case.division, "seq": case.seq, "at": case.at,
        "due": due_of(case),
    }  # fmt: skip


def due_of(case: Case) -> Any:
    """The earliest due instant of its running limits, as JSON; None if none runs."""
    dues = [clock["due"] for clock in case.section("clocks").values() if clock.get("k") != "wait"]
    return min(dues, default=None)


def receipt_document(session: Session, receipt: Receipt) -> dict[str, Any]:
    event = receipt.event
    return {
        "case": case_document(session, receipt.case),
        "event": {"seq": event.seq, "kind": event.kind, "at": event.at, "command": event.command, "post": event.post},
        "repeated": receipt.repeated,
    }


def draw_receipt(session: Session, receipt: Receipt) -> None:
    """One line of what happened, one of where the case stands now and who has work."""
    from bangfu.terminal.story import sentence

    case, screen = receipt.case, session.screen
    titles = Titles(session.workflow(case.version), session._)
    mark = session._("(was done before)") if receipt.repeated else ""
    screen.print(f"[bold]{case.number}[/]  {escape(sentence(receipt.event, titles, session.times))} {mark}".rstrip())
    screen.print(f"  {standing(session, case, titles)}")


def standing(session: Session, case: Case, titles: Titles) -> str:
    """Where the case stands, who has work there, and until when."""
    _ = session._
    if case.status != "open":
        ended = _("ended: {end}").format(end=titles.ask(case.stage))
        rest = [titles.ask(name) for name, task in case.section("tasks").items() if task["st"] == "open"]
        open_ = _("; still open: {tasks}").format(tasks="、".join(rest)) if rest else ""
        return f"[{DONE}]{escape(ended)}[/]{escape(open_)}"
    parts = [f"[bold]{escape(titles.ask(case.stage))}[/]"]
    holders = waiting_for(case, titles)
    if holders:
        parts.append(escape(_("with {posts}").format(posts="、".join(holders))))
    parts += [escape(each) for each in waiting_on(session, case, titles)]
    due = due_of(case)
    if due:
        parts.append(_("due {day}").format(day=session.times.due(instant(due))))
    return f"[{QUIET}]·[/] ".join(f"{part} " for part in parts).rstrip()


def waiting_on(session: Session, case: Case, titles: Titles) -> list[str]:
    """What else holds the case up than open work: a notice that hangs, an objection, a linked case, a stopped clock."""
    from engine.clocks import ClockState

    _, times = session._, session.times
    states = {name: ClockState.from_json(name, value) for name, value in case.section("clocks").items()}
    found = []
    wait = states.get(f"{case.stage}.wait")
    if wait is not None and wait.status == "running" and case.section("notices").get(case.stage):
        found.append(_("posted through {day}").format(day=times.day_of(wait.due_at).isoformat()))
    words = {"objection": _("an objection is being verified"), "child": _("waits for a linked case")}
    kinds = (link["k"] for link in case.section("links").values())
    found += [words[kind] for kind in dict.fromkeys(kinds) if kind in words]
    stopped = [titles.ask(name) for name, state in states.items() if state.status == "stopped"]
    return found or [_("{clock} is stopped").format(clock=title) for title in stopped]


def waiting_for(case: Case, titles: Titles) -> Sequence[str]:
    """The posts that have open work, each once; of a task with what it is."""
    found: dict[str, None] = {}
    for item in case.section("items").values():
        post = titles.post(item["p"])
        found[post if item["q"] == case.stage else f"{post}({titles.ask(item['q'])})"] = None
    return tuple(found)

"""Why a clock is due when it is: day by day for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bangfu.terminal.screen import DONE, HEAD, LATE, QUIET, SOON, Screen, Times, escape, styled, table
from bangfu.terminal.titles import Titles
from engine.cases import Event
from engine.clocks import Amount, ClockState, Extension, Offset, Stop
from engine.compiling import ClockSpec
from engine.errors import N_
from engine.explaining import Explanation, Row, Why, explain

if TYPE_CHECKING:
    from gettext import NullTranslations

WHY: Mapping[Why, str] = {
    "first_day": N_("the first day is not counted"),
    "counted": N_("counted"),
    "makeup": N_("a weekend made a working day, counted"),
    "hours": N_("hours are counted as they pass"),
    "weekend": N_("weekend, not counted"),
    "holiday": N_("holiday, not counted"),
    "closure": N_("the offices are closed, not counted"),
    "stopped": N_("the clock is stopped, not counted"),
    "moved": N_("no work is done: the last day moves on"),
    "last_day": N_("the last day"),
    "not_moved": N_("the last day, although no work is done"),
    "corresponding_day": N_("the corresponding day is the last"),
    "month_end": N_("the month's last day, since it has no corresponding one"),
    "fixed_date": N_("the date itself"),
}
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_STATUS = {"running": N_("running"), "stopped": N_("stopped"), "ended": N_("ended")}
_EVENTS = {
    "entered": N_("{ask} entered"), "ready": N_("{ask} ready"), "begun": N_("{ask} begun"), "left": N_("{ask} left"),
    "opened": N_("{ask} opened"), "posted": N_("{ask} posted"), "done": N_("{ask} done"),
}  # fmt: skip


def ledgers(events: Iterable[Event]) -> list[ClockState]:
    """Every clock that a case ever had, as last recorded, in the order in which they started; ended ones marked so."""
    running: dict[str, ClockState] = {}
    over: list[ClockState] = []
    for event in events:
        for section, name, value in event.changes:
            if section != "clocks":
                continue
            if value is not None:
                state = ClockState.from_json(name, value)
                before = running.get(name)
                if before is not None and before.entry != state.entry:
                    over.append(replace(before, ended_at=event.at))
                running[name] = state
            else:
                for each in [name] if name else list(running):
                    if each in running:
                        over.append(replace(running.pop(each), ended_at=event.at))
    return sorted([*over, *running.values()], key=lambda state: state.started_at)


def amount_said(amount: Amount, words: NullTranslations) -> str:
    """``3 working days``."""
    number, ngettext = amount.number, words.ngettext
    said = {
        "hour": ngettext("{n} hour", "{n} hours", number), "day": ngettext("{n} day", "{n} days", number),
        "workday": ngettext("{n} working day", "{n} working days", number),
        "month": ngettext("{n} month", "{n} months", number), "year": ngettext("{n} year", "{n} years", number),
    }  # fmt: skip
    return said[amount.unit].format(n=number)


class Derivation:
    """One clock, explained."""

    def __init__(self, state: ClockState, spec: ClockSpec | None, titles: Titles, times: Times) -> None:
        self.state = state
        self.spec = spec
        self.titles = titles
        self.times = times
        self._ = titles._
        self.found: Explanation = explain(state, times.calendar, times.now)

    @property
    def title(self) -> str:
        return (
            self.spec.title
            if self.spec is not None and self.spec.kind == "limit"
            else self.titles.ask(self.state.clock)
        )

    def amount(self, amount: Amount) -> str:
        return amount_said(amount, self.times.words)

    def term(self) -> str:
        term = self.state.term
        if isinstance(term, Amount):
            return self.amount(term)
        if isinstance(term, Offset):
            anchor = self.titles.fact(term.anchor)
            text = self._("{amount} before {anchor}") if term.side == "before" else self._("{amount} after {anchor}")
            return text.format(amount=self.amount(term.amount), anchor=anchor) if term.amount.number else anchor
        return str(term)

    def cause(self) -> str:
        """The event that started it, in words."""
        ask, dot, word = self.state.cause.partition(".")
        if not dot:
            return self.titles.fact(ask) if ask in self.titles.workflow.facts else self.titles.ask(ask)
        if word in _EVENTS:
            return self._(_EVENTS[word]).format(ask=self.titles.ask(ask))
        return f"{self.titles.ask(ask)}·{self.titles.action(word, ask)}"

    # --- as JSON ---

    def document(self) -> dict[str, Any]:
        state, found = self.state, self.found
        return {
            "clock": state.clock, "title": self.title, "kind": state.kind, "entry": state.entry, "status": state.status,
            "term": str(state.term), "clause": self.spec.clause if self.spec else "", "cause": state.cause,
            "started_at": state.started_at, "due_at": found.due.at if found.due else None,
            "due_date": found.due.date if found.due else None, "provisional": state.provisional,
            "elapsed": str(found.elapsed), "late": found.late_by is not None, "agrees": found.agrees,
            "ended_at": state.ended_at, "calendar": state.calendar,
            "days": [_row_document(row) for row in found.rows],
            "stops": [_stop_document(stop) for stop in state.stops],
            "extensions": [_extension_document(each) for each in state.extensions],
        }  # fmt: skip

    # --- for people ---

    def draw(self, screen: Screen) -> None:
        screen.print(f"[{HEAD}]{escape(self.title)}[/]  {self._status()}")
        for line in self._head():
            screen.print(f"  {line}")
        rows = [self._line(list(days)) for _key, days in groupby(self.found.rows, _alike)]
        headings = [self._("Days"), self._("What they are"), self._("Counted"), self._("By which document")]
        screen.print(table(headings, rows, narrow=(0, 2)))

    def _status(self) -> str:
        if self.found.late_by is not None:
            return styled(LATE, self._("late"))
        style = {"running": SOON, "stopped": QUIET, "ended": DONE}[self.state.status]
        return f"[{style}]{self._(_STATUS[self.state.status])}[/]"

    def _head(self) -> list[str]:
        _, state = self._, self.state
        clause = self.spec.clause if self.spec is not None else ""
        lines = [
            escape(_("{term} from “{cause}” on {time}").format(
                term=self.term(), cause=self.cause(), time=self.times.instant(state.started_at))),
        ]  # fmt: skip
        if clause:
            lines.append(escape(_("Clause: {clause}").format(clause=clause)))
        lines += [escape(self._extension(each)) for each in state.extensions]
        lines += [escape(self._stop(each)) for each in state.stops]
        due = self.found.due
        if due is None:
            lines.append(_("stopped: it is due when it runs on"))
        else:
            said = _("due on {day}, end of day") if self.times.day_of(due.at) == due.date else _("due on {day}")
            said = said.format(day=f"{due.date.isoformat()} {self._weekday(due.date)}")
            lines.append(f"[bold]{said}[/]")
        if state.provisional:
            lines.append(styled(SOON, _("provisional: the notice of holidays is not known yet")))
        if not self.found.agrees:
            lines.append(styled(SOON, _("the calendar was amended since; the deadline is not yet counted again")))
        lines.append(escape(_("elapsed: {amount}").format(amount=self.amount(self.found.elapsed))))
        return lines

    def _extension(self, each: Extension) -> str:
        return self._("extended by {amount} ({person})").format(
            amount=self.amount(each.amount), person=each.by or each.reason
        )

    def _stop(self, stop: Stop) -> str:
        until = self.times.instant(stop.until) if stop.until else "…"
        reason = stop.reason.partition(":")[2]
        why = self.titles.ask(reason) if reason else stop.reason
        return self._("stopped {since} – {until}: {why}").format(
            since=self.times.instant(stop.since), until=until, why=why
        )

    def _line(self, rows: Sequence[Row]) -> list[str]:
        first, last = rows[0], rows[-1]
        days = f"{self.times.short(first.day.date)} {self._weekday(first.day.date)}"
        if last is not first:
            days += f" … {self.times.short(last.day.date)} {self._weekday(last.day.date)}"
        what = self._(WHY[first.why])
        if first.day.title:
            what = f"{first.day.title}：{what}"
        counted = ""
        if first.counted:
            counted = str(last.total) if last is first else f"{first.total}–{last.total}"
        by = "；".join(part for part in (first.clause, first.day.source) if part)
        style = "bold" if last.why in ("last_day", "not_moved", "corresponding_day", "month_end", "fixed_date") else ""
        style = style or ("" if first.counted else QUIET)
        cells = [days, escape(what), counted, escape(by)]
        return [f"[{style}]{text}[/]" if style and text else text for text in cells]

    def _weekday(self, day: date) -> str:
        return self._(WEEKDAYS[day.weekday()])


def _alike(row: Row) -> tuple[Any, ...]:
    return row.why, row.counted, row.day.source, row.day.title, row.stop


def _row_document(row: Row) -> dict[str, Any]:
    return {
        "date": row.day.date, "kind": row.day.kind, "counted": row.counted, "total": row.total, "why": row.why,
        "clause": row.clause, "source": row.day.source, "provisional": row.day.provisional,
    }  # fmt: skip


def _stop_document(stop: Stop) -> dict[str, Any]:
    return {"since": stop.since, "until": stop.until, "reason": stop.reason, "document": stop.document}


def _extension_document(extension: Extension) -> dict[str, Any]:
    return {"amount": str(extension.amount), "reason": extension.reason, "by": extension.by}

"""Running: the scheduler, one sweep, practice time, the demonstration, and whether all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.terminal.app import RUNNING, session_of
from bangfu.terminal.screen import DONE, LATE, QUIET, SOON, escape, table
from bangfu.terminal.session import Session
from bangfu.terminal.values import duration
from engine.errors import N_, told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.office import Swept
    from storage.checks import Violation

commands = typer.Typer()
time = typer.Typer(no_args_is_help=True)
audit = typer.Typer(no_args_is_help=True)
commands.add_typer(time, name="time", help=N_("The time of a practice database"), rich_help_panel=RUNNING)
commands.add_typer(audit, name="audit", help=N_("The log and its chain of hashes"), rich_help_panel=RUNNING)

#: What `check` finds is shown up to here.
_SHOWN = 20


@commands.command(
    "run", help=N_("Run until stopped: whatever falls due is done when it falls due"), rich_help_panel=RUNNING
)
def run(
    context: typer.Context,
    every: Annotated[int, typer.Option(metavar="SECONDS", min=1, help=N_("How often to look for due work"))] = 15,
) -> None:
    from bangfu.scheduler import run_scheduler

    session = session_of(context)
    session.usual_level = "info"
    bangfu = session.bangfu
    session.configure_logs()
    run_scheduler(bangfu, every)
    session.answer({"stopped": True}, lambda: session.screen.print(session._("Stopped.")))


@commands.command("sweep", help=N_("Do once whatever is due"), rich_help_panel=RUNNING)
def sweep(context: typer.Context) -> int:
    session = session_of(context)
    swept = session.bangfu.office.sweep()
    session.answer(_swept_document(session, swept), lambda: _draw_swept(session, swept))
    return 7 if swept.failed else 0


def _swept_document(session: Session, swept: Swept) -> dict[str, Any]:
    return {
        "fired": swept.fired, "oldest_due": swept.oldest_due,
        "failed": [
            {"case": each.case, "timer": each.number, "error": told(error, session._)} for each, error in swept.failed
        ],
    }  # fmt: skip


def _draw_swept(session: Session, swept: Swept) -> None:
    text = session.n_("{n} timer fired.", "{n} timers fired.", swept.fired)
    session.screen.print(text.format(n=swept.fired))
    for timer, error in swept.failed:
        text = session._("Timer {no} of case {case} failed: {error}")
        session.screen.print(
            f"[{LATE}]{escape(text.format(no=timer.number, case=timer.case, error=told(error, session._)))}[/]"
        )


@time.command("show", help=N_("What time it is in this database, and how far ahead that is"))
def time_show(context: typer.Context) -> None:
    session = session_of(context)
    bangfu = session.bangfu
    now, ahead = bangfu.time_source.now(), bangfu.database.offset()
    document = {"now": now, "day": bangfu.today, "ahead_seconds": int(ahead.total_seconds())}

    def draw() -> None:
        times = session.times
        day = bangfu.calendar.day(bangfu.today)
        session.screen.print(session._("It is now {time:%Y-%m-%d %H:%M}.").format(time=bangfu.calendar.local(now)))
        text = session._("a working day") if day.is_working else session._("no working day")
        session.screen.print(escape(" · ".join(part for part in (text, day.title, day.source) if part)))
        if bangfu.practice and ahead:
            is_ahead = ahead.total_seconds() > 0
            text = session._("{time} ahead of real time") if is_ahead else session._("{time} behind real time")
            session.screen.print(text.format(time=times.span(ahead)))

    session.answer(document, draw)


@time.command(
    "advance", help=N_("Move a practice database's time on, such as 8d or 12h, and do what falls due on the way")
)
def time_advance(
    context: typer.Context, by: Annotated[str, typer.Argument(metavar="TIME", help=N_("How far: 8d, 12h, 2w"))]
) -> int:
    session = session_of(context)
    bangfu = session.bangfu
    fired, failed = 0, 0
    for step in bangfu.advance(duration(by, "TIME")):
        fired += step.fired
        failed += len(step.failed)
    now = bangfu.time_source.now()
    document = {"now": now, "fired": fired, "failed": failed}

    def draw() -> None:
        local = bangfu.calendar.local(now)
        session.screen.print(session._("It is now {time:%Y-%m-%d %H:%M}.").format(time=local))
        text = session.n_("{n} timer fired.", "{n} timers fired.", fired)
        session.screen.print(text.format(n=fired))

    session.answer(document, draw)
    return 7 if failed else 0


@commands.command(
    "demo",
    help=N_("A county, end to end: from a roster through identification, on a virtual clock"),
    rich_help_panel=RUNNING,
)
def demo(
    context: typer.Context,
    households: Annotated[int, typer.Option(metavar="N", min=5, help=N_("How many synthetic households"))] = 300,
    replace: Annotated[
        bool, typer.Option("--replace", help=N_("Replace an earlier demonstration of this name"))
    ] = False,
) -> int:
    from dataclasses import asdict
    from dataclasses import replace as changed

    from bangfu.demo.running import PLACE, free_place, remove_practice, run

    session = session_of(context)
    settings = session.settings
    if not session.names_database:
        place = PLACE if replace else free_place()
        settings = changed(settings, database=f"sqlite:///{place}", key_file=place.with_suffix(".key"))
    if replace:
        remove_practice(settings)
    session.screen.practice = True
    result = run(settings, session.screen, households)
    if session.screen.as_json:
        session.screen.document(asdict(result) | {"violations": _told(session, result.violations)})
    return 7 if result.violations else 0


@commands.command(
    "upgrade", help=N_("Lead an older database to what this program needs; back it up first"), rich_help_panel=RUNNING
)
def upgrade(context: typer.Context) -> None:
    from storage.migrating import upgrade as upgrade_database

    session = session_of(context)
    upgrade_database(session.settings.database)
    schema = session.bangfu.health().schema
    text = session._("The database has schema {schema}.").format(schema=schema)
    session.answer({"schema": schema}, lambda: session.screen.print(text))


@audit.command("verify", help=N_("Check every case's log: its chain of hashes, and that it gives what is stored"))
def audit_verify(context: typer.Context) -> int:
    session = session_of(context)
    return _show_violations(session, session.bangfu.violations(), {})


@commands.command(
    "doctor", help=N_("Is all well: database, key, calendar, clock, due work, every invariant"), rich_help_panel=RUNNING
)
def doctor(context: typer.Context) -> int:
    session = session_of(context)
    bangfu = session.bangfu
    health = bangfu.health()
    violations = bangfu.violations()
    trouble = [text for text, is_bad in _health_lines(session, health) if is_bad]
    if not session.screen.as_json:
        for text, is_bad in _health_lines(session, health):
            mark = f"[{SOON}]![/]" if is_bad else f"[{DONE}]✓[/]"
            session.screen.print(f"{mark} {escape(text)}")
    document = {"health": health, "warnings": trouble}
    return _show_violations(session, violations, document)


def _health_lines(session: Session, health: Any) -> list[tuple[str, bool]]:
    """What `doctor` says, and whether it is a worry."""
    _, times = session._, session.times
    lines = [
        (_("Database: {engine}, schema {schema}").format(engine=health.engine, schema=health.schema), False),
        (_("The key belongs to it"), False),
    ]
    if health.journal:
        is_old = health.journal != "wal"
        lines.append((_("SQLite journal: {journal}").format(journal=health.journal), is_old))
    known = _("Calendar: notices of {first}–{last}").format(first=health.years[0], last=health.years[-1])
    lines.append((known, health.years[-1] < times.calendar.local_date(session.now).year))
    if health.clock_behind:
        lines.append(
            (_("The clock is behind the last event: {time}").format(time=times.instant(health.last_event)), True)
        )
    if health.last_tick is None:
        lines.append((_("The scheduler has never run here"), not health.practice))
    else:
        said = _("Scheduler last seen {time}").format(time=times.instant(health.last_tick))
        lines.append((said, health.is_silent))
    if health.oldest_due is not None:
        said = _("Work is due since {time}").format(time=times.instant(health.oldest_due))
        lines.append((said, True))
    else:
        lines.append((_("Nothing is due"), False))
    return lines


def _told(session: Session, violations: Iterable[Violation]) -> list[dict[str, str]]:
    return [
        {"invariant": each.invariant, "case": each.case, "what": told(each.words, session._)} for each in violations
    ]


def _show_violations(session: Session, violations: Any, document: dict[str, Any]) -> int:
    found = _told(session, violations)

    def draw() -> None:
        if not found:
            session.screen.print(f"[{DONE}]✓[/] " + session._("Every log is whole and gives what is stored"))
            return
        text = session.n_("{n} violation was found", "{n} violations were found", len(found))
        session.screen.print(f"[{LATE}]{text.format(n=len(found))}[/]")
        rows = [(each["invariant"], each["case"], escape(each["what"])) for each in found[:_SHOWN]]
        session.screen.print(table((session._("Invariant"), session._("Case"), session._("What")), rows, narrow=(0, 1)))
        if len(found) > _SHOWN:
            session.screen.print(f"[{QUIET}]…[/]")

    session.answer(document | {"violations": found}, draw)
    return 7 if found else 0

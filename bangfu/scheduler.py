"""
`bangfu run`: APScheduler wakes the sweep, and does nothing else.

What is due is in the database, so that it does not matter how often it is woken, how many of these run, or how long
none did (design.md §2.6). Stopped by SIGTERM or SIGINT it finishes the sweep at hand.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from engine.errors import BangfuError

if TYPE_CHECKING:
    from bangfu.wiring import Bangfu

_TROUBLE = {
    EVENT_JOB_ERROR: "tick_failed",
    EVENT_JOB_MISSED: "tick_missed",
    EVENT_JOB_MAX_INSTANCES: "tick_unfinished",
}


def run_scheduler(bangfu: Bangfu, every: int) -> None:
    """
    Sweep at once, then every so many seconds, until this process is told to stop.

    Args:
        every: Seconds from one look for due work to the next.
    """
    log = structlog.get_logger()
    scheduler = BlockingScheduler(
        timezone=bangfu.calendar.zone,
        # Late runs are not dropped, and those that piled up are one.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )

    def tick() -> None:
        try:
            bangfu.tick()
        except BangfuError as error:
            # The database may be back at the next tick; what is due stays due.
            log.warning("tick_failed", error=type(error).__name__)

    def trouble(event: Any) -> None:
        log.warning(_TROUBLE[event.code], error=type(getattr(event, "exception", None)).__name__)

    def stop(number: int, _frame: object) -> None:
        # From a thread: the handler may have interrupted the scheduler while it holds its own lock.
        log.info("scheduler_stopping", signal=signal.Signals(number).name)
        threading.Thread(target=scheduler.shutdown).start()

    scheduler.add_listener(trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
    scheduler.add_job(tick, IntervalTrigger(seconds=every, timezone=bangfu.calendar.zone), id="tick")
    log.info("scheduler_started", every_seconds=every, practice=bangfu.practice)
    tick()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    scheduler.start()
    log.info("scheduler_stopped")

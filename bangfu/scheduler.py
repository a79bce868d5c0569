"""
`bangfu run`: APScheduler wakes the sweep, and does nothing else.

What is due is in the database, so that it does not matter how often it is woken, how many of these run, or how long
none did (design.md §2.6). Stopped by SIGTERM or SIGINT it finishes the sweep at hand.

APScheduler goes by the clock on the wall: set back by an hour, it would sleep for that hour. The main thread, which
waits by the monotonic clock, looks after it (R4).
"""

from __future__ import annotations

import logging
import signal
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bangfu.timesource import SystemTime
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
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # It tells of every tick, twice.
    scheduler = BackgroundScheduler(
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

    stopped = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        # From a thread: the handler may have interrupted the wait below while that holds the event's own lock.
        threading.Thread(target=stopped.set).start()

    scheduler.add_listener(trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info("scheduler_started", every_seconds=every, practice=bangfu.practice)
    tick()
    scheduler.add_job(tick, IntervalTrigger(seconds=every, timezone=scheduler.timezone), id="tick")
    scheduler.start()
    clock = SystemTime()
    while not stopped.wait(every):
        wake_if_set_back(scheduler, clock.now(), every)
    log.info("scheduler_stopping")
    scheduler.shutdown()
    log.info("scheduler_stopped")


def wake_if_set_back(scheduler: BackgroundScheduler, now: datetime, every: int) -> None:
    """Count the job's interval from *now* if it is to begin later than that: the clock on the wall was set back."""
    due = scheduler.get_job("tick").next_run_time
    if due is not None and due - now > timedelta(seconds=2 * every):
        scheduler.reschedule_job("tick", trigger=IntervalTrigger(seconds=every, timezone=scheduler.timezone))

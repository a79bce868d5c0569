"""
Logs: events with keys, on stderr. For people on a terminal, one JSON object a line otherwise.

No personal data (I32). A log names a case, a stage, an action; who a household is stands in the database, encrypted.
Three rules keep it so even where a caller forgets, and where a library or a traceback repeats its input:

- a value is a plain thing (text, number, instant, id ...); of any other object only its type is logged, since its
  ``repr`` may hold a household;
- numbers that look like an ID, telephone, disability-card or bank number are masked, also with spaces and in
  full-width digits;
- Chinese characters are masked: code, identifiers and events are English, so in a log they can only be somebody's data.

A masked nanosecond count or hash is the price, and cheap.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, TextIO
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from structlog.typing import EventDict, Processor

from bangfu.masking import MASK, is_personal, masked_text
from engine.ports import TimeSource

#: The clock on the wall.
_ZONE = ZoneInfo("Asia/Shanghai")
_HARMLESS = (bool, type(None), datetime, date, time, timedelta, UUID)
_TEXTUAL = (Decimal, PurePath, Enum)


def configure(time_source: TimeSource, *, level: str = "warning", stream: TextIO | None = None) -> None:
    """
    Send structlog's events and those of the libraries' own loggers to *stream*, masked.

    Calling it again replaces what was configured before.

    Args:
        time_source: Stamps every event; a practice database's log is in its practice time.
        level: The lowest level that is written: ``debug``, ``info``, ``warning`` or ``error``.
        stream: ``sys.stderr`` unless given. A terminal gets text for people, anything else JSON lines.
    """
    stream = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp(time_source),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Plain tracebacks: the richer ones show local variables.
                structlog.processors.format_exc_info,
                mask_event,
                *([_on_the_wall] if stream.isatty() else []),
                _renderer(stream),
            ],
        )
    )
    # What APScheduler does at every tick is told by our own events; only its troubles are news.
    logging.getLogger("apscheduler").setLevel(max(number, logging.WARNING))
    root = logging.getLogger()
    for known in tuple(root.handlers):
        if isinstance(known.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(known)
    root.addHandler(handler)
    root.setLevel(number)


def mask_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The structlog processor: *event* with everything personal in its keys and values masked."""
    return _masked(event)


def _masked(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return masked_text(value)
    if isinstance(value, _HARMLESS):
        return str(value) if isinstance(value, UUID | timedelta) else _iso(value)
    if isinstance(value, int | float):
        return MASK if is_personal(value) else value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {masked_text(str(key)): _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    if isinstance(value, _TEXTUAL):
        return masked_text(str(value.value if isinstance(value, Enum) else value))
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {masked_text(str(value))}"
    return f"<{type(value).__name__}>"


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | time) else value


def _stamp(time_source: TimeSource) -> Processor:
    def stamp(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["at"] = time_source.now().astimezone(UTC).isoformat(timespec="milliseconds")
        return event

    return stamp


def _on_the_wall(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The time as people on a terminal read it everywhere else: by the clock on the wall."""
    event["at"] = f"{datetime.fromisoformat(event['at']).astimezone(_ZONE):%m-%d %H:%M:%S}"
    return event


def _renderer(stream: TextIO) -> Processor:
    if stream.isatty():
        return structlog.dev.ConsoleRenderer(
            timestamp_key="at", pad_event_to=24, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
        )
    return structlog.processors.JSONRenderer(ensure_ascii=False)

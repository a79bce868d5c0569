"""
One run of the command line: who asks, of which database, in which language; and how it is answered.

Nothing is opened before a command needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bangfu.i18n import translator
from bangfu.settings import DATABASE, LogLevel, Settings, read_settings
from bangfu.terminal.screen import Screen, Times
from engine.errors import N_, InputError, NotFoundError

if TYPE_CHECKING:
    from bangfu.terminal.titles import Titles
    from bangfu.wiring import Bangfu
    from engine.cases import Case
    from engine.loading import Definition
    from engine.ports import Scope
    from engine.workflow import Workflow


LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Options:
    """What may be said before or after any command."""

    database: str | None = None
    key_file: Path | None = None
    language: str | None = None
    person: str | None = None
    county: str | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A case that somebody named."""

    county: str
    id: UUID


class Session:
    """What a command works with. Raises what `read_settings` and `open_bangfu` raise, when they are first needed."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.screen = Screen(options.as_json, translator(language_of(options)))
        self._opened: Bangfu | None = None
        self._logs = False
        #: What is logged unless settings say otherwise; `bangfu run` says more.
        self.usual_level: LogLevel = "warning"

    # --- words ---

    def _(self, text: str) -> str:
        """*text* in the reader's language."""
        return self.screen.words.gettext(text)

    def n_(self, one: str, many: str, n: int) -> str:
        return self.screen.words.ngettext(one, many, n)

    # --- what is opened ---

    @cached_property
    def settings(self) -> Settings:
        options = self.options
        return read_settings(
            os.environ, database=options.database, key_file=options.key_file,
            language=options.language, person=options.person,
        )  # fmt: skip

    @property
    def names_database(self) -> bool:
        """Whether somebody said which database is meant."""
        return bool(self.options.database or os.environ.get(DATABASE))

    @property
    def log_level(self) -> LogLevel:
        return self.settings.log_level or self.usual_level

    @property
    def bangfu(self) -> Bangfu:
        if self._opened is None:
            from bangfu.wiring import open_bangfu

            self.adopt(open_bangfu(self.settings, self.log))
        assert self._opened is not None
        return self._opened

    def adopt(self, opened: Bangfu) -> None:
        """Work with *opened* from now on; a practice database says so before anything else is said."""
        self._opened = opened
        self.screen.practice = opened.practice
        if opened.practice and not self.screen.as_json:
            local = opened.calendar.local(opened.time_source.now())
            text = self._("Practice database, not real. Its time: {time:%Y-%m-%d %H:%M}.")
            self.screen.warn(text.format(time=local))

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def log(self, event: str, **keys: object) -> None:
        """
        Where the office says what it does. structlog is loaded with the first event that is written: at the level of
        most commands, trouble alone. A sweep that found nothing to do is no news.
        """
        trouble = event.endswith(("_failed", "_unknown"))
        level: LogLevel = "warning" if trouble else "debug" if event == "nothing_due" else "info"
        if not trouble and LEVELS.index(self.log_level) > LEVELS.index(level):
            return
        import structlog

        if not self._logs:
            self.configure_logs()
        logger = structlog.get_logger()
        getattr(logger, level)(event, **keys)

    def configure_logs(self) -> None:
        """Send logs to standard error, at practice time if that is what the database lives by."""
        from bangfu.logs import configure
        from bangfu.timesource import SystemTime

        configure(self._opened.time_source if self._opened else SystemTime(), level=self.log_level)
        self._logs = True

    # --- who and where ---

    @cached_property
    def person(self) -> str:
        """
        Whose commands these are.

        Raises:
            InputError: Nobody said.
            NotFoundError: The database knows nobody of that key.
        """
        key = self.settings.person
        if not key:
            raise InputError(
                N_("this is done in somebody's name, and nobody was named"), field="--as",
                advice=N_("add --as PERSON, or set BANGFU_AS; bangfu person list shows who there is"),
            )  # fmt: skip
        self._require_known(key)
        return key

    def _require_known(self, key: str) -> None:
        if self.bangfu.places.knows(key):
            return
        near = get_close_matches(key, [each.key for each in self.bangfu.people()], 1)
        raise NotFoundError(
            N_("there is no person {person} here"),
            advice=N_("did you mean {near}? bangfu person list shows who there is")
            if near
            else N_("bangfu person list shows who there is"),
            person=key, near="".join(near),
        )  # fmt: skip

    @property
    def counties(self) -> tuple[str, ...]:
        """Six digits of each county that may be meant: said by --county, else those the person serves, else all."""
        if self.options.county:
            return (self.options.county[:6],)
        places = self.bangfu.places
        served = places.counties_of(self.settings.person) if self.settings.person else ()
        return served or places.counties()

    @cached_property
    def county(self) -> str:
        """
        The county whose data is meant: said by --county, else the only one that the person serves or that there is.

        Raises:
            InputError: There are several.
            NotFoundError: There are several, and whoever was named is nobody's officer.
        """
        counties = self.counties
        if len(counties) != 1:
            if counties and self.settings.person:
                self._require_known(self.settings.person)
            raise InputError(
                N_("there are several counties here: {counties}") if counties else N_("no county is known here yet"),
                field="--county",
                advice=N_("add --county CODE") if counties else N_("bangfu import divisions"),
                counties=", ".join(counties),
            )
        return counties[0]

    @cached_property
    def scope(self) -> Scope:
        """Raises PermissionDeniedError if the person holds no post in the county."""
        person = self.person  # First: in which of several counties one serves cannot be known of nobody.
        return self.bangfu.scope(self.county, person)

    @property
    def now(self) -> datetime:
        """Whole milliseconds, as the log has them: what is said to have been now is never after it."""
        now = self.bangfu.time_source.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @cached_property
    def times(self) -> Times:
        return Times(self.bangfu.calendar, self.now, self.screen.words)

    # --- cases ---

    def case_ref(self, text: str) -> CaseRef:
        """
        The case that *text* names: its number, the number's last part, or its id.

        Raises:
            NotFoundError: There is none in scope, or more than one.
        """
        from bangfu.terminal.values import identifier

        named = identifier(text)
        if named is not None:
            return CaseRef(self.county, named)
        scope = self.scope_of(text)
        rows = [row for row in self.bangfu.register.find(scope, text) if _names(text, row.number)]
        if len(rows) != 1:
            raise NotFoundError(
                N_("several cases end in {number}: {numbers}")
                if rows
                else N_("there is no case {number} in your scope"),
                advice=N_("bangfu find NAME"), number=text, numbers=", ".join(row.number for row in rows),
            )  # fmt: skip
        return CaseRef(scope.county, rows[0].id)

    def scope_of(self, number: str) -> Scope:
        """The reader's scope in the county that a whole case number begins with."""
        county = number[:6]
        if len(number) > 7 and number[6] == "-" and county.isdecimal() and not self.options.county:
            return self.bangfu.scope(county, self.person)
        return self.scope

    def case(self, ref: CaseRef) -> Case:
        """Raises CaseNotFoundError."""
        return self.bangfu.office.case(ref.county, ref.id, self.person)

    def called(self, key: str) -> str:
        """A person's name with the key that people type; the key alone of whom nobody has entered."""
        name = self.name_of(key)
        return f"{name} ({key})" if name else key

    def name_of(self, key: str) -> str:
        """A person's name; empty if nobody has entered him, or where no name was entered."""
        name = self._names.get(key, "")
        return name if name != key else ""

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {each.key: each.name for each in self.bangfu.people()}

    def post_title(self, titles: Titles, post: str) -> str:
        """A post's title, if not by the definition of *titles* then by another in force that knows it."""
        title, name = titles.post(post), post.partition("@")[0]
        return self.bangfu.definitions.post_titles().get(name, title) if title == name else title

    def definition(self, version: str) -> Definition:
        return self.bangfu.definitions.definition(version)

    def workflow(self, version: str) -> Workflow:
        return self.definition(version).workflow

    # --- answers ---

    def answer(self, document: Mapping[str, Any], draw: Callable[[], Any]) -> None:
        """Give *document*, or what *draw* prints for people."""
        if self.screen.as_json:
            self.screen.document(document)
        else:
            draw()


def language_of(options: Options) -> str:
    """The language that is asked for, before settings are checked: even their errors are told in it."""
    text = (options.language or os.environ.get("BANGFU_LANG", "") or "zh").lower()
    return "en" if text.startswith("en") else "zh_CN"


def _names(text: str, number: str) -> bool:
    """Whether *text* is a case's number, ``year-serial``, or the serial with or without its zeros."""
    serial = number.rpartition("-")[2]
    return number == text or number.endswith(f"-{text}") or (text.isdecimal() and int(serial) == int(text))

"""
What a deployment decides before bangfu starts. Read once at the edge from options and environment, then handed on.

Whether a database is a practice one is not a setting: it is written into the database when it is made, so that it
can never become a real one. The settings are documented in docs/reference/settings.md; a test holds both together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args

from engine.errors import N_, ConfigurationError

Language = Literal["zh_CN", "en"]
LogLevel = Literal["debug", "info", "warning", "error"]

DATABASE = "BANGFU_DATABASE"
KEY = "BANGFU_KEY"
KEY_FILE = "BANGFU_KEY_FILE"
LANGUAGE = "BANGFU_LANG"
LOG_LEVEL = "BANGFU_LOG"
LIBRARY = "BANGFU_LIBRARY"
PERSON = "BANGFU_AS"
VARIABLES = (DATABASE, KEY, KEY_FILE, LANGUAGE, LOG_LEVEL, LIBRARY, PERSON)

DEFAULT_DATABASE = "bangfu.db"
POSTGRES_SCHEMES = ("postgresql", "postgresql+psycopg")


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Settings that have been checked.

    Args:
        database: A SQLAlchemy URL. Not shown by ``repr``: it may hold a password.
        key: The master key as text, if the environment gave it; else it is in `key_file`. Not shown either.
        key_file: Where the master key is kept when `key` is ``None``. It need not exist yet.
        language: What officers read.
        log_level: ``None`` leaves it to the command: ``warning``, and ``info`` for ``bangfu run``.
        library: A folder of the deployment's own definitions and calendars, laid out as `workflows`.
        person: Whose commands the command line sends, by key; empty if nobody said.
    """

    database: str = field(repr=False)
    key: str | None = field(repr=False)
    key_file: Path
    language: Language
    log_level: LogLevel | None
    library: Path | None = None
    person: str = ""

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database, ``None`` for PostgreSQL."""
        prefix = "sqlite:///"
        return Path(self.database.removeprefix(prefix)) if self.database.startswith(prefix) else None

    @property
    def shown_database(self) -> str:
        """The database as it may be shown: a path, or a URL without a password."""
        if self.database_file is not None:
            return str(self.database_file)
        address, _, query = self.database.partition("?")
        kept = [part for part in query.split("&") if part and not part.startswith("password=")]
        return re.sub(r"://([^:@/]*):[^@]*@", r"://\1@", address) + ("?" + "&".join(kept) if kept else "")


def read_settings(
    environment: Mapping[str, str],
    *,
    database: str | None = None,
    key_file: Path | None = None,
    language: str | None = None,
    person: str | None = None,
) -> Settings:
    """
    Settle what options and environment say; an option wins over its variable. An empty variable counts as unset.

    Args:
        environment: Usually ``os.environ``; only names that begin with ``BANGFU_`` are looked at.
        database: A path to a SQLite file, or a URL.

    Raises:
        ConfigurationError: With advice. Values that may be secret are not repeated in it.
    """
    given = {name: value for name, value in environment.items() if name.startswith("BANGFU_") and value}
    _refuse_unknown(given)
    url = _database_url(database or given.get(DATABASE, DEFAULT_DATABASE))
    if KEY in given and (KEY_FILE in given or key_file):
        raise ConfigurationError(
            N_("{key} and a key file are both given, and only one can be meant"),
            advice=N_("unset {key} or the key file"),
            key=KEY,
        )
    return Settings(
        database=url,
        key=given.get(KEY),
        key_file=key_file or (Path(given[KEY_FILE]) if KEY_FILE in given else _default_key_file(url)),
        language=_language(language or given.get(LANGUAGE, "zh_CN")),
        log_level=_log_level(given.get(LOG_LEVEL)),
        library=Path(given[LIBRARY]) if LIBRARY in given else None,
        person=person or given.get(PERSON, ""),
    )


def _refuse_unknown(given: Mapping[str, str]) -> None:
    for name in given:
        if name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, n=1, cutoff=0.8)
            raise ConfigurationError(
                N_("{name} is no setting of bangfu"),
                advice=N_("did you mean {nearest}?") if near else N_("settings are {known}"),
                name=name,
                nearest="".join(near),
                known=", ".join(VARIABLES),
            )


def _database_url(text: str) -> str:
    if re.fullmatch(r"(sqlite:/*)?:memory:", text):
        raise ConfigurationError(
            N_("a database in memory is gone with the command that made it"), advice=N_("name a file")
        )
    scheme, separator, rest = text.partition("://")
    if not separator:
        return f"sqlite:///{Path(text)}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return text
    if scheme in POSTGRES_SCHEMES:
        return f"postgresql+psycopg://{rest}"
    raise ConfigurationError(
        N_("{name} begins with {scheme}://, which bangfu cannot open"),
        advice=N_("give a path to a SQLite file, sqlite:///PATH, or postgresql://USER@HOST/DATABASE"),
        name=DATABASE,
        scheme=scheme,
    )


def _default_key_file(url: str) -> Path:
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).with_suffix(".key")
    return Path("bangfu.key")


def _language(text: str) -> Language:
    # "zh", "zh-CN", "en_GB.UTF-8": what people and systems write for the two languages there are.
    start = text.replace("-", "_").split("_")[0].split(".")[0].lower()
    for language in get_args(Language):
        if start == language.split("_")[0]:
            return language
    raise ConfigurationError(
        N_("there is no language {text}"),
        advice=N_("use one of {known}"),
        text=repr(text),
        known=", ".join(get_args(Language)),
    )


def _log_level(text: str | None) -> LogLevel | None:
    if text is None:
        return None
    for level in get_args(LogLevel):
        if text.lower() == level:
            return level
    raise ConfigurationError(
        N_("{name} is {text}, which is no level"),
        advice=N_("use one of {items}"),
        name=LOG_LEVEL,
        text=repr(text),
        items=", ".join(get_args(LogLevel)),
    )

"""The command line in process, as a person would use it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.acceptance.terminal import Terminal, copy_office, make_office


@pytest.fixture(scope="session")
def made_office(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """The office that every test copies; nobody changes this one."""
    return make_office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def terminal(made_office: Terminal, tmp_path: Path) -> Terminal:
    """A county of one village, everybody in place, no case yet."""
    return copy_office(made_office, tmp_path)


@pytest.fixture(autouse=True)
def _no_logs_left_configured() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()

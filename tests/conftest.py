"""What every test may use. Fixtures of one package lie in its own folder."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from bangfu.timesource import ManualTime

# No test depends on how fast this machine is; a failure prints what makes it happen again.
settings.register_profile("bangfu", deadline=None, print_blob=True)
settings.load_profile("bangfu")


@pytest.fixture
def time_source() -> ManualTime:
    """Time that stands still, on a Monday morning in Zhangjiajie, until a test advances it."""
    return ManualTime(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BANGFU_")]:
        monkeypatch.delenv(name)

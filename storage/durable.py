"""Names in folders that are there after a power cut: a file's own fsync saves its content, not its name."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """
    Have the names in *folder* written down: of files made, renamed or taken away in it.

    Raises:
        OSError: It cannot be done.
    """
    if os.name != "posix":  # Elsewhere a folder cannot be opened, and the file system keeps names in its own journal.
        return
    here = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(here)
    finally:
        os.close(here)


def make_folder(folder: Path, within: Path) -> None:
    """
    Make *folder*, and those between it and *within*, which is there; each for its owner alone, its name written down.

    Raises:
        OSError: One cannot be made.
    """
    if folder == within or folder.is_dir():
        return
    make_folder(folder.parent, within)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)

"""New files are there after a power cut, by name too."""

from pathlib import Path

import pytest

from storage.database import Database
from storage.durable import make_folder
from storage.vault import create_key


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    folders: list[Path] = []
    for module in ("vault", "database", "durable"):
        monkeypatch.setattr(f"storage.{module}.sync_folder", folders.append)
    return folders


def test_the_folder_of_a_new_key_and_of_a_new_database_is_written_down(tmp_path: Path, synced: list[Path]) -> None:
    key = create_key(tmp_path / "base.key")
    assert synced == [tmp_path]
    Database.create(f"sqlite:///{tmp_path}/base.db", key).close()
    assert synced == [tmp_path, tmp_path]


def test_of_new_folders_each_is_written_down_in_the_one_above(tmp_path: Path, synced: list[Path]) -> None:
    make_folder(tmp_path / "a" / "b", tmp_path)
    assert synced == [tmp_path, tmp_path / "a"]
    make_folder(tmp_path / "a" / "b", tmp_path)
    assert len(synced) == 2

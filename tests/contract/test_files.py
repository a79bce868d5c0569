"""Papers and proofs: sealed for whom they are about, read back whole, and missed when they are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from engine.cases import Case, Document
from engine.errors import InputError, NotFoundError, StorageError
from storage.checks import check
from storage.files import Files
from tests.desk import COUNTY, NOW, Desk, decision

CONTENT = b"a scanned form that nobody may read"


@pytest.fixture
def files(desk: Desk, tmp_path: Path) -> Files:
    return Files(tmp_path / "kept", desk.database)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "测试户.PDF"
    path.write_bytes(CONTENT)
    return path


def _kept(tmp_path: Path) -> list[Path]:
    return sorted(each for each in (tmp_path / "kept").rglob("*") if each.is_file())


def _handed_in(desk: Desk, document: Document, subject: UUID) -> Case:
    case = desk.open(subject)
    paper = {"d": document.digest, "f": document.name, "s": 2}
    desk.store.commit([decision(case, "attached", [("papers", "scan", paper)])], desk.revision)
    return desk.load(case.id)


def _faults(desk: Desk, files: Files) -> list[str]:
    found = check(desk.database, NOW + timedelta(days=1), files=files)
    return [each.what for each in found if "document" in each.what]


def test_what_was_kept_is_read_back_by_its_owner_alone(desk: Desk, files: Files, scan: Path, tmp_path: Path) -> None:
    other = desk.new_household("")
    document = files.keep(COUNTY, [desk.household], scan, NOW)
    assert files.content(COUNTY, desk.household, document.digest) == CONTENT
    for stranger in (other, None):
        with pytest.raises(NotFoundError):
            files.content(COUNTY, stranger, document.digest)
    files.keep(COUNTY, [other, None], scan, NOW)
    tokens = {each.read_bytes() for each in _kept(tmp_path)}
    assert len(tokens) == 3
    assert not any(CONTENT in token for token in tokens)
    assert (document.name, document.size) == (".pdf", len(CONTENT))


def test_I25_erasing_a_households_key_makes_its_papers_unreadable_and_no_others(
    desk: Desk, files: Files, scan: Path
) -> None:
    other = desk.new_household("")
    document = files.keep(COUNTY, [desk.household, other, None], scan, NOW)
    desk.intake.erase_key(COUNTY, desk.household)
    with pytest.raises(NotFoundError, match="erased"):
        files.content(COUNTY, desk.household, document.digest)
    with pytest.raises(StorageError, match="erased"):
        files.keep(COUNTY, [desk.household], scan, NOW)
    assert files.content(COUNTY, other, document.digest) == CONTENT
    assert files.content(COUNTY, None, document.digest) == CONTENT


def test_what_lies_under_anothers_name_does_not_open(desk: Desk, files: Files, scan: Path, tmp_path: Path) -> None:
    other = desk.new_household("")
    document = files.keep(COUNTY, [desk.household], scan, NOW)
    (mine,) = _kept(tmp_path)
    mine.rename(mine.with_suffix(f".{other.hex}"))
    with pytest.raises(StorageError):
        files.content(COUNTY, other, document.digest)


def test_papers_are_for_the_owner_of_the_database_alone_and_there_after_a_power_cut(
    desk: Desk, files: Files, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("storage.files.sync_folder", synced.append)
    monkeypatch.setattr("storage.durable.sync_folder", synced.append)
    files.keep(COUNTY, [desk.household], scan, NOW)
    (kept,) = _kept(tmp_path)
    assert kept.stat().st_mode & 0o077 == 0
    folders = [tmp_path, tmp_path / "kept", tmp_path / "kept" / COUNTY, kept.parent]
    assert synced == folders, "every folder in which a name was made"
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in folders[1:])


def test_the_same_file_again_changes_nothing(desk: Desk, files: Files, scan: Path, tmp_path: Path) -> None:
    files.keep(COUNTY, [desk.household], scan, NOW)
    before = [(each, each.read_bytes()) for each in _kept(tmp_path)]
    files.keep(COUNTY, [desk.household], scan, NOW + timedelta(days=1))
    assert [(each, each.read_bytes()) for each in _kept(tmp_path)] == before
    assert desk.rows("SELECT count(*) FROM attachment") == [(1,)]


@pytest.mark.parametrize("content", [b"", None])
def test_a_file_that_is_empty_or_not_there_is_refused(
    desk: Desk, files: Files, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "scan.pdf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError):
        files.keep(COUNTY, [None], path, NOW)
    assert desk.rows("SELECT count(*) FROM attachment") == [(0,)]


def _gone(kept: Path, desk: Desk) -> None:
    kept.unlink()


def _changed(kept: Path, desk: Desk) -> None:
    kept.write_bytes(kept.read_bytes()[:-4] + b"AAAA")


def _cut(kept: Path, desk: Desk) -> None:
    kept.write_bytes(b"")


def _row_gone(kept: Path, desk: Desk) -> None:
    with desk.database.transaction() as connection:
        connection.execute("DELETE FROM attachment")


def _row_changed(kept: Path, desk: Desk) -> None:
    with desk.database.transaction() as connection:
        connection.execute("UPDATE attachment SET size = 7")


@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (_gone, "is missing"), (_changed, "was changed"), (_cut, "was changed"),
        (_row_gone, "was never recorded"), (_row_changed, "and is recorded with 7"),
    ],
)  # fmt: skip
def test_F58_a_document_of_the_log_that_is_missing_or_changed_is_found(
    desk: Desk, files: Files, scan: Path, tmp_path: Path, tamper: Callable[[Path, Desk], None], what: str
) -> None:
    document = files.keep(COUNTY, [desk.household], scan, NOW)
    _handed_in(desk, document, desk.household)
    assert _faults(desk, files) == []
    tamper(_kept(tmp_path)[0], desk)
    (fault,) = _faults(desk, files)
    assert what in fault


def test_a_document_that_nobody_can_read_any_more_is_still_to_be_there(
    desk: Desk, files: Files, scan: Path, tmp_path: Path
) -> None:
    _handed_in(desk, files.keep(COUNTY, [desk.household], scan, NOW), desk.household)
    desk.intake.erase_key(COUNTY, desk.household)
    assert _faults(desk, files) == []
    _kept(tmp_path)[0].unlink()
    assert len(_faults(desk, files)) == 1

"""What is sealed opens for its owner and purpose, unchanged, under its key, and for nothing else."""

from __future__ import annotations

import base64
from pathlib import Path
from uuid import UUID

import pytest

from engine.errors import ConfigurationError, StorageError
from storage.vault import Vault, create_key, decode_key, read_key

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
HOME, OTHER_HOME = UUID(int=1), UUID(int=2)
VALUES = ("6500.00 元", 650_000, True, None, ["illness", "school"], {"a": [1]})


@pytest.mark.parametrize("value", VALUES)
def test_what_is_sealed_opens_again(value: object) -> None:
    vault = Vault(KEY)
    home = vault.household("430822", HOME, vault.new_key("430822", HOME))
    for sealer in (home, vault.county("430822")):
        token = sealer.seal(value, "case")
        assert token.isascii()
        assert sealer.open(token, "case") == value


def test_equal_values_have_different_tokens() -> None:
    sealer = Vault(KEY).county("430822")
    assert len({sealer.seal("yes", "case") for _ in range(20)}) == 20


def test_a_token_opens_only_for_its_owner_and_purpose() -> None:
    vault = Vault(KEY)
    wrapped = vault.new_key("430822", HOME)
    token = vault.household("430822", HOME, wrapped).seal("secret", "case")
    with pytest.raises(StorageError):
        vault.household("430822", HOME, wrapped).open(token, "member.id_no")
    for stranger in (
        vault.county("430822"),
        vault.household("430822", HOME, vault.new_key("430822", HOME)),
        Vault(OTHER_KEY).county("430822"),
    ):
        with pytest.raises(StorageError):
            stranger.open(token, "case")


def test_a_household_key_opens_for_no_other_household() -> None:
    vault = Vault(KEY)
    wrapped = vault.new_key("430822", HOME)
    token = vault.household("430822", HOME, wrapped).seal(1, "case")
    for county, home in (("430822", OTHER_HOME), ("430821", HOME)):
        with pytest.raises(StorageError):
            vault.household(county, home, wrapped).open(token, "case")
    with pytest.raises(StorageError):
        Vault(OTHER_KEY).household("430822", HOME, wrapped).open(token, "case")


def test_a_token_with_any_byte_changed_does_not_open() -> None:
    sealer = Vault(KEY).county("430822")
    raw = base64.urlsafe_b64decode(sealer.seal("0123456789", "case") + "==")
    for place in range(len(raw)):
        changed = raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :]
        with pytest.raises(StorageError):
            sealer.open(base64.urlsafe_b64encode(changed).decode(), "case")


@pytest.mark.parametrize("token", ["", "A", "no base64 at all", "AAAA", "电话"])
def test_what_is_no_token_is_an_error_of_ours(token: str) -> None:
    with pytest.raises(StorageError):
        Vault(KEY).county("430822").open(token, "case")


def test_a_blind_index_is_equal_for_equal_values_of_a_column_under_a_key() -> None:
    vault = Vault(KEY)
    index = vault.blind_index("member.id_no", "1")
    assert index == Vault(KEY).blind_index("member.id_no", "1")
    others = [vault.blind_index("member.id_no", "2"), vault.blind_index("household.phone", "1")]
    assert index not in [*others, Vault(OTHER_KEY).blind_index("member.id_no", "1")]
    assert len(index) == 16


def test_the_canary_knows_key_and_practice_apart() -> None:
    assert len({Vault(key).canary(practice) for key in (KEY, OTHER_KEY) for practice in (False, True)}) == 4


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    key = create_key(path)
    assert read_key(path) == key
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationError):
        create_key(path)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read"):
        read_key(path)


def test_a_key_file_that_is_missing_or_holds_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no key file"):
        read_key(tmp_path / "none.key")
    path = tmp_path / "a.key"
    for content in (b"", b"short", base64.b64encode(bytes(31)), b"\xff\xfe"):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ConfigurationError):
            read_key(path)


def test_a_wrong_key_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ConfigurationError) as refused:
        decode_key("hunter2hunter2")
    assert "hunter2" not in str(refused.value)

from __future__ import annotations

from pathlib import Path

import pytest

from bangfu.settings import VARIABLES, Settings, read_settings
from engine.errors import ConfigurationError

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def test_nothing_set_gives_a_database_in_the_current_folder_and_chinese():
    assert read_settings({}) == Settings(
        database="sqlite:///bangfu.db", key=None, key_file=Path("bangfu.key"), language="zh_CN", log_level=None
    )


def test_the_environment_is_read_and_an_option_wins_over_it():
    environment = {
        "BANGFU_DATABASE": "county/real.db",
        "BANGFU_KEY_FILE": "safe/master.key",
        "BANGFU_LANG": "en",
        "BANGFU_LOG": "INFO",
        "HOME": "elsewhere",
    }
    settings = read_settings(environment)
    assert settings.database == "sqlite:///county/real.db"
    assert settings.database_file == Path("county/real.db")
    assert settings.key_file == Path("safe/master.key")
    assert (settings.language, settings.log_level) == ("en", "info")
    other = read_settings(environment, database="practice.db", key_file=Path("other.key"), language="zh_CN")
    assert (other.database, other.key_file, other.language) == (
        "sqlite:///practice.db", Path("other.key"), "zh_CN",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://zhang:geheim@db.example/bangfu", "postgresql+psycopg://zhang@db.example/bangfu"),
        ("postgresql://db.example/a?password=geheim&user=zhang", "postgresql+psycopg://db.example/a?user=zhang"),
        ("postgresql://zhang:p:a/ss@db.example/bangfu", "postgresql+psycopg://zhang@db.example/bangfu"),
        ("/srv/a@b?c.db", "/srv/a@b?c.db"),
    ],
)
def test_a_database_is_shown_without_its_password(url, shown):
    assert read_settings({}, database=url).shown_database == shown


def test_an_empty_variable_counts_as_unset():
    assert read_settings(dict.fromkeys(VARIABLES, "")) == read_settings({})


def test_the_key_lies_beside_a_sqlite_database_unless_told_otherwise():
    assert read_settings({}, database="a/b.db").key_file == Path("a/b.key")
    assert read_settings({}, database="postgresql://office@db/county").key_file == Path("bangfu.key")


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_postgresql_is_opened_with_psycopg(scheme):
    settings = read_settings({"BANGFU_DATABASE": f"{scheme}://office:secret@db/county"})
    assert settings.database == "postgresql+psycopg://office:secret@db/county"
    assert settings.database_file is None


def test_settings_do_not_show_what_is_secret():
    settings = read_settings({"BANGFU_DATABASE": "postgresql://office:secret@db/county", "BANGFU_KEY": "c2VjcmV0"})
    assert "secret" not in repr(settings)
    assert "c2VjcmV0" not in repr(settings)
    with pytest.raises(ConfigurationError) as caught:
        read_settings({"BANGFU_DATABASE": "mysql://office:secret@db/county"})
    assert "secret" not in f"{caught.value} {caught.value.advice}"


@pytest.mark.parametrize("text", ["zh", "zh-CN", "zh_CN.UTF-8", "ZH"])
def test_a_language_may_be_written_as_systems_write_it(text):
    assert read_settings({}, language=text).language == "zh_CN"


@pytest.mark.parametrize(
    ("environment", "advice"),
    [
        ({"BANGFU_DATABASE": "mysql://db/county"}, "postgresql://"),
        ({"BANGFU_DATABASE": "sqlite://"}, "sqlite:///PATH"),
        ({"BANGFU_LANG": "fr"}, "zh_CN, en"),
        ({"BANGFU_LOG": "loud"}, "debug, info, warning, error"),
        ({"BANGFU_KEY": "a", "BANGFU_KEY_FILE": "b"}, "unset BANGFU_KEY"),
        ({"BANGFU_DATABSE": "x.db"}, "did you mean BANGFU_DATABASE?"),
        ({"BANGFU_TIMEOUT_OF_ALL": "1"}, "settings are"),
    ],
)
def test_a_wrong_setting_is_refused_with_advice(environment, advice):
    with pytest.raises(ConfigurationError) as caught:
        read_settings(environment)
    assert advice in caught.value.advice


def test_every_setting_is_documented_and_nothing_else():
    documented = {line.split("`")[1] for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| `")}
    assert documented == set(VARIABLES)


@pytest.mark.parametrize("text", [":memory:", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(text):
    with pytest.raises(ConfigurationError, match="memory"):
        read_settings({}, database=text)

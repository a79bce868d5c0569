from __future__ import annotations

import ast
import gettext
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from bangfu.i18n import CATALOGS, DOMAIN, translator

ROOT = Path(__file__).parents[3]
# As the Makefile has them for `make catalogs`.
KEYWORDS = {**DEFAULT_KEYWORDS, "n_": (1, 2), "translate": None}


def catalog() -> Catalog:
    with (CATALOGS / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def source_strings() -> set[str | tuple[str, ...]]:
    """What the code hands to gettext(), ngettext() and _()."""
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    found: set[str | tuple[str, ...]] = set()
    for path in (ROOT / name for name in shipped["packages"]):
        if path.is_dir():
            found |= {message for _, _, message, _, _ in extract_from_dir(path, keywords=KEYWORDS)}
        else:
            found |= {message for _, message, _, _ in extract_from_file("python", path, keywords=KEYWORDS)}
    return found


def test_the_chinese_catalog_has_every_string_of_the_code_and_no_other():
    assert {message.id for message in catalog() if message.id} == source_strings(), "run `make catalogs`"


def test_no_string_hides_in_an_f_string_from_the_extractor():
    hidden = []
    for path in [ROOT / "cli.py", *(ROOT / "bangfu").rglob("*.py"), *(ROOT / "papers").rglob("*.py")]:
        for outer in ast.walk(ast.parse(path.read_text("utf-8"))):
            for call in ast.walk(outer) if isinstance(outer, ast.JoinedStr) else ():
                if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                    hidden += [f"{path.name}:{call.lineno}"] if name in KEYWORDS else []
    assert not hidden


def test_every_string_is_translated_and_none_only_guessed():
    def texts(message) -> tuple[str, ...]:
        return message.string if isinstance(message.string, tuple) else (message.string,)

    entries = [message for message in catalog() if message.id]
    assert not [message.id for message in entries if not all(texts(message))]
    assert not [message.id for message in entries if message.fuzzy]


def test_translations_keep_the_placeholders():
    assert not [error for _, errors in catalog().check() for error in errors]


def test_the_compiled_catalog_agrees_with_its_source():
    with (CATALOGS / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = read_mo(file)

    def many(text) -> tuple[str, ...]:
        return (text,) if isinstance(text, str) else tuple(text)

    assert {many(m.id): many(m.string) for m in compiled if m.id} == {
        many(m.id): many(m.string) for m in catalog() if m.id
    }


def test_english_is_what_the_code_says():
    english = translator("en")
    assert english.gettext("Nobody has this in the catalog.") == "Nobody has this in the catalog."
    assert [english.ngettext("%d case", "%d cases", n) for n in (1, 2)] == ["%d case", "%d cases"]


def test_a_language_without_a_catalog_is_an_error():
    with pytest.raises(FileNotFoundError):
        translator("fr")


def test_chinese_is_read_from_the_catalog():
    assert type(translator("zh_CN")) is gettext.GNUTranslations

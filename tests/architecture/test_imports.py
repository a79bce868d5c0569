"""The arrows between our parts. import-linter keeps those between packages; here is what it cannot see."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SHIPPED = SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
OUR_NAMES = {name.removesuffix(".py") for name in SHIPPED}

# What the engine may use beside the standard library (style.md, "The house"; google is protobuf, for CEL's types).
ENGINE_LIBRARIES = {"yaml", "orjson", "pydantic", "pydantic_core", "transitions", "cel_expr_python", "google"}
SQL_LIBRARIES = {"sqlalchemy", "sqlmodel", "pysqlite3", "sqlite3", "psycopg", "alembic"}


def sources(name: str) -> Iterator[Path]:
    path = ROOT / name
    yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


def test_the_import_contracts_are_kept(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    status = lint_imports(no_cache=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_imports_the_command_line(name):
    assert not [str(path) for path in sources(name) if "cli" in imported(path)]


def test_the_command_line_knows_neither_the_store_nor_sql():
    assert not imported(ROOT / "cli.py") & (SQL_LIBRARIES | {"storage"})


def test_the_engine_uses_only_the_libraries_it_may():
    used = set().union(*(imported(path) for path in sources("engine")))
    assert used - sys.stdlib_module_names - {"engine"} <= ENGINE_LIBRARIES


@pytest.mark.parametrize("name", sorted(OUR_NAMES))
def test_no_other_distribution_brings_one_of_our_names(name):
    assert set(packages_distributions().get(name, ["bangfu"])) == {"bangfu"}

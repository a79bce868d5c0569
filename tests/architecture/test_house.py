"""The house itself: names, locks, commands, and nothing of the machine it was built on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = {"help", "demo", "test", "lint", "bench", "long", "mutants", "browser"}
TOP_LEVEL = {"engine", "workflows", "storage", "notifications", "papers", "bangfu", "cli.py"}

# Written so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e]|User[s]|far[m])/\w")
ADDRESS_OF_A_REGISTRY = re.compile(r"index-ur[l]|find-link[s]|https?://\S*(?:pyp[i]|/simpl[e]|registr[y])")


def text_files() -> list[Path]:
    """Everything of the project that is text; found without git, which an unpacked archive does not have."""
    folders = [*TOP_LEVEL - {"cli.py"}, "tests", "docs", "bench", ".ci"]
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    data = ROOT / "bench" / "data"
    own = [path for path in ROOT.iterdir() if path.name != ".git"]  # A file in a second worktree.
    files = [path for path in [*own, *paths] if path.is_file() and not path.is_relative_to(data)]
    return [path for path in files if b"\0" not in path.read_bytes()]


def pinned(lock: str) -> dict[str, str]:
    """Names and versions of a lock, each with the marker under which it holds."""
    lines = re.findall(r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\$", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    return {name: f"{version} {marker}" for name, version, marker in lines}


def makefile_targets() -> dict[str, str]:
    """Targets that people may call, with what ``make help`` says of them."""
    lines = re.findall(r"^([a-z]+): *.*?## *(.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return dict(lines)


def test_the_top_level_names_are_the_agreed_ones():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["packages"]) == TOP_LEVEL
    assert all((ROOT / name).exists() for name in TOP_LEVEL)


def test_no_file_names_a_machine_or_a_registry():
    found = []
    for path in text_files():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if MACHINE_PATH.search(line) or ADDRESS_OF_A_REGISTRY.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert not found


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_versions_and_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    allowed = re.compile(r"[\w.-]+==\S+( ; .+)? \\$|    --hash=sha256:[0-9a-f]{64}( \\)?$")
    assert [line for line in text.splitlines() if not allowed.match(line)] == []


def test_the_lock_for_development_has_all_of_the_other_in_the_same_versions():
    run, development = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert run
    assert {name: version.split()[0] for name, version in development.items() if name in run} == {
        name: version.split()[0] for name, version in run.items()
    }


def test_every_direct_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    name = re.compile(r"[\w.-]+")
    for wanted, lock in ((project["dependencies"], "requirements.lock"), (extras, "requirements-dev.lock")):
        names = {match[0].lower() for text in wanted if (match := name.match(text))}
        assert names <= set(pinned(lock)), lock


def test_the_only_reader_of_the_system_clock_is_timesource():
    """ruff's TID251 keeps this for calls it can resolve; this sees the words, however they were imported."""
    clock = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|date\.today|time\.(?:time|time_ns|monotonic|localtime))\(")
    readers = [
        str(path.relative_to(ROOT))
        for name in TOP_LEVEL
        for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
        if clock.search(path.read_text("utf-8"))
    ]
    assert readers == ["bangfu/timesource.py"]


def test_every_target_is_explained_by_make_help():
    assert set(makefile_targets()) >= TARGETS
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(makefile_targets())


def test_ci_calls_the_targets_people_call():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert set(re.findall(r"\bmake ([a-z]+)", script)) == {"lint", "test", "mutants"}


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_readme_names_only_targets_that_exist(page):
    commands = re.findall(r"(?:`|^ *(?:\$ )?)make ([a-z]+)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert {"demo", "test"} <= set(commands) <= set(makefile_targets())

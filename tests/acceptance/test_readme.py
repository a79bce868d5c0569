"""The commands of the READMEs and the how-to pages, as a reader would type them, in the order in which they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = re.compile(r"```bash\n(.*?)```", re.DOTALL)
#: Pages that are typed from an empty folder with `docs` in it, each with a last command and what that must say.
PAGES = {
    "README.md": ("bangfu --as bureau --json show 000001", '"outcome": "granted"'),
    "docs/howto/back-up-and-restore.md": ("bangfu --lang en doctor", "✓ SQLite journal: wal"),
    "docs/howto/write-a-procedure.md": ("bangfu --as mayor --json show 000001", '"outcome": "granted"'),
}


def commands(name: str) -> str:
    return "\n".join(COMMANDS.findall((ROOT / name).read_text("utf-8")))


def test_both_readmes_type_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh.md")


def test_every_how_to_page_with_commands_is_typed() -> None:
    pages = {f"docs/howto/{page.name}" for page in (ROOT / "docs" / "howto").glob("*.md")}
    assert {page for page in pages if commands(page)} <= PAGES.keys()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_works_as_it_is_typed(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    last, told = PAGES[page]
    done = subprocess.run(
        ["bash", "-e"],
        input=f"{commands(page)}\n{last}\n",
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert told in done.stdout
    assert "演练" in done.stdout + done.stderr

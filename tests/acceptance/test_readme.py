"""The commands of both READMEs, as a reader would type them, in the order in which they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def commands(name: str) -> str:
    return "\n".join(COMMANDS.findall((ROOT / name).read_text("utf-8")))


def test_both_readmes_type_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh.md")


def test_the_first_case_is_approved_by_hand(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "tutorial", tmp_path / "docs" / "tutorial")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e"],
        input=commands("README.md") + "\nbangfu --as bureau --json show 000001\n",
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "granted" in done.stdout
    assert "演练" in done.stdout + done.stderr

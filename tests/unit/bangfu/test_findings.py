"""What is found in definitions and databases is said in the reader's language: no text of it is put together before."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bangfu.i18n import translator
from bangfu.terminal.errors import document
from engine.errors import DefinitionError
from engine.loading import Source, load

ROOT = Path(__file__).parents[3]
#: What makes a finding, and from which argument on its texts follow.
MAKERS = {"fault": 0, "fault_at_key": 0, "Fault": 3, "_nobody": 2, "_silent": 2, "Violation": 2, "_say": 1, "_stop": 1}
#: Modules that find something.
FILES = [*(ROOT / "engine").glob("*.py"), ROOT / "storage" / "checks.py", *(ROOT / "bangfu").rglob("*.py")]


def _untranslated(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _untranslated(node.body) or _untranslated(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.Constant) and " " in str(part.value) for part in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_finding_is_put_together_before_its_language_is_known(path):
    found = []
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name == "_say" and path.parent.name != "storage":
                continue  # Prints, in the demonstration, what is translated already.
            texts = call.args[MAKERS[name] :] if name in MAKERS else []
            found += [f"{path.name}:{text.lineno}" for text in texts if _untranslated(text)]
    assert found == []


def test_a_wrong_definition_is_told_in_chinese_wherever_it_is_met():
    with pytest.raises(DefinitionError) as caught:
        load([Source("x.yaml", "workflow: small\ntitle:\n")])
    told = document(caught.value, translator("zh_CN").gettext)
    assert "x.yaml:2:1: `title` 没有内容 (请写上值，或去掉该键)" in told["message"].splitlines()
    assert "`title` 没有内容" in {fault["message"] for fault in told["faults"]}
    assert "x.yaml:2:1: `title` is empty (write a value, or leave the key out)" in str(caught.value).splitlines()

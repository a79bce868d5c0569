"""``python -m bangfu.schema`` writes the JSON Schema that editors read beside the shipped definitions."""

from __future__ import annotations

import json
from pathlib import Path

from engine.schema import json_schema

#: Where definitions point to: ``# yaml-language-server: $schema=../schema/workflow.schema.json``.
FILE = Path(__file__).parents[1] / "workflows" / "schema" / "workflow.schema.json"


def schema_text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(schema_text(), encoding="utf-8")

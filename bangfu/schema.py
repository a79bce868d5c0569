"""``python -m bangfu.schema`` writes the JSON Schemas that editors read beside definitions and scenario files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bangfu.scenarios.model import Suite
from engine.schema import json_schema, without_titles

#: Where files point to: ``# yaml-language-server: $schema=../schema/workflow.schema.json``.
FOLDER = Path(__file__).parents[1] / "workflows" / "schema"


def schemas() -> Mapping[Path, str]:
    """Each schema's file, and what stands in it."""
    return {
        FOLDER / "workflow.schema.json": _text(json_schema()),
        FOLDER / "scenarios.schema.json": _text(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": "bangfu scenarios",
                **without_titles(Suite.model_json_schema(by_alias=True)),
            }
        ),
    }


def _text(schema: Any) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in schemas().items():
        file.write_text(text, encoding="utf-8")

"""
The JSON Schema of definition files, for editors: what may stand where, completed while one types.

One schema serves bases, overlays and fragments; which of them a file is shows in its first key. An overlay gives parts
of parts, may write ``remove`` for any of them, and gives a stage its place. What crosses references is the checker's.
"""

from __future__ import annotations

from typing import Any

from engine.overlays import PLACES, REMOVE
from engine.workflow import Workflow

_PARTIAL = "PartOf"
_DEFS = "#/$defs/"


def json_schema() -> dict[str, Any]:
    """The schema, as JSON values."""
    base = Workflow.model_json_schema(by_alias=True)
    defs = base.pop("$defs") | {"Workflow": base}
    strict = {name: without_titles(schema) for name, schema in defs.items()}
    partial = {_PARTIAL + name: _partial(schema) for name, schema in strict.items()}
    stage = partial[_PARTIAL + "Stage"]["properties"]
    stage |= {place: {"type": "string"} for place in PLACES}
    whole = partial[_PARTIAL + "Workflow"]
    shared = {key: schema for key, schema in whole["properties"].items() if key not in ("workflow", "subject")}
    name = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bangfu definition",
        "if": {"required": ["overlay"]},
        "then": whole | {"properties": {"overlay": name} | shared, "required": ["overlay", "pack"]},
        "else": {
            "if": {"required": ["fragment"]},
            "then": whole | {"properties": {"fragment": name} | shared, "required": ["fragment"]},
            "else": {"$ref": _DEFS + "Workflow"},
        },
        "$defs": strict | partial,
    }


def without_titles(schema: Any) -> Any:
    """*schema* without the titles that pydantic makes of names, and without defaults, which would be typed out."""
    if isinstance(schema, list):
        return [without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: without_titles(property_) for name, property_ in value.items()}
        elif key not in ("title", "default"):
            kept[key] = without_titles(value)
    return kept


def _partial(schema: Any) -> Any:
    """*schema* as an overlay may give it: nothing required, anything removed."""
    if isinstance(schema, list):
        return [_partial(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties"):
            found[key] = {name: _or_removed(_partial(property_)) for name, property_ in value.items()}
        elif key == "additionalProperties" and isinstance(value, dict):
            found[key] = _or_removed(_partial(value))
        elif key == "$ref":
            found[key] = _DEFS + _PARTIAL + value.removeprefix(_DEFS)
        elif key != "required":
            found[key] = _partial(value)
    return found


def _or_removed(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"const": REMOVE}]}

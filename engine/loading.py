"""
Text to definition, overlay by overlay, with file, line and column in every error.

Pure: the texts are handed in (bangfu/library.py finds them). What comes out is shaped right and nothing more; whether
it makes sense is engine/checking.py's to say, which asks :meth:`Definition.fault` for the place of what it found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.errors import N_, DefinitionError, Fault, Words, worded
from engine.marks import Node, Path, Source, inherit, plain, read, walk
from engine.misfits import misfits
from engine.overlays import beneath, refuse_removals, upon
from engine.workflow import Workflow

__all__ = ["Definition", "Origin", "Source", "header", "load", "read_as", "restore"]

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where one value of a definition was written.

    ``line`` and ``column`` (from 1) are where the text of a scalar begins (behind a quote), and the key of a map or
    list; ``clause`` is the nearest one above it in that file, else the header's; empty if there is none.
    """

    file: str
    line: int
    column: int
    pack: str = ""
    clause: str = ""


@dataclass(frozen=True)
class Definition:
    """
    A workflow as loaded: after its fragments and overlays, with the origin of every value.

    Args:
        workflow: The merged model.
        hash: SHA-256 of ``canonical`` in hex: the version of the definition, to which a case is pinned.
        canonical: The model as JSON, without values that are defaults, in written order (the order of stages, seats
            and results means something). Keep it as text: a database's JSON type would reorder it.
        origins: By the path of keys as written (``("stages", "apply", "by")``), elements of lists by number.
            Two definitions are equal if their canonical texts are, wherever they came from.
    """

    workflow: Workflow = field(compare=False)
    hash: str
    canonical: str = field(repr=False)
    origins: Mapping[Path, Origin] = field(compare=False, repr=False)

    def origin(self, *path: str) -> Origin:
        """Where *path* was written, or the nearest thing above it that was."""
        while path and path not in self.origins:
            path = path[:-1]
        return self.origins.get(path, Origin("", 1, 1))

    def clause(self, *path: str) -> str:
        """The clause that *path* rests on: the nearest above it in the file that wrote it, else that file's own."""
        return self.origin(*path).clause

    def fault(
        self,
        path: Sequence[str],
        message: str | Words,
        advice: str | Words = "",
        code: str = "",
        severity: str = "error",
    ) -> Fault:
        """*message* about what stands at *path*, at its place."""
        at = self.origin(*path)
        return Fault(at.file, at.line, at.column, message, advice, code, severity)

    def describe(self) -> Iterator[tuple[Path, str | int | Decimal | bool, Origin]]:
        """Every value of the definition that is not a default: its path, itself, where it came from."""
        yield from _leaves(json.loads(self.canonical, parse_float=Decimal), (), self)

    def origins_text(self) -> str:
        """The origins as JSON, to be kept beside ``canonical`` for :func:`restore`."""
        origins = list(dict.fromkeys((at.file, at.pack, at.clause) for at in self.origins.values()))
        index = {written: number for number, written in enumerate(origins)}
        rows = [[*path, index[at.file, at.pack, at.clause], at.line, at.column] for path, at in self.origins.items()]
        return json.dumps({"layers": origins, "at": rows}, ensure_ascii=False, separators=(",", ":"))


def load(sources: Sequence[Source], fragments: Mapping[str, Source] = {}) -> Definition:
    """
    The definition that *sources* write: a base workflow and the overlays on it, each upon the one before.

    Args:
        sources: At least one. The first has ``workflow``, every other ``overlay`` and ``pack``.
        fragments: By name, those that the base may name in ``uses``; others are not read.

    Raises:
        DefinitionError: With every fault that could be found.
    """
    faults: list[Fault] = []
    trees = [tree and inherit(tree) for tree in (read(source, faults.append) for source in sources)]
    base = trees[0]
    if base is None:
        raise DefinitionError(faults)
    _check_headers(base, [tree for tree in trees[1:] if tree is not None], faults)
    merged = _with_fragments(base, fragments, faults)
    for tree in trees[1:]:
        if tree is not None:
            merged = upon(merged, tree, faults.append)
    nodes = dict(walk(merged))
    try:
        workflow = _validated(plain(merged))
    except ValidationError as error:
        faults.extend(misfits(error, nodes, Workflow))
    if faults:
        raise DefinitionError(sorted(set(faults), key=lambda fault: _file_order(fault, sources)))
    canonical = _canonical(workflow)
    origins = {path: Origin(n.source.name, n.line, n.column, n.source.pack, n.clause) for path, n in nodes.items()}
    return Definition(workflow, _digest(canonical), canonical, origins)


def restore(canonical: str, origins: str = "") -> Definition:
    """
    The definition that *canonical* was made from, with the same hash.

    Args:
        canonical: `Definition.canonical`.
        origins: `Definition.origins_text()`; without it every origin is empty.

    Raises:
        DefinitionError: This version of bangfu does not understand it.
    """
    try:
        workflow = _validated(json.loads(canonical, parse_float=Decimal))
    except (ValidationError, ValueError) as error:
        raise DefinitionError(
            [Fault("stored definition", 1, 1, worded(N_("not understood: {error}"), error=error), code="stored")]
        ) from error
    known: dict[Path, Origin] = {}
    if origins:
        stored = json.loads(origins)
        for *path, layer, line, column in stored["at"]:
            file, pack, clause = stored["layers"][layer]
            known[tuple(path)] = Origin(file, line, column, pack, clause)
    return Definition(workflow, _digest(canonical), canonical, known)


def header(source: Source) -> dict[str, str]:
    """The keys at the top of *source* whose values are no maps or lists; faults are left to whoever loads it."""
    tree = read(source, lambda fault: None)
    entries = tree.map if tree is not None else {}
    return {key: str(node.value) for key, node in entries.items() if not isinstance(node.value, (dict, list))}


def read_as(source: Source, model: type[M]) -> M:
    """
    *source* as a *model*: for files beside definitions, such as a year's holidays, read just as safely.

    Raises:
        DefinitionError: With every fault that could be found.
    """
    faults: list[Fault] = []
    tree = read(source, faults.append)
    if tree is not None and not faults:
        try:
            return model.model_validate(plain(tree))
        except ValidationError as error:
            faults.extend(misfits(error, dict(walk(tree)), model))
    raise DefinitionError(sorted(faults, key=lambda fault: (fault.line, fault.column)))


def _check_headers(base: Node, overlays: Sequence[Node], faults: list[Fault]) -> None:
    if "workflow" not in base.map:
        what = N_("an overlay cannot stand alone") if "overlay" in base.map else N_("a base begins with `workflow:`")
        faults.append(base.fault(N_("no `workflow` here"), what, "header"))
    name, pack = base.text("workflow"), ""
    for tree in overlays:
        if "overlay" not in tree.map or not tree.text("pack"):
            faults.append(tree.fault(N_("an overlay begins with `overlay:` and `pack:`"), "", "header"))
        elif tree.text("overlay") != name:
            faults.append(
                tree.map["overlay"].fault(
                    worded(N_("an overlay of `{other}` was laid on `{name}`"), other=tree.text("overlay"), name=name),
                    "",
                    "header",
                )
            )
        if tree.text("on") != pack and (pack or tree.text("on")):
            at = tree.map.get("on", tree)
            faults.append(at.fault(_laid_on(pack), N_("`on` names the pack below"), "header"))
        pack = tree.text("pack")


def _laid_on(pack: str) -> str | Words:
    return worded(N_("this pack was laid on `{pack}`"), pack=pack) if pack else N_("this pack was laid on the base")


def _with_fragments(base: Node, fragments: Mapping[str, Source], faults: list[Fault]) -> Node:
    uses = base.map.get("uses")
    merged = base
    if uses is not None:
        for name in uses.value if isinstance(uses.value, list) else [uses]:
            source = fragments.get(str(name.value))
            if source is None:
                known = ", ".join(fragments) or "-"
                faults.append(
                    name.fault(
                        worded(N_("there is no fragment `{name}`"), name=name.value),
                        worded(N_("there is: {names}"), names=known),
                        "fragment",
                    )
                )
                continue
            tree = read(source, faults.append)
            if tree is not None and tree.text("fragment") != name.value:
                message = worded(N_("this is not the fragment `{name}`"), name=name.value)
                faults.append(tree.fault(message, N_("begin with `fragment:`"), "header"))
            if tree is not None:
                merged = beneath(inherit(tree), merged, faults.append)
    return refuse_removals(merged, faults.append) if merged is base else merged


def _validated(data: Any) -> Workflow:
    # Only the keys of the language, not the Python names that stand for those that Python keeps for itself.
    return Workflow.model_validate(data, by_alias=True, by_name=False)


def _file_order(fault: Fault, sources: Sequence[Source]) -> tuple[int, int, int]:
    number = next((number for number, source in enumerate(sources) if source.name == fault.file), len(sources))
    return number, fault.line, fault.column


def _digest(canonical: str) -> str:
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def _canonical(workflow: Workflow) -> str:
    return _json(workflow.model_dump(by_alias=True, exclude_defaults=True))


def _json(value: Any) -> str:
    """Compact JSON in written order; a Decimal as the number it is, which `json` alone cannot write."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_json(v)}" for key, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_json(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)


def _leaves(value: Any, path: Path, definition: Definition) -> Iterator[tuple[Path, Any, Origin]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, (*path, key), definition)
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _leaves(child, (*path, str(number)), definition)
    else:
        yield path, value, definition.origin(*path)

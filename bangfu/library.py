"""
Where definitions are found: those shipped in the package `workflows`, and a deployment's own folders.

A folder is laid out as the shipped one: ``base/<workflow>.yaml``, ``packs/<code>/<workflow>.yaml``,
``fragments/<name>.yaml``, ``calendars/*.yaml``. Of two files of one name the one of the earlier folder counts;
the shipped folder comes last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from engine.calendar import Calendar, CalendarOverlay, CalendarYear
from engine.errors import N_, DefinitionError, Fault, InputError, NotFoundError, Words
from engine.loading import Definition, Source, header, load, read_as
from engine.marks import MAX_BYTES


class Library:
    """
    Definitions by workflow and pack. Each is read once and kept; make another Library to see a changed file.

    Args:
        roots: A deployment's own folders, the most important first.
    """

    def __init__(self, roots: Sequence[Path] = ()) -> None:
        self._roots: tuple[tuple[str, Traversable], ...] = (
            *((str(root), root) for root in roots),
            ("workflows", files("workflows")),
        )
        self._definitions: dict[tuple[str, str], Definition] = {}
        self._headers: dict[Source, dict[str, str]] = {}

    def workflows(self) -> tuple[str, ...]:
        """The ids of all base workflows, in alphabetical order."""
        return tuple(sorted(self._bases))

    def packs(self) -> tuple[str, ...]:
        """The codes of all packs, in alphabetical order."""
        return tuple(sorted(self._overlays))

    def definition(self, workflow: str, pack: str = "") -> Definition:
        """
        *workflow* as it is in *pack*: its base and the chain of overlays below (``on:``); without a pack, the base.

        A pack that says nothing of a workflow leaves it as it is in the pack below.

        Raises:
            NotFoundError: There is no such workflow or pack.
            DefinitionError: One of the files is wrong.
        """
        key = (workflow, pack)
        if key not in self._definitions:
            if pack and pack not in self._overlays:
                raise NotFoundError(N_("There is no pack {pack}"), advice=_known(self.packs()), pack=pack)
            chain = [self._base(workflow), *self._chain(workflow, pack)]
            self._definitions[key] = load(chain, self._fragments)
        return self._definitions[key]

    def load_path(self, path: Path) -> tuple[Definition, ...]:
        """
        The definition in a file, or those in a pack's folder; what lies beneath an overlay is taken from here.

        Raises:
            InputError: There is no such file or folder, or nothing in it that can be loaded by itself.
            DefinitionError: With the faults of all of them.
        """
        if path.is_dir():
            found = [_source(str(file), file) for file in sorted(path.glob("*.yaml"))]
        elif path.is_file():
            found = [_source(str(path), path)]
        else:
            raise InputError(N_("There is no file or folder {path}"), source=str(path), path=path)
        if not found:
            raise InputError(N_("{path} holds no definition (*.yaml)"), source=str(path), path=path)
        definitions: list[Definition] = []
        faults: list[Fault] = []
        for source in found:
            try:
                definitions.append(self._load_source(source))
            except DefinitionError as error:
                faults.extend(fault for fault in error.faults if fault not in faults)
        if faults:
            raise DefinitionError(faults)
        return tuple(definitions)

    def calendar_files(self) -> tuple[Source, ...]:
        """The years' notices and what changes them, by name of file."""
        found: dict[str, Source] = {}
        for name, file in self._files("calendars"):
            found.setdefault(file.name, _source(name, file))
        return tuple(found[name] for name in sorted(found))

    def calendar(self) -> Calendar:
        """
        All notices put together, the overlays upon them by name of file.

        Raises:
            DefinitionError: One of the files is wrong.
        """
        years, overlays = [], []
        for source in self.calendar_files():
            if "year" in header(source):
                years.append(read_as(source, CalendarYear))
            else:
                overlays.append(read_as(source, CalendarOverlay))
        return Calendar.of(years, overlays)

    def _load_source(self, source: Source) -> Definition:
        head = header(source)
        if "fragment" in head:
            raise InputError(
                N_("{name} is a fragment and stands in no case by itself"), source=source.name, name=source.name
            )
        if "overlay" not in head:
            return load([source], self._fragments)
        below = self._chain(head["overlay"], head.get("on", ""))
        chain = [self._base(head["overlay"]), *below, Source(source.name, source.text, head.get("pack", ""))]
        return load(chain, self._fragments)

    def _base(self, workflow: str) -> Source:
        try:
            return self._bases[workflow]
        except KeyError:
            raise NotFoundError(
                N_("There is no workflow {workflow}"), advice=_known(self.workflows()), workflow=workflow
            ) from None

    def _chain(self, workflow: str, pack: str) -> list[Source]:
        """The overlays of *workflow* from the lowest pack to *pack*."""
        chain: list[Source] = []
        seen: list[str] = []
        while pack:
            if pack not in self._overlays or pack in seen:
                circle = pack in seen
                what = N_("The pack {chain} stands on itself") if circle else N_("The pack {chain} is not there")
                raise NotFoundError(what, chain=" on ".join([*seen, pack]))
            seen.append(pack)
            overlays = self._overlays[pack]
            if workflow in overlays:
                chain.append(overlays[workflow])
            # A pack without this workflow is on the same pack below as its other files.
            source = overlays.get(workflow, next(iter(overlays.values())))
            pack = self._header(source).get("on", "")
        return chain[::-1]

    def _header(self, source: Source) -> dict[str, str]:
        if source not in self._headers:
            self._headers[source] = header(source)
        return self._headers[source]

    @cached_property
    def _bases(self) -> dict[str, Source]:
        return self._by_name("base")

    @cached_property
    def _fragments(self) -> dict[str, Source]:
        return self._by_name("fragments")

    @cached_property
    def _overlays(self) -> dict[str, dict[str, Source]]:
        """By pack and workflow."""
        found: dict[str, dict[str, Source]] = {}
        for label, root in self._roots:
            folder = root.joinpath("packs")
            for pack in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
                for name, file in _yaml_files(f"{label}/packs/{pack.name}", pack):
                    overlays = found.setdefault(pack.name, {})
                    overlays.setdefault(_stem(file), _source(name, file, pack.name))
        return found

    def _by_name(self, folder: str) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for name, file in self._files(folder):
            found.setdefault(_stem(file), _source(name, file))
        return found

    def _files(self, folder: str) -> Iterator[tuple[str, Traversable]]:
        for label, root in self._roots:
            yield from _yaml_files(f"{label}/{folder}", root.joinpath(folder))


def _yaml_files(label: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    if folder.is_dir():
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".yaml") and file.is_file():
                yield f"{label}/{file.name}", file


def _stem(file: Traversable) -> str:
    return file.name.removesuffix(".yaml")


def _source(name: str, file: Traversable, pack: str = "") -> Source:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)  # One byte too many is enough for the loader to refuse it.
    errors = "replace" if len(content) > MAX_BYTES else "strict"
    try:
        return Source(name, content.decode("utf-8-sig", errors), pack)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DefinitionError([Fault(name, line, 1, "not UTF-8 text", "save the file as UTF-8", "yaml")]) from None


def _known(names: Sequence[str]) -> Words:
    return Words(N_("there is: {names}"), {"names": ", ".join(names) or "-"})

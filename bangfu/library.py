"""
Where definitions are found: those shipped in the package `workflows`, and a deployment's own folders.

A folder is laid out as the shipped one: ``base/<workflow>.yaml``, ``packs/<code>/<workflow>.yaml``,
``fragments/<name>.yaml``, ``calendars/*.yaml``. Of two files of one name the one of the earlier folder counts;
the shipped folder comes last. While they are being written, files may also lie loose in one folder: each says at its
top what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from engine.calendar import Calendar, CalendarOverlay, CalendarYear
from engine.errors import N_, DefinitionError, Fault, InputError, NotFoundError, Words
from engine.loading import Definition, Source, header, load, read_as
from engine.marks import MAX_BYTES
from engine.references import linked


class Library:
    """
    Definitions by workflow and pack. Each is read once and kept; make another Library to see a changed file.

    Args:
        roots: A deployment's own folders, the most important first.
        loose: A folder of files that lie beside each other; they count before all others.
    """

    def __init__(self, roots: Sequence[Path] = (), loose: Path | None = None) -> None:
        self._own, self._loose = tuple(roots), loose
        self._roots: tuple[tuple[str, Traversable], ...] = (
            *((str(root), root) for root in roots),
            ("workflows", files("workflows")),
        )
        self._definitions: dict[tuple[str, str], Definition] = {}
        self._headers: dict[Source, dict[str, str]] = {}
        self._unreadable: dict[Source, DefinitionError] = {}

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
            self._require_pack(pack)
            chain = [self._base(workflow), *self._chain(workflow, pack)]
            self._definitions[key] = self._loaded(chain)
        return self._definitions[key]

    def beside(self, path: Path) -> Library:
        """This library with what lies around *path*: the folder laid out as a library's that it is in, else its own."""
        folder = path if path.is_dir() else path.parent
        if folder.parent.name == "packs":
            root = folder.parent.parent
        elif folder.name in ("base", "packs", "fragments"):
            root = folder.parent
        elif (folder / "base").is_dir() or (folder / "packs").is_dir():
            root = folder
        else:
            return Library(self._own, folder)
        return self if root in self._own else Library([root, *self._own])

    def load_path(self, path: Path) -> tuple[tuple[Definition, ...], tuple[Fault, ...]]:
        """
        The definitions in a file or folder, each as far as it can be read, and what is wrong with the others; what lies
        beneath an overlay is taken from here.

        Raises:
            InputError: There is no such file or folder, or nothing in it that can be loaded by itself.
        """
        if path.is_dir():
            kinds = ("*.yaml", "base/*.yaml", "packs/*/*.yaml")
            found = [file for kind in kinds for file in sorted(path.glob(kind))]
        elif path.is_file():
            found = [path]
        else:
            raise InputError(N_("There is no file or folder {path}"), source=str(path), path=path)
        if not found:
            raise InputError(N_("{path} holds no definition (*.yaml)"), source=str(path), path=path)
        return _gathered((str(file), partial(self._load_file, file)) for file in found)

    def load_pack(self, pack: str) -> tuple[Mapping[str, Definition], tuple[Fault, ...]]:
        """
        By id, the workflows of *pack* (those that it, or a pack below it, says anything of, with those that their cases
        open; of no pack, the bases) as far as they can be read, and what is wrong with the others. One wrong file keeps
        no other from being read.

        Raises:
            NotFoundError: There is no such pack.
        """
        self._require_pack(pack)
        folder = f"packs/{pack}" if pack else "base"
        names = sorted(self._named_by(pack) if pack else self._bases)
        loaded, faults = _gathered((f"{folder}/{name}.yaml", partial(self.definition, name, pack)) for name in names)
        own = [each for each in loaded if not pack or each.workflow.pack]
        for each in own:
            opened = linked(each.workflow) & self._bases.keys() - {one.workflow.workflow for one in own}
            more, wrong = _gathered(
                (f"base/{name}.yaml", partial(self.definition, name, pack)) for name in sorted(opened)
            )
            own.extend(more)
            faults += wrong
        return {each.workflow.workflow: each for each in sorted(own, key=lambda each: each.workflow.workflow)}, faults

    def _require_pack(self, pack: str) -> None:
        if pack and pack not in self._overlays:
            raise NotFoundError(N_("There is no pack {pack}"), advice=_known(self.packs()), pack=pack)

    def _named_by(self, pack: str) -> set[str]:
        """The workflows of which *pack*, or one below it, says anything."""
        found: set[str] = set()
        packs = [pack]
        for each in packs:
            overlays = self._overlays.get(each, {})
            found.update(overlays)
            below = {self._header(source).get("on", "") for source in overlays.values()}
            packs.extend(name for name in sorted(below) if name and name not in packs)
        return found

    def scenarios(self, pack: str = "") -> tuple[Source, ...]:
        """The scenario files beside the definitions of *pack*, or of the bases, by name of file."""
        folder = f"packs/{pack}/scenarios" if pack else "base/scenarios"
        found: dict[str, Source] = {}
        for name, file in self._files(folder):
            found.setdefault(file.name, source_of(name, file))
        return tuple(found[name] for name in sorted(found))

    def calendar_files(self) -> tuple[Source, ...]:
        """The years' notices and what changes them, by name of file."""
        found: dict[str, Source] = {}
        for name, file in self._files("calendars"):
            found.setdefault(file.name, source_of(name, file))
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

    def _load_file(self, file: Path) -> Definition:
        source = source_of(str(file), file)
        head = header(source)
        if "fragment" in head:
            raise InputError(
                N_("{name} is a fragment and stands in no case by itself"), source=source.name, name=source.name
            )
        if "overlay" not in head:
            return self._loaded([source])
        below = self._chain(head["overlay"], head.get("on", ""))
        return self._loaded(
            [self._base(head["overlay"]), *below, Source(source.name, source.text, head.get("pack", ""))]
        )

    def _loaded(self, chain: Sequence[Source]) -> Definition:
        for source in chain:
            if source in self._unreadable:
                raise self._unreadable[source]
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
        return self._by_name("base") | self._by_head("workflow")

    @cached_property
    def _fragments(self) -> dict[str, Source]:
        return self._by_name("fragments") | self._by_head("fragment")

    @cached_property
    def _overlays(self) -> dict[str, dict[str, Source]]:
        """By pack and workflow."""
        found: dict[str, dict[str, Source]] = {}
        for source, head in self._lying_loose:
            if "overlay" in head and "pack" in head:
                own = Source(source.name, source.text, head["pack"])
                found.setdefault(head["pack"], {}).setdefault(head["overlay"], own)
        for label, root in self._roots:
            folder = root.joinpath("packs")
            for pack in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
                for name, file in _yaml_files(f"{label}/packs/{pack.name}", pack):
                    overlays = found.setdefault(pack.name, {})
                    overlays.setdefault(_stem(file), self._kept(name, file, pack.name))
        return found

    @cached_property
    def _lying_loose(self) -> tuple[tuple[Source, dict[str, str]], ...]:
        if self._loose is None:
            return ()
        sources = (self._kept(str(file), file) for file in sorted(self._loose.glob("*.yaml")))
        return tuple((source, self._header(source)) for source in sources)

    def _by_head(self, key: str) -> dict[str, Source]:
        return {head[key]: source for source, head in self._lying_loose if key in head}

    def _by_name(self, folder: str) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for name, file in self._files(folder):
            found.setdefault(_stem(file), self._kept(name, file))
        return found

    def _kept(self, name: str, file: Traversable, pack: str = "") -> Source:
        """A file as it is read; one that is no text keeps no other from being read: it is a fault once it is needed."""
        try:
            return source_of(name, file, pack)
        except DefinitionError as error:
            source = Source(name, "", pack)
            self._unreadable[source] = error
            return source

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


def source_of(name: str, file: Traversable, pack: str = "") -> Source:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)  # One byte too many is enough for the loader to refuse it.
    errors = "replace" if len(content) > MAX_BYTES else "strict"
    try:
        return Source(name, content.decode("utf-8-sig", errors), pack)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DefinitionError(
            [Fault(name, line, 1, N_("not UTF-8 text"), N_("save the file as UTF-8"), "yaml")]
        ) from None


def _gathered(
    loads: Iterable[tuple[str, Callable[[], Definition]]],
) -> tuple[tuple[Definition, ...], tuple[Fault, ...]]:
    """What could be loaded, and why the rest could not."""
    found: list[Definition] = []
    faults: dict[Fault, None] = {}
    for file, load_it in loads:
        try:
            found.append(load_it())
        except DefinitionError as error:
            faults |= dict.fromkeys(error.faults)
        except NotFoundError as error:
            faults[Fault(file, 1, 1, error.words, error.advised, "header")] = None
    return tuple(found), tuple(faults)


def _known(names: Sequence[str]) -> Words:
    return Words(N_("there is: {names}"), {"names": ", ".join(names) or "-"})

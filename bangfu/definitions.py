"""
The definitions that cases live under: as stored in the database, compiled once per process and content hash.

Files are read only when a pack is deployed; from then on a case's procedure is what was stored (I29).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.errors import N_, DefinitionError, Fault, InputError, NotFoundError, worded
from engine.loading import Definition, restore

if TYPE_CHECKING:
    from bangfu.library import Library
    from engine.calendar import Calendar
    from engine.compiling import Procedure
    from storage.intake import Intake


class StoredDefinitions:
    """
    :class:`engine.ports.Definitions` on the table of versions.

    Args:
        today: The legal day: of the versions deployed, the latest whose day has come is in force.
    """

    def __init__(self, intake: Intake, today: Callable[[], date]) -> None:
        self._intake = intake
        self._today = today
        self._definitions: dict[str, Definition] = {}
        self._procedures: dict[str, Procedure] = {}

    def definition(self, version: str) -> Definition:
        """
        What a case is pinned to, its rules not compiled: all that a screen needs.

        Raises:
            DefinitionError: No such version is stored.
        """
        known = self._definitions.get(version)
        if known is None:
            try:
                stored = self._intake.version(version)
            except NotFoundError:
                raise DefinitionError(
                    [Fault("", 0, 0, worded(N_("no definition {version} is stored here"), version=version[:12]))]
                ) from None
            known = self._definitions[version] = restore(stored.canonical, stored.origins)
        return known

    def pinned(self, version: str) -> Procedure:
        known = self._procedures.get(version)
        if known is None:
            from engine.compiling import Procedure

            known = self._procedures[version] = Procedure(self.definition(version))
        return known

    def in_force(self, workflow: str) -> Procedure:
        return self.pinned(self.version_in_force(workflow))

    def version_in_force(self, workflow: str) -> str:
        """
        The content hash that new cases of *workflow* begin under.

        Raises:
            NotFoundError: None is deployed whose day has come.
        """
        found = self._intake.in_force(workflow, self._today())
        if not found:
            known = self.deployed()
            near = get_close_matches(workflow, known, 1)
            raise NotFoundError(
                N_("the procedure {workflow} is not in force here; in force: {known}")
                if known
                else N_("no procedure is in force here yet"),
                advice=N_("did you mean {near}?")
                if near
                else N_("bangfu workflow list shows what is shipped; bangfu deploy PACK puts a pack into force"),
                workflow=workflow, known="、".join(known), near="".join(near),
            )  # fmt: skip
        return found

    def deployed(self) -> Mapping[str, str]:
        """Workflow → the content hash in force today, by id."""
        today = self._today()
        found = ((workflow, self._intake.in_force(workflow, today)) for workflow in self._intake.workflows())
        return {workflow: version for workflow, version in found if version}

    def post_titles(self) -> Mapping[str, str]:
        """``level.role`` → what the procedures in force today call it; of several, the first by its workflow's id."""
        titles: dict[str, str] = {}
        for version in self.deployed().values():
            for name, post in self.definition(version).workflow.posts.items():
                titles.setdefault(name, post.title)
        return titles

    def known_posts(self, library: Library, wanted: str) -> frozenset[str]:
        """``level.role`` of the procedures in force; of all that *library* has too, unless *wanted* is among those."""
        known = frozenset(self.post_titles())
        if wanted in known:
            return known
        found = set(known)
        for pack in ("", *library.packs()):
            for name in library.workflows():
                # What is wrong in one county's file keeps nobody else from a post.
                with suppress(DefinitionError):
                    found.update(library.definition(name, pack).workflow.posts)
        return frozenset(found)

    def deploy(self, library: Library, pack: str, from_date: date, now: datetime) -> Mapping[str, Definition]:
        """
        Put every workflow of *pack* into force from a day on.

        Raises:
            DefinitionError: One of them has errors; nothing was deployed.
            InputError: The pack has no workflow, or one of them would not be in force from that day on; nothing was
                deployed.
            NotFoundError: There is no such pack.
        """
        from storage.intake import Version

        definitions = pack_definitions(library, pack)
        if errors := errors_in(definitions, library.calendar()):
            raise DefinitionError(errors)
        for definition in definitions.values():
            self._require_effect(definition, from_date)
        for name, definition in definitions.items():
            self._intake.add_version(
                Version(
                    hash=definition.hash, workflow=name, pack=pack, canonical=definition.canonical,
                    origins=definition.origins_text(), from_date=from_date, deployed_at=now,
                )
            )  # fmt: skip
        return definitions

    def first_day(self, version: str) -> date | None:
        """Since or from when the version is in force; None if it is not, and will not be of itself."""
        stored = self._intake.find_version(version)
        if stored is None:
            return None
        day = max(stored.from_date, self._today())
        return stored.from_date if self._intake.in_force(stored.workflow, day) == version else None

    def _require_effect(self, definition: Definition, day: date) -> None:
        """Versions and their days are kept for good: what is to begin earlier, or again, must be another version."""
        workflow, version = definition.workflow.workflow, definition.hash
        current = self._intake.in_force(workflow, max(day, self._today()))
        if current == version:
            return
        stored = self._intake.find_version(version)
        if stored is not None:
            raise InputError(
                N_("{workflow} was deployed already in these words, from {day} on, and that is kept for good"),
                field="--from", workflow=workflow, day=stored.from_date,
                advice=N_("wait for that day; else change a note or the date in the pack's file, and deploy it again"),
            )  # fmt: skip
        if current and (since := self._intake.version(current).from_date) > day:
            raise InputError(
                N_("another version of {workflow} is in force from {day} on, and would stay so"),
                field="--from", workflow=workflow, day=since, advice=N_("name that day, or a later one"),
            )  # fmt: skip


def pack_definitions(library: Library, pack: str) -> Mapping[str, Definition]:
    """
    The workflows that *pack*, or a pack below it, says anything of: by id, in alphabetical order.

    Raises:
        InputError: There is none.
        NotFoundError: There is no such pack.
        DefinitionError: One of the files is wrong.
    """
    own, faults = library.load_pack(pack)
    if faults:
        raise DefinitionError(faults)
    if not own:
        raise InputError(N_("the pack {pack} has no workflow"), field="pack", pack=pack)
    return own


def errors_in(definitions: Mapping[str, Definition], calendar: Calendar) -> tuple[Fault, ...]:
    """Why *definitions*, which know each other, must not be deployed: what `check` finds. Loads the rule compiler."""
    from engine.checking import check

    workflows = {name: definition.workflow for name, definition in definitions.items()}
    return tuple(
        fault
        for definition in definitions.values()
        for fault in check(definition, deployed=True, workflows=workflows, calendar=calendar)
        if fault.severity == "error"
    )

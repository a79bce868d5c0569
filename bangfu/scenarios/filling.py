"""
What a step leaves out is filled in: facts by their types, papers, minutes. What is needed at all is never known here:
the office says what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bangfu.scenarios.model import Step
from bangfu.terminal.values import fact_value
from engine.cases import Act, Case, Document, Minutes, Object, OpenCase
from engine.compiling import Procedure
from engine.workflow import Fact, Panel

#: What an officer writes where words are asked for, and the file does not care which.
WORDS = "按场景办理"
#: How large the register of a body is that is too large to name; all of them come.
_ROLL = 30
#: What facts are handed in with.
Filled = Act | OpenCase | Object


@dataclass(frozen=True, slots=True)
class Form:
    """
    What can be handed in with one command, and what the file says of it.

    Attributes:
        places: Where the procedure asks for it: the stage, its action, a channel …
        general: Facts that the way and the file name, filled in wherever they are asked for.
        members: Keys of the members whom the case is about.
        household: Its id, 32 hex digits.
        officer: The key of somebody, where a person is to be named.
    """

    procedure: Procedure
    places: tuple[str, ...]
    step: Step
    general: Mapping[str, Any]
    members: tuple[str, ...]
    household: str
    officer: str
    today: date

    def begun(self, command: Filled) -> Filled:
        """*command* with the facts that the file names: those of the step always, others where they are asked for."""
        facts = self.procedure.workflow.facts
        found: dict[str, Any] = {}
        for key, written in self.step.facts.items():
            found |= self._under(key, written)
        for key, written in self.general.items():
            name = key.partition("/")[0]
            # One that is asked for only in some cases is given when it turns out to be missing.
            if name in self._facts_asked and name not in self.step.without and not facts[name].when:
                found = {**self._under(key, written), **found}
        return replace(command, facts=found)

    def completed(self, command: Filled, missing: Iterable[str]) -> Filled:
        """*command* with what is *missing*, as far as it is asked for here and the step does not leave it out."""
        facts: dict[str, Any] = dict(command.facts)
        papers: dict[str, Document] = {} if isinstance(command, Object) else dict(command.papers)
        for key in missing:
            name = key.partition("/")[0]
            if name in self.step.without:
                continue
            if name in self._facts_asked:
                facts = {**self._under(key, self._written(key)), **facts}
            elif name in self._papers_asked:
                papers.setdefault(name, document(f"paper {name}"))
        if isinstance(command, Object):
            return replace(command, facts=facts)
        return replace(command, facts=facts, papers=papers)

    @property
    def _facts_asked(self) -> set[str]:
        return {name for place in self.places for name in self.procedure.facts_in.get(place, ())}

    @property
    def _papers_asked(self) -> set[str]:
        return {name for place in self.places for name in self.procedure.papers_in.get(place, ())}

    def _under(self, key: str, written: Any) -> dict[str, Any]:
        """A value under its key; of a fact of members that names none under the key of each."""
        fact = self.procedure.workflow.facts.get(key.partition("/")[0])
        value = written if fact is None else _typed(fact, written)
        if fact is None or fact.of != "member" or "/" in key:
            return {key: value}
        return {f"{key}/{member}": value for member in self.members}

    def _written(self, key: str) -> Any:
        """What the file says of a missing fact, else something that fits its type; as a file writes it."""
        name = key.partition("/")[0]
        for said in (self.step.facts, self.general):
            for each in (key, name):
                if each in said:
                    return said[each]
        return self._something(self.procedure.workflow.facts[name])

    def _something(self, fact: Fact) -> Any:
        match fact.kind:
            case "number":
                return max(1, fact.at_least or 0)
            case "yuan":
                return max(1000, fact.at_least or 0)
            case "share":
                return "0.5"
            case "date":
                return self.today
            case "yes_no":
                return "no"
            case "one" | "many":
                return fact.choices[0]
            case "person":
                return self.officer
            case "list" | "table":
                return [self.household] if fact.kind == "list" else []
            case _:
                return WORDS


def _typed(fact: Fact, written: Any) -> Any:
    """What a file wrote, as a value of *fact*: read as people type it on the command line."""
    return fact_value(fact, ", ".join(str(each) for each in written) if isinstance(written, list) else str(written))


def minutes(case: Case, ask: str, panel: Panel, step: Step) -> Minutes:
    """Everybody came and gave the answer, where the step says nothing else."""
    register = step.present.get("entitled", _ROLL) if panel.roll is not None else 0
    everybody = {"roll": register} if panel.roll is not None else dict(case.section("asks")[ask]["e"])
    present = {post: number for post, number in step.present.items() if post != "entitled"} or everybody
    return Minutes(present, step.votes or {step.act or "": sum(present.values())}, entitled=register)


def document(name: str) -> Document:
    """A file that nobody opens."""
    return Document(hashlib.sha256(name.encode()).hexdigest(), ".pdf", 1)

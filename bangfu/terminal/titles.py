"""What things are called: a definition's own Chinese titles, places by name, and the engine's few words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from bangfu.terminal.screen import MASKED
from engine.cases import SYSTEM, Secret
from engine.errors import N_
from engine.workflow import WITHOUT_POST, Action, Fact, Workflow

Translate = Callable[[str], str]

#: Answers that every panel knows, channels of cases that a case opens, and actions by time.
_WORDS = {
    "abstain": N_("abstain"),
    "fallback": N_("no quorum"),
    "done": N_("done"),
    "then": N_("by time"),
    "ended": N_("the period is over"),
    "upheld": N_("objection upheld"),
}
#: What a second person is asked about, beside the questions of the definition.
_FOR_TWO = {
    ".correct": N_("correction proposed"),
    ".reopen": N_("reopening proposed"),
}
_OUTCOMES = {
    "granted": N_("granted"),
    "refused": N_("refused"),
    "withdrawn": N_("withdrawn"),
    "lapsed": N_("lapsed"),
    "referred": N_("referred"),
    "deferred": N_("deferred"),
    "closed": N_("closed"),
    "upheld": N_("upheld"),
    "dismissed": N_("dismissed"),
}
#: What happens to members of a household.
CHANGES = {
    "born": N_("born"),
    "moved_in": N_("moved in"),
    "died": N_("died"),
    "moved_out": N_("moved away"),
    "split_off": N_("split off"),
    "founded": N_("began as a household of its own"),
}
#: The end of a village's or community's name that says who governs it.
_COMMITTEE = re.compile(r"(?:居民|居|民)?委员?会$")


class Titles:
    """The titles of one definition, in the reader's language where they are the engine's words."""

    def __init__(self, workflow: Workflow, translate: Translate) -> None:
        self.workflow = workflow
        self._ = translate

    def ask(self, name: str) -> str:
        """A stage, task, end or clock; ``stage.wait`` is the period of its notice."""
        workflow = self.workflow
        if name in _FOR_TWO:
            return self._(_FOR_TWO[name])
        parts: tuple[Mapping[str, Any], ...] = (workflow.stages, workflow.tasks, workflow.ends, workflow.clocks)
        for part in parts:
            if name in part:
                return str(part[name].title)
        stage, dot, word = name.partition(".")
        if dot and word == "wait":
            return self._("{stage}: period").format(stage=self.ask(stage))
        return self.ask(stage) if dot else name

    def action(self, name: str, stage: str = "") -> str:
        """An action, a channel or an answer: the one of *stage*, else of any stage that has one of this name."""
        workflow = self.workflow
        own = [workflow.stages[stage].actions] if stage in workflow.stages else []
        others = [] if name in _WORDS else [each.actions for each in workflow.stages.values()]
        places: tuple[Mapping[str, Action], ...] = (*own, workflow.anywhere, workflow.opens, *others)
        title = next((place[name].title for place in places if name in place), "")
        return title or (self._(_WORDS[name]) if name in _WORDS else name)

    def post(self, post: str) -> str:
        """``level.role`` with or without its division."""
        name = post.partition("@")[0]
        if name in WITHOUT_POST:
            return self._(WITHOUT_POST[name])
        found = self.workflow.posts.get(name)
        return found.title if found is not None else name

    def place(self, name: str) -> str:
        return self.workflow.places.get(name, name)

    def outcome(self, outcome: str) -> str:
        return self._(_OUTCOMES[outcome]) if outcome in _OUTCOMES else outcome

    def change(self, name: str) -> str:
        """What happened to members of a household."""
        return self._(CHANGES[name]) if name in CHANGES else name

    def paper(self, name: str) -> str:
        found = self.workflow.papers.get(name)
        return found.title if found is not None else name

    def document(self, name: str) -> str:
        """A document as :func:`engine.reading.documents` names it: a paper, or what belongs to a notice or clock."""
        ask, *more = name.split("/")
        if not more:
            return self.paper(name)
        return " · ".join(
            [self.ask(ask), *(self._("at its end") if each == "end" else self.place(each) for each in more)]
        )

    def fact(self, key: str) -> str:
        name, _, member = key.partition("/")
        found = self.workflow.facts.get(name)
        title = found.title if found is not None else name
        return f"{title} [{member}]" if member else title

    def facts(self, keys: Iterable[str]) -> str:
        """Facts by key and title; of those of members the key says whose."""
        return "、".join(f"{key} {self.fact(key.partition('/')[0])}" for key in keys)

    def value(self, key: str, stored: Any) -> str:
        """A fact's value as people write it; see :meth:`told` where it may be a secret."""
        value = stored.value if isinstance(stored, Secret) else stored
        fact = self.workflow.facts.get(key.partition("/")[0])
        return str(value) if fact is None else said(fact, value, self._)

    def told(self, key: str, stored: Any, may_read: bool) -> str:
        """A fact's value for a reader who may see secrets, or may not."""
        return MASKED if is_hidden(stored, may_read) else self.value(key, stored)


def is_hidden(stored: Any, may_read: bool) -> bool:
    """Whether a stored value is a secret that the reader may not see, or whose key is erased."""
    return isinstance(stored, Secret) and not (may_read and stored.value is not None)


def said(fact: Fact, value: Any, translate: Translate) -> str:
    """A plain value of *fact* as people write it: money in yuan, options by title."""
    if value is None:
        return ""
    if fact.kind == "yuan":
        return translate("{yuan} yuan").format(yuan=yuan(value))
    if fact.kind == "yes_no":
        return translate("yes") if value else translate("no")
    if fact.kind == "one":
        return fact.options.get(value, value)
    if fact.kind == "many":
        return "、".join(fact.options.get(each, each) for each in value) or translate("none")
    if isinstance(value, (list, tuple)):
        return "、".join(str(each) for each in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def yuan(fen: int) -> str:
    """分 as yuan, without needless zeros."""
    return f"{fen // 100:,}" if fen % 100 == 0 else f"{fen / 100:,.2f}"


def actor(person: str, translate: Translate) -> str:
    """Who acted: a person's key, or the clock."""
    return translate(N_("(by itself)")) if person == SYSTEM else person


def place_name(name: str) -> str:
    """A division without the words that say who governs it: 洪家关村民委员会 is the village 洪家关村."""
    return _COMMITTEE.sub("", name)


def behind_place(post: str, place: str) -> str:
    """The title of a post as it stands behind its *place*: 县乡村振兴局 of 慈利县 is its 乡村振兴局, 县 said once."""
    return post.removeprefix(place[-1:])


class PlaceNames:
    """Names of divisions by code, looked up together."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def name(self, code: str) -> str:
        """The division's own name, or its code."""
        return place_name(self._names[code]) if code in self._names else code

    def path(self, code: str) -> str:
        """The division's name after that of its township, where it lies in one."""
        township = code[:9].ljust(12, "0")
        if township != code and township in self._names and code[9:].strip("0"):
            return f"{self.name(township)} {self.name(code)}"
        return self.name(code)

    @staticmethod
    def wanted(codes: list[str]) -> set[str]:
        """The codes that `path` needs for *codes*."""
        return {each for code in codes for each in (code, code[:9].ljust(12, "0"))}

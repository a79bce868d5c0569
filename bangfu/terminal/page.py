"""A procedure as a page that an officer can read: its stages in order, who answers, by when, by which clause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bangfu.terminal.derivation import amount_said
from bangfu.terminal.screen import HEAD, QUIET, SOON, Screen, escape
from bangfu.terminal.titles import Titles
from engine.clocks import Amount, Offset, parse_term
from engine.errors import N_
from engine.loading import Definition, Origin
from engine.references import panels_of
from engine.routes import HERE, next_of, sources_of_anywhere
from engine.workflow import Action, Fact, Panel, Rule, Voiced, When

_BACK = {"previous": N_("back to where it came from"), "visited": N_("back to a stage it has been in")}
Line = tuple[str, str]


class Page:
    """
    Draws one definition. Titles are its own; where a value came from stands behind it, as ``pack/file:line``.

    Args:
        titles: Of the same definition.
    """

    def __init__(self, definition: Definition, titles: Titles, screen: Screen) -> None:
        self.definition = definition
        self.model = definition.workflow
        self.titles = titles
        self.screen = screen
        self._ = titles._

    def draw(self) -> None:
        _, model = self._, self.model
        pack = f"{model.pack} " if model.pack else ""
        version = f"[{QUIET}]{escape(pack)}{self.definition.hash[:12]}[/]"
        self.screen.print(f"[bold]{escape(model.title)}[/] ({model.workflow})  {version}")
        if model.clause:
            text = _("Clause: {clause}").format(clause=model.clause)
            self.screen.print(f"  [{QUIET}]{escape(text)}[/]")
        for question in model.questions:
            self.screen.print(f"  [{SOON}]?[/] {escape(question)}")
        self._part(_("How it is opened"), [self._channel(name) for name in model.opens])
        for number, name in enumerate(model.stages, 1):
            stage = model.stages[name]
            self._heading(f"{number}  {stage.title}", name)
            self._lines([*self._asked(("stages", name), name, stage), *self._actions(name)])
        for name, task in model.tasks.items():
            self._heading(_("Task: {title}").format(title=task.title), name)
            self._lines([*self._asked(("tasks", name), name, task), *self._awaited(task.awaited_by)])
        self._part(_("Limits and periods over several stages"), [self._clock(name) for name in model.clocks])
        self._part(_("Rules"), [self._rule(name) for name in model.rules])
        self._part(_("Settings"), [self._param(name) for name in model.params])
        self._part(_("Ends"), [(end.title, self.titles.outcome(end.outcome)) for end in model.ends.values()])

    # --- parts ---

    def _channel(self, name: str) -> Line:
        channel = self.model.opens[name]
        who = self._("by {posts}").format(posts=self._posts(channel.by))
        return f"{channel.title or name} {name}", f"{who}  {self._from(('opens', name))}"

    def _asked(self, path: tuple[str, ...], name: str, asked: Voiced) -> Iterator[Line]:
        """Who answers, by when, what is filled in and handed in."""
        _ = self._
        yield _("Who answers"), f"{self._voice(name, asked)}  {self._from(path)}"
        if asked.list_ is not None:
            yield _("Together"), _("the cases of a {place} in one act").format(place=_(_LEVELS[asked.list_.per]))
        if asked.limit != "none":
            yield _("Limit"), self._length(asked.limit, (*path, "limit"))
        if asked.notice is not None:
            yield _("Hangs for"), self._length(asked.notice.wait, (*path, "notice", "wait"))
        inside = (name, *(f"{name}.{action}" for action in getattr(asked, "actions", ())))
        facts = [self._optional(f.title, f.optional) for f in self.model.facts.values() if {*f.in_} & {*inside}]
        papers = [self._optional(p.title, p.optional) for p in self.model.papers.values() if {*p.in_} & {*inside}]
        if facts:
            yield _("Facts"), escape("、".join(facts))
        if papers:
            yield _("Papers"), escape("、".join(papers))

    def _actions(self, stage: str) -> Iterator[Line]:
        for name, action in self.model.stages[stage].actions.items():
            yield "→", self._action(stage, name, action)
        for name, action in self.model.anywhere.items():
            if stage in sources_of_anywhere(self.model, action.from_):
                yield "→", self._action(stage, name, action)

    def _action(self, stage: str, name: str, action: Action) -> str:
        """What it is called, where it leads, who else takes it, what it needs."""
        _ = self._
        title = self.titles.action(name, stage)
        parts = [f"{escape(title)} [{QUIET}]{name}[/] → {escape(self._target(stage, action.to))}"]
        if action.by:
            parts.append(escape(_("by {posts}").format(posts=self._posts(action.by))))
        if action.needs:
            parts.append(escape(_("needs: {titles}").format(titles=self._rules(action.needs))))
        if action.opinion:
            parts.append(_("with an opinion"))
        return "；".join(parts)

    def _target(self, stage: str, to: str | tuple[When, ...]) -> str:
        if not isinstance(to, str):
            lines = ((self._rules(line.when), self._target(stage, line.to)) for line in to)
            return " / ".join(f"{target}({rules})" if rules else target for rules, target in lines)
        if to in _BACK:
            return self._(_BACK[to])
        if to in HERE:
            return self._("stays here")
        return self.titles.ask(next_of(self.model, stage) if to == "next" else to)

    def _awaited(self, names: Iterable[str]) -> Iterator[Line]:
        titles = "、".join(self.titles.ask(name) for name in names)
        if titles:
            yield self._("Awaited by"), escape(titles)

    def _clock(self, name: str) -> Line:
        clock = self.model.clocks[name]
        key = "limit" if clock.limit is not None else "wait"
        return f"{clock.title} {name}", self._length(str(clock.limit or clock.wait), ("clocks", name, key))

    def _rule(self, name: str) -> Line:
        rule = self.model.rules[name]
        return f"{rule.title}", f"{escape(rule.if_)}  {self._from(('rules', name))}"

    def _param(self, name: str) -> Line:
        param = self.model.params[name]
        value = param.value
        if param.type == "amount" and isinstance(value, str):
            said = self._amount(value)
        elif isinstance(value, Mapping):
            said = "; ".join(f"{key}: {each}" for key, each in value.items())
        else:
            said = self._("not set") if value == "unset" else str(value)
        return f"{param.title} ${name}", f"{escape(said)}  {self._from(('params', name, 'value'))}"

    # --- who ---

    def _voice(self, name: str, asked: Voiced) -> str:
        _ = self._
        if asked.notice is not None:
            places = "、".join(self.titles.place(place) for place in asked.notice.places)
            text = _("a public notice, by {post}: {places}") if places else _("a public notice, by {post}")
            return escape(text.format(post=self.titles.post(asked.notice.by), places=places))
        if asked.case is not None:
            return escape(_("another case: {workflow}").format(workflow=asked.case.workflow))
        panels = [self._panel(name, panel) for _path, panel in panels_of(self.model, asked)]
        if panels:
            return escape(" / ".join(panels))
        posts = [each if isinstance(each, str) else each.use for each in asked.by or ()]
        return escape(self._posts(posts))

    def _panel(self, ask: str, panel: Panel) -> str:
        seats = "、".join(f"{self.titles.post(post)} {number}" for post, number in panel.seats.items())
        votes = "、".join(
            f"{self.titles.action(name, ask)} {self._threshold(rule)}" for name, rule in panel.tally.items()
        )
        quorum = ""
        if panel.quorum is not None:
            quorum = self._("quorum {number}").format(number=self._threshold(str(panel.quorum)))
        return f"{panel.title}: {'；'.join(part for part in (seats, quorum, votes) if part)}"

    def _threshold(self, text: str) -> str:
        """``over 1/2 of present`` in the reader's words."""
        share, _, base = text.partition(" of ")
        said = {"all": self._("all"), "any": self._("any one"), "otherwise": self._("otherwise")}.get(share, share)
        if share.startswith("over "):
            said = self._("over {share}").format(share=share.removeprefix("over "))
        bases = {"entitled": self._("{share} of the entitled"), "present": self._("{share} of those present")}
        return bases[base].format(share=said) if base else said

    def _posts(self, posts: Iterable[str]) -> str:
        return "、".join(self.titles.post(str(self._resolved(post)[0])) for post in posts)

    def _rules(self, refs: Iterable[str]) -> str:
        rules: dict[str, Fact | Rule] = {**self.model.facts, **self.model.rules}
        found = []
        for ref in refs:
            word, _, name = ref.rpartition(" ")
            group = [rule.title for rule in self.model.rules.values() if rule.group == name]
            title = rules[name].title if name in rules else " / ".join(group) or name
            found.append(self._("not: {title}").format(title=title) if word == "not" else title)
        return "、".join(found)

    # --- how long, and where it is written ---

    def _resolved(self, text: str) -> tuple[Any, tuple[str, ...]]:
        """What ``$name`` stands for, and where that is written; anything else is itself, written where it stands."""
        if text.startswith("$") and text[1:] in self.model.params:
            return self.model.params[text[1:]].value, ("params", text[1:], "value")
        return text, ()

    def _length(self, text: str, path: tuple[str, ...]) -> str:
        value, elsewhere = self._resolved(text)
        return f"{escape(self._amount(str(value)))}  {self._from(elsewhere or path)}"

    def _amount(self, text: str) -> str:
        words = {"unset": self._("not set"), "none": self._("none")}
        if text in words:
            return words[text]
        try:
            term = parse_term(text)
        except ValueError:
            return text
        if isinstance(term, Amount):
            return amount_said(term, self.screen.words)
        if isinstance(term, Offset) and term.amount.number:
            before, after = self._("{amount} before {anchor}"), self._("{amount} after {anchor}")
            amount = amount_said(term.amount, self.screen.words)
            return (before if term.side == "before" else after).format(amount=amount, anchor=self._anchor(term.anchor))
        return self._anchor(term.anchor) if isinstance(term, Offset) else text

    def _anchor(self, name: str) -> str:
        return self.titles.fact(name) if name in self.model.facts else self.titles.ask(name.partition(".")[0])

    def _from(self, path: tuple[str, ...]) -> str:
        """Clause and place of what stands at *path*."""
        origin = self.definition.origin(*path)
        return f"[{QUIET}]{escape(' · '.join(part for part in (origin.clause, place_of(origin)) if part))}[/]"

    # --- drawing ---

    def _heading(self, title: str, name: str) -> None:
        self.screen.print("", f"[{HEAD}]{escape(title)}[/] [{QUIET}]{name}[/]")

    def _part(self, title: str, lines: list[Line]) -> None:
        if lines:
            self.screen.print("", f"[{HEAD}]{escape(title)}[/]")
            self._lines(lines)

    def _lines(self, lines: Iterable[Line]) -> None:
        from rich.table import Table

        found = Table.grid(padding=(0, 2, 0, 0))
        found.add_column(width=2)
        found.add_column(max_width=34, overflow="fold")
        found.add_column(overflow="fold")
        for label, text in lines:
            found.add_row("", escape(label), text)
        self.screen.print(found)

    def _optional(self, title: str, optional: Any) -> str:
        return self._("{title} (may be left out)").format(title=title) if optional else title


_LEVELS = {"village": N_("village"), "township": N_("township"), "county": N_("county")}


def place_of(origin: Origin) -> str:
    """Where a value is written, in few words: ``packs/hn_demo/identification.yaml:12``."""
    return f"{origin.file.removeprefix('workflows/')}:{origin.line}" if origin.file else ""

"""
What must hold before a command is carried out: who may act, what must be there, which rules must agree.

Separation of duties and recusal are guards of the core: no definition can switch them off (I18).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.cases import SYSTEM, Document
from engine.compiling import is_office_post
from engine.divisions import contains
from engine.drafting import Draft
from engine.errors import (
    N_,
    ActionNotAllowedError,
    CaseNotFoundError,
    GuardRefusedError,
    InputError,
    PermissionDeniedError,
)
from engine.facts import clean, is_missing
from engine.timing import running
from engine.workflow import Action, Fact, Paper

#: Legal meanings that take a case towards approval: what open objections and awaited tasks hold back.
FORWARD = frozenset({"pass", "grant"})
#: Meanings that judge: who prepared a case may not do this above the village.
JUDGING = frozenset({"pass", "grant", "refuse"})
_VILLAGE = frozenset({"village", "group"})


def require_scope(draft: Draft) -> None:
    """Whoever may not see a case is told that there is none (I19)."""
    person = draft.command.person
    if person != SYSTEM and not draft.world.staff.sees(person, str(draft.value("division")), draft.today):
        raise CaseNotFoundError(draft.before.id)


def acting_post(draft: Draft, posts: Iterable[str]) -> str:
    """
    The post in which the person acts: one of *posts* that he holds at the right division.

    A post that nobody holds is stood in for by its ``else``. What the household, an objector or anybody does is
    recorded by an officer of the village or township, in whose name it then stands.

    Raises:
        PermissionDeniedError: He holds none of them.
    """
    posts = tuple(posts)
    person, wanted = draft.command.person, draft.command.post
    if person == SYSTEM:
        return ""
    held = draft.world.staff.posts(person, draft.today)
    for post in posts:
        for candidate in with_stand_in(draft, post):
            if not is_office_post(candidate):
                found = _records_for(draft, candidate)
                if found:
                    return found
                continue
            name, division = draft.place_of(candidate)
            if wanted and wanted != name:
                continue
            if any(holding.post == name and holding.division == division for holding in held):
                return f"{name}@{division}"
    titles = ", ".join(f"{draft.procedure.post_title(post)} ({post})" for post in posts)
    raise PermissionDeniedError(
        draft.before.id,
        N_("only {titles} of this case's own division may do this"),
        advice=N_("see who holds it: bangfu post list"),
        titles=titles,
    )


def with_stand_in(draft: Draft, post: str) -> tuple[str, ...]:
    """*post*, or what its definition names for the case that nobody holds it."""
    seen: list[str] = []
    current: str | None = draft.procedure.parameter(post)
    while current and current not in seen:
        seen.append(current)
        if not is_office_post(current) or draft.holders(current):
            return (current,)
        found = draft.procedure.workflow.posts.get(current.partition("@")[0])
        current = found.else_ if found else None
    return (seen[0],)


def _records_for(draft: Draft, whom: str) -> str:
    home = str(draft.value("division"))
    if whom == "parent":
        return ""
    for holding in draft.world.staff.posts(draft.command.person, draft.today):
        level = holding.post.partition(".")[0]
        if level in ("village", "township") and contains(holding.division, home):
            draft.body["for"] = whom
            return f"{holding.post}@{holding.division}"
    return ""


def require_recusal(draft: Draft, persons: Iterable[str]) -> None:
    """Nobody decides about himself or his declared relatives (I18)."""
    household = str(draft.value("household") or draft.value("subject"))
    for key in persons:
        person = draft.world.staff.people.get(key)
        if person is not None and household in person.relatives:
            raise GuardRefusedError(
                draft.before.id,
                N_("{key} has declared this household as a relative's and must not take part"),
                rule="recusal",
                advice=N_("another holder of the post acts, or the minutes name him as recused"),
                key=key,
            )


def require_separation(draft: Draft, ask: str, post: str, means: str, persons: Iterable[str]) -> None:
    """
    Who prepared a case does not judge it (I18): above the village, one person answers one question of a case until it
    is granted; and whoever opened it never grants it.
    """
    if draft.value("granted", "") or means not in JUDGING:
        return
    if means != "grant" and post.partition(".")[0] in _VILLAGE:
        return
    acts: Mapping[str, list[str]] = draft.section("acts")
    for person in persons:
        for other, by in acts.items():
            if other != ask and person in by and (means == "grant" or other != "opens"):
                raise GuardRefusedError(
                    draft.before.id,
                    N_("{person} already acted here ({title}) and may not judge the case as well"),
                    rule="separation",
                    advice=N_("another holder of the post must act"),
                    person=person,
                    title=draft.procedure.title(other),
                )


def remember_actor(draft: Draft, ask: str, persons: Iterable[str]) -> None:
    """Note who answered *ask*, for the separation of duties."""
    before = draft.get("acts", ask, [])
    merged = sorted({*before, *(person for person in persons if person)})
    if merged != before:
        draft.put("acts", ask, merged)


# --- what must be there -----------------------------------------------------------------------------------------------


def write_facts(draft: Draft, places: Iterable[str], facts: Mapping[str, Any]) -> list[str]:
    """
    Write what the person filled in, each value checked by its type.

    Returns:
        The names written, so that their events can be told.

    Raises:
        InputError: A fact is not asked for here, is of another type, or names a member that the household has not.
    """
    procedure = draft.procedure
    allowed = {name for place in places for name in procedure.facts_in.get(place, ())}
    members = draft.value("members", ())
    written = []
    for key, value in facts.items():
        name, _, member = key.partition("/")
        fact = procedure.workflow.facts.get(name)
        if fact is None or name not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            raise InputError(N_("{name} is not asked for here; asked for: {known}"), field=key, name=name, known=known)
        if (fact.of == "member") != bool(member) or (member and member not in members):
            raise InputError(
                N_("{title} ({name}) belongs to a member: write {name}/MEMBER with one of {members}")
                if fact.of == "member"
                else N_("{title} ({name}) belongs to the case, not to a member"),
                field=key, title=fact.title, name=name, members=", ".join(members),
            )  # fmt: skip
        draft.put("facts", key, {"v": clean(name, fact, value), "s": draft.seq})
        written.append(name)
    return written


def write_papers(draft: Draft, places: Iterable[str], papers: Mapping[str, Document]) -> None:
    """Attach documents to the papers asked for here."""
    allowed = {name for place in places for name in draft.procedure.papers_in.get(place, ())}
    for name, document in papers.items():
        if name not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            raise InputError(
                N_("no paper {name} is asked for here; asked for: {known}"), field=name, name=name, known=known
            )
        draft.put("papers", name, {"d": document.digest, "f": document.name, "s": draft.seq})


def missing_facts(draft: Draft, place: str, since: int = 0) -> list[tuple[str, Fact]]:
    """Facts asked for in *place* that are not there yet; keys with ``/member`` for facts of members."""
    found = []
    for name in draft.procedure.facts_in.get(place, ()):
        fact = draft.procedure.workflow.facts[name]
        if fact.optional or (fact.when and not draft.holds(fact.when)):
            continue
        keys = [f"{name}/{member}" for member in draft.value("members", ())] if fact.of == "member" else [name]
        for key in keys:
            stored = draft.get("facts", key)
            if stored is None or is_missing(stored["v"]) or (fact.fresh and stored["s"] < since):
                found.append((key, fact))
    return found


def missing_papers(draft: Draft, place: str, since: int = 0) -> list[tuple[str, Paper]]:
    """Papers asked for in *place* that are not there yet. What the system makes is never missing."""
    found = []
    for name in draft.procedure.papers_in.get(place, ()):
        paper = draft.procedure.workflow.papers[name]
        if paper.optional or paper.made_by or (paper.when and not draft.holds(paper.when)):
            continue
        stored = draft.get("papers", name)
        if stored is None or (paper.fresh and stored["s"] < since):
            found.append((name, paper))
    return found


def require_complete(draft: Draft, place: str, since: int = 0) -> None:
    """Before a stage or task goes forward, its facts and papers must be there."""
    lacking = [f"{fact.title} ({key})" for key, fact in missing_facts(draft, place, since)]
    lacking += [f"《{paper.title}》 ({name})" for name, paper in missing_papers(draft, place, since)]
    if lacking:
        raise GuardRefusedError(
            draft.before.id,
            N_("still missing here: {lacking}"),
            rule="completeness",
            advice=N_("hand them in with the action: --fact NAME=VALUE, --paper NAME=FILE"),
            lacking=", ".join(lacking),
        )


def require_action(draft: Draft, stage: str, name: str, action: Action) -> None:
    """
    Every guard of *action* but who takes it: its rules, its count, awaited tasks, open objections, waits, its opinion.

    Raises:
        GuardRefusedError: With the rule, its title and clause.
        ActionNotAllowedError: A task must finish first, or the action was taken as often as it may be.
    """
    procedure = draft.procedure
    if action.means in FORWARD:
        require_no_objection(draft)
        open_tasks = awaited(draft, stage)
        if open_tasks:
            names = ", ".join(f"{procedure.title(task)} ({task})" for task in open_tasks)
            raise ActionNotAllowedError(draft.before.id, N_("waits for {names}"), names=names)
    for ref in action.needs:
        verdict = draft.verdict(ref)
        if verdict.truth is None:
            raise draft.unknown(verdict)
        if not verdict.truth:
            blocking = [rule for rule in verdict.rules if rule.truth is not None] or list(verdict.rules)
            titles = "; ".join(f"{rule.title} ({rule.id})" for rule in blocking)
            raise GuardRefusedError(
                draft.before.id,
                N_("needs {ref}: {titles}"),
                rule=ref,
                clause=next((rule.clause for rule in blocking if rule.clause), ""),
                ref=ref,
                titles=titles,
            )
    if action.times is not None and int(draft.get("times", f"{stage}.{name}", 0)) >= action.times:
        raise ActionNotAllowedError(
            draft.before.id, N_("was already taken {times} times, as often as it may be"), times=action.times
        )
    if action.opinion and not draft.command.note and draft.command.person != SYSTEM:
        raise GuardRefusedError(
            draft.before.id, N_("needs an opinion in words"), rule="opinion", advice=N_("add --note TEXT")
        )
    for spec, state in running(draft):
        if spec.kind == "wait" and spec.until == f"{stage}.{name}":
            raise GuardRefusedError(
                draft.before.id, N_("not before {day} is over: {title}"),
                rule=spec.id, clause=spec.clause, day=state.due_date.isoformat(), title=spec.title,
            )  # fmt: skip


def require_no_objection(draft: Draft) -> None:
    """An open objection holds back every step towards approval (I13)."""
    if any(link["k"] == "objection" for link in draft.section("links").values()):
        raise GuardRefusedError(
            draft.before.id,
            N_("an objection is being verified"),
            rule="objection",
            advice=N_("it must be answered first: bangfu notice answer"),
        )


def awaited(draft: Draft, stage: str) -> list[str]:
    """The tasks that *stage* waits for: those still open, and those that every way must pass but were never opened."""
    found = []
    for name in draft.procedure.awaited.get(stage, ()):
        status = draft.get("tasks", name, {}).get("st", "")
        if status == "open" or (draft.procedure.workflow.tasks[name].must and status not in ("done", "waived")):
            found.append(name)
    return found

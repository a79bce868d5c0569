"""
What must hold before a command is carried out: who may act, what must be there, which rules must agree.

Each guard yields its reasons; ``decide`` raises the first, ``offered`` shows all. Separation of duties and recusal are
guards of the core: no definition can switch them off (I18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.cases import SYSTEM, Document
from engine.compiling import FORWARD, is_office_post
from engine.concerns import against_concerns, against_granting_nobody
from engine.divisions import contains
from engine.drafting import Draft
from engine.errors import N_, CaseNotFoundError, InputError, Words
from engine.facts import clean, copied, is_missing
from engine.people import sees
from engine.reasons import Reason, UnknownRuleError, reason, require
from engine.rules import RuleResult, Verdict
from engine.timing import state_of
from engine.workflow import WITHOUT_POST, Action, Fact, Paper

#: Meanings that judge: who prepared a case may not do this above the village.
JUDGING = frozenset({"pass", "grant", "refuse"})
_VILLAGE = frozenset({"village", "group"})


# --- who ---------------------------------------------------------------------------------------------------------


def require_scope(draft: Draft) -> None:
    """Whoever may not see a case is told that there is none (I19); its other places are in scope like its home."""
    person = draft.command.person
    if person != SYSTEM and not sees(draft.section("case"), draft.world.staff, person, draft.today):
        raise CaseNotFoundError(draft.before.id)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    In which post a person acts.

    Attributes:
        post: ``level.role@division``, as held.
        asked: The post that is asked: the same, the one that he stands in for, or ``household``, ``anyone`` …
        behalf: Whom he acts for as a deputy, or because the work was entrusted to him; empty if for himself.
    """

    post: str
    asked: str
    behalf: str = ""


def standing(draft: Draft, posts: Iterable[str], ask: str = "") -> Standing | None:
    """
    The post in which the person acts: one of *posts* that he holds at the right division, or None.

    A post that nobody holds is stood in for by its ``else``; who was asked as a stand-in may answer even if somebody
    holds the post now, and so may somebody to whom work was entrusted, while the giver holds his. What the household,
    an objector or anybody does is recorded by an officer of the village or township, in whose name it then stands.
    """
    wanted = draft.command.post
    held = draft.held if not wanted else {each: behalf for each, behalf in draft.held.items() if each[0] == wanted}
    for post in posts:
        candidate = stand_in(draft, post)
        if not is_office_post(candidate):
            recorder = _recorder(draft, held) if candidate != "parent" else None
            if recorder:
                return Standing("@".join(recorder), candidate, held[recorder])
        elif (place := draft.place_of(candidate)) in held:
            return Standing("@".join(place), draft.parameter(post), held[place])
    for item in draft.section("items").values():
        place = item["p"], item["d"]
        if ask and item["q"] == ask and "g" not in item and place in held and _is_trusted(draft, item):
            return Standing("@".join(place), item.get("f", item["p"]), item.get("of", {}).get("by") or held[place])
    return None


def _is_trusted(draft: Draft, item: Mapping[str, Any]) -> bool:
    """Whether an item may be answered as it stands: one that was entrusted only by its trustee, while the giver may."""
    given = item.get("of")
    if given is None:
        return True
    posts = draft.world.staff.own_posts(given["by"], draft.today)
    return item.get("by") == draft.command.person and (given["p"], given["d"]) in {(h.post, h.division) for h in posts}


def stand_in(draft: Draft, post: str) -> str:
    """
    *post*, or what its definition names for the case that nobody is there; itself if nobody is for any of them.

    Who holds it and has declared the household as a relative's must not act: without another holder nobody is there.
    """
    seen: list[str] = []
    current: str | None = draft.parameter(post)
    while current and current not in seen:
        seen.append(current)
        if not is_office_post(current) or able(draft, current):
            return current
        found = draft.procedure.workflow.posts.get(current.partition("@")[0])
        current = found.else_ if found else None
    return seen[0]


def _recorder(draft: Draft, held: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    home = str(draft.value("division"))
    for post, division in sorted(held):
        if division == home or (post.partition(".")[0] in ("village", "township") and contains(division, home)):
            return post, division
    return None


def recorders(draft: Draft) -> Iterator[str]:
    """Who may record what the household or anybody does: officers of the village or township, no relatives of it."""
    for key in draft.world.staff.people:
        held = ((each.post, each.division) for each in draft.world.staff.own_posts(key, draft.today))
        if _recorder(draft, held) and not is_relative(draft, key):
            yield key


def against_post(draft: Draft, posts: Iterable[str], ask: str = "") -> Iterator[Reason]:
    """The person holds none of *posts*."""
    posts = tuple(draft.parameter(post) for post in posts)
    if standing(draft, posts, ask) is None:
        yield reason(
            "post", N_("only {titles} of this case's own division may do this"),
            advice=N_("see who holds it: bangfu post list"), titles=_named(draft, posts),
        )  # fmt: skip


def _named(draft: Draft, posts: Iterable[str]) -> Words:
    """*posts* by title, and as they are typed where they are posts; who holds none in the reader's language."""
    names = {
        f"post{number}": Words(WITHOUT_POST[post])
        if post in WITHOUT_POST
        else f"{draft.procedure.post_title(post)} ({post})"
        for number, post in enumerate(posts)
    }
    return Words(", ".join(f"{{{name}}}" for name in names), names)


def stand(draft: Draft, posts: Iterable[str], ask: str = "") -> Standing:
    """
    The person acts in the post that allows it; the event says in which, and for whom who holds none.

    Raises:
        PermissionDeniedError: He holds none of *posts*.
    """
    posts = tuple(posts)
    found = standing(draft, posts, ask)
    if found is None:
        require(draft.before.id, against_post(draft, posts, ask))
    assert found is not None
    draft.post, draft.behalf = found.post, found.behalf
    if not is_office_post(found.asked):
        draft.body["for"] = found.asked
    return found


def stand_anywhere(draft: Draft) -> None:
    """The person acts in any post of his in whose scope the case lies: its home, else another of its places."""
    for place in draft.places:
        for (post, division), behalf in draft.held.items():
            if contains(division, place):
                draft.post, draft.behalf = f"{post}@{division}", behalf
                return


def against_claim(draft: Draft, ask: str) -> Iterator[Reason]:
    """All open work of *ask* is claimed by others."""
    items = [item for item in draft.section("items").values() if item["q"] == ask and "g" not in item]
    mine = [item for item in items if (item["p"], item["d"]) in draft.held] or items
    if mine and all(taken_by(draft, item) not in ("", draft.command.person) for item in mine):
        yield reason(
            "claimed", N_("{holder} has claimed this"), advice=N_("ask him to release it, or wait"),
            holder=called(draft, mine[0]["by"]),
        )  # fmt: skip


def is_relative(draft: Draft, key: str) -> bool:
    """Whether the person has declared the case's household as his own or a near relative's."""
    person = draft.world.staff.people.get(key)
    if person is None or not person.relatives:
        return False  # Whose case it is is not asked of who declared nobody: it would make all cases unlike.
    return str(draft.value("household") or draft.value("subject")) in person.relatives


def taken_by(draft: Draft, item: Mapping[str, Any]) -> str:
    """Who has *item*; empty if nobody: what was claimed in a post that the claimer has left is free again."""
    by, place = str(item.get("by", "")), (item["p"], item["d"])
    if not by or "of" in item or not is_office_post(item["p"]):
        return by
    return by if any((held.post, held.division) == place for held in draft.world.staff.posts(by, draft.today)) else ""


def able(draft: Draft, post: str) -> tuple[str, ...]:
    """Who holds *post* for this case and may act: declared relatives of its household must not."""
    return tuple(key for key in draft.holders(post) if not is_relative(draft, key))


def against_relatives(draft: Draft, persons: Iterable[str]) -> Iterator[Reason]:
    """Nobody decides about himself or his declared relatives (I18)."""
    for key in persons:
        if is_relative(draft, key):
            yield reason(
                "recusal", N_("{key} has declared this household as a relative's and must not take part"),
                advice=N_("another holder of the post acts, or the minutes name him as recused"),
                key=called(draft, key),
            )  # fmt: skip


def against_both(draft: Draft, ask: str, means: str, seats: Mapping[str, str]) -> Iterator[Reason]:
    """
    Who prepared a case does not judge it (I18).

    Above the village, one person answers one question of a case until it is granted; and whoever opened it, or answered
    anything of it anywhere, never grants it.

    Args:
        means: What the answer means.
        seats: Person → the post in which he answers; who only attends has none, and judges nothing.
    """
    if draft.value("granted", "") or means not in JUDGING:
        return
    acts: Mapping[str, list[str]] = draft.section("acts")
    for person, post in seats.items():
        if not post or (means != "grant" and post.partition(".")[0] in _VILLAGE):
            continue
        for other, by in acts.items():
            if other != ask and person in by and (means == "grant" or other != "opens"):
                yield reason(
                    "separation", N_("{person} already acted here ({title}) and may not judge the case as well"),
                    advice=N_("another holder of the post must act"),
                    person=called(draft, person),
                    title=Words(N_("the opening")) if other == "opens" else draft.procedure.title(other),
                )  # fmt: skip


def called(draft: Draft, key: str) -> str:
    """A person's name, with the key that people type."""
    person = draft.world.staff.people.get(key)
    return f"{person.name} ({key})" if person is not None and person.name != key else key


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
            known = titled(procedure.workflow.facts, sorted(allowed))
            raise InputError(N_("{name} is not asked for here; asked for: {known}"), field=key, name=name, known=known)
        if (fact.of == "member") != bool(member) or (member and member not in members):
            raise InputError(
                N_("{title} ({name}) belongs to a member: write {name}/MEMBER with one of {members}")
                if fact.of == "member"
                else N_("{title} ({name}) belongs to the case, not to a member"),
                field=key, title=fact.title, name=name, members=", ".join(members),
            )  # fmt: skip
        stored = clean(name, fact, value)
        require_happened(draft, name, stored)
        draft.put("facts", key, {"v": stored, "s": draft.seq})
        written.append(name)
    return written


def require_happened(draft: Draft, name: str, stored: Any) -> None:
    """
    A day on which a clock starts has come, a limit would else begin whenever somebody likes; so has one that is
    ``at_most: today``.

    A day that a length only counts from (``5 day before until``) may lie ahead.

    Raises:
        InputError: It lies after today.
    """
    fact = draft.procedure.workflow.facts[name]
    if name not in draft.procedure.happened and fact.at_most != "today":
        return
    # A secret date is judged like any other.
    if date.fromisoformat(getattr(stored, "value", stored)) > draft.today:
        if name not in draft.procedure.happened:
            raise InputError(
                N_("{title} ({name}) lies after today, and it is a day that has come"), field=name, name=name,
                title=fact.title,
            )  # fmt: skip
        raise InputError(
            N_("{title} ({name}) lies after today, and a time limit runs from it"), field=name, name=name,
            title=fact.title,
        )  # fmt: skip


def titled(parts: Mapping[str, Any], names: Iterable[str]) -> str:
    """*names* as they are typed, each with the title that officers know it by; a dash if there are none."""
    return ", ".join(f"{name} {parts[name].title or ''}".rstrip() for name in names) or "–"


def write_papers(draft: Draft, places: Iterable[str], papers: Mapping[str, Document]) -> None:
    """Attach documents to the papers asked for here."""
    allowed = {name for place in places for name in draft.procedure.papers_in.get(place, ())}
    for name, document in papers.items():
        if name not in allowed:
            known = titled(draft.procedure.workflow.papers, sorted(allowed))
            raise InputError(
                N_("no paper {name} is asked for here; asked for: {known}"), field=name, name=name, known=known
            )
        draft.put("papers", name, {"d": document.digest, "f": document.name, "s": draft.seq})


def missing_facts(draft: Draft, place: str, since: int = 0) -> list[tuple[str, Fact]]:
    """
    Facts asked for in *place* that are not there yet; keys with ``/member`` for facts of members.

    Raises:
        UnknownRuleError: Whether one is asked for depends on a fact that is missing.
    """
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
    """Papers asked for in *place* that are not there yet. What the system makes is never missing. Raises as above."""
    found = []
    for name in draft.procedure.papers_in.get(place, ()):
        paper = draft.procedure.workflow.papers[name]
        if paper.optional or paper.made_by or (paper.when and not draft.holds(paper.when)):
            continue
        stored = draft.get("papers", name)
        if stored is None or (paper.fresh and stored["s"] < since):
            found.append((name, paper))
    return found


def against_gaps(draft: Draft, places: Iterable[str], since: int = 0) -> Iterator[Reason]:
    """Before a stage or task goes forward, the facts and papers asked for in *places* must be there."""
    lacking: dict[str, str] = {}
    papers: dict[str, str] = {}
    for place in places:
        try:
            lacking.update({key: f"{fact.title} ({key})" for key, fact in missing_facts(draft, place, since)})
            papers.update({name: f"《{paper.title}》 ({name})" for name, paper in missing_papers(draft, place, since)})
        except UnknownRuleError as error:
            yield error.why
    for kind, names in (("facts", lacking), ("papers", papers)):
        if names:
            yield reason(
                kind, N_("still missing here: {lacking}"), rule="completeness",
                advice=N_("hand them in with the action: --fact NAME=VALUE, --paper NAME=FILE"),
                missing=names, lacking=", ".join(names.values()),
            )  # fmt: skip


# --- what an action asks for ------------------------------------------------------------------------------------------


def against_action(draft: Draft, stage: str, name: str, action: Action) -> Iterator[Reason]:
    """
    Every guard of *action* but who takes it: open objections, awaited tasks, a notice that still hangs, its rules, its
    count, its opinion, waits, and what must be filled in.
    """
    procedure, event = draft.procedure, f"{stage}.{name}"
    if action.means in FORWARD:
        yield from against_leaving(draft, stage)
        if action.means == "grant":
            yield from against_granting_nobody(draft)
        open_tasks = list(dict.fromkeys((*awaited(draft, stage), *awaited(draft, event))))
        if open_tasks:
            names = ", ".join(f"{procedure.title(task)} ({task})" for task in open_tasks)
            yield reason("awaited", N_("waits for {names}"), names=names)
    for ref in action.needs:
        yield from against_rule(draft, ref)
    for name, value in action.set_.items():
        source = copied(procedure.workflow, name, value)
        if source and draft.get("facts", source) is None:
            yield reason(
                "unknown", N_("not filled in yet: {names}"), missing=(source,),
                names=f"{procedure.workflow.facts[source].title} ({source})",
                advice=N_("fill in the missing facts where they belong: --fact NAME=VALUE"),
            )  # fmt: skip
    if action.times is not None and int(draft.get("times", event, 0)) >= action.times:
        yield reason("times", N_("was already taken {times} times, as often as it may be"), times=action.times)
    if not _has_words(draft, stage, name):
        yield from against_silence(draft, action)
    for clock in procedure.clocks_until.get(event, ()):
        state = state_of(draft, clock) if procedure.clocks[clock].kind == "wait" else None
        # What is over holds nothing back, though no sweep has said so yet.
        if state is not None and (state.status != "running" or state.due_at > draft.now):
            yield reason(
                "wait", N_("not before {day} is over: {title}"), rule=clock, clause=procedure.clocks[clock].clause,
                day=state.due_date.isoformat(), title=procedure.clocks[clock].title,
            )  # fmt: skip
    since = draft.get("asks", stage, {}).get("s", 0)
    places = (event, name) if name in procedure.workflow.anywhere else (event,)
    yield from against_gaps(draft, (stage, *places) if action.means in FORWARD else places, since)


def against_silence(draft: Draft, action: Action) -> Iterator[Reason]:
    """*action* needs words, and comes with none."""
    if action.opinion and not draft.note:
        yield reason("opinion", N_("needs an opinion in words"), advice=N_("add --note TEXT"))


def _has_words(draft: Draft, ask: str, answer: str) -> bool:
    """Whether a member of the panel asked in *ask* has said why he answers so: whoever settles it need not."""
    prefix = f"{ask}#{draft.get('asks', ask, {}).get('n')}/"
    given = draft.section("answers").items()
    return any(value["a"] == answer and "o" in value for key, value in given if key.startswith(prefix))


def against_rule(draft: Draft, ref: str) -> Iterator[Reason]:
    """*ref* says no, or cannot say."""
    verdict = draft.verdict(ref)
    if verdict.truth is None:
        yield draft.unknown(verdict)
    elif not verdict.truth:
        asked, parts = _blocking(draft, verdict)
        needs = N_("needs: {titles}") if len(asked) == 1 else N_("needs one of: {titles}")
        needs = N_("must not be: {titles}") if ref.startswith("not ") else needs
        # Of a task's result the title names the task alone.
        titles = {"titles": "; ".join(f"{r.title} ({r.id})" if "." in r.id else r.title for r in asked)}
        yield reason(
            "rule", N_("{needs} (not so: {parts})") if parts else needs, rule=ref,
            clause=next((rule.clause for rule in (*asked, *parts) if rule.clause), ""),
            **titles, needs=Words(needs, titles), parts="; ".join(rule.title for rule in parts),
        )  # fmt: skip


def _blocking(draft: Draft, verdict: Verdict) -> tuple[list[RuleResult], list[RuleResult]]:
    """
    The rules asked for that say no (of ``not x``: yes), and which of those they read are why.

    A rule of a group is not why if another of its group holds.
    """
    rules, denied = draft.procedure.workflow.rules, verdict.ref.startswith("not ")
    name = verdict.ref.rpartition(" ")[2]
    count = sum(1 for rule in rules.values() if rule.group == name) or 1
    asked = [rule for rule in verdict.rules[:count] if rule.truth is denied]
    holds = {rules[rule.id].group for rule in verdict.rules if rule.truth and rule.id in rules}
    parts = [
        rule for rule in verdict.rules[count:]
        if rule.truth is False and not (rules[rule.id].group and rules[rule.id].group in holds)
    ]  # fmt: skip
    return asked, [] if denied else parts


def against_leaving(draft: Draft, stage: str) -> Iterator[Reason]:
    """
    What holds back every step towards approval: a household that has changed, an open objection (I13), a notice whose
    end has not come (I12).
    """
    yield from against_concerns(draft)
    if has_objection(draft):
        yield reason(
            "objection", N_("an objection is being verified"),
            advice=N_("it must be answered first: bangfu notice answer"),
        )  # fmt: skip
    if draft.procedure.ask(stage).notice is not None and not notice_is_over(draft, stage):
        yield reason("notice", N_("the notice must hang until its legal end"), clause=notice_clause(draft, stage))


def has_objection(draft: Draft, ask: str = "") -> bool:
    """Whether an objection is open: against any notice of the case, or that of *ask*."""
    links = draft.section("links").values()
    return any(link["k"] == "objection" and ask in ("", link["q"]) for link in links)


def notice_is_over(draft: Draft, name: str) -> bool:
    """Whether the notice of this entry has hung for its whole period, or was waived."""
    ask, posting = draft.get("asks", name), draft.get("notices", name)
    return bool(ask and (ask.get("w") or (posting and posting["n"] == ask["n"] and posting.get("over"))))


def notice_clause(draft: Draft, name: str) -> str:
    spec = draft.procedure.clocks.get(f"{name}.wait")
    return spec.clause if spec is not None else ""


def awaited(draft: Draft, place: str) -> list[str]:
    """The tasks that a stage or action waits for: those open, and each `must` that was never opened."""
    found = []
    for name in draft.procedure.awaited.get(place, ()):
        status = draft.get("tasks", name, {}).get("st", "")
        if status == "open" or (draft.procedure.workflow.tasks[name].must and status not in ("done", "waived")):
            found.append(name)
    return found

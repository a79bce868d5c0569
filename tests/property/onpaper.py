"""
A case as an office keeps it on paper, and what each verb of its officers does to it.

A model beside the engine, made from docs/explanation/verbs.md and docs/decisions alone: it imports nothing of the
engine and knows neither events nor records. It takes an act back by laying the sheet on top that lay there before.

A *sheet* is one moment of one case: which questions are open and who has their work, which answers count, which answer
is held for whom, what is due when, and what was done since that could still be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

JUDGES = frozenset({"pass", "grant", "refuse"})
DAYS = 2  #: Of every limit.


# --- what the procedure says ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """
    A question of the procedure.

    Attributes:
        seats: Post → how many of it answer; without a panel any one holder does.
        ways: Answer → (where it leads, what it means); of a task the place is empty.
        panel: Whether each seat answers for itself, the larger half deciding between ``pass`` and ``fail``.
        order: Whether the seats answer one post after the other.
        awaits: The tasks that must be over before it passes.
        opens: The tasks that are opened when it is asked.
        limit: Whether it has a limit, which runs from when nothing is awaited any more.
    """

    seats: Mapping[str, int]
    ways: Mapping[str, tuple[str, str]]
    panel: bool = False
    order: bool = False
    awaits: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    limit: bool = True


@dataclass(frozen=True)
class Office:
    """The procedure's questions and ends, who holds which post, who stands for whom while he is a deputy."""

    asked: Mapping[str, Asked]
    ends: frozenset[str]
    posts: Mapping[str, str]
    deputy: tuple[str, str]
    judge: str

    def holders(self, post: str) -> list[str]:
        return [who for who, held in self.posts.items() if held == post]

    def is_above(self, post: str, other: str) -> bool:
        levels = ("village", "township", "county")
        return levels.index(post.partition(".")[0]) > levels.index(other.partition(".")[0])


# --- the sheet --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """Work in a queue: whose *seat* it is, at which post it lies, who took it, who entrusted it to him; a signer's."""

    seat: str
    post: str
    by: str = ""
    giver: str = ""
    signs: str = ""


@dataclass(frozen=True)
class Vote:
    answer: str
    seat: str
    by: str  #: Who gave it, for himself or for whose voice it is.


@dataclass(frozen=True)
class Signer:
    when: str
    adder: str
    said: str = ""


@dataclass(frozen=True)
class Open:
    """An open question."""

    work: tuple[Work, ...]
    votes: Mapping[str, Vote] = field(default_factory=dict)
    signers: Mapping[str, Signer] = field(default_factory=dict)
    held: str = ""
    begun: bool = False

    def awaited(self, when: str) -> list[str]:
        return [who for who, each in self.signers.items() if each.when == when and not each.said]


@dataclass(frozen=True)
class Past:
    """
    What somebody did that might be taken back: an answer or a signature.

    Attributes:
        vote: Of a panel's vote that settled nothing: whose voice it was. *removed* is its work.
        among: A vote before it was taken back, so that the sheet before it is no more what would be right.
    """

    who: str
    post: str
    ask: str
    before: Sheet
    vote: str = ""
    removed: Work | None = None
    among: bool = False


@dataclass(frozen=True)
class Sheet:
    """One moment of a case; *past* reaches back to the last thing done that nobody takes back by withdrawing."""

    stage: str
    status: str = "open"
    asks: Mapping[str, Open] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)
    acts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    due: Mapping[str, int] = field(default_factory=dict)
    urged: Mapping[str, int] = field(default_factory=dict)
    proposals: Mapping[str, str] = field(default_factory=dict)
    fact: int = 5
    lent: bool = False
    day: int = 0
    past: tuple[Past, ...] = ()
    ended: tuple[str, str, tuple[str, ...], Mapping[str, frozenset[str]]] | None = None


class RefusedError(Exception):
    """The model lets nobody do that now."""


def _require(holds: object, why: str) -> None:
    if not holds:
        raise RefusedError(why)


def _with(mapping: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {**mapping, key: value}


def _without(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


# --- the verbs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clerk:
    """Carries verbs out on sheets, by the rules of one office."""

    office: Office

    # --- asking ---

    def opened(self, opener: str, first: str) -> Sheet:
        return self.enter(Sheet("", acts={"opens": frozenset({opener})}), first)

    def enter(self, sheet: Sheet, stage: str) -> Sheet:
        """The stage is asked anew, and so are the tasks that it opens."""
        sheet = self._ask(replace(sheet, stage=stage), stage)
        for task in self.office.asked[stage].opens:
            sheet = self._ask(self._close(replace(sheet, tasks=_with(sheet.tasks, task, "open")), task), task)
        return self._ready(sheet)

    def _ask(self, sheet: Sheet, name: str) -> Sheet:
        sheet = replace(sheet, asks=_with(sheet.asks, name, Open(self._work(name, {}))))
        if self.office.asked[name].limit and name != sheet.stage:
            sheet = replace(sheet, due=_with(sheet.due, name, _due(sheet.day)))
        return sheet

    def _ready(self, sheet: Sheet) -> Sheet:
        """The limit of a stage runs from when what it awaits is over: once."""
        asked = self.office.asked[sheet.stage]
        if asked.limit and sheet.stage not in sheet.due and not self._waits(sheet):
            return replace(sheet, due=_with(sheet.due, sheet.stage, _due(sheet.day)))
        return sheet

    def _waits(self, sheet: Sheet) -> bool:
        return any(sheet.tasks.get(task) == "open" for task in self.office.asked[sheet.stage].awaits)

    def _work(self, name: str, votes: Mapping[str, Vote]) -> tuple[Work, ...]:
        """One piece for each seat that has not answered; of a panel in order only for the next post."""
        asked = self.office.asked[name]
        found: list[Work] = []
        for post, seats in asked.seats.items():
            left = seats - sum(vote.seat == post for vote in votes.values())
            found += [Work(post, post)] * (left if asked.panel else 1)
            if asked.order and found:
                break
        return tuple(found)

    def _close(self, sheet: Sheet, name: str) -> Sheet:
        return replace(
            sheet, asks=_without(sheet.asks, name), due=_without(sheet.due, name), urged=_without(sheet.urged, name)
        )

    # --- who ---

    def posts(self, sheet: Sheet, who: str) -> list[tuple[str, str]]:
        """The posts in which a person acts, each with whom he stands for there."""
        deputy, principal = self.office.deputy
        lent = [(self.office.posts[principal], principal)] if sheet.lent and who == deputy else []
        return [(self.office.posts[who], ""), *lent]

    def holds(self, sheet: Sheet, who: str, post: str) -> bool:
        return any(post == held for held, _ in self.posts(sheet, who))

    def stands(self, sheet: Sheet, name: str, who: str) -> tuple[str, str, str] | None:
        """In which post he acts, for which seat, in whose voice."""
        for post in self.office.asked[name].seats:
            for held, behalf in self.posts(sheet, who):
                if held == post:
                    return post, post, behalf or who
        for work in sheet.asks[name].work:
            if work.giver and work.by == who:
                return work.post, work.seat, work.giver
        return None

    def has(self, sheet: Sheet, work: Work) -> str:
        """Who has it: what was taken up by one who has left the post is nobody's."""
        return work.by if work.giver or (work.by and self.holds(sheet, work.by, work.post)) else ""

    def _require_free(self, sheet: Sheet, name: str, who: str) -> None:
        work = [each for each in sheet.asks[name].work if not each.signs]
        mine = [each for each in work if self.holds(sheet, who, each.post)] or work
        _require(not mine or any(self.has(sheet, each) in ("", who) for each in mine), "somebody else has it")

    def _require_apart(self, sheet: Sheet, name: str, means: str, post: str, *persons: str) -> None:
        """Who has answered one question above the village answers no other; who opened it never grants it."""
        if means not in JUDGES or (means != "grant" and post.startswith("village")):
            return
        for other, by in sheet.acts.items():
            known = other != name and (means == "grant" or other != "opens")
            _require(not (known and by & set(persons)), "he has acted already")

    def _require_giver(self, sheet: Sheet, name: str, who: str, means: str) -> tuple[str, str, str]:
        stands = self.stands(sheet, name, who)
        _require(stands, "not his post")
        assert stands is not None
        post, _, voice = stands
        self._require_free(sheet, name, who)
        self._require_apart(sheet, name, means, post, who, voice)
        self._require_seat(sheet, name, who)
        return stands

    def _require_seat(self, sheet: Sheet, name: str, who: str) -> None:
        """In a panel he has not answered, his seat has not, and it is his turn."""
        asked, votes, stands = self.office.asked[name], sheet.asks[name].votes, self.stands(sheet, name, who)
        if not asked.panel or stands is None:
            return
        _, seat, voice = stands
        _require(not self._heard(sheet, name) & {who, voice}, "one person has one voice")
        left = {key: number - sum(v.seat == key for v in votes.values()) for key, number in asked.seats.items()}
        _require(left[seat] > 0, "the seat has answered")
        _require(not asked.order or seat == next(key for key in left if left[key]), "another's turn")

    def _heard(self, sheet: Sheet, name: str) -> set[str]:
        return {person for key, vote in sheet.asks[name].votes.items() for person in (key, vote.by)}

    # --- answering ---

    def answer(self, sheet: Sheet, who: str, answer: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        _require(name in sheet.asks, "not asked")
        asked, before = self.office.asked[name], sheet
        known = {**asked.ways, **({"abstain": ("", "pass")} if asked.panel else {})}
        _require(answer in known, "no such answer")
        post, seat, voice = self._require_giver(sheet, name, who, known[answer][1])
        now = sheet.asks[name]
        _require(not now.held, "an answer is held")
        _require(not now.awaited("before"), "a signer must be heard")
        now = replace(now, begun=True)
        vote, removed = "", None
        if asked.panel:
            now = replace(now, votes=_with(now.votes, voice, Vote(answer, seat, who)))
            if not (outcome := self._outcome(asked, now.votes)):
                vote = voice
                removed = min(
                    (each for each in now.work if each.seat == seat and not each.signs),
                    key=lambda each: (not {who, voice} & {each.by, each.giver}, each.by != ""),
                )
                now = replace(now, work=_freed(_less(now.work, removed), {who, voice}))
                if asked.order and not any(each.seat == seat for each in now.work if not each.signs):
                    now = replace(now, work=now.work + self._work(name, now.votes))
            answer = outcome
        acts = sheet.acts.get(name, frozenset()) | {who, voice}
        sheet = replace(sheet, asks=_with(sheet.asks, name, now), acts=_with(sheet.acts, name, acts))
        if answer:
            sheet = self._counts(sheet, name, answer, (who, *([voice] if voice != who else [])))
        return replace(sheet, past=(*before.past, Past(who, post, name, before, vote, removed)))

    def _outcome(self, asked: Asked, votes: Mapping[str, Vote]) -> str:
        half = sum(asked.seats.values()) / 2
        passed = sum(vote.answer == "pass" for vote in votes.values())
        if passed > half:
            return "pass"
        return "fail" if len(votes) - passed >= half else ""

    def _counts(self, sheet: Sheet, name: str, answer: str, by: tuple[str, ...]) -> Sheet:
        """An answer is there: it is held for those who sign it, or it has its effect."""
        self._require_way(sheet, name, answer)
        now = sheet.asks[name]
        after = {who: each for who, each in now.signers.items() if each.when == "after"}
        if not after:
            return self._effect(sheet, name, answer, by)
        work = tuple(Work("", self.office.posts[who], who, signs="after") for who in after)
        return replace(sheet, asks=_with(sheet.asks, name, replace(now, held=answer, work=work)))

    def _require_way(self, sheet: Sheet, name: str, answer: str) -> None:
        forward = self.office.asked[name].ways[answer][1] in ("pass", "grant")
        _require(not (name == sheet.stage and forward and self._waits(sheet)), "a task is awaited")

    def _effect(self, sheet: Sheet, name: str, answer: str, by: tuple[str, ...]) -> Sheet:
        target, means = self.office.asked[name].ways[answer]
        before = sheet
        sheet = self._close(sheet, name)
        if not target:
            sheet = replace(sheet, tasks=_with(sheet.tasks, name, answer))
            return self._ready(sheet) if sheet.status == "open" else self._closed(sheet)
        if means == "back":
            for task in [task for task, state in sheet.tasks.items() if state == "open"]:
                sheet = self._close(replace(sheet, tasks=_with(sheet.tasks, task, "cancelled")), task)
        if target in self.office.ends:
            sheet = replace(sheet, stage=target, status="ended", ended=(before.stage, name, by, before.acts))
            return self._closed(sheet)
        return self.enter(sheet, target)

    def _closed(self, sheet: Sheet) -> Sheet:
        return sheet if "open" in sheet.tasks.values() else replace(sheet, status="closed", acts={})

    # --- handing ---

    def _hand(self, sheet: Sheet, name: str, old: Work, new: Work) -> Sheet:
        now = sheet.asks[name]
        return _done(replace(sheet, asks=_with(sheet.asks, name, replace(now, work=_less(now.work, old, new)))))

    def _asked_work(self, sheet: Sheet, name: str) -> list[Work]:
        _require(name in sheet.asks, "not asked")
        return [each for each in sheet.asks[name].work if not each.signs]

    def claim(self, sheet: Sheet, who: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        work = self._asked_work(sheet, name)
        _require(work, "no work")
        stands = self.stands(sheet, name, who)
        _require(stands, "not his post")
        assert stands is not None
        self._require_free(sheet, name, who)
        self._require_seat(sheet, name, who)
        free = [each for each in work if self.has(sheet, each) in ("", who)]
        old = min(free, key=lambda each: (each.post != stands[0], each.seat != stands[1], each.by == ""))
        now = replace(sheet.asks[name], begun=True)
        return self._hand(replace(sheet, asks=_with(sheet.asks, name, now)), name, old, replace(old, by=who))

    def release(self, sheet: Sheet, who: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        own = [
            each for each in self._asked_work(sheet, name)
            if each.by == who or (each.giver and self.holds(sheet, who, each.seat))
        ]  # fmt: skip
        _require(own, "nothing of his")
        for each in own:
            sheet = self._hand(sheet, name, each, Work(each.seat, each.seat, each.giver))
        return sheet

    def _to_hand(self, sheet: Sheet, name: str, who: str, to: str) -> Work:
        own = [
            each for each in self._asked_work(sheet, name)
            if not each.giver and self.office.posts[who] == each.post and self.has(sheet, each) in ("", who)
        ]  # fmt: skip
        _require(own, "nothing to hand on")
        self._require_seat(sheet, name, who)
        _require(to != who and to not in self._heard(sheet, name), "not to him")
        return min(own, key=lambda each: each.by == "")

    def transfer(self, sheet: Sheet, who: str, to: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        old = self._to_hand(sheet, name, who, to)
        _require(to in self.office.holders(old.post), "not to him")
        return self._hand(sheet, name, old, replace(old, by=to))

    def delegate(self, sheet: Sheet, who: str, to: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        old = self._to_hand(sheet, name, who, to)
        post = self.office.posts[to]
        same = post.partition(".")[0] == old.post.partition(".")[0]
        _require(same and to not in self.office.holders(old.post), "not to him")
        return self._hand(sheet, name, old, Work(old.seat, post, to, who))

    def assign(self, sheet: Sheet, who: str, to: str, holder: str = "", on: str = "") -> Sheet:
        name = on or sheet.stage
        found = [
            each for each in self._asked_work(sheet, name)
            if not each.giver and holder in (each.by, self.has(sheet, each))
            and (self.office.is_above(self.office.posts[who], each.post)
                 or (not self.has(sheet, each) and self.holds(sheet, who, each.post)))
            and to != who and to in self.office.holders(each.post) and to not in self._heard(sheet, name)
        ]  # fmt: skip
        _require(found, "nothing to assign")
        return self._hand(sheet, name, found[0], replace(found[0], by=to))

    # --- signers ---

    def add_signer(self, sheet: Sheet, who: str, signer: str, when: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        _require(name in sheet.asks, "not asked")
        now = sheet.asks[name]
        _require(not now.held, "an answer is held")
        self._require_one_way(sheet, name, who)
        _require(self.office.posts[signer] not in self.office.asked[name].seats, "he answers himself")
        _require(signer not in sheet.acts.get(name, ()) and signer not in now.signers, "he is asked already")
        work = (Work("", self.office.posts[signer], signer, signs=when),) if when == "before" else ()
        now = replace(now, work=now.work + work, signers=_with(now.signers, signer, Signer(when, who)))
        return _done(replace(sheet, asks=_with(sheet.asks, name, now)))

    def _require_one_way(self, sheet: Sheet, name: str, who: str) -> None:
        """There is an answer that he could give, signers apart."""
        for _, means in self.office.asked[name].ways.values():
            try:
                self._require_giver(sheet, name, who, means)
            except RefusedError:
                continue
            return
        raise RefusedError("not his to answer")

    def remove_signer(self, sheet: Sheet, who: str, signer: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        _require(name in sheet.asks, "not asked")
        now = sheet.asks[name]
        known = now.signers.get(signer)
        _require(known is not None and not known.said, "nobody is awaited")
        assert known is not None
        _require(known.adder == who or self.stands(sheet, name, who), "not his to remove")
        work = tuple(each for each in now.work if not (each.signs and each.by == signer))
        now = replace(now, work=work, signers=_without(now.signers, signer))
        sheet = replace(sheet, asks=_with(sheet.asks, name, now))
        if now.held and not now.awaited("after"):
            sheet = self._effect(sheet, name, now.held, ())
        return _done(sheet)

    def sign(self, sheet: Sheet, who: str, answer: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        _require(name in sheet.asks, "not asked")
        before, now = sheet, sheet.asks[name]
        when = "after" if now.held else "before"
        _require(who in now.awaited(when), "not asked to sign")
        if when == "after" and answer == "agree":
            means = self.office.asked[name].ways[now.held][1]
            self._require_apart(sheet, name, means, self.office.posts[who], who)
        work = tuple(each for each in now.work if not (each.signs and each.by == who))
        signers = _with(now.signers, who, replace(now.signers[who], said=answer))
        sheet = replace(sheet, asks=_with(sheet.asks, name, replace(now, work=work, signers=signers)))
        if when == "after":
            sheet = replace(sheet, acts=_with(sheet.acts, name, sheet.acts.get(name, frozenset()) | {who}))
            if answer == "disagree":
                sheet = self._void(sheet, name)
            elif not sheet.asks[name].awaited("after"):
                self._require_way(sheet, name, now.held)
                sheet = self._effect(sheet, name, now.held, (who,))
        return replace(sheet, past=(*before.past, Past(who, self.office.posts[who], name, before)))

    def _void(self, sheet: Sheet, name: str) -> Sheet:
        now = sheet.asks[name]
        signers = {key: replace(each, said="") if each.when == "after" else each for key, each in now.signers.items()}
        now = replace(now, votes={}, signers=signers, held="", work=self._work(name, {}))
        return replace(sheet, asks=_with(sheet.asks, name, now))

    # --- second thoughts ---

    def withdraw(self, sheet: Sheet, who: str) -> Sheet:
        """The sheet that lay there before; or one vote less, if others have voted since."""
        _require(sheet.status == "open", "it has ended")
        place = max((place for place, each in enumerate(sheet.past) if each.who == who), default=-1)
        _require(place >= 0, "nothing to take back")
        own, since = sheet.past[place], sheet.past[place + 1 :]
        among = own.vote and own.ask in sheet.asks and all(each.vote and each.ask == own.ask for each in since)
        _require(not since or among, "somebody acted since")
        _require(self.holds(sheet, who, own.post), "he has left the post")
        past = (*sheet.past[:place], *(replace(each, among=True) for each in since))
        if since or own.among:
            return replace(self._take_vote(sheet, own), past=past)
        back = own.before
        kept = {name: day for name, day in sheet.urged.items() if _head(sheet, name) == _head(back, name)}
        urged = {**{name: day for name, day in back.urged.items() if name not in kept}, **kept}
        return replace(
            back, urged=urged, proposals=sheet.proposals, fact=sheet.fact, lent=sheet.lent, day=sheet.day, past=past
        )

    def _take_vote(self, sheet: Sheet, own: Past) -> Sheet:
        now, asked = sheet.asks[own.ask], self.office.asked[own.ask]
        votes = _without(now.votes, own.vote)
        if asked.order:
            seat = now.votes[own.vote].seat
            taken = {each.seat for each in now.work if each.by and not each.signs}
            voted = {vote.seat for vote in list(votes.values())[list(now.votes).index(own.vote) :]}
            _require(voted | taken <= {seat}, "a later seat has answered")
            signs = tuple(each for each in now.work if each.signs)
            now = replace(now, work=signs + self._work(own.ask, votes))
        else:
            assert own.removed is not None
            now = replace(now, work=(*now.work, own.removed))
        acts = sheet.acts[own.ask] - ({own.who, own.vote} - own.before.acts.get(own.ask, frozenset()))
        sheet = replace(sheet, acts=_with(sheet.acts, own.ask, acts) if acts else _without(sheet.acts, own.ask))
        return replace(sheet, asks=_with(sheet.asks, own.ask, replace(now, votes=votes)))

    def propose(self, sheet: Sheet, who: str, what: str) -> Sheet:
        _require(what not in sheet.proposals, "proposed already")
        _require(sheet.status != "open" if what == "reopen" else sheet.fact != 7, "nothing to propose")
        return replace(sheet, proposals=_with(sheet.proposals, what, who))

    def decline(self, sheet: Sheet, who: str, what: str) -> Sheet:
        self._require_second(sheet, who, what)
        return replace(sheet, proposals=_without(sheet.proposals, what))

    def retract(self, sheet: Sheet, who: str, what: str) -> Sheet:
        _require(sheet.proposals.get(what) == who, "not his proposal")
        return replace(sheet, proposals=_without(sheet.proposals, what))

    def confirm(self, sheet: Sheet, who: str, what: str) -> Sheet:
        self._require_second(sheet, who, what)
        sheet = _done(replace(sheet, proposals=_without(sheet.proposals, what)))
        if what == "correct":
            return replace(sheet, fact=7)
        assert sheet.ended is not None
        stage, name, by, acts = sheet.ended
        known = {**acts, **sheet.acts}
        known[name] = known.get(name, frozenset()) | set(by)
        return self.enter(replace(sheet, status="open", acts=known, ended=None), stage)

    def _require_second(self, sheet: Sheet, who: str, what: str) -> None:
        _require(what in sheet.proposals, "nothing is proposed")
        _require(self.holds(sheet, who, self.office.judge) and who != sheet.proposals[what], "a second person")

    # --- beside ---

    def urge(self, sheet: Sheet, who: str, on: str = "") -> Sheet:
        name = on or sheet.stage
        _require(name in sheet.asks and sheet.asks[name].work, "no work")
        _require(sheet.urged.get(name) != sheet.day, "urged today")
        return replace(sheet, urged=_with(sheet.urged, name, sheet.day))

    def copy(self, sheet: Sheet, who: str) -> Sheet:
        _require(sheet.status != "closed", "it has ended")
        return sheet


def _due(day: int) -> int:
    """The last day of a limit that begins on *day*; the very first is a Monday, and no limit ends on a day off."""
    last = day + DAYS
    return last + max(0, 7 - last % 7) if last % 7 > 4 else last


def _done(sheet: Sheet) -> Sheet:
    """Something was done that stands: nothing from before it is taken back any more."""
    return replace(sheet, past=())


def _less(work: tuple[Work, ...], old: Work, *new: Work) -> tuple[Work, ...]:
    place = work.index(old)
    return (*work[:place], *new, *work[place + 1 :])


def _freed(work: tuple[Work, ...], persons: set[str]) -> tuple[Work, ...]:
    """Who has answered has no more work: what he was entrusted with is its giver's, the rest is free."""
    back = (Work(each.seat, each.seat, each.giver) if persons & {each.by, each.giver} and each.giver else each
            for each in work)  # fmt: skip
    return tuple(replace(each, by="") if each.by in persons and not each.signs else each for each in back)


def _head(sheet: Sheet, name: str) -> Any:
    """What an act changes of a question itself, its votes and work apart."""
    now = sheet.asks.get(name)
    return now and (now.signers, now.held, now.begun, name in sheet.due)


def work_of(sheet: Sheet) -> Iterator[tuple[str, Work]]:
    for name, now in sheet.asks.items():
        for each in now.work:
            yield name, each

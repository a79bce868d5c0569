"""
What the answers of a panel add up to.

Results are tried in written order; the first whose threshold holds is the result. Counts are made from the answers
each time; nothing is counted twice or kept beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

#: Answers that every panel knows: present without a vote; and: there is no quorum, let the other body be asked.
ABSTAIN = "abstain"
FALLBACK = "fallback"
#: Who attends from the register of a body too large to name, in minutes.
ROLL = "roll"


@dataclass(frozen=True, slots=True)
class Threshold:
    """``2/3 of entitled``, ``over 1/2 of present``, ``all``, ``any``, ``3``, ``otherwise``."""

    word: str
    share: Fraction = Fraction(0)
    over: bool = False
    of_entitled: bool = False

    def holds(self, votes: int, present: int, entitled: int) -> bool:
        base = entitled if self.of_entitled else present
        match self.word:
            case "otherwise":
                return True
            case "any":
                return votes >= 1
            case "all":
                return base > 0 and votes == base
            case "number":
                return votes >= self.share
            case _:
                return base > 0 and (votes > self.share * base if self.over else votes >= self.share * base)


@lru_cache(maxsize=512)
def threshold(text: str) -> Threshold:
    """What a definition wrote: a share without ``of`` is of those present, ``all`` alone of the entitled."""
    words, _, base = text.partition(" of ")
    if words in ("otherwise", "any"):
        return Threshold(words)
    if words == "all":
        return Threshold("all", of_entitled=base != "present")
    over = words.startswith("over ")
    share = Fraction(words.removeprefix("over "))
    if "/" in words:
        return Threshold("share", share, over, base == "entitled")
    return Threshold("number", share)


@dataclass(frozen=True, slots=True)
class Count:
    """
    The answers of one round.

    Attributes:
        votes: Answer → how many; ``abstain`` among them.
        entitled: How many may answer.
    """

    votes: Mapping[str, int]
    entitled: int

    @property
    def present(self) -> int:
        """All who answered; who abstains is present."""
        return sum(self.votes.values())


def result(tally: Mapping[str, str], count: Count) -> str | None:
    """The first result whose threshold holds with these answers, or None."""
    present = count.present
    for name, text in tally.items():
        if threshold(text).holds(count.votes.get(name, 0), present, count.entitled):
            return name
    return None


def joined(tally: Mapping[str, str], ended: Mapping[str, int]) -> str | None:
    """
    What several cases come to that have all ended: the first result whose threshold holds. A result counts the cases
    that came to the end of its name; ``done`` counts them all.
    """
    number = sum(ended.values())
    for name, text in tally.items():
        if threshold(text).holds(number if name == "done" else ended.get(name, 0), number, number):
            return name
    return None


def quorum_needed(quorum: int | str | None, entitled: int) -> int:
    """
    How many must take part: a number, a share of the entitled (rounded up; ``over`` means more than), or all of them.
    """
    if quorum is None:
        return entitled
    if isinstance(quorum, int):
        return quorum
    limit = threshold(quorum)
    if limit.word == "all":
        return entitled
    if limit.word == "number":
        return int(limit.share)
    exact = limit.share * entitled
    return int(exact) + 1 if limit.over or exact.denominator != 1 else int(exact)


def settled(tally: Mapping[str, str], count: Count, quorum: int) -> str | None:
    """
    The result that no further answer can change, or None while another is still possible (early stop).

    Thresholds are monotone in the votes for their own answer, so it is enough to try the extremes: all who are left
    give the same answer, all abstain, or nobody else comes.
    """
    left = count.entitled - count.present
    if left <= 0:
        return result(tally, count)
    if count.present < quorum:
        return None
    outcomes = {result(tally, count)}
    for answer in (*tally, ABSTAIN):
        votes = dict(count.votes)
        votes[answer] = votes.get(answer, 0) + left
        outcomes.add(result(tally, Count(votes, count.entitled)))
    return outcomes.pop() if len(outcomes) == 1 else None

"""
Signers: officers who are asked beside those whom the procedure asks, before a question is answered or after it.

A signer has no seat and no vote. One *before* must be heard before anybody answers; what he says binds nobody. While
there is one *after*, an answer that would count is held instead: all of them agree and it counts, one disagrees and the
question is open again, its panel's answers asked anew (docs/decisions/signers.md). Signers are rows of the open
question and go with it; who is still awaited is counted from them each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from engine.asking import drop_answers, drop_items, open_work, question
from engine.drafting import Draft
from engine.errors import N_
from engine.guards import called
from engine.reasons import Reason, reason

When = Literal["before", "after"]


def signers(draft: Draft, ask: str, when: When | None = None) -> dict[str, Mapping[str, Any]]:
    """Person → what is known of him as a signer of the open question *ask*."""
    named: Mapping[str, Mapping[str, Any]] = draft.get("asks", ask, {}).get("g", {})
    return {key: each for key, each in named.items() if when in (None, each["w"])}


def awaited_signers(draft: Draft, ask: str, when: When | None = None) -> tuple[str, ...]:
    """Those who have not signed yet."""
    return tuple(key for key, each in signers(draft, ask, when).items() if "a" not in each)


def held_answer(draft: Draft, ask: str) -> Mapping[str, Any] | None:
    """The answer to *ask* that waits for its signers, if there is one."""
    held: Mapping[str, Any] | None = draft.get("asks", ask, {}).get("h")
    return held


def against_pending(draft: Draft, ask: str) -> Iterator[Reason]:
    """Why nobody may answer *ask* now: a signer is to be heard first, or an answer waits for its signers."""
    if held_answer(draft, ask) is not None:
        names = _called(draft, awaited_signers(draft, ask, "after"))
        yield reason("held", N_("it is answered, and waits for the agreement of {names}"), names=names)
    elif waiting := awaited_signers(draft, ask, "before"):
        yield reason(
            "signer", N_("{names} must be heard before this is answered"),
            advice=N_("wait, or take them off: bangfu sign remove"), names=_called(draft, waiting),
        )  # fmt: skip


def _called(draft: Draft, persons: Iterable[str]) -> str:
    return ", ".join(called(draft, key) for key in persons)


def hold(draft: Draft, ask: str, answer: str, to: str) -> None:
    """The answer is given, and counts when every signer has agreed; until then the work is theirs."""
    held = {"a": answer, "by": draft.command.person, "p": draft.post, "s": draft.seq, **({"to": to} if to else {})}
    drop_items(draft, ask)
    draft.put("asks", ask, {**question(draft, ask), "h": held})
    for key, each in signers(draft, ask, "after").items():
        open_signing(draft, ask, key, each)
    draft.body.pop("result", None)
    draft.body.update({"ask": ask, "held": answer})
    draft.body.setdefault("answer", answer)


def open_signing(draft: Draft, ask: str, key: str, signer: Mapping[str, Any]) -> None:
    """Work for a signer, in the post in which he was added; it is his from the start."""
    post, _, division = signer["p"].partition("@")
    draft.put("items", draft.serial(), {"q": ask, "p": post, "d": division, "by": key, "g": signer["w"]})
    draft.tell("sign_asked", post, division, ask=ask)


def close_signing(draft: Draft, ask: str, key: str) -> None:
    for number, item in tuple(draft.section("items").items()):
        if item["q"] == ask and "g" in item and item["by"] == key:
            draft.drop("items", number)


def void(draft: Draft, ask: str) -> None:
    """
    The held answer does not count: the question is open again to its posts, and whoever gave the answer is told.

    A panel's members answer anew, each in his seat; what was filled in with the answer stays.
    """
    value = question(draft, ask)
    named = {key: _unsigned(each) if each["w"] == "after" else each for key, each in value["g"].items()}
    post, _, division = value["h"]["p"].partition("@")
    drop_items(draft, ask)
    drop_answers(draft, ask, value)
    draft.put("asks", ask, {**{key: each for key, each in value.items() if key != "h"}, "g": named})
    draft.body["void"] = value["h"]["a"]
    draft.tell("answer_void", post, division, ask=ask)
    open_work(draft, ask)


def _unsigned(signer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in signer.items() if key != "a"}

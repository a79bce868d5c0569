"""What a step expects is compared with what is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bangfu.i18n import translator
from bangfu.scenarios.county import County
from bangfu.scenarios.model import Step
from engine.cases import Case
from engine.clocks import ClockState
from engine.compiling import Procedure
from engine.errors import N_, BangfuError, Words

_NOTHING = Words("")


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Something that is not as a step expects, or a step that could not be done.

    Attributes:
        key: Where the step says so: ``("due", "whole")``.
        expected, found, advised: For people. Names and days stand for themselves in every language.
        is_last: What comes after it has no meaning.
    """

    key: tuple[str, ...]
    expected: Words
    found: Words
    advised: Words = _NOTHING
    is_last: bool = False


def refusal_differs(wanted: str | None, error: BangfuError | None) -> Difference | None:
    """What is wrong if *wanted* was to refuse the step (None: nothing), and *error* did (None: nothing)."""
    if wanted is None or (error is not None and _is_meant(wanted, error)):
        return None
    expected = Words(N_("refused: {reason}"), {"reason": wanted})
    if error is None:
        return Difference(("refused",), expected, Words(N_("it was done")))
    return Difference(("refused",), expected, error.words, error.advised)


def _is_meant(wanted: str, error: BangfuError) -> bool:
    """Whether *error* is the refusal that a file expects: by what speaks against it, its rule, or words of it."""
    texts = (str(error.words), error.words.told(translator("zh_CN").gettext))
    rule = str(getattr(error, "rule", ""))
    # A procedure writes `not negative`, and whoever tries it thinks of `negative`.
    names = (rule, rule.rpartition(" ")[2], getattr(error, "kind", ""))
    return wanted in names or any(wanted in text for text in texts)


def differences(step: Step, county: County, case: Case | None, told: Iterable[str]) -> Iterator[Difference]:
    """
    What is not as *step* expects.

    Args:
        case: The one that the step is about, as it stands now.
        told: Posts (``level.role``) that were told something in the step.
    """
    if case is not None:
        yield from _of_case(step, case, county.procedures.pinned(case.version))
    if step.status:
        found = county.status()
        for name, wanted in step.status.items():
            if str(found.get(name)) != str(wanted):
                yield _differs(("status", name), str(wanted), str(found.get(name, "–")))
    for workflow, count in step.cases.items():
        number = sum(1 for each in county.store.opened if each.workflow == workflow)
        if number != count:
            yield _differs(("cases", workflow), str(count), str(number))
    posts = set(told)
    for post in step.told:
        if post not in posts:
            yield _differs(("told",), post, _all(posts))


def _of_case(step: Step, case: Case, procedure: Procedure) -> Iterator[Difference]:
    if step.stage is not None and step.stage != case.stage:
        yield _differs(("stage",), _state(procedure, step.stage), _state(procedure, case.stage))
    asks = {name for name in case.section("asks") if name != case.stage}
    if step.asks is not None and asks != set(step.asks):
        yield _differs(("asks",), _all(step.asks), _all(asks))
    known = (ClockState.from_json(name, kept) for name, kept in case.section("clocks").items())
    clocks = {each.clock: each for each in known if each.status != "ended"}
    for name, wanted in step.due.items():
        # A notice's period is called like the stage that it belongs to.
        state = clocks.get(name) or clocks.get(f"{name}.wait")
        found = "none" if state is None else "stopped" if state.status == "stopped" else state.due_date.isoformat()
        if found != str(wanted):
            yield _differs(("due", name), str(wanted), found)
    late = {name for name, each in clocks.items() if each.late_at is not None}
    if step.late is not None and late != set(step.late):
        yield _differs(("late",), _all(step.late), _all(late))


def _differs(key: tuple[str, ...], expected: str, found: str) -> Difference:
    return Difference(key, Words("{it}", {"it": expected}), Words("{it}", {"it": found}))


def _all(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _state(procedure: Procedure, name: str) -> str:
    title = procedure.title(name)
    return f"{title} ({name})" if title != name else name

"""
Who may read what is sensitive in a case: whoever has a part in it.

Everybody in whose scope a case lies sees that it is there, where it stands and what was done. The values of sensitive
facts and papers are for those who hold, at the case's own division, a post that its procedure names: they decide by
them. Supervisors, and officers of other matters, see that there is a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engine.cases import Case
from engine.drafting import Draft, seat_division
from engine.parameters import values_meant
from engine.people import Staff
from engine.references import panels_of, posts_of
from engine.workflow import Voiced, Workflow


def reads_secrets(workflow: Workflow, case: Case, staff: Staff, person: str, day: date) -> bool:
    """Whether *person* has a part in *case* on *day*, and so may read its sensitive facts."""
    held = {(holding.post, holding.division) for holding in staff.posts(person, day)}
    if not held:
        return False
    acting = {post for post, _ in held}
    for text in _posts(workflow):
        for written in values_meant(workflow.params, text):
            post, _, place = written.partition("@")
            if post in acting and (post, seat_division(post, str(case.get(f"at:{place}") or case.division))) in held:
                return True
    return False


def has_a_part(draft: Draft) -> bool:
    """Whether the person who asks has a part in the case."""
    world = draft.world
    return reads_secrets(draft.procedure.workflow, draft.before, world.staff, draft.command.person, draft.today)


def _posts(workflow: Workflow) -> Iterator[str]:
    """Every post that the procedure names as one who opens, answers, posts or acts."""
    for channel in workflow.opens.values():
        yield from channel.by
    for stage in workflow.stages.values():
        yield from _voices(workflow, stage)
        for action in stage.actions.values():
            yield from action.by
    for task in workflow.tasks.values():
        yield from _voices(workflow, task)
    for anywhere in workflow.anywhere.values():
        yield from anywhere.by
    for name, post in workflow.posts.items():
        if post.else_:
            yield name
            yield post.else_


def _voices(workflow: Workflow, question: Voiced) -> Iterator[str]:
    if question.notice is not None:
        yield question.notice.by
    yield from posts_of(question)
    for _, panel in panels_of(workflow, question):
        yield from panel.seats

"""
What of a definition never comes to life: rules that say nothing, actions that cannot be taken, lines that are not
chosen, and stages that some case cannot leave.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.dead_ends import DeadEnd, dead_ends
from engine.errors import N_, Fault, worded
from engine.loading import Definition
from engine.rules import RuleBook
from engine.truths import families

#: By whether a rule holds whatever its facts, and whether all its values were tried.
_SAYS = {
    (True, True): N_("`{name}` always holds"),
    (True, False): N_("`{name}` always holds with any values tried"),
    (False, True): N_("`{name}` never holds"),
    (False, False): N_("`{name}` never holds with any values tried"),
}


def lifeless(definition: Definition) -> Iterator[Fault]:
    """Everything of that kind; asked of a definition in which all else is right."""
    book = RuleBook(definition)
    for name, rule in definition.workflow.rules.items():
        (family,) = families(definition, book, [f"any {name}" if rule.of == "member" else name])
        if ((True,) in family.found) != ((False,) in family.found) and (family.whole or family.telling):
            message = worded(_SAYS[(True,) in family.found, family.whole], name=name)
            advice = N_("look for a sign or a word that is turned")
            yield definition.fault(("rules", name, "if"), message, advice, "dead-rule", "warning")
    for found in dead_ends(definition, book):
        yield _told(definition, found)


def _told(definition: Definition, found: DeadEnd) -> Fault:
    severity = "error" if found.certain else "warning"
    name = found.path[-1]
    if found.path[0] == "stages" and len(found.path) == 2:
        message = worded(N_("no action takes a case out of `{stage}`"), stage=name)
        if found.told:
            rules = ", ".join(f"`{rule}`" for rule in found.told)
            message = worded(
                N_("no action takes a case out of `{stage}` where it is so: {rules}"), stage=name, rules=rules
            )
        advice = N_("an action that needs none of this, or one by which it can be made otherwise")
        return definition.fault(found.path, message, advice, "stuck", severity)
    if name.isdecimal():
        advice = N_("the lines above it are chosen before, or its rules never hold together here")
        return definition.fault(found.path, N_("this line is never chosen"), advice, "dead-line", severity)
    advice = N_("its rules never hold together where it is offered")
    message = worded(N_("`{name}` can never be taken"), name=name)
    return definition.fault(found.path, message, advice, "dead-action", severity)

"""
Mistakes that a writer of definitions makes, as changes of a definition's tree (the YAML as data, packs laid on).

Each operator gives every place where it fits, and the tree with that one mistake. What it takes for a mistake stands in
its first line, without regard to what the checker looks for. Where it is known beforehand that a seed leaves every
case as it is, the seed says why.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Tree = dict[str, Any]


class Seed(NamedTuple):
    """
    One mistake.

    Attributes:
        where: The path of keys, and what it became.
        tree: The definition with it.
        unchanged: Why every case goes as before; empty if some may not.
        unclaused: What rests on no clause any more: that is no part of the tree.
    """

    where: str
    tree: Tree
    unchanged: str = ""
    unclaused: tuple[str, ...] = ()


Operator = Callable[[Tree], Iterator[Seed]]

FORWARD = ("pass", "grant")
LONGER = {"hour": "9999 hour", "day": "3650 day", "workday": "2500 workday", "month": "120 month", "year": "10 year"}


def _changed(tree: Tree, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Tree:
    """A copy of *tree* in which *change* was done to what holds the last key of *path*, and to that key."""
    made = copy.deepcopy(tree)
    at: Any = made
    for key in path[:-1]:
        at = at[key]
    change(at, path[-1])
    return made


def _without(tree: Tree, *path: Any) -> Seed:
    def drop(at: Any, key: Any) -> None:
        del at[key]

    return Seed(".".join(map(str, path)), _changed(tree, path, drop))


def _with(tree: Tree, value: Any, *path: Any) -> Seed:
    def put(at: Any, key: Any) -> None:
        at[key] = value

    return Seed(f"{'.'.join(map(str, path))} = {value}", _changed(tree, path, put))


# ------------------------------------------------------------------------------------------------- what there is in it


def _stage_actions(tree: Tree) -> Iterator[tuple[tuple[str, ...], Tree]]:
    for stage, made in tree["stages"].items():
        for name, action in made["actions"].items():
            yield ("stages", stage, "actions", name), action


def _actions(tree: Tree) -> Iterator[tuple[tuple[str, ...], Tree]]:
    yield from _stage_actions(tree)
    for part in ("opens", "anywhere"):
        for name, action in tree.get(part, {}).items():
            yield (part, name), action


def _targets(path: tuple[Any, ...], action: Tree) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Each `to` that names a place, or the next, with its path."""
    if isinstance(action["to"], str):
        yield (*path, "to"), action["to"]
    else:
        for number, line in enumerate(action["to"]):
            yield (*path, "to", number, "to"), line["to"]


def _asks(tree: Tree) -> Iterator[tuple[tuple[str, ...], Tree]]:
    for part in ("stages", "tasks"):
        for name, made in tree.get(part, {}).items():
            yield (part, name), made


def _panels(tree: Tree) -> Iterator[tuple[tuple[str, ...], Tree]]:
    for name, panel in tree.get("panels", {}).items():
        yield ("panels", name), panel
    for path, ask in _asks(tree):
        if isinstance(ask.get("panel"), dict):
            yield (*path, "panel"), ask["panel"]


def _many(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _line(tree: Tree) -> list[str]:
    return [name for name, stage in tree["stages"].items() if "aside" not in stage]


def _goal(tree: Tree, stage: str, word: str) -> str:
    """The stage or end that *word* means in *stage*."""
    if word != "next":
        return word
    names = list(tree["stages"])
    later = names[names.index(stage) + 1 :]
    return next((name for name in later if "aside" not in tree["stages"][name]), next(iter(tree["ends"])))


def _means(action: Tree) -> str:
    return str(action.get("means", "pass"))


# ------------------------------------------------------------------------------------------------------------ operators


def drop_result(tree: Tree) -> Iterator[Seed]:
    """What a panel, a notice or a case answers leads nowhere any more."""
    for path, action in _stage_actions(tree):
        voice = tree["stages"][path[1]]
        if "by" not in voice and "by" not in action:
            yield _without(tree, *path)


def drop_way_on(tree: Tree) -> Iterator[Seed]:
    """An action by which a case goes forward is left out."""
    for path, action in _stage_actions(tree):
        goals = {_goal(tree, path[1], word) for _, word in _targets(path, action)}
        if _means(action) in FORWARD and "by" in tree["stages"][path[1]] and goals & {*_line(tree), *tree["ends"]}:
            yield _without(tree, *path)


def drop_way_aside(tree: Tree) -> Iterator[Seed]:
    """A way back, aside or out that somebody may take is left out, or one of several ways in."""
    for path, action in _actions(tree):
        somebody = path[0] != "stages" or "by" in tree["stages"][path[1]] or "by" in action
        onward = path[0] == "stages" and _means(action) in FORWARD
        if somebody and not onward and not (path[0] == "opens" and len(tree["opens"]) == 1):
            yield _without(tree, *path)


def drop_no(tree: Tree) -> Iterator[Seed]:
    """Where it is granted, whatever says no is left out."""
    for name, stage in tree["stages"].items():
        if any(_means(action) == "grant" for action in stage["actions"].values()):
            left = {word: a for word, a in stage["actions"].items() if _means(a) in (*FORWARD, "record")}
            if left != stage["actions"]:
                yield _with(tree, left, "stages", name, "actions")


def swap_target_back(tree: Tree) -> Iterator[Seed]:
    """Who passes or grants sends the case to an earlier stage of the line, or to its own."""
    line = _line(tree)
    for path, action in _stage_actions(tree):
        if _means(action) in FORWARD and path[1] in line:
            for place, word in _targets(path, action):
                if _goal(tree, path[1], word) not in (*line[: line.index(path[1]) + 1], "previous"):
                    for earlier in line[: line.index(path[1]) + 1]:
                        yield _with(tree, earlier, *place)


def swap_target_on(tree: Tree) -> Iterator[Seed]:
    """Who passes or grants sends the case past stages of the line."""
    line = _line(tree)
    for path, action in _stage_actions(tree):
        if _means(action) in FORWARD and path[1] in line:
            for place, word in _targets(path, action):
                goal = _goal(tree, path[1], word)
                if goal in line:
                    for later in [*line[line.index(goal) + 1 :], next(iter(tree["ends"]))]:
                        yield _with(tree, later, *place)


def swap_way_back(tree: Tree) -> Iterator[Seed]:
    """Who sends back sends on instead, or to another stage than before."""
    line = _line(tree)
    for path, action in _stage_actions(tree):
        if _means(action) == "back" and path[1] in line:
            for place, word in _targets(path, action):
                for other in line:
                    if word in tree["stages"] and other not in (word, path[1]):
                        yield _with(tree, other, *place)


def swap_end(tree: Tree) -> Iterator[Seed]:
    """An action leads to an end that comes to something else."""
    for path, action in _stage_actions(tree):
        for place, word in _targets(path, action):
            goal = _goal(tree, path[1], word)
            for other, end in tree["ends"].items():
                if goal in tree["ends"] and end["outcome"] != tree["ends"][goal]["outcome"]:
                    yield _with(tree, other, *place)


def swap_no(tree: Tree) -> Iterator[Seed]:
    """Who refuses sends the case on along the line."""
    line = _line(tree)
    for path, action in _stage_actions(tree):
        if _means(action) == "refuse" and path[1] in line:
            for place, _ in _targets(path, action):
                for later in line[line.index(path[1]) + 1 :]:
                    yield _with(tree, later, *place)


def drop_opening(tree: Tree) -> Iterator[Seed]:
    """Nothing opens a task."""
    for name, task in tree.get("tasks", {}).items():
        if "opens" in task and "every" not in task:
            yield _without(tree, "tasks", name, "opens")


def open_too_late(tree: Tree) -> Iterator[Seed]:
    """A task is opened by what happens only after the stage that waits for it."""
    for name, task in tree.get("tasks", {}).items():
        for stage in _many(task.get("awaited_by", [])):
            yield _with(tree, f"{stage}.left", "tasks", name, "opens")


def drop_owner(tree: Tree) -> Iterator[Seed]:
    """Nobody is asked: of a stage, a task, a channel, a notice."""
    for path, ask in (*_asks(tree), *((("opens", name), made) for name, made in tree["opens"].items())):
        if "by" in ask:
            yield _with(tree, [], *path, "by")
        if "notice" in ask:
            yield _without(tree, *path, "notice", "by")


def ask_outsider(tree: Tree) -> Iterator[Seed]:
    """The household is asked instead of an officer, and nothing ends the wait."""
    for path, ask in _asks(tree):
        timed = "limit" in ask or _ended_by_time(tree, path[1])
        if "by" in ask and ask["by"] not in ("household", ["household"]) and not timed:
            yield _with(tree, "household", *path, "by")


def _ended_by_time(tree: Tree, name: str) -> bool:
    """Whether something happens by itself in the stage or task *name*."""
    clocks = [clock for clock in tree.get("clocks", {}).values() if "then" in clock]
    events = [event for clock in clocks for event in (clock.get("until", ""), *_many(clock.get("from", [])))]
    return name in {event.partition(".")[0] for event in events}


def drop_seats(tree: Tree) -> Iterator[Seed]:
    """Nobody sits on a panel."""
    for path, panel in _panels(tree):
        if "seats" in panel:
            yield _without(tree, *path, "seats")


def raise_quorum(tree: Tree) -> Iterator[Seed]:
    """More must take part than there are seats."""
    for path, panel in _panels(tree):
        seats = [*panel.get("seats", {}).values()]
        if "all" not in seats and "roll" not in panel:
            yield _with(tree, sum(seats) + 1, *path, "quorum")


def overlap_tally(tree: Tree) -> Iterator[Seed]:
    """Two results hold with the same answers: each needs one voice only."""
    for path, panel in _panels(tree):
        if len(panel["tally"]) > 1:
            yield _with(tree, dict.fromkeys(panel["tally"], "any"), *path, "tally")


def raise_tally(tree: Tree) -> Iterator[Seed]:
    """A result needs more voices than there are seats."""
    for path, panel in _panels(tree):
        seats = [*panel.get("seats", {}).values()]
        if "all" not in seats and "roll" not in panel:
            yield _with(tree, str(sum(seats) + 1), *path, "tally", next(iter(panel["tally"])))


def drop_otherwise(tree: Tree) -> Iterator[Seed]:
    """With some answers nothing results."""
    for path, panel in _panels(tree):
        for result, text in panel["tally"].items():
            if text == "otherwise":
                yield _with(tree, "all of present", *path, "tally", result)


def drop_must(tree: Tree) -> Iterator[Seed]:
    """What must be need not be."""
    for path, ask in _asks(tree):
        if "must" in ask:
            seed = _without(tree, *path, "must")
            if path[0] == "stages":
                yield seed._replace(unchanged="no way leads round the stage; `must` only keeps a pack from making one")
            elif _always_opened(tree, ask):
                yield seed._replace(unchanged="the task is opened on every way to the stage that waits for it")
            else:
                yield seed


def _always_opened(tree: Tree, task: Tree) -> bool:
    """Whether every way to a stage that awaits *task* takes the action that opens it."""
    opening = set(_many(task.get("opens", [])))
    queue = [action["to"] for action in tree["opens"].values() if isinstance(action["to"], str)]
    for stage in queue:
        for name, action in tree["stages"].get(stage, {"actions": {}})["actions"].items():
            for _, word in _targets((), action):
                if f"{stage}.{name}" not in opening and _goal(tree, stage, word) not in queue:
                    queue.append(_goal(tree, stage, word))
    return not set(_many(task.get("awaited_by", []))) & set(queue)


def drop_await(tree: Tree) -> Iterator[Seed]:
    """Nothing waits any more for a task."""
    for name, task in tree.get("tasks", {}).items():
        if "awaited_by" in task:
            held = [
                any(rule.removeprefix("not ").startswith(f"{name}.") for rule in _many(action.get("needs", [])))
                for stage in _many(task["awaited_by"])
                for action in tree["stages"][stage]["actions"].values()
                if _means(action) in FORWARD
            ]
            why = "whatever it holds back asks for its result, and waits for that" if all(held) else ""
            yield _without(tree, "tasks", name, "awaited_by")._replace(unchanged=why)


def drop_needs(tree: Tree) -> Iterator[Seed]:
    """A rule that an action needs is needed no more."""
    for path, action in _actions(tree):
        for rule in _many(action.get("needs", [])):
            left = [other for other in _many(action["needs"]) if other != rule]
            yield _with(tree, left, *path, "needs")._replace(where=f"{'.'.join(path)}.needs without {rule}")


def contradict_needs(tree: Tree) -> Iterator[Seed]:
    """An action needs a rule and its contrary."""
    for path, action in _actions(tree):
        for rule in _many(action.get("needs", [])):
            other = rule.removeprefix("not ") if rule.startswith("not ") else f"not {rule}"
            if not rule.startswith(("any ", "all ")):
                yield _with(tree, [*_many(action["needs"]), other], *path, "needs")


def narrow_stage(tree: Tree) -> Iterator[Seed]:
    """Every action of a stage needs what was written before: where that does not hold, nobody may act."""
    line = _line(tree)
    for name, stage in tree["stages"].items():
        if "by" not in stage or name not in line or _ended_by_time(tree, name):
            continue
        for rule in _decided_before(tree, name):
            made = copy.deepcopy(tree)
            for action in made["stages"][name]["actions"].values():
                action["needs"] = [*_many(action.get("needs", [])), rule]
            for action in made.get("anywhere", {}).values():
                places = _many(action.get("from", "any"))
                action["from"] = [s for s in (made["stages"] if "any" in places else places) if s != name] or ["none"]
            made["anywhere"] = {word: a for word, a in made.get("anywhere", {}).items() if a["from"] != ["none"]}
            yield Seed(f"every action of {name} needs {rule}", made)
            break


def _decided_before(tree: Tree, stage: str) -> Iterator[str]:
    """Yes/no facts of the case that are written only in earlier stages of the line, and that nothing has asked for."""
    line = _line(tree)
    asked = {rule.removeprefix("not ") for _, action in _actions(tree) for rule in _many(action.get("needs", []))}
    asked |= {word for rule in tree.get("rules", {}).values() for word in re.findall(r"\w+", rule["if"])}
    for name, fact in tree.get("facts", {}).items():
        places = _many(fact.get("in", []))
        plain = fact["type"] == "yes_no" and fact.get("of", "case") == "case" and not {"when", "optional"} & fact.keys()
        if plain and places and set(places) <= set(line[: line.index(stage)]) and name not in asked:
            yield name


def drop_rule(tree: Tree) -> Iterator[Seed]:
    """A rule that something asks for by its name is left out."""
    for name in tree.get("rules", {}):
        rest = {key: part for key, part in tree.items() if key != "rules"}
        texts = [str(rest), *(rule["if"] for other, rule in tree["rules"].items() if other != name)]
        if any(re.search(rf"\b{name}\b", text) for text in texts):
            yield _without(tree, "rules", name)


def break_rule(tree: Tree) -> Iterator[Seed]:
    """A rule can never hold."""
    for name, rule in tree.get("rules", {}).items():
        yield _with(tree, f"({rule['if']}) && !({rule['if']})", "rules", name, "if")


def unask_negative(tree: Tree) -> Iterator[Seed]:
    """Whether the negative list was hit is asked nowhere."""
    made = copy.deepcopy(tree)
    for _, action in _actions(made):
        if "needs" in action:
            action["needs"] = [rule for rule in _many(action["needs"]) if rule != "not negative"]
    if made != tree:
        yield Seed("nothing needs: not negative", made)


def grant_to_pass(tree: Tree) -> Iterator[Seed]:
    """The decision is called a step."""
    for path, action in _stage_actions(tree):
        if _means(action) == "grant":
            yield _with(tree, "pass", *path, "means")


def pass_to_grant(tree: Tree) -> Iterator[Seed]:
    """A step is called the decision."""
    for path, action in _stage_actions(tree):
        if _means(action) == "pass":
            yield _with(tree, "grant", *path, "means")


def no_to_pass(tree: Tree) -> Iterator[Seed]:
    """A refusal, or a way back, is called a step."""
    for path, action in _stage_actions(tree):
        if _means(action) in ("refuse", "back"):
            yield _with(tree, "pass", *path, "means")


def swap_outcome(tree: Tree) -> Iterator[Seed]:
    """An end comes to the contrary."""
    for name, end in tree["ends"].items():
        if end["outcome"] in ("granted", "refused", "withdrawn", "upheld", "dismissed"):
            other = {"refused": "granted", "withdrawn": "granted", "upheld": "granted", "dismissed": "granted"}
            yield _with(tree, other.get(end["outcome"], "refused"), "ends", name, "outcome")


def shorten_limit(tree: Tree) -> Iterator[Seed]:
    """The limit over several steps is shorter than one of them."""
    for name, clock in tree.get("clocks", {}).items():
        starts = {str(start).partition(".")[0] for start in _many(clock.get("from", []))}
        over_several = "until" in clock and clock["until"].partition(".")[0] not in starts
        takes_time = any(_sized(tree, ask.get("limit")) or _waits(tree, ask) for _, ask in _asks(tree))
        if takes_time and over_several and _sized(tree, clock.get("limit")):
            yield _with(tree, "1 hour", "clocks", name, "limit")


def lengthen_step(tree: Tree) -> Iterator[Seed]:
    """A step may take longer than the limit over it."""
    for path, ask in _within(tree):
        if "limit" in ask:
            yield _with(tree, LONGER["day"], *path, "limit")


def lengthen_wait(tree: Tree) -> Iterator[Seed]:
    """A notice hangs longer than the limit over it."""
    for path, ask in _within(tree):
        if "notice" in ask:
            yield _with(tree, LONGER["day"], *path, "notice", "wait")


def beyond_bounds(tree: Tree) -> Iterator[Seed]:
    """A parameter lies beyond the bounds that it states."""
    for name, param in tree.get("params", {}).items():
        for bound in ("at_least", "at_most"):
            if bound in param and isinstance(param[bound], str):
                number, _, unit = param[bound].partition(" ")
                if bound == "at_least" and number == "1":
                    continue
                yield _with(tree, f"1 {unit}" if bound == "at_least" else LONGER[unit], "params", name, "value")


def _within(tree: Tree) -> Iterator[tuple[tuple[str, ...], Tree]]:
    """Stages of the line over which a limit with a length runs, that begins before them and ends after."""
    line = _line(tree)
    for clock in tree.get("clocks", {}).values():
        if not _sized(tree, clock.get("limit")) or "until" not in clock or clock.get("when"):
            continue
        last = clock["until"].partition(".")[0]
        opening = [f for f, made in tree.get("facts", {}).items() if set(_many(made.get("in", []))) <= {"opens"}]
        if {*_many(clock.get("from", []))} & {"opened", *opening, *tree["opens"]}:
            for name in line[: line.index(last) + 1] if last in line else ():
                if name not in _many(clock.get("except", [])):
                    yield ("stages", name), tree["stages"][name]


def _sized(tree: Tree, length: Any) -> bool:
    if not isinstance(length, str):
        return False
    value = tree["params"][length[1:]].get("value", "unset") if length.startswith("$") else length
    return isinstance(value, str) and value.partition(" ")[0].isdecimal()


def _waits(tree: Tree, ask: Tree) -> bool:
    return "notice" in ask and _sized(tree, ask["notice"].get("wait"))


def misspell(tree: Tree) -> Iterator[Seed]:
    """A reference is misspelt by one letter."""

    def wrong(name: str) -> str:
        return f"{name}x"

    for path, action in _actions(tree):
        for place, word in _targets(path, action):
            yield _with(tree, wrong(word), *place)
        for key in ("needs", "by", "tell", "among"):
            for name in _many(action.get(key, []))[:1]:
                yield _with(tree, [wrong(name), *_many(action[key])[1:]], *path, key)
    for path, ask in _asks(tree):
        for key in ("panel", "opens", "awaited_by", "when", "limit"):
            if isinstance(ask.get(key), (str, list)) and isinstance(_many(ask[key])[0], str):
                yield _with(tree, wrong(_many(ask[key])[0]), *path, key)
        for key in ("objection", "by"):
            if key in ask.get("notice", {}):
                yield _with(tree, wrong(ask["notice"][key]), *path, "notice", key)
    for name, clock in tree.get("clocks", {}).items():
        for key in ("until", "from"):
            if key in clock:
                yield _with(tree, wrong(_many(clock[key])[0]), "clocks", name, key)
    for part in ("facts", "papers"):
        for name, made in tree.get(part, {}).items():
            if "in" in made:
                yield _with(tree, wrong(_many(made["in"])[0]), part, name, "in")
    for name, rule in tree.get("rules", {}).items():
        yield _with(tree, f"{rule['if']} && no_such_fact", "rules", name, "if")


def drop_writer(tree: Tree) -> Iterator[Seed]:
    """Nobody writes a fact."""
    for name, fact in tree.get("facts", {}).items():
        for key in ("in", "is"):
            if key in fact:
                yield _without(tree, "facts", name, key)
    effects = [fact for _, action in _actions(tree) for fact in action.get("set", {})]
    for path, action in _actions(tree):
        for fact in action.get("set", {}):
            if effects.count(fact) == 1:
                yield _without(tree, *path, "set", fact)


def write_too_late(tree: Tree) -> Iterator[Seed]:
    """A fact that a rule asks for is written only where the case ends."""
    line = _line(tree)
    needed = [rule for _, action in _stage_actions(tree) for rule in _many(action.get("needs", []))]
    asked = {rule.removeprefix("not ") for rule in needed}
    for name, fact in tree.get("facts", {}).items():
        asked_last = any(name in _many(a.get("needs", [])) for a in tree["stages"][line[-1]]["actions"].values())
        if name in asked and fact.get("in") and "opens" not in _many(fact["in"]) and not asked_last:
            yield _with(tree, line[-1], "facts", name, "in")


def show_secret(tree: Tree) -> Iterator[Seed]:
    """A notice shows what is secret."""
    secrets = [name for name, fact in tree.get("facts", {}).items() if "secret" in fact]
    for path, ask in _asks(tree):
        if "notice" in ask:
            for secret in secrets:
                yield _with(tree, [*ask["notice"].get("shows", []), secret], *path, "notice", "shows")


def drop_start(tree: Tree) -> Iterator[Seed]:
    """Nothing starts a clock."""
    for name, clock in tree.get("clocks", {}).items():
        counted = clock.get("limit", clock.get("wait"))
        if "from" in clock and counted not in tree.get("facts", {}) and " after " not in counted:
            yield _without(tree, "clocks", name, "from")


def start_after_end(tree: Tree) -> Iterator[Seed]:
    """A clock starts with what ends it."""
    for name, clock in tree.get("clocks", {}).items():
        if "until" in clock and "from" in clock:
            yield _with(tree, clock["until"], "clocks", name, "from")


def clock_decides(tree: Tree) -> Iterator[Seed]:
    """What happens by itself when a limit is over decides, or passes the case on."""
    granted = [name for name, end in tree["ends"].items() if end["outcome"] == "granted"]
    for name in tree.get("clocks", {}):
        for then in (
            *({"title": "自动同意", "to": end, "means": "grant"} for end in granted),
            {"title": "自动通过", "to": _line(tree)[-1], "means": "pass"},
            {"title": "自动不同意", "to": list(tree["ends"])[-1], "means": "refuse"},
        ):
            yield _with(tree, then, "clocks", name, "then")


def drop_clause(tree: Tree) -> Iterator[Seed]:
    """What binds people rests on no clause."""
    paths: list[tuple[str, ...]] = [("rules", name, "if") for name in tree.get("rules", {})]
    paths += [("params", n, "value") for n, p in tree.get("params", {}).items() if p.get("value", "unset") != "unset"]
    paths += [(*path, "tally") for path, _ in _panels(tree)]
    for path, ask in _asks(tree):
        if ask.get("limit", "none")[0].isdecimal():
            paths.append((*path, "limit"))
        if ask.get("notice", {}).get("wait", "$")[0] != "$":
            paths.append((*path, "notice", "wait"))
    for name, clock in tree.get("clocks", {}).items():
        paths += [("clocks", name, key) for key in ("limit", "wait", "then") if str(clock.get(key, "$"))[0] != "$"]
    paths += [(*path, "means") for path, action in _actions(tree) if _means(action) in ("lapse", "defer")]
    for path in paths:
        yield Seed(".".join(path), tree, unclaused=path)


def stand_in_circle(tree: Tree) -> Iterator[Seed]:
    """Who stands in for a vacant post is that post."""
    for name, post in tree.get("posts", {}).items():
        title = post if isinstance(post, str) else post["title"]
        yield _with(tree, {"title": title, "else": name}, "posts", name)


def drop_stage(tree: Tree) -> Iterator[Seed]:
    """A stage of the line that something names is left out."""
    for name in tree["stages"]:
        if len(tree["stages"]) > 1:
            seed = _without(tree, "stages", name)
            if f"'{name}'" in str(seed.tree) or f"'{name}." in str(seed.tree):
                yield seed


def drop_end(tree: Tree) -> Iterator[Seed]:
    """An end that something names is left out."""
    named = {word for path, action in _actions(tree) for _, word in _targets(path, action)}
    for name in tree["ends"]:
        if len(tree["ends"]) > 1 and name in named:
            yield _without(tree, "ends", name)


def drop_last_line(tree: Tree) -> Iterator[Seed]:
    """A choice has no last line, so that nothing may be chosen."""
    for path, lines in _choices(tree):
        yield _with(tree, lines[:-1], *path)


def repeat_line(tree: Tree) -> Iterator[Seed]:
    """A line of a choice asks what the line above it asked, so that it is never chosen."""
    for path, lines in _choices(tree):
        yield _with(tree, [lines[0], {**lines[-1], "when": lines[0]["when"]}, *lines[1:]], *path)


def _choices(tree: Tree) -> Iterator[tuple[tuple[Any, ...], list[Tree]]]:
    for path, action in _actions(tree):
        if not isinstance(action["to"], str):
            yield (*path, "to"), action["to"]
    for path, ask in _asks(tree):
        for voice in ("by", "panel"):
            if isinstance(ask.get(voice), list) and isinstance(ask[voice][0], dict):
                yield (*path, voice), ask[voice]


OPERATORS: tuple[Operator, ...] = (
    drop_result, drop_way_on, drop_way_aside, drop_no, swap_target_back, swap_target_on, swap_way_back, swap_end,
    swap_no, drop_stage, drop_end, drop_opening, open_too_late, drop_await, drop_must, drop_owner, ask_outsider,
    stand_in_circle, drop_seats, raise_quorum, overlap_tally, raise_tally, drop_otherwise, drop_needs,
    contradict_needs, narrow_stage, drop_rule, break_rule, unask_negative, grant_to_pass, pass_to_grant, no_to_pass,
    swap_outcome, shorten_limit, lengthen_step, lengthen_wait, beyond_bounds, drop_clause, misspell, drop_writer,
    write_too_late, show_secret, drop_start, start_after_end, clock_decides, drop_last_line, repeat_line,
)  # fmt: skip

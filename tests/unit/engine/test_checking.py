"""One small sound definition; each test spoils it in one place and is told what, and on which line."""

from __future__ import annotations

import pytest

from engine.checking import check
from engine.errors import Fault
from engine.loading import Definition, Source, load
from engine.workflow import Workflow

SOUND = """\
workflow: sample
title: 样例
subject: household
clause: 样例一
places:
  square: 广场
params:
  wait: {title: 公示期, type: amount, value: 7 day}
  line: {title: 参考线, type: yuan, value: 6500}
facts:
  found_on: {title: 发现日, type: date, in: opens}
  income: {title: 收入, type: yuan, in: visit, secret: yes}
  hit: {title: 命中, type: yes_no, of: member, in: compare, secret: yes}
  kind: {title: 类别, type: one of, options: {old: 旧, fresh: 新}, in: visit}
  since: {title: 纳入日, type: date, of: household}
rules:
  below: {title: 低于参考线, group: reference, if: income < k.line}
  listed_bad: {title: 命中清单, group: negative, if: "members.exists(m, m.hit)"}
papers:
  form: {title: 申请表, in: visit, signed_by: [household, team]}
posts:
  village.cadre: 村干部
  township.mayor: 乡镇长
  county.bureau: 县局
panels:
  team:
    title: 核实组
    seats: {village.cadre: 2}
    quorum: 2
    tally:
      confirmed: over 1/2 of present
      unconfirmed: otherwise
opens:
  applied:
    title: 申报
    by: [household, anyone]
    to: visit
stages:
  visit:
    title: 入户
    panel: team
    actions:
      confirmed: {title: 属实, to: next}
      unconfirmed: {title: 不符, to: refused, means: refuse}
  notice:
    title: 公示
    must: yes
    notice:
      by: village.cadre
      places: [square]
      wait: $wait
      shows: [masked_name, kind]
      objection: objection
    actions:
      ended: {title: 期满, to: next}
      upheld: {title: 异议成立, to: refused, means: refuse}
  decide:
    title: 审定
    by: county.bureau
    limit: 5 workday
    actions:
      grant: {title: 纳入, to: next, means: grant, needs: [not negative], set: {household.since: today}}
      refuse: {title: 不纳入, to: refused, means: refuse, tell: [household]}
      return: {title: 退回, to: visited, means: back, opinion: yes}
  enter:
    title: 录入
    by: village.cadre
    actions:
      enter: {title: 已录入, to: next}
tasks:
  compare:
    title: 比对
    by: county.bureau
    opens: notice.ended
    awaited_by: decide
    must: yes
clocks:
  whole:
    title: 全程
    limit: 30 workday
    from: found_on
    until: decide.grant
ends:
  granted: {title: 已纳入, outcome: granted}
  refused: {title: 未纳入, outcome: refused}
"""

OBJECTION = """\
workflow: objection
title: 异议
subject: case
clause: 样例二
posts: {village.cadre: 村干部}
opens: {lodged: {title: 提出, by: parent, to: verify}}
stages:
  verify:
    title: 核实
    by: village.cadre
    actions: {upheld: {title: 成立, to: upheld}, dismissed: {title: 不成立, to: dismissed}}
ends: {upheld: {title: 成立, outcome: upheld}, dismissed: {title: 不成立, outcome: dismissed}}
"""


def _load(text: str) -> Definition:
    return load([Source("sample.yaml", text)])


OTHERS: dict[str, Workflow] = {"objection": _load(OBJECTION).workflow}


def _faults(text: str, *, deployed: bool = False) -> list[Fault]:
    return list(check(_load(text), deployed=deployed, workflows=OTHERS))


def _told(text: str, *, deployed: bool = False) -> list[tuple[str, int]]:
    return [(fault.code, fault.line) for fault in _faults(text, deployed=deployed)]


def _spoilt(old: str, new: str, text: str = SOUND) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the sample"
    return text.replace(old, new)


def _line_of(text: str, part: str) -> int:
    """The line on which *part* begins; it may go on over the next, so that it is found only once."""
    assert text.count(part) == 1, f"{part!r} stands {text.count(part)} times"
    return text[: text.index(part)].count("\n") + 1


def test_a_sound_definition_has_no_fault() -> None:
    assert _faults(SOUND, deployed=True) == []
    assert check(_load(OBJECTION), deployed=True) == ()


def test_groups_post_only_where_a_case_has_one_village() -> None:
    text = _spoilt("      places: [square]\n", "      places: [square]\n      each: group\n")
    assert not _faults(text)
    larger = _spoilt("subject: household", "subject: township", text)
    assert ("no-groups", _line_of(larger, "      each: group")) in _told(larger)


#: One of its limits.
LIMIT = "    limit: 5 workday\n"
# What is spoilt, what it becomes, the code, and a part of the line where it is told.
SEEDS = [
    ("to: next, means: grant", "to: nowhere, means: grant", "unknown-target", "nowhere"),
    ("    to: visit\n", "    to: visited\n", "unknown-target", "    to: visited"),
    ("household.since: today", "since: today", "unknown-fact", "since: today"),
    ("    to: visit\n", "    to: visit\n    opinion: yes\n", "shape", "    opinion: yes"),
    ("    to: visit\n", "    to: visit\n    set: {household.since: today}\n", "shape", "    set: {"),
    ("    by: [household, anyone]\n", "    by: [household, parent]\n    needs: below\n", "needs-on-result",
     "needs: below"),
    ("household.since: today", "household.since: found", "value", "household.since: found"),
    ("household.since: today", "household.since: kind", "value", "household.since: kind"),
    ("needs: [not negative]", "needs: [hit]", "rule-ref", "needs: [hit]"),
    ("    from: found_on\n", "    from: found_on\n    when: hit\n", "rule-ref", "    when: hit"),
    ("limit: 30 workday", "limit: by $line", "param-type", "by $line"),
    ("by: [household, anyone]", "by: [household, village.clerk]", "unknown-post", "village.clerk"),
    ("by: [household, anyone]", "by: [household, village.cadre@living]", "unknown-place", "@living"),
    ("limit: 5 workday", "limit: $limits", "unknown-param", "$limits"),
    ("limit: 5 workday", "limit: $line", "param-type", "$line"),
    ("panel: team", "panel: group", "unknown-panel", "panel: group"),
    ("shows: [masked_name, kind]", "shows: [masked_name, kinds]", "unknown-fact", "kinds"),
    ("places: [square]", "places: [hall]", "unknown-place", "[hall]"),
    ("objection: objection", "objection: appeal", "unknown-workflow", "appeal"),
    ("needs: [not negative]", "needs: [not positive]", "unknown-rule", "not positive"),
    ("needs: [not negative]", "needs: [any negative]", "unknown-rule", "any negative"),
    ("opens: notice.ended", "opens: notice.over_and_out", "unknown-event", "over_and_out"),
    ("until: decide.grant", "until: decide.granted", "unknown-event", "decide.granted"),
    ("until: decide.grant", "until: found_on", "unknown-event", "until: found_on"),
    ("limit: 30 workday", "limit: by 13-45", "bad-moment", "13-45"),
    ("limit: 30 workday", "limit: 3 day after never", "unknown-event", "never"),
    ("awaited_by: decide", "awaited_by: [decide, decided]", "unknown-place", "decided"),
    ("in: visit, signed_by", "in: visits, signed_by", "unknown-place", "visits"),
    ("[household, team]", "[household, notary]", "unknown-post", "notary"),
    ("if: income < k.line", "if: income < k.lines", "rule", "k.lines"),
    ("    quorum: 2\n", "    silence: {after: 5 day, counts_as: fine}\n", "unknown-result", "fine"),
    ("to: next, means: grant", "to: [{when: below, to: refused}, {when: not below, to: granted}], means: grant",
     "open-choice", "{when: not below"),
    ("to: next, means: grant", "to: [{to: refused}, {to: granted}], means: grant", "open-choice", "{to: refused}, {"),
    ("  applied:\n    title: 申报\n", "  applied:\n    title: 申报\n    every: year\n", "not-yet", "every: year"),
    ("    opens: notice.ended\n", "    opens: notice.ended\n    every: $no_cycle\n", "unknown-param", "$no_cycle"),
    ("    opens: notice.ended\n", "    opens: notice.ended\n    for_each: any_hit\n", "unknown-rule", "any_hit"),
    (LIMIT, LIMIT + "    list: {per: county, draw: {share: 1, sets: no_fact}}\n", "unknown-fact", "no_fact"),
    (LIMIT, LIMIT + "    list: {per: county, rank: {order: no_fact, take: 1, sets: x}}\n", "unknown-fact", "no_fact"),
    ("    seats: {village.cadre: 2}\n", "    roll: register\n", "no-owner", "roll"),
    ("    seats: {village.cadre: 2}\n", "    seats: {village.cadre: 1, village.cadre@home: 1}\n", "one-seat", "seats"),
    ("    seats: {village.cadre: 2}\n", "    seats: {village.cadre: 2}\n    roll: register\n", "no-owner", "roll"),
    ("upheld: {title: 异议成立, to: refused, means: refuse}", "upheld: {title: 异议成立, to: refused}",
     "upheld-forward", "upheld:"),
    ("enter: {title: 已录入, to: next}", "enter: {to: next}", "untitled", "enter: {to: next}"),
    ("      by: village.cadre\n      places", "      by: $line\n      places", "param-type", "by: $line"),
    ("    from: found_on\n", "    from: found_on\n    stop: {by: county.mayor}\n", "unknown-post", "stop"),
    ("    from: found_on\n", "    from: found_on\n    except: [noticed]\n", "unknown-place", "noticed"),
    ("    from: found_on\n", "    from: found_on\n    late: {+1 day: county.mayor}\n", "unknown-post", "late:"),
    ("tell: [household]", "tell: [county.mayor]", "unknown-post", "county.mayor"),
    ("county.bureau: 县局", "county.bureau: {title: 县局, else: county.mayor}", "unknown-post", "county.mayor"),
    ("  enter:\n    title: 录入", "  entry:\n    title: 录入\n    aside: yes", "unreachable-stage", "  entry:"),
    ("  refused: {", "  gone: {title: 撤回, outcome: withdrawn}\n  refused: {", "unreachable-end", "  gone:"),
    ("enter: {title: 已录入, to: next}", "enter: {title: 已录入, to: stay}", "no-way-to-end", "  enter:\n"),
    ("confirmed: {title: 属实, to: next}", "confirmed: {title: 属实, to: decide}",
     "around-must", "must: yes\n    notice"),
    ("to: visited, means: back", "to: visited, then: straight, means: back", "straight-past-must", "straight"),
    ("    title: 录入\n    by: village.cadre\n", "    title: 录入\n    by: []\n", "no-owner", "by: []"),
    ("    title: 录入\n    by: village.cadre\n", "    title: 录入\n    by: household\n", "no-owner", "by: household\n"),
    ("    seats: {village.cadre: 2}\n", "", "no-owner", "  team:"),
    ("    by: [household, anyone]\n", "", "no-owner", "  applied:"),
    ("      unconfirmed: otherwise", "      unsure: any\n      unconfirmed: otherwise", "result-without-action",
     "    actions:\n      confirmed"),
    ("      upheld: {title: 异议成立, to: refused, means: refuse}\n", "", "result-without-action",
     "    actions:\n      ended"),
    ("      ended: {title", "      passed: {title: 通过, to: next}\n      ended: {title",
     "action-without-source", "passed"),
    ("title: 期满, to: next", "title: 期满, to: next, needs: [below]", "needs-on-result", "needs: [below]"),
    ("title: 期满, to: next", "title: 期满, to: next, opinion: yes", "asked-of-nobody", "next, opinion: yes"),
    ("title: 期满, to: next", "title: 期满, to: next, times: 2", "asked-of-nobody", "times: 2"),
    ("    until: decide.grant\n", "    until: decide.grant\n    then: {to: visit, means: back, opinion: yes}\n",
     "asked-of-nobody", "to: visit, means: back, opinion: yes"),
    ("type: yuan, in: visit", "type: yuan, in: notice", "asked-of-nobody", "in: notice"),
    ("unconfirmed: otherwise", "unconfirmed: any of present", "contradictory-tally", "unconfirmed: any"),
    ("unconfirmed: otherwise", "unconfirmed: over 1/2 of present", "undecided-tally", "    tally:"),
    ("    opens: notice.ended\n", "", "never-opened", "  compare:"),
    ("opens: notice.ended", "opens: decide.grant", "never-opened", "awaited_by"),
    ("opens: notice.ended", "opens: decide.ready", "never-opened", "awaited_by"),
    ("    must: yes\nclocks", "    must: yes\n    results: []\nclocks", "never-done", "results"),
    ("    until: decide.grant\n",
     "    until: decide.grant\n    then: {to: refused, means: refuse}\n", "silent-decision",
     "then:"),
    ("    until: decide.grant\n", "    until: decide.grant\n    then: {to: granted, means: lapse}\n", "silent-decision",
     "then:"),
    ("title: 期满, to: next", "title: 期满, to: granted, means: grant", "silent-decision", "means: grant}\n"),
    ("shows: [masked_name, kind]", "shows: [masked_name, income]", "notice-leak", "income]"),
    ("纳入日, type: date, of: household}", "纳入日, type: date, of: household, in: visit}",
     "fact-writer", "  since:"),
    ("  form: {", "  form: {when: [above], ", "unknown-rule", "above"),
    ("income: {title: 收入, type: yuan,", "income: {title: 收入, type: yuan, when: above,", "unknown-rule", "above"),
    ("  enter:\n    title: 录入\n", "  opened:\n    title: 录入\n", "reserved-name", "  opened:"),
    ("      enter: {title: 已录入", "      left: {title: 已录入", "reserved-name", "left:"),
    ("  compare:\n", "  decide:\n", "duplicate-name", "  decide:\n    title: 比对"),
    ("to: refused, means: refuse}\n  notice", "to: refused}\n  notice", "meaning", "unconfirmed: {title"),
    ("to: refused, means: refuse, tell", "to: enter, means: refuse, tell", "meaning", "to: enter,"),
    ("to: visited, means: back", "to: visited", "meaning", "to: visited"),
    ("to: visited, means: back", "to: refused, means: back", "meaning", "to: refused, means: back"),
    ("outcome: granted}", "outcome: closed}", "meaning", "grant: {title"),
    ("已录入, to: next}", "已录入, to: next, means: grant}", "granted-twice", "enter: {title"),
    ("    quorum: 2\n", "    quorum: 3\n", "impossible-quorum", "quorum: 3"),
    ("confirmed: over 1/2 of present", "confirmed: '3'", "dead-result", "confirmed: '3"),
    ("value: 7 day}", "value: 7 day, at_least: 10 day}", "bounds", "  wait: {"),
    ("county.bureau: 县局", "county.bureau: {title: 县局, else: county.bureau}", "circle", "else: county"),
    ("    from: found_on\n", "", "never-started", "  whole:"),
    ("    from: found_on\n", "    from: decide.grant\n", "never-over", "until: decide.grant"),
    ("group: reference, ", "", "unasked-rule", "  below:"),
    ("needs: [not negative], ", "", "unasked-rule", "listed_bad:"),
    ("if: income < k.line", "if: income < k.line && income > k.line", "dead-rule", "below:"),
    ("needs: [not negative]", "needs: [not negative, negative]", "dead-action", "grant: {"),
    ("to: next, means: grant", "to: [{when: below, to: next}, {when: below, to: granted}, {to: next}], means: grant",
     "dead-line", "grant: {"),
    ("enter: {title: 已录入, to: next}", "enter: {title: 已录入, to: next, needs: below}", "stuck", "  enter:\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [pytest.param(*seed, id=f"{number:02d}-{seed[2]}") for number, seed in enumerate(SEEDS)],
)
def test_a_seeded_fault_is_told_by_its_code_at_its_line(old: str, new: str, code: str, where: str) -> None:
    text = _spoilt(old, new)
    assert (code, _line_of(text, where)) in _told(text)


def test_a_stage_that_grants_can_also_say_no() -> None:
    text = _spoilt("      return: {title: 退回, to: visited, means: back, opinion: yes}\n", "")
    text = _spoilt("to: refused, means: refuse, tell", "to: stay, means: record, tell", text)
    assert _told(text) == [("cannot-say-no", _line_of(text, "      grant: {"))]


def test_a_silent_body_may_be_consulted_and_never_decides() -> None:
    silent = "    quorum: 2\n    silence: {after: 5 day, counts_as: unconfirmed}\n"
    consulted = _spoilt("    quorum: 2\n", silent)
    assert _told(consulted) == []
    deciding = _spoilt("by: county.bureau\n    limit", "panel: team\n    limit", consulted)
    assert ("silent-decision", _line_of(deciding, "silence:")) in _told(deciding)
    of_a_decider = _spoilt("by: county.bureau\n    limit", "by: village.cadre\n    limit", consulted)
    assert ("silent-decision", _line_of(of_a_decider, "silence:")) in _told(of_a_decider)


def test_a_clock_may_send_back_or_record_by_itself() -> None:
    text = _spoilt("    until: decide.grant\n", "    until: decide.grant\n    then: {to: visit, means: back}\n")
    assert _told(text) == []


def test_a_clock_helps_only_where_it_runs() -> None:
    lapse = "clocks:\n  gone: {title: 期限, limit: 9 day, from: STAGE.entered, until: STAGE.left, then: THEN}\n"
    lapse = lapse.replace("THEN", "{to: refused, means: lapse}")
    endless = _spoilt("enter: {title: 已录入, to: next}", "enter: {title: 已录入, to: stay}")
    assert "no-way-to-end" in dict(_told(_spoilt("clocks:\n", lapse.replace("STAGE", "visit"), endless)))
    assert "no-way-to-end" not in dict(_told(_spoilt("clocks:\n", lapse.replace("STAGE", "enter"), endless)))


def test_two_results_that_can_both_hold_contradict_each_other_c6() -> None:
    text = _spoilt("confirmed: over 1/2 of present", "confirmed: 1/2 of present")
    text = _spoilt("unconfirmed: otherwise", "unconfirmed: any", text)
    (fault,) = _faults(text)
    assert fault.code == "contradictory-tally"
    assert fault.advice == "with 1 and 1 of 2 answers"


def test_what_is_unset_is_refused_only_where_it_is_deployed() -> None:
    text = _spoilt("type: amount, value: 7 day", "type: amount, value: unset")
    text = _spoilt("limit: 5 workday", "limit: unset", text)
    assert _told(text) == []
    lines = [_line_of(text, "value: unset"), _line_of(text, "limit: unset")]
    assert _told(text, deployed=True) == [("unset", line) for line in lines]


def test_what_binds_people_has_a_clause() -> None:
    text = _spoilt("clause: 样例一\n", "")
    told = {(fault.line, fault.severity) for fault in _faults(text) if fault.code == "missing-clause"}
    errors = ("  wait: {", "limit: 5 workday", "listed_bad:", "limit: 30 workday")
    warnings = ("  line: {", "  below: {", "    tally:")
    assert told == {(_line_of(text, part), "error") for part in errors} | {
        (_line_of(text, part), "warning") for part in warnings
    }


def test_a_notice_waits_for_no_time_only_by_a_clause() -> None:
    text = _spoilt("      wait: $wait\n", "      wait: none\n")
    assert _told(text) == []
    bare = _spoilt("clause: 样例一\n", "", text)
    assert ("missing-clause", _line_of(bare, "wait: none")) in _told(bare)


def test_health_and_numbers_are_not_posted_even_if_nobody_called_them_secret() -> None:
    text = _spoilt("shows: [masked_name, kind]", "shows: [masked_name, phone, cause, hit]")
    text = _spoilt(
        "facts:\n",
        "facts:\n  phone: {title: 联系, type: text, in: visit}\n  cause: {title: 疾病情况, type: text, in: visit}\n",
        text,
    )
    assert [(fault.code, fault.message) for fault in _faults(text)] == [
        ("notice-leak", "`phone` may not be posted"),
        ("notice-leak", "`cause` may not be posted"),
        ("notice-leak", "`hit` may not be posted"),
    ]


def test_what_answers_objections_is_about_a_case_and_says_upheld_or_dismissed() -> None:
    wrong = _load(SOUND).workflow
    faults = check(_load(SOUND), workflows={"objection": wrong})
    assert [(fault.code, fault.line) for fault in faults] == [
        ("not-an-objection", _line_of(SOUND, "objection: objection"))
    ]


def test_other_workflows_are_not_doubted_while_none_is_known() -> None:
    assert check(_load(SOUND)) == ()
    assert [fault.code for fault in check(_load(SOUND), known={"appeal"})] == ["unknown-workflow"]


def test_every_end_of_a_subcase_has_an_action() -> None:
    text = _spoilt("    title: 录入\n    by: village.cadre\n", "    title: 录入\n    case: {workflow: objection}\n")
    told = _faults(text)
    assert [fault.message for fault in told if fault.code == "result-without-action"] == [
        "the result `upheld` of `enter` has no action",
        "the result `dismissed` of `enter` has no action",
    ]


def test_the_stages_awaiting_a_task_that_must_be_are_never_avoided() -> None:
    text = _spoilt("to: next, means: grant", "to: granted, means: grant")
    text = _spoilt("    awaited_by: decide\n", "    awaited_by: enter\n", text)
    (fault,) = [fault for fault in _faults(text) if fault.code == "around-must"]
    assert fault.line == _line_of(text, "    must: yes\nclocks")
    assert "decide.grant" in fault.advice
    unawaited = _spoilt("    awaited_by: decide\n", "")
    assert ("around-must", _line_of(unawaited, "    must: yes\nclocks")) in _told(unawaited)


def test_a_household_alone_is_no_owner_unless_a_time_ends_the_wait() -> None:
    text = _spoilt("    title: 录入\n    by: village.cadre\n", "    title: 录入\n    by: household\n    limit: 9 day\n")
    assert _told(text) == []
    lapsing = _spoilt("    title: 录入\n    by: village.cadre\n", "    title: 录入\n    by: household\n")
    lapse = "clocks:\n  late: {title: 期限, limit: 9 day, from: enter.entered, then: {to: refused, means: lapse}}\n"
    lapsing = _spoilt("clocks:\n", lapse.replace("late:", "appeal_window:"), lapsing)
    assert _told(lapsing) == []


#: Ways in which nobody decides and a case is granted all the same, or before what it must wait for.
_SILENT = [
    # The deciding stage goes on by itself when its time is up, and what follows it ends granted.
    ("    until: decide.grant\n", "    until: decide.grant\n    then: {to: next, means: record}\n", "silent-decision"),
    ("    until: decide.grant\n", "    until: decide.grant\n    then: {to: enter, means: record}\n", "silent-decision"),
    ("    until: decide.grant\n", "    until: decide.grant\n    then: {to: enter, means: lapse}\n", "silent-decision"),
    # A notice ends, an action only records, a panel is silent: none of them grants.
    ("title: 期满, to: next", "title: 期满, to: granted", "ungranted-end"),
    ("to: next, means: grant", "to: next, means: pass", "ungranted-end"),
    ("to: next, means: grant", "to: next, means: record", "ungranted-end"),
    # One person answers in the place of all, or of time.
    ("confirmed: {title: 属实, to: next}", "confirmed: {title: 属实, to: next, by: township.mayor}", "by-on-result"),
    ("title: 期满, to: next", "title: 期满, to: next, by: village.cadre", "by-on-result"),
    # A notice or an awaiting stage is left early, by the side.
    ("      upheld: {title: 异议成立,",
     "      mend: {title: 更正, to: mending, means: record, by: village.cadre}\n      upheld: {title: 异议成立,",
     "around-must"),
    ("      return: {title", "      skip: {title: 略, to: enter, means: record}\n      return: {title", "around-must"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code"), _SILENT, ids=[f"{n:02d}-{s[2]}" for n, s in enumerate(_SILENT)])
def test_nothing_is_granted_by_silence_or_by_the_side_i12(old: str, new: str, code: str) -> None:
    text = _spoilt(old, new)
    if "mending" in new:
        aside = "  mending: {title: 更正, by: village.cadre, aside: yes, actions: {mended: {title: 完, to: decide}}}\n"
        text = _spoilt("  decide:\n    title", aside + "  decide:\n    title", text)
    assert code in {told for told, _ in _told(text)}


@pytest.mark.parametrize("value", ["7 dya", "seven", "0 day", "7 days", "9999 year", '"3"'])
def test_a_length_that_cannot_be_counted_is_told_where_it_is_written(value: str) -> None:
    text = _spoilt("type: amount, value: 7 day", f"type: amount, value: {value}")
    assert ("bad-length", _line_of(text, "type: amount")) in _told(text)
    assert "bad-length" in {code for code, _ in _told(_spoilt("limit: 5 workday", "limit: 0 day"))}


@pytest.mark.parametrize(("kind", "value", "code"), [("post", "county.mayor", "unknown-post"),
                                                     ("places", "[hall]", "unknown-place")])  # fmt: skip
def test_a_parameter_that_names_a_post_or_place_names_one_that_exists(kind: str, value: str, code: str) -> None:
    text = _spoilt("params:\n", f"params:\n  who: {{title: 谁, type: {kind}, value: {value}}}\n")
    assert (code, _line_of(text, "  who:")) in _told(text)


@pytest.mark.parametrize("word", ["previous", "visited"])
def test_a_clock_names_the_stage_that_it_sends_back_to(word: str) -> None:
    text = _spoilt("    until: decide.grant\n", f"    until: decide.grant\n    then: {{to: {word}, means: back}}\n")
    assert "unknown-target" in {code for code, _ in _told(text)}


@pytest.mark.parametrize("fact", ["{title: 生日, type: date, in: visit, secret: yes}",
                                  "{title: 生日, type: date, in: visit, of: member}"])  # fmt: skip
def test_no_clock_counts_from_a_secret_or_from_one_of_several_days(fact: str) -> None:
    text = _spoilt("    from: found_on\n", "    from: born\n").replace("facts:\n", f"facts:\n  born: {fact}\n")
    assert ("unknown-event", _line_of(text, "    from: born")) in _told(text)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        # The way on is lost: what comes behind it is neither unreachable nor asked too early.
        ("confirmed: {title: 属实, to: next}", "confirmed: {title: 属实, to: nowhere}", [("unknown-target", 43)]),
        # All that leads to the stage, or out of it.
        ("    to: visit\n", "    to: visti\n", [("unknown-target", 37)]),
        ("enter: {title: 已录入, to: next}", "enter: {title: 已录入, to: grantd}", [("unknown-target", 69)]),
        ("    opens: notice.ended\n", "    opens: notice.endd\n", [("unknown-event", 74)]),
        ("    awaited_by: decide\n", "    awaited_by: decid\n", [("unknown-place", 75)]),
        ("    panel: team\n", "    panel: teem\n", [("unknown-panel", 41)]),
        ("objection: objection", "objection: objektion", [("unknown-workflow", 53)]),
    ],
)
def test_a_name_that_leads_nowhere_is_one_fault_and_not_its_consequences_too(old, new, told):
    assert old in SOUND
    assert _told(SOUND.replace(old, new)) == told


def test_beside_a_name_that_leads_nowhere_every_fault_of_its_own_is_told():
    text = SOUND.replace("confirmed: {title: 属实, to: next}", "confirmed: {title: 属实, to: nowhere}")
    text = text.replace("shows: [masked_name, kind]", "shows: [masked_name, income]").replace(
        "    opens: notice.ended\n", ""
    )
    text = text.replace("by: [household, anyone]\n", "by: []\n").replace("income < k.line", "income < k.lane")
    assert {code for code, _ in _told(text)} == {"unknown-target", "notice-leak", "never-opened", "no-owner", "rule"}


def test_no_clock_counts_from_a_computed_date() -> None:
    text = _spoilt("rules:\n", "  week: {title: 七日后, type: date, is: found_on + 7}\nrules:\n")
    text = _spoilt("    from: found_on", "    from: week", text)
    assert _told(text) == [("unknown-event", _line_of(text, "    from: week"))]


@pytest.mark.parametrize("target", ["stay", "again"])
def test_a_stage_may_await_what_its_own_action_asks_for_when_necessary(target: str) -> None:
    ask = f"      experts: {{title: 请专家, to: {target}, means: record}}\n      refuse: {{title: 不纳入"
    text = _spoilt("      refuse: {title: 不纳入", ask)
    assert (
        _told(_spoilt("opens: notice.ended", "opens: decide.experts", text.replace("    must: yes\nclocks", "clocks")))
        == []
    )


def test_the_record_may_keep_what_a_fact_of_the_case_says() -> None:
    text = _spoilt("household.since: today", "household.since: found_on")
    assert _told(text) == []
    class_ = "  class: {title: 类别, type: one of, options: {old: 旧}, of: household}\n"
    text = _spoilt("rules:\n", class_ + "rules:\n", _spoilt("since: today}", "since: today, household.class: kind}"))
    assert _told(text) == [("value", _line_of(text, "household.class: kind"))]
    assert _told(text.replace("{old: 旧}", "{old: 旧, fresh: 新}")) == []

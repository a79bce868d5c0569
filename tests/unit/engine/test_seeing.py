"""Who reads what is sensitive: whoever has a part in the case."""

from __future__ import annotations

import pytest

from engine.seeing import reads_secrets
from tests.harness import MONDAY, OTHER_VILLAGE, Runner, person, with_staff

TEXT = """
workflow: aid
title: 样例
places: {living: 现居住地}
params: {judge: {title: 谁审定, type: post, value: county.judge}}
panels:
  few: {seats: {village.cadre: 1}, recorded: minutes, tally: {pass: all}, else: {use: many}}
  many: {seats: {village.elder: 1}, recorded: minutes, tally: {pass: all}}
opens: {applied: {by: village.clerk, to: hear}}
stages:
  hear: {title: 听, panel: few, actions: {pass: {to: next}}}
  look: {title: 看, by: village.liaison@living, actions: {pass: {to: next}}}
  decide: {title: 审, by: $judge, actions: {grant: {to: next, means: grant}}}
ends: {done: {title: 完, outcome: granted}}
"""


@pytest.mark.parametrize(
    ("who", "reads"),
    [
        ("village.clerk", True), ("village.cadre", True), ("village.elder", True), ("village.liaison", False),
        (f"village.liaison@{OTHER_VILLAGE}", True), (f"village.cadre@{OTHER_VILLAGE}", False), ("county.judge", True),
        ("county.supervisor", False),
    ],
)  # fmt: skip
def test_whoever_opens_answers_or_steps_in_reads_and_nobody_else(who: str, reads: bool) -> None:
    runner = Runner.of(TEXT)
    runner.open("village.clerk", places={"living": OTHER_VILLAGE})
    staff = with_staff(runner.staff, person("reader", who))
    assert reads_secrets(runner.procedure.workflow, runner.case, staff, "reader", MONDAY.date()) is reads

"""
The concentrated screening of one county to its end (P-09), which waits for the numbers of every township.

Scenarios play a county with two townships and officers in one of them, so its last phases are played here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.harness import PAPER, TOWNSHIP, WHOLE, Runner, shipped

APRIL = datetime(2026, 4, 22, 1, tzinfo=UTC)
PREPARED: dict[str, Any] = {"plan_issued": "样例1号", "trained": True, "leader_and_liaison": True, "households": 1000}
ENTERED: dict[str, Any] = {"permit_requested_on": "2026-04-22", "found": 12}
FIGURES: dict[str, Any] = {
    "villages": 12, "total_households": 4000, "total_persons": 13000, "resident_households": 3000,
    "resident_persons": 9000, "rural_households": 3800, "rural_persons": 12500,
}  # fmt: skip
REPORT: dict[str, Any] = {"summary": "已总结", "mechanism": "健全"}
PAPERS = dict.fromkeys(("annex2", "annex3", "final_report", "risk_report"), PAPER)


def test_the_campaign_ends_with_the_signed_report_once_every_township_has_handed_in() -> None:
    names = ("screening_campaign", "township_figures")
    runner = Runner.of(*(shipped(name, "yk_campaign") for name in names), now=APRIL, parts=(TOWNSHIP,))
    runner.open("county.bureau", subject="", division=WHOLE)
    runner.act("county.bureau", "prepared", facts=PREPARED)
    runner.act("county.bureau", "screened", facts={"screened": 9000, "visited_all": True})
    runner.act("prefecture.bureau", "done", "sample", facts={"sampled": 50, "sample_problems": "无"})
    runner.act("county.bureau", "recorded", facts=ENTERED)
    (township,) = runner.children("township_figures")
    runner.act("township.cadre", "submit", case=township.id, facts=FIGURES)
    runner.act("county.bureau2", "accept", case=township.id)
    runner.act("county.bureau2", "corrected", facts={"second_extraction": 12, "corrected": 12})
    runner.act("county.bureau", "drafted", facts=REPORT, papers=PAPERS)
    assert runner.act("county.leader", "signed").stage == "reported"

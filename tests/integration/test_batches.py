"""Batches on a real database of each kind: an outcome for each case, totals that add up, carried on after a kill."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from bangfu.library import Library
from engine.batches import Batch, BatchRow, asked_of, found, make, preview, run
from engine.errors import BangfuError, CommandReusedError, InputError, NotFoundError
from storage.batching import SqlBatches
from storage.checks import check
from tests.property.county import CANARIES, COUNTY, County, CrashError, Fault
from tests.property.guide import bring_on, open_case

CANARY = CANARIES[0]
#: One who sees all of it, and holds a post that judges nothing here.
ASKER = "clerk"


def cases(county: County, number: int = 4) -> list[UUID]:
    return [open_case(county, "board" if home else "identification", home=home) for home in range(number)]


def comments(county: County, *chosen: UUID, by: str = ASKER) -> Batch:
    rows = tuple(BatchRow(case, county.case(case).number) for case in chosen)
    return Batch(
        county=COUNTY, id=county.new_id(), at=county.time.now(), by=by, verb="comment",
        asked=asked_of("comment", {"note": f"{CANARY}的隐私"}), query={"cases": str(len(rows))}, rows=rows,
    )  # fmt: skip


def totals(batch: Batch) -> tuple[int, int, int]:
    return batch.count("done"), batch.count("refused"), batch.count("left")


def test_B17_C17_every_case_has_its_own_outcome_and_the_totals_add_up(county: County) -> None:
    batches, chosen = SqlBatches(county.database), cases(county)
    gone = comments(county, *chosen)
    claims = make(batches, replace(gone, id=county.new_id(), verb="claim", asked={}))
    told: list[BatchRow] = []
    done = run(county.office, batches, COUNTY, claims.id, ASKER, told=told.append)
    assert sum(totals(done)) == len(chosen)
    assert [row.outcome for row in told] == [row.outcome for row in done.rows]
    for row in done.rows:
        events = list(county.store.events(COUNTY, row.case))
        assert (events[-1].kind == "claimed") == (row.outcome == "done"), "C16: success is what the log says"
        assert bool(str(row.why)) == (row.outcome == "refused")


def test_C16_a_batch_says_beforehand_what_it_would_do_and_does_nothing_then(county: County) -> None:
    chosen = cases(county)
    before = county.everything()
    batch = make(SqlBatches(county.database), comments(county, *chosen))
    seen = list(preview(county.office, batch))
    assert [row.case for row, _ in seen] == chosen
    assert not any(isinstance(would, BangfuError) for _, would in seen)
    assert {**county.everything(), "batch": [], "batch_item": []} == {**before, "batch": [], "batch_item": []}


def test_C16_what_was_selected_stays_selected(county: County) -> None:
    batches, chosen = SqlBatches(county.database), cases(county)
    batch = make(batches, comments(county, *chosen[:2]))
    bring_on(county, chosen[0])
    done = run(county.office, batches, COUNTY, batch.id, ASKER)
    assert [row.case for row in done.rows] == chosen[:2]
    assert totals(done) == (2, 0, 0)
    again = run(county.office, batches, COUNTY, batch.id, ASKER)
    assert again == done
    assert [event.kind for event in county.store.events(COUNTY, chosen[1])].count("commented") == 1


def test_I5_the_same_id_makes_one_batch_and_another_content_is_refused(county: County) -> None:
    batches, chosen = SqlBatches(county.database), cases(county)
    batch = comments(county, *chosen)
    assert make(batches, batch).id == make(batches, batch).id
    for other in (replace(batch, rows=batch.rows[1:]), replace(batch, asked={"note": "other"}), replace(batch, by="x")):
        with pytest.raises(CommandReusedError):
            make(batches, other)


def test_a_batch_is_its_makers_own(county: County) -> None:
    batches = SqlBatches(county.database)
    batch = make(batches, comments(county, *cases(county, 1)))
    for stranger in ("mayor", "nobody"):
        with pytest.raises(NotFoundError):
            run(county.office, batches, COUNTY, batch.id, stranger)
    assert [each.id for each in batches.of(COUNTY, ASKER)] == [batch.id]
    assert batches.of(COUNTY, "mayor") == []


def test_a_wrong_batch_is_not_made(county: County) -> None:
    batches, (case,) = SqlBatches(county.database), cases(county, 1)
    for rows in ((), (BatchRow(case, "1"),) * 2):
        with pytest.raises(InputError):
            make(batches, replace(comments(county, case), rows=rows))
    for verb, given in (("erase", {}), ("transfer", {}), ("claim", {"action": "pass"}), ("act", {"on": "x"})):
        with pytest.raises(InputError):
            asked_of(verb, given)


def test_I6_C17_a_batch_that_was_killed_anywhere_is_carried_on_and_does_nothing_twice(county: County) -> None:
    chosen = cases(county, 3)
    kills = 0
    for place in range(0, 60, 3):
        batch = make(SqlBatches(county.database), comments(county, *chosen))
        county.database.fault = Fault(place // 2, after=bool(place % 2))
        try:
            run(county.office, SqlBatches(county.database), COUNTY, batch.id, ASKER)
        except CrashError:
            kills += 1
        county.restart()
        done = run(county.office, SqlBatches(county.database), COUNTY, batch.id, ASKER)
        assert totals(done) == (3, 0, 0)
        for row in done.rows:
            ids = [event.command for event in county.store.events(COUNTY, row.case)]
            assert ids.count(batch.command(row.case).id) == 1
    assert kills >= 4
    assert check(county.database, county.time.now(), calendars=[Library().calendar()], never=CANARIES) == []


def test_I32_what_a_batch_says_is_sealed(county: County) -> None:
    batches = SqlBatches(county.database)
    batch = make(batches, comments(county, *cases(county, 2)))
    assert found(batches, COUNTY, batch.id, ASKER).asked["note"].startswith(CANARY)
    rows = county.database.read("SELECT asked FROM batch")
    assert CANARY not in str(rows)

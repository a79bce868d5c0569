"""
Known mistakes, seeded one at a time into a copy of the tree; a named test must catch each (invariants.md, section 5).

Fails when a seed no longer applies (the text is not there exactly once), when its test passes with it, or fails without
it. Run by `make mutants`; `run.py M5 M6` runs these alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What tests need of the tree.
PARTS = ("bangfu", "engine", "notifications", "papers", "storage", "tests", "workflows", "docs", "pyproject.toml")
WORKERS = 2
_CLOCKS = "tests/unit/engine/test_clocks.py"
_OFFICE = "tests/integration/test_office.py"


@dataclass(frozen=True)
class Mutant:
    """A mistake: in *file*, *text* becomes *mutated*; *test* (a node id) must fail then."""

    id: str
    mistake: str
    file: str
    text: str
    mutated: str
    test: str

    def seed(self, tree: Path) -> str:
        """Make the mistake in *tree*; gives what is wrong with the seed itself, or nothing."""
        path = tree / self.file
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        found = source.count(self.text)
        if found != 1:
            return f"its text is in {self.file} {found} times"
        path.write_text(source.replace(self.text, self.mutated), encoding="utf-8")
        return ""


MUTANTS = (
    Mutant(
        "M1", "split transaction", "storage/store.py",
        "        with self._database.transaction() as connection:\n            if together:\n",
        "        with self._database.connection() as connection:\n            if together:\n",
        f"{_OFFICE}::test_I6_a_command_is_there_wholly_or_not_at_all_wherever_the_process_dies[sqlite-_submits]",
    ),
    Mutant(
        "M2", "no compare-and-set", "storage/statements.py",
        "WHERE county = ? AND id = ? AND seq = ? AND",
        "WHERE county = ? AND id = ? AND seq >= ? AND",
        f"{_OFFICE}::test_I4_a_decision_on_a_case_that_has_moved_on_is_found_by_comparison[sqlite]",
    ),
    Mutant(
        "M3", "no unique cause", "storage/tables.py",
        'Index("uq_case_event_command", "county", "command", unique=True)',
        'Index("uq_case_event_command", "county", "command", unique=False)',
        f"{_OFFICE}::test_I5_an_id_used_on_another_case_between_decision_and_commit_is_refused[sqlite]",
    ),
    Mutant(
        "M4", "timer left on exit", "engine/timing.py",
        '    draft.drop("clocks", clock)\n    _disarm(draft, clock)\n',
        '    draft.drop("clocks", clock)\n',
        f"{_OFFICE}::test_I9_leaving_a_stage_cancels_its_timers[sqlite]",
    ),
    Mutant(
        "M5", "first day counted", "engine/clocks.py",
        "    return _as_date(first, calendar).toordinal()\n",
        "    return _as_date(first, calendar).toordinal() - 1\n",
        "tests/integration/test_deadlines.py"
        "::test_T13_no_notice_closes_before_its_legal_end_in_any_zone_at_any_holiday[board-UTC]",
    ),
    Mutant(
        "M6", "local time", "engine/calendar.py",
        "        return instant.astimezone(self.zone)\n",
        "        return instant.astimezone()\n",
        f"{_CLOCKS}::test_M6_F16_I15_results_are_the_same_in_any_process_zone_and_without_the_systems_zone_data",
    ),
    Mutant(
        "M8", "send before commit", "storage/store.py",
        "        with self._database.transaction() as connection:\n            if together:\n",
        "        with self._database.transaction() as connection:\n"
        "            for change in changes:\n"
        "                told = [write for write in change.writes if 'outbox' in str(write[0])]\n"
        "                change.writes = [write for write in change.writes if write not in told]\n"
        "                for kind, values in told:\n"
        "                    connection.execute(self._sql.text(kind), values)\n"
        "        with self._database.transaction() as connection:\n"
        "            if together:\n",
        "tests/integration/test_crash_points.py::test_M8_I28_nobody_is_told_of_what_was_not_stored[sqlite]",
    ),
    Mutant(
        "M9", "key ignores payload", "engine/office.py",
        "        if event.asked != command_digest(command):\n",
        "        if event.asked == b'':\n",
        f"{_OFFICE}::test_I5_the_same_id_gives_the_same_answer_and_another_content_is_refused[sqlite]",
    ),
    Mutant(
        "M12", "hash omits actor", "engine/cases.py",
        "event.asked.hex(), event.actor, event.post,",
        "event.asked.hex(), event.post,",
        "tests/contract/test_tampering.py::test_I23_M12_a_changed_column_of_an_event_is_found[sqlite-actor]",
    ),
    Mutant(
        "M14", "<dimension> trusted", "papers/unpacking.py",
        "        return _workbook_lines(data)\n",
        "        first = zipfile.ZipFile(io.BytesIO(data)).read('xl/worksheets/sheet1.xml')\n"
        "        last = re.search(rb'<dimension ref=\"(?:[A-Z]+[0-9]+:)?[A-Z]+([0-9]+)', first)\n"
        "        return (line for line in _workbook_lines(data) if not last or line.get('row', 0) <= int(last[1]))\n",
        "tests/unit/papers/test_roster.py::test_M14_rows_are_counted_as_present_whatever_the_dimension_says",
    ),
    Mutant(
        "M15", "numeric ID accepted", "papers/tables.py",
        '        if not isinstance(cell, str):\n            raise UnfitError("stored_as_number")\n'
        "        try:\n            return check(_typed(cell), today)\n",
        "        try:\n"
        "            return check(str(int(cell)) if isinstance(cell, float) else _typed(cell), today)\n",
        "tests/unit/papers/test_roster.py"
        "::test_M15_numbers_that_excel_keeps_as_quantities_are_refused_never_repaired[telephone]",
    ),
)  # fmt: skip


def copied(folder: Path) -> Path:
    """The tree, as it is now, in *folder*."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    return folder


def run(tree: Path, tests: Iterable[str]) -> tuple[int, str]:
    """pytest's exit code (0 passed, 1 failed, else broken) and its last lines, for *tests* of *tree*."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout[-2000:] + done.stderr[-2000:]


def verdict(mutant: Mutant) -> tuple[bool, str]:
    """Whether *mutant* is caught, and what became of it."""
    with tempfile.TemporaryDirectory(prefix="bangfu-mutant-") as folder:
        tree = copied(Path(folder))
        wrong = mutant.seed(tree)
        if wrong:
            return False, f"no longer applies: {wrong}"
        code, output = run(tree, [mutant.test])
    if code == 1:
        return True, "caught"
    return False, "SURVIVED" if code == 0 else f"its test cannot be run:\n{output}"


def main(wanted: Sequence[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if not wanted or mutant.id in wanted]
    with tempfile.TemporaryDirectory(prefix="bangfu-mutant-") as folder, ThreadPoolExecutor(WORKERS) as pool:
        sound = pool.submit(run, copied(Path(folder)), dict.fromkeys(mutant.test for mutant in chosen))
        verdicts = list(pool.map(verdict, chosen))
        code, output = sound.result()
    for mutant, (_, told) in zip(chosen, verdicts, strict=True):
        print(f"{mutant.id:4} {mutant.mistake:20} {told:10} {mutant.test.rpartition('::')[2]}")
    if code:
        print(f"Without any seed the tests fail already:\n{output}")
    return int(bool(code) or not all(caught for caught, _ in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

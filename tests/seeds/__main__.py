"""
Prints what share of seeded mistakes `bangfu check` tells, by operator, and every one that it does not.

``python -m tests.seeds`` sows all; ``python -m tests.seeds swap_end drop_needs`` these alone.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from tests.seeds.operators import OPERATORS
from tests.seeds.sowing import Fate, one_year, shipped, sow


def main(wanted: Sequence[str]) -> None:
    definitions, calendar = shipped(), one_year()
    print(f"{len(definitions)} definitions\n")
    print(f"{'operator':18}{'sown':>6}{'caught':>8}{'unchanged':>11}{'survived':>10}  share")
    every: list[Fate] = []
    for operator in OPERATORS:
        if not wanted or operator.__name__ in wanted:
            fates = list(sow(definitions, operator, calendar))
            print(_row(operator.__name__, fates), flush=True)
            every += fates
    print(_row("all", every))
    print("\nUnchanged, since")
    for (operator_name, reason), number in Counter((f.operator, f.reason) for f in every if f.reason).items():
        print(f"  {operator_name}: {reason} ({number})")
    print("\nSurvived")
    for fate in every:
        if fate.fate == "survived":
            print(f"  {fate.operator}: {fate.where}")


def _row(name: str, fates: Sequence[Fate]) -> str:
    number = Counter(fate.fate for fate in fates)
    changed = number["caught"] + number["survived"]
    share = f"{number['caught'] / changed:7.1%}" if changed else "      –"
    return f"{name:18}{len(fates):6}{number['caught']:8}{number['unchanged']:11}{number['survived']:10}{share}"


if __name__ == "__main__":
    main(sys.argv[1:])

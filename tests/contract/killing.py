"""
Kill officers at work: a script, since a process that has threads must not fork.

``python -m tests.contract.killing URL CASE ROUNDS SEED``: in each round a child moves the case on and says which event
was acknowledged; it is killed a moment after one to three of them. Prints, as JSON, the last acknowledged and the last
stored event of each round.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from uuid import UUID

from storage.database import Database
from tests.databases import KEY
from tests.desk import Desk, command_id


def work(url: str, case_id: UUID, say: int) -> None:
    desk = Desk(Database.open(url, KEY))
    os.write(say, b"0\n")
    while True:
        case = desk.load(case_id)
        # Children count their commands from where their parent stood; the case's age tells them apart.
        desk.move(case, command=UUID(int=command_id().int + (case.seq << 40)))
        os.write(say, b"%d\n" % (case.seq + 1))


def killed(url: str, case_id: UUID, at_least: int, after: float) -> int:
    """The last event acknowledged by a child that was killed *after* seconds past so many acknowledgements."""
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        work(url, case_id, say)
        os._exit(0)
    os.close(say)
    with os.fdopen(hear) as said:
        lines = [said.readline() for _ in range(1 + at_least)]  # The first says that it has opened the database.
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines += said.read().splitlines()
    return int(lines[-1])


def main(url: str, case: str, rounds: str, seed: str) -> None:
    chance = random.Random(int(seed))
    found = []
    for _ in range(int(rounds)):
        acknowledged = killed(url, UUID(case), chance.randint(1, 3), chance.uniform(0, 0.006))
        desk = Desk(Database.open(url, KEY))
        found.append((acknowledged, desk.load(UUID(case)).seq))
        desk.database.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

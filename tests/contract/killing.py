"""
Kill officers at work: a script, since a process that has threads must not fork.

``python -m tests.contract.killing URL CASE ROUNDS SEED``: in each round a child moves the case on and says which event
was acknowledged, until it is killed. Prints, as JSON, the last acknowledged and the last stored event of each round.
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


def killed(url: str, case_id: UUID, after: float) -> int:
    """The last event that a child had acknowledged when it was killed, *after* seconds at work."""
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        work(url, case_id, say)
        os._exit(0)
    os.close(say)
    os.read(hear, 2)  # It has opened the database.
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(hear) as said:
        lines = [line for line in said.read().split("\n") if line]
    return int(lines[-1]) if lines else 0


def main(url: str, case: str, rounds: str, seed: str) -> None:
    chance = random.Random(int(seed))
    found = []
    for _ in range(int(rounds)):
        acknowledged = killed(url, UUID(case), chance.uniform(0, 0.06))
        desk = Desk(Database.open(url, KEY))
        found.append((acknowledged, desk.load(UUID(case)).seq))
        desk.database.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

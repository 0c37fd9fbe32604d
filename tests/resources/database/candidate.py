"""A candidate for a role, in a process of its own: its arguments are the database and the lease in seconds.

Writes one row for each thing it did as a leader, and says on its standard output how it fares. After SIGUSR1
it falls asleep (SIGSTOP) the next time that it leads and is about to write.
"""

import os
import signal
import sys
import time

from resources.clock import utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.database.leadership import Leadership, Superseded
from resources.terms import Actor

ROLE = "decider"
DEED = "test.deed"


def main(url: str, lease_s: float) -> None:
    """Stand for the role until killed."""
    database = Database(url)
    leadership = Leadership(database, ROLE, lease_s)
    say("standby")
    led = 0
    tired: list[int] = []
    signal.signal(signal.SIGUSR1, lambda *_: tired.append(1))
    while True:
        leader = leadership.acquire()
        if leader is None:
            time.sleep(lease_s / 10)
            continue
        if leader.token != led:
            led = leader.token
            say(f"leads {leader.token}")
        try:
            time.sleep(lease_s / 20)
            if tired:
                os.kill(os.getpid(), signal.SIGSTOP)
            with database.write() as connection:
                leader.fenced(connection)
                actor = Actor(f"token:{leader.token}")
                record(connection, AuditRow(utc_now(), actor, DEED, ROLE, leader.holder))
        except Superseded:
            say("superseded")


def say(text: str) -> None:
    """One line for whoever watches."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))

"""Submits runs from many threads at once, in a process of its own.

Its arguments are the database, a name for its runs, and how many threads submit one run each. It waits for a
line on its standard input, so that several begin together.
"""

import sys
import threading

from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.terms import Actor

DEVICES = tuple(Device(DeviceId(f"cpu:{number}"), None, None) for number in range(8))


def main(url: str, name: str, threads: int) -> None:
    """Submit, and let the arbiter decide after each submission, as a coordinator does."""
    service = GpuService(Database(url), inventory=lambda: one_node(DEVICES))
    problems: list[BaseException] = []

    def submit(number: int) -> None:
        run, actor = RunId(f"{name}-{number}"), Actor(f"user:{name}")
        try:
            for _ in range(2):  # the second time changes nothing
                service.submit(
                    run, "1", owner=Owner("vision", name), origin=Origin.QUEUE, instance="x", actor=actor
                )
            service.decide_now(actor)
        except BaseException as problem:  # noqa: BLE001 - the process must end with it
            problems.append(problem)

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    started = [threading.Thread(target=submit, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    if problems:
        raise problems[0]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

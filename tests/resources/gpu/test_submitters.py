"""A hundred submitters at once: nothing is lost, nothing is there twice, nobody is turned away."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from resources.database.audit import recent
from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.service import GpuService
from tests.resources.gpu.submitter import DEVICES

CHECKOUT = Path(__file__).resolve().parents[3]
PROCESSES, THREADS = 4, 25


def test_of_a_hundred_submitters_each_gets_its_place_and_no_device_is_given_twice(
    any_database: Database,
) -> None:
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.resources.gpu.submitter",
                any_database.url,
                f"p{number}",
                str(THREADS),
            ],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES, told

    service = GpuService(any_database, inventory=lambda: one_node(DEVICES))
    waiting, leases = service.waiting(), service.live_leases()
    everybody = {f"p{process}-{number}" for process in range(PROCESSES) for number in range(THREADS)}
    held = [lease.run_id for lease in leases]
    assert sorted([*(one.run_id for one in waiting), *held]) == sorted(everybody)
    assert sorted(device for lease in leases for device in lease.devices) == sorted(
        device.id for device in DEVICES
    )
    audited = Counter((row.action, row.subject) for row in recent(any_database, limit=1000))
    assert audited == Counter(
        [("gpu.submit", run) for run in everybody] + [("gpu.grant", lease.run_id) for lease in leases]
    )

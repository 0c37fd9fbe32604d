import csv
import io
from datetime import UTC, datetime

from resources.home import Home
from streamlit_app.readings.devices import read_devices
from tests.streamlit_app import homes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_devices_are_read_with_their_leases(home: Home) -> None:
    devices = read_devices(home, home.database(), clock=lambda: NOW)
    held = [lease.run_id for device in devices.status.devices if (lease := devices.lease_on(device))]
    assert held == [homes.HOLDER]
    rows = list(csv.DictReader(io.StringIO(devices.past_as_csv())))
    assert [(row["run"], row["devices"], row["held_s"]) for row in rows] == [
        (homes.FIRST_RUN, "cpu:0", "48.000")
    ]

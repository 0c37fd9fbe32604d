"""Critical errors that the driver tells to who listens, over the stand-in for its library."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from resources.gpu.inventory.xid import XidListener, xid_fault

LISTEN = """
import json, os
from pathlib import Path
from resources.gpu.inventory.xid import XidListener

cards = Path(os.environ["FAKE_NVML"])

def have(first, second):
    cards.write_text(f"T4\\t15360\\tuuid=GPU-a\\txid={first}\\nT4\\t15360\\tuuid=GPU-b\\txid={second}\\n")

def heard():
    return [[one.uuid, one.number] for one in listener.read()]

listener = XidListener()
told = {}
cards.write_text("broken 9\\n")
told["without a driver"] = heard()
have("79", "")
told["before it listened"] = heard()
have("79;13", "31;48;94")
told["came since"] = heard()
told["again"] = heard()
cards.write_text("broken 9\\n")
told["while the driver is loaded anew"] = heard()
have("79;13", "31;48;94")
told["after that"] = heard()
have("79;13;119", "31;48;94")
told["came after that"] = heard()
listener.close()
listener.close()
cards.write_text("T4\\t15360\\till=15\\txid=79\\n")
told["too ill to be listened to"] = heard()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(nvml_library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[object]]]:
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(nvml_library),
        "TRAINPLAT_ACCELERATOR": "auto",
        "FAKE_NVML": str(tmp_path_factory.mktemp("xid") / "cards"),
    }
    done = subprocess.run(
        [sys.executable, "-c", LISTEN], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, list[list[object]]] = json.loads(done.stdout)
    return found


def test_errors_of_cards_are_heard_once_and_those_of_programs_are_not(
    told: dict[str, list[list[object]]],
) -> None:
    assert told["before it listened"] == []
    assert told["came since"] == [["GPU-b", 48], ["GPU-b", 94]]
    assert told["again"] == []


def test_listening_begins_anew_with_the_driver(told: dict[str, list[list[object]]]) -> None:
    assert told["without a driver"] == []
    assert told["while the driver is loaded anew"] == []
    assert told["after that"] == []
    assert told["came after that"] == [["GPU-a", 119]]
    assert told["too ill to be listened to"] == []


def test_nobody_listens_where_accelerators_are_left_to_others() -> None:
    assert XidListener().read() == ()


def test_the_fault_names_the_error_and_what_to_do() -> None:
    assert xid_fault(79, "cuda:1") == (
        "Its driver told of Xid 79 (it fell off the bus): reset the card or restart the machine, then take "
        "it into use again: trainplat gpu drain --undo cuda:1"
    )
    assert "told of Xid 62: reset" in xid_fault(62, "cuda:1")

"""NVIDIA GPUs, through the real binding over a stand-in for the vendor's library."""

import os
from typing import Any

from tests.resources.gpu.inventory.conftest import Look

NAME = "NVIDIA H100 80GB HBM3"
H100 = f"{NAME}\t81559"
A100 = "NVIDIA A100-SXM4-40GB\t40960"
TWO_SLICES = "mig=3:3:19968:MIG-a:NVIDIA A100-SXM4-40GB MIG 3g.20gb;-;1:1:4864:MIG-c"


def bus(number: int) -> str:
    return f"00000000:{number:02X}:00.0"


def card(number: int, *more: str, name: str = H100) -> str:
    return "\t".join([name, f"uuid=GPU-{number}", f"bus={bus(number)}", *more])


def of(devices: list[dict[str, Any]], key: str) -> list[Any]:
    return [device[key] for device in devices]


def test_a_card_tells_its_model_memory_and_place(look: Look) -> None:
    seen = look(card(0x4D, "numa=1"))
    (device,) = seen["devices"]
    assert device == {
        "id": "cuda:0",
        "model": "NVIDIA H100 80GB HBM3",
        "memory_mib": 81559,
        "node": "local",
        "vendor": "nvidia",
        "uuid": "GPU-77",
        "mig_profile": None,
        "mig_uuid": None,
        "numa_node": 1,
        "island": None,
        "pcie_switch": None,
        "pci_bus_id": "0000:4d:00.0",
        "compute_capability": None,
        "compute_mode": None,
        "fault": None,
        "answers": True,
        "xid": None,
        "is_recovering": False,
    }
    assert seen["nvml"].startswith("driver 580.65.06, NVML 13.580.65.06, nvidia-ml-py ")


def test_cards_that_nvlinks_join_are_an_island_over_switches_too(look: Look) -> None:
    switch = bus(0xF0)
    seen = look(
        card(1, f"links={bus(2)}"),
        card(2, f"links={bus(1)}"),
        card(3, f"links={switch};{switch}"),
        card(4, "links="),
        card(5, f"links={bus(0xF1)};{switch}"),
        card(6),
    )
    assert of(seen["devices"], "island") == [0, 0, 1, None, 1, None]


def test_where_a_guest_hides_the_ends_of_its_links_the_pairs_that_copy_over_them_are_joined(
    look: Look,
) -> None:
    seen = look(card(1, "links=hidden", "p2p=1"), card(2, "links=hidden"), card(3, "links=hidden", "p2p=1"))
    assert of(seen["devices"], "island") == [0, None, 0]


def test_cards_of_one_pcie_switch_are_told(look: Look) -> None:
    seen = look(card(1, "pcie=0"), card(2, "pcie=1"), card(3, "pcie=1"), card(4))
    assert of(seen["devices"], "pcie_switch") == [None, 0, 0, None]


def test_the_instances_of_a_card_in_mig_mode_are_the_devices(look: Look) -> None:
    seen = look(card(1, TWO_SLICES, "numa=0", f"links={bus(2)}", name=A100), card(2, f"links={bus(1)}"))
    first, second, whole = seen["devices"]
    assert (first["id"], first["mig_profile"], first["memory_mib"]) == ("cuda:0:0", "3g.20gb", 19968)
    assert (second["id"], second["mig_profile"], second["mig_uuid"]) == ("cuda:0:2", "1g.5gb", "MIG-c")
    assert {first["uuid"], second["uuid"]} == {"GPU-1"}
    assert first["model"] == second["model"] == "NVIDIA A100-SXM4-40GB"
    assert (first["numa_node"], first["island"]) == (0, None)
    assert (whole["id"], whole["mig_profile"], whole["island"]) == ("cuda:1", None, 0)


def test_a_card_in_mig_mode_without_instances_is_not_given_out(look: Look) -> None:
    seen = look(card(1, "mig=", name=A100), card(2))
    assert seen["devices"][0]["fault"].startswith("It is in MIG mode and has no instance")
    assert seen["given out"] == ["cuda:1"]


def test_ill_memory_keeps_a_card_from_being_given_out(look: Look) -> None:
    seen = look(
        card(1, "ecc=0", "rows=2,1,0,0"),
        card(2, "ecc=3"),
        card(3, "rows=0,1,1,0"),
        card(4, "rows=0,9,0,1"),
        card(5, "pages=2,1"),
        card(6, "pages=2,0"),
    )
    faults = of(seen["devices"], "fault")
    assert faults[0] is None
    assert faults[1].startswith("Its memory had 3 uncorrectable error(s)")
    assert faults[2].startswith("Memory that failed is replaced when the card is reset only")
    assert faults[3].startswith("Rows of its memory failed that no spare row is left for")
    assert faults[4] == faults[2]
    assert faults[5] is None
    assert seen["given out"] == ["cuda:0", "cuda:5"]
    assert seen["readings"]["cuda:5"]["health"]["retired_pages"] == 4  # two of each of two causes
    assert seen["readings"]["cuda:1"]["fault"] == faults[1]


def test_a_card_that_is_lost_hides_none_of_the_others(look: Look) -> None:
    seen = look(card(1, "ill=15"), card(2, "no_handle=15"), card(3), card(4, "ill=16"))
    assert of(seen["devices"], "model") == [
        NAME,
        None,
        NAME,
        NAME,
    ]
    lost, hidden, well, to_reset = of(seen["devices"], "fault")
    assert lost.startswith("It has fallen off the bus (GPU is lost)")
    assert hidden == lost
    assert well is None
    assert to_reset.startswith("It needs a reset")
    assert seen["given out"] == ["cuda:2"]
    assert seen["readings"]["cuda:0"]["fault"] == lost


def test_a_card_without_its_handle_is_no_cpu_slot(look: Look) -> None:
    seen = look(card(1, "no_handle=999"))
    assert [(one["id"], one["vendor"]) for one in seen["devices"]] == [("cuda:0", "nvidia")]
    assert seen["problem"].startswith(
        "every accelerator of this machine is ill: cuda:0: NVML does not answer"
    )


def test_a_look_reads_use_warmth_power_and_the_processes_with_their_users(look: Look) -> None:
    import psutil

    me = psutil.Process()
    seen = look(
        card(1, "util=87", "used=1024", "celsius=61", "mw=312500", f"procs={os.getpid()}:900;4194303:7")
    )
    reading = seen["readings"]["cuda:0"]
    assert reading["utilisation_pct"] == 87
    assert (reading["memory_used_mib"], reading["memory_total_mib"]) == (1024, 81559)
    assert (reading["temperature_c"], reading["power_w"]) == (61, 312.5)
    mine, unseen = reading["processes"]
    assert (mine["pid"], mine["user"], mine["memory_mib"]) == (os.getpid(), me.username(), 900)
    assert mine["started_at"] is not None
    assert unseen == {"pid": 4194303, "user": None, "memory_mib": 7, "started_at": None}


def test_what_a_card_does_not_support_is_not_told(look: Look) -> None:
    seen = look(H100)
    assert seen["devices"][0]["fault"] is None
    reading = seen["readings"]["cuda:0"]
    assert reading["memory_total_mib"] == 81559
    unknown = ("utilisation_pct", "temperature_c", "power_w", "processes", "fault")
    assert [reading[name] for name in unknown] == [None] * 5
    assert set(reading["health"].values()) == {None}


def test_an_instance_has_its_own_memory_and_the_health_of_its_card(look: Look) -> None:
    seen = look(card(1, TWO_SLICES, "ecc=1", "celsius=50", "mw=99000", "util=3", name=A100))
    reading = seen["readings"]["cuda:0:2"]
    assert reading["memory_total_mib"] == 4864
    assert (reading["utilisation_pct"], reading["power_w"], reading["temperature_c"]) == (None, None, 50)
    assert reading["health"]["uncorrectable_errors"] == 1
    assert reading["fault"] is not None
    assert seen["devices"][1]["fault"] == reading["fault"]


def test_clients_of_mps_are_among_the_processes_once_each(look: Look) -> None:
    me = os.getpid()
    seen = look(card(1, f"procs={me}:900", f"mps={me}:950;4194303:7"), card(2, f"mps={me}:5"))
    first, second = seen["readings"].values()
    assert [(one["pid"], one["memory_mib"]) for one in first["processes"]] == [(me, 950), (4194303, 7)]
    assert [(one["pid"], one["memory_mib"]) for one in second["processes"]] == [(me, 5)]


def test_a_card_tells_its_generation_and_who_may_compute_on_it(look: Look) -> None:
    seen = look(card(1, "cc=7.0", "mode=0"), card(2, "cc=9.0", "mode=3"), card(3, "mode=2"), card(4))
    told = [(one["compute_capability"], one["compute_mode"]) for one in seen["devices"]]
    assert told == [([7, 0], "default"), ([9, 0], "exclusive"), (None, "prohibited"), (None, None)]

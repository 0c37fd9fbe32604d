"""What a server sees of the devices of its replicas, on a machine whose NVML lists cards.

``python -m tests.resources.serving.server.busy_devices WEIGHTS`` prints JSON. The replica itself computes on
the processor: there is no card behind the library.
"""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

from resources.deploy_plan import DeployPlan
from resources.home import Home
from resources.serving.replicas.model import Format, Loading
from resources.serving.server.claims import Claim
from resources.serving.server.leasing import Leasing
from resources.serving.server.nurse import Nurse
from resources.serving.server.offers import Offers
from resources.serving.server.replica import Replica
from resources.serving.server.target import Target
from resources.terms import Actor


async def main(weights: str) -> None:
    """Hold a device by a replica, look at it, and give it back."""
    home = Home.from_environment()
    leasing, nurse = Leasing(home, Actor("user:tester")), Nurse(Path(home.logs / "replicas.log"))
    offers, claim = Offers(leasing), Claim(DeployPlan(gpu="1").gpu)
    held = await leasing.take(claim, lambda _: None, is_guaranteed=False)
    loading = Loading(Format.WEIGHTS, weights)
    replica = await Replica.start(
        nurse,
        replace(loading, threads=held.threads),
        held.environment,
        ready_s=60,
        lost=lambda _: None,
        born=lambda one: leasing.hand_over(Target("digits", 1), held, one),
    )
    await offers.read_use()
    devices = leasing.devices_of(replica)
    found = await offers.offers({"digits": 3}, {"digits": claim})
    told = {
        "torch": held.device,
        "visible": held.environment["CUDA_VISIBLE_DEVICES"],
        "devices": devices,
        "use": offers.use(devices),
        "offered": found["digits"].count,
        "why": found["digits"].why and found["digits"].why.rule,
        "units": await offers.units_milli(claim),
    }
    replica.kill()
    leasing.give_back(held, "a test")
    await leasing.close()
    nurse.close()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

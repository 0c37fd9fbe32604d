"""What was scaled is written once, also when it could not be written at first."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from resources.clock import utc_now
from resources.deploy_plan import DeployPlan
from resources.home import Home
from resources.serving.scaling.records.service import ScalingRecords
from resources.serving.scaling.scalers import Taken
from resources.serving.server.leasing import Leasing
from resources.serving.server.pool import Limits, Pool
from resources.serving.server.replica import Replica
from resources.serving.server.scaling import Deployed, Scaling
from resources.serving.server.source import SERVER, Source


@dataclass(frozen=True)
class FullDisk(Source):
    """Writes nothing while a file says that the disk is full."""

    def keep_scaling(self, taken: Taken) -> None:
        if (self.home.path / "full").exists():
            raise OSError("no space left on device")
        super().keep_scaling(taken)


async def nobody(_: object) -> Replica:
    return await asyncio.Future()


def test_a_step_that_cannot_be_written_is_written_later_and_once(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    full = home.path / "full"
    home.path.mkdir()
    full.touch()

    async def scale() -> None:
        scaling = Scaling(FullDisk(home), Leasing(home, SERVER), utc_now)
        pool = Pool(nobody, Limits())
        for least in (2, 3):
            plan = DeployPlan(least_replicas=least, most_replicas=4)
            await scaling.decide({"digits": Deployed(plan, pool)}, {})
            await scaling.keep()
        full.unlink()
        await scaling.keep()
        await scaling.keep()

    asyncio.run(scale())
    steps = ScalingRecords(home, home.database()).steps("digits")
    assert [step.decision.wanted for step in steps] == [3, 2]

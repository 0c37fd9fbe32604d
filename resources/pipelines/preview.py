"""Which devices a run would get, and when."""

from resources.errors import BadInput
from resources.gpu.duties.simulation import Simulation
from resources.gpu.model import Owner
from resources.gpu.plan_tags import tags_of
from resources.gpu.service import GpuService
from resources.gpu.terms import terms_of
from resources.pipelines.specs.common import DeviceSpec, Spec
from resources.users import current_user

DEFAULT_PROJECT = "default"
"""Of a run that names none."""


def preview(service: GpuService, spec: Spec) -> Simulation:
    """What the arbiter would do with a run that came now, of a loop with a training; nothing is changed."""
    if not isinstance(spec, DeviceSpec):
        raise BadInput("a pipeline without devices has nothing to preview", "Run it.")
    plan = spec.run_plan()
    owner = Owner(spec.project or DEFAULT_PROJECT, current_user())
    return service.simulate(plan.gpu, owner=owner, terms=terms_of(tags_of(plan)))

"""Which devices a run would get, and when."""

from resources.errors import BadInput
from resources.gpu import tags
from resources.gpu.duties.simulation import Simulation
from resources.gpu.model import Owner
from resources.gpu.service import GpuService
from resources.gpu.terms import terms_of
from resources.pipelines.specs.common import RunSpec, Spec
from resources.users import current_user

DEFAULT_PROJECT = "default"
"""Of a run whose tags name none."""


def preview(service: GpuService, spec: Spec, project: str | None = None) -> Simulation:
    """What the arbiter would do with a run that came now; nothing is changed. Raises BadInput for a loop."""
    if not isinstance(spec, RunSpec):
        raise BadInput(
            "a loop asks for devices step by step, so no run of it can be looked at as one",
            "See the page Queue for what its steps wait for.",
        )
    asked = spec.tags()
    owner = Owner(project or DEFAULT_PROJECT, current_user())
    return service.simulate(asked[tags.GPU], owner=owner, terms=terms_of(asked))

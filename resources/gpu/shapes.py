"""What the policy counts of a request: its shape on the devices that there are."""

from collections import Counter
from collections.abc import Iterable, Mapping

from resources.gpu.inventory.model import Device, DeviceId, Inventory
from resources.gpu.model import Held, Owner, Terms
from resources.gpu.placement.model import Shape
from resources.gpu.policy.amounts import Amounts, flavour
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.reason import Reason
from resources.gpu.requests.model import GpuRequest, Mode


class Shapes:
    """Requests on the devices of one inventory. Of thousands that are alike one is looked at."""

    def __init__(self, inventory: Inventory) -> None:
        self._devices: Mapping[DeviceId, Device] = {device.id: device for device in inventory.devices}
        self._alike: dict[tuple[object, ...], Device] = {
            (one.model, one.memory_mib, one.vendor, one.mig_profile): one for one in inventory.devices
        }
        self._models: dict[GpuRequest, frozenset[str] | None] = {}

    def shape_of(self, request: GpuRequest, terms: Terms) -> Shape:
        """The shape of a request with its terms."""
        if request not in self._models:
            self._models[request] = self._models_for(request)
        return Shape(
            devices=request.count,
            milli=request.milli,
            memory_mib=(request.memory_mib or 0) if request.mode is Mode.FRACTION else 0,
            models=self._models[request],
            cpu_milli=terms.cpu_milli,
            host_memory_mib=terms.host_memory_mib,
        )

    def never_in_quota(self, shape: Shape, owner: Owner, quotas: QuotaTree) -> Reason | None:
        """Why quotas would not allow it even if nothing were in use; None where they would."""
        kinds = self._kinds_for(shape) if shape.devices else {None}
        refusal = None
        for kind in sorted(kinds, key=str):
            counted = {kind: shape.units_milli} if shape.devices else {}
            fit = quotas.ever_fits(owner, Amounts(counted, shape.cpu_milli, shape.host_memory_mib))
            if fit is None:
                return None
            refusal = refusal or fit.reason
        return refusal

    def models_of(self, devices: Iterable[DeviceId]) -> tuple[str | None, ...]:
        """The model of each device, as quotas and prices count it; None for a CPU slot."""
        return tuple(kind_of(self._devices[device]) for device in devices)

    def only_model_for(self, request: GpuRequest, terms: Terms) -> tuple[str | None, ...]:
        """The model of each device that a request asks for, where one alone will do; else nothing."""
        kinds = self._kinds_for(self.shape_of(request, terms))
        return tuple(kinds) * request.count if len(kinds) == 1 else ()

    def held(self, devices: Iterable[DeviceId], milli: int) -> Held:
        """What so many thousandths of each of these devices are, by flavour."""
        counts = Counter(flavour(kind_of(self._devices[device])) for device in devices)
        return tuple(sorted((kind, count * milli) for kind, count in counts.items()))

    def _kinds_for(self, shape: Shape) -> set[str | None]:
        every = {kind_of(device) for device in self._alike.values()}
        return every if shape.models is None else {kind for kind in every if kind in shape.models}

    def _models_for(self, request: GpuRequest) -> frozenset[str] | None:
        """The kinds of devices that will do; None where all will."""
        matching = [one for one in self._alike.values() if request.matches(one)]
        if len(matching) == len(self._alike):
            return None
        return frozenset(filter(None, map(kind_of, matching)))


def kind_of(device: Device) -> str | None:
    """The name under which quotas and placement count a device: its model, and the slice where it is one."""
    if device.model is None or device.mig_profile is None:
        return device.model
    return f"{device.model} MIG {device.mig_profile}"

"""All sources, in the order in which their devices are listed."""

from resources.gpu.inventory import amd, ascend, intel, nvml
from resources.gpu.inventory.source import Source

SOURCES: tuple[Source, ...] = (nvml.SOURCE, amd.SOURCE, intel.SOURCE, ascend.SOURCE)

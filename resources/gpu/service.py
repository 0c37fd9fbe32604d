"""The GPU service: the pure decision joined with the ledger. What changes a lease goes through here."""

from resources.gpu.duties.allocation import Allocation
from resources.gpu.duties.deciding import Deciding
from resources.gpu.duties.drains import Drains
from resources.gpu.duties.enforcing import Enforcing
from resources.gpu.duties.foresight import Foresight
from resources.gpu.duties.health import Health
from resources.gpu.duties.leases import Leases
from resources.gpu.duties.lending import Lending
from resources.gpu.duties.offering import Offering
from resources.gpu.duties.quotas import Quotas
from resources.gpu.duties.reading import Reading
from resources.gpu.duties.reserving import Reserving
from resources.gpu.duties.second import SecondLeases
from resources.gpu.duties.simulation import Simulating


class GpuService(
    SecondLeases,
    Allocation,
    Reserving,
    Simulating,
    Offering,
    Leases,
    Deciding,
    Foresight,
    Quotas,
    Lending,
    Drains,
    Enforcing,
    Health,
    Reading,
):
    """Requests, decisions and leases of one ledger; what it does stands in ``resources/gpu/duties``."""

"""The run tags of GPU arbitration. They are a display and a wish, never a store: the ledger decides."""

# Set by the caller.
GPU = "trainplat/gpu"
PROJECT = "trainplat/project"
PRIORITY = "trainplat/priority"
PREEMPTIBLE = "trainplat/preemptible"
MAX_RUNTIME_S = "trainplat/max_runtime_s"
CPUS = "trainplat/cpus"
MEMORY = "trainplat/memory"
SPAN = "trainplat/span"
GROUP = "trainplat/group"
NEAR = "trainplat/near"
APART = "trainplat/apart"
NODES = "trainplat/nodes"
"""Labels that the nodes of the run have to have: ``zone=a``."""
OVERUSE = "trainplat/overuse"
"""What is done when the run goes on using more than its lease: ``leave``, ``resize`` or ``evict``."""
TERMS = (PRIORITY, PREEMPTIBLE, MAX_RUNTIME_S, CPUS, MEMORY, SPAN, GROUP, NEAR, APART, NODES, OVERUSE)

# Ours: overwritten at submission, so that nobody can forge them.
ADMISSION = "trainplat/admission"
DEVICES = "trainplat/devices"
REASON = "trainplat/reason"
ATTEMPT = "trainplat/attempt"
USER = "trainplat/user"
PLACE = "trainplat/place"
"""Its place in the line, from 1, of those that wait."""

PENDING = "pending"
"""The value of ADMISSION that the tag limit of 0 in dagster.yaml keeps in the queue."""
GRANTED = "granted"
REFUSED = "refused"

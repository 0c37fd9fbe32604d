"""The run tags of GPU arbitration. They are a display and a wish, never a store: the ledger decides."""

# Set by the caller.
GPU = "trainplat/gpu"
PROJECT = "trainplat/project"

# Ours: overwritten at submission, so that nobody can forge them.
ADMISSION = "trainplat/admission"
DEVICES = "trainplat/devices"
REASON = "trainplat/reason"
ATTEMPT = "trainplat/attempt"
USER = "trainplat/user"

PENDING = "pending"
"""The value of ADMISSION that the tag limit of 0 in dagster.yaml keeps in the queue."""
GRANTED = "granted"
REFUSED = "refused"

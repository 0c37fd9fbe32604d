"""Many processes over one ledger at once: they submit, decide, and work, and some of them are killed."""

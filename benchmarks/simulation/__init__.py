"""A cluster on which jobs arrive, run, are preempted and end, in simulated time."""

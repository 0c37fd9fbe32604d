"""Training large and long: one function for one process or many, by a plan, resumed from checkpoints."""

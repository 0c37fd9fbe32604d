"""The parts of the page Pipelines: forms made from schemas, making, running, following."""

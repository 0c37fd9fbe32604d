"""What must hold of any history of the arbiter, seen by code that imports nothing from ``resources.gpu``."""

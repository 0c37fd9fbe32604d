"""Leases without a run: their names, and whether anything of them is left."""

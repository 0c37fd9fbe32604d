"""Measured claims: ``python -m benchmarks list``, ``run NAME``, ``report``."""

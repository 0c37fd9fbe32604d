"""Samples that are made here, for examples and tests: the same on each machine, and nothing is downloaded."""

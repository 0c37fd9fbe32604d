"""Comparison of model versions, hundreds or thousands of them: pure, on what evaluations keep."""

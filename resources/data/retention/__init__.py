"""Retention: which versions are retired by rule, and which branches are closed."""

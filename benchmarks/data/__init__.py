"""Measurements of the data subject."""

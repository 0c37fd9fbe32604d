"""Reviewing: which of the labels so far are likely to be wrong."""

"""Searching for a better structure of a network, and growing one that is trained into it."""

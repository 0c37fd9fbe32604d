"""Remotes: other places that keep versions, laid out as DVC lays them out."""

"""Spaces: a user's work tree of a version, which shares its content until he writes."""

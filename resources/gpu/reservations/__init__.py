"""Advance reservations: where they can lie, and how they are kept."""

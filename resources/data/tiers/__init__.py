"""Tiers: what is not used lies in packs at cheaper places, and comes back when somebody needs it."""

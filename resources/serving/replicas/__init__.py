"""Replicas: processes that each hold one model version and answer a server."""

"""Readers of public traces: files as published, plain or compressed, or a synthetic input of the kind."""

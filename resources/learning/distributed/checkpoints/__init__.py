"""Checkpoints of a training: written beside its steps, whole or not there, looked at before they are used."""

"""Requests for devices: the strings that people write, what they mean, and which vendors there are."""

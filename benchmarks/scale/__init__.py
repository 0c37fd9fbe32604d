"""A cluster of thousands of devices, and what is asked of it at once."""

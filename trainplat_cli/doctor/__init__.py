"""Looking over a machine and a home: what is well, what is not, and what to do about it."""

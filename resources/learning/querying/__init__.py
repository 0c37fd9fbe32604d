"""Which samples to ask people about: pure functions of a frozen snapshot of the pool."""

"""Training again without forgetting: methods that learn one task after another, and how much they forget."""

"""New samples without a label: taken in as they come, and into the pool by the next version."""

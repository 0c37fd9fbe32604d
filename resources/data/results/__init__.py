"""Result snapshots: what a training came to, as a version in the store."""

"""Trees of files as values: which paths, which content; pure."""

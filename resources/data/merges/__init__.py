"""Merging a branch into the main line: conflicts are kept, answered, and the merge is resumed."""

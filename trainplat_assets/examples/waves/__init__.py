"""A pipeline whose task is of one's own."""

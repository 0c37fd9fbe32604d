"""Starting a training by hand, and following it."""

"""Where: which devices of which nodes a request gets."""

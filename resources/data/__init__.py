"""Data sets as versions: what is in each one, kept in DVC's formats, and how the next one is planned."""

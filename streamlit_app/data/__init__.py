"""Versions of data as the page shows them: their graph, their differences, and how they are merged."""

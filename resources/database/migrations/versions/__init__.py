"""The revisions, ``r0001`` first. Each stands for itself and imports no table of today."""

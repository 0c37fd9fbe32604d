"""Schemas of versions, read from their files: columns, classes, formats, and which change breaks readers."""

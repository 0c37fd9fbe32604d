"""Annotation files, merged record by record: JSON lines, tables (CSV) and COCO."""

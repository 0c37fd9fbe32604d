"""Mount points of pipelines: declared once, given to a run after a check, cleaned up after it."""

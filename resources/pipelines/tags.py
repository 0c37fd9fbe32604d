"""Names that runs of pipelines carry."""

PIPELINE = "trainplat/pipeline"
"""The tag of a run that names its pipeline."""

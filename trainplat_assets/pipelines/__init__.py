"""The pipelines that come with the platform: a folder each, with a file ``defs.yaml``."""

"""Pipelines that people declare in files: what templates there are, what a file says, where it lies.

No Dagster here: ``trainplat_assets/templates/`` makes definitions of what is read here.
"""
